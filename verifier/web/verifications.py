"""JSON at `/api/v1/verifications`: a file in, its verdict out, for other programs.

- `POST` brings a PDF, PNG, JPEG, WebP or TIFF of at most 20 MiB, alone or as `file` of a form; 200
  with the `verdict` object of `coffre verify --json`, whatever the answer.

Rules kept here:

- no account, no cookie, no name: the file's name is not read, `file` is always `-`;
- nothing is kept and nothing is written: the file stands in memory until it is answered, and a
  process of its own judges it, as the command does (`judge`);
- an address asks so many times a minute (429); so many files are judged at once, a few more wait
  for a moment, the others are told to come back (503): an outsider cannot use the machine up;
- a sender has half a minute.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any, ClassVar, Final, cast

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header

from vault.web.problems import RESPONSES, language
from vault.web.security import VERIFICATIONS, BodyTooLargeError
from vault.web.session import Here
from verifier.errors import VerifierError

LIMIT: Final = 20 << 20
_PATIENCE: Final = 10.0
_SENDING: Final = 30.0
_WAITING: Final = 4
_MINUTE: Final = timedelta(minutes=1)
_ADDRESSES: Final = 10_000
_KINDS: Final = ("application/pdf", "image/png", "image/jpeg", "image/webp", "image/tiff")
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_FORM: Final = {
    "schema": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    }
}

Judge = Callable[[bytes, str], Awaitable[dict[str, Any]]]
"""Gives the `verdict` object of a file, its sentences in a language; raises VerifierError."""


class TooManyVerificationsError(VerifierError):
    """Too many files came from one address. Details: `seconds`."""

    code: ClassVar[str] = "verification.too-many"
    retryable: ClassVar[bool] = True


class BusyError(VerifierError):
    """Too many files are being judged. Details: `seconds`."""

    code: ClassVar[str] = "verification.busy"
    retryable: ClassVar[bool] = True


class SenderSlowError(VerifierError):
    """The file did not come in time."""

    code: ClassVar[str] = "verification.too-slow"


class NoFileError(VerifierError):
    """The form does not hold together, or has not one `file`."""

    code: ClassVar[str] = "verification.form"


@dataclass(slots=True)
class Visits:
    """How often each address asked in its minute; the oldest addresses are forgotten."""

    most: int
    _counts: OrderedDict[str, tuple[int, datetime]] = field(default_factory=OrderedDict)

    def count(self, address: str, now: datetime) -> None:
        """Count one more; raise TooManyVerificationsError."""
        count, since = self._counts.pop(address, (0, now))
        if now - since >= _MINUTE:
            count, since = 0, now
        self._counts[address] = (count + 1, since)
        while len(self._counts) > _ADDRESSES:
            self._counts.popitem(last=False)
        if count >= self.most:
            left = max(1, ceil((since + _MINUTE - now).total_seconds()))
            raise TooManyVerificationsError("got more files than a minute allows", seconds=left)


@dataclass(slots=True)
class Desk:
    """Where files are judged: `at_once` together, as many again times four waiting."""

    judge: Judge
    at_once: int
    visits: Visits
    patience: float = _PATIENCE
    _here: int = 0
    _turn: asyncio.Semaphore | None = None

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Be one of those who send, wait or are judged; raise BusyError."""
        if self._here >= self.at_once * (1 + _WAITING):
            raise BusyError("got more files than may wait", seconds=5)
        self._here += 1
        try:
            yield
        finally:
            self._here -= 1

    async def judged(self, document: bytes, lang: str) -> dict[str, Any]:
        """Have a file judged in its turn; raise BusyError, or what the judge raises."""
        if self._turn is None:
            self._turn = asyncio.Semaphore(self.at_once)
        try:
            await asyncio.wait_for(self._turn.acquire(), self.patience)
        except TimeoutError:
            raise BusyError("got no turn in time", seconds=5) from None
        try:
            return await self.judge(document, lang)
        finally:
            self._turn.release()


def router(schema: Mapping[str, Any]) -> APIRouter:
    """Give the route; `schema` is that of the `verdict` object."""
    routes = APIRouter(responses=RESPONSES, tags=["verifications"])
    told = {name: row for name, row in schema.items() if name != "$schema"}
    content = {**dict.fromkeys(_KINDS, _BINARY), "multipart/form-data": _FORM}

    @routes.post(
        VERIFICATIONS,
        responses={200: {"content": {"application/json": {"schema": told}}}},
        openapi_extra={"requestBody": {"required": True, "content": content}},
    )
    async def post(request: Request, here: Here) -> JSONResponse:
        """Judge a file; nothing of it is kept."""
        desk = cast("Desk", request.app.state.verifications)
        desk.visits.count(request.client.host if request.client else "", here.clock())
        async with desk.place():
            document = await _document(request)
            return JSONResponse(await desk.judged(document, language(request)))

    return routes


async def _document(request: Request) -> bytes:
    """Take the file out of a request; raise SenderSlowError, NoFileError, BodyTooLargeError."""
    body = bytearray()
    try:
        async with asyncio.timeout(_SENDING):
            async for piece in request.stream():
                body += piece
    except TimeoutError:
        raise SenderSlowError("got a file that does not come") from None
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    document = bytes(body)
    if kind == b"multipart/form-data":
        document = _file_of(document, options.get(b"boundary", b""))
    if len(document) > LIMIT:
        raise BodyTooLargeError(f"got a file of more than {LIMIT} bytes", limit=LIMIT)
    return document


def _file_of(body: bytes, boundary: bytes) -> bytes:
    """Take the one `file` out of a form; raise NoFileError."""
    reader = _Reader()
    try:
        parser = MultipartParser(boundary, cast("Any", reader.callbacks()))
        parser.write(body)
        parser.finalize()
    except MultipartParseError:
        raise NoFileError("got a form that does not hold together") from None
    if not reader.ended or len(reader.files) != 1:
        raise NoFileError(f"got a form with {len(reader.files)} files, expected one")
    return bytes(reader.files[0])


@dataclass(slots=True)
class _Reader:
    """Follows a form part by part, and keeps those that are called `file`."""

    files: list[bytearray] = field(default_factory=list)
    ended: bool = False
    _name: bytes = b""
    _value: bytes = b""
    _wanted: bool = False

    def callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._said,
            "on_header_end": self._header,
            "on_headers_finished": self._open,
            "on_part_data": self._data,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._name, self._value, self._wanted = b"", b"", False

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _said(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header(self) -> None:
        if self._name.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._wanted = options.get(b"name") == b"file"
        self._name, self._value = b"", b""

    def _open(self) -> None:
        if self._wanted:
            self.files.append(bytearray())

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            self.files[-1] += data[start:end]

    def _finish(self) -> None:
        self.ended = True
