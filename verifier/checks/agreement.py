"""Whether the proofs of one file speak of one letter.

A seal and a code of one letter bear one identifier. A code that bears another was made for another
letter and put here, by mistake or not: nobody is accused, nothing is concluded. What has no
identifier of ours (a seal of other software, a code of another issuer) is not compared.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from verifier.check import Check, SubIndication
from verifier.verdict import CodeVerdict, SealVerdict

_NAME: Final = "file.identifier"


def check_agreement(seals: Sequence[SealVerdict], codes: Sequence[CodeVerdict]) -> Iterator[Check]:
    """Compare the identifiers of the codes with those of the seals."""
    sealed = {str(one.named.identifier) for one in seals if one.named is not None}
    coded = {str(one.named.identifier) for one in codes if one.named is not None}
    if not sealed or not coded:
        return
    sub = SubIndication.SIG_CONSTRAINTS_FAILURE
    for other in sorted(coded - sealed):
        told = " ".join(sorted(sealed))
        yield Check.unsure(_NAME, "identifiers-differ", sub, code=other, seal=told)
    if coded <= sealed:
        yield Check.passed(_NAME, "identifiers-agree")
