"""The hole of a signature: the one part of a revision that its digest leaves out.

Rules kept here (ISO 32000-1, 12.8.1):

- the hole is the string in hexadecimal, its brackets included; `/ByteRange` names all the rest of
  the file, and stands behind the hole in room of a fixed length;
- the file in front is digested where it lies and never copied;
- what fills the hole fits, or nothing is written; the rest of the room is zeros.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Self

from sealing.pades.cms_template import TemplateError
from sealing.pades.increment import Increment
from sealing.pades.source_pdf import SourcePdf

_RANGE: Final = b"/ByteRange[0 %d %d %d]"
_RANGE_BYTES: Final = len(_RANGE % (3 * (10**10 - 1,)))
_IDENTIFIER_BYTES: Final = 16
# What follows the digits: the end of the string, then room for the ranges.
AFTER: Final = b">" + bytes(_RANGE_BYTES)


def room(size: int) -> bytes:
    """Write the room for a value of at most `size` bytes, behind its opening bracket."""
    return b"0" * (2 * size) + AFTER


@dataclass(frozen=True, slots=True)
class Hole:
    """A finished revision but for its hole; `digest` is that of the file without it."""

    digest: bytes
    _whole: bytearray
    _first: int
    _size: int

    @classmethod
    def of(cls, source: SourcePdf, made: Increment, begins: int, size: int, algorithm: str) -> Self:
        """Close a revision whose hole `begins` behind its bracket and holds `size` bytes."""
        digest = source.hashed(algorithm)
        named = digest.copy()
        named.update(made.data)
        whole = made.close(named.digest()[:_IDENTIFIER_BYTES])
        first, last = begins - 1, begins + 2 * size + 1
        before = len(source.pdf)
        told = _RANGE % (before + first, before + last, len(whole) - last)
        whole[last : last + _RANGE_BYTES] = told.ljust(_RANGE_BYTES)
        view = memoryview(whole)
        digest.update(view[:first])
        digest.update(view[last:])
        return cls(digest.digest(), whole, begins, size)

    @classmethod
    def around(cls, pdf: bytes, revision: bytes, room: tuple[int, int], algorithm: str) -> Self:
        """Take a revision that another has written; `room` is where its hole's digits stand."""
        begins, ends = room
        digest = hashlib.new(algorithm, pdf)
        view = memoryview(revision)
        digest.update(view[: begins - 1])
        digest.update(view[ends + 1 :])
        return cls(digest.digest(), bytearray(revision), begins, (ends - begins) // 2)

    def put(self, value: bytes) -> bytes:
        """Give the revision with its hole filled (DER); raise TemplateError."""
        if len(value) > self._size:
            raise TemplateError("got a CMS larger than its room")
        self._whole[self._first : self._first + 2 * len(value)] = value.hex().upper().encode()
        return bytes(self._whole)
