"""Where the codes of many letters go: a page is drawn once for all that are like it.

Rules kept here:

- a place that is free on one letter is free on another of the same layout (`pades.layout`) whose
  texts are no longer than those of a letter that was drawn; a longer text has its page drawn again;
- a page without a layout is drawn for each letter; so is the page of a letter taken as a sample;
- where the place of the letter before is free too, it serves again: a mailing has its codes in one
  place;
- where somebody vouches that all letters have one layout, samples alone are looked at; one whose
  place is taken is an error: letters between two samples may have it too;
- at each place a code is read back from the sealed page before others are put there unread; a code
  that does not read back makes its place forgotten;
- what is remembered has a limit; two workers remember each for itself.
"""

from dataclasses import dataclass, field
from operator import le
from typing import Any, ClassVar, Final, NamedTuple

from sealing.errors import SealingError
from sealing.marks import placement
from sealing.marks.placement import Place, Wish
from sealing.pades.known import Templates
from sealing.pades.layout import Layout
from sealing.pades.page_tree import Box
from sealing.pades.source_pdf import SourcePdf
from sealing.pades.tokens import NotFastError

MOST: Final = 1_000
_SAME: Final = b"same"


class LayoutDiffersError(SealingError):
    """The place found for all letters is taken on this one, against what was vouched for."""

    code: ClassVar[str] = "sealing.layout-differs"
    retryable: ClassVar[bool] = True


class _Box(NamedTuple):
    """What is asked for: how large, where, on a page of which geometry."""

    size: tuple[float, float]
    wish: Wish
    geometry: tuple[Box, Box, int, float]


@dataclass(slots=True)
class _Known:
    """A place that is free on a layout while no text is longer than the longest drawn."""

    place: Place
    longest: tuple[int, ...]

    def holds(self, texts: tuple[int, ...]) -> bool:
        return all(map(le, texts, self.longest))


@dataclass(slots=True)
class Places:
    """The places found so far. `same_layout`: somebody vouches that all letters have the same."""

    same_layout: bool = False
    templates: Templates = field(default_factory=Templates)
    _known: dict[tuple[_Box, bytes], _Known] = field(default_factory=dict)
    _last: dict[_Box, Place] = field(default_factory=dict)
    _read: dict[Place, None] = field(default_factory=dict)

    def find(
        self, source: SourcePdf, size: tuple[float, float], wish: Wish, *, look: bool
    ) -> Place:
        """Give the place of a box of `size` points; `look` has the page drawn in any case.

        Raises what `placement.place` does, or LayoutDiffersError.
        """
        try:
            shape = source.pages.shape(wish.page - 1)
        except NotFastError:
            return placement.place(source.pdf, size, wish)
        box = _Box(size, wish, shape.geometry)
        layout = self._layout(source, wish)
        known = None if layout is None else self._known.get((box, layout.key))
        if known is not None and layout is not None and not look and known.holds(layout.texts):
            return known.place
        kept = self._last.get(box) if known is None else known.place
        found = placement.place(source.pdf, size, wish, kept)
        if self.same_layout and kept is not None and found != kept:
            raise LayoutDiffersError("got a page where the place of the others is taken")
        self._remember(box, layout, found)
        return found

    def is_read(self, place: Place) -> bool:
        """Tell whether a code was read back at a place."""
        return place in self._read

    def read(self, place: Place) -> None:
        """Hear that a code was read back at a place."""
        self._read[place] = None
        _shorten(self._read)

    def forget(self, place: Place) -> None:
        """Hear that a code was not: nothing is known of the place any more."""
        self._read.pop(place, None)
        self._known = {key: one for key, one in self._known.items() if one.place != place}
        self._last = {key: one for key, one in self._last.items() if one != place}

    def _layout(self, source: SourcePdf, wish: Wish) -> Layout | None:
        if self.same_layout:
            return Layout(_SAME, ())
        try:
            return Layout.read(source.pages, wish.page - 1)
        except NotFastError:
            return None

    def _remember(self, box: _Box, layout: Layout | None, place: Place) -> None:
        self._last[box] = place
        _shorten(self._last)
        if layout is None:
            return
        known = self._known.get((box, layout.key))
        if known is not None and known.place == place:
            known.longest = tuple(map(max, layout.texts, known.longest))
            return
        self._known[box, layout.key] = _Known(place, layout.texts)
        _shorten(self._known)


def page_count(source: SourcePdf) -> int:
    """Count the pages; raise PdfUnreadableError or PdfEncryptedError."""
    try:
        return source.pages.shape(0).pages
    except NotFastError:
        return placement.page_count(source.pdf)


def _shorten(kept: dict[Any, Any]) -> None:
    """Forget what was remembered first, beyond the limit."""
    if len(kept) > MOST:
        del kept[next(iter(kept))]
