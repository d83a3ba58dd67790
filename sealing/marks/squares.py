"""Codewords into the modules of a square Data Matrix (ISO/IEC 16022, ECC 200).

Rules kept here:

- the smallest of the 24 squares that holds them; the rest is padding (129), scrambled by its place;
- Reed-Solomon over GF(256) with polynomial 0x12D, roots alpha and up, in interleaved blocks;
- a codeword is laid as eight modules around a place of the diagonals, and goes on at the opposite
  edge where it leaves the square (annex F); each region has its own border.

Our own, since an issuer held to C40 has one on each letter: fifteen times faster than
ppf-datamatrix, whose modules these are, one by one (tests). What depends on the size alone is
computed once.
"""

from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple


class Square(NamedTuple):
    """One size: modules of its side, regions along it, codewords of correction, blocks of them."""

    side: int
    regions: int
    checks: int
    blocks: int

    @property
    def inner(self) -> int:
        """Give the side without the borders of the regions."""
        return self.side - 2 * self.regions

    @property
    def capacity(self) -> int:
        """Count the codewords before correction."""
        return self.inner**2 // 8 - self.checks


_SQUARES: Final = tuple(
    Square(*size)
    for size in (
        *((10, 1, 5, 1), (12, 1, 7, 1), (14, 1, 10, 1), (16, 1, 12, 1), (18, 1, 14, 1)),
        *((20, 1, 18, 1), (22, 1, 20, 1), (24, 1, 24, 1), (26, 1, 28, 1)),
        *((32, 2, 36, 1), (36, 2, 42, 1), (40, 2, 48, 1), (44, 2, 56, 1), (48, 2, 68, 1)),
        *((52, 2, 84, 2), (64, 4, 112, 2), (72, 4, 144, 4), (80, 4, 192, 4), (88, 4, 224, 4)),
        *((96, 4, 272, 4), (104, 4, 336, 6), (120, 6, 408, 6), (132, 6, 496, 8)),
        (144, 6, 620, 10),
    )
)
CAPACITIES: Final = frozenset(square.capacity for square in _SQUARES)
_PAD: Final = 129
_POLYNOMIAL: Final = 0x12D
_ORDER: Final = 255
# Bits of a layer, below the 256 that a translation tells apart.
_LAYER: Final = 248
_BITS: Final = bytes.maketrans(b"01", b"\x00\x01")
_Place = tuple[int, int]
# The eight modules of a codeword, highest bit first, as (row, column) from the place of the last;
# and of the one that a corner cuts in pieces, where negative counts from the end.
_AROUND: Final = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))
_CUT_AFTER: Final = ((-1, 0), (-1, 1), (-1, 2), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1))
_CUT_WITHIN: Final = ((-3, 0), (-2, 0), (-1, 0), (0, -4), (0, -3), (0, -2), (0, -1), (1, -1))


def modules(codewords: bytes) -> tuple[bytes, ...]:
    """Give the rows of the smallest square, 1 where dark; raise ValueError when none is enough."""
    square = next((one for one in _SQUARES if one.capacity >= len(codewords)), None)
    if square is None:
        raise ValueError(f"got {len(codewords)} codewords, expected {_SQUARES[-1].capacity}")
    data = _padded(codewords, square.capacity)
    content = data + _corrections(data, square)
    bits = f"{int.from_bytes(content, 'big'):0{8 * len(content)}b}".encode("ascii")
    frame, layers = _layers(square)
    drawn = frame
    for start, layer in enumerate(layers):
        table = bits[start * _LAYER : (start + 1) * _LAYER].translate(_BITS).ljust(256, b"\x00")
        drawn |= int.from_bytes(layer.translate(table), "little")
    rows = drawn.to_bytes(square.side**2, "little")
    return tuple(rows[y : y + square.side] for y in range(0, len(rows), square.side))


def _padded(codewords: bytes, capacity: int) -> bytes:
    if len(codewords) == capacity:
        return codewords
    places = range(len(codewords) + 2, capacity + 1)
    scrambled = ((_PAD + 149 * place % 253) % 254 + 1 for place in places)
    return codewords + bytes([_PAD, *scrambled])


