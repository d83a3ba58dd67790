"""From pixels to the bytes of codes: Data Matrix only, with a fixed ladder of retries.

Rules kept here:

- `.bytes` of the symbol, never its text: a reader's text rewrites control characters;
- plain reading first; where it finds nothing, six retries in this order: enlarged by a half,
  halved, blurred, median, sharpened, white border and doubled (small crops alone);
- a retry stops at the page's time: the rest is not tried, and the caller says so;
- a symbol that was seen but not read because its modules are too small is reported by their size,
  or the most that it can be: an unread symbol does not say how many modules it has.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import hypot
from typing import Final

import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from verifier.reading.found import NEEDED_MODULE_PIXELS, RawCode
from verifier.reading.sniff import MAX_CODES_A_PAGE, MAX_PIXELS

_FORMATS: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix)
_SMALL_CROP: Final = 1_000
_BORDER: Final = 20
_MINIMUM: Final = 8
# ISO/IEC 15424: ECC 200, no ECI, no function character in front.
_PLAIN: Final = "]d1"
# The smallest symbol that holds a header and a signature on P-256.
_LEAST_MODULES: Final = 40

OutOfTime = Callable[[], bool]
"""Tells whether the time of the page is over."""


@dataclass(frozen=True, slots=True)
class ReadSymbol:
    """One symbol. `module_pixels` is measured on the picture as given.

    `place` is its box (left, top, right, bottom) on the picture that gave it. `plain` tells a
    symbol of characters alone: no ECI, no function character in front.
    """

    raw: RawCode
    module_pixels: float
    place: tuple[int, int, int, int]
    plain: bool


@dataclass(frozen=True, slots=True)
class Symbols:
    """What a picture bears. `stopped`: time ended the retries; `crowded`: too many codes.

    `picture` is the one that gave them: as given, or as a retry made it.
    """

    found: tuple[ReadSymbol, ...] = ()
    too_small: float | None = None
    stopped: bool = False
    crowded: bool = False
    picture: Image.Image | None = None


def read_plain(image: Image.Image) -> Symbols:
    """Read the codes of a grey picture (mode L) without any retry."""
    return _read(image, 1)


def read_again(image: Image.Image, out_of_time: OutOfTime) -> Symbols:
    """Read the codes of a grey picture that gave none, by the ladder of retries."""
    small: list[float] = []
    for factor, attempt in _ladder(image):
        if out_of_time():
            return Symbols(too_small=max(small, default=None), stopped=True)
        symbols = _read(attempt(), factor)
        if symbols.found:
            return symbols
        small += [symbols.too_small] if symbols.too_small else []
    return Symbols(too_small=max(small, default=None))


def _read(image: Image.Image, factor: float) -> Symbols:
    width, height = image.size
    if min(width, height) < _MINIMUM:
        return Symbols()
    # Not an ImageView: it does not keep the pixels that it looks at.
    pixels = memoryview(image.tobytes()).cast("B", (height, width))
    barcodes = zxingcpp.read_barcodes(pixels, formats=_FORMATS, return_errors=True)
    found = {code.bytes: _symbol(code, factor) for code in barcodes if code.valid}
    unread = [_module_pixels(code, factor) for code in barcodes if not code.valid]
    small = [size for size in unread if 0 < size < NEEDED_MODULE_PIXELS]
    kept = tuple(found.values())[:MAX_CODES_A_PAGE]
    return Symbols(kept, max(small, default=None), crowded=len(found) > len(kept), picture=image)


def _symbol(code: zxingcpp.Barcode, factor: float) -> ReadSymbol:
    place = code.position
    corners = (place.top_left, place.top_right, place.bottom_left, place.bottom_right)
    across, down = [corner.x for corner in corners], [corner.y for corner in corners]
    box = (min(across), min(down), max(across), max(down))
    plain = code.symbology_identifier == _PLAIN
    return ReadSymbol(RawCode(code.bytes), _module_pixels(code, factor), box, plain)


def _ladder(image: Image.Image) -> Iterator[tuple[float, Callable[[], Image.Image]]]:
    if image.width * image.height * 2.25 <= MAX_PIXELS:
        yield 1.5, lambda: _scaled(image, 1.5)
    yield 0.5, lambda: _scaled(image, 0.5)
    yield 1, lambda: image.filter(ImageFilter.GaussianBlur(1.2))
    yield 1, lambda: image.filter(ImageFilter.MedianFilter(3))
    yield 1, lambda: image.filter(ImageFilter.UnsharpMask())
    if max(image.size) <= _SMALL_CROP:
        yield 2, lambda: _scaled(ImageOps.expand(image, _BORDER, fill=255), 2)


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    width, height = (max(1, round(side * factor)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC)


def _module_pixels(code: zxingcpp.Barcode, factor: float) -> float:
    """Measure a module; at most this where the symbol could not say how many it has."""
    extra = code.extra
    version = str(extra.get("Version", "")) if isinstance(extra, dict) else ""
    columns = version.partition("x")[2]
    modules = int(columns) if columns.isdecimal() and int(columns) else _LEAST_MODULES
    place = code.position
    top = hypot(place.top_right.x - place.top_left.x, place.top_right.y - place.top_left.y)
    return round(top / modules / factor, 2)
