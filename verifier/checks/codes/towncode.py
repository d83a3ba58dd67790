"""One town code against the trust lists: every line of the verdict table, in its order.

Rules kept here (`verifier/DESIGN.md`, "Town code"; the numbers are those of its procedure):

 1. structure: what cannot be read is FORMAT_FAILURE; a code whose end was lost on the road asks for
    another scan; a layout of later is not held against the document;
 2. issuer: the thumbprint of the code picks a seal's certificate of our lists;
 3. chain: it leads to an authority of our lists; in test mode alone, a certificate whose authority
    the lists do not have is believed as it stands;
 4. signature over the bytes read; 5. revocation of each certificate of the chain, whatever the
    date; 6. dates: all of them are valid on the *day of issue*; 7. a key on P-256, made for signing
    and for nothing else; 8. lists of revocations in force; 9. an issue in the future;
10. what the code says: names twice, numbers unknown, hidden characters.

What a code says is text of anybody until its signature is proved: then only do type, values and
findings go into the verdict. The issuer's name is the certificate's. No clock: `now` is given.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from cryptography import x509

from sealing.towncode.errors import (
    CutShortError,
    NotTownCodeError,
    TownCodeError,
    UnknownLayoutError,
)
from sealing.towncode.message import LAYOUT, Finding, FindingCode, ParsedTownCode, parse
from sealing.towncode.registry import types
from sealing.towncode.signature import (
    KeyNotAllowedError,
    ShownPair,
    SignatureInvalidError,
    VerifiedTownCode,
    verify,
)
from verifier.check import Check, SubIndication
from verifier.checks.certificate import (
    chain_of,
    check_dates,
    check_key_usage,
    check_purpose,
    check_revocation,
    check_revocation_list,
    holder_name,
)
from verifier.checks.identity import named_by_town
from verifier.trust.anchors import UNREADABLE
from verifier.trust.trust_list import NoList, Revocation, TrustList
from verifier.verdict import CodeField, CodeKind, CodeVerdict

_FUTURE: Final = timedelta(days=1)
_UNTIL: Final = 10
_DECISIVE: Final = frozenset(
    {
        FindingCode.DUPLICATE_LABEL,
        FindingCode.UNKNOWN_LABEL,
        FindingCode.UNKNOWN_TYPE,
        FindingCode.CHARSET,
    }
)


@dataclass(frozen=True, slots=True)
class TownCodeResult:
    """The verdict on a code; `proved` is what it says where its signature was verified."""

    verdict: CodeVerdict
    proved: VerifiedTownCode | None


@dataclass(frozen=True, slots=True)
class SealChain:
    """A seal's certificate and those above it. `pinned`: believed as it stands, for tests."""

    certificates: tuple[x509.Certificate, ...]
    chained: bool
    pinned: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One certificate of the code's thumbprint, tried.

    `valid` is None where the key is of a kind that signs no town code.
    """

    chain: SealChain
    valid: bool | None
    proved: VerifiedTownCode | None


@dataclass(frozen=True, slots=True)
class _Case:
    """A well-formed code, the lists, the moment, and the certificate that fits best."""

    raw: bytes
    parsed: ParsedTownCode
    trust: TrustList
    now: datetime
    candidate: _Candidate | None


def check_towncode(
    raw: bytes, trust: TrustList, now: datetime, *, repair: bool = False
) -> TownCodeResult:
    """Check one code; `raw` is the bytes of its symbol, `repair` is for texts typed or pasted.

    Raises NotTownCodeError when this is no town code at all: there is then no verdict to give.
    """
    try:
        parsed = parse(raw, repair=repair)
    except NotTownCodeError:
        raise
    except TownCodeError as problem:
        verdict = CodeVerdict(CodeKind.TOWNCODE, raw, (_malformed(problem),))
        return TownCodeResult(verdict, None)
    case = _Case(raw, parsed, trust, now.astimezone(UTC), _best(parsed, trust))
    proved = case.candidate.proved if case.candidate and case.candidate.chain.chained else None
    return TownCodeResult(_verdict(case, proved), proved)


def _malformed(problem: TownCodeError) -> Check:
    reason = str(problem.reason)
    if isinstance(problem, UnknownLayoutError):
        sub, layout = SubIndication.POLICY_PROCESSING_ERROR, problem.details["layout"]
        return Check.unsure("towncode.structure", reason, sub, layout=layout)
    if isinstance(problem, CutShortError):
        return Check.unsure("towncode.structure", reason, SubIndication.SIGNED_DATA_NOT_FOUND)
    return Check.failed("towncode.structure", reason, SubIndication.FORMAT_FAILURE)


def _best(parsed: ParsedTownCode, trust: TrustList) -> _Candidate | None:
    """Give the certificate of the thumbprint that fits best: chained, then proving."""
    named = trust.seals.get(parsed.thumbprint, ())
    tried = [_tried(parsed, trust, certificate) for certificate in named]
    return max(tried, key=lambda one: (one.chain.chained, one.valid or False), default=None)


def seal_chain(leaf: x509.Certificate, trust: TrustList) -> SealChain:
    """Follow a seal's certificate to an authority of the lists."""
    chain = tuple(chain_of(leaf, trust.authorities))
    known = len(chain) > 1 or leaf in trust.authorities
    # A namesake of an authority that we have is a fault, not an authority that we lack.
    named = any(_same_name(authority, leaf) for authority in trust.authorities)
    pinned = trust.is_test and not known and not named
    return SealChain(chain, known or pinned, pinned)


