"""The plaintext of a document: a tar of one member, filled with zeros to its class.

Rules kept here:

- one encoding only: ustar, regular file, mode 0600, owner 0, time 0, no owner's names; a PAX header
  with the one record `path` only when the name is not ASCII or is longer than 100 bytes;
- the reader builds the header blocks again from name and size and compares; all else is zero, up to
  the padded length: a second member of the same name would give `tar x` another document than the
  one that was checked;
- a name is cleaned before it is written, and one that is not clean is refused: no folder, no
  control or direction character, 255 bytes at most.

So `age -d | tar x` gives the document to anyone who has the key.
"""

import re
import unicodedata
from typing import ClassVar, Final

from vault.errors import VaultError
from vault.format.sizes import BLOCK, padded_length

_NAME_LIMIT: Final = 100
_CLEAN_LIMIT: Final = 255
_SIZE_LIMIT: Final = 8**11
_END: Final = 2 * BLOCK
_PAX_NAME: Final = "././@PaxHeader"
_CHECKSUM: Final = slice(148, 156)
_SIZE: Final = slice(124, 135)
_TYPE: Final = 156
_PAX_RECORD: Final = re.compile(rb"\d{1,3} path=([^\x00]+)\n\x00*")
# Control, format (direction marks among them), surrogate, private, unassigned; line separators.
_DIRTY: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class TarError(VaultError):
    """The bytes are not the one encoding of a member and its filling."""

    code: ClassVar[str] = "document.tar"


def clean_name(name: str) -> str:
    """Give the name without folder, control or direction characters; never empty."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(sign for sign in last if unicodedata.category(sign) not in _DIRTY).strip(" .")
    while len(kept.encode()) > _CLEAN_LIMIT:
        kept = kept[:-1].rstrip(" .")
    return kept or "document"


def member_header(name: str, length: int) -> bytes:
    """Give the blocks before the content of a member; `length` in bytes."""
    if not 0 <= length < _SIZE_LIMIT:
        raise TarError(f"got a content of {length} bytes")
    raw = name.encode()
    pax = b""
    if not name.isascii() or len(raw) > _NAME_LIMIT:
        record = _pax_record(raw)
        pax = _block(_PAX_NAME.encode(), b"0000000", len(record), b"x") + record
        pax += bytes(-len(pax) % BLOCK)
    short = name.encode("ascii", "replace")[:_NAME_LIMIT]
    return pax + _block(short, b"0000600", length, b"0")


def total_length(name: str, length: int) -> int:
    """Give the length, in bytes, of the whole plaintext of a document."""
    content = length + -length % BLOCK
    return padded_length(len(member_header(name, length)) + content + _END)


def read_header(start: bytes) -> tuple[str, int, int] | None:
    """Give name, length, and where the content begins; None when more is needed; raise TarError.

    Three blocks are always enough.
    """
    if len(start) < BLOCK:
        return None
    main = 2 * BLOCK if start[_TYPE : _TYPE + 1] == b"x" else 0
    if len(start) < main + BLOCK:
        return None
    block = start[main : main + BLOCK]
    name, length = _read_name(start, main), _read_size(block[_SIZE])
    header = start[: main + BLOCK]
    if name != clean_name(name) or member_header(name, length) != header:
        raise TarError("got header blocks in another form than ours")
    return name, length, len(header)


def _read_name(start: bytes, main: int) -> str:
    try:
        if main == 0:
            return start[:_NAME_LIMIT].rstrip(b"\0").decode("ascii")
        record = _PAX_RECORD.fullmatch(start[BLOCK : 2 * BLOCK])
        if record is None:
            raise TarError("got other extended records than the path")
        return record[1].decode()
    except UnicodeDecodeError as error:
        raise TarError("got a name that is not text") from error


def _read_size(digits: bytes) -> int:
    if not re.fullmatch(rb"[0-7]{11}", digits):
        raise TarError("got a size that is not 11 octal digits")
    return int(digits, 8)


def _pax_record(name: bytes) -> bytes:
    """Give the record of a name: its length, which counts itself, then the name."""
    body = b" path=" + name + b"\n"
    length = len(body)
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return b"%d" % length + body


def _block(name: bytes, mode: bytes, length: int, kind: bytes) -> bytes:
    zero = b"0000000\0"
    fields = (
        name.ljust(100, b"\0"), mode + b"\0", zero, zero, b"%011o\0" % length, b"%011o\0" % 0,
        b" " * 8, kind, bytes(100), b"ustar\x0000", bytes(247),
    )  # fmt: skip
    block = bytearray(b"".join(fields))
    block[_CHECKSUM] = b"%06o\0 " % sum(block)
    return bytes(block)
