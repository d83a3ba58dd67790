"""One answer about one certificate: a revocation list, or an OCSP answer, and what it proves.

Rules kept here (RFC 5280 sections 5 and 6.3, RFC 6960):

- signed by the authority that issued the certificate, with SHA-2; an OCSP answer also by a
  responder that this authority named itself (id-kp-OCSPSigning) and that needs no check
  (id-pkix-ocsp-nocheck): another would want answers of its own;
- in force now: not of tomorrow, and with a next update still to come;
- about this very certificate: by its identifier in OCSP; by the scope of the list: neither a
  difference to another list, nor one of another authority, nor of some reasons, nor a part that the
  certificate does not point to;
- revoked is an error whatever else holds; good is a `Proof`; anything else proves nothing (None).

Bytes and values in, value out: no network, no clock.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from sealing.authorities.chains import UNREADABLE
from sealing.der import one, values
from sealing.errors import SealingError

SKEW: Final = timedelta(minutes=5)
_STRONG: Final = {"sha256", "sha384", "sha512"}


class RevokedCertificateError(SealingError):
    """A certificate that seals or stamps is revoked. Details: `name`, `at`."""

    code: ClassVar[str] = "sealing.certificate-revoked"


class ProofKind(StrEnum):
    """The two ways to say that a certificate is not revoked."""

    OCSP = "ocsp"
    CRL = "crl"


@dataclass(frozen=True, slots=True)
class Proof:
    """An answer that says "not revoked", as it came, and until when it does."""

    kind: ProofKind
    der: bytes
    due: datetime


def name_of(certificate: x509.Certificate) -> str:
    """Give the common name of a certificate, or its whole name."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.subject.rfc4514_string()


def by_list(
    crl: x509.CertificateRevocationList,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    now: datetime,
) -> Proof | None:
    """Ask a revocation list; raise RevokedCertificateError."""
    try:
        if not _is_its_list(crl, certificate, issuer):
            return None
        row = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    except (*UNREADABLE, InvalidSignature):
        return None
    if row is not None:
        raise _revoked(certificate, row.revocation_date_utc)
    due = crl.next_update_utc
    if due is None or not crl.last_update_utc - SKEW <= now <= due:
        return None
    return Proof(ProofKind.CRL, crl.public_bytes(Encoding.DER), due)


def by_ocsp(
    answer: bytes, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
) -> Proof | None:
    """Ask an OCSP answer (DER); raise RevokedCertificateError."""
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return None
        _require_signed(response, issuer, now)
        rows = [row for row in response.responses if _is_about(row, certificate, issuer)]
        statuses = [(row.certificate_status, row) for row in rows]
    except (*UNREADABLE, InvalidSignature):
        return None
    for status, row in statuses:
        if status is ocsp.OCSPCertStatus.REVOKED:
            raise _revoked(certificate, row.revocation_time_utc or now)
        due = row.next_update_utc
        in_force = due is not None and row.this_update_utc - SKEW <= now <= due
        if status is ocsp.OCSPCertStatus.GOOD and due is not None and in_force:
            return Proof(ProofKind.OCSP, answer, due)
    return None


def _revoked(certificate: x509.Certificate, at: datetime) -> RevokedCertificateError:
    return RevokedCertificateError(
        f"got a certificate revoked on {at:%Y-%m-%d}",
        name=name_of(certificate),
        at=f"{at:%d/%m/%Y}",
    )


def _is_its_list(
    crl: x509.CertificateRevocationList, certificate: x509.Certificate, issuer: x509.Certificate
) -> bool:
    """Tell whether a list is its authority's own and speaks of this certificate."""
    algorithm = crl.signature_hash_algorithm
    if crl.issuer != issuer.subject or algorithm is None or algorithm.name not in _STRONG:
        return False
    usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    key = issuer.public_key()
    if not usage.crl_sign or not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return False
    return crl.is_signature_valid(key) and _covers(crl, certificate)


def _covers(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """Read the scope of a list (RFC 5280 section 5.2.5); a critical part we do not know bars it."""
    for extension in crl.extensions:
        scope = extension.value
        if isinstance(scope, x509.IssuingDistributionPoint):
            partial = scope.indirect_crl or scope.only_some_reasons or scope.relative_name
            if partial or scope.only_contains_attribute_certs:
                return False
            if not _in_part(scope, certificate):
                return False
        elif isinstance(scope, x509.DeltaCRLIndicator) or extension.critical:
            return False
    return True


def _in_part(scope: x509.IssuingDistributionPoint, certificate: x509.Certificate) -> bool:
    is_authority = _is_authority(certificate)
    if is_authority and scope.only_contains_user_certs:
        return False
    if not is_authority and scope.only_contains_ca_certs:
        return False
    here = {str(name.value) for name in scope.full_name or ()}
    return not here or bool(here & set(list_addresses(certificate)))


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def list_addresses(certificate: x509.Certificate) -> Iterator[str]:
    """Give where a certificate says that its revocation list is."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except UNREADABLE:
        return
    for point in points:
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier):
                yield name.value


def ocsp_addresses(certificate: x509.Certificate) -> Iterator[str]:
    """Give where a certificate says that OCSP answers."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except UNREADABLE:
        return
    for row in found.value:
        is_ocsp = row.access_method == AuthorityInformationAccessOID.OCSP
        if is_ocsp and isinstance(row.access_location, x509.UniformResourceIdentifier):
            yield row.access_location.value


def _is_about(
    row: ocsp.OCSPSingleResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> bool:
    """Compare the identifier of a row: serial number, issuer by name and by key."""
    name = row.hash_algorithm.name
    info = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    # A BIT STRING begins with the count of its unused bits.
    key = values(one(info).content)[1].content[1:]
    return (
        row.serial_number == certificate.serial_number
        and row.issuer_name_hash == hashlib.new(name, issuer.subject.public_bytes()).digest()
        and row.issuer_key_hash == hashlib.new(name, key).digest()
    )


def _require_signed(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> None:
    """Prove an answer under the issuer, or a responder of its own; raise InvalidSignature."""
    algorithm = response.signature_hash_algorithm
    if algorithm is None or algorithm.name not in _STRONG:
        raise InvalidSignature
    responders = [issuer, *(one for one in response.certificates if _is_named(one, issuer, now))]
    for responder in responders:
        if _is_responder(response, responder) and _has_signed(response, responder, algorithm):
            return
    raise InvalidSignature


def _is_responder(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return response.responder_name == certificate.subject
    key = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    return response.responder_key_hash == key.digest


def _has_signed(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, algorithm: hashes.HashAlgorithm
) -> bool:
    key, data = certificate.public_key(), response.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, data, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, data, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _is_named(certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    """Tell whether the issuer named this responder, without a check of its own to be asked."""
    try:
        certificate.verify_directly_issued_by(issuer)
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        certificate.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except (*UNREADABLE, InvalidSignature):
        return False
    in_dates = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
    return in_dates and ExtendedKeyUsageOID.OCSP_SIGNING in purposes
