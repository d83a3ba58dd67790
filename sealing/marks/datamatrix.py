"""Bytes into a Data Matrix symbol (ISO/IEC 16022, ECC 200), and a symbol into a vector path.

Rules kept here:

- square symbols only; by default in C40 with long runs of digits in ASCII; in C40 alone for issuers
  whose rules ask it (`c40.py`, `squares.py`);
- 7-bit characters only, and no ECI, which readers that know it hand on as if it were part of the
  code;
- the modules that will be drawn are read back by another program (zxing-cpp) before use: the bytes
  read must be the bytes asked for;
- it is drawn as rectangles of whole modules, filled in one operation: no hairline between them,
  and no image in the PDF;
- what does not fit the largest symbol (144 modules, 1,558 codewords) is refused with the size that
  it would need.
"""

import struct
from dataclasses import dataclass
from itertools import compress
from math import isqrt
from typing import ClassVar, Final

import zxingcpp

from sealing.errors import SealingError
from sealing.marks.c40 import codewords, mixed_codewords
from sealing.marks.squares import CAPACITIES, modules

LARGEST: Final = 1_558
_DATA_MATRIX: Final = zxingcpp.BarcodeFormat.DataMatrix
_FORMATS: Final = zxingcpp.BarcodeFormats(_DATA_MATRIX)
_GREY: Final = zxingcpp.ImageFormat.Lum
# 0 is dark and anything else is light: nothing to estimate on modules of our own.
_EXACT: Final = zxingcpp.Binarizer.BoolCast
# A pixel of an image is 0 where it is dark; a module here is 1 where it is dark.
_PIXELS: Final = bytes([255, 0, *bytes(254)])


class SymbolError(SealingError):
    """These bytes cannot become a square symbol. Details: `size`, `needed`, `largest`.

    `needed` and `largest` count codewords, as C40 would take them.
    """

    code: ClassVar[str] = "sealing.symbol"


class SymbolCharactersError(SymbolError):
    """Characters above 7 bits, which readers tell apart by no rule. Details: `size`."""

    code: ClassVar[str] = "sealing.symbol-characters"


class SymbolReadbackError(SymbolError):
    """The symbol does not read as the bytes asked for: it must never be drawn. Details: `size`."""

    code: ClassVar[str] = "sealing.symbol-readback"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A square of modules, row by row from the top: 1 where it is dark and 0 elsewhere."""

    cells: bytes

    @property
    def modules(self) -> int:
        """Give the side, in modules, without the quiet zone."""
        return isqrt(len(self.cells))

    @property
    def rows(self) -> tuple[bytes, ...]:
        """Give the rows, row 0 on top."""
        side = self.modules
        return struct.unpack(f"{side}s" * side, self.cells)

    def runs(self) -> list[tuple[int, int, int]]:
        """List the horizontal runs of dark modules: x, y from the top, length."""
        # A light column more at the right: a run that ends at the edge ends there.
        modules, wide = b"\x00".join(self.rows) + b"\x00", self.modules + 1
        number = int.from_bytes(modules, "little")
        changes = (number ^ number << 8).to_bytes(len(modules) + 1, "little")
        edges = list(compress(range(len(modules)), changes))
        spans = zip(edges[::2], edges[1::2], strict=True)
        return [(start % wide, start // wide, end - start) for start, end in spans]


def symbol(content: bytes, *, strict_c40: bool = False) -> Symbol:
    """Encode bytes; raise SymbolError or its children: too long, not 7-bit, not read back."""
    if not content.isascii():
        raise SymbolCharactersError("got bytes above 7 bits", size=len(content))
    text = content.decode("ascii")
    try:
        written = codewords(text) if strict_c40 else mixed_codewords(text, CAPACITIES)
        made = Symbol(modules(written))
    except ValueError as error:
        raise _too_long(text) from error
    check_symbol(made, content)
    return made


def check_symbol(made: Symbol, content: bytes) -> None:
    """Raise SymbolReadbackError unless the modules read as the content, bytes for bytes."""
    pixels, side = made.cells.translate(_PIXELS), made.modules
    image = zxingcpp.ImageView(pixels, side, side, _GREY)
    found = zxingcpp.read_barcodes(image, formats=_FORMATS, is_pure=True, binarizer=_EXACT)
    if [code.bytes for code in found if code.valid] != [content]:
        raise SymbolReadbackError("got other bytes on reading back", size=len(content))


def read(image: object) -> list[bytes]:
    """Read every Data Matrix of an image or of a grey buffer (height, width): bytes, not text."""
    found = zxingcpp.read_barcodes(image, formats=_FORMATS)
    return [code.bytes for code in found if code.valid]


def _too_long(text: str) -> SymbolError:
    needed = len(codewords(text))
    problem = f"got {len(text)} characters: {needed} codewords, expected 1 to {LARGEST}"
    return SymbolError(problem, size=len(text), needed=needed, largest=LARGEST)
