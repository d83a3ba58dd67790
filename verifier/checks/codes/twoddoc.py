"""One 2D-Doc against the trust lists: every line of the verdict table, in its order.

Rules kept here (`verifier/DESIGN.md`, "2D-Doc"; the numbers are those of its procedure):

 1. structure (`structure.py`): what cannot be read is FORMAT_FAILURE; what the road damaged, or a
    part that is missing, asks for another scan; a version of later is not held against it;
 2. issuer: authority and certificate are in our lists, or our directory is too old to say;
 3. chain: the authority's key signed the certificate; the test authority counts in test mode alone;
 4. signature over the bytes read; 5. revocation, whatever the date; 6. authority withdrawn;
 7. dates: the certificate and its authority are valid on the *signature date*, not today;
 8. key: an elliptic curve of the specification, for signing; 9. a list of revocations in force;
10. a signature date in the future; 11. what the code says, against the table of its type
    (`content.py`).

In test mode the dates of FR00 and the absence of its list are reported, not applied. Fields are
shown only when the signature verifies under a chained certificate. No clock: `now` is given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from cryptography.x509.oid import NameOID

from sealing.twoddoc.catalogue import doc_type
from sealing.twoddoc.conformance import dated_findings
from sealing.twoddoc.fields import FindingCode
from sealing.twoddoc.header import Form, NotTwoDDocError, TwoDDocError
from sealing.twoddoc.message import ParsedMessage, parse, parse_set
from sealing.twoddoc.signature import (
    ShownField,
    VerifiedMessage,
)
from sealing.twoddoc.values import LocalDateTime, Period
from verifier.check import Check, SubIndication
from verifier.checks.certificate import (
    check_dates,
    check_key_usage,
    check_revocation,
    check_revocation_list,
)
from verifier.checks.codes.content import check_content
from verifier.checks.codes.signer import Candidate, Outcome, best_candidate
from verifier.checks.codes.structure import MADE_OF_BYTES, check_malformed
from verifier.checks.identity import named_by_twoddoc
from verifier.trust.trust_list import (
    NoList,
    Revocation,
    TrustList,
    is_test_authority,
    subject_name,
)
from verifier.verdict import AnnexField, CodeField, CodeKind, CodeVerdict

_FUTURE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TwoDDocResult:
    """The verdict on a code; `proved` is the message where its signature was verified."""

    verdict: CodeVerdict
    proved: VerifiedMessage | None


@dataclass(frozen=True, slots=True)
class _Case:
    """A well-formed code, the lists, the day, and the certificate that fits best."""

    raw: bytes
    pasted: bool
    parsed: ParsedMessage
    trust: TrustList
    now: datetime
    candidate: Candidate | None

    @property
    def lenient(self) -> bool:
        """Tell whether this is the test authority, in test mode."""
        return self.trust.is_test and is_test_authority(self.parsed.header.ca_id)


def check_twoddoc(
    raw: bytes, trust: TrustList, now: datetime, *, repair: bool = False
) -> TwoDDocResult:
    """Check one code; `raw` is the bytes of its symbol, `repair` is for texts typed or pasted.

    Raises NotTwoDDocError when this is no 2D-Doc at all: there is then no verdict to give.
    """
    return check_symbols([raw], trust, now, repair=repair)


def check_symbols(
    symbols: Sequence[bytes], trust: TrustList, now: datetime, *, repair: bool = False
) -> TwoDDocResult:
    """Check one code, of one symbol or the parts of it that were found; else as `check_twoddoc`."""
    raw, alone = b"".join(symbols), len(symbols) == 1
    try:
        parsed = parse(raw, repair=repair) if alone else parse_set(symbols, repair=repair)
    except NotTwoDDocError:
        raise
    except TwoDDocError as problem:
        check = check_malformed(problem, mangled=repair and raw.startswith(MADE_OF_BYTES))
        return TwoDDocResult(CodeVerdict(CodeKind.TWODDOC, raw, (check,)), None)
    candidate = best_candidate(parsed, trust)
    case = _Case(raw, repair, parsed, trust, now.astimezone(UTC), candidate)
    proved = candidate.proved if candidate and candidate.chained else None
    return TwoDDocResult(_verdict(case, proved), proved)


def _checks(case: _Case) -> Iterator[Check]:
    candidate = case.candidate
    yield _structure(case)
    if candidate is None:
        yield _issuer_unknown(case)
    else:
        yield Check.passed("twoddoc.issuer", "issuer-listed")
        yield _chain(candidate)
        if candidate.chained:
            yield from _certificate(case, candidate)
    yield _time(case)
    yield check_content(case.parsed)


def _structure(case: _Case) -> Check:
    if case.candidate and case.candidate.outcome is Outcome.WRONG_LENGTH:
        got = len(case.parsed.signature)
        sub = SubIndication.FORMAT_FAILURE
        return Check.failed("twoddoc.structure", "signature-length", sub, bytes=got)
    return Check.passed("twoddoc.structure", "well-formed", version=case.parsed.header.version)


def _issuer_unknown(case: _Case) -> Check:
    header = case.parsed.header
    named = {"ca": header.ca_id, "certificate": header.certificate_id}
    if is_test_authority(header.ca_id) and not case.trust.is_test:
        sub = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
        return Check.unsure("twoddoc.chain", "test-authority-outside-test-mode", sub, **named)
    if case.trust.directory_is_old(case.now):
        sub = SubIndication.TRY_LATER
        return Check.unsure("twoddoc.issuer", "directory-too-old", sub, **named)
    sub = SubIndication.NO_SIGNING_CERTIFICATE_FOUND
    return Check.unsure("twoddoc.issuer", "issuer-not-listed", sub, **named)


def _chain(candidate: Candidate) -> Check:
    if candidate.issuer is not None:
        return Check.passed("twoddoc.chain", "chain-verified")
    if candidate.chained:
        return Check.passed("twoddoc.chain", "test-certificate-without-authority")
    sub = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    return Check.unsure("twoddoc.chain", "not-signed-by-its-authority", sub)


def _certificate(case: _Case, candidate: Candidate) -> Iterator[Check]:
    if candidate.outcome in {Outcome.VALID, Outcome.INVALID}:
        yield _signature(case, candidate)
    revocation = _revocation(case, candidate)
    if revoked := check_revocation("twoddoc", revocation):
        yield revoked
    if case.parsed.header.ca_id in case.trust.withdrawn:
        sub = SubIndication.REVOKED_CA_NO_POE
        yield Check.unsure("twoddoc.authority", "authority-withdrawn", sub)
    holders = [one for one in (candidate.leaf, candidate.issuer) if one is not None]
    day = case.parsed.header.signature_date
    yield check_dates("twoddoc", holders, day, lenient=case.lenient)
    if candidate.outcome is Outcome.WRONG_KEY:
        sub = SubIndication.CHAIN_CONSTRAINTS_FAILURE
        yield Check.unsure("twoddoc.key", "key-not-allowed", sub)
    else:
        yield check_key_usage("twoddoc", candidate.leaf)
    yield check_revocation_list("twoddoc", revocation, lenient=case.lenient)


def _signature(case: _Case, candidate: Candidate) -> Check:
    if candidate.outcome is Outcome.VALID:
        return Check.passed("twoddoc.signature", "signature-verified")
    if case.pasted and case.parsed.made_of_bytes:
        sub = SubIndication.SIGNED_DATA_NOT_FOUND
        return Check.unsure("twoddoc.signature", "bytes-read-as-text", sub)
    guessed = FindingCode.REPAIRED_TRANSPORT in {one.code for one in case.parsed.findings}
    if guessed and b"\x1f" not in case.raw and b"<US>" not in case.raw:
        # Where the signature begins was guessed: only the symbol can tell forged from mistaken.
        sub = SubIndication.SIGNED_DATA_NOT_FOUND
        return Check.unsure("twoddoc.signature", "repaired-and-not-proved", sub)
    sub = SubIndication.SIG_CRYPTO_FAILURE
    return Check.failed("twoddoc.signature", "signature-invalid", sub)


def _revocation(case: _Case, candidate: Candidate) -> Revocation:
    if candidate.issuer is None:
        return NoList()
    return case.trust.revocation(candidate.leaf, candidate.issuer, case.now)


def _time(case: _Case) -> Check:
    signed = case.parsed.header.signature_date
    if signed > case.now.date() + _FUTURE:
        sub = SubIndication.TIMESTAMP_ORDER_FAILURE
        return Check.unsure("twoddoc.time", "signed-in-future", sub, signed=signed.isoformat())
    return Check.passed("twoddoc.time", "signed-in-the-past")


def _verdict(case: _Case, proved: VerifiedMessage | None) -> CodeVerdict:
    header, parsed = case.parsed.header, case.parsed
    entry = doc_type(header.doc_type, header.perimeter)
    dated = dated_findings(header, parsed.fields, case.now.date())
    return CodeVerdict(
        kind=CodeKind.TWODDOC,
        raw=case.raw,
        checks=tuple(_checks(case)),
        version=header.version,
        doc_type=header.doc_type,
        doc_type_name=entry.french if entry else None,
        ca=header.ca_id,
        cert=header.certificate_id,
        issuer=_issuer_name(case.candidate),
        issue_date=header.issue_date,
        signature_date=header.signature_date,
        fields=tuple(code_field(field) for field in proved.fields()) if proved else (),
        annex=_annex_fields(parsed),
        findings=tuple(str(finding) for finding in (*parsed.findings, *dated)),
        test=is_test_authority(header.ca_id),
        named=named_by_twoddoc(proved, case.candidate.leaf) if proved and case.candidate else None,
    )


def _annex_fields(parsed: ParsedMessage) -> tuple[AnnexField, ...]:
    if parsed.annex is None:
        return ()
    if parsed.annex.raw and not parsed.annex.fields:
        raw = parsed.annex.raw
        whole = raw.hex() if parsed.header.form is Form.BINARY else raw.decode("ascii")
        return (AnnexField("", whole),)
    return tuple(AnnexField(field.di, field.raw) for field in parsed.annex.fields)


def _issuer_name(candidate: Candidate | None) -> str | None:
    if candidate is None or not candidate.chained:
        return None
    organisation = subject_name(candidate.leaf, NameOID.ORGANIZATION_NAME)
    return organisation or subject_name(candidate.leaf, NameOID.COMMON_NAME)


def code_field(field: ShownField) -> CodeField:
    """Give a proved field as a verdict's."""
    match field.value:
        case LocalDateTime() | Period():
            text = str(field.value)
        case date():
            text = field.value.isoformat()
        case str():
            text = field.value
        case _:
            text = field.raw
    return CodeField(field.di, field.french, field.english, text, field.raw, field.truncated)
