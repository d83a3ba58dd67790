"""What a seal looks like: the code in vector form, its quiet zone, its mention.

Rules kept here:

- a module of 0.4 mm or more, a quiet zone of 2 modules, drawn white;
- the mention stands below the symbol, outside the quiet zone, drawn as strokes (`strokes.py`); what
  is too long for a line is broken after a space, a point or a slash;
- lengths are PDF points (1/72 inch); the origin is the lower left corner.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import add, sub

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
    side = (modules + 2 * QUIET_MODULES) * module_mm * POINTS_PER_MM
    return side, side + foot_of(mention, side)


def appearance(
    symbol: Symbol, mention: str | Sequence[str], module_mm: float = MODULE_MM
) -> Appearance:
    """Draw a symbol with its mention, of one or several texts; raise UndrawableError."""
    texts = [mention] if isinstance(mention, str) else mention
    width, height = box_of(symbol.modules, module_mm, mention=texts)
    module = module_mm * POINTS_PER_MM
    base = foot_of(texts, width) + QUIET_MODULES * module
    unit = _number(module)
    lines = [
        "q",
        f"1 g 0 0 {_number(width)} {_number(height)} re f",
        # One unit is one module from here on, row 0 on top.
        f"{unit} 0 0 {unit} {_number(QUIET_MODULES * module)} {_number(base)} cm 0 g",
    ]
    lines += [*_rectangles(symbol), "f", "Q", *_mention(tuple(texts), width)]
    return Appearance(width, height, "\n".join(lines).encode("ascii"))


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


def _rectangles(symbol: Symbol) -> Iterator[str]:
    """Write one rectangle for each run of dark modules, from the lower left, in modules."""
    corners, lengths = _numbers(symbol.modules)
    edges = symbol.edges()
    starts, ends = edges[::2], edges[1::2]
    written = map(lengths.__getitem__, map(sub, ends, starts))
    return map(add, map(corners.__getitem__, starts), written)


@cache
def _numbers(side: int) -> tuple[list[str], list[str]]:
    """Write each corner of a symbol of this side, as its edges count them, and each length."""
    corners = [f"{x} {y} " for y in range(side - 1, -1, -1) for x in range(side + 1)]
    return corners, [f"{length} 1 re" for length in range(side + 1)]


@lru_cache(maxsize=16)
def _mention(texts: tuple[str, ...], width: float) -> list[str]:
    """Draw a mention at the bottom; the letters of a mailing share one."""
    lines = ["q", "0 G", "1 J 1 j", f"{_number(PEN_POINTS)} w"]
    for (x, y), *rest in mention_strokes(texts, width):
        lines.append(f"{_number(x)} {_number(y)} m")
        lines += [f"{_number(x)} {_number(y)} l" for x, y in rest]
        lines.append("S")
    return [*lines, "Q"]


def _number(value: float) -> str:
    """Write a PDF number: no exponent, four decimals at most."""
    return f"{value:.4f}".rstrip("0").rstrip(".")
