"""An application of a service that has letters sealed by the API, and the site that it asks."""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
from support.house import ROOT
from support.letters import FIELDS, letter
from support.sealers import town

from cli.commands.serve import prepare
from cli.wiring import assemble
from sealing.service import api_keys
from sealing.service.api_keys import NewKey, Terms
from storage.database import transaction
from storage.settings import Settings

SEALS = "/api/v1/seals"
MAILINGS = "/api/v1/mailings"
TWODDOC = {"code": {"kind": "twoddoc", "type": "00", "fields": FIELDS}}


def new_key(data: Path, **terms: Any) -> NewKey:
    """Make a key in an installation's data, as `coffre apikey add` does."""
    parts = assemble(Settings(data=data), "http://127.0.0.1:1")
    prepare(parts)
    with transaction(parts.site.engine) as session:
        made = api_keys.add(session, Terms(terms.pop("service", "etat-civil"), **terms), now())
    parts.site.engine.dispose()
    return made


def now() -> datetime:
    """Give the hour."""
    return datetime.now(UTC)


@dataclass
class Running:
    """A site that runs as an operator runs it."""

    address: str
    process: subprocess.Popen[str]
    data: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    clients: list[httpx2.Client] = field(default_factory=list)

    def client(self, key: str) -> "Application":
        """Give an application with a key."""
        http = httpx2.Client(base_url=self.address, timeout=60)
        self.clients.append(http)
        return Application(http, key)

    def children(self) -> list[int]:
        """Give the ids of the processes that seal."""
        listed = Path(f"/proc/{self.process.pid}/task")
        found: set[int] = set()
        for task in listed.iterdir():
            found.update(map(int, (task / "children").read_text().split()))
        return sorted(found)


@dataclass
class Application:
    """What a business application does."""

    http: httpx2.Client
    key: str

    def headers(self, repeated: str | None) -> dict[str, str]:
        """Give the headers of a request."""
        given = {"Authorization": f"Bearer {self.key}"}
        return given | ({"Idempotency-Key": repeated} if repeated else {})

    def seal(
        self,
        pdf: bytes | None = None,
        order: dict[str, Any] | None = None,
        repeated: str | None = None,
        **headers: str,
    ) -> httpx2.Response:
        """Have one letter sealed."""
        pdf = letter() if pdf is None else pdf
        sent = self.headers(repeated or str(uuid4())) | headers
        if order is None:
            sent["Content-Type"] = "application/pdf"
            return self.http.post(SEALS, content=pdf, headers=sent)
        files: Any = {"letter": ("lettre.pdf", pdf), "order": (None, json.dumps(order))}
        return self.http.post(SEALS, files=files, headers=sent)

    def collected(self, pdf: bytes, repeated: str) -> dict[str, Any]:
        """Have one letter sealed, asking again as an application does until it is."""
        until = time.monotonic() + 90
        while True:
            answer = self.seal(pdf, repeated=repeated)
            if answer.status_code == 201:
                return dict(answer.json())
            assert answer.status_code in {202, 503}, answer.text
            assert time.monotonic() < until, answer.text
            time.sleep(0.2)

    def post(
        self, parts: list[tuple[str, Any]], order: dict[str, Any], repeated: str | None = None
    ) -> httpx2.Response:
        """Have a mailing sealed."""
        sent = [("order", (None, json.dumps(order))), *parts]
        return self.http.post(MAILINGS, files=sent, headers=self.headers(repeated or str(uuid4())))

    def checked(
        self, parts: list[tuple[str, Any]], order: dict[str, Any], repeated: str
    ) -> httpx2.Response:
        """Post a mailing, and again until its list has been looked at."""
        until, repeated = time.monotonic() + 90, hashlib.sha256(repeated.encode()).hexdigest()
        while True:
            answer = self.post(parts, order, repeated)
            if answer.status_code != 202 or answer.json()["state"] != "waiting":
                return answer
            assert time.monotonic() < until, answer.text

    def settled(self, answer: httpx2.Response) -> dict[str, Any]:
        """Wait until a mailing that was taken is settled."""
        assert answer.status_code == 202, answer.text
        until = time.monotonic() + 90
        while True:
            told = self.get(answer.headers["location"]).json()
            if told["state"] not in {"waiting", "sealing"}:
                return dict(told)
            assert time.monotonic() < until, told
            time.sleep(0.1)

    def get(self, path: str) -> httpx2.Response:
        """Ask for something."""
        return self.http.get(path, headers=self.headers(None))

    def delete(self, path: str) -> httpx2.Response:
        """Have something erased."""
        return self.http.delete(path, headers=self.headers(None))


@contextmanager
def site(data: Path, config: Path | None = None) -> Iterator[Running]:
    """Run `coffre serve` on a free port, with the town's signers."""
    words = ["serve", "--data", str(data), "--port", "0"]
    words += ["--config", str(config or town()[1] / "coffre.toml")]
    process = subprocess.Popen(
        [sys.executable, "-c", "from cli.main import app; app()", *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert process.stdout is not None
        address = re.search(r"http://\S+", process.stderr.readline())
        assert address is not None
        running = Running(address[0], process, data)
        while not running.lines or running.lines[-1]["event"] != "server.started":
            running.lines.append(json.loads(process.stdout.readline()))
        try:
            yield running
        finally:
            for http in running.clients:
                http.close()
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
