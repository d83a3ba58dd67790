"""What the verifier answers: checks with their reasons, and the verdict that follows from them.

Rules kept here (words of ETSI EN 319 102-1; table of `verifier/DESIGN.md`):

- an answer is one of three, never a yes or a no, and always carries its reason: `reason` is a
  stable name that sentences and scripts rely on; `details` hold values for a person's screen;
- the checks of one proof stand in the order of its table: the first that did not pass gives the
  conclusion, every other one is still listed;
- a proof without any check concludes nothing: `conclude` refuses it;
- a file takes the worst of its entries: codes, seals, and the page against its code; a file
  without code and without seal has no indication at all;
- a code that shows `same` or an intact seal may be green; `shown_blue` tells the code that is
  authentic but was not compared with the page;
- a fault of ours is never a verdict: it is an exception.

Values only: no reading, no deciding, no sentence. `reports/` says them, `checks/` make them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
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


class PrintedResult(StrEnum):
    """The page against its code."""

    SAME = "same"
    DIFFERENT = "different"
    NOT_COMPARED = "not-compared"


@dataclass(frozen=True, slots=True)
class Difference:
    """One signed value that the page does not show. `printed` is what stands there, if found."""

    di: str
    name: str
    signed: str
    printed: str | None = None


@dataclass(frozen=True, slots=True)
class PrintedText:
    """The words of the page against the signed values.

    `different` on a text layer fails the file (HASH_FAILURE); on recognised characters it leaves
    it open (SIGNED_DATA_NOT_FOUND): `check` carries that answer, None when nothing was compared.
    """

    result: PrintedResult
    differences: tuple[Difference, ...] = ()
    check: Check | None = None


NOT_COMPARED: Final = PrintedText(PrintedResult.NOT_COMPARED)


class CodeKind(StrEnum):
    """The two codes that a page may bear."""

    TWODDOC = "twoddoc"
    TOWNCODE = "towncode"


@dataclass(frozen=True, slots=True)
class CodeField:
    """One signed field. `value` is its text for people; `raw` what the code holds."""

    di: str
    name: str
    name_en: str
    value: str
    raw: str
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class AnnexField:
    """One field added after the signature: nobody vouches for it. Never among the fields.

    `di` is empty for an annex that cannot be cut into fields.
    """

    di: str
    raw: str


@dataclass(frozen=True, slots=True)
class CodeVerdict:
    """One code of a page. Facts of the header are what the code says, whatever the verdict.

    `fields` are there only once a signature was verified: nothing unproved is shown. `findings`
    are the oddities met (`duplicate-di:24`), those that weigh and those that are notices.
    `test` says that the authority is a test one: every screen and report then says TEST.
    """

    kind: CodeKind
    raw: bytes
    checks: tuple[Check, ...]
    version: int | None = None
    doc_type: str | None = None
    doc_type_name: str | None = None
    ca: str | None = None
    cert: str | None = None
    issuer: str | None = None
    issue_date: date | None = None
    signature_date: date | None = None
    fields: tuple[CodeField, ...] = ()
    annex: tuple[AnnexField, ...] = ()
    findings: tuple[str, ...] = ()
    test: bool = False
    printed_text: PrintedText = NOT_COMPARED
    symbology: str = "DataMatrix"
    page: int | None = None

    @property
    def conclusion(self) -> Conclusion:
        """Conclude on the code itself; the page against it counts for the file only."""
        return conclude(self.checks)

    @property
    def shown_blue(self) -> bool:
        """Tell an authentic code that nobody compared with its page: blue, not green."""
        passed = self.conclusion.indication is Indication.TOTAL_PASSED
        return passed and self.printed_text.result is PrintedResult.NOT_COMPARED


class Coverage(StrEnum):
    """How much of the file a seal covers."""

    WHOLE_DOCUMENT = "whole-document"
    EARLIER_REVISION = "earlier-revision"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class SealVerdict:
    """One PAdES seal. `modifications`: what was changed after it, in stable names.

    `level` is the AdES level reached (`B-B` to `B-LTA`), None where none is. `qualified` is None
    where no list was there to say so.
    """

    field: str
    checks: tuple[Check, ...]
    level: str | None = None
    signer: str | None = None
    qualified: bool | None = None
    signing_time: datetime | None = None
    coverage: Coverage = Coverage.UNCLEAR
    modifications: tuple[str, ...] = ()
    test: bool = False

    @property
    def covers_whole_document(self) -> bool:
        """Tell whether no byte lies outside; never enough by itself to believe the file."""
        return self.coverage is Coverage.WHOLE_DOCUMENT

    @property
    def conclusion(self) -> Conclusion:
        """Conclude on the seal."""
        return conclude(self.checks)


@dataclass(frozen=True, slots=True)
class ListUsed:
    """One list that was relied on, and its age at the time of the verdict."""

    name: str
    issued: datetime
    age_days: int


@dataclass(frozen=True, slots=True)
class TrustUsed:
    """The lists behind a verdict. `test`: they hold test authorities, believed for trials only."""

    lists: tuple[ListUsed, ...]
    test: bool = False


class SealState(StrEnum):
    """What the issuer says of the sealed letter today."""

    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    CURRENT = "current"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the letter, and the date of the list that says so."""

    state: SealState
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one file.

    `checks` are those of the file as a whole (what it is, whether its proofs agree), beside those
    of its codes and seals.
    """

    file: str
    at: datetime
    trust: TrustUsed
    codes: tuple[CodeVerdict, ...] = ()
    seals: tuple[SealVerdict, ...] = ()
    checks: tuple[Check, ...] = ()
    status: Status = field(default=Status(SealState.UNKNOWN))

    @property
    def conclusion(self) -> Conclusion | None:
        """Give the worst of the entries; None for a file without code, seal and failed check.

        Among equals the first wins: the file's own checks, seals, codes, pages against codes.
        """
        found = list(self._conclusions())
        if not self.codes and not self.seals and all(check.has_passed for check in self.checks):
            return None
        return max(found, key=lambda one: one.indication.severity)

    @property
    def test(self) -> bool:
        """Tell whether anything here rests on test authorities: then say TEST everywhere."""
        codes = any(code.test for code in self.codes)
        return self.trust.test or codes or any(seal.test for seal in self.seals)

    def _conclusions(self) -> Iterator[Conclusion]:
        if self.checks:
            yield conclude(self.checks)
        for seal in self.seals:
            yield seal.conclusion
        for code in self.codes:
            yield code.conclusion
        for code in self.codes:
            if code.printed_text.check is not None:
                yield conclude([code.printed_text.check])
