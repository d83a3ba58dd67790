"""Lines of the verdict on one seal that hang on what pyHanko found, and on nothing else.

The table is in `pades`; each function gives the Check of one of its lines.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509

from verifier.check import Check, Indication, SubIndication
from verifier.checks.seal.announced import leaves_out_itself
from verifier.checks.seal.examined import BAD_RANGES, NO_SIGNER, Examined, Modification
from verifier.checks.seal.validating.faults import CAUSES
from verifier.trust.trust_list import TrustList
from verifier.verdict import Coverage

SUB_FILTER: Final = "/ETSI.CAdES.detached"
_AHEAD: Final = timedelta(days=1)
_FAULTS: Final = {
    NO_SIGNER: ("signer-not-identified", SubIndication.NO_SIGNING_CERTIFICATE_FOUND),
    BAD_RANGES: ("ranges-malformed", SubIndication.FORMAT_FAILURE),
}
# What pyHanko did not let pass, where one word says it.
_UNPASSED: Final = {
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE: "algorithm-too-weak",
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE: "algorithm-too-weak",
    SubIndication.OUT_OF_BOUNDS_NO_POE: "certificate-out-of-date",
    SubIndication.OUT_OF_BOUNDS_NOT_REVOKED: "certificate-out-of-date",
    SubIndication.NOT_YET_VALID: "signed-before-certificate",
}
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
    Modification.PROOFS: "proofs-removed-after-sealing",
}


def check_structure(seal: Examined) -> Check:
    """Say whether the seal can be read, and is one of PAdES."""
    if seal.fault in CAUSES:
        return Check.unsure("seal.structure", seal.fault, SubIndication.FORMAT_FAILURE)
    if seal.fault is not None:
        reason, sub = _FAULTS.get(seal.fault, ("validator-fault", SubIndication.GENERIC))
        return Check.unsure("seal.structure", reason, sub, fault=seal.fault)
    if seal.sub_filter != SUB_FILTER:
        sub = SubIndication.FORMAT_FAILURE
        return Check.unsure("seal.structure", "not-a-pades-seal", sub, found=seal.sub_filter)
    return Check.passed("seal.structure", "pades-seal")


def check_integrity(seal: Examined, pdf: bytes) -> Check:
    """Say whether the bytes are those that were sealed."""
    if seal.intact:
        return Check.passed("seal.integrity", "content-unchanged")
    if 0 < seal.gap[0] < seal.gap[1] and not leaves_out_itself(pdf, seal.gap, seal.contents):
        # The ranges do not say any more which bytes were sealed: nobody has them to digest.
        sub = SubIndication.SIGNED_DATA_NOT_FOUND
        return Check.unsure("seal.integrity", "rewritten-after-sealing", sub)
    if seal.sub_indication in {SubIndication.HASH_FAILURE, "OK"}:
        return Check.failed("seal.integrity", "content-changed", SubIndication.HASH_FAILURE)
    sub = _named(seal.sub_indication)
    if seal.indication is Indication.TOTAL_FAILED:
        return Check.failed("seal.integrity", "seal-malformed", sub)
    return Check.unsure("seal.integrity", "integrity-not-established", sub)


def _named(name: str | None) -> SubIndication:
    """Give pyHanko's sub-indication; one that we do not know is GENERIC, never a traceback."""
    return SubIndication(name) if name in set(SubIndication) else SubIndication.GENERIC


def check_signature(seal: Examined) -> Check:
    """Say whether the signature verifies."""
    if seal.valid:
        return Check.passed("seal.signature", "signature-verified")
    sub = SubIndication.SIG_CRYPTO_FAILURE
    return Check.failed("seal.signature", "signature-invalid", sub)


def check_later_changes(seal: Examined) -> Check:
    """Say what came after the sealed revision."""
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


def check_trusted(chain: list[x509.Certificate], trust: TrustList) -> Check:
    """Say whether an authority of the trust folder vouches for the signer."""
    if any(certificate in trust.authorities for certificate in chain):
        return Check.passed("seal.chain", "issuer-trusted")
    sub = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    return Check.unsure("seal.chain", "issuer-not-trusted", sub)


def check_hour(seal: Examined, now: datetime) -> Check:
    """Look at the hour that the signer tells: judged before it, nothing can be said of a seal."""
    name, told = "seal.hour", seal.signing_time
    if told is not None and told.tzinfo is None:
        told = told.replace(tzinfo=UTC)  # an hour without a zone is anywhere: within a day of this
    if told is not None and told > now + _AHEAD:
        return Check.unsure(name, "signed-in-future", SubIndication.TIMESTAMP_ORDER_FAILURE)
    return Check.passed(name, "signed-in-the-past")


def check_validation(seal: Examined) -> Check:
    """Give pyHanko's own answer: whatever the lines above missed is never green."""
    name = "seal.validation"
    if seal.indication is Indication.TOTAL_PASSED:
        return Check.passed(name, "validation-passed")
    sub = _named(seal.sub_indication)
    if seal.indication is Indication.TOTAL_FAILED:
        return Check.failed(name, _UNPASSED.get(sub, "validation-failed"), sub)
    if seal.archived_at is not None and sub in _BY_TIME:
        return Check.passed(name, "validation-passed-archived", at=seal.archived_at.isoformat())
    return Check.unsure(name, _UNPASSED.get(sub, "validation-not-passed"), sub)
