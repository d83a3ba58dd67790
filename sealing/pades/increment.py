"""One revision, appended to a PDF that is understood: objects, cross-references, trailer.

Rules kept here (ISO 32000-1, 7.5.6):

- nothing of the file is changed: offsets count from its first byte, and what is appended begins on
  a line of its own;
- the section has the form of the one before it: a table after a table, a stream after a stream;
- `/Prev` leads to that one; `/Root`, `/Info` and the first half of `/ID` stay, its second half is
  new; `/Size` is above every number in use.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from sealing.pades.objects import Skeleton
from sealing.pades.tokens import Array, NotFastError, Reason, Ref, Text, Value

_HALVES: Final = 2
_WIDTHS: Final = (1, 4, 2)


@dataclass(slots=True)
class Increment:
    """A revision in the making: take numbers, put objects, then `close` it."""

    skeleton: Skeleton
    _next: int = 0
    _offsets: dict[Ref, int] = field(default_factory=dict)
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
        if ref in self._offsets:
            raise NotFastError(Reason.OBJECT, "got one object in two roles")
        self._offsets[ref] = len(self.skeleton.pdf) + len(self.data)
        self.data += b"%d %d obj\n" % ref
        begins = len(self.data)
        self.data += body
        self.data += b"\nendobj\n"
        return begins

    def close(self, identifier: bytes) -> bytearray:
        """Write the section and the trailer; give the whole revision."""
        identity = self._identity(identifier)
        position = len(self.skeleton.pdf) + len(self.data)
        if self.skeleton.chain.in_streams:
            self._stream(identity)
        else:
            self._table(identity)
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
        return b"%b/ID[%b%b]/Prev %d" % (kept, first, fresh, self.skeleton.chain.position)

    def _table(self, identity: bytes) -> None:
        self.data += b"xref\n0 1\n0000000000 65535 f \n"
        for run in self._runs():
            self.data += b"%d %d\n" % (run[0].number, len(run))
            for ref in run:
                self.data += b"%010d %05d n \n" % (self._offsets[ref], ref.generation)
        self.data += b"trailer\n<</Size %d%b>>\n" % (self._next, identity)

    def _stream(self, identity: bytes) -> None:
        own = self.number()
        self._offsets[own] = len(self.skeleton.pdf) + len(self.data)
        runs = list(self._runs())
        index = b" ".join(b"%d %d" % (run[0].number, len(run)) for run in runs)
        rows = b"".join(
            b"".join(
                value.to_bytes(width, "big")
                for value, width in zip(
                    (1, self._offsets[ref], ref.generation), _WIDTHS, strict=True
                )
            )
            for run in runs
            for ref in run
        )
        entries = b"/Type/XRef/W[%d %d %d]" % _WIDTHS
        entries += b"/Index[%b]/Size %d%b/Length %d" % (index, self._next, identity, len(rows))
        self.data += b"%d %d obj\n<<%b>>\nstream\n%b\nendstream\nendobj\n" % (*own, entries, rows)

    def _runs(self) -> Iterator[Sequence[Ref]]:
        """Give the objects in runs of numbers that follow each other."""
        refs = sorted(self._offsets)
        for _, run in groupby(enumerate(refs), lambda pair: pair[1].number - pair[0]):
            yield [ref for _, ref in run]


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
