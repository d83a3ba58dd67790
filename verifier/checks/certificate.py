"""A signing certificate on the day of a signature: what every signed code asks of it alike.

Rules kept here (RFC 5280; `verifier/DESIGN.md`):

- dates count in whole days, on the day of the signature, for the certificate and its authority;
- before the first day is a lie (NOT_YET_VALID fails), after the last is unproved (EXPIRED);
- the key usage, where the certificate restricts it, holds digitalSignature; a certificate made for
  time-stamps, OCSP, TLS, programs or lists of letters taken back alone seals nothing;
- a chain leads through authorities alone: a leaf, whoever signed it, vouches for nobody;
- revocation is asked of `trust_list`; revoked is revoked whatever the date, and without a list in
  force nothing is concluded;
- `lenient` reports the dates and the missing list of a test authority, and does not apply them;

- a certificate that cannot be taken apart is unsure, never a fault of ours, never a pass.

Each function gives the Check of one line of the verdict table; `name` is the proof's (`twoddoc`).
"""

import warnings
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sealing.proofs.status_list import PURPOSE as STATUS_LISTS
from verifier.check import Check, SubIndication
from verifier.trust.anchors import UNREADABLE, extensions_of
from verifier.trust.trust_list import (
    ListTooOld,
    NoList,
    Revocation,
    Revoked,
    signer_among,
    subject_name,
)

_LONGEST_CHAIN: Final = 10
_OTHER_PURPOSES: Final = {
    ExtendedKeyUsageOID.TIME_STAMPING,
    ExtendedKeyUsageOID.OCSP_SIGNING,
    ExtendedKeyUsageOID.SERVER_AUTH,
    ExtendedKeyUsageOID.CODE_SIGNING,
    STATUS_LISTS,
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.30"),  # BGPsec routers (RFC 8209)
}

_RSA_BITS: Final = 2_048
_CURVES: Final = {
    *("secp256r1", "secp384r1", "secp521r1"),
    *("brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"),
}
_CLIENT: Final = {ExtendedKeyUsageOID.CLIENT_AUTH}


