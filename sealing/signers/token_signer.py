"""A signer whose key is on a token: what production signs with.

Rules kept here:

- certificate, use, chain and dates are checked as for any signer, before the token is asked;
- a key is proved whenever it is found: one signature, verified under the certificate. So another
  key under the same name, on a token put in the place of ours, never seals;
- RSA signs a DigestInfo (CKM_RSA_PKCS), elliptic curves the digest itself (CKM_ECDSA): the token
  never sees a document;
- a session that is lost is opened once more, for the signature in hand; when that fails too, the
  token is lost, and the signature after that begins anew.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from sealing.signers.keyfile import identity_from
from sealing.signers.pkcs11 import HeldKey, Library, bound, told
from sealing.signers.port import Identity, KeyMismatchError, digest_of
from sealing.signers.token_access import Access
from sealing.signers.token_errors import TokenAbsentError, TokenLostError
from sealing.signers.token_libraries import library
from storage.settings import Settings

# RFC 8017 section 9.2, note 1: what stands before a SHA-256 digest.
_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")


@dataclass(slots=True)
class TokenSigner:
    """A signer whose key is on a token; threads may share it."""

    identity: Identity
    access: Access
    digest: hashes.HashAlgorithm
    public: PublicKeyTypes
    held: HeldKey | None = None

    @classmethod
    def load(cls, name: str, settings: Settings, now: datetime) -> Self:
        """Read certificate and chain, find the key, prove it.

        Raises a SignerError (`token_errors`), MissingExtraError or OSError.
        """
        identity = identity_from(name, settings.signers[name])
        leaf = identity.chain[0]
        identity.check(leaf.public_key(), now)
        access, digest = Access.of(name, settings), digest_of(leaf, name)
        signer = cls(identity, access, digest, leaf.public_key())
        with library(signer.access).turn:
            signer._find(library(signer.access))
        return signer

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
        """Sign a digest; raise a SignerError (`token_errors`), or OSError."""
        if len(digest) != self.digest.digest_size:
            raise ValueError(f"got {len(digest)} bytes, expected {self.digest.digest_size}")
        data = self._padded(digest)
        shelf = library(self.access)
        with shelf.turn:
            held = self.held
            if held is not None and shelf.holds(held):
                try:
                    return held.sign(data)
                except bound().PKCS11Error:
                    shelf.stop()
            try:
                return self._signed(self._find(shelf), data)
            except TokenAbsentError as error:
                raise TokenLostError(f"got {error}", name=self.name) from error

    def _find(self, shelf: Library) -> HeldKey:
        """Find the key, and prove it; a session that was open already may have died meanwhile."""
        if shelf.open:
            with suppress(TokenLostError):
                return self._proved(shelf)
        return self._proved(shelf)

    def _proved(self, shelf: Library) -> HeldKey:
        curve = isinstance(self.public, ec.EllipticCurvePublicKey)
        held = shelf.key(self.access, *(("EC", "ECDSA") if curve else ("RSA", "RSA_PKCS")))
        digest = os.urandom(self.digest.digest_size)
        self._prove(digest, self._signed(held, self._padded(digest)))
        self.held = held
        return held

    def _signed(self, held: HeldKey, data: bytes) -> bytes:
        try:
            return held.sign(data)
        except bound().PKCS11Error as error:
            library(self.access).stop()
            raise told(error, self.access, held.session.token) from error

    def _padded(self, digest: bytes) -> bytes:
        """Give what the token signs for a digest."""
        return _SHA256_INFO + digest if isinstance(self.public, rsa.RSAPublicKey) else digest

    def _prove(self, digest: bytes, signature: bytes) -> None:
        """Raise KeyMismatchError unless this is a signature of the certificate's key."""
        key, known = self.public, Prehashed(self.digest)
        try:
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, digest, padding.PKCS1v15(), known)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                half = len(signature) // 2
                r, s = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
                key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(known))
        except InvalidSignature as error:
            raise KeyMismatchError(
                "got a key that is not the certificate's", name=self.name
            ) from error
