"""The document identifier: one UUIDv7 that travels in every carrier of a letter's proof.

UUIDv7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then random bits; so identifiers sort
by time of issue. In a 2D-Doc it is data identifier `01`, 32 upper-case hexadecimal characters: the
dashes would cost two codewords each in C40.
"""

from datetime import datetime
from typing import NewType
from uuid import UUID

DocumentId = NewType("DocumentId", UUID)
RANDOM_BYTES = 10


def document_id(now: datetime, randomness: bytes) -> DocumentId:
    """Make an identifier from the time and 10 random bytes."""
    if len(randomness) != RANDOM_BYTES:
        raise ValueError(f"got {len(randomness)} random bytes, expected {RANDOM_BYTES}")
    milliseconds = int(now.timestamp() * 1000) & (1 << 48) - 1
    value = milliseconds << 80 | int.from_bytes(randomness, "big")
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return DocumentId(UUID(int=value))


def in_twoddoc(identifier: DocumentId) -> str:
    """Write an identifier as data identifier `01`."""
    return identifier.hex.upper()