def chain_of(signer: x509.Certificate, known: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Follow the issuers upwards as far as known authorities go, the signer first."""
    chain = [signer]
    while len(chain) < _LONGEST_CHAIN:
        issuer = signer_among(known, chain[-1])
        if issuer is None or issuer == chain[-1] or not _may_issue(issuer):
            break
        chain.append(issuer)
    return chain


def _may_issue(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate may sign others (RFC 5280 section 6.1.4); old roots cannot say.

    A key usage is asked for where there is one alone: roots without any are in force.
    """
    if certificate.version is x509.Version.v1:
        return certificate.issuer == certificate.subject
    try:
        told = extensions_of(certificate)
        if not told.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except UNREADABLE:
        return False
    try:
        return told.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True
    except UNREADABLE:
        return False


def holder_name(certificate: x509.Certificate) -> str:
    """Give whose certificate this is: its organisation, or its common name."""
    organisation = subject_name(certificate, NameOID.ORGANIZATION_NAME)
    return organisation or subject_name(certificate, NameOID.COMMON_NAME)


def valid_on(certificate: x509.Certificate, day: date) -> bool:
    """Tell whether a day lies in a certificate's validity, its first and last days included."""
    first, last = certificate.not_valid_before_utc.date(), certificate.not_valid_after_utc.date()
    return first <= day <= last


def check_revocation(name: str, revocation: Revocation) -> Check | None:
    """Give the failure of a revoked certificate; None for any other state."""
    if not isinstance(revocation, Revoked):
        return None
    at = revocation.at.date().isoformat()
    sub = SubIndication.REVOKED
    return Check.failed(f"{name}.revocation", "revoked", sub, at=at, why=revocation.reason)


def check_revocation_list(name: str, revocation: Revocation, *, lenient: bool) -> Check:
    """Say whether a list of revocations in force was there to be asked."""
    match revocation:
        case NoList() if lenient:
            return Check.passed(f"{name}.revocation-list", "test-authority-without-list")
        case NoList():
            return Check.unsure(f"{name}.revocation-list", "no-list", SubIndication.TRY_LATER)
        case ListTooOld(due):
            day = due.date().isoformat()
            sub = SubIndication.TRY_LATER
            return Check.unsure(f"{name}.revocation-list", "list-too-old", sub, due=day)
    return Check.passed(f"{name}.revocation-list", "list-in-force")


def check_dates(
    name: str, holders: Sequence[x509.Certificate], day: date, *, lenient: bool
) -> Check:
    """Say whether the certificate and its authority were valid on the day of the signature."""
    if all(valid_on(holder, day) for holder in holders):
        return Check.passed(f"{name}.dates", "valid-on-signature-date")
    if lenient:
        return Check.passed(f"{name}.dates", "test-authority-dates-not-applied")
    if any(day < holder.not_valid_before_utc.date() for holder in holders):
        sub = SubIndication.NOT_YET_VALID
        return Check.failed(f"{name}.dates", "signed-before-certificate", sub)
    return Check.unsure(f"{name}.dates", "signed-after-certificate", SubIndication.EXPIRED)


@lru_cache(maxsize=1_024)
def check_key_usage(name: str, certificate: x509.Certificate) -> Check:
    """Say whether the certificate's key is for signing."""
    sub = SubIndication.CHAIN_CONSTRAINTS_FAILURE
    try:
        _require_names(certificate)
        usage = extensions_of(certificate).get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return Check.passed(f"{name}.key", "key-usage-unrestricted")
    except UNREADABLE:
        return Check.unsure(f"{name}.key", "certificate-extensions-unreadable", sub)
    if not usage.digital_signature:
        return Check.unsure(f"{name}.key", "key-usage-not-signature", sub)
    return Check.passed(f"{name}.key", "key-usage-signature")


def check_seal_key(name: str, certificate: x509.Certificate) -> Check:
    """Say whether the key is strong, and for signing or, as a seal's often is, for vouching."""
    named, sub = f"{name}.key", SubIndication.CHAIN_CONSTRAINTS_FAILURE
    try:
        if not _is_strong(certificate.public_key()):
            return Check.unsure(named, "key-not-allowed", sub)
        usage = extensions_of(certificate).get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return Check.passed(named, "key-usage-unrestricted")
    except UNREADABLE:
        return Check.unsure(named, "certificate-extensions-unreadable", sub)
    if not (usage.digital_signature or usage.content_commitment):
        return Check.unsure(named, "key-usage-not-signature", sub)
    return Check.passed(named, "key-usage-signature")


def _is_strong(key: object) -> bool:
    """Tell whether a seal's key is one that ETSI TS 119 312 still recommends."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= _RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES


def check_purpose(name: str, certificate: x509.Certificate) -> Check:
    """Refuse a certificate made for something else: its key is in other hands than the seal's."""
    named, sub = f"{name}.purpose", SubIndication.CHAIN_CONSTRAINTS_FAILURE
    try:
        _require_names(certificate)
        purposes = extensions_of(certificate).get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return Check.passed(named, "purpose-unrestricted")
    except UNREADABLE:
        return Check.unsure(named, "certificate-extensions-unreadable", sub)
    told = set(purposes)
    # A certificate for TLS says most often both sides; one for clients alone may be a person's.
    if told <= _OTHER_PURPOSES or (told - _OTHER_PURPOSES == _CLIENT and told & _OTHER_PURPOSES):
        return Check.unsure(named, "certificate-for-something-else", sub)
    return Check.passed(named, "purpose-allows-sealing")


def _require_names(certificate: x509.Certificate) -> None:
    """Raise ValueError where nobody can read whose certificate this is, or who signed it."""
    with warnings.catch_warnings():
        # A name above the 64 characters of X.520 is a name.
        warnings.simplefilter("ignore", UserWarning)
        _ = certificate.subject, certificate.issuer
