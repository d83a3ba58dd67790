"""The seals of a PDF: integrity, later changes, chain, revocation, and what pyHanko lets through.

The lines of the table, in their order (`verifier/DESIGN.md`, "PAdES seal"):

 1. structure: the seal can be read, it is a PAdES one, and every trace of a seal in the file is one
    that a reader sees (else a changed byte would make a seal vanish);
 2. integrity: the bytes are those that were sealed;
 3. signature: it verifies under the carried certificate;
 4. later revisions: nothing but time-stamps, validation data and further signatures, with what
    these need; other words about the document or other settings are told; any other change means
    that the page is not the one that was sealed;
 5. the part of the file that no signature covers holds the CMS in one writing and zeros, and the
    CMS announces its own version, digest and signer, and carries no certificate foreign to the
    chain: pyHanko accepts others;
 6. chain to an authority of the trust folder, by a certificate not made for something else;
 7. revocation, whatever the date; lists in force;
 8. everything else that AdES validation asks (dates, key usage, algorithms), as pyHanko says it;
 9. the identifier of its letter, where it has one, is the one that it signs (`identity`);
10. the time-stamps over the seal, and the level reached (`stamps`);
11. the archive stamps over the whole file (`archives`). Where seal and time-stamps held at the hour
    of one that holds, by the proofs that it covers, lines 7 and 8 are answered by that hour: what
    time alone took away is not held against the seal. Revoked stays revoked.

No clock, no network: `now` and the lists are given.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from verifier.check import Check, Indication, SubIndication
from verifier.checks.announced import check_announced, check_carried, check_gap
from verifier.checks.archives import check_archives
from verifier.checks.certificate import (
    chain_of,
    check_purpose,
    check_revocation,
    check_revocation_list,
)
from verifier.checks.examined import PASSING, Examined, Modification, UnreadableSealsError
from verifier.checks.identity import check_redefined, named_by_seal
from verifier.checks.pyhanko_guard import examine
from verifier.checks.stamps import check_stamps, level_of
from verifier.trust.trust_list import Revocation, TrustList, subject_name
from verifier.verdict import Coverage, SealVerdict

SUB_FILTER: Final = "/ETSI.CAdES.detached"
_TRACE: Final = re.compile(rb"/ByteRange|/ETSI\.CAdES\.detached|/ETSI\.RFC3161|/adbe\.pkcs7")
# What time alone takes from a seal that held when it was archived.
_BY_TIME: Final = {
    SubIndication.OUT_OF_BOUNDS_NO_POE,
    SubIndication.OUT_OF_BOUNDS_NOT_REVOKED,
    SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE,
    SubIndication.TRY_LATER,
}

# Changes after a seal that leave the page as it was sealed, as far as anyone can tell.
_UNSURE_CHANGES: Final = {
    Modification.NONE: "bytes-outside-the-seal",
    Modification.FORM: "filled-or-annotated-after-sealing",
    Modification.ANNOTATIONS: "filled-or-annotated-after-sealing",
    Modification.METADATA: "metadata-changed-after-sealing",
    Modification.SETTINGS: "settings-changed-after-sealing",
}


def check_seals(pdf: bytes, trust: TrustList, now: datetime) -> tuple[SealVerdict, ...]:
    """Check every seal of a PDF; a trace of a seal that cannot be followed is a verdict too."""
    return judge_seals(pdf, trust, now)[0]


def judge_seals(
    pdf: bytes, trust: TrustList, now: datetime
) -> tuple[tuple[SealVerdict, ...], tuple[Examined, ...]]:
    """Check every seal of a PDF; give the verdicts as `check_seals`, and what they rest on."""
    traces = _traces(pdf)
    try:
        found = examine(pdf, trust, now)
    except UnreadableSealsError:
        return ((_lost("pdf-structure-unreadable", trust),) if traces else ()), ()
    seals = tuple(_verdict(seal, pdf, trust, now) for seal in found.seals)
    if traces > found.signatures:
        return (*seals, _lost("seal-out-of-reach", trust)), found.seals
    return seals, found.seals


def _traces(pdf: bytes) -> int:
    """Count the traces that signatures leave: one byte cannot hide both of a seal's own."""
    found = _TRACE.findall(pdf)
    ranges = found.count(b"/ByteRange")
    return max(ranges, len(found) - ranges)


def _lost(reason: str, trust: TrustList) -> SealVerdict:
    check = Check.unsure("seal.structure", reason, SubIndication.FORMAT_FAILURE)
    return SealVerdict("", (check,), test=trust.is_test)


def _verdict(seal: Examined, pdf: bytes, trust: TrustList, now: datetime) -> SealVerdict:
    level = level_of(seal) if seal.valid and seal.sub_filter == SUB_FILTER else None
    named = seal.signer is not None and seal.valid
    chain = _chain(seal, trust)
    proved = named and seal.intact and _trusted(chain, trust).has_passed
    return SealVerdict(
        field=seal.field,
        checks=tuple(_checks(seal, pdf, trust, now)),
        level=level,
        signer=_signer_name(seal.signer) if named and seal.signer else None,
        qualified=_qualified(seal, chain, trust, now) if proved else None,
        signing_time=seal.signing_time,
        coverage=seal.coverage,
        modifications=() if seal.modification in PASSING else (str(seal.modification),),
        test=trust.is_test,
        named=named_by_seal(seal, pdf, chain) if proved else None,
    )


