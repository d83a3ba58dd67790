"""X25519 stanza: **legacy**, read and written for programs that know no other.

Rules kept here (age v1):

- `-> X25519 share`, the share and the body of 32 bytes each; another shape is a header failure;
- the key is HKDF(shared secret, salt share then recipient); nonce of zeros, once per key;
- an all-zero shared secret is refused: the share was chosen so that anyone knows the key.

A quantum computer will open what is written here now. Nothing of a safe is: the default is
`mlkem768x25519`, and the two are never mixed for one file key.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from vault.crypto import kdf
from vault.crypto.keys import FileKey, Secret
from vault.format import bech32
from vault.format.bech32 import Bech32Error
from vault.format.header import HeaderError, Stanza, from_base64, to_base64

KIND: Final = "X25519"
SHARE_LENGTH: Final = 32
BODY_LENGTH: Final = 32
_NONCE: Final = bytes(12)
_RECIPIENT: Final = "age"
_IDENTITY: Final = "age-secret-key-"


@dataclass(frozen=True, slots=True)
class X25519Recipient:
    """Who can open, legacy: a public key of 32 bytes."""

    public: bytes

    def __post_init__(self) -> None:
        """Refuse another length."""
        if len(self.public) != SHARE_LENGTH:
            raise Bech32Error(f"got {len(self.public)} bytes, expected {SHARE_LENGTH}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `age1…`; raise Bech32Error."""
        prefix, public = bech32.decode(text)
        if prefix != _RECIPIENT or text != text.lower():
            raise Bech32Error("got text that is no X25519 recipient")
        return cls(public)

    def encode(self) -> str:
        """Give `age1…`."""
        return bech32.encode(_RECIPIENT, self.public)

    def wrap(self, file_key: FileKey) -> Stanza:
        """Give a stanza that opens to this file key; raise Bech32Error for a weak public key."""
        ephemeral = X25519PrivateKey.generate()
        try:
            shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(self.public))
        except ValueError as error:
            raise Bech32Error("got a recipient of low order") from error
        share = ephemeral.public_key().public_bytes_raw()
        cipher = _cipher(shared, share, self.public)
        return Stanza((KIND, to_base64(share)), cipher.encrypt(_NONCE, file_key.secret, None))


class X25519Identity(Secret):
    """What opens, legacy: a secret scalar of 32 bytes."""

    __slots__ = ()
    LENGTH: ClassVar[int] = 32

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `AGE-SECRET-KEY-1…`; raise Bech32Error."""
        prefix, scalar = bech32.decode(text)
        if prefix != _IDENTITY or text != text.upper() or len(scalar) != cls.LENGTH:
            raise Bech32Error("got text that is no X25519 identity")
        return cls(scalar)

    def encode(self) -> str:
        """Give `AGE-SECRET-KEY-1…`: a secret as text."""
        return bech32.encode(_IDENTITY, self.secret).upper()

    def recipient(self) -> X25519Recipient:
        """Give the recipient that this identity opens for."""
        return X25519Recipient(self._key().public_key().public_bytes_raw())

    def unwrap(self, stanza: Stanza) -> FileKey | None:
        """Give the file key, None when the stanza is another's; raise HeaderError."""
        if stanza.kind != KIND:
            return None
        share = read_share(stanza)
        try:
            shared = self._key().exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError as error:
            raise HeaderError("got a share of low order") from error
        try:
            cipher = _cipher(shared, share, self.recipient().public)
            return FileKey(cipher.decrypt(_NONCE, stanza.body, None))
        except InvalidTag:
            return None

    def _key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.secret)


def read_share(stanza: Stanza) -> bytes:
    """Give the share of an X25519 stanza; raise HeaderError when it has another shape."""
    if len(stanza.arguments) != 2 or len(stanza.body) != BODY_LENGTH:  # noqa: PLR2004
        raise HeaderError("got an X25519 stanza of another shape")
    share = from_base64(stanza.arguments[1])
    if len(share) != SHARE_LENGTH:
        raise HeaderError(f"got a share of {len(share)} bytes, expected {SHARE_LENGTH}")
    return share


def _cipher(shared: bytes, share: bytes, public: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(kdf.hkdf(shared, kdf.AGE_X25519, salt=share + public))
