"""A code as a picture of its own, for documents that another program lays out: PNG or SVG.

Rules kept here:

- it is the drawing of a sealed page (`appearance.py`): module of 0.4 mm or more, white quiet zone
  of 2 modules, mention below it in the same strokes;
- a PNG has whole pixels per module, rounded up, and says its resolution, so that a program that
  places it at its natural size prints modules that are large enough;
- an SVG is measured in millimetres and filled in one path: no hairline between rows;
- the finished picture is drawn and read again before anybody gets it.
"""

import io
from html import escape
from math import ceil
from typing import Final

import pymupdf
from PIL import Image, ImageDraw

from sealing.marks import datamatrix
from sealing.marks.appearance import (
    MODULE_MM,
    PEN_POINTS,
    POINTS_PER_MM,
    QUIET_MODULES,
    box_of,
    mention_strokes,
)
from sealing.marks.datamatrix import Symbol
from sealing.marks.readback import UnreadableMarkError

DPI: Final = 300
_MM_PER_INCH: Final = 25.4
_POINTS_PER_INCH: Final = 72
_WHITE: Final = 1


def png(symbol: Symbol, mention: str, content: bytes, dpi: int = DPI) -> bytes:
    """Draw a symbol as PNG; raise UnreadableMarkError unless it reads as `content`."""
    module = ceil(MODULE_MM / _MM_PER_INCH * dpi)
    box = box_of(symbol.modules, module / dpi * _MM_PER_INCH, mention=[mention])
    points = _POINTS_PER_INCH / dpi
    side = (symbol.modules + 2 * QUIET_MODULES) * module
    height = ceil(box[1] / points)
    image = Image.new("1", (side, height), _WHITE)
    for x, y, length in symbol.runs():
        left, top = ((place + QUIET_MODULES) * module for place in (x, y))
        image.paste(0, (left, top, left + length * module, top + module))
    pen = ImageDraw.Draw(image)
    for line in mention_strokes([mention], box[0]):
        seen = [(x / points, height - y / points) for x, y in line]
        pen.line(seen, fill=0, width=round(PEN_POINTS / points), joint="curve")
    output = io.BytesIO()
    image.save(output, "PNG", dpi=(dpi, dpi), optimize=True)
    _require_readable(Image.open(io.BytesIO(output.getvalue())).convert("L"), content)
    return output.getvalue()


def svg(symbol: Symbol, mention: str, content: bytes) -> bytes:
    """Draw a symbol as SVG; raise UnreadableMarkError unless it reads as `content`."""
    box = box_of(symbol.modules, mention=[mention])
    width, height = (side / POINTS_PER_MM for side in box)
    dark = "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in symbol.runs())
    words = "".join(
        "M" + "L".join(f"{x:.3f} {box[1] - y:.3f}" for x, y in line)
        for line in mention_strokes([mention], box[0])
    )
    quiet = QUIET_MODULES * MODULE_MM
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.3f}mm" height="{height:.3f}mm" '
        f'viewBox="0 0 {width:.3f} {height:.3f}" role="img" aria-label="Code {escape(mention)}">'
        f'<rect width="100%" height="100%" fill="#fff"/>'
        f'<path transform="translate({quiet:g} {quiet:g}) scale({MODULE_MM:g})" '
        f'shape-rendering="crispEdges" d="{dark}"/>'
        f'<path transform="scale({1 / POINTS_PER_MM:.6f})" fill="none" stroke="#000" '
        f'stroke-width="{PEN_POINTS:.3f}" stroke-linecap="round" stroke-linejoin="round" '
        f'd="{words}"/></svg>\n'
    )
    drawn = text.encode()
    _require_readable(_rendered(drawn), content)
    return drawn


def _rendered(drawing: bytes) -> Image.Image:
    """Draw an SVG in grey as it will be printed."""
    with pymupdf.open(stream=drawing, filetype="svg") as document:
        pixels = document[0].get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY, alpha=False)
        size = (pixels.width, pixels.height)
        return Image.frombytes("L", size, pixels.samples, "raw", "L", pixels.stride, 1)


def _require_readable(image: Image.Image, content: bytes) -> None:
    """Raise UnreadableMarkError unless a grey picture shows the content, and nothing else."""
    pixels = memoryview(image.tobytes()).cast("B", (image.height, image.width))
    if datamatrix.read(pixels) != [content]:
        raise UnreadableMarkError("got another code, or none, on the finished picture")
