"""A key in a PEM file: for development and demonstrations, refused in production.

Whoever reads the file can seal. The key is parsed and checked once; a signature is then one private
operation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sealing.signers.port import Identity, KeyNotAllowedError, SignerError, digest_of
from storage.settings import SignerSettings

_LIMIT = 64 * 1024
# Made anew for each signature it takes 3 µs, of 25.
_ecdsa = lru_cache(maxsize=64)(ec.ECDSA)


@dataclass(frozen=True, slots=True)
class KeyFileSigner:
    """A signer whose key was read from a PEM file."""

    identity: Identity
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    prehashed: Prehashed

    @classmethod
    def load(cls, name: str, settings: SignerSettings, now: datetime) -> Self:
        """Read certificate, chain and key; raise a SignerError or OSError."""
        identity = identity_from(name, settings)
        try:
            key = load_pem_private_key(_read(Path(settings.key), name), None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise SignerError("got a key file that cannot be read", name=name) from error
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
