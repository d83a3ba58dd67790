"""One code spread over several symbols: cut it, and put it together again.

Rules kept here (2D-Doc 3.2.6, several symbols):

- a part in characters begins with six: `E`, the set's name (3), its index (0-F), how many parts
  there are less one (1-F);
- a part in bytes begins with four: 0xEE, the set's name (2 bytes), a byte of two halves: the index,
  and 17 less how many parts there are (1-F);
- so 2 to 16 parts, at most 4,096 bytes each, hence never above 64 KiB once joined;
- the parts of one code agree on the form, the set's name and the count, and each index comes once:
  the same part scanned again is one part;
- a missing part is an error of its own: the reader can scan again. Parts that contradict each other
  are another: scanning again will not help;
- a symbol that begins otherwise is a whole code and is no business of this file.

Bytes in, bytes out: no image and no signature here. What was joined is read by `message.py`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self, TypeVar

from sealing.twoddoc.header import Form, Reason, TwoDDocError

MAX_PARTS: Final = 16
MAX_PART: Final = 4_096
_TEXT: Final = re.compile(rb"E([A-Z0-9]{3})([0-9A-F])([1-9A-F])(.*)", re.DOTALL)
_BYTES: Final = re.compile(rb"\xee(..)(.)(.*)", re.DOTALL)
_ALL_AND_ONE: Final = MAX_PARTS + 1
_AnyPart = TypeVar("_AnyPart", bound="Part")


class PartsError(TwoDDocError):
    """These symbols cannot be parts of one code."""

    code: ClassVar[str] = "twoddoc.parts"


class PartMissingError(PartsError):
    """Parts are still to be scanned; `missing` counts from 1, as people do. Details: `missing`."""

    code: ClassVar[str] = "twoddoc.part-missing"
    retryable: ClassVar[bool] = True

    def __init__(self, missing: Sequence[int], count: int) -> None:
        """Say which parts are awaited."""
        got = count - len(missing)
        problem = f"got {got} of {count} parts, missing {list(missing)}"
        super().__init__(Reason.SET_INCOMPLETE, problem)
        self.missing = tuple(missing)
        self.count = count
        self.details["missing"] = " ".join(map(str, missing))


@dataclass(frozen=True, slots=True)
class Part:
    """One symbol of a set. `index` counts from 0 and is below `count`."""

    form: Form
    set_name: bytes
    index: int
    count: int
    content: bytes

    @classmethod
    def parse(cls, symbol: bytes) -> Self:
        """Read a symbol's bytes; raise PartsError when they are not a part's."""
        if len(symbol) > MAX_PART:
            problem = f"got {len(symbol)} bytes, expected at most {MAX_PART}"
            raise TwoDDocError(Reason.TOO_LONG, problem, offset=MAX_PART)
        if found := _TEXT.fullmatch(symbol):
            place = (int(found[2], 16), int(found[3], 16) + 1)
            return _possible(cls(Form.TEXT, found[1], *place, found[4]))
        if found := _BYTES.fullmatch(symbol):
            index, rest = divmod(found[2][0], MAX_PARTS)
            return _possible(cls(Form.BINARY, found[1], index, _ALL_AND_ONE - rest, found[3]))
        raise _mismatch(f"got {symbol[:6].hex()}, expected the beginning of a part")

    def encode(self) -> bytes:
        """Give the symbol's bytes; `Part.parse` of them is this part."""
        if self.form is Form.TEXT:
            return b"E%b%X%X%b" % (self.set_name, self.index, self.count - 1, self.content)
        place = self.index * MAX_PARTS + _ALL_AND_ONE - self.count
        return b"\xee%b%c%b" % (self.set_name, place, self.content)


def is_part(symbol: bytes) -> bool:
    """Tell whether a symbol is one part of a code."""
    if symbol[:1] not in (b"E", b"\xee"):
        return False
    try:
        Part.parse(symbol)
    except TwoDDocError:
        return False
    return True


def set_of(symbol: bytes) -> tuple[Form, bytes] | None:
    """Name the set that a symbol is part of; None for a whole code."""
    if not is_part(symbol):
        return None
    part = Part.parse(symbol)
    return part.form, part.set_name


def cut(code: bytes, count: int, set_name: bytes, form: Form = Form.TEXT) -> list[bytes]:
    """Spread a code over 2 to 16 symbols of about the same size; raise PartsError."""
    size = -(-len(code) // count) if count else 0
    parts = [
        Part(form, set_name, index, count, code[index * size : (index + 1) * size]).encode()
        for index in range(count)
    ]
    if join(parts) != code:
        raise _mismatch(f"got a code of {len(code)} bytes that cannot be cut in {count}")
    return parts


def join(symbols: Sequence[bytes]) -> bytes:
    """Put the parts of one code together, in whatever order and however often they were scanned."""
    parts = {Part.parse(symbol) for symbol in symbols}
    if len({(part.form, part.set_name, part.count) for part in parts}) != 1:
        raise _mismatch(f"got {len(parts)} parts of different sets")
    by_index = {part.index: part.content for part in parts}
    if len(by_index) != len(parts):
        raise _mismatch("got two different parts under one index")
    count = next(iter(parts)).count
    if missing := [index + 1 for index in range(count) if index not in by_index]:
        raise PartMissingError(missing, count)
    return b"".join(by_index[index] for index in range(count))


def _possible(part: _AnyPart) -> _AnyPart:
    if not part.index < part.count <= MAX_PARTS:
        raise _mismatch(f"got index {part.index} in a set of {part.count}")
    return part


def _mismatch(problem: str) -> PartsError:
    return PartsError(Reason.SET_MISMATCH, problem)
