"""One cross-reference section of a PDF: a table, or a stream.

Rules kept here (ISO 32000-1, 7.5.4 and 7.5.8):

- every entry has its form, but is read only when its object is asked for;
- objects are of the first generation; parts of a section follow each other; no object is above the
  size that the trailer tells;
- an encrypted file is not for the fast road.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from operator import gt
from typing import Final, NamedTuple

from sealing.pades import streams
from sealing.pades.tokens import (
    END,
    WHITE,
    Array,
    Dictionary,
    Name,
    NotFastError,
    Reason,
    Value,
    array,
    dictionary,
    parse,
    whole,
)

MAX_PARTS: Final = 1_000
_TABLE: Final = re.compile(WHITE + rb"xref[ ]*(?:\r\n|\r|\n)")
_PART: Final = re.compile(rb"[\r\n ]*(\d{1,7}) (\d{1,7})[ ]*(?:\r\n|\r|\n)")
# In use: the first generation alone; free: 65535 at most.
_KIND: Final = rb"(?:00000 n|(?:[0-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]) f)"
_ENTRIES: Final = re.compile(rb"(?:\d{10} " + _KIND + rb"(?: \r| \n|\r\n))*+")
_ENTRY_BYTES: Final = 20
_TRAILER: Final = re.compile(WHITE + rb"trailer" + END)
HEADING: Final = re.compile(rb"([1-9]\d{0,7}) (\d{1,5}) obj" + END)
_WIDTHS: Final = (1, 8, 2)  # at most
FREE, PLAIN, PACKED = range(3)


class Plain(NamedTuple):
    """An object by itself, at an offset of the file."""

    offset: int
    generation: int


class Packed(NamedTuple):
    """An object in an object stream."""

    stream: int
    place: int


Entry = Plain | Packed
Row = tuple[int, int, int]
# Parts of a section: first number, how many, where their entries begin.
Parts = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One section: a table, whose entries are in the file, or a stream with its `widths`.

    `number` is that of the stream itself, 0 for a table.
    """

    position: int
    trailer: Dictionary
    parts: Parts
    data: bytes
    widths: tuple[int, int, int] | None = None
    number: int = 0

    @property
    def size(self) -> int:
        """Give the first number above all that are listed, whatever `/Size` says."""
        return max((first + count for first, count, _ in self.parts), default=0)

    def lists(self, number: int) -> bool:
        """Tell whether this section has an entry for an object."""
        for first, count, _ in self.parts:  # noqa: SIM110 - asked of every object: half the time
            if first <= number < first + count:
                return True
        return False

    def find(self, number: int) -> Entry | None:
        """Give an object's entry; nothing for an object that is free."""
        for first, count, start in self.parts:
            if first <= number < first + count:
                if self.widths is None:
                    return self._from_table(start + _ENTRY_BYTES * (number - first))
                return self._from_stream(start + sum(self.widths) * (number - first), self.widths)
        return None

    def _from_table(self, place: int) -> Entry | None:
        offset, _, kind = self.data[place : place + _ENTRY_BYTES].split()
        return Plain(int(offset), 0) if kind == b"n" else None

    def _from_stream(self, place: int, widths: tuple[int, int, int]) -> Entry | None:
        middle = place + widths[0]
        last = middle + widths[1]
        kind = int.from_bytes(self.data[place:middle], "big") if widths[0] else PLAIN
        second = int.from_bytes(self.data[middle:last], "big")
        third = int.from_bytes(self.data[last : last + widths[2]], "big")
        if kind == PACKED:
            return Packed(second, third)
        if kind not in {FREE, PLAIN} or (kind == PLAIN and third):
            raise NotFastError(Reason.BROKEN_XREF, "got an entry of an unknown kind or generation")
        return Plain(second, third) if kind == PLAIN else None


def read_section(pdf: bytes, position: int) -> Section:
    """Read the section at an offset: a table or a stream; raise NotFastError."""
    table = _TABLE.match(pdf, position)
    if table is None:
        return read_stream(pdf, position)
    return _checked(_table(pdf, position, table.end()))


def _checked(section: Section) -> Section:
    if b"Encrypt" in section.trailer.entries:
        raise NotFastError(Reason.ENCRYPTED, "got an encrypted PDF")
    if any(one[0] + one[1] > other[0] for one, other in pairwise(section.parts)):
        raise NotFastError(Reason.BROKEN_XREF, "got parts of a section out of order")
    if section.size > whole(section.trailer.get(b"Size")):
        raise NotFastError(Reason.BROKEN_XREF, "got objects above the size that is told")
    return section


def _table(pdf: bytes, position: int, place: int) -> Section:
    """Read the parts of a table, not their entries, and its trailer."""
    parts: list[tuple[int, int, int]] = []
    while (found := _PART.match(pdf, place)) is not None:
        if len(parts) == MAX_PARTS:
            raise NotFastError(Reason.LIMITS, "got a table of too many parts")
        parts.append((int(found[1]), int(found[2]), found.end()))
        place = found.end() + _ENTRY_BYTES * int(found[2])
        entries = _ENTRIES.match(pdf, found.end(), place)
        if entries is None or entries.end() != place:
            raise NotFastError(Reason.BROKEN_XREF, "got an entry that is not 20 bytes")
    found = _TRAILER.match(pdf, place)
    if found is None:
        raise NotFastError(Reason.BROKEN_XREF, "got no section, or a table without a trailer")
    trailer, _ = parse(pdf, found.end())
    return Section(position, dictionary(trailer), tuple(parts), pdf)


def read_stream(pdf: bytes, position: int) -> Section:
    """Read the stream at an offset; raise NotFastError."""
    heading = HEADING.match(pdf, position)
    if heading is None:
        raise NotFastError(Reason.BROKEN_XREF, "got neither a table nor an object")
    entries = dictionary(parse(pdf, heading.end())[0])
    if entries.get(b"Type") != Name(b"XRef"):
        raise NotFastError(Reason.BROKEN_XREF, "got another object than a section")
    data = streams.content(entries, streams.raw(pdf, entries, whole(entries.get(b"Length"))))
    widths = _widths(array(entries.get(b"W")))
    numbers = _index(entries.get(b"Index"), whole(entries.get(b"Size")))
    parts: list[tuple[int, int, int]] = []
    place = 0
    for first, count in zip(numbers[::2], numbers[1::2], strict=True):
        parts.append((first, count, place))
        place += count * sum(widths)
    if place != len(data):
        raise NotFastError(Reason.BROKEN_XREF, "got a section that is cut short, or too long")
    section = Section(position, entries, tuple(parts), data, widths, int(heading[1]))
    listed = Plain(position, int(heading[2]))
    if section.lists(section.number) and section.find(section.number) != listed:
        raise NotFastError(Reason.BROKEN_XREF, "got a section whose number is taken")
    return _checked(section)


def _widths(value: Array) -> tuple[int, int, int]:
    widths = [whole(item) for item in value.items()]
    if len(widths) != len(_WIDTHS) or any(map(gt, widths, _WIDTHS)) or not widths[1]:
        raise NotFastError(Reason.BROKEN_XREF, "got columns that do not fit")
    return widths[0], widths[1], widths[2]


def _index(value: Value, size: int) -> list[int]:
    numbers = [0, size] if value is None else [whole(item) for item in array(value).items()]
    if len(numbers) % 2 or len(numbers) > 2 * MAX_PARTS:
        raise NotFastError(Reason.BROKEN_XREF, "got an index without pairs")
    return numbers
