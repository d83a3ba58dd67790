"""Codewords into the modules of a square Data Matrix (ISO/IEC 16022, ECC 200).

Rules kept here:

- the smallest of the 24 squares that holds them; the rest is padding (129), scrambled by its place;
- Reed-Solomon over GF(256) with polynomial 0x12D, roots alpha and up, in interleaved blocks;
- a codeword is laid as eight modules around a place of the diagonals, and goes on at the opposite
  edge where it leaves the square (annex F); each region has its own border.

Our own, since an issuer held to C40 has one on each letter: these are the modules of
ppf-datamatrix, one by one (tests), in a thirtieth of its time. What depends on the size alone is
computed once.

Drawing is translation of bytes, which tells 256 apart: a square is cut into stretches of modules
that show 32 codewords, 256 bits, at most. What one size needs is small on purpose (3 kB for 48
modules, and 28 for its corrections): a table that leaves the processor's cache between two letters
takes longer to fetch than the steps that it spares.
"""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from itertools import product
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
CAPACITIES: Final = tuple(square.capacity for square in _SQUARES)
_PAD: Final = b"\x81"
# Padding after the first, by its place from 1.
_SCRAMBLED: Final = bytes(
    (129 + 149 * place % 253) % 254 + 1 for place in range(CAPACITIES[-1] + 1)
)
_POLYNOMIAL: Final = 0x12D
_ORDER: Final = 255
# What one translation tells apart: the bits of 32 codewords, or 255 codewords and "another".
_TOLD: Final = 256
_MET: Final = _TOLD // 8
_WINDOW: Final = _TOLD - 1
# Stands before the codewords: its last bit is dark, the others light.
_DARK: Final = b"\x01"
_DARK_BIT: Final = 7
_BITS: Final = bytes.maketrans(b"01", b"\x00\x01")
_Place = tuple[int, int]
# The eight modules of a codeword, highest bit first, as (row, column) from the place of the last;
# and of the one that a corner cuts in pieces, where negative counts from the end.
_AROUND: Final = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))
_CUT_AFTER: Final = ((-1, 0), (-1, 1), (-1, 2), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1))
_CUT_WITHIN: Final = ((-3, 0), (-2, 0), (-1, 0), (0, -4), (0, -3), (0, -2), (0, -1), (1, -1))


def modules(codewords: bytes) -> bytes:
    """Give the modules of the smallest square row by row, 1 where dark.

    Raises ValueError when none is large enough.
    """
    if len(codewords) > CAPACITIES[-1]:
        raise ValueError(f"got {len(codewords)} codewords, expected {CAPACITIES[-1]}")
    square = _SQUARES[bisect_left(CAPACITIES, len(codewords))]
    data = _padded(codewords, square.capacity)
    return _drawn(_DARK + data + _corrections(data, square), square)


def _drawn(content: bytes, square: Square) -> bytes:
    sources, stretches = _stretches(square)
    gathered = 0
    for start, source in enumerate(sources):
        window = content[start * _WINDOW : (start + 1) * _WINDOW].ljust(_TOLD, b"\x00")
        gathered |= int.from_bytes(source.translate(window), "big")
    size = _TOLD * len(stretches)
    bits = f"{gathered:0{size}b}".encode("ascii").translate(_BITS)
    tables = [bits[start : start + _TOLD] for start in range(0, size, _TOLD)]
    return b"".join(map(bytes.translate, stretches, tables))


def _padded(codewords: bytes, capacity: int) -> bytes:
    size = len(codewords)
    return codewords if size == capacity else codewords + _PAD + _SCRAMBLED[size + 2 : capacity + 1]


def _corrections(data: bytes, square: Square) -> bytes:
    """Give the remainders of the blocks by the generator, interleaved as the data are."""
    size = square.checks // square.blocks
    multiples = _multiples(size)
    found = bytearray(square.checks)
    for block in range(square.blocks):
        # A remainder is one whole number, its first codeword lowest: a step of the division is a
        # shift and a sum.
        remainder = 0
        for codeword in data[block :: square.blocks]:
            remainder = remainder >> 8 ^ multiples[codeword ^ remainder & 255]
        found[block :: square.blocks] = remainder.to_bytes(size, "little")
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
        int.from_bytes(bytes(times(element, one) for one in generator[1:]), "little")
        for element in range(_ORDER + 1)
    )


@cache
def _stretches(square: Square) -> tuple[list[bytes], list[bytes]]:
    """Cut a square into stretches of modules, row by row, that show `_MET` codewords at most.

    Gives these codewords, `_MET` for each stretch, by their places; and the stretches: of each
    module, which of their bits it shows. Places count from the start of a window of `_WINDOW`
    codewords, one window after the other, and `_WINDOW` is a codeword of another window.
    """
    shown: list[int] = []
    stretches: list[bytearray] = []
    met: dict[int, int] = {}
    for codeword, bit in _shown(square):
        if not stretches or (codeword not in met and len(met) == _MET):
            shown += [*met] + [0] * (_MET - len(met)) if stretches else []
            stretches.append(bytearray())
            met = {}
        stretches[-1].append(8 * met.setdefault(codeword, len(met)) + bit)
    shown += [*met] + [0] * (_MET - len(met))
    sources = [
        bytes(one - start if start <= one < start + _WINDOW else _WINDOW for one in shown)
        for start in range(0, max(shown) + 1, _WINDOW)
    ]
    return sources, list(map(bytes, stretches))


def _shown(square: Square) -> Iterator[_Place]:
    """Yield of each module, row by row, the codeword and its bit that it shows.

    Codeword 0 is `_DARK`, for modules that are light or dark whatever is written.
    """
    inner, region = square.inner, square.side // square.regions
    laid = {
        place: (number, bit)
        for number, places in enumerate(_codewords(inner), 1)
        for bit, place in enumerate(places)
    }
    # Squares whose last corner holds no codeword: two dark modules on its diagonal.
    corner = {(inner - 1, inner - 1), (inner - 2, inner - 2)}
    for y, x in product(range(square.side), repeat=2):
        row, column = y % region, x % region
        place = y - 2 * (y // region) - 1, x - 2 * (x // region) - 1
        if column == 0 or row == region - 1:
            yield 0, _DARK_BIT
        elif row == 0 or column == region - 1:
            yield 0, _DARK_BIT * ((row + column + 1) % 2)
        else:
            yield laid.get(place, (0, _DARK_BIT * (place in corner)))


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
