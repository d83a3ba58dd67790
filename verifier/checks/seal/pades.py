"""The seals of a PDF: integrity, later changes, chain, revocation, and what pyHanko lets through.

The lines of the table, in their order (`verifier/DESIGN.md`, "PAdES seal"):

 1. structure: the seal can be read, it is a PAdES one, and every trace of a seal in the file is one
    that a reader sees (else a changed byte would make a seal vanish);
 2. integrity: the bytes are those that were sealed; where what the seal leaves out is not its own
    CMS, another program wrote the file anew, and nobody can tell what else it wrote;
 3. signature: it verifies under the carried certificate;
 4. later revisions: nothing but time-stamps, validation data and further signatures, with what
    these need; other words about the document or other settings are told; any other change means
    that the page is not the one that was sealed;
 5. the part of the file that no signature covers holds the CMS in one writing and zeros, and the
    CMS announces its own version, digest and signer, and carries no certificate foreign to the
    chain: pyHanko accepts others;
 6. chain to an authority of the trust folder, by a certificate made for sealing;
 7. revocation, whatever the date; lists in force;
 8. an hour at most one day ahead; everything else that AdES validation asks (dates, key usage,
    algorithms), as pyHanko says it;
 9. the identifier of its letter, where it has one, is the one that it signs (`identity`);
10. the time-stamps over the seal, and the level reached (`stamps`);
11. the archive stamps over the whole file (`archives`). Where seal and time-stamps held at the hour
    of one that holds, by the proofs that it covers, lines 7 and 8 are answered by that hour: what
    time alone took away is not held against the seal. Revoked stays revoked.

No clock, no network: `now` and the lists are given.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from verifier.check import Check, SubIndication
from verifier.checks.certificate import (
    chain_of,
    check_purpose,
    check_revocation,
    check_revocation_list,
    check_seal_key,
)
from verifier.checks.identity import check_redefined, named_by_seal
from verifier.checks.seal.announced import check_announced, check_carried, check_gap
from verifier.checks.seal.archives import check_archives
from verifier.checks.seal.canonical import is_canonical
from verifier.checks.seal.examined import PASSING, Examined, UnreadableSealsError
from verifier.checks.seal.known import Known, known_of
from verifier.checks.seal.lines import (
    SUB_FILTER,
    check_hour,
    check_integrity,
    check_later_changes,
    check_signature,
    check_structure,
    check_trusted,
    check_validation,
)
from verifier.checks.seal.stamps import check_stamps, level_of
from verifier.checks.seal.validating.faults import CAUSES
from verifier.checks.seal.validating.pyhanko_guard import examine
from verifier.checks.seal.validating.validated_once import is_proved
from verifier.trust.trust_list import Revocation, TrustList, subject_name
from verifier.verdict import SealVerdict

STOPPED: Final = "validator-stopped"
_STATES: Final = "states"
_TRACE: Final = re.compile(rb"/ByteRange|/ETSI\.CAdES\.detached|/ETSI\.RFC3161|/adbe\.pkcs7")


def check_seals(
    pdf: bytes, trust: TrustList, now: datetime, known: Known | None = None
) -> tuple[SealVerdict, ...]:
    """Check every seal of a PDF; a trace of a seal that cannot be followed is a verdict too.

    `known`: what was found of other files under the same trust folder. Whoever judges files of
    strangers does so in a limited child (`child`).
    """
    return judge_seals(pdf, trust, now, known)[0]


def judge_seals(
    pdf: bytes, trust: TrustList, now: datetime, known: Known | None = None
) -> tuple[tuple[SealVerdict, ...], tuple[Examined, ...]]:
    """Check every seal of a PDF; give the verdicts as `check_seals`, and what they rest on."""
    traces = _traces(pdf)
    file = _File(pdf, known_of(trust, known), now)
    try:
        found = examine(pdf, trust, now, file.known)
        seals = tuple(_verdict(seal, file) for seal in found.seals)
    except UnreadableSealsError as error:
        fault = error.details.get("fault")
        reason = str(fault) if fault in CAUSES else "pdf-structure-unreadable"
        return ((_lost(reason, trust),) if traces else ()), ()
    except MemoryError:
        return (stopped("memory", test=trust.is_test),), ()
    if traces > found.signatures:
        return (*seals, _lost("seal-out-of-reach", trust)), found.seals
    return seals, found.seals


def stopped(by: str, *, test: bool) -> SealVerdict:
    """Give the verdict on a file whose seals took too much to judge; `by`: what was used up."""
    check = Check.unsure("seal.structure", STOPPED, SubIndication.GENERIC, by=by)
    return SealVerdict("", (check,), test=test)


@dataclass(frozen=True, slots=True)
class _File:
    """A file at an hour, and what is known of its trust folder."""

    pdf: bytes
    known: Known
    now: datetime

    @property
    def trust(self) -> TrustList:
        return self.known.trust


def _traces(pdf: bytes) -> int:
    """Count the traces that signatures leave: one byte cannot hide both of a seal's own."""
    found = _TRACE.findall(pdf)
    ranges = found.count(b"/ByteRange")
    return max(ranges, len(found) - ranges)


