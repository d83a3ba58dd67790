"""What a seal looks like: the code in vector form, its quiet zone, its mention.

Rules kept here:

- a module of 0.4 mm or more, a quiet zone of 2 modules, drawn white;
- the mention stands below the symbol, outside the quiet zone. Its letters are drawn as strokes: no
  font is needed, so a PDF/A input stays PDF/A;
- lengths are PDF points (1/72 inch); the origin is the lower left corner.
"""

from dataclasses import dataclass

from sealing.marks.datamatrix import Symbol

POINTS_PER_MM = 72 / 25.4
MODULE_MM = 0.4
QUIET_MODULES = 2
_MENTION_POINTS = 7.0
_GAP_POINTS = 2.0

# Strokes on a grid 4 wide and 6 high, for the letters of our mentions.
_STROKES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "2": (((0, 5), (1, 6), (3, 6), (4, 5), (4, 4), (0, 0), (4, 0)),),
    "D": (((0, 0), (0, 6), (2.5, 6), (4, 4.5), (4, 1.5), (2.5, 0), (0, 0)),),
    "-": (((0.5, 3), (3.5, 3)),),
    "O": (((1, 0), (0, 1), (0, 5), (1, 6), (3, 6), (4, 5), (4, 1), (3, 0), (1, 0)),),
    "C": (((4, 1), (3, 0), (1, 0), (0, 1), (0, 5), (1, 6), (3, 6), (4, 5)),),
}
_ADVANCE = 5.6
_HEIGHT = 6.0


@dataclass(frozen=True, slots=True)
class Appearance:
    """A drawing of `width` x `height` points; `content` is a PDF content stream without fonts."""

    width: float
    height: float
    content: bytes


def box_of(modules: int, module_mm: float = MODULE_MM) -> tuple[float, float]:
    """Give the width and height that a symbol takes with its quiet zone and mention, in points."""
    side = (modules + 2 * QUIET_MODULES) * module_mm * POINTS_PER_MM
    return side, side + _GAP_POINTS + _MENTION_POINTS


def appearance(symbol: Symbol, mention: str, module_mm: float = MODULE_MM) -> Appearance:
    """Draw a symbol with its mention; every letter of the mention must have its strokes."""
    width, height = box_of(symbol.modules, module_mm)
    module = module_mm * POINTS_PER_MM
    base = _MENTION_POINTS + _GAP_POINTS + QUIET_MODULES * module
    unit = _number(module)
    lines = [
        "q",
        f"1 g 0 0 {_number(width)} {_number(height)} re f",
        # One unit is one module from here on, row 0 on top.
        f"{unit} 0 0 {unit} {_number(QUIET_MODULES * module)} {_number(base)} cm 0 g",
    ]
    top = symbol.modules
    lines += [f"{x} {top - 1 - y} {length} 1 re" for x, y, length in symbol.runs()]
    lines += ["f", "Q", *_mention(mention, width)]
    return Appearance(width, height, "\n".join(lines).encode("ascii"))


def _mention(mention: str, width: float) -> list[str]:
    """Draw a mention centred at the bottom."""
    scale = _MENTION_POINTS / _HEIGHT * 0.8
    start = (width - (len(mention) * _ADVANCE - 1.6) * scale) / 2
    lines = ["q", "0 G", "1 J 1 j", f"{_number(0.8 * scale)} w"]
    for index, letter in enumerate(mention):
        left = start + index * _ADVANCE * scale
        for stroke in _STROKES[letter]:
            points = [(left + x * scale, 0.6 + y * scale) for x, y in stroke]
            (x, y), *rest = points
            lines.append(f"{_number(x)} {_number(y)} m")
            lines += [f"{_number(x)} {_number(y)} l" for x, y in rest]
            lines.append("S")
    return [*lines, "Q"]


def _number(value: float) -> str:
    """Write a PDF number: no exponent, four decimals at most."""
    return f"{value:.4f}".rstrip("0").rstrip(".")
