"""A disk that fills up while applications bring letters: 507, nothing half kept, then all is well.

The disk is filled to each of its last blocks and names in turn, so that each write of a request is
the one that finds no room.
"""

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import func, select
from starlette.testclient import TestClient
from support.disks import again, small_disk
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
TOLD = {"office.no-room", "database.full"}
ROOMY = 10_000


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
        app = routes(self.parts, Log(io.StringIO()))
        app.state.sealing = Counter(Closed(), self.room, Keeping(), 1 << 30)
        self.http = TestClient(app, headers={"Authorization": f"Bearer {self.key.text}"})

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


@pytest.fixture(params=["letter", "mailing", "archive"])
def asked(request):
    return request.param


def sweep(desk, ask, disk, narrow):
    """Ask with ever a little more room, until there is enough; give how often there was not."""
    for left in range(200):
        repeated, before, rows = str(uuid4()), sorted(desk.files()), desk.count()
        narrow(left)
        answer = getattr(desk, ask)(repeated)
        again(disk, size="64m", nr_inodes=ROOMY)
        if answer.status_code == 202:
            return left
        assert answer.status_code == 507, answer.text
        assert answer.json()["code"] in TOLD
        assert answer.headers["content-type"] == "application/problem+json"
        assert sorted(desk.files()) == before
        assert desk.count() == rows
        assert getattr(desk, ask)(repeated).status_code == 202
    pytest.fail("the sweep did not come to its end")


def test_a_disk_without_a_name_left_is_told_and_the_same_request_again_is_taken(tmp_path, asked):
    with small_disk(tmp_path / "sealing", "64m,nr_inodes=10000"):
        desk, disk = Desk(tmp_path), tmp_path / "sealing"

        def narrow(left):
            told = os.statvfs(disk)
            again(disk, nr_inodes=told.f_files - told.f_ffree + left)

        assert sweep(desk, asked, disk, narrow) > 1


@pytest.mark.parametrize("of", ["letters", "all"])
def test_a_disk_without_a_block_left_is_told_and_the_same_request_again_is_taken(
    tmp_path, asked, of
):
    """`all`: the database is on it too."""
    disk = tmp_path / "sealing" if of == "letters" else tmp_path / "data"
    with small_disk(disk, "64m,nr_inodes=10000"):
        desk = Desk(tmp_path if of == "letters" else disk)
        (disk / "ballast").write_bytes(b"x")  # a size of nought is no limit

        def narrow(left):
            told = os.statvfs(disk)
            again(disk, size=(told.f_blocks - told.f_bavail + left) * PAGE)

        assert sweep(desk, asked, disk, narrow) > 1
