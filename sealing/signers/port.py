"""Who signs, whatever holds the key: a file, a token, a hardware module.

Rules kept here:

- a signer has a certificate, the chain above it without its root, and a use;
- it signs digests, so that a hardware module need not see the document; RSA gives PKCS#1 v1.5
  (RFC 8017 section 8.2), elliptic curves give raw r and s, each padded to the curve (as PKCS#11
  and 2D-Doc do);
- allowed keys: RSA of 2048 bits or more, P-256, P-384, P-521; the digest goes with the key;
- a signer is refused at birth when certificate and key differ, the key usage does not fit the use,
  the chain does not hold, or the certificate is not valid now.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import NameOID

from sealing.errors import SealingError

# What cryptography says of a certificate whose parts are absent, twice there, or damaged.
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
# What ends the organisation of every certificate of `coffre pki demo`, authorities included.
DEMONSTRATION = "(DEMONSTRATION)"
# A country's test authority of 2D-Doc: its key is printed in the specification.
_TEST_AUTHORITY = "00"
SEAL = "seal"
TWODDOC = "twoddoc:"
STAMP = "time-stamp"
STATUS = "status"
EXPIRES_SOON = timedelta(days=60)
_CURVES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
_RSA_BITS = 2048


class SignerError(SealingError):
    """A signer cannot be used. Details: `name`."""

    code: ClassVar[str] = "sealing.signer"


class KeyNotAllowedError(SignerError):
    """The key is of a kind or size that we do not sign with. Details: `name`."""

    code: ClassVar[str] = "sealing.signer-key-not-allowed"


class KeyMismatchError(SignerError):
    """The private key is not the certificate's. Details: `name`."""

    code: ClassVar[str] = "sealing.signer-key-mismatch"


class CertificateUseError(SignerError):
    """The certificate does not allow this use. Details: `name`."""

    code: ClassVar[str] = "sealing.signer-certificate-use"


class CertificateDatesError(SignerError):
    """The certificate has expired or is not valid yet. Details: `name`, `first`, `last`."""

    code: ClassVar[str] = "sealing.signer-certificate-dates"


class ChainError(SignerError):
    """A certificate of the chain did not sign the one below it. Details: `name`."""

    code: ClassVar[str] = "sealing.signer-chain"


class Signer(Protocol):
    """Something that holds a key and signs digests with it."""

    @property
    def name(self) -> str:
        """Give the signer's name in the settings."""

    @property
    def use(self) -> str:
        """Give what it may sign: `seal`, `twoddoc:TYPE`, `attestation` or `time-stamp`."""

    @property
    def chain(self) -> Sequence[x509.Certificate]:
        """Give its certificate, then each issuer above it, without the root."""

    def sign(self, digest: bytes) -> bytes:
        """Sign a digest made by `digest_of(chain[0])`; raw r and s for elliptic curves."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A signer's certificates, once checked."""

    name: str
    use: str
    chain: tuple[x509.Certificate, ...]

    def check(self, public_key: PublicKeyTypes, now: datetime) -> None:
        """Raise a SignerError when this signer must not be used now."""
        leaf = self.chain[0]
        digest_of(leaf, self.name)
        if public_key != leaf.public_key():
            raise KeyMismatchError("got a key that is not the certificate's", name=self.name)
        self._check_usage(leaf)
        for below, above in zip(self.chain, self.chain[1:], strict=False):
            self._check_issued(below, above)
        first, last = leaf.not_valid_before_utc, leaf.not_valid_after_utc
        if not first <= now <= last:
            raise CertificateDatesError(
                f"got {now:%Y-%m-%d}, expected {first:%Y-%m-%d} to {last:%Y-%m-%d}",
                name=self.name,
                first=f"{first:%d/%m/%Y}",
                last=f"{last:%d/%m/%Y}",
            )

    @property
    def is_demonstration(self) -> bool:
        """Tell whether these certificates prove nothing: the demonstration's, or a test 2D-Doc's.

        Each certificate names its issuer: one whose chain was left out is known all the same.
        """
        try:
            names = [name for one in self.chain for name in (one.subject, one.issuer)]
            tested = common_name(self.chain[0].issuer).endswith(_TEST_AUTHORITY)
            marked = any(_organisation(name).endswith(DEMONSTRATION) for name in names)
        except _UNREADABLE as error:
            raise SignerError("got a certificate without readable names", name=self.name) from error
        return marked or (tested and self.use.startswith(TWODDOC))

    def _check_usage(self, leaf: x509.Certificate) -> None:
        try:
            usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        except _UNREADABLE as error:
            raise CertificateUseError("got no readable key usage", name=self.name) from error
        if self.use == SEAL:
            # pyHanko calls a seal without nonRepudiation untrusted; the town code wants the other.
            fits = usage.digital_signature and usage.content_commitment
        else:
            fits = usage.digital_signature
        if not fits:
            raise CertificateUseError(f"got a key usage unfit for {self.use}", name=self.name)

    def _check_issued(self, below: x509.Certificate, above: x509.Certificate) -> None:
        try:
            below.verify_directly_issued_by(above)
        except (*_UNREADABLE, InvalidSignature) as error:
            raise ChainError("got a chain that does not hold", name=self.name) from error


def digest_of(leaf: x509.Certificate, name: str = "") -> hashes.HashAlgorithm:
    """Give the digest that goes with a certificate's key; raise KeyNotAllowedError."""
    try:
        key = leaf.public_key()
    except _UNREADABLE as error:
        raise KeyNotAllowedError("got a key that cannot be read", name=name) from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS:
        return hashes.SHA256()
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    raise KeyNotAllowedError(f"got a key of type {type(key).__name__}", name=name)


def hashed(data: bytes, leaf: x509.Certificate) -> bytes:
    """Digest bytes for a signer of this certificate."""
    return hashlib.new(digest_of(leaf).name, data).digest()


def _organisation(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(found[0].value) if found else ""


def common_name(name: x509.Name) -> str:
    """Give the common name of a certificate's subject or issuer, or nothing."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""
