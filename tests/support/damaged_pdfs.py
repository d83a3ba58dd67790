"""PDFs damaged at random, where it hurts: offsets, brackets, keywords, the end of the file."""

import random
import re

PIECES = (
    b"0", b"9", b"-1", b"99999999999", b"<<", b">>", b"[", b"]", b"(", b")", b"%", b"/Prev 0", b"R",
    b"obj", b"endobj", b"stream", b"\n", b"\0", b"#", b"null", b"/Kids", b"/Parent", b"/Size 1",
    b"/AcroForm<<>>", b"/Encrypt<<>>", b"xref", b"trailer", b"startxref", b"%%EOF",
)  # fmt: skip
NUMBER = re.compile(rb"\d+")


def damaged(draw: random.Random, pdf: bytes) -> bytes:
    """Change a PDF at one to three places."""
    data = bytearray(pdf)
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        late = len(data) - draw.randrange(1, min(len(data), 500))
        place = draw.choice([draw.randrange(len(data)), late])
        end = min(len(data), place + draw.choice([1, 1, 2, 5, 20, 100]))
        way = draw.choice([_byte, _piece, _repeat, _cut, _number])
        way(draw, data, place, end)
        if draw.random() < 0.02:
            del data[place:]
        data += b" " * (len(data) < 2)
    return bytes(data)


def _byte(draw: random.Random, data: bytearray, place: int, _end: int) -> None:
    data[place] = draw.randrange(256)


def _piece(draw: random.Random, data: bytearray, place: int, end: int) -> None:
    data[place : draw.choice([place, end])] = draw.choice(PIECES)


def _repeat(_draw: random.Random, data: bytearray, place: int, end: int) -> None:
    data[place:place] = data[place:end]


def _cut(_draw: random.Random, data: bytearray, place: int, end: int) -> None:
    del data[place:end]


def _number(draw: random.Random, data: bytearray, _place: int, _end: int) -> None:
    """Put another number of the file, or a strange one, at the place of one."""
    found = list(NUMBER.finditer(data))
    if found:
        one, other = draw.choice(found), draw.choice(found)[0]
        data[slice(*one.span())] = draw.choice([b"0", b"1", b"4", b"7", b"1000000000", other])
