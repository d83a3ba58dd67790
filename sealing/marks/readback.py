"""Draw the sealed page: its code must be read again, and all the rest be as it was.

Rules kept here:

- it is drawn in the process beside this one (`confined.py`);
- the page is drawn as it will be printed and scanned: 300 dpi, grey, with the widget of the seal;
- only the place of the code is drawn, with 10 mm of what surrounds it: the code must be found and
  read there among its neighbours. A code that is elsewhere, or covered, fails;
- the page beside that place is compared with the page as it came, at 50 dpi, pixel by pixel.
"""

from typing import ClassVar, Final

import pymupdf

from sealing.confined import run
from sealing.errors import SealingError
from sealing.marks import datamatrix
from sealing.marks.appearance import POINTS_PER_MM
from sealing.marks.opened import opened
from sealing.marks.placement import Place
from sealing.marks.view import to_view

_DPI: Final = 300
_AROUND: Final = 10 * POINTS_PER_MM
_COARSE_DPI: Final = 50
_EDGE: Final = 2
_WHITE: Final = 255


class UnreadableMarkError(SealingError):
    """The code of the sealed page does not read back: nothing must be published."""

    code: ClassVar[str] = "sealing.mark-unreadable"


class PageChangedError(SealingError):
    """The sealed page is not the page that came: a fault of ours, nothing must be published."""

    code: ClassVar[str] = "sealing.page-changed"


def check_unchanged(before: bytes, after: bytes, place: Place) -> None:
    """Raise PageChangedError unless a page is as it was, but for the place of its code.

    Raises PdfTooHeavyError or PdfUnreadableError.
    """
    # A sealed file begins with the one that came: its bytes travel once.
    first = len(before) if after.startswith(before) else before
    run(_compared, first, after, place)


def _compared(first: int | bytes, after: bytes, place: Place) -> bytes:
    before = after[:first] if isinstance(first, int) else first
    if _beside(before, place) != _beside(after, place):
        raise PageChangedError("got another page than the one that came")
    return b""


def _beside(pdf: bytes, place: Place) -> tuple[int, int, bytes]:
    """Draw a page without the place of its code: width, height, pixels."""
    with opened(pdf) as document:
        page = document[place.page]
        box = pymupdf.Rect(place.rectangle) * to_view(page)
        box.normalize()
        pixels = page.get_pixmap(dpi=_COARSE_DPI, colorspace=pymupdf.csGRAY, alpha=False)
        x0, y0, x1, y1 = (side * _COARSE_DPI / 72 for side in box)
        hidden = pymupdf.IRect(x0 - _EDGE, y0 - _EDGE, x1 + _EDGE, y1 + _EDGE)
        pixels.set_rect(hidden & pixels.irect, (_WHITE,))
        return pixels.width, pixels.height, bytes(pixels.samples)


def check_readback(pdf: bytes, place: Place, expected: bytes) -> None:
    """Raise UnreadableMarkError unless the page shows the expected code at its place.

    Raises PdfTooHeavyError or PdfUnreadableError.
    """
    run(_read_back, pdf, place, expected)


def _read_back(pdf: bytes, place: Place, expected: bytes) -> bytes:
    with opened(pdf) as document:
        page = document[place.page]
        clip = pymupdf.Rect(place.rectangle) * to_view(page)
        clip.normalize()
        around = page.rect & pymupdf.Rect(
            clip.x0 - _AROUND, clip.y0 - _AROUND, clip.x1 + _AROUND, clip.y1 + _AROUND
        )
        if around.is_empty:
            raise UnreadableMarkError("got a place that is not on the page")
        pixels = page.get_pixmap(dpi=_DPI, colorspace=pymupdf.csGRAY, alpha=False, clip=around)
        # Not an ImageView: it does not keep the pixels that it looks at.
        image = memoryview(pixels.samples).cast("B", (pixels.height, pixels.stride))
        found = datamatrix.read(image)
    if expected not in found:
        raise UnreadableMarkError(f"got {len(found)} other codes at the place of the code")
    return b""
