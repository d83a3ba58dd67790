"""Committing wrap: what is closed under a key opens under that key only.

Rules kept here:

- okm = HKDF-SHA-512(key, salt of 32 random bytes, label, 64): 32 bytes of key, 32 of commitment;
- out = 0x01, salt, commitment, ChaCha20-Poly1305 with a nonce of zeros (the key is used once) and
  additional data that say what this is and whose;
- to open, the commitment is compared first, in constant time: a ciphertext made to open under many
  keys (a partitioning oracle) tries one key at most;
- one error outward, whichever check failed.

Used for slots, the identity bundle, metadata and operations of the index, each with its label.
"""

import hmac
import secrets
from typing import ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from vault.crypto import kdf
from vault.crypto.keys import Secret
from vault.errors import VaultError

VERSION: Final = b"\x01"
OVERHEAD: Final = 1 + 32 + 32 + 16
_SALT: Final = 32
_KEY: Final = 32
_NONCE: Final = bytes(12)


class WrapError(VaultError):
    """The wrap does not open: another key, another purpose, or changed bytes."""

    code: ClassVar[str] = "vault.wrap"


def wrap(key: Secret, label: bytes, plaintext: bytes, binding: bytes) -> bytes:
    """Close a plaintext under a key, for one purpose, bound to what it belongs to."""
    return _close(key, label, plaintext, (binding, secrets.token_bytes(_SALT)))


def unwrap(key: Secret, label: bytes, wrapped: bytes, binding: bytes) -> bytes:
    """Open a wrap; raise WrapError."""
    version, salt = wrapped[:1], wrapped[1 : 1 + _SALT]
    commitment, sealed = wrapped[1 + _SALT : 1 + _SALT + 32], wrapped[1 + _SALT + 32 :]
    if version != VERSION or len(wrapped) < OVERHEAD:
        raise WrapError("got bytes that do not open as what they are said to be")
    cipher_key, expected = _derive(key, label, salt)
    if not hmac.compare_digest(commitment, expected):
        raise WrapError("got bytes that do not open as what they are said to be")
    try:
        return ChaCha20Poly1305(cipher_key).decrypt(_NONCE, sealed, binding)
    except InvalidTag as error:
        raise WrapError("got bytes that do not open as what they are said to be") from error


def _close(key: Secret, label: bytes, plaintext: bytes, bound: tuple[bytes, bytes]) -> bytes:
    binding, salt = bound
    cipher_key, commitment = _derive(key, label, salt)
    sealed = ChaCha20Poly1305(cipher_key).encrypt(_NONCE, plaintext, binding)
    return VERSION + salt + commitment + sealed


def _derive(key: Secret, label: bytes, salt: bytes) -> tuple[bytes, bytes]:
    okm = kdf.hkdf_sha512(key.secret, label, salt=salt, length=2 * _KEY)
    return okm[:_KEY], okm[_KEY:]
