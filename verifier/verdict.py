"""What the verifier answers for a file: its codes, its seals, and the worst of them.

Rules kept here (table of `verifier/DESIGN.md`):

- a file takes the worst of its entries: its own checks, seals, codes, pages against codes; a file
  without code and without seal has no indication at all;
- a code that shows `same` or an intact seal may be green; `shown_blue` tells the code that is
  authentic but was not compared with the page;
- an evidence record says when the file existed, not who made it: it never makes a file green, and
  takes the green away only where the person asked for it;
- fields are there only once a signature was verified: nothing unproved is shown.

Values only: no reading, no deciding, no sentence. `reports/` says them, `checks/` make them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from verifier.check import Check, Conclusion, Indication, conclude


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


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose seal or code this is, as its certificate says: organisation, its number, authority.

    `authority` is a digest of the authority's name and key; None: of the authorities of another
    trade (2D-Doc), which tells nothing of who signs lists.
    """

    organisation: str
    number: str
    authority: bytes | None


@dataclass(frozen=True, slots=True)
class Named:
    """The identifier that a proved seal or code gives its letter, and who gave it."""

    identifier: UUID
    issuer: Issuer


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
    named: Named | None = None

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
    named: Named | None = None

    @property
    def covers_whole_document(self) -> bool:
        """Tell whether no byte lies outside; never enough by itself to believe the file."""
        return self.coverage is Coverage.WHOLE_DOCUMENT

    @property
    def conclusion(self) -> Conclusion:
        """Conclude on the seal."""
        return conclude(self.checks)


@dataclass(frozen=True, slots=True)
class EvidenceVerdict:
    """What the evidence record of a file proves: that it existed at `time`, on whose word.

    Both are None unless every check passed. `asked`: a person named the record, so that its answer
    counts for the file; one that only lies beside it is told, and counts for nothing.
    """

    checks: tuple[Check, ...]
    time: datetime | None = None
    authority: str | None = None
    asked: bool = False

    @property
    def conclusion(self) -> Conclusion:
        """Conclude on the record."""
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
    evidence: EvidenceVerdict | None = None

    @property
    def conclusion(self) -> Conclusion | None:
        """Give the worst of the entries; None for a file without code, seal and failed check.

        Among equals the first wins: the file's own checks, seals, codes, pages against codes, then
        an evidence record that was asked for.
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
        if self.evidence is not None and self.evidence.asked:
            yield self.evidence.conclusion
