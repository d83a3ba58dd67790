"""Draw the sealed page and read its code again: what cannot be read back is a failure.

The page is drawn as it will be printed and scanned: 300 dpi, grey, with the widget of the seal.
"""

from typing import ClassVar

import pymupdf

from sealing.errors import SealingError
from sealing.marks import datamatrix

_DPI = 300


class UnreadableMarkError(SealingError):
    """The code of the sealed page does not read back: nothing must be published."""

    code: ClassVar[str] = "sealing.mark-unreadable"


def check_readback(pdf: bytes, page: int, expected: bytes) -> None:
    """Raise UnreadableMarkError unless the page (from 0) shows the expected code."""
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        pixels = document[page].get_pixmap(dpi=_DPI, colorspace=pymupdf.csGRAY, alpha=False)
        # Not an ImageView: it does not keep the pixels that it looks at.
        image = memoryview(pixels.samples).cast("B", (pixels.height, pixels.stride))
        found = datamatrix.read(image)
    if expected not in found:
        raise UnreadableMarkError(f"got {len(found)} other codes on the sealed page")
