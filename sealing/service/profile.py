"""How a letter is sealed, in one frozen object: where the code goes, how far values may be bent."""

from dataclasses import dataclass, field

from sealing.marks.placement import Wish
from sealing.twoddoc.emission import STRICT, Emission


@dataclass(frozen=True, slots=True)
class Profile:
    """Options of a seal.

    `wish`: page and place of the code. `emission`: whether values may be folded to capitals without
    accents, or truncated. `country` and `perimeter` go into the header of a 2D-Doc. `address`:
    where anybody verifies a town code, printed beside it. `strict_c40`: the symbol is in C40 alone,
    as the rules of participants to 2D-Doc ask.
    """

    wish: Wish = field(default_factory=Wish)
    emission: Emission = STRICT
    address: str | None = None
    country: str = "FR"
    perimeter: str = "01"
    strict_c40: bool = False
