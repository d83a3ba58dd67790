"""Where the objects of a PDF stand: its tail, and the chain of its cross-reference sections.

Rules kept here (ISO 32000-1, 7.5.4 to 7.5.8):

- the header stands at the first byte and nothing but white space follows the last `%%EOF`;
- the sections of a chain are all tables or all streams, whose numbers stay theirs; `/Prev` is
  followed to the first one, without loops and not for ever;
- every entry has its form, but is read only when its object is asked for; objects are of the first
  generation;
- the newest section that lists an object has the last word;
- an encrypted file and a hybrid one (`/XRefStm`) are not for the fast road.
"""

import re
from dataclasses import dataclass
from itertools import pairwise, permutations
from operator import gt
from typing import Final, NamedTuple

from sealing.pades import streams
from sealing.pades.tokens import (
    END,
    GAP,
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

MAX_SECTIONS: Final = 64
MAX_PARTS: Final = 1_000
MAX_NUMBER: Final = 8_388_607  # the largest object number that readers take
_HEADER: Final = re.compile(rb"%PDF-(?:1\.[0-7]|2\.0)[\t\n\x0c\r ]")
_TAIL_WITHIN: Final = 1_024
_TAIL: Final = re.compile(rb"startxref" + GAP + rb"(\d{1,10})" + GAP + rb"%%EOF[\t\n\x0c\r ]*+\Z")
_TABLE: Final = re.compile(WHITE + rb"xref[ ]*(?:\r\n|\r|\n)")
_PART: Final = re.compile(rb"[\r\n ]*(\d{1,7}) (\d{1,7})[ ]*(?:\r\n|\r|\n)")
_ENTRY: Final = re.compile(rb"(\d{10}) (\d{5}) ([nf])")
# In use: the first generation alone; free: 65535 at most.
_KIND: Final = rb"(?:00000 n|(?:[0-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]) f)"
_ENTRIES: Final = re.compile(rb"(?:\d{10} " + _KIND + rb"(?: \r| \n|\r\n))*+")
_ENTRY_BYTES: Final = 20
_TRAILER: Final = re.compile(WHITE + rb"trailer" + END)
HEADING: Final = re.compile(rb"([1-9]\d{0,7}) (\d{1,5}) obj" + END)
_WIDTHS: Final = (1, 8, 2)  # at most
_FREE, _PLAIN, _PACKED = range(3)


class Plain(NamedTuple):
    """An object by itself, at an offset of the file."""

    offset: int
    generation: int


class Packed(NamedTuple):
    """An object in an object stream."""

    stream: int
    place: int


Entry = Plain | Packed
# Parts of a section: first number, how many, where their entries begin.
Parts = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One section: a table, whose entries are in the file, or a stream with its `widths`.

    `number` is that of the stream itself, 0 for a table.
    """

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
        return any(first <= number < first + count for first, count, _ in self.parts)

    def find(self, number: int) -> Entry | None:
        """Give an object's entry; nothing for an object that is free."""
        for first, count, start in self.parts:
            if first <= number < first + count:
                if self.widths is None:
                    return self._from_table(start + _ENTRY_BYTES * (number - first))
                return self._from_stream(start + sum(self.widths) * (number - first), self.widths)
        return None

    def _from_table(self, place: int) -> Entry | None:
        found = _ENTRY.match(self.data, place)
        if found is None:
            raise NotFastError(Reason.BROKEN_XREF, "got no entry")
        return Plain(int(found[1]), int(found[2])) if found[3] == b"n" else None

    def _from_stream(self, place: int, widths: tuple[int, int, int]) -> Entry | None:
        cuts = (place, place + widths[0], place + widths[0] + widths[1], place + sum(widths))
        kind, second, third = (
            int.from_bytes(self.data[first:last], "big") for first, last in pairwise(cuts)
        )
        if not widths[0]:
            kind = _PLAIN
        if kind == _PACKED:
            return Packed(second, third)
        if kind not in {_FREE, _PLAIN} or (kind == _PLAIN and third):
            raise NotFastError(Reason.BROKEN_XREF, "got an entry of an unknown kind or generation")
        return Plain(second, third) if kind == _PLAIN else None


@dataclass(frozen=True, slots=True)
class Chain:
    """All sections, the newest first; `position` is where that one begins."""

    sections: tuple[Section, ...]
    position: int

    @classmethod
    def read(cls, pdf: bytes) -> "Chain":
        """Read the tail and every section of a file; raise NotFastError."""
        if _HEADER.match(pdf) is None:
            raise NotFastError(Reason.HEADER, "got no header of a known version at the first byte")
        last = position = _last_section(pdf)
        sections: list[Section] = []
        seen: set[int] = set()
        while position not in seen:
            if len(sections) == MAX_SECTIONS:
                raise NotFastError(Reason.LIMITS, "got too many revisions")
            seen.add(position)
            section = _section(pdf, position)
            sections.append(section)
            if section.trailer.get(b"Prev") is None:
                return cls(_consistent(sections), last)
            position = whole(section.trailer.get(b"Prev"))
        raise NotFastError(Reason.BROKEN_XREF, "got sections in a loop")

    @property
    def trailer(self) -> Dictionary:
        """Give the trailer of the newest section."""
        return self.sections[0].trailer

    @property
    def in_streams(self) -> bool:
        """Tell whether the sections are streams."""
        return self.sections[0].widths is not None

    @property
    def size(self) -> int:
        """Give the first object number that nothing uses."""
        size = max(whole(section.trailer.get(b"Size")) for section in self.sections)
        if size > MAX_NUMBER:
            raise NotFastError(Reason.LIMITS, "got too large an object number")
        return size

    def find(self, number: int) -> Entry:
        """Give an object's entry; raise NotFastError where there is none."""
        for section in self.sections:
            if section.lists(number):
                entry = section.find(number)
                if entry is not None:
                    return entry
                break
        raise NotFastError(Reason.OBJECT, "got a reference to no object")


def _last_section(pdf: bytes) -> int:
    place = pdf.rfind(b"startxref", max(0, len(pdf) - _TAIL_WITHIN))
    found = _TAIL.match(pdf, place) if place >= 0 else None
    if found is None:
        raise NotFastError(Reason.TAIL, "got no startxref and %%EOF at the end")
    return int(found[1])


def _consistent(sections: list[Section]) -> tuple[Section, ...]:
    if len({section.widths is None for section in sections}) != 1:
        raise NotFastError(Reason.MIXED_XREF, "got tables and streams in one chain")
    for section, other in permutations(sections, 2):
        if section.number and other.lists(section.number):
            raise NotFastError(Reason.BROKEN_XREF, "got a section whose number is taken again")
    return tuple(sections)


def _section(pdf: bytes, position: int) -> Section:
    """Read the section at an offset."""
    table = _TABLE.match(pdf, position)
    section = _stream(pdf, position) if table is None else _table(pdf, table.end())
    if b"Encrypt" in section.trailer.entries:
        raise NotFastError(Reason.ENCRYPTED, "got an encrypted PDF")
    if any(one[0] + one[1] > other[0] for one, other in pairwise(section.parts)):
        raise NotFastError(Reason.BROKEN_XREF, "got parts of a section out of order")
    if section.size > whole(section.trailer.get(b"Size")):
        raise NotFastError(Reason.BROKEN_XREF, "got objects above the size that is told")
    if b"XRefStm" in section.trailer.entries:
        raise NotFastError(Reason.HYBRID_XREF, "got a table with a stream beside it")
    return section


def _table(pdf: bytes, place: int) -> Section:
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
    return Section(dictionary(trailer), tuple(parts), pdf)


def _stream(pdf: bytes, position: int) -> Section:
    """Read a cross-reference stream (7.5.8)."""
    heading = HEADING.match(pdf, position)
    if heading is None:
        raise NotFastError(Reason.BROKEN_XREF, "got neither a table nor an object")
    entries = dictionary(parse(pdf, heading.end())[0])
    if entries.get(b"Type") != Name(b"XRef"):
        raise NotFastError(Reason.BROKEN_XREF, "got another object than a section")
    data = streams.content(pdf, entries, whole(entries.get(b"Length")))
    widths = _widths(array(entries.get(b"W")))
    numbers = _index(entries.get(b"Index"), whole(entries.get(b"Size")))
    parts: list[tuple[int, int, int]] = []
    place = 0
    for first, count in zip(numbers[::2], numbers[1::2], strict=True):
        parts.append((first, count, place))
        place += count * sum(widths)
    if place != len(data):
        raise NotFastError(Reason.BROKEN_XREF, "got a section that is cut short, or too long")
    section = Section(entries, tuple(parts), data, widths, int(heading[1]))
    listed = Plain(position, int(heading[2]))
    if section.lists(section.number) and section.find(section.number) != listed:
        raise NotFastError(Reason.BROKEN_XREF, "got a section whose number is taken")
    return section


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
