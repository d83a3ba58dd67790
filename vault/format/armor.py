"""Text form of an age file.

Rules kept here (age v1, armor):

- a first line, base64 with padding in lines of 64 columns, a last line; lines end with LF or CRLF;
- every line but the last holds 64 columns, none is empty, spare bits are zero;
- white space is allowed before and after the whole, nowhere inside, 1,024 bytes of it at most.

Pieces in, pieces out, of whatever size: nothing is kept but the line in hand.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

from vault.errors import VaultError

FIRST_LINE: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
LAST_LINE: Final = b"-----END AGE ENCRYPTED FILE-----"
_COLUMNS: Final = 64
_LINE_BYTES: Final = 48
_SPACE: Final = b" \t\r\n"
_SPACE_LIMIT: Final = 1_024


class ArmorError(VaultError):
    """The text is no armored age file."""

    code: ClassVar[str] = "age.armor"


def is_armored(start: bytes) -> bool:
    """Tell the text form from the binary one by its first bytes."""
    return start.lstrip(_SPACE).startswith(FIRST_LINE[:5])


class Encoder:
    """Makes armored text of bytes that come in pieces: `feed` them all, then `finish`."""

    def __init__(self) -> None:
        """Begin with the first line."""
        self._lines = FIRST_LINE + b"\n"
        self._rest = b""

    def feed(self, piece: bytes | memoryview) -> bytes:
        """Give the text that this piece completes."""
        data = self._rest + piece
        whole = len(data) - len(data) % _LINE_BYTES
        self._rest = data[whole:]
        lines, self._lines = self._lines, b""
        return lines + _lines(data[:whole])

    def finish(self) -> bytes:
        """Give what is left and the last line."""
        return self._lines + _lines(self._rest) + LAST_LINE + b"\n"


def decode(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Give what armored text holds, in pieces; raise ArmorError at the first fault."""
    lines = _split(_without_leading_space(pieces))
    if next(lines) != FIRST_LINE:
        raise ArmorError("got another first line than that of an armored file")
    full = True
    for line in lines:
        if line == LAST_LINE:
            _check_end(lines)
            return
        if not full:
            raise ArmorError(f"got a line after one shorter than {_COLUMNS} columns")
        full = len(line) == _COLUMNS and not line.endswith(b"=")
        yield _decode_line(line)
    raise ArmorError("got the end of the text before the last line")


def _lines(data: bytes) -> bytes:
    text = base64.b64encode(data)
    return b"".join(text[at : at + _COLUMNS] + b"\n" for at in range(0, len(text), _COLUMNS))


def _decode_line(line: bytes) -> bytes:
    if not 1 <= len(line) <= _COLUMNS:
        raise ArmorError(f"got a line of {len(line)} columns")
    try:
        data = base64.b64decode(line, validate=True)
    except binascii.Error as error:
        raise ArmorError("got a line that is not base64") from error
    if base64.b64encode(data) != line:
        raise ArmorError("got base64 in another form than the canonical one")
    return data


def _without_leading_space(pieces: Iterable[bytes]) -> Iterator[bytes]:
    started, skipped = False, 0
    for piece in pieces:
        kept = piece if started else piece.lstrip(_SPACE)
        skipped += len(piece) - len(kept)
        if skipped > _SPACE_LIMIT:
            raise ArmorError(f"got more than {_SPACE_LIMIT} bytes of white space")
        started = started or bool(kept)
        yield kept


def _split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Give the lines without their end; the last one always comes, even empty."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
        if len(rest) > _SPACE_LIMIT + _COLUMNS:
            raise ArmorError(f"got a line of more than {_COLUMNS} columns")
    yield rest


def _check_end(lines: Iterator[bytes]) -> None:
    trailing = 0
    for line in lines:
        trailing += len(line) + 1
        if line.strip(_SPACE) or trailing > _SPACE_LIMIT:
            raise ArmorError("got something after the last line")
