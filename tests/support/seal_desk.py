"""The routes of the sealing API in this process, and an application that asks; nobody seals."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from sqlmodel import func, select
from starlette.testclient import TestClient
from support.letters import letter
from support.seal_api import MAILINGS, SEALS, new_key

from cli.observe import Log
from cli.server import routes
from cli.wiring import assemble
from sealing.service.retention import Keeping
from sealing.service.storeroom import Storeroom
from sealing.web.office import Counter
from storage.database import open_engine, reading
from storage.settings import Settings
from storage.tables.commissions import CommissionRow

PAGE = 4096
PDF = letter() + b"\n" * 3 * PAGE


class Closed:
    """An office that takes all, and seals nothing before the test is over."""

    def require_up(self) -> None:
        """Say nothing."""

    def require_mailings(self) -> None:
        """Say nothing."""

    async def letter(self, identifier: str, seconds: float) -> None:
        """Have no news."""

    async def mailing(self, identifier: str, seconds: float) -> None:
        """Have no news."""

    def cancel(self, identifier: str) -> None:
        """Stop nothing."""

    def rate(self, identifier: str) -> float | None:
        """Know no rate."""


class Desk:
    """The routes of one installation, and one application that asks."""

    def __init__(self, data: Path) -> None:
        """Open the routes, without the processes that seal."""
        self.data, self.key = data, new_key(data)
        self.parts = assemble(Settings(data=data), "http://127.0.0.1:1")
        self.room = Storeroom(data / "sealing")
        self.app = routes(self.parts, Log(io.StringIO()))
        self.app.state.sealing = Counter(Closed(), self.room, Keeping(), 1 << 30)
        self.http = TestClient(self.app, headers={"Authorization": f"Bearer {self.key.text}"})

    def letter(self, repeated):
        """Bring one letter."""
        headers = {"Content-Type": "application/pdf", "Idempotency-Key": repeated}
        return self.http.post(SEALS, content=PDF, headers=headers)

    def mailing(self, repeated):
        """Bring a list and two letters."""
        parts: list[tuple[str, Any]] = [
            ("order", (None, json.dumps({}))),
            ("letters", ("letters.csv", b"file\na.pdf\nsud/b.pdf\n")),
            *[("pdf", (name, PDF)) for name in ("a.pdf", "sud/b.pdf")],
        ]
        return self.http.post(MAILINGS, files=parts, headers={"Idempotency-Key": repeated})

    def archive(self, repeated):
        """Bring the same in one archive."""
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as made:
            made.writestr("letters.csv", b"file\na.pdf\nsud/b.pdf\n")
            for name in ("a.pdf", "sud/b.pdf"):
                made.writestr(name, PDF)
        parts: list[tuple[str, Any]] = [
            ("order", (None, "{}")),
            ("archive", ("a.zip", written.getvalue())),
        ]
        return self.http.post(MAILINGS, files=parts, headers={"Idempotency-Key": repeated})

    def files(self) -> list[Path]:
        """List whatever services have sent."""
        folders = (self.room.incoming, self.room.letters_in, self.room.mailings)
        return [path for folder in folders for path in folder.rglob("*")]

    def count(self) -> int:
        """Count what was taken on."""
        engine = open_engine(f"sqlite:///{self.data}/coffre.sqlite")
        with reading(engine) as session:
            found = session.exec(select(func.count()).select_from(CommissionRow)).one()
        engine.dispose()
        return int(found)
