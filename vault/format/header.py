"""Header of an age file: version line, stanzas, line of the MAC.

Rules kept here (age v1, C2SP):

- the version line, then one stanza or more, then `--- ` and the MAC: 32 bytes;
- a stanza is `-> ` and arguments, separated by one space, each of visible ASCII characters; then
  its body in base64, in lines of 64 columns of which the last, compulsory, is shorter, even empty;
- base64 is the standard alphabet, without padding, its spare bits zero; lines end with LF alone;
- so a header has one encoding: `encode` of what was parsed gives the bytes that were read, and the
  MAC is over them up to `---` inclusive;
- at most 64 KiB and 20 stanzas, refused before any work is done for them.

Not here: what a stanza means, and whether the MAC is right.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from vault.errors import VaultError

VERSION_LINE: Final = b"age-encryption.org/v1\n"
MAX_HEADER: Final = 65_536
MAX_STANZAS: Final = 20
MAC_LENGTH: Final = 32
_COLUMNS: Final = 64
_ARGUMENT: Final = re.compile(r"[!-~]+")
_LAST_LINE: Final = re.compile(rb"\n---[^\n]*\n")


class HeaderError(VaultError):
    """These bytes are no header of an age file that we read."""

    code: ClassVar[str] = "age.header"


@dataclass(frozen=True, slots=True)
class Stanza:
    """One way to the file key: a type, its arguments, a body."""

    arguments: tuple[str, ...]
    body: bytes

    def __post_init__(self) -> None:
        """Refuse what has no encoding."""
        if not self.arguments:
            raise HeaderError("got a stanza without a type")
        if not all(_ARGUMENT.fullmatch(argument) for argument in self.arguments):
            raise HeaderError("got an argument with characters that are not visible ASCII")

    @property
    def kind(self) -> str:
        """The first argument: which recipient wrote this stanza."""
        return self.arguments[0]

    def encode(self) -> bytes:
        """Give the stanza's lines."""
        text = to_base64(self.body)
        lines = [text[at : at + _COLUMNS] for at in range(0, len(text) + 1, _COLUMNS)]
        return "".join(f"{line}\n" for line in ("-> " + " ".join(self.arguments), *lines)).encode()


@dataclass(frozen=True, slots=True)
class Header:
    """A header that has the right form; its MAC may still be wrong."""

    stanzas: tuple[Stanza, ...]
    mac: bytes

    def __post_init__(self) -> None:
        """Refuse what has no encoding."""
        if not 1 <= len(self.stanzas) <= MAX_STANZAS:
            raise HeaderError(f"got {len(self.stanzas)} stanzas, expected 1 to {MAX_STANZAS}")
        if len(self.mac) != MAC_LENGTH:
            raise HeaderError(f"got a MAC of {len(self.mac)} bytes, expected {MAC_LENGTH}")

    def encode(self) -> bytes:
        """Give the header's bytes; `Header.parse` of them is this header."""
        return b"%b %b\n" % (mac_input(self.stanzas), to_base64(self.mac).encode())

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a whole header and nothing after it; raise HeaderError."""
        if len(data) > MAX_HEADER:
            raise HeaderError(f"got {len(data)} bytes, expected {MAX_HEADER} at most")
        if not data.startswith(VERSION_LINE):
            raise HeaderError("got another first line than that of age v1")
        if not data.endswith(b"\n"):
            raise HeaderError("got a header that does not end with its line")
        lines = iter(data[len(VERSION_LINE) : -1].split(b"\n"))
        stanzas: list[Stanza] = []
        for line in lines:
            if line.startswith(b"---"):
                header = cls(tuple(stanzas), _parse_mac(line))
                if next(lines, None) is not None:
                    raise HeaderError("got lines after that of the MAC")
                return header
            if len(stanzas) == MAX_STANZAS:
                raise HeaderError(f"got more than {MAX_STANZAS} stanzas")
            stanzas.append(_parse_stanza(line, lines))
        raise HeaderError("got a header without a MAC")


def header_end(data: bytes) -> int | None:
    """Give where the payload begins, None when more is needed; raise HeaderError.

    `data` is the beginning of a file: what cannot begin one, or is longer than a header, raises.
    """
    start = data[: len(VERSION_LINE)]
    if not VERSION_LINE.startswith(start):
        raise HeaderError("got another first line than that of age v1")
    found = _LAST_LINE.search(data, len(VERSION_LINE) - 1)
    end = found.end() if found else len(data)
    if end > MAX_HEADER:
        raise HeaderError(f"got more than {MAX_HEADER} bytes of header")
    return end if found else None


def mac_input(stanzas: tuple[Stanza, ...]) -> bytes:
    """Give the bytes that the MAC is over: from the version line to `---` inclusive."""
    return b"".join((VERSION_LINE, *(stanza.encode() for stanza in stanzas), b"---"))


def to_base64(data: bytes) -> str:
    """Write bytes in the standard alphabet, without padding."""
    return base64.b64encode(data).rstrip(b"=").decode()


def from_base64(text: bytes | str) -> bytes:
    """Read canonical base64 without padding; raise HeaderError."""
    line = text.encode() if isinstance(text, str) else text
    try:
        data = base64.b64decode(line + b"=" * (-len(line) % 4), validate=True)
    except binascii.Error as error:
        raise HeaderError("got text that is not base64") from error
    if to_base64(data).encode() != line:
        raise HeaderError("got base64 in another form than the canonical one")
    return data


def _parse_stanza(first: bytes, following: Iterator[bytes]) -> Stanza:
    try:
        start, *arguments = first.decode("ascii").split(" ")
    except UnicodeDecodeError as error:
        raise HeaderError("got a stanza that is not ASCII") from error
    if start != "->":
        raise HeaderError("got a line that begins neither a stanza nor the MAC")
    body = []
    for line in following:
        if len(line) > _COLUMNS:
            raise HeaderError(f"got a body line of {len(line)} columns")
        body.append(line)
        if len(line) < _COLUMNS:
            return Stanza(tuple(arguments), from_base64(b"".join(body)))
    raise HeaderError("got a stanza without its short last line")


def _parse_mac(line: bytes) -> bytes:
    start, _, text = line.partition(b" ")
    if start != b"---":
        raise HeaderError("got a MAC line without its space")
    return from_base64(text)
