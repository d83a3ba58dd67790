"""Bytes into a Data Matrix symbol (ISO/IEC 16022, ECC 200), and a symbol into a vector path.

Rules kept here:

- square symbols only, encoded by zxing-cpp in mixed mode, and read back before use: the bytes read
  must be the bytes asked for;
- the path is made of one rectangle per horizontal run of dark modules, in whole modules, filled in
  one operation: no hairline between rows, and no image in the PDF;
- what does not fit the largest symbol is refused.
"""

from dataclasses import dataclass
from typing import ClassVar

import zxingcpp

from sealing.errors import SealingError

_SCALE = 4
_DATA_MATRIX = zxingcpp.BarcodeFormat.DataMatrix


class SymbolError(SealingError):
    """These bytes cannot become a square symbol that reads back. Details: `size`."""

    code: ClassVar[str] = "sealing.symbol"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A square of modules; `rows[y][x]` is true where it is dark, row 0 on top."""

    rows: tuple[tuple[bool, ...], ...]

    @property
    def modules(self) -> int:
        """Give the side, in modules, without the quiet zone."""
        return len(self.rows)

    def runs(self) -> list[tuple[int, int, int]]:
        """List the horizontal runs of dark modules: x, y from the top, length."""
        found: list[tuple[int, int, int]] = []
        for y, row in enumerate(self.rows):
            x = 0
            while x < len(row):
                if not row[x]:
                    x += 1
                    continue
                start = x
                while x < len(row) and row[x]:
                    x += 1
                found.append((start, y, x - start))
        return found


def symbol(content: bytes) -> Symbol:
    """Encode bytes; raise SymbolError when they do not fit or do not read back."""
    try:
        barcode = zxingcpp.create_barcode(content, _DATA_MATRIX, force_square=True)
    except (ValueError, RuntimeError) as error:
        raise SymbolError(f"got {len(content)} bytes: {error}", size=len(content)) from error
    image = barcode.to_image(scale=1, add_quiet_zones=False)
    height, width = image.shape[:2]
    if height != width:
        raise SymbolError(f"got a symbol of {width} x {height}", size=len(content))
    # Its stubs do not say that an image is a buffer.
    pixels = memoryview(image).tobytes()  # type: ignore[arg-type]
    rows = tuple(
        tuple(pixel == 0 for pixel in pixels[y * width : (y + 1) * width]) for y in range(height)
    )
    if read(barcode.to_image(scale=_SCALE)) != [content]:
        raise SymbolError("got other bytes on reading back", size=len(content))
    return Symbol(rows)


def read(image: object) -> list[bytes]:
    """Read every Data Matrix of an image or of a grey buffer (height, width): bytes, not text."""
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(_DATA_MATRIX))
    return [code.bytes for code in found if code.valid]
