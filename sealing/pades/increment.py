"""One revision, appended to a PDF that is understood: objects, cross-references, trailer.

Rules kept here (ISO 32000-1, 7.5.6):

- nothing of the file is changed: offsets count from its first byte, and what is appended begins on
  a line of its own;
- the section has the form of the one before it: a table after a table, a stream after a stream;
- `/Prev` leads to that one, unless the file is hybrid: validators trust no seal on a file that some
  readers see otherwise, so the new section is then a stream that lists every object, alone;
- `/Root`, `/Info` and the first half of `/ID` stay, its second half is new; `/Size` is above every
  number in use.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from sealing.pades.objects import Skeleton
from sealing.pades.sections import Row
from sealing.pades.tokens import Array, NotFastError, Reason, Ref, Text, Value

_HALVES: Final = 2
# The columns of a section that is a stream.
_ROW: Final = struct.Struct(">BIH")


@dataclass(slots=True)
class Increment:
    """A revision in the making: take numbers, put objects, then `close` it."""

    skeleton: Skeleton
    _next: int = 0
    _offsets: dict[int, int] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray)

    @classmethod
    def begin(cls, skeleton: Skeleton) -> "Increment":
        """Begin a revision behind a file; raise NotFastError."""
        begun = cls(skeleton, skeleton.chain.size)
        if skeleton.pdf[-1:] not in {b"\n", b"\r"}:
            begun.data += b"\n"
        return begun

    def number(self) -> Ref:
        """Take the number of a new object."""
        taken = Ref(self._next, 0)
        self._next += 1
        return taken

    def put(self, ref: Ref, body: bytes) -> int:
        """Write an object, new or changed; give where its body begins in the revision."""
        if ref.number in self._offsets:
            raise NotFastError(Reason.OBJECT, "got one object in two roles")
        self._offsets[ref.number] = len(self.skeleton.pdf) + len(self.data)
        self.data += b"%d %d obj\n" % ref
        begins = len(self.data)
        self.data += body
        self.data += b"\nendobj\n"
        return begins

    def close(self, identifier: bytes) -> bytearray:
        """Write the section and the trailer; give the whole revision."""
        chain, identity = self.skeleton.chain, self._identity(identifier)
        position = len(self.skeleton.pdf) + len(self.data)
        if chain.is_hybrid:
            self._stream(identity, dict(chain.rows()))
        elif chain.in_streams:
            self._stream(identity + b"/Prev %d" % chain.newest.position, {})
        else:
            self._table(identity + b"/Prev %d" % chain.newest.position)
        self.data += b"startxref\n%d\n%%%%EOF\n" % position
        return self.data

    def _identity(self, identifier: bytes) -> bytes:
        """Give what the trailer keeps of the one before, and `/ID`."""
        trailer, fresh = self.skeleton.chain.trailer, b"<%b>" % identifier.hex().encode()
        kept = b"/Root %b" % written(self.skeleton.root)
        info = trailer.get(b"Info")
        if isinstance(info, Ref):
            kept += b"/Info %b" % written(info)
        elif info is not None:
            raise NotFastError(Reason.OBJECT, "got information that is no reference")
        first = _first_half(trailer.get(b"ID")) or fresh
        return b"%b/ID[%b%b]" % (kept, first, fresh)

    def _table(self, trailer: bytes) -> None:
        self.data += b"xref\n0 1\n0000000000 65535 f \n"
        for run in _runs(self._offsets):
            self.data += b"%d %d\n" % (run[0], len(run))
            self.data += b"".join(b"%010d 00000 n \n" % self._offsets[number] for number in run)
        self.data += b"trailer\n<</Size %d%b>>\n" % (self._next, trailer)

    def _stream(self, trailer: bytes, rows: dict[int, Row]) -> None:
        """Write a section that adds to the rows of others the objects of this revision."""
        own = self.number()
        self._offsets[own.number] = len(self.skeleton.pdf) + len(self.data)
        rows |= {number: (1, offset, 0) for number, offset in self._offsets.items()}
        runs = list(_runs(rows))
        packed = b"".join(_ROW.pack(*rows[number]) for run in runs for number in run)
        index = b" ".join(b"%d %d" % (run[0], len(run)) for run in runs)
        entries = b"/Type/XRef/W[1 4 2]/Index[%b]/Size %d%b" % (index, self._next, trailer)
        self.data += b"%d %d obj\n<<%b/Length %d>>\n" % (*own, entries, len(packed))
        self.data += b"stream\n%b\nendstream\nendobj\n" % packed


def _runs(numbers: Iterable[int]) -> Iterator[Sequence[int]]:
    """Give numbers in runs that follow each other."""
    for _, run in groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0]):
        yield [number for _, number in run]


def written(ref: Ref) -> bytes:
    """Write a reference."""
    return b"%d %d R" % ref


def text_string(words: str) -> bytes:
    """Write a text: ASCII, or UTF-16 behind its mark (7.9.2.2)."""
    if words.isascii() and words.isprintable():
        escaped = words.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        return b"(%b)" % escaped.encode()
    return b"<FEFF%b>" % words.encode("utf-16-be").hex().encode()


def _first_half(value: Value) -> bytes:
    """Give the first half of a file's identifier as it is written, or nothing."""
    if value is None:
        return b""
    halves = value.items() if isinstance(value, Array) else []
    if len(halves) != _HALVES or not isinstance(halves[0], Text):
        raise NotFastError(Reason.OBJECT, "got an identifier that is not two strings")
    return halves[0]