def _lost(reason: str, trust: TrustList) -> SealVerdict:
    check = Check.unsure("seal.structure", reason, SubIndication.FORMAT_FAILURE)
    return SealVerdict("", (check,), test=trust.is_test)


def _verdict(seal: Examined, file: _File) -> SealVerdict:
    level = level_of(seal) if seal.valid and seal.sub_filter == SUB_FILTER else None
    named = seal.signer is not None and seal.valid
    chain = _chain(seal, file)
    proved = named and seal.intact and check_trusted(chain, file.trust).has_passed
    return SealVerdict(
        field=seal.field,
        checks=tuple(_checks(seal, file, chain)),
        level=level,
        signer=_signer_name(seal.signer) if named and seal.signer else None,
        qualified=_qualified(seal, chain, file) if proved else None,
        signing_time=seal.signing_time,
        coverage=seal.coverage,
        modifications=() if seal.modification in PASSING else (str(seal.modification),),
        test=file.trust.is_test,
        named=named_by_seal(seal, file.pdf, chain) if proved else None,
    )


def _qualified(seal: Examined, chain: list[x509.Certificate], file: _File) -> bool | None:
    """Tell whether the seal is a qualified one; None: no list of the folder says so now."""
    if file.trust.european is None:
        return None
    return file.trust.european.is_qualified_seal(chain, seal.archived_at or file.now, file.now)


def _chain(seal: Examined, file: _File) -> list[x509.Certificate]:
    signer = seal.signer
    if signer is None:
        return []
    known = (*file.trust.authorities, *seal.carried)
    return file.known.once("chain", seal.template, lambda: chain_of(signer, known))


def _checks(seal: Examined, file: _File, chain: list[x509.Certificate]) -> Iterator[Check]:
    yield check_structure(seal)  # (1)
    if seal.fault is not None or seal.signer is None:
        return
    yield check_integrity(seal, file.pdf)  # (2)
    yield check_signature(seal)  # (3)
    yield check_later_changes(seal)  # (4)
    once, key, trust = file.known.once, seal.template, file.trust

    def canonical(encoded: bytes) -> bool:
        proved = is_proved(file.known, key, file.now)
        return once("canonical", key, lambda: is_canonical(encoded, proved=proved))

    yield check_gap("seal", file.pdf, seal.gap, seal.contents, canonical)  # (5)
    yield once("announced", key, lambda: check_announced("seal", seal.contents, seal.signer))
    yield once("carried", key, lambda: check_carried("seal", seal.carried, trust, chain))
    yield check_trusted(chain, trust)  # (6)
    yield check_purpose("seal", seal.signer)
    yield check_seal_key("seal", seal.signer)
    yield from _revocations(seal, file, chain)  # (7)
    yield check_hour(seal, file.now)  # (8)
    yield check_validation(seal)
    if redefined := check_redefined(seal, file.pdf):
        yield redefined  # (9)
    yield from check_stamps(seal, trust)  # (10)
    yield from check_archives(seal, file.pdf, trust)  # (11)


def _states(seal: Examined, file: _File, chain: list[x509.Certificate]) -> list[Revocation]:
    """Look every certificate of a chain up, once for the seals of a template at this hour."""
    kept: list[Revocation] | None = file.known.recall(_STATES, seal.template, file.now)
    if kept is not None:
        return kept
    trust, now = file.trust, file.now
    found = [trust.revocation(below, above, now) for below, above in pairwise(chain)]
    file.known.keep((_STATES, seal.template), found, now, chain)
    return found


def _revocations(seal: Examined, file: _File, chain: list[x509.Certificate]) -> Iterator[Check]:
    states = _states(seal, file, chain)
    for state in states:
        if revoked := check_revocation("seal", state):
            yield revoked
    for state in states:
        answer = check_revocation_list("seal", state, lenient=False)
        if not answer.has_passed and seal.archived_at is not None:
            at = seal.archived_at.isoformat()
            answer = Check.passed(answer.id, "list-archived", at=at)
        yield answer


def _signer_name(certificate: x509.Certificate) -> str:
    common = subject_name(certificate, NameOID.COMMON_NAME)
    organisation = subject_name(certificate, NameOID.ORGANIZATION_NAME)
    return f"{common}, {organisation}" if organisation else common
