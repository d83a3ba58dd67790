"""7-bit text into the codewords of a Data Matrix, by C40 (ISO/IEC 16022, 5.2.5).

Rules kept here:

- latched by codeword 230; three values make two codewords; a character out of the basic set is two
  values, the first of which shifts;
- after the last whole triple, codeword 254 leaves C40, and what is left (two characters at most)
  is in ASCII, two digits in one codeword;
- a text too short for one triple is in ASCII alone;
- C40 alone latches once, at the start. Mixed, numbers leave C40 for ASCII, two digits a codeword,
  where that pays for leaving and latching again (18 digits do);
- mixed, a text that C40 makes no shorter is in ASCII alone;
- mixed, the last 254 is left out where the square is then full: a reader leaves C40 by itself at
  the end of the data, or before a single last codeword.

Padding, correction and modules are `squares.py`'s.

Each step is one built-in's pass over the text. The triples are packed all at once, as whole numbers
of 16 bits a triple: a step for each would take half of the time.
"""

import re
from collections.abc import Container
from typing import Final

_LATCH: Final = b"\xe6"
_UNLATCH: Final = b"\xfe"
# Digits and what C40 shifts for, up to three letters between: what may be shorter in ASCII.
_NUMBERS: Final = re.compile(rb"[^A-Z ]{8,}(?:[A-Z ]{1,3}[^A-Z ]{4,})*")
# Values that pay at the earliest: a codeword of ASCII holds two, one of C40 one and a half.
_LEAST: Final = 18
_PAIR: Final = re.compile(rb"[0-9]{2}")
_IN_ASCII: Final = re.compile(rb"[0-9]{2}|[^_]|_")
_ASCII: Final = {bytes([one]): one + 1 for one in range(128)} | {
    b"%02d" % number: 130 + number for number in range(100)
}
_BASIC: Final = b" 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHIFTED: Final = (
    bytes(range(32)),
    b"!\"#$%&'()*+,-./:;<=>?@[\\]^_",
    b"`abcdefghijklmnopqrstuvwxyz{|}~\x7f",
)
# The value of each basic character; above them, and out of their way, the characters that shift.
_ABOVE: Final = 128
_VALUES: Final = bytes(
    _BASIC.index(one) + 3 if one in _BASIC else one + _ABOVE for one in range(128)
) + bytes(128)
_ALL_VALUES: Final = bytes(range(40))
# Values 0 to 2 shift to one of the other sets.
_PAIRS: Final = {
    one + _ABOVE: bytes([shift, value])
    for shift, characters in enumerate(_SHIFTED)
    for value, one in enumerate(characters)
}


def codewords(text: str) -> bytes:
    """Write a 7-bit text in C40 alone, without padding or correction."""
    content = text.encode("ascii")
    latched, tail = _triples(content)
    return latched + _UNLATCH + _in_ascii(tail) if latched else _in_ascii(content)


def mixed_codewords(text: str, capacities: Container[int]) -> bytes:
    """Write a 7-bit text in C40, and its long runs of digits in ASCII, without padding.

    `capacities`: the codewords that the squares hold.
    """
    content = text.encode("ascii")
    head, rest = _up_to_numbers(content)
    latched, tail = _triples(rest)
    end = _in_ascii(tail)
    if latched and (len(end) > 1 or len(head) + len(latched) + len(end) not in capacities):
        end = _UNLATCH + end
    written = head + latched + end
    return written if len(written) < len(content) else _in_ascii(content)


def _up_to_numbers(content: bytes) -> tuple[bytes, bytes]:
    """Write a text up to the end of its last numbers that ASCII makes shorter; give the rest."""
    written, position = b"", 0
    for numbers in _NUMBERS.finditer(content):
        if not _pays(numbers[0]):
            continue
        start, end = numbers.span()
        # Digits fill the last triple.
        fill = -len(_values(content[position:start])) % 3
        start += fill if content[start : start + fill].isdigit() else 0
        latched, tail = _triples(content[position:start])
        written += (latched + _UNLATCH if latched else b"") + _in_ascii(tail + content[start:end])
        position = end
    return written, content[position:]


def _pays(numbers: bytes) -> bool:
    """Tell whether ASCII spares a codeword, with the two of leaving C40 and latching again."""
    values = len(numbers) + len(numbers.translate(None, _BASIC))
    if values < _LEAST:
        return False
    return values * 2 >= 3 * (len(numbers) - len(_PAIR.findall(numbers)) + 3)


def _triples(content: bytes) -> tuple[bytes, bytes]:
    """Write the whole triples, latched; give the characters left, or all where there is none."""
    values = _values(content)
    count, left = divmod(len(values), 3)
    if not count:
        return b"", content
    kept = len(content)
    while left > 0:
        kept -= 1
        left -= 1 if content[kept] in _BASIC else 2
    first, second, third = (_spread(values[place : 3 * count : 3]) for place in range(3))
    ones = int.from_bytes(b"\x00\x01" * count, "big")
    pairs = 1600 * first + 40 * second + third + ones
    return _LATCH + pairs.to_bytes(2 * count, "big"), content[kept:]


def _values(content: bytes) -> bytes:
    """Give the C40 values of a text: one of a basic character, two of another."""
    values = content.translate(_VALUES)
    for one in set(values.translate(None, _ALL_VALUES)):
        values = values.replace(bytes([one]), _PAIRS[one])
    return values


def _spread(values: bytes) -> int:
    """Give one number that holds the values in 16 bits each, where they may be multiplied."""
    spread = bytearray(2 * len(values))
    spread[1::2] = values
    return int.from_bytes(spread, "big")


def _in_ascii(content: bytes) -> bytes:
    return bytes(map(_ASCII.__getitem__, _IN_ASCII.findall(content)))
