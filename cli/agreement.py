"""Do page, code and attached data say the same? Asked of a letter before anybody gets it."""

from collections.abc import Sequence
from typing import ClassVar

from sealing.proofs.letter_data import LetterData
from sealing.service.codes import Order, TownCodeOrder, TwoDDocOrder
from sealing.service.letter import SealedLetter, Sealer
from sealing.towncode.message import parse as parse_towncode
from sealing.towncode.signature import verify as check_towncode
from sealing.twoddoc.message import parse
from sealing.twoddoc.signature import verify as check_code
from storage.errors import CoffreError
from verifier.checks.attached import contradictions
from verifier.checks.codes import towncode, twoddoc
from verifier.checks.page.printed_text import compare, compare_towncode
from verifier.reading.own import words_on
from verifier.verdict import PrintedResult


class PageDisagreesError(CoffreError):
    """The page does not show what the code says; `parts` name the data."""

    code: ClassVar[str] = "seal.page-disagrees"

    def __init__(self, missing: Sequence[str]) -> None:
        """Keep the names of the values that the page does not show."""
        super().__init__(f"got a page without {len(missing)} values")
        self.parts = tuple((name, "not-on-page") for name in missing)


class DataDisagreeError(CoffreError):
    """The attached data say otherwise than the code; `parts` name the data."""

    code: ClassVar[str] = "seal.data-disagree"

    def __init__(self, differ: Sequence[str]) -> None:
        """Keep the names of the values that the data say otherwise."""
        super().__init__(f"got {len(differ)} values told otherwise")
        self.parts = tuple((name, "otherwise-in-data") for name in differ)


def require_agreement(
    sealed: SealedLetter, sealer: Sealer, order: Order | None, data: LetterData | None = None
) -> None:
    """Raise PageDisagreesError or DataDisagreeError where two parts of a letter say two things.

    Every verifier would call such a letter altered, or could not conclude.
    """
    if sealed.code is None or sealed.mark is None or order is None:
        return
    words = words_on(sealed.pdf, sealed.mark.place.page)
    if isinstance(order, TwoDDocOrder):
        key = sealer.twoddocs[order.doc_type].chain[0].public_key()
        message = check_code(parse(sealed.code), key)
        printed = compare(message, words, sealed=True)
        fields = [twoddoc.code_field(field) for field in message.fields()]
    else:
        key = sealer.seal.chain[0].public_key()
        proved = check_towncode(parse_towncode(sealed.code), key)
        printed = compare_towncode(proved, words, sealed=True)
        fields = [towncode.code_field(pair) for pair in proved.fields()]
    if printed.result is PrintedResult.DIFFERENT:
        in_town = isinstance(order, TownCodeOrder)
        raise PageDisagreesError([one.name if in_town else one.di for one in printed.differences])
    differ = [] if data is None else [name for name, _ in contradictions(data, fields)]
    if differ:
        raise DataDisagreeError(differ)
