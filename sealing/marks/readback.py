"""Draw the sealed page and read its code again: what cannot be read back is a failure.

Rules kept here:

- the page is drawn as it will be printed and scanned: 300 dpi, grey, with the widget of the seal;
- only the place of the code is drawn, with 10 mm of what surrounds it: the code must be found and
  read there among its neighbours. A code that is elsewhere, or covered, fails.
"""

from typing import ClassVar, Final

import pymupdf

from sealing.errors import SealingError
from sealing.marks import datamatrix
from sealing.marks.appearance import POINTS_PER_MM
from sealing.marks.placement import Place
from sealing.marks.view import to_view

_DPI: Final = 300
_AROUND: Final = 10 * POINTS_PER_MM


class UnreadableMarkError(SealingError):
    """The code of the sealed page does not read back: nothing must be published."""

    code: ClassVar[str] = "sealing.mark-unreadable"


def check_readback(pdf: bytes, place: Place, expected: bytes) -> None:
    """Raise UnreadableMarkError unless the page shows the expected code at its place."""
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
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
