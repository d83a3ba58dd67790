"""Which bits of a file are changed: some of every stretch, and of every piece of its structure."""

import random
import re
from itertools import pairwise

_WORD = re.compile(
    rb"/[A-Za-z]\w*|\b(?:obj|endobj|stream|endstream|xref|trailer|startxref)\b|%%EOF"
)


def spread(span: range, count: int, dice: random.Random) -> list[int]:
    """Give places, one in each of as many stretches of one length; all of them if there are so few.

    No structure longer than a stretch is left out, whatever the dice say.
    """
    if count >= len(span):
        return list(span)
    edges = [span.start + len(span) * number // count for number in range(count + 1)]
    return [dice.randrange(first, last) for first, last in pairwise(edges)]


def in_words(pdf: bytes, span: range, dice: random.Random) -> list[int]:
    """Give a place in each name and keyword of a PDF's own, where it stands last in a span."""
    last = {found[0]: found.span() for found in _WORD.finditer(pdf, span.start, span.stop)}
    return [dice.randrange(*place) for place in last.values()]


def in_elements(pdf: bytes, gap: range, depth: int, dice: random.Random) -> list[int]:
    """Give two digits of each element of a CMS, down to a depth: of its heading, of its content."""
    cms = bytes.fromhex(pdf[gap.start : gap.stop].decode("ascii"))
    found = []
    for heading in _headings(cms, 0, len(cms.rstrip(b"\0")), depth):
        found += [2 * dice.choice(heading) + dice.randrange(2), 2 * heading.stop + 1]
    return [gap.start + place for place in found if place < len(gap)]


def one_bit(pdf: bytes, place: int, dice: random.Random, *, digit: bool = False) -> bytes:
    """Change one bit; of a hexadecimal digit one that leaves another digit, if asked.

    Most bits of a digit leave none, and that alone is seen at once.
    """
    bits = [1 << number for number in range(8)]
    if digit:
        bits = [bit for bit in bits if chr(pdf[place] ^ bit) in "0123456789ABCDEFabcdef"]
    changed = bytearray(pdf)
    changed[place] ^= dice.choice(bits)
    return bytes(changed)


def _headings(der: bytes, start: int, stop: int, depth: int) -> list[range]:
    found = []
    while start < stop:
        size, inner = der[start + 1], start + 2
        if size & 0x80:
            inner += size & 0x7F
            size = int.from_bytes(der[start + 2 : inner], "big")
        found.append(range(start, inner))
        if der[start] & 0x20 and depth:
            found += _headings(der, inner, inner + size, depth - 1)
        start = inner + size
    return found
