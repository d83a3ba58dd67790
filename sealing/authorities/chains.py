"""The way from a certificate up to an authority.

Rules kept here (RFC 5280):

- an issuer bears the name that the certificate gives, is an authority (basic constraints, key
  usage) and really signed it;
- the way stops at a certificate that signed itself, or after ten steps;
- what cannot be read is not an issuer.

Dates and revocations are the caller's to ask.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

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
_STEPS: Final = 10


def chain_of(
    leaf: x509.Certificate, known: Sequence[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """Follow the issuers upwards as far as known certificates go, the leaf first."""
    chain = [leaf]
    while len(chain) < _STEPS:
        issuer = issuer_of(chain[-1], known)
        if issuer is None or issuer == chain[-1]:
            break
        chain.append(issuer)
    return tuple(chain)


def issuer_of(
    certificate: x509.Certificate, known: Iterable[x509.Certificate]
) -> x509.Certificate | None:
    """Give the certificate that issued another, or nothing."""
    return next((one for one in known if _issued(one, certificate)), None)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        certificate.verify_directly_issued_by(issuer)
    except (*UNREADABLE, InvalidSignature):
        return False
    return constraints.ca and usage.key_cert_sign
