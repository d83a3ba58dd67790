"""A real server on a free port of loopback, with a clock moved by hand, and a raw client."""

import base64
import dataclasses
import io
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from support.person import Parcel, Person, hybrid_header, new_id, opaque

from cli.commands.serve import prepare
from cli.observe import Log
from cli.server import create_app
from cli.wiring import Parts, assemble
from storage.settings import Settings
from vault.format import canonical
from vault.format.canonical import to_base64url


class Clock:
    """Time as the server sees it."""

    def __init__(self) -> None:
        """Begin on a fixed day."""
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def forward(self, **spans: float) -> None:
        """Let time pass."""
        self.now += timedelta(**spans)


@dataclasses.dataclass
class Served:
    """A running server: its address, parts, clock and what it logged."""

    address: str
    parts: Parts
    clock: Clock
    logged: io.StringIO

    def client(self) -> httpx2.Client:
        """Give a client that knows nothing of us."""
        return httpx2.Client(base_url=self.address, timeout=30)


@contextmanager
def serving(folder: Path, config: Path | None = None) -> Iterator[Served]:
    """Serve from `folder`, with the settings of a file if one is named, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        address = f"http://127.0.0.1:{sock.getsockname()[1]}"
        settings = Settings.load(config, data=folder) if config else Settings(data=folder)
        parts = dataclasses.replace(assemble(settings, address), config=config)
        clock, logged = Clock(), io.StringIO()
        parts = dataclasses.replace(parts, site=dataclasses.replace(parts.site, clock=clock))
        prepare(parts)
        logging.getLogger("uvicorn").handlers = []
        app = create_app(parts, Log(logged))
        how = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
        server = uvicorn.Server(how)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        try:
            with httpx2.Client(base_url=address, timeout=30) as client:
                client.get("/health/live")
            yield Served(address, parts, clock, logged)
        finally:
            server.should_exit = True
            thread.join(30)


class Device:
    """A person's device that speaks JSON with a server."""

    def __init__(self, served: Served, person: Person) -> None:
        """Begin without an account."""
        self.served, self.person = served, person
        self.http = served.client()

    def enrolment(self, transport: str = "bearer") -> dict[str, Any]:
        """Make the body that opens the account."""
        sent = self.person.enrolment()
        return {
            "account": sent.account,
            "login": sent.login,
            "auth_key": to_base64url(sent.auth_key),
            "slots": [json.loads(canonical.encode(json.loads(s.encode()))) for s in sent.slots],
            "bundle": to_base64url(sent.bundle),
            "directory": sent.directory,
            "transport": transport,
        }

    def enrol(self) -> httpx2.Response:
        """Open the account and stay signed in."""
        answer = self.http.post("/api/v1/accounts", json=self.enrolment())
        self.signed_in(answer)
        return answer

    def login(self, auth_key: bytes | None = None, transport: str = "bearer") -> httpx2.Response:
        """Prove the passphrase."""
        body = {
            "login": self.person.login,
            "auth_key": to_base64url(auth_key or self.person.auth_key),
            "transport": transport,
        }
        answer = self.http.post("/api/v1/session", json=body)
        self.signed_in(answer)
        return answer

    def signed_in(self, answer: httpx2.Response) -> None:
        """Keep a token that was given."""
        if answer.is_success and "token" in answer.json():
            self.http.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def announce(self, parcel: Parcel) -> httpx2.Response:
        """Ask for a ticket."""
        body = {
            "blob_id": parcel.blob_id,
            "size": parcel.announced.size,
            "sha256": to_base64url(parcel.announced.sha256),
            "fkc": to_base64url(parcel.fkc),
        }
        return self.http.post("/api/v1/vault/uploads", json=body)

    def send(self, ticket: dict[str, Any], content: bytes) -> httpx2.Response:
        """PUT an object as its ticket says, with no session."""
        with self.served.client() as stranger:
            return stranger.put(ticket["url"], content=content, headers=ticket["headers"])

    def operation(self, **change: Any) -> dict[str, Any]:
        """Make the body of the next operation."""
        step = self.person.step()
        return {
            "n": step.operation.n,
            "content": to_base64url(step.operation.content),
            "head": to_base64url(step.operation.head),
            "signature": to_base64url(step.operation.signature),
            **change,
        }

    def put_change(self, parcel: Parcel, document: str, version: int = 1) -> dict[str, Any]:
        """Make the member `put` of an operation."""
        return {
            "document": document,
            "version": version,
            "blob_id": parcel.blob_id,
            "header": to_base64url(hybrid_header()),
            "metadata": to_base64url(opaque()),
        }

    def op(self, body: dict[str, Any]) -> httpx2.Response:
        """Send an operation."""
        return self.http.post("/api/v1/vault/ops", json=body)

    def store(self, parcel: Parcel | None = None) -> tuple[Parcel, str]:
        """Store a whole document, each step succeeding."""
        parcel, document = parcel or Parcel(), new_id()
        ticket = self.announce(parcel).raise_for_status().json()
        self.send(ticket, parcel.content).raise_for_status()
        self.op(self.operation(put=self.put_change(parcel, document))).raise_for_status()
        return parcel, document


def decoded(text: str) -> bytes:
    """Read base64url as any library does."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
