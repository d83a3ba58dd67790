"""How long things are: padded classes, ciphertext lengths, where a chunk begins.

Rules kept here:

- a plaintext is filled to its Padmé class, then to a multiple of 512, at least 4,096 bytes: its
  exact length does not show, at a cost of 6.2 % at most;
- an age payload is a nonce of 16 bytes, then chunks of 65,536 bytes with a tag of 16 bytes each;
  only the last chunk may be shorter, and it is empty only when the whole plaintext is;
- integers are exact whatever their size (the twin must not use 32-bit operators).
"""

from typing import ClassVar, Final

from vault.errors import VaultError

CHUNK: Final = 65_536
TAG: Final = 16
NONCE: Final = 16
ENCRYPTED_CHUNK: Final = CHUNK + TAG
BLOCK: Final = 512
SMALLEST_CLASS: Final = 4_096


class SizeError(VaultError):
    """No object of ours has this length."""

    code: ClassVar[str] = "vault.size"


def padded_length(length: int) -> int:
    """Give the length, in bytes, of the class of a plaintext of `length` bytes."""
    if length < 0:
        raise SizeError(f"got a length of {length} bytes")
    if length <= SMALLEST_CLASS:
        return SMALLEST_CLASS
    exponent = length.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    padme = (length + mask) & ~mask
    return -(-padme // BLOCK) * BLOCK


def payload_length(plain_length: int) -> int:
    """Give the length, in bytes, of the age payload of a plaintext."""
    if plain_length < 0:
        raise SizeError(f"got a length of {plain_length} bytes")
    chunks = max(1, -(-plain_length // CHUNK))
    return NONCE + plain_length + TAG * chunks


def plain_length(payload: int) -> int:
    """Give the length of the plaintext of a payload; raise SizeError when no payload has it."""
    sealed = payload - NONCE
    plain = sealed - TAG * max(1, -(-sealed // ENCRYPTED_CHUNK))
    if plain < 0 or payload_length(plain) != payload:
        raise SizeError(f"got {payload} bytes, which is the length of no payload")
    return plain


def check_object_length(payload: int) -> None:
    """Raise SizeError unless a padded document can have a payload of this length."""
    plain = plain_length(payload)
    if padded_length(plain) != plain:
        raise SizeError(f"got {payload} bytes: its plaintext of {plain} bytes is not padded")


def chunk_offset(index: int) -> int:
    """Give where chunk `index`, counted from 0, begins in its payload."""
    if index < 0:
        raise SizeError(f"got chunk {index}")
    return NONCE + ENCRYPTED_CHUNK * index
