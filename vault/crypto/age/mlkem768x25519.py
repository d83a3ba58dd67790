"""mlkem768x25519 stanza: post-quantum hybrid, the default of every safe.

Rules kept here (C2SP age, RFC 9180):

- `-> mlkem768x25519 enc`, enc of 1,120 bytes (ML-KEM-768 ciphertext 1,088, X25519 share 32), body
  of 32 bytes; another shape is a header failure;
- HPKE base mode, one shot: X-Wing, HKDF-SHA-256, ChaCha20-Poly1305, empty additional data;
- an identity is a seed of 32 bytes: SHAKE-256 gives 64 for ML-KEM, then 32 for X25519;
- a share of low order is a header failure: HPKE only says that the tag is wrong, so the exchange
  is tried first.
"""

import hashlib
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from vault.crypto import kdf
from vault.crypto.keys import FileKey, Secret
from vault.format import bech32
from vault.format.bech32 import Bech32Error
from vault.format.header import HeaderError, Stanza, from_base64, to_base64

KIND: Final = "mlkem768x25519"
ENC_LENGTH: Final = 1_120
BODY_LENGTH: Final = 32
PUBLIC_LENGTH: Final = 1_216
_MLKEM_PUBLIC: Final = 1_184
_MLKEM_CIPHERTEXT: Final = 1_088
_MLKEM_SEED: Final = 64
_RECIPIENT: Final = "age1pq"
_IDENTITY: Final = "age-secret-key-pq-"
_SUITE: Final = hpke.Suite(
    hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305
)


@dataclass(frozen=True, slots=True)
class HybridRecipient:
    """Who can open: ML-KEM key of 1,184 bytes, then X25519 key of 32."""

    public: bytes

    def __post_init__(self) -> None:
        """Refuse what is no pair of public keys."""
        if len(self.public) != PUBLIC_LENGTH:
            raise Bech32Error(f"got {len(self.public)} bytes, expected {PUBLIC_LENGTH}")
        self._key()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `age1pq1…`; raise Bech32Error."""
        prefix, public = bech32.decode(text)
        if prefix != _RECIPIENT or text != text.lower():
            raise Bech32Error("got text that is no post-quantum recipient")
        return cls(public)

    def encode(self) -> str:
        """Give `age1pq1…`, 1,959 characters."""
        return bech32.encode(_RECIPIENT, self.public)

    def fingerprint(self) -> bytes:
        """Give the SHA-256 of the recipient as text: what two persons compare."""
        return hashlib.sha256(self.encode().encode()).digest()

    def wrap(self, file_key: FileKey) -> Stanza:
        """Give a stanza that opens to this file key; raise Bech32Error for a weak public key."""
        try:
            sealed = _SUITE.encrypt(file_key.secret, self._key(), kdf.AGE_HYBRID)
        except ValueError as error:
            raise Bech32Error("got a recipient of low order") from error
        return Stanza((KIND, to_base64(sealed[:ENC_LENGTH])), sealed[ENC_LENGTH:])

    def _key(self) -> hpke.MLKEM768X25519PublicKey:
        try:
            return hpke.MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(self.public[:_MLKEM_PUBLIC]),
                X25519PublicKey.from_public_bytes(self.public[_MLKEM_PUBLIC:]),
            )
        except ValueError as error:
            raise Bech32Error("got bytes that are no ML-KEM-768 public key") from error


class HybridIdentity(Secret):
    """What opens: a seed of 32 bytes."""

    __slots__ = ()
    LENGTH: ClassVar[int] = 32

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `AGE-SECRET-KEY-PQ-1…`; raise Bech32Error."""
        prefix, seed = bech32.decode(text)
        if prefix != _IDENTITY or text != text.upper() or len(seed) != cls.LENGTH:
            raise Bech32Error("got text that is no post-quantum identity")
        return cls(seed)

    def encode(self) -> str:
        """Give `AGE-SECRET-KEY-PQ-1…`: a secret as text."""
        return bech32.encode(_IDENTITY, self.secret).upper()

    def recipient(self) -> HybridRecipient:
        """Give the recipient that this identity opens for."""
        mlkem, x25519 = self._keys()
        return HybridRecipient(
            mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        )

    def unwrap(self, stanza: Stanza) -> FileKey | None:
        """Give the file key, None when the stanza is another's; raise HeaderError."""
        if stanza.kind != KIND:
            return None
        enc = read_enc(stanza)
        mlkem, x25519 = self._keys()
        try:
            x25519.exchange(X25519PublicKey.from_public_bytes(enc[_MLKEM_CIPHERTEXT:]))
        except ValueError as error:
            raise HeaderError("got a share of low order") from error
        key = hpke.MLKEM768X25519PrivateKey(mlkem, x25519)
        try:
            return FileKey(_SUITE.decrypt(enc + stanza.body, key, kdf.AGE_HYBRID))
        except InvalidTag:
            return None

    def _keys(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        seeds = hashlib.shake_256(self.secret).digest(_MLKEM_SEED + 32)
        return (
            MLKEM768PrivateKey.from_seed_bytes(seeds[:_MLKEM_SEED]),
            X25519PrivateKey.from_private_bytes(seeds[_MLKEM_SEED:]),
        )


def read_enc(stanza: Stanza) -> bytes:
    """Give the enc of a hybrid stanza; raise HeaderError when it has another shape."""
    if len(stanza.arguments) != 2 or len(stanza.body) != BODY_LENGTH:  # noqa: PLR2004
        raise HeaderError("got a post-quantum stanza of another shape")
    enc = from_base64(stanza.arguments[1])
    if len(enc) != ENC_LENGTH:
        raise HeaderError(f"got an enc of {len(enc)} bytes, expected {ENC_LENGTH}")
    return enc
