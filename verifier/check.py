"""One test and its answer, and what follows from several: the words of EN 319 102-1.

Rules kept here (ETSI EN 319 102-1 clause 5.1.3; table of `verifier/DESIGN.md`):

- an answer is one of three, never a yes or a no, and always carries its reason: `reason` is a
  stable name that sentences and scripts rely on; `details` hold values for a person's screen;
- the checks of one proof stand in the order of its table: the first that did not pass gives the
  conclusion, every other one is still listed;
- a proof without any check concludes nothing: `conclude` refuses it;
- a fault of ours is never an answer: it is an exception.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final

from verifier.errors import VerifierError


class NothingCheckedError(VerifierError):
    """A conclusion was asked from no check at all: our fault, never the document's."""

    code: ClassVar[str] = "verifier.nothing-checked"


class Indication(StrEnum):
    """The three answers of EN 319 102-1."""

    TOTAL_PASSED = "TOTAL-PASSED"
    INDETERMINATE = "INDETERMINATE"
    TOTAL_FAILED = "TOTAL-FAILED"

    @property
    def severity(self) -> int:
        """Rank the answers: the highest is the worst."""
        return _SEVERITY[self]


_SEVERITY: Final = {
    Indication.TOTAL_PASSED: 0,
    Indication.INDETERMINATE: 1,
    Indication.TOTAL_FAILED: 2,
}


class SubIndication(StrEnum):
    """Why not passed; EN 319 102-1, spelled as pyHanko does (`SubIndication[status.name]`)."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    REVOKED = "REVOKED"
    NOT_YET_VALID = "NOT_YET_VALID"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    EXPIRED = "EXPIRED"
    POLICY_PROCESSING_ERROR = "POLICY_PROCESSING_ERROR"
    SIGNATURE_POLICY_NOT_AVAILABLE = "SIGNATURE_POLICY_NOT_AVAILABLE"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    OUT_OF_BOUNDS_NOT_REVOKED = "OUT_OF_BOUNDS_NOT_REVOKED"
    REVOCATION_OUT_OF_BOUNDS_NO_POE = "REVOCATION_OUT_OF_BOUNDS_NO_POE"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    NO_POE = "NO_POE"
    TRY_LATER = "TRY_LATER"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"
    GENERIC = "GENERIC"


@dataclass(frozen=True, slots=True)
class Check:
    """One test and its answer.

    `id` names the test (`twoddoc.chain`), `reason` what was found (`chain-verified`): both are
    stable. `details` are for the person's screen, never for a log.
    """

    id: str
    indication: Indication
    reason: str
    sub_indication: SubIndication | None = None
    details: Mapping[str, str | int] = field(default_factory=dict)

    @classmethod
    def passed(cls, name: str, reason: str, **details: str | int) -> "Check":
        """Say that a test passed."""
        return cls(name, Indication.TOTAL_PASSED, reason, None, details)

    @classmethod
    def failed(
        cls, name: str, reason: str, sub_indication: SubIndication, **details: str | int
    ) -> "Check":
        """Say that a test proves the document false or broken."""
        return cls(name, Indication.TOTAL_FAILED, reason, sub_indication, details)

    @classmethod
    def unsure(
        cls, name: str, reason: str, sub_indication: SubIndication, **details: str | int
    ) -> "Check":
        """Say that a test can conclude neither way."""
        return cls(name, Indication.INDETERMINATE, reason, sub_indication, details)

    @property
    def has_passed(self) -> bool:
        """Tell whether the test stands in nobody's way; the verdict is `conclude`'s."""
        return self.indication is Indication.TOTAL_PASSED


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows from some checks: the answer, and the check that gave it."""

    indication: Indication
    sub_indication: SubIndication | None
    reason: str


def conclude(checks: Sequence[Check]) -> Conclusion:
    """Conclude from the checks of one proof, in the order of its table.

    The first that did not pass wins. Raises NothingCheckedError for no check.
    """
    if not checks:
        raise NothingCheckedError("got no check, expected at least one")
    first = next((check for check in checks if not check.has_passed), None)
    if first is None:
        return Conclusion(Indication.TOTAL_PASSED, None, "all-passed")
    return Conclusion(first.indication, first.sub_indication, first.reason)
