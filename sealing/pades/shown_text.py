"""The texts that a content stream shows, told from everything else that it says.

Rules kept here (ISO 32000-1, 7.8.2 and 9.4.3):

- a text is a string, or an array of strings and spacings (`TJ`); of texts only the lengths count;
- a content with brackets that were not understood, comments, images within it or spacings of more
  than a letter's width is not read: `NotFastError`;
- letters made from one template differ in few lines: of a content with as many lines as one that
  was read, only those that differ are split. Its outcome is that of a whole reading: no text of the
  former goes over the end of a line, and what is around the texts must be what it was.
"""

import re
from dataclasses import dataclass
from itertools import compress, count
from operator import ne
from typing import Final, NamedTuple

from sealing.pades.tokens import NotFastError, Reason

MAX_CONTENT: Final = 1024 * 1024
MAX_TEXTS: Final = 5_000
_SHOWN: Final = re.compile(rb"(\[[^\[\]]*+\]|\((?:[^()\\]++|\\.)*+\)|<[0-9A-Fa-f\s]*+>)", re.DOTALL)
# Brackets that were not understood, comments, and images within the content; no NUL either.
_STRANGE: Final = (b"(", b")", b"[", b"]", b"%", b"BI")
# Every digit a nought, all white space alike, and what a spacing stands behind.
_NOUGHTS: Final = bytes.maketrans(b"123456789\t\n\r\f\0+)[", b"000000000     ->>")
_LEAP: Final = re.compile(rb">[ -]*0000")


class Line(NamedTuple):
    """A line of a content: the number of its first text, and the pieces around its texts."""

    first: int
    rest: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ShownText:
    """A content that was read: the lengths of its texts, and all that is around them.

    `lines` is empty where a text goes over the end of a line.
    """

    lengths: tuple[int, ...]
    rest: bytes
    data: list[bytes]
    lines: tuple[Line, ...]

    @classmethod
    def read(cls, data: bytes) -> "ShownText":
        """Read a content whole; raise NotFastError."""
        if len(data) > MAX_CONTENT:
            raise NotFastError(Reason.LIMITS, "got too large a content")
        pieces = _split(data)
        rest = b"\0".join(pieces[::2])
        if any(mark in rest for mark in _STRANGE) or rest.count(b"\0") != len(pieces) // 2:
            raise NotFastError(Reason.STREAM, "got a content that is not only lines and texts")
        if len(pieces) // 2 > MAX_TEXTS:
            raise NotFastError(Reason.LIMITS, "got too many texts")
        lengths = tuple(map(len, pieces[1::2]))
        return cls(lengths, rest, *_lines(data, rest))

    def lengths_in(self, data: bytes) -> tuple[int, ...] | None:
        """Give the lengths of the texts of a content that says the same but for them.

        None where it says something else, or may; raises NotFastError.
        """
        lines = data.split(b"\n")
        if len(lines) != len(self.lines):
            return None
        lengths = list(self.lengths)
        for number in compress(count(), map(ne, lines, self.data)):
            pieces = _split(lines[number])
            first, rest = self.lines[number]
            if tuple(pieces[::2]) != rest:
                return None
            lengths[first : first + len(rest) - 1] = map(len, pieces[1::2])
        return tuple(lengths)


def _lines(data: bytes, rest: bytes) -> tuple[list[bytes], tuple[Line, ...]]:
    """Read the lines of a content; nothing of them unless together they say what it says."""
    lines, found, texts = data.split(b"\n"), list[Line](), 0
    for line in lines:
        around = tuple(_SHOWN.split(line)[::2])
        found.append(Line(texts, around))
        texts += len(around) - 1
    if b"\n".join(b"\0".join(line.rest) for line in found) != rest:
        return [], ()
    return lines, tuple(found)


def _split(data: bytes) -> list[bytes]:
    """Split a content into what is no text and texts, in turn."""
    if _LEAP.search(data.translate(_NOUGHTS)):
        raise NotFastError(Reason.STREAM, "got a spacing wider than letters")
    return _SHOWN.split(data)
