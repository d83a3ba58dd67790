"""A key in a file, PEM or PKCS#12: for development and demonstrations, refused in production.

Rules kept here:

- whoever reads the file, and the passphrase if it has one, can seal; the passphrase comes from a
  file of its owner's alone;
- a PKCS#12 file (RFC 7292) may bring its certificate and the chain above it, without a root: where
  `certificate` names the same file;
- the key is parsed and checked once; a signature is then one private operation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PKCS12KeyAndCertificates,
    load_pkcs12,
)

from sealing.signers.port import Identity, KeyNotAllowedError, SignerError, digest_of
from sealing.signers.secret_file import secret_in
from storage.settings import SignerSettings

_LIMIT = 64 * 1024
_PEM = b"-----BEGIN "
_SEQUENCE = b"\x30"
# Made anew for each signature it takes 3 µs, of 25.
_ecdsa = lru_cache(maxsize=64)(ec.ECDSA)


class KeyPassphraseError(SignerError):
    """The passphrase of a key file is missing, wrong, or readable by others. Details: `name`."""

    code: ClassVar[str] = "sealing.key-passphrase"


@dataclass(frozen=True, slots=True)
class KeyFileSigner:
    """A signer whose key was read from a file."""

    identity: Identity
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    prehashed: Prehashed

    @classmethod
    def load(cls, name: str, settings: SignerSettings, now: datetime) -> Self:
        """Read certificate, chain and key; raise a SignerError or OSError."""
        data, secret = _read(Path(settings.key), name), _passphrase(name, settings)
        bundle = None if _PEM in data else _bundle(data, secret, name)
        key = _pem_key(data, secret, name) if bundle is None else bundle.key
        if bundle is not None and settings.certificate == Path(settings.key):
            identity = _bundled(name, settings, bundle)
        else:
            identity = identity_from(name, settings)
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise KeyNotAllowedError(f"got a key of type {type(key).__name__}", name=name)
        identity.check(key.public_key(), now)
        return cls(identity, key, Prehashed(digest_of(identity.chain[0], name)))

    @property
    def name(self) -> str:
        """Give the signer's name in the settings."""
        return self.identity.name

    @property
    def use(self) -> str:
        """Give what it may sign."""
        return self.identity.use

    @property
    def chain(self) -> Sequence[x509.Certificate]:
        """Give its certificate, then each issuer above it, without the root."""
        return self.identity.chain

    def sign(self, digest: bytes) -> bytes:
        """Sign a digest; raw r and s for elliptic curves."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(digest, padding.PKCS1v15(), self.prehashed)
        r, s = decode_dss_signature(self.key.sign(digest, _ecdsa(self.prehashed)))
        size = (self.key.curve.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _passphrase(name: str, settings: SignerSettings) -> bytes | None:
    """Read the passphrase of a key file, if there is one; raise KeyPassphraseError."""
    if settings.passphrase_file is None:
        return None
    try:
        secret = secret_in(settings.passphrase_file)
    except (OSError, UnicodeDecodeError) as error:
        raise KeyPassphraseError("got no passphrase from its file", name=name) from error
    if secret is None:
        raise KeyPassphraseError("got a passphrase that others may read, or none", name=name)
    return secret.get_secret_value().encode()


def _pem_key(data: bytes, secret: bytes | None, name: str) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(data, secret)
    except TypeError as error:  # a passphrase too many, or none
        raise KeyPassphraseError("got no passphrase that opens the key", name=name) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        kind = SignerError if secret is None else KeyPassphraseError
        raise kind("got a key file that cannot be read", name=name) from error


def _bundle(data: bytes, secret: bytes | None, name: str) -> PKCS12KeyAndCertificates:
    """Open a PKCS#12 file; raise SignerError, or KeyPassphraseError where that may be why."""
    try:
        return load_pkcs12(data, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        kind = KeyPassphraseError if data[:1] == _SEQUENCE else SignerError
        raise kind("got a key file that cannot be read", name=name) from error


def _bundled(name: str, settings: SignerSettings, bundle: PKCS12KeyAndCertificates) -> Identity:
    """Give the certificate of a PKCS#12 file, and those above it, but no root."""
    if bundle.cert is None:
        raise SignerError("got a PKCS#12 file without a certificate", name=name)
    chain = [bundle.cert.certificate]
    others = [one.certificate for one in bundle.additional_certs]
    for _ in range(len(others)):
        wanted = chain[-1].issuer
        chain += [one for one in others if one.subject == wanted != one.issuer][:1]
    return Identity(name, settings.use, tuple(dict.fromkeys(chain)))


def identity_from(name: str, settings: SignerSettings) -> Identity:
    """Read a signer's certificate and chain; raise SignerError or OSError. They are not checked."""
    chain = [_certificate(path, name) for path in (settings.certificate, *settings.chain)]
    return Identity(name, settings.use, tuple(chain))


def _read(path: Path, name: str) -> bytes:
    with path.open("rb") as file:
        data = file.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise SignerError(f"got more than {_LIMIT} bytes", name=name)
    return data


def _certificate(path: Path, name: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_read(path, name))
    except ValueError as error:
        raise SignerError("got a file that is not a PEM certificate", name=name) from error
