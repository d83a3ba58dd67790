"""One tree over many digests, and the little of it that proves a single one (RFC 4998, 4.2).

Rules kept here:

- a node is the SHA-256 of its two children, put together in binary ascending order, whichever of
  them stood first;
- a value that is left without a neighbour goes up as it is: nothing is made up to fill a level;
- a reduced tree begins with the group that holds the digest itself, in ascending order; each next
  group holds what stands beside the node so far. A tree of one digest is that digest, without any
  group;
- levels are kept packed, 32 bytes a value: a million digests take 64 MB in all.

Pure: digests in, groups out.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Self

SIZE: Final = 32

Groups = tuple[tuple[bytes, ...], ...]


@dataclass(frozen=True, slots=True)
class HashTree:
    """A tree of SHA-256. `levels` are packed values, from the digests up to the root."""

    levels: tuple[bytes, ...]

    @classmethod
    def of(cls, digests: bytes) -> Self:
        """Build the tree over digests that stand one behind the other; at least one."""
        if not digests or len(digests) % SIZE:
            raise ValueError(f"got {len(digests)} bytes, expected digests of {SIZE}")
        levels = [digests]
        while len(levels[-1]) > SIZE:
            levels.append(_above(levels[-1]))
        return cls(tuple(levels))

    def __len__(self) -> int:
        """Count the digests."""
        return len(self.levels[0]) // SIZE

    @property
    def root(self) -> bytes:
        """Give the one value that all digests lead to."""
        return self.levels[-1]

    def reduced(self, place: int) -> Groups:
        """Give the groups that lead from the digest at a place, from 0, up to the root."""
        if not 0 <= place < len(self):
            raise IndexError(place)
        own = self.levels[0][place * SIZE : place * SIZE + SIZE]
        groups: list[tuple[bytes, ...]] = []
        for level in self.levels[:-1]:
            start = (place ^ 1) * SIZE
            place >>= 1
            if start < len(level):
                beside = level[start : start + SIZE]
                groups.append((beside,) if groups else tuple(sorted((own, beside))))
        return tuple(groups)


def _above(level: bytes) -> bytes:
    """Give the level above a packed one."""
    sha256, above = hashlib.sha256, bytearray()
    whole = len(level) // (2 * SIZE) * 2 * SIZE
    for start in range(0, whole, 2 * SIZE):
        pair = level[start : start + 2 * SIZE]
        if pair[:SIZE] > pair[SIZE:]:
            pair = pair[SIZE:] + pair[:SIZE]
        above += sha256(pair).digest()
    return bytes(above + level[whole:])
