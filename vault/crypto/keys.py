"""Secrets as types: a key that exists has the right length, and nobody prints it.

Rules kept here:

- a secret is frozen, and its length is checked at birth;
- its `repr` is its type; two secrets are compared in constant time, and only within one type;
- a secret is no key of a dictionary, and is not pickled.

Python cannot wipe memory: a secret lives as long as the process may still hold it.
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import ClassVar, NoReturn, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vault.errors import VaultError


class KeyLengthError(VaultError):
    """A secret of another length was given."""

    code: ClassVar[str] = "vault.key-length"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Secret:
    """Bytes that are never printed; `LENGTH` of them."""

    LENGTH: ClassVar[int] = 32
    secret: bytes

    def __post_init__(self) -> None:
        """Refuse another length."""
        if len(self.secret) != self.LENGTH:
            name = type(self).__name__
            raise KeyLengthError(f"got {len(self.secret)} bytes for {name}, not {self.LENGTH}")

    @classmethod
    def generate(cls) -> Self:
        """Draw a new one."""
        return cls(secrets.token_bytes(cls.LENGTH))

    def __repr__(self) -> str:
        """Give the type and nothing else."""
        return f"<{type(self).__name__}>"

    def __eq__(self, other: object) -> bool:
        """Compare in constant time; another type is another secret."""
        if type(other) is not type(self):
            return NotImplemented
        return hmac.compare_digest(self.secret, other.secret)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled, hence to be sent to another process."""
        raise TypeError(f"{type(self).__name__} is not pickled")


class FileKey(Secret):
    """The key of one age file: of one version of one document."""

    __slots__ = ()
    LENGTH: ClassVar[int] = 16


class MasterKey(Secret):
    """The key of an account for one epoch: opens its identity, its metadata and its index."""

    __slots__ = ()


class SlotKey(Secret):
    """What opens one key slot: from a passphrase, a passkey or a paper kit."""

    __slots__ = ()


class MetadataKey(Secret):
    """Opens names, types and dates of an account's documents."""

    __slots__ = ()


class IndexKey(Secret):
    """Opens the operations of an account's index."""

    __slots__ = ()


class SigningSeed(Secret):
    """Signs an account's index and directory entry (Ed25519)."""

    __slots__ = ()

    def public(self) -> bytes:
        """Give the public key, 32 bytes."""
        return self._key().public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Give a signature of 64 bytes."""
        return self._key().sign(message)

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret)