def _qualified(
    seal: Examined, chain: list[x509.Certificate], trust: TrustList, now: datetime
) -> bool | None:
    """Tell whether the seal is a qualified one; None: no list of the folder says so now."""
    if trust.european is None:
        return None
    return trust.european.is_qualified_seal(chain, seal.archived_at or now, now)


def _chain(seal: Examined, trust: TrustList) -> list[x509.Certificate]:
    if seal.signer is None:
        return []
    return chain_of(seal.signer, (*trust.authorities, *seal.carried))


def _checks(seal: Examined, pdf: bytes, trust: TrustList, now: datetime) -> Iterator[Check]:
    yield _structure(seal)  # (1)
    if seal.fault is not None or seal.signer is None:
        return
    yield _integrity(seal)  # (2)
    yield _signature(seal)  # (3)
    yield _later_changes(seal)  # (4)
    yield check_gap("seal", pdf, seal.gap, seal.contents)  # (5)
    yield check_announced("seal", seal.contents, seal.signer)
    chain = _chain(seal, trust)
    yield check_carried("seal", seal.carried, trust, chain)
    yield _trusted(chain, trust)  # (6)
    yield check_purpose("seal", seal.signer)
    yield from _revocations(seal, chain, trust, now)  # (7)
    yield _validation(seal)  # (8)
    if redefined := check_redefined(seal, pdf):
        yield redefined  # (9)
    yield from check_stamps(seal, trust)  # (10)
    yield from check_archives(seal, pdf, trust)  # (11)


def _structure(seal: Examined) -> Check:
    if seal.fault is not None:
        sub = SubIndication.GENERIC
        return Check.unsure("seal.structure", "validator-fault", sub, fault=seal.fault)
    if seal.sub_filter != SUB_FILTER:
        sub = SubIndication.FORMAT_FAILURE
        return Check.unsure("seal.structure", "not-a-pades-seal", sub, found=seal.sub_filter)
    return Check.passed("seal.structure", "pades-seal")


def _integrity(seal: Examined) -> Check:
    if seal.intact:
        return Check.passed("seal.integrity", "content-unchanged")
    if seal.sub_indication in {SubIndication.HASH_FAILURE, "OK"}:
        return Check.failed("seal.integrity", "content-changed", SubIndication.HASH_FAILURE)
    sub = _named(seal.sub_indication)
    if seal.indication is Indication.TOTAL_FAILED:
        return Check.failed("seal.integrity", "seal-malformed", sub)
    return Check.unsure("seal.integrity", "integrity-not-established", sub)


def _named(name: str | None) -> SubIndication:
    """Give pyHanko's sub-indication; one that we do not know is GENERIC, never a traceback."""
    return SubIndication(name) if name in set(SubIndication) else SubIndication.GENERIC


def _signature(seal: Examined) -> Check:
    if seal.valid:
        return Check.passed("seal.signature", "signature-verified")
    sub = SubIndication.SIG_CRYPTO_FAILURE
    return Check.failed("seal.signature", "signature-invalid", sub)


def _later_changes(seal: Examined) -> Check:
    name, changed = "seal.later-changes", seal.modification
    match changed:
        case Modification.NONE if seal.coverage is Coverage.WHOLE_DOCUMENT:
            return Check.passed(name, "covers-whole-document")
        case Modification.VALIDATION_DATA if seal.coverage is Coverage.EARLIER_REVISION:
            return Check.passed(name, "only-validation-data-added")
        case Modification.FORM if (
            seal.only_signatures_added and seal.coverage is Coverage.EARLIER_REVISION
        ):
            return Check.passed(name, "only-seals-added")
    if changed in _UNSURE_CHANGES:
        sub = SubIndication.SIG_CONSTRAINTS_FAILURE
        return Check.unsure(name, _UNSURE_CHANGES[changed], sub)
    return Check.failed(name, "changed-after-sealing", SubIndication.HASH_FAILURE)


def _trusted(chain: list[x509.Certificate], trust: TrustList) -> Check:
    if any(certificate in trust.authorities for certificate in chain):
        return Check.passed("seal.chain", "issuer-trusted")
    sub = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    return Check.unsure("seal.chain", "issuer-not-trusted", sub)


def _revocations(
    seal: Examined, chain: list[x509.Certificate], trust: TrustList, now: datetime
) -> Iterator[Check]:
    states: list[Revocation] = [
        trust.revocation(below, above, now) for below, above in pairwise(chain)
    ]
    for state in states:
        if revoked := check_revocation("seal", state):
            yield revoked
    for state in states:
        answer = check_revocation_list("seal", state, lenient=False)
        if not answer.has_passed and seal.archived_at is not None:
            at = seal.archived_at.isoformat()
            answer = Check.passed(answer.id, "list-archived", at=at)
        yield answer


def _validation(seal: Examined) -> Check:
    """Give pyHanko's own answer: whatever the lines above missed is never green."""
    name = "seal.validation"
    if seal.indication is Indication.TOTAL_PASSED:
        return Check.passed(name, "validation-passed")
    sub = _named(seal.sub_indication)
    if seal.indication is Indication.TOTAL_FAILED:
        return Check.failed(name, "validation-failed", sub)
    if seal.archived_at is not None and sub in _BY_TIME:
        return Check.passed(name, "validation-passed-archived", at=seal.archived_at.isoformat())
    return Check.unsure(name, "validation-not-passed", sub)


def _signer_name(certificate: x509.Certificate) -> str:
    common = subject_name(certificate, NameOID.COMMON_NAME)
    organisation = subject_name(certificate, NameOID.ORGANIZATION_NAME)
    return f"{common}, {organisation}" if organisation else common
