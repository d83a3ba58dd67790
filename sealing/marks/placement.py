"""Where a code goes on a page: free space on the page as drawn, or the place that was asked for.

Rules kept here:

- the page is drawn in the process beside this one (`confined.py`), at 36 dpi; a place is free when
  nothing but white lies in the box and 3 mm around it: a code over text does not decode; 8 mm at
  the edges are left to the printer;
- `auto` prefers the top right, then the footer from the right, then anywhere else from the top;
- a place that was asked for must lie on the page and be free too;
- pages count from 1, millimetres from the top left corner of the page as it is seen;
- the place is given in the page's own coordinates (points, origin below left, before rotation).
"""

import json
from dataclasses import dataclass
from functools import reduce
from math import ceil
from operator import or_
from typing import ClassVar

import pymupdf

from sealing.confined import run
from sealing.errors import PageOutOfRangeError, SealingError
from sealing.marks.appearance import POINTS_PER_MM, Appearance
from sealing.marks.opened import opened
from sealing.marks.view import to_view

_SCALE = 0.5
_WHITE = 250
_INKED = bytes(value < _WHITE for value in range(256))
_MARGIN = 3 * POINTS_PER_MM
# Office printers leave about 5 mm blank all around.
_EDGE = 8 * POINTS_PER_MM
_STEP = 4
_TURNS = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}
_TOP, _FOOTER = 1 / 3, 4 / 5


class PlacementError(SealingError):
    """No place for the code. Details: `page`, `width` and `height` (mm, with the quiet zone)."""

    code: ClassVar[str] = "sealing.placement-full"


class PlaceTakenError(SealingError):
    """The place that was asked for is not free, or not on the page. Details: `page`."""

    code: ClassVar[str] = "sealing.placement-taken"


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle of a page; `page` counts from 0, `rotation` is the page's, in degrees."""

    page: int
    rectangle: tuple[float, float, float, float]
    rotation: int

    @property
    def turn(self) -> tuple[int, int]:
        """Give cosine and sine by which a drawing turns to stand upright as the page is shown."""
        return _TURNS[self.rotation % 360]


@dataclass(frozen=True, slots=True)
class Mark:
    """A drawing at its place; `text` says the same in words, for those who do not see it."""

    appearance: Appearance
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for: a page from 1, and a corner in millimetres, or None for `auto`."""

    page: int = 1
    corner: tuple[float, float] | None = None


def page_count(pdf: bytes) -> int:
    """Count the pages; raise PdfUnreadableError, PdfEncryptedError or PdfTooHeavyError."""
    return int(run(_counted, pdf))


def _counted(pdf: bytes) -> bytes:
    with opened(pdf) as document:
        return b"%d" % document.page_count


def place(pdf: bytes, size: tuple[float, float], wish: Wish, kept: Place | None = None) -> Place:
    """Find the place of a box of `size` points.

    `kept` is the place on another letter whose page is as large: it serves again where it is free.
    Raises PdfUnreadableError, PdfEncryptedError, PdfTooHeavyError, PageOutOfRangeError,
    PlacementError or PlaceTakenError.
    """
    page, rectangle, rotation = json.loads(run(_placed, pdf, size, wish, kept))
    return Place(page, tuple(rectangle), rotation)


def _placed(pdf: bytes, size: tuple[float, float], wish: Wish, kept: Place | None) -> bytes:
    with opened(pdf) as document:
        if not 1 <= wish.page <= document.page_count:
            raise PageOutOfRangeError(
                f"got page {wish.page} of {document.page_count}",
                page=wish.page,
                pages=document.page_count,
            )
        page = document[wish.page - 1]
        found = kept if kept is not None and _is_free(page, kept) else _on_page(page, size, wish)
        return json.dumps([found.page, found.rectangle, found.rotation]).encode()


def _is_free(page: pymupdf.Page, kept: Place) -> bool:
    """Draw a place and what must be left around it; tell whether nothing is there."""
    seen = pymupdf.Rect(kept.rectangle) * to_view(page)
    seen.normalize()
    around = (-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
    ink = Ink.draw(page, page.rect & (seen + around))
    return not any(ink.rows)


def _on_page(page: pymupdf.Page, size: tuple[float, float], wish: Wish) -> Place:
    """Find the place on a page as it is seen, then give it in the page's own coordinates."""
    ink = Ink.draw(page)
    if wish.corner is None:
        corner = ink.find(size)
        if corner is None:
            width, height = (ceil(length / POINTS_PER_MM) for length in size)
            problem = f"got no free space of {width} x {height} mm"
            raise PlacementError(problem, page=wish.page, width=width, height=height)
    else:
        corner = (wish.corner[0] * POINTS_PER_MM, wish.corner[1] * POINTS_PER_MM)
        if not ink.free(corner, size):
            raise PlaceTakenError(f"got a place in use at {wish.corner}", page=wish.page)
    seen = pymupdf.Rect(*corner, corner[0] + size[0], corner[1] + size[1])
    own = seen * ~to_view(page)
    own.normalize()
    return Place(wish.page - 1, (own.x0, own.y0, own.x1, own.y1), page.rotation)


@dataclass(frozen=True, slots=True)
class Ink:
    """What is drawn on a page: each row is a number with one byte a pixel, 1 where it is inked.

    The left of the page is the lowest byte: `|` puts two rows together at once.
    """

    width: int
    height: int
    rows: list[int]

    @classmethod
    def draw(cls, page: pymupdf.Page, clip: pymupdf.Rect | None = None) -> "Ink":
        """Draw a page in grey, or a part of it."""
        matrix = pymupdf.Matrix(_SCALE, _SCALE)
        pixels = page.get_pixmap(matrix=matrix, colorspace=pymupdf.csGRAY, alpha=False, clip=clip)
        inked, width, stride = pixels.samples.translate(_INKED), pixels.width, pixels.stride
        starts = range(0, stride * pixels.height, stride)
        rows = [int.from_bytes(inked[start : start + width], "little") for start in starts]
        return cls(width, pixels.height, rows)

    def find(self, size: tuple[float, float]) -> tuple[float, float] | None:
        """Give the first free corner in the order of preference, in points."""
        wide, high = (int((length + 2 * _MARGIN) * _SCALE) + 1 for length in size)
        edge = int((_EDGE - _MARGIN) * _SCALE) + 1
        right, bottom = self.width - wide - edge, self.height - high - edge
        top = range(edge, min(int(self.height * _TOP), bottom + 1), _STEP)
        footer = range(bottom, max(int(self.height * _FOOTER) - high, edge), -_STEP)
        everywhere = range(edge, bottom + 1, _STEP)
        blank = bytes(wide)
        for y in (*top, *footer, *everywhere):
            x = self._band(y, y + high).rfind(blank, edge, right + wide)
            if x >= 0:
                return x / _SCALE + _MARGIN, y / _SCALE + _MARGIN
        return None

    def free(self, corner: tuple[float, float], size: tuple[float, float]) -> bool:
        """Tell whether a box lies on the page with nothing drawn in it."""
        x0, y0 = (int(value * _SCALE) for value in corner)
        x1, y1 = (
            int((value + length) * _SCALE) + 1 for value, length in zip(corner, size, strict=True)
        )
        if x0 < 0 or y0 < 0 or x1 > self.width or y1 > self.height:
            return False
        return not any(self._band(y0, y1)[x0:x1])

    def _band(self, top: int, bottom: int) -> bytes:
        """Put rows together: a pixel is 1 where any of them is inked."""
        return reduce(or_, self.rows[top:bottom], 0).to_bytes(self.width, "little")
