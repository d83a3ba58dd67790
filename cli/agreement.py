"""Does the sealed page say what its code says? Asked of a letter before anybody gets it."""

from collections.abc import Sequence
from typing import ClassVar

from sealing.service.codes import Order, TownCodeOrder, TwoDDocOrder
from sealing.service.letter import SealedLetter, Sealer
from sealing.towncode.message import parse as parse_towncode
from sealing.towncode.signature import verify as check_towncode
from sealing.twoddoc.message import parse
from sealing.twoddoc.signature import verify as check_code
from storage.errors import CoffreError
from verifier.checks.printed_text import compare, compare_towncode
from verifier.reading.own import words_on
from verifier.verdict import PrintedResult


class PageDisagreesError(CoffreError):
    """The page does not show what the code says; `parts` name the data."""

    code: ClassVar[str] = "seal.page-disagrees"

    def __init__(self, missing: Sequence[str]) -> None:
        """Keep the names of the values that the page does not show."""
        super().__init__(f"got a page without {len(missing)} values")
        self.parts = tuple((name, "not-on-page") for name in missing)


def require_agreement(sealed: SealedLetter, sealer: Sealer, order: Order | None) -> None:
    """Raise PageDisagreesError for a page that does not say what its code says.

    Every verifier would call such a letter altered.
    """
    if sealed.code is None or sealed.mark is None or order is None:
        return
    words = words_on(sealed.pdf, sealed.mark.place.page)
    if isinstance(order, TwoDDocOrder):
        key = sealer.twoddocs[order.doc_type].chain[0].public_key()
        printed = compare(check_code(parse(sealed.code), key), words, sealed=True)
    else:
        key = sealer.seal.chain[0].public_key()
        printed = compare_towncode(
            check_towncode(parse_towncode(sealed.code), key), words, sealed=True
        )
    if printed.result is PrintedResult.DIFFERENT:
        in_town = isinstance(order, TownCodeOrder)
        raise PageDisagreesError([one.name if in_town else one.di for one in printed.differences])
