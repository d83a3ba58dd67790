"""7-bit text into the codewords of a Data Matrix, by C40 (ISO/IEC 16022, 5.2.5).

Rules kept here:

- latched by codeword 230; three values make two codewords; a character out of the basic set is two
  values, the first of which shifts;
- after the last whole triple, codeword 254 leaves C40, and what is left (two characters at most)
  is in ASCII, two digits in one codeword;
- a text too short for one triple is in ASCII alone;
- C40 alone latches once, at the start. Mixed, a run of 14 digits or more leaves C40 for ASCII: two
  digits a codeword, where that pays for leaving and latching again;
- mixed, a text that C40 makes no shorter is in ASCII alone;
- mixed, the last 254 is left out where the square is then full: a reader leaves C40 by itself at
  the end of the data, or before a single last codeword.

Padding, correction and modules are `squares.py`'s.
"""

import re
import struct
from collections.abc import Container
from typing import Final

_LATCH: Final = b"\xe6"
_UNLATCH: Final = b"\xfe"
# Digits and what C40 shifts for, up to three letters between: what may be shorter in ASCII.
_NUMBERS: Final = re.compile("[^A-Z ]{8,}(?:[A-Z ]{1,3}[^A-Z ]{4,})*")
_ASCII: Final = {chr(one): one + 1 for one in range(128)} | {f"{n:02}": 130 + n for n in range(100)}
_IN_ASCII: Final = re.compile("[0-9]{2}|[^_]|_")
_BASIC: Final = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHIFTED: Final = (
    "".join(map(chr, range(32))),
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_",
    "`abcdefghijklmnopqrstuvwxyz{|}~\x7f",
)
# Values 0 to 2 shift to one of the other sets.
_VALUES: Final = {ord(one): chr(value) for value, one in enumerate(_BASIC, 3)} | {
    ord(one): chr(shift) + chr(value)
    for shift, characters in enumerate(_SHIFTED)
    for value, one in enumerate(characters)
}


def codewords(text: str) -> bytes:
    """Write a 7-bit text in C40 alone, without padding or correction."""
    latched, tail = _triples(text)
    return latched + _UNLATCH + _in_ascii(tail) if latched else _in_ascii(text)


def mixed_codewords(text: str, capacities: Container[int]) -> bytes:
    """Write a 7-bit text in C40, and its long runs of digits in ASCII, without padding.

    `capacities`: the codewords that the squares hold.
    """
    head, rest = _up_to_numbers(text)
    latched, tail = _triples(rest)
    end = _in_ascii(tail)
    if latched and (len(end) > 1 or len(head) + len(latched) + len(end) not in capacities):
        end = _UNLATCH + end
    written = head + latched + end
    return written if len(written) < len(text) else _in_ascii(text)


def _up_to_numbers(text: str) -> tuple[bytes, str]:
    """Write a text up to the end of its last numbers that ASCII makes shorter; give the rest."""
    written, position = b"", 0
    for numbers in _NUMBERS.finditer(text):
        start, end = numbers.span()
        if not _pays(numbers[0]):
            continue
        values = text[position:start].translate(_VALUES)
        # Digits fill the last triple.
        fill = -len(values) % 3
        start += fill if text[start : start + fill].isdigit() else 0
        latched, tail = _triples(text[position:start])
        written += (latched + _UNLATCH if latched else b"") + _in_ascii(tail + text[start:end])
        position = end
    return written, text[position:]


def _pays(numbers: str) -> bool:
    """Tell whether ASCII spares a codeword, with the two of leaving C40 and latching again."""
    return len(numbers.translate(_VALUES)) * 2 >= 3 * (len(_in_ascii(numbers)) + 3)


def _triples(text: str) -> tuple[bytes, str]:
    """Write the whole triples, latched; give the characters left, or all where there is none."""
    values = text.translate(_VALUES).encode("ascii")
    left, kept = len(values) % 3, len(text)
    whole = len(values) - left
    while left > 0:
        kept -= 1
        left -= len(_VALUES[ord(text[kept])])
    if not whole:
        return b"", text
    triples = zip(values[:whole:3], values[1:whole:3], values[2:whole:3], strict=True)
    pairs = [1600 * first + 40 * second + third + 1 for first, second, third in triples]
    return _LATCH + struct.pack(f">{len(pairs)}H", *pairs), text[kept:]


def _in_ascii(text: str) -> bytes:
    return bytes(map(_ASCII.__getitem__, _IN_ASCII.findall(text)))
