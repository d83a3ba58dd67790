"""What a request brings, streamed to the disk: a letter, or the parts of a form.

Rules kept here:

- nothing is kept in memory but a piece at a time; each piece is counted and hashed as it is
  written, and a body too long is refused when it is announced or as soon as it is seen;
- a sender who pauses, or is too slow (`entrance`), is cut off; the folder is then discarded;
- of a form, the parts that are awaited alone are taken, each once but for those that may repeat;
- what a disk that is full refuses is told as such.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final, Protocol, cast

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header

from sealing.errors import SealingError
from sealing.service.api_keys import ApiKey
from sealing.service.storeroom import discard, room_needed
from sealing.web.entrance import Pace
from sealing.web.office import Counter
from vault.web.security import BodyTooLargeError

_FORM: Final = "multipart/form-data"
_NAME: Final = 64


class FormError(SealingError):
    """The body is no form, or not one of the awaited parts. Details: `part`."""

    code: ClassVar[str] = "request.form"


class SenderTooSlowError(SealingError):
    """Nothing came for half a minute, or too little for longer."""

    code: ClassVar[str] = "request.too-slow"
    retryable: ClassVar[bool] = True


class Part(Protocol):
    """Where a part of a form goes."""

    def write(self, piece: bytes) -> None:
        """Take a piece."""

    def close(self) -> None:
        """Hear that it is whole."""


@dataclass(slots=True)
class FilePart:
    """A part that becomes a file: written, counted, hashed."""

    path: Path
    limit: int
    size: int = 0
    _digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    _file: BinaryIO | None = None

    def write(self, piece: bytes) -> None:
        """Write a piece; raise BodyTooLargeError."""
        self.size += len(piece)
        if self.size > self.limit:
            raise BodyTooLargeError(f"got more than {self.limit} bytes", limit=self.limit)
        if self._file is None:
            self._file = self.path.open("xb")
        self._digest.update(piece)
        self._file.write(piece)

    def close(self) -> None:
        """Close the file, which may be empty."""
        if self._file is None:
            self._file = self.path.open("xb")
        self._file.close()

    @property
    def sha256(self) -> bytes:
        """Give the digest of what came."""
        return self._digest.digest()


@dataclass(slots=True)
class TextPart:
    """A part that stays in memory: small."""

    limit: int
    content: bytearray = field(default_factory=bytearray)

    def write(self, piece: bytes) -> None:
        """Keep a piece; raise BodyTooLargeError."""
        self.content += piece
        if len(self.content) > self.limit:
            raise BodyTooLargeError(f"got more than {self.limit} bytes", limit=self.limit)

    def close(self) -> None:
        """Hear that it is whole."""


Opening = Callable[[str, str], Part]
"""Gives where a part goes, by its name and its file's name; raises FormError and others."""


@asynccontextmanager
async def arriving(at: Counter, who: ApiKey) -> AsyncIterator[Path]:
    """Give a folder for what comes; whatever is left in it at the end is discarded.

    Raises ShareTakenError, TooManyArrivalsError, NoRoomError.
    """
    with at.entrance.place(who.terms.service):
        folder = await asyncio.to_thread(at.room.arrival)
        try:
            yield folder
        finally:
            await asyncio.to_thread(discard, folder)


def is_form(request: Request) -> bool:
    """Tell whether the body is a form of several parts."""
    return request.headers.get("content-type", "").lower().startswith(_FORM)


def require_announced(request: Request, limit: int) -> None:
    """Raise BodyTooLargeError for a body that says itself too long."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced[:20]) > limit:
        raise BodyTooLargeError(f"got more than {limit} bytes announced", limit=limit)


async def body(request: Request, part: Part, limit: int) -> None:
    """Bring a whole body to one part."""
    try:
        async for piece in _pieces(request, limit):
            await _doing(part.write, piece)
        await _doing(part.close)
    finally:
        with suppress(OSError):
            part.close()  # of a part that was cut, the file


async def form(request: Request, opening: Opening, limit: int) -> None:
    """Bring each part of a form where it goes; raise FormError for what is no form."""
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not boundary or len(boundary) > _NAME + 10:
        raise FormError("got a form without its boundary", part="")
    reader = _Reader(opening)
    parser = MultipartParser(boundary, cast("Any", reader.callbacks()))
    try:
        async for piece in _pieces(request, limit):
            await _doing(parser.write, piece)
        parser.finalize()
    except MultipartParseError as error:
        raise FormError("got a form that does not hold together", part="") from error
    finally:
        reader.abandon()
    if not reader.ended:
        raise FormError("got a form that does not end", part="")


async def _pieces(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Give what comes; raise BodyTooLargeError, SenderTooSlowError or ClientDisconnect."""
    require_announced(request, limit)
    stream, pace, clock = aiter(request.stream()), Pace(), asyncio.get_running_loop().time
    while True:
        before = clock()
        try:
            piece = await asyncio.wait_for(anext(stream), pace.patience())
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise SenderTooSlowError(f"got {pace.came} bytes in {pace.waited:.0f} s") from error
        pace.waited += clock() - before
        pace.came += len(piece)
        if pace.came > limit:
            raise BodyTooLargeError(f"got more than {limit} bytes", limit=limit)
        if piece:
            yield piece


async def _doing(act: Callable[..., object], *given: bytes) -> None:
    """Write to the disk out of the way of other requests; raise NoRoomError, FormError."""
    try:
        with room_needed():
            await asyncio.to_thread(act, *given)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise FormError("got a name twice, or one that is a folder's too", part="") from error


class _Reader:
    """Follows a form part by part."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._part: Part | None = None
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self.ended = False

    def callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._said,
            "on_header_end": self._header,
            "on_headers_finished": self._open,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def abandon(self) -> None:
        """Close the file of a part that was cut."""
        if self._part is not None:
            with suppress(OSError):
                self._part.close()

    def _begin(self) -> None:
        self._headers, self._name, self._value = {}, b"", b""

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _said(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        try:
            name = options.get(b"name", b"").decode()
            file = options.get(b"filename", b"").decode()
        except UnicodeDecodeError as error:
            raise FormError("got a name that is not UTF-8", part="") from error
        if len(name) > _NAME:
            raise FormError("got a part with a long name", part=name[:_NAME])
        self._part = self._opening(name, file)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part is not None:
            self._part.write(data[start:end])

    def _end(self) -> None:
        part, self._part = self._part, None
        if part is not None:
            part.close()

    def _finish(self) -> None:
        self.ended = True