def _same_name(authority: x509.Certificate, leaf: x509.Certificate) -> bool:
    """Compare names; one that cannot be read may be the same: nothing is then pinned."""
    try:
        return authority.subject == leaf.issuer
    except UNREADABLE:
        return True


def _tried(parsed: ParsedTownCode, trust: TrustList, leaf: x509.Certificate) -> _Candidate:
    chain = seal_chain(leaf, trust)
    proved, valid = None, None
    try:
        proved = verify(parsed, leaf.public_key())
        valid = True
    except SignatureInvalidError:
        valid = False
    except (KeyNotAllowedError, *UNREADABLE):
        pass
    return _Candidate(chain, valid, proved)


def _checks(case: _Case, proved: VerifiedTownCode | None) -> Iterator[Check]:
    candidate = case.candidate
    yield Check.passed("towncode.structure", "well-formed", layout=LAYOUT)
    if candidate is None:
        sub = SubIndication.NO_SIGNING_CERTIFICATE_FOUND
        name = case.parsed.thumbprint.hex()
        yield Check.unsure("towncode.issuer", "seal-not-listed", sub, certificate=name)
    else:
        yield Check.passed("towncode.issuer", "issuer-listed")
        yield _chain(candidate.chain)
        if candidate.chain.chained:
            yield from _certificate(case, candidate)
    yield _time(case)
    if proved is not None:
        yield _content(proved)


def _chain(chain: SealChain) -> Check:
    if chain.pinned:
        return Check.passed("towncode.chain", "test-certificate-without-authority")
    if chain.chained:
        return Check.passed("towncode.chain", "chain-verified")
    sub = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    return Check.unsure("towncode.chain", "authority-not-listed", sub)


def _certificate(case: _Case, candidate: _Candidate) -> Iterator[Check]:
    chain, pinned = candidate.chain.certificates, candidate.chain.pinned
    leaf = chain[0]
    if candidate.valid is not None:
        yield _signature(valid=candidate.valid)
    states: list[Revocation] = [
        case.trust.revocation(below, above, case.now) for below, above in pairwise(chain)
    ]
    for state in states:
        if revoked := check_revocation("towncode", state):
            yield revoked
    day = case.parsed.claims.issued_at.date()
    yield check_dates("towncode", chain, day, lenient=pinned)
    if candidate.valid is None:
        sub = SubIndication.CHAIN_CONSTRAINTS_FAILURE
        yield Check.unsure("towncode.key", "key-not-allowed", sub)
    else:
        yield check_key_usage("towncode", leaf)
    yield check_purpose("towncode", leaf)
    for state in states or [NoList()]:
        yield check_revocation_list("towncode", state, lenient=pinned)


def _signature(*, valid: bool) -> Check:
    if valid:
        return Check.passed("towncode.signature", "signature-verified")
    sub = SubIndication.SIG_CRYPTO_FAILURE
    return Check.failed("towncode.signature", "signature-invalid", sub)


def _time(case: _Case) -> Check:
    issued = case.parsed.claims.issued_at
    if issued > case.now + _FUTURE:
        sub = SubIndication.TIMESTAMP_ORDER_FAILURE
        told = issued.date().isoformat()
        return Check.unsure("towncode.time", "signed-in-future", sub, signed=told)
    return Check.passed("towncode.time", "signed-in-the-past")


def _content(proved: VerifiedTownCode) -> Check:
    decisive = [str(finding) for finding in proved.findings if finding.code in _DECISIVE]
    if decisive:
        sub = SubIndication.SIG_CONSTRAINTS_FAILURE
        told = " ".join(decisive)
        return Check.unsure("towncode.content", "content-unclear", sub, findings=told)
    return Check.passed("towncode.content", "content-clear")


def _verdict(case: _Case, proved: VerifiedTownCode | None) -> CodeVerdict:
    kind, claims, candidate = case.parsed.claims.doc_type, case.parsed.claims, case.candidate
    entry = types().get(kind) if isinstance(kind, int) else None
    name = proved.type_name()[0] if proved else entry.french if entry else None
    return CodeVerdict(
        kind=CodeKind.TOWNCODE,
        raw=case.raw,
        checks=tuple(_checks(case, proved)),
        version=LAYOUT,
        doc_type=str(kind) if proved or entry else None,
        doc_type_name=name,
        cert=case.parsed.thumbprint.hex().upper(),
        issuer=_issuer(candidate),
        signature_date=claims.issued_at.date(),
        fields=tuple(code_field(pair) for pair in proved.fields()) if proved else (),
        findings=tuple(str(one) for one in _findings(case, proved)) if proved else (),
        test=case.trust.is_test,
        named=named_by_town(proved, candidate.chain.certificates) if proved and candidate else None,
    )


def _issuer(candidate: _Candidate | None) -> str | None:
    if candidate is None or not candidate.chain.chained:
        return None
    return holder_name(candidate.chain.certificates[0])


def _findings(case: _Case, proved: VerifiedTownCode) -> Iterator[Finding]:
    yield from proved.findings
    today = case.now.date().isoformat()
    for pair in proved.fields():
        # A month or a year ends with its last day: as texts, 2026-11 is past once 2026-12 begins.
        if pair.label == _UNTIL and pair.raw and pair.raw < today[: len(pair.raw)]:
            yield Finding(FindingCode.EXPIRED_DOCUMENT, str(_UNTIL))


def code_field(pair: ShownPair) -> CodeField:
    """Give a proved pair as a verdict's field."""
    number = "" if pair.label is None else str(pair.label)
    return CodeField(number, pair.french, pair.english, pair.raw, pair.raw)
