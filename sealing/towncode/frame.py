"""The frame of a town code: COSE_Sign1 in its one form, cut in its parts or recognised when cut.

Rules kept here (RFC 9052, 9360):

- tag 18, a list of four: protected header of 16 bytes, empty map, payload, signature; heads are the
  shortest, so one message has one text; nothing after the signature;
- `is_beginning`: every bit that is there is the frame's, and the announced lengths reach beyond the
  end. A beginning may be longer by anything: it accuses nobody. A length that no code may have is
  no beginning.
"""

from typing import Final

from sealing import base32
from sealing.towncode import cbor
from sealing.towncode.errors import Reason, TownCodeError

MAX_BYTES: Final = 600
THUMBPRINT: Final = 8
SIGNATURE: Final = 64
_OPENING: Final = b"\xd2\x84"  # tag 18, a list of four
_UNPROTECTED: Final = b"\xa0"  # an empty map
_PROTECTED: Final = bytes.fromhex("a20126 1822822e48")  # {1: -7, 34: [-15, h'8 bytes']}
_BEGINNING: Final = _OPENING + b"\x50" + _PROTECTED  # up to the thumbprint
_CLOSING: Final = b"\x58\x40"  # the head of the signature
_HEAD: Final = len(_BEGINNING) + THUMBPRINT + len(_UNPROTECTED)  # where the payload's head is
_HEADS: Final = {cbor.write(bytes(size))[: -size or None]: size for size in range(MAX_BYTES)}
_GROUP: Final = 8  # characters of base32 that make whole bytes


def split(cose: bytes) -> tuple[bytes, bytes, bytes]:
    """Cut a message in header, payload and signature; raise TownCodeError."""
    if cose[: len(_OPENING)] != _OPENING:
        raise TownCodeError(Reason.STRUCTURE, "got another message than COSE_Sign1 of four parts")
    protected, at = cbor.byte_string(cose, len(_OPENING))
    if cose[at : at + 1] != _UNPROTECTED:
        raise TownCodeError(Reason.STRUCTURE, "got an unsigned header that is not empty")
    payload, at = cbor.byte_string(cose, at + 1)
    signature, at = cbor.byte_string(cose, at)
    if at != len(cose):
        raise TownCodeError(Reason.STRUCTURE, "got bytes after the message")
    return protected, payload, signature


def join(thumbprint: bytes, payload: bytes, signature: bytes) -> bytes:
    """Join header, payload and signature."""
    header = cbor.write(protected_header(thumbprint))
    return b"".join((_OPENING, header, _UNPROTECTED, cbor.write(payload), cbor.write(signature)))


def protected_header(thumbprint: bytes) -> bytes:
    """Write the protected header of a certificate's thumbprint."""
    return _PROTECTED + thumbprint


def thumbprint_of(header: bytes) -> bytes:
    """Read a protected header; raise TownCodeError (`signature-header-invalid`)."""
    if not header.startswith(_PROTECTED) or len(header) != len(_PROTECTED) + THUMBPRINT:
        raise TownCodeError(Reason.HEADER, "got another header than ES256 and x5t of 8 bytes")
    return header[len(_PROTECTED) :]


def is_beginning(text: bytes) -> bool:
    """Tell base32 (without `CV1:`) that begins a message and stops before its end."""
    try:
        filled = text.decode("ascii") + "A" * (-len(text) % _GROUP)
        cose = base32.decode(filled)
    except (base32.Base32Error, UnicodeDecodeError):
        return False
    known = 5 * len(text)
    if not _agree(cose, known, 0, _BEGINNING):
        return False
    whole = known >= 8 * (_HEAD + max(map(len, _HEADS)))
    # A head that is itself cut may be that of several lengths: each is tried.
    heads = [cose[_HEAD : _HEAD + size] for size in (1, 2, 3)] if whole else _HEADS
    return any(_begins(cose, known, head) for head in heads if head in _HEADS)


def _begins(cose: bytes, known: int, head: bytes) -> bool:
    """Tell whether the first `known` bits begin a message whose payload has this head."""
    closing = _HEAD + len(head) + _HEADS[head]
    size = closing + len(_CLOSING) + SIGNATURE
    return (
        known < 8 * size <= 8 * MAX_BYTES
        and _agree(cose, known, _HEAD - len(_UNPROTECTED), _UNPROTECTED + head)
        and _agree(cose, known, closing, _CLOSING)
    )


def _agree(cose: bytes, known: int, at: int, form: bytes) -> bool:
    """Tell whether the bits known at a place are those of a form."""
    there = int.from_bytes(cose[at : at + len(form)].ljust(len(form), b"\0"), "big")
    unknown = 8 * len(form) - max(0, min(known - 8 * at, 8 * len(form)))
    return (there ^ int.from_bytes(form, "big")) >> unknown == 0
