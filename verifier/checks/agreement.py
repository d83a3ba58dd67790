"""Whether the proofs of one file speak of one letter.

A seal and a code of one letter bear one identifier. A code that bears another was made for another
letter and put here, by mistake or not: nobody is accused, nothing is concluded. The same of two
codes of one issuer on one page, without a seal that says which is the letter's; on pages of their
own they are letters put together.
What has no identifier of ours (a seal of other software, a code of another issuer) is not compared.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from verifier.check import Check, SubIndication
from verifier.verdict import CodeVerdict, SealVerdict

_NAME: Final = "file.identifier"


def check_agreement(seals: Sequence[SealVerdict], codes: Sequence[CodeVerdict]) -> Iterator[Check]:
    """Compare the identifiers of the codes with those of the seals, or with each other."""
    sealed = {str(one.named.identifier) for one in seals if one.named is not None}
    coded = {str(one.named.identifier) for one in codes if one.named is not None}
    if not sealed:
        yield from _side_by_side(codes)
    if not sealed or not coded:
        return
    sub = SubIndication.SIG_CONSTRAINTS_FAILURE
    for other in sorted(coded - sealed):
        told = " ".join(sorted(sealed))
        yield Check.unsure(_NAME, "identifiers-differ", sub, code=other, seal=told)
    if coded <= sealed:
        yield Check.passed(_NAME, "identifiers-agree")


def _side_by_side(codes: Sequence[CodeVerdict]) -> Iterator[Check]:
    """Find two letters of one issuer on one page."""
    letters: dict[tuple[int | None, str], set[str]] = {}
    for one in codes:
        if one.named is not None:
            place = (one.page, one.named.issuer.organisation)
            letters.setdefault(place, set()).add(str(one.named.identifier))
    for names in letters.values():
        if len(names) > 1:
            sub, told = SubIndication.SIG_CONSTRAINTS_FAILURE, " ".join(sorted(names))
            yield Check.unsure(_NAME, "codes-of-two-letters", sub, codes=told)
