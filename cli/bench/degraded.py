"""A sealed page as bad scanners and hurried photographers give it: 84 pictures, always the same.

Six classes, each at 200 and at 300 dots per inch: turned, blurred, noisy, JPEG, seen askew, and
photographed (askew, unevenly lit, blurred, noisy and JPEG at once). Strengths go from what everyone
sends to the edge of what an eye would still accept; lengths are in millimetres of paper, so that
both resolutions suffer alike. Nothing is drawn by chance: noise has its seed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from random import Random

from PIL import Image, ImageChops, ImageFilter

RESOLUTIONS = (200, 300)
_MM_PER_INCH = 25.4
_MIDDLE = 128

Spoil = Callable[[Image.Image, int], Image.Image]
"""A page and its resolution in, the page as it arrives out."""

_TURNS = (0.5, 1, 2, 3, 5, 8, 12, 20, 33, 90, 180)
_BLURS = (0.05, 0.075, 0.1, 0.125, 0.15, 0.175)
_NOISES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
_QUALITIES = (80, 60, 40, 30, 20, 10)
# How far each corner of the paper lies inside the picture: x and y, from the upper left, clockwise.
_VIEWS = (
    ((0.02, 0.02), (0.0, 0.04), (0.03, 0.0), (0.01, 0.03)),
    ((0.06, 0.02), (0.06, 0.02), (0.0, 0.02), (0.0, 0.02)),
    ((0.0, 0.08), (0.02, 0.0), (0.02, 0.0), (0.0, 0.08)),
    ((0.12, 0.03), (0.1, 0.0), (0.0, 0.02), (0.02, 0.05)),
    ((0.0, 0.15), (0.05, 0.02), (0.03, 0.0), (0.0, 0.12)),
)
# Darkest share of the light, blur (mm), noise, JPEG quality.
_PHOTOS = (
    (0.8, 0.03, 0.05, 85),
    (0.7, 0.04, 0.08, 80),
    (0.6, 0.05, 0.1, 75),
    (0.5, 0.06, 0.12, 70),
    (0.4, 0.06, 0.15, 60),
    (0.35, 0.08, 0.15, 55),
    (0.3, 0.08, 0.2, 50),
    (0.25, 0.1, 0.2, 45),
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One degraded picture of a page."""

    name: str
    dpi: int
    spoil: Spoil

    def picture(self, page: Image.Image) -> Image.Image:
        """Spoil a page drawn in grey at this variant's resolution."""
        return self.spoil(page, self.dpi)


def variants() -> list[Variant]:
    """Give all 84, class by class, both resolutions in turn."""
    return [Variant(name, dpi, spoil) for name, spoil in _spoils() for dpi in RESOLUTIONS]


def _spoils() -> Iterator[tuple[str, Spoil]]:
    for degrees in _TURNS:
        yield f"turned {degrees}", partial(_turned, degrees)
    for millimetres in _BLURS:
        yield f"blurred {millimetres}", partial(_blurred, millimetres)
    for share in _NOISES:
        yield f"noisy {share}", partial(_noisy, share)
    for quality in _QUALITIES:
        yield f"jpeg {quality}", partial(_pressed, quality)
    for number, corners in enumerate(_VIEWS, 1):
        yield f"askew {number}", partial(_askew, corners)
    for number, photo in enumerate(_PHOTOS):
        yield f"photo {number + 1}", partial(_photo, _VIEWS[number % len(_VIEWS)], photo)


def _turned(degrees: float, page: Image.Image, dpi: int) -> Image.Image:  # noqa: ARG001 - a Spoil
    return page.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def _blurred(millimetres: float, page: Image.Image, dpi: int) -> Image.Image:
    return page.filter(ImageFilter.GaussianBlur(millimetres / _MM_PER_INCH * dpi))


def _noisy(share: float, page: Image.Image, dpi: int) -> Image.Image:
    dice = Random(dpi + round(100 * share))  # noqa: S311 - a picture's noise
    grain = Image.frombytes("L", page.size, dice.randbytes(page.width * page.height))
    spread = grain.point([round((value - _MIDDLE) * share + _MIDDLE) for value in range(256)])
    return ImageChops.add(page, spread, offset=-_MIDDLE)


def _pressed(quality: int, page: Image.Image, dpi: int) -> Image.Image:  # noqa: ARG001 - a Spoil
    file = BytesIO()
    page.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("L")


Corners = tuple[tuple[float, float], ...]


def _askew(corners: Corners, page: Image.Image, dpi: int) -> Image.Image:  # noqa: ARG001 - a Spoil
    """Show the paper on a dark table, its corners where they are told to be."""
    width, height = page.size
    sides = ((0, 0), (width, 0), (width, height), (0, height))
    seen = [
        (x + (dx if x == 0 else -dx) * width, y + (dy if y == 0 else -dy) * height)
        for (x, y), (dx, dy) in zip(sides, corners, strict=True)
    ]
    paper = _projection(seen, (width, height))
    way, resampling = Image.Transform.PERSPECTIVE, Image.Resampling.BICUBIC
    return page.transform(page.size, way, paper, resampling, fillcolor=70)


def _photo(
    corners: Corners, photo: tuple[float, float, float, int], page: Image.Image, dpi: int
) -> Image.Image:
    darkest, blur, noise, quality = photo
    light = Image.linear_gradient("L").rotate(90).resize(page.size)
    shade = light.point([round(255 * (1 - (1 - darkest) * value / 255)) for value in range(256)])
    lit = ImageChops.multiply(_askew(corners, page, dpi), shade)
    return _pressed(quality, _noisy(noise, _blurred(blur, lit, dpi), dpi), dpi)


def _projection(
    seen: list[tuple[float, float]], size: tuple[int, int]
) -> tuple[float, float, float, float, float, float, float, float]:
    """Give Pillow's eight numbers: from a place of the picture to the place of the paper.

    Heckbert's closed form takes the unit square to the quadrilateral; its inverse is the adjugate.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = seen
    dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    whole = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / whole, (dx1 * sy - sx * dy1) / whole
    a, b, c = x1 - x0 + g * x1, x3 - x0 + h * x3, x0
    d, e, f = y1 - y0 + g * y1, y3 - y0 + h * y3, y0
    width, height = size
    rows = (
        (width * (e - f * h), width * (c * h - b), width * (b * f - c * e)),
        (height * (f * g - d), height * (a - c * g), height * (c * d - a * f)),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    one = rows[2][2]
    numbers = [value / one for row in rows for value in row]
    return tuple(numbers[:8])  # type: ignore[return-value] # eight of nine
