"""Head of the encrypted index: what the server checks without reading an operation.

Rules kept here:

- head 0 is 32 zero bytes; head n = SHA-256(label, 0x00, account, head n-1, n, SHA-256 of the
  encrypted operation n): a head names every operation before it, in order;
- the owner signs label, 0x00, account, n and head with Ed25519: a head of another account or
  counter is not signed;
- the counter is written on 8 bytes, big-endian, and begins at 1.

Not here: what an operation says; the server never knows.
"""

import hashlib
from dataclasses import dataclass
from typing import ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vault.errors import VaultError

HEAD_LABEL: Final = b"coffre/head/v1"
SIGNATURE_LABEL: Final = b"coffre/head-sig/v1"
ACCOUNT_LENGTH: Final = 16
HEAD_LENGTH: Final = 32
SIGNATURE_LENGTH: Final = 64
PUBLIC_KEY_LENGTH: Final = 32
HEAD_0: Final = bytes(HEAD_LENGTH)
_COUNTER_LIMIT: Final = 2**63


class HeadError(VaultError):
    """A part of a head has not its form."""

    code: ClassVar[str] = "index.head"


class HeadSignatureError(HeadError):
    """The head is not signed by this key for this account and counter."""

    code: ClassVar[str] = "index.head-signature"


@dataclass(frozen=True, slots=True)
class Position:
    """How far an index was read: the count of its operations and its head."""

    n: int = 0
    head: bytes = HEAD_0


@dataclass(frozen=True, slots=True)
class SealedOperation:
    """What the server stores of an operation."""

    n: int
    op_ct: bytes
    head: bytes
    signature: bytes


def next_head(account: bytes, previous: bytes, n: int, op_ct: bytes) -> bytes:
    """Give head `n` from head `n - 1` and the encrypted operation `n`; raise HeadError."""
    return head_after(account, previous, n, hashlib.sha256(op_ct).digest())


def head_after(account: bytes, previous: bytes, n: int, op_digest: bytes) -> bytes:
    """Give head `n` when only the SHA-256 of the encrypted operation `n` is known."""
    if n == 1 and previous != HEAD_0:
        raise HeadError("got operation 1 after a head, expected 32 zero bytes")
    _check("previous head", previous, HEAD_LENGTH)
    _check("digest", op_digest, hashlib.sha256().digest_size)
    parts = _account(account) + previous + _counter(n) + op_digest
    return hashlib.sha256(HEAD_LABEL + b"\0" + parts).digest()


def signed_bytes(account: bytes, n: int, head: bytes) -> bytes:
    """Give what the owner signs for head `n`; raise HeadError when a part has not its form."""
    _check("head", head, HEAD_LENGTH)
    return SIGNATURE_LABEL + b"\0" + _account(account) + _counter(n) + head


def verify(public_key: bytes, account: bytes, n: int, head: bytes, signature: bytes) -> None:
    """Raise HeadSignatureError unless the owner's key (32 bytes) signed head `n`."""
    _check("public key", public_key, PUBLIC_KEY_LENGTH)
    _check("signature", signature, SIGNATURE_LENGTH)
    message = signed_bytes(account, n, head)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise HeadSignatureError(f"got a bad signature on head {n}") from error


def _account(account: bytes) -> bytes:
    _check("account", account, ACCOUNT_LENGTH)
    return account


def _counter(n: int) -> bytes:
    if not 1 <= n < _COUNTER_LIMIT:
        raise HeadError(f"got counter {n}, expected 1 or more")
    return n.to_bytes(8, "big")


def _check(what: str, value: bytes, length: int) -> None:
    if len(value) != length:
        raise HeadError(f"got a {what} of {len(value)} bytes, expected {length}")
