"""The certificates that the settings pin, and the way that leads to one of them.

Rules kept here:

- a list is believed when the certificate that signed it is pinned itself, or was issued by a
  pinned authority, directly or through at most two authorities that the list carries;
- an issuer is an authority (basic constraints, key usage) and really signed, with SHA-2;
- the signer's key is for signing, RSA of 2048 bits or an elliptic curve of 256;
- where the settings name the signer, its common name must be that one: an agency's authority issues
  certificates for other uses too.

Dates are the caller's to compare. Values only: the settings' files are read by the command.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from verifier.trust.trust_list import signer_among, subject_name

# All that the library may say of a certificate made to harm: they have no common root.
UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)
_CARRIED_LIMIT = 5
_STEPS_LIMIT = 3
_RSA_BITS = 2048
_EC_BITS = 256
_STRONG = {"sha256", "sha384", "sha512"}


def extensions_of(certificate: x509.Certificate) -> x509.Extensions:
    """Give what a certificate says of itself; raise one of UNREADABLE."""
    with warnings.catch_warnings():
        # A name above the 64 characters of X.520 is a name: published certificates hold some.
        warnings.simplefilter("ignore", UserWarning)
        return certificate.extensions


class AnchorError(ValueError):
    """No way leads from the signer to a pinned certificate; for the error of who reads the list."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """What is pinned; `signer` is the common name that the signing certificate must bear."""

    certificates: tuple[x509.Certificate, ...]
    signer: str | None = None

    def chain(self, carried: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
        """Give the signer and its issuers up to a pinned one; raise AnchorError.

        `carried` is what the signature brings: the signer first, then perhaps intermediates.
        """
        if not carried or len(carried) > _CARRIED_LIMIT:
            raise AnchorError(f"{len(carried)} certificates carried")
        signer = carried[0]
        if self.signer is not None and _name(signer) != self.signer:
            raise AnchorError("signed by another than the settings name")
        _check_signer(signer)
        chain = [signer]
        while chain[-1] not in self.certificates:
            issuer = _issuer(chain[-1], self.certificates) or _issuer(chain[-1], carried[1:])
            if issuer is None or len(chain) > _STEPS_LIMIT:
                raise AnchorError("no way to a pinned certificate")
            chain.append(issuer)
        return tuple(chain)


def _name(certificate: x509.Certificate) -> str:
    return subject_name(certificate, NameOID.COMMON_NAME)


def _issuer(
    certificate: x509.Certificate, candidates: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    if not _is_strong(certificate):
        return None
    return signer_among([one for one in candidates if is_authority(one)], certificate)


def _is_strong(certificate: x509.Certificate) -> bool:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return False
    return algorithm is not None and algorithm.name in _STRONG


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate may sign others."""
    try:
        told = extensions_of(certificate)
        constraints = told.get_extension_for_class(x509.BasicConstraints).value
        usage = told.get_extension_for_class(x509.KeyUsage).value
    except UNREADABLE:
        return False
    return constraints.ca and usage.key_cert_sign


def _check_signer(certificate: x509.Certificate) -> None:
    try:
        key = certificate.public_key()
    except UNREADABLE:
        raise AnchorError("a signer whose key cannot be read") from None
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= _EC_BITS
    )
    try:
        usage = extensions_of(certificate).get_extension_for_class(x509.KeyUsage).value
    except UNREADABLE:
        raise AnchorError("a signer whose certificate has no key usage") from None
    if not strong or not (usage.digital_signature or usage.content_commitment):
        raise AnchorError("a signer whose key is too short, or not for signing")
