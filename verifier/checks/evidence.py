"""The evidence record that came with a file: this very file existed at the hour of a time-stamp.

The lines of the table, in their order (`verifier/DESIGN.md`, "Evidence record"):

1. structure: the record can be read, and is of the kind that is;
2. file: the digest of the whole file stands in it;
3. time-stamp: it is about what the record leads to, and its signature verifies;
4. its bytes: written as DER has it, announcing what it holds, carrying nobody's certificate;
5. authority: a chain to the trust folder, nothing revoked, lists in force;
6. hour: not ahead of the moment of judging;
7. everything else that AdES validation asks of a time-stamp, as pyHanko says it.

Rules kept here (RFC 4998 section 4.3; EN 319 102-1 clause 5.6): a record that does not hold proves
nothing and accuses nobody: unsure, never failed, for the record is a file of its own, which anybody
can put there. Hour and authority are told only where all of it passed.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from cryptography import x509

from sealing.proofs.evidence_record import (
    EvidenceRecord,
    EvidenceRecordError,
    NotCoveredError,
    OtherEvidenceError,
)
from verifier.check import Check, Indication, SubIndication
from verifier.checks.certificate import chain_of, check_revocation_list, holder_name
from verifier.checks.seal.announced import check_announced, check_carried, check_written
from verifier.checks.seal.examined import Stamp
from verifier.checks.seal.validating.pyhanko_guard import examine_stamp
from verifier.reading.found import FoundRecord
from verifier.trust.trust_list import Revoked, TrustList
from verifier.verdict import EvidenceVerdict

_NAME: Final = "evidence"
_AHEAD: Final = timedelta(days=1)


def check_evidence(
    found: FoundRecord, document: bytes, trust: TrustList, now: datetime
) -> EvidenceVerdict:
    """Check the record that came with a document."""
    proof = _Proof(found, document, trust, now)
    checks = tuple(proof.checks())
    stamp = proof.stamp
    if not all(check.has_passed for check in checks) or stamp is None or stamp.signer is None:
        return EvidenceVerdict(checks, asked=found.asked)
    return EvidenceVerdict(checks, stamp.time, holder_name(stamp.signer), found.asked)


class _Proof:
    """One record under examination; `stamp` is there once it was read that far."""

    def __init__(
        self, found: FoundRecord, document: bytes, trust: TrustList, now: datetime
    ) -> None:
        self._found, self._document, self._trust, self._now = found, document, trust, now
        self.stamp: Stamp | None = None

    def checks(self) -> Iterator[Check]:
        """Go through the lines; a line whose ground is missing is not there."""
        record, structure = _read(self._found.data)
        yield structure  # (1)
        if record is None:
            return
        root, about = _about(record, self._document)
        yield about  # (2)
        if root is None:
            return
        stamp = self._examined(record, root)
        yield _holds(stamp)  # (3)
        if stamp.signer is None or stamp.time is None or not (stamp.intact and stamp.valid):
            return
        chain = chain_of(stamp.signer, (*self._trust.authorities, *stamp.carried))
        yield check_written(_NAME, stamp.contents)  # (4)
        yield check_announced(_NAME, stamp.contents, stamp.signer)
        yield check_carried(_NAME, stamp.carried, self._trust, chain)
        yield _known(chain, self._trust)  # (5)
        yield from self._revocations(chain)
        yield _hour(stamp.time, self._now)  # (6)
        yield _validation(stamp)  # (7)

    def _examined(self, record: EvidenceRecord, root: bytes) -> Stamp:
        def imprint(algorithm: str) -> bytes:
            # The tree and the time-stamp are by one algorithm, or the root is not what was stamped.
            return root if algorithm == record.algorithm else b""

        self.stamp = examine_stamp(record.token, imprint, self._trust, self._now)
        return self.stamp

    def _revocations(self, chain: list[x509.Certificate]) -> Iterator[Check]:
        for below, above in pairwise(chain):
            state = self._trust.revocation(below, above, self._now)
            if isinstance(state, Revoked):
                sub = SubIndication.REVOKED_NO_POE
                yield Check.unsure(f"{_NAME}.revocation", "evidence-authority-revoked", sub)
            yield check_revocation_list(_NAME, state, lenient=False)


def _read(data: bytes) -> tuple[EvidenceRecord | None, Check]:
    name = f"{_NAME}.structure"
    try:
        record = EvidenceRecord.parse(data)
    except OtherEvidenceError as error:
        sub, why = SubIndication.POLICY_PROCESSING_ERROR, error.details["why"]
        return None, Check.unsure(name, "evidence-form-unsupported", sub, why=why)
    except EvidenceRecordError as error:
        sub, why = SubIndication.FORMAT_FAILURE, error.details["why"]
        return None, Check.unsure(name, "evidence-unreadable", sub, why=why)
    return record, Check.passed(name, "evidence-well-formed")


def _about(record: EvidenceRecord, document: bytes) -> tuple[bytes | None, Check]:
    """Ask whether a record is about a document; give what must then have been stamped."""
    name, sub = f"{_NAME}.file", SubIndication.SIGNED_DATA_NOT_FOUND
    other = Check.unsure(name, "evidence-of-another-file", sub)
    try:
        root = record.root(record.digest_of(document))
    except NotCoveredError:
        return None, other
    # Without a tree only the token names the file: it says so in plain bytes.
    if not record.groups and root not in record.token:
        return None, other
    return root, Check.passed(name, "evidence-of-this-file")


def _holds(stamp: Stamp) -> Check:
    name, sub = f"{_NAME}.time-stamp", SubIndication.SIG_CONSTRAINTS_FAILURE
    if stamp.fault is not None:
        return Check.unsure(name, "evidence-time-stamp-unreadable", sub, fault=stamp.fault)
    if not (stamp.intact and stamp.valid) or stamp.signer is None or stamp.time is None:
        return Check.unsure(name, "evidence-broken", sub)
    return Check.passed(name, "evidence-stamped")


def _known(chain: list[x509.Certificate], trust: TrustList) -> Check:
    name, sub = f"{_NAME}.chain", SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    if any(certificate in trust.authorities for certificate in chain):
        return Check.passed(name, "evidence-authority-known")
    return Check.unsure(name, "evidence-authority-unknown", sub)


def _hour(time: datetime, now: datetime) -> Check:
    name, sub = f"{_NAME}.time", SubIndication.TIMESTAMP_ORDER_FAILURE
    at = time.isoformat()
    if time > now + _AHEAD:
        return Check.unsure(name, "evidence-in-future", sub, at=at)
    return Check.passed(name, "evidence-in-the-past", at=at)


def _validation(stamp: Stamp) -> Check:
    """Give pyHanko's own answer: whatever the lines above missed proves nothing."""
    name = f"{_NAME}.validation"
    if stamp.indication is Indication.TOTAL_PASSED:
        return Check.passed(name, "evidence-proved")
    return Check.unsure(name, "evidence-not-proved", SubIndication.GENERIC)
