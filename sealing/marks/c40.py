"""7-bit text into the codewords of a Data Matrix, by C40 alone (ISO/IEC 16022, 5.2.5).

Rules kept here:

- latched by codeword 230 at the start; three values make two codewords; a character out of the
  basic set is two values, the first of which shifts;
- after the last whole triple, codeword 254 leaves C40, and what is left (two characters at most)
  is in ASCII, two digits in one codeword;
- a text too short for one triple is in ASCII alone.

Padding, correction and modules are `squares.py`'s.
"""

import struct
from typing import Final

_LATCH: Final = b"\xe6"
_UNLATCH: Final = b"\xfe"
_DIGIT_PAIR: Final = 130
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
    """Write a 7-bit text, without padding or correction."""
    values = text.translate(_VALUES).encode("ascii")
    left, kept = len(values) % 3, len(text)
    whole = len(values) - left
    while left > 0:
        kept -= 1
        left -= len(_VALUES[ord(text[kept])])
    if not whole:
        return _in_ascii(text)
    triples = zip(values[:whole:3], values[1:whole:3], values[2:whole:3], strict=True)
    pairs = [1600 * first + 40 * second + third + 1 for first, second, third in triples]
    return _LATCH + struct.pack(f">{len(pairs)}H", *pairs) + _UNLATCH + _in_ascii(text[kept:])


def _in_ascii(text: str) -> bytes:
    if len(text) > 1 and text.isdigit():
        return bytes([_DIGIT_PAIR + int(text)])
    return bytes(ord(one) + 1 for one in text)
