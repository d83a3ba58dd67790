"""Letters as strokes, for the words beside a code: no font is needed, so a PDF/A stays PDF/A.

A letter stands on a grid 4 wide; capitals are 6 high, small letters 4, tails go below 0. Only what
our mentions and an address on the web need is drawn: anything else is refused.
"""

from functools import cache
from typing import ClassVar, Final, TypeAlias

from sealing.errors import SealingError

Stroke: TypeAlias = tuple[tuple[float, float], ...]

ADVANCE: Final = 5.6
WIDTH: Final = 4.0
HEIGHT: Final = 6.0
_LEFT_BOWL: Final = "3.4,3 2.6,4 1.2,4 0.4,3 0.4,1 1.2,0 2.6,0 3.4,1"
_RIGHT_BOWL: Final = "0.4,3 1.2,4 2.6,4 3.4,3 3.4,1 2.6,0 1.2,0 0.4,1"
_GLYPHS: Final = {
    " ": "",
    "-": "0.5,3 3.5,3",
    ".": "2,0 2,0.3",
    "/": "0.4,-0.6 3.6,6.4",
    ":": "2,0.6 2,0.9 | 2,3.2 2,3.5",
    "_": "0,-0.8 4,-0.8",
    "0": "1,0 0,1 0,5 1,6 3,6 4,5 4,1 3,0 1,0 | 1,1.4 3,4.6",
    "1": "0.8,4.8 2,6 2,0 | 0.8,0 3.2,0",
    "2": "0,5 1,6 3,6 4,5 4,4 0,0 4,0",
    "3": "0,5 1,6 3,6 4,5 4,4 3,3 1.6,3 | 3,3 4,2 4,1 3,0 1,0 0,1",
    "4": "3,0 3,6 0,1.8 4,1.8",
    "5": "4,6 0.4,6 0.2,3.4 1,3.8 3,3.8 4,2.8 4,1 3,0 1,0 0,0.8",
    "6": "3.6,5.4 2.8,6 1,6 0,5 0,1 1,0 3,0 4,1 4,2.4 3,3.4 1,3.4 0,2.4",
    "7": "0,6 4,6 1.4,0",
    "8": "1,3 0,4 0,5 1,6 3,6 4,5 4,4 3,3 1,3 0,2 0,1 1,0 3,0 4,1 4,2 3,3",
    "9": "0.4,0.6 1.2,0 3,0 4,1 4,5 3,6 1,6 0,5 0,3.6 1,2.6 3,2.6 4,3.6",
    "A": "0,0 2,6 4,0 | 0.7,2 3.3,2",
    "C": "4,1 3,0 1,0 0,1 0,5 1,6 3,6 4,5",
    "D": "0,0 0,6 2.5,6 4,4.5 4,1.5 2.5,0 0,0",
    "E": "4,0 0,0 0,6 4,6 | 0,3 3,3",
    "É": "4,0 0,0 0,6 4,6 | 0,3 3,3 | 1.6,6.8 2.8,7.8",
    "F": "0,0 0,6 4,6 | 0,3 3,3",
    "I": "2,0 2,6",
    "N": "0,0 0,6 4,0 4,6",
    "O": "1,0 0,1 0,5 1,6 3,6 4,5 4,1 3,0 1,0",
    "R": "0,0 0,6 3,6 4,5 4,4 3,3 0,3 | 2,3 4,0",
    "T": "0,6 4,6 | 2,6 2,0",
    "V": "0,6 2,0 4,6",
    "a": f"3.4,4 3.4,0 | {_LEFT_BOWL}",
    "b": f"0.4,6 0.4,0 | {_RIGHT_BOWL}",
    "c": "3.4,3.2 2.6,4 1.2,4 0.4,3 0.4,1 1.2,0 2.6,0 3.4,0.8",
    "d": f"3.4,6 3.4,0 | {_LEFT_BOWL}",
    "e": "0.4,2 3.4,2 3.4,3 2.6,4 1.2,4 0.4,3 0.4,1 1.2,0 2.8,0 3.4,0.6",
    "f": "3.2,6 2.4,6 1.6,5.2 1.6,0 | 0.4,4 3,4",
    "g": f"3.4,4 3.4,-0.7 2.6,-1.5 1,-1.5 | {_LEFT_BOWL}",
    "h": "0.4,6 0.4,0 | 0.4,3 1.4,4 2.6,4 3.4,3 3.4,0",
    "i": "2,4 2,0 | 2,5.6 2,5.9",
    "j": "2.4,4 2.4,-0.8 1.6,-1.5 0.8,-1.5 | 2.4,5.6 2.4,5.9",
    "k": "0.6,6 0.6,0 | 3.2,4 0.6,1.8 | 1.6,2.6 3.4,0",
    "l": "1.4,6 1.4,0.8 2.2,0 2.8,0",
    "m": "0,4 0,0 | 0,3.2 0.8,4 1.4,4 2,3.2 2,0 | 2,3.2 2.8,4 3.4,4 4,3.2 4,0",
    "n": "0.4,4 0.4,0 | 0.4,3 1.4,4 2.6,4 3.4,3 3.4,0",
    "o": "1.2,0 0.4,1 0.4,3 1.2,4 2.6,4 3.4,3 3.4,1 2.6,0 1.2,0",
    "p": f"0.4,4 0.4,-1.5 | {_RIGHT_BOWL}",
    "q": f"3.4,4 3.4,-1.5 | {_LEFT_BOWL}",
    "r": "0.8,4 0.8,0 | 0.8,2.6 2,4 3.2,4",
    "s": "3.3,3.4 2.6,4 1.2,4 0.5,3.3 0.5,2.7 3.3,1.4 3.3,0.7 2.6,0 1.2,0 0.5,0.6",
    "t": "1.6,5.6 1.6,0.8 2.4,0 3.2,0 | 0.4,4 3,4",
    "u": "0.4,4 0.4,1 1.2,0 2.4,0 3.4,1 | 3.4,4 3.4,0",
    "v": "0.4,4 2,0 3.6,4",
    "w": "0,4 1,0 2,3 3,0 4,4",
    "x": "0.4,4 3.4,0 | 3.4,4 0.4,0",
    "y": "0.4,4 2,0 | 3.6,4 1.4,-1.5 0.6,-1.5",
    "z": "0.4,4 3.4,4 0.4,0 3.4,0",
}


class UndrawableError(SealingError):
    """A letter that we do not draw. Details: `text`."""

    code: ClassVar[str] = "sealing.undrawable"


@cache
def strokes(letter: str) -> tuple[Stroke, ...]:
    """Give the strokes of a letter; raise UndrawableError."""
    if letter not in _GLYPHS:
        raise UndrawableError(f"got the letter {letter!r}", text=letter)
    lines = [line.split() for line in _GLYPHS[letter].split("|") if line.strip()]
    return tuple(tuple(_point(point) for point in line) for line in lines)


def length(text: str) -> float:
    """Give the length of a text on the grid."""
    return len(text) * ADVANCE - (ADVANCE - WIDTH)


def _point(text: str) -> tuple[float, float]:
    x, y = text.split(",")
    return float(x), float(y)
