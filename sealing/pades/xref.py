"""Where the objects of a PDF stand: its tail, and the chain of its cross-reference sections.

Rules kept here (ISO 32000-1, 7.5.5, 7.5.6 and 7.5.8.4):

- the header stands at the first byte and nothing but white space follows the last `%%EOF`;
- the sections of a chain are all tables or all streams, whose numbers stay theirs; `/Prev` is
  followed to the first one, without loops and not for ever;
- the newest section that lists an object has the last word;
- in a hybrid file the stream beside a table is asked first, and what it says of an object must be
  what the tables say, unless they hide it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Final

from sealing.pades.sections import (
    FREE,
    PACKED,
    PLAIN,
    Entry,
    Packed,
    Plain,
    Row,
    Section,
    read_section,
    read_stream,
)
from sealing.pades.tokens import GAP, Dictionary, NotFastError, Reason, whole

MAX_SECTIONS: Final = 64
MAX_ROWS: Final = 20_000
MAX_OFFSET: Final = 0xFFFFFFFF
MAX_NUMBER: Final = 8_388_607  # the largest object number that readers take
_LAST_GENERATION: Final = 65_535
_HEADER: Final = re.compile(rb"%PDF-(?:1\.[0-7]|2\.0)[\t\n\x0c\r ]")
_TAIL_WITHIN: Final = 1_024
_TAIL: Final = re.compile(rb"startxref" + GAP + rb"(\d{1,10})" + GAP + rb"%%EOF[\t\n\x0c\r ]*+\Z")


@dataclass(frozen=True, slots=True)
class Chain:
    """All sections in the order in which they are asked; `newest` is the one of the tail.

    `is_hybrid`: a stream stands beside a table, and not every reader sees what it lists.
    """

    sections: tuple[Section, ...]
    newest: Section
    is_hybrid: bool

    @classmethod
    def read(cls, pdf: bytes) -> "Chain":
        """Read the tail and every section of a file; raise NotFastError."""
        if _HEADER.match(pdf) is None:
            raise NotFastError(Reason.HEADER, "got no header of a known version at the first byte")
        position = _last_section(pdf)
        chain: dict[int, Section] = {}
        sections: list[Section] = []
        while position not in chain:
            if len(chain) == MAX_SECTIONS:
                raise NotFastError(Reason.LIMITS, "got too many revisions")
            chain[position] = section = read_section(pdf, position)
            beside = section.trailer.get(b"XRefStm")
            if beside is not None:
                sections.append(read_stream(pdf, whole(beside)))
            sections.append(section)
            if section.trailer.get(b"Prev") is None:
                newest, *older = chain.values()
                _require_consistent(sections, newest, older)
                is_hybrid = len({one.widths is None for one in sections}) > 1
                return cls(tuple(sections), newest, is_hybrid)
            position = whole(section.trailer.get(b"Prev"))
        raise NotFastError(Reason.BROKEN_XREF, "got sections in a loop")

    @property
    def trailer(self) -> Dictionary:
        """Give the trailer of the newest section."""
        return self.newest.trailer

    @property
    def in_streams(self) -> bool:
        """Tell whether the sections are streams."""
        return self.newest.widths is not None

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Give every object's number and entry, as a stream writes it: kind and two numbers."""
        if self.size > MAX_ROWS:
            raise NotFastError(Reason.LIMITS, "got too many objects to list")
        for number in range(self.size):
            entry = self._entry(number)
            if entry is None:
                yield number, (FREE, 0, 0 if number else _LAST_GENERATION)
            elif entry[0] > MAX_OFFSET:
                raise NotFastError(Reason.BROKEN_XREF, "got an object beyond any file")
            else:
                yield number, (PLAIN if isinstance(entry, Plain) else PACKED, *entry)

    @property
    def size(self) -> int:
        """Give the first object number that nothing uses."""
        size = max(whole(section.trailer.get(b"Size")) for section in self.sections)
        if size > MAX_NUMBER:
            raise NotFastError(Reason.LIMITS, "got too large an object number")
        return size

    def find(self, number: int) -> Entry:
        """Give an object's entry; raise NotFastError where there is none."""
        entry = self._entry(number)
        if entry is None:
            raise NotFastError(Reason.OBJECT, "got a reference to no object")
        return entry

    def plain(self, number: int) -> int:
        """Give the offset of an object that stands by itself; raise NotFastError."""
        entry = self.find(number)
        if isinstance(entry, Packed):
            raise NotFastError(Reason.OBJECT, "got an object in a stream")
        return entry.offset

    def _entry(self, number: int) -> Entry | None:
        """Give an object's entry, on which all readers agree; nothing where it is free."""
        entry = _first(self.sections, number)
        if self.is_hybrid:
            tables = [section for section in self.sections if section.widths is None]
            if _first(tables, number) not in {None, entry}:
                raise NotFastError(Reason.HYBRID_XREF, "got two answers to where an object is")
        return entry


def _first(sections: Iterable[Section], number: int) -> Entry | None:
    """Give the entry of the first section that lists an object."""
    for section in sections:
        if section.lists(number):
            return section.find(number)
    return None


def _last_section(pdf: bytes) -> int:
    place = pdf.rfind(b"startxref", max(0, len(pdf) - _TAIL_WITHIN))
    found = _TAIL.match(pdf, place) if place >= 0 else None
    if found is None:
        raise NotFastError(Reason.TAIL, "got no startxref and %%EOF at the end")
    return int(found[1])


def _require_consistent(sections: list[Section], newest: Section, older: list[Section]) -> None:
    if any((one.widths is None) is not (newest.widths is None) for one in older):
        raise NotFastError(Reason.MIXED_XREF, "got tables and streams in one chain")
    for section, other in permutations(sections, 2):
        if section.number and other.lists(section.number):
            # A table may list the stream beside it.
            if other.widths is None and other.find(section.number) == Plain(section.position, 0):
                continue
            raise NotFastError(Reason.BROKEN_XREF, "got a section whose number is taken again")
