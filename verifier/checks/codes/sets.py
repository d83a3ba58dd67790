"""Codes that a file bears, and the parts of one code brought together.

Rules kept here:

- a symbol that is one part of a code is judged with the other parts of its set, whatever the page
  or the order in which they were met: one code, one verdict;
- a whole code is judged by itself;
- the code stands where its first part stands; the pages that bear any part of it bear the code.

Nothing is joined here: `sealing.twoddoc.parts` says whether the parts make one code.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sealing.twoddoc.parts import set_of
from verifier.reading.found import FoundCode, RawCode


@dataclass(frozen=True, slots=True)
class GatheredCode:
    """One code of a file: its symbols as they were met, one unless it is spread over several."""

    symbols: tuple[RawCode, ...]
    pages: tuple[int, ...]
    symbology: str

    @property
    def page(self) -> int | None:
        """Give the first page that bears it; None outside a PDF."""
        return self.pages[0] if self.pages else None


def gathered(codes: Sequence[FoundCode]) -> tuple[GatheredCode, ...]:
    """Bring the parts of each code together; the order is that of the first symbols."""
    groups: dict[object, list[FoundCode]] = {}
    for number, code in enumerate(codes):
        name = set_of(code.raw)
        groups.setdefault(number if name is None else name, []).append(code)
    return tuple(_gathered(group) for group in groups.values())


def _gathered(group: Sequence[FoundCode]) -> GatheredCode:
    pages = dict.fromkeys(page for code in group for page in code.pages)
    symbols = tuple(code.raw for code in group)
    return GatheredCode(symbols, tuple(pages), group[0].symbology)