def _corrections(data: bytes, square: Square) -> bytes:
    """Give the remainders of the blocks by the generator, interleaved as the data are."""
    size = square.checks // square.blocks
    multiples, top = _multiples(size), 8 * (size - 1)
    below = (1 << top) - 1
    found = bytearray(square.checks)
    for block in range(square.blocks):
        # A remainder is one whole number: a step of the division is a shift and a sum.
        remainder = 0
        for codeword in data[block :: square.blocks]:
            step = multiples[codeword ^ remainder >> top]
            remainder = (remainder & below) << 8 ^ step
        found[block :: square.blocks] = remainder.to_bytes(size, "big")
    return bytes(found)


@cache
def _multiples(size: int) -> tuple[int, ...]:
    """Give each element times the generator of a degree, but for its first coefficient."""
    powers = [1]
    while len(powers) < _ORDER:
        double = powers[-1] << 1
        powers.append(double ^ _POLYNOMIAL if double > _ORDER else double)
    logs = {power: exponent for exponent, power in enumerate(powers)}

    def times(one: int, other: int) -> int:
        return powers[(logs[one] + logs[other]) % _ORDER] if one and other else 0

    generator = [1]
    for root in powers[1 : size + 1]:
        shifted = [times(coefficient, root) for coefficient in generator]
        pairs = zip([*generator, 0], [0, *shifted], strict=True)
        generator = [left ^ right for left, right in pairs]
    return tuple(
        int.from_bytes(bytes(times(element, one) for one in generator[1:]), "big")
        for element in range(_ORDER + 1)
    )


@cache
def _layers(square: Square) -> tuple[int, list[bytes]]:
    """Give the modules that are dark whatever is written, and where the bits go.

    The modules are one number, a byte each, row by row from the lowest. A layer says of each module
    which of its bits is there (255: none), so that drawing it is one translation.
    """
    inner, region = square.inner, square.side // square.regions
    laid = [place for codeword in _codewords(inner) for place in codeword]
    bits = {place: bit for bit, place in enumerate(laid)}
    layers = [bytearray(b"\xff" * square.side**2) for _ in range(0, len(laid), _LAYER)]
    frame = bytearray(square.side**2)
    for module in range(square.side**2):
        y, x = divmod(module, square.side)
        row, column = y % region, x % region
        place = y - 2 * (y // region) - 1, x - 2 * (x // region) - 1
        if column == 0 or row == region - 1:
            frame[module] = 1
        elif row == 0 or column == region - 1:
            frame[module] = (row + column) % 2 == 0
        elif place in bits:
            layers[bits[place] // _LAYER][module] = bits[place] % _LAYER
        else:
            # Squares whose last corner holds no codeword: two dark modules on its diagonal.
            frame[module] = place in ((inner - 1, inner - 1), (inner - 2, inner - 2))
    return int.from_bytes(frame, "little"), [bytes(layer) for layer in layers]


def _codewords(inner: int) -> Iterator[list[_Place]]:
    """Yield the eight places of each codeword, in order."""
    # Annex F has two more cuts, of rectangles only.
    cuts = {(inner, 0): _CUT_AFTER, (inner - 2, 0): _CUT_WITHIN}
    taken: set[_Place] = set()
    for row, column in _diagonals(inner):
        if (row, column) in cuts:
            places = [(y % inner, x % inner) for y, x in cuts[row, column]]
        elif row < inner and column < inner and (row, column) not in taken:
            places = [_wrapped(row + y, column + x, inner) for y, x in _AROUND]
        else:
            continue
        taken.update(places)
        yield places


def _diagonals(inner: int) -> Iterator[_Place]:
    """Yield the last places: up a diagonal in even rows, down the next in odd ones, and so on."""
    for total in range(4, 2 * inner, 8):
        yield from ((row, total - row) for row in range(total, -1, -2))
        yield from ((row, total + 4 - row) for row in range(1, total + 4, 2))


def _wrapped(row: int, column: int, inner: int) -> _Place:
    """Bring a place beyond the upper or left edge in again, at the other end and shifted."""
    if row < 0:
        row, column = row + inner, column + 4 - (inner + 4) % 8
    if column < 0:
        row, column = row + 4 - (inner + 4) % 8, column + inner
    return row, column
