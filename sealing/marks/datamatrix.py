"""Bytes into a Data Matrix symbol (ISO/IEC 16022, ECC 200), and a symbol into a vector path.

Rules kept here:

- square symbols only; by default in mixed mode (zxing-cpp: a size smaller); in C40 alone
  (`c40.py`, `squares.py`: latched by codeword 230 at the start) for issuers whose rules ask it;
- 7-bit characters only, and no ECI: zxing-cpp writes one in front of bytes (`241 899`), and readers
  that know it hand it on as if it were part of the code;
- whoever encoded it, the modules that will be drawn are read back before use: the bytes read must
  be the bytes asked for;
- the path is made of one rectangle per horizontal run of dark modules, in whole modules, filled in
  one operation: no hairline between rows, and no image in the PDF;
- what does not fit the largest symbol (144 modules, 1,558 codewords) is refused with the size that
  it would need.
"""

import re
from dataclasses import dataclass
from typing import ClassVar, Final

import zxingcpp

from sealing.errors import SealingError
from sealing.marks import squares
from sealing.marks.c40 import codewords

LARGEST: Final = 1_558
_DATA_MATRIX: Final = zxingcpp.BarcodeFormat.DataMatrix
_FORMATS: Final = zxingcpp.BarcodeFormats(_DATA_MATRIX)
_RUN: Final = re.compile(b"\x01+")
# A pixel of an image is 0 where it is dark; a module here is 1 where it is dark.
_MODULES: Final = bytes([1, *bytes(255)])
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
    """A square of modules; `rows[y][x]` is 1 where it is dark and 0 elsewhere, row 0 on top."""

    rows: tuple[bytes, ...]

    @property
    def modules(self) -> int:
        """Give the side, in modules, without the quiet zone."""
        return len(self.rows)

    def runs(self) -> list[tuple[int, int, int]]:
        """List the horizontal runs of dark modules: x, y from the top, length."""
        return [
            (run.start(), y, run.end() - run.start())
            for y, row in enumerate(self.rows)
            for run in _RUN.finditer(row)
        ]


def symbol(content: bytes, *, strict_c40: bool = False) -> Symbol:
    """Encode bytes; raise SymbolError or its children: too long, not 7-bit, not read back."""
    if not content.isascii():
        raise SymbolCharactersError("got bytes above 7 bits", size=len(content))
    text = content.decode("ascii")
    try:
        made = _in_c40(text) if strict_c40 and text else _mixed(text)
    except (ValueError, RuntimeError) as error:
        raise _too_long(text) from error
    check_symbol(made, content)
    return made


def check_symbol(made: Symbol, content: bytes) -> None:
    """Raise SymbolReadbackError unless the modules read as the content, bytes for bytes."""
    pixels = b"".join(made.rows).translate(_PIXELS)
    image = memoryview(pixels).cast("B", (made.modules, made.modules))
    found = zxingcpp.read_barcodes(image, formats=_FORMATS, is_pure=True)
    if [code.bytes for code in found if code.valid] != [content]:
        raise SymbolReadbackError("got other bytes on reading back", size=len(content))


def read(image: object) -> list[bytes]:
    """Read every Data Matrix of an image or of a grey buffer (height, width): bytes, not text."""
    found = zxingcpp.read_barcodes(image, formats=_FORMATS)
    return [code.bytes for code in found if code.valid]


def _mixed(text: str) -> Symbol:
    barcode = zxingcpp.create_barcode(text, _DATA_MATRIX, force_square=True)
    image = barcode.to_image(scale=1, add_quiet_zones=False)
    side = image.shape[0]
    # Its stubs do not say that an image is a buffer.
    modules = memoryview(image).tobytes().translate(_MODULES)  # type: ignore[arg-type]
    return Symbol(tuple(modules[y : y + side] for y in range(0, side * side, side)))


def _in_c40(text: str) -> Symbol:
    return Symbol(squares.modules(codewords(text)))


def _too_long(text: str) -> SymbolError:
    needed = len(codewords(text))
    problem = f"got {len(text)} characters: {needed} codewords, expected 1 to {LARGEST}"
    return SymbolError(problem, size=len(text), needed=needed, largest=LARGEST)
