"""What a seal looks like: the code in vector form, its quiet zone, its mention.

Rules kept here:

- a module of 0.4 mm or more, a quiet zone of 2 modules, drawn white;
- the mention stands below the symbol, outside the quiet zone, drawn as strokes (`strokes.py`); what
  is too long for a line is broken after a space, a point or a slash;
- the modules are written eight by eight, as texts made beforehand: runs that touch are one area of
  one filled path, as rows are;
- lengths are PDF points (1/72 inch); the origin is the lower left corner.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, NamedTuple

from sealing.marks import strokes
from sealing.marks.datamatrix import Symbol

POINTS_PER_MM = 72 / 25.4
MODULE_MM = 0.4
QUIET_MODULES = 2
_MENTION_POINTS = 7.0
_GAP_POINTS = 2.0
_LINE_POINTS = 8.0
_FULL = 0.96  # of the width: a stroke has a thickness
_SMALLEST = 0.7  # of the size of a mention: below, people cannot read it
_SCALE = _MENTION_POINTS / strokes.HEIGHT * 0.8
PEN_POINTS = 0.8 * _SCALE
_DARK: Final = re.compile("1+")
_DIGITS: Final = bytes.maketrans(b"\x00\x01", b"01")
# Stands for a row's ordinate in what is written of eight modules.
_Y: Final = "|"


@dataclass(frozen=True, slots=True)
class Appearance:
    """A drawing of `width` x `height` points; `content` is a PDF content stream without fonts."""

    width: float
    height: float
    content: bytes


def box_of(
    modules: int, module_mm: float = MODULE_MM, *, mention: Sequence[str] = ("",)
) -> tuple[float, float]:
    """Give the width and height that a symbol takes with its quiet zone and mention, in points."""
    around = _around(modules, tuple(mention), module_mm)
    return around.width, around.height


def appearance(
    symbol: Symbol, mention: str | Sequence[str], module_mm: float = MODULE_MM
) -> Appearance:
    """Draw a symbol with its mention, of one or several texts; raise UndrawableError."""
    texts = (mention,) if isinstance(mention, str) else tuple(mention)
    around = _around(symbol.modules, texts, module_mm)
    content = around.content + _rectangles(symbol) + _mention(texts, around.width)
    return Appearance(around.width, around.height, content.encode("ascii"))


class _Around(NamedTuple):
    """What stands around a symbol: its paper; `content` ends where its modules are written."""

    width: float
    height: float
    content: str


@lru_cache(maxsize=64)
def _around(modules: int, texts: tuple[str, ...], module_mm: float) -> _Around:
    """Lay out a symbol of so many modules: the letters of a mailing have few sizes."""
    module = module_mm * POINTS_PER_MM
    width = (modules + 2 * QUIET_MODULES) * module
    foot = foot_of(texts, width)
    quiet = QUIET_MODULES * module
    left, base, unit = _number(quiet), _number(foot + quiet), _number(module)
    paper = f"q\n1 g 0 0 {_number(width)} {_number(width + foot)} re f\n"
    # One unit is one module from here on, row 0 on top.
    return _Around(width, width + foot, f"{paper}{unit} 0 0 {unit} {left} {base} cm 0 g\n")


def foot_of(mention: Sequence[str], width: float) -> float:
    """Give the height of what stands below the quiet zone, in points."""
    lines = _lines(mention, width)
    words = _MENTION_POINTS if len(lines) == 1 else _LINE_POINTS * len(lines) + 1
    return _GAP_POINTS + words


def _lines(texts: Sequence[str], width: float) -> list[str]:
    """Break texts into lines that can be read on this width."""
    most = max(1, int((width / (_SMALLEST * _SCALE) + strokes.ADVANCE) / strokes.ADVANCE) - 1)
    lines: list[str] = []
    for text in texts:
        rest = text
        while len(rest) > most:
            cut = max(rest.rfind(mark, 0, most) for mark in " ./-") + 1 or most
            lines.append(rest[:cut].strip())
            rest = rest[cut:]
        lines.append(rest)
    return lines


def mention_strokes(texts: Sequence[str], width: float) -> list[list[tuple[float, float]]]:
    """Give the lines of a mention centred on a width, in points above the drawing's bottom.

    Raises UndrawableError.
    """
    drawn: list[list[tuple[float, float]]] = []
    lines = _lines(texts, width)
    for index, line in enumerate(reversed(lines)):
        base = 0.6 if len(lines) == 1 else 1.6 + index * _LINE_POINTS
        scale = min(_SCALE, _FULL * width / strokes.length(line)) if line else _SCALE
        start = (width - strokes.length(line) * scale) / 2
        for place, letter in enumerate(line):
            left = start + place * strokes.ADVANCE * scale
            drawn += [
                [(left + x * scale, base + y * scale) for x, y in stroke]
                for stroke in strokes.strokes(letter)
            ]
    return drawn


def _rectangles(symbol: Symbol) -> str:
    """Write a rectangle for each run of dark modules within eight, from the lower left."""
    side = symbol.modules
    octets = _octets(-(-side // 8))
    light = bytes(8 * len(octets) - side)
    modules = light.join(symbol.rows) + light if light else symbol.cells
    packed = int(modules.translate(_DIGITS), 2).to_bytes(side * len(octets), "big")
    columns = (map(one.__getitem__, packed[at :: len(octets)]) for at, one in enumerate(octets))
    rows = zip(*columns, strict=True)
    above = _ordinates(side)
    return "".join(["".join(row).replace(_Y, y) for row, y in zip(rows, above, strict=True)])


@cache
def _octets(wide: int) -> list[list[str]]:
    """Write the runs of every eight modules, by their place in a row; `_Y` stands for the row."""
    return [[_runs(8 * place, value) for value in range(256)] for place in range(wide)]


def _runs(left: int, value: int) -> str:
    """Write the runs of eight modules, the highest bit first."""
    runs = ((found.start(), found.end()) for found in _DARK.finditer(f"{value:08b}"))
    return "".join(f"{left + start} {_Y} {end - start} 1 re\n" for start, end in runs)


@cache
def _ordinates(side: int) -> list[str]:
    return [str(y) for y in range(side - 1, -1, -1)]


@lru_cache(maxsize=16)
def _mention(texts: tuple[str, ...], width: float) -> str:
    """Fill the modules, and draw a mention at the bottom; the letters of a mailing share one."""
    lines = ["f", "Q", "q", "0 G", "1 J 1 j", f"{_number(PEN_POINTS)} w"]
    for (x, y), *rest in mention_strokes(texts, width):
        lines.append(f"{_number(x)} {_number(y)} m")
        lines += [f"{_number(x)} {_number(y)} l" for x, y in rest]
        lines.append("S")
    return "\n".join([*lines, "Q"])


def _number(value: float) -> str:
    """Write a PDF number: no exponent, four decimals at most."""
    return f"{value:.4f}".rstrip("0").rstrip(".")
