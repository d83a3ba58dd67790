"""A real server of the safe in this process, and a wire to it on which one can lie.

No socket: the client's own door speaks to the application through Starlette's test transport.
"""

import io
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from starlette.testclient import TestClient

from cli.commands.serve import prepare
from cli.observe import Log
from cli.server import create_app
from cli.wiring import assemble
from storage.settings import Settings
from vault.client import account
from vault.client.account import Credentials, Moment
from vault.client.http import Connection
from vault.client.safe import Safe
from vault.client.state import Home

ADDRESS = "http://127.0.0.1:8000"
PASSPHRASE = "cheval pile agrafe correct"  # noqa: S105
IDLE = timedelta(minutes=15)

Lie = Callable[[httpx2.Request, dict[str, Any]], object]
Trick = Callable[[httpx2.Request, httpx2.Response], httpx2.Response]


class Wire(httpx2.BaseTransport):
    """Carries requests to the application, and answers back, unless told to lie."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        """Be honest."""
        self._inner = inner
        self.tricks: list[Trick] = []
        self.requests: list[httpx2.Request] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pass one request on."""
        self.requests.append(request)
        response = self._inner.handle_request(request)
        response.read()
        for trick in self.tricks:
            response = trick(request, response)
        # As from a network: bytes that nobody has read yet.
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=httpx2.ByteStream(response.content),
        )

    def close(self) -> None:
        """Stay open: the next client uses the same wire."""

    def lie(self, path: str, change: Lie) -> None:
        """Change the JSON of every answer below a path."""

        def trick(request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
            if not request.url.path.startswith("/api/v1/" + path) or not response.is_success:
                return response
            members = json.loads(response.content)
            change(request, members)
            return httpx2.Response(response.status_code, json=members)

        self.tricks.append(trick)

    def swap_bytes(self, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of every object that is fetched."""

        def trick(request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
            if "/blobs/" not in request.url.path or request.method != "GET":
                return response
            return httpx2.Response(200, content=change(response.content))

        self.tricks.append(trick)

    def answer(self, path: str, response: httpx2.Response) -> None:
        """Answer every request below a path by these bytes."""

        def trick(request: httpx2.Request, honest: httpx2.Response) -> httpx2.Response:
            return response if request.url.path.startswith("/api/v1/" + path) else honest

        self.tricks.append(trick)

    def cut(self, method: str, path: str, times: int = 1) -> None:
        """Lose the answer to the next requests of a method to a path, after they were obeyed."""
        left = [times]

        def trick(request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
            if (request.method, request.url.path) == (method, "/api/v1/" + path) and left[0]:
                left[0] -= 1
                raise httpx2.ReadError("cut")
            return response

        self.tricks.append(trick)


class World:
    """One server, and clients on machines of their own."""

    def __init__(self, folder: Path) -> None:
        """Make an empty server."""
        self.folder = folder
        self.now = datetime.now(UTC)
        self.parts = assemble(Settings(data=folder / "data"), ADDRESS)
        prepare(self.parts)
        self.logged = io.StringIO()
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        application = create_app(self.parts, Log(self.logged))
        self.wire = Wire(TestClient(application, base_url=ADDRESS)._transport)

    @property
    def moment(self) -> Moment:
        """Now, and the idle limit."""
        return Moment(self.now, IDLE)

    def connection(self) -> Connection:
        """Speak to the server."""
        return Connection(ADDRESS, transport=self.wire)

    def home(self, name: str) -> Home:
        """Give the client's folder of a machine."""
        return Home(self.folder / name)

    def create(self, login: str, machine: str) -> Safe:
        """Open an account."""
        who = Credentials(login, PASSPHRASE)
        return account.create(self.connection(), self.home(machine), who, self.moment)

    def login(self, login: str, machine: str, passphrase: str = PASSPHRASE) -> Safe:
        """Sign in on a machine."""
        who = Credentials(login, passphrase)
        return account.login(self.connection(), self.home(machine), who, self.moment)

    def resume(self, machine: str) -> Safe:
        """Open the safe again, as the next command would."""
        home = self.home(machine)
        return account.resume(self.connection(), home, home.signed_in(), self.moment)
