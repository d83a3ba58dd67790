"""The document identifier: one UUID that travels in every carrier of a letter's proof.

Rules kept here (RFC 9562):

- without a slot in the register of seals it is a UUIDv7 (section 5.7): 48 bits of Unix
  milliseconds, then random bits; nobody can look it up, and nothing is lost by it;
- with one it is a UUIDv8 (section 5.8): the same milliseconds, then the slot and bits that the
  register can check. So a code alone leads to its slot, with no table of letters, and an identifier
  that was mistyped or made up is nobody's;
- both sort by time of issue. In a 2D-Doc it is data identifier `01`, 32 upper-case hexadecimal
  characters: the dashes would cost two codewords each in C40. In the signature dictionary of the
  seal it is written alike.

```
bits  127 … 80   79 … 76   75 … 64              63 62   61 … 30   29 … 0
      Unix ms    1000      check, its high 12   10      slot      check, its low 30
```
slot = list << 20 | place in the list: 4,096 lists of 1,048,576 slots. check = the first 42 bits of
HMAC-SHA-256(key of the slot's block, Unix ms in 6 bytes ‖ slot in 4 bytes): only the register holds
the keys and can ask it. What `slot_of` gives is therefore what an identifier claims.
"""

import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NewType
from uuid import RFC_4122, UUID

DocumentId = NewType("DocumentId", UUID)
Slot = NewType("Slot", int)

# Its name in the signature dictionary: one of our own (ISO 32000-1, annex E).
SIGNATURE_ENTRY: Final = "/COFR_DocumentId"
RANDOM_BYTES: Final = 10
KEY_BYTES: Final = 16
LIST_BITS: Final = 20
LIST_SLOTS: Final = 1 << LIST_BITS
SLOTS: Final = 1 << 32
_UNSLOTTED: Final = 7
_SLOTTED: Final = 8
_LOW_BITS: Final = 30
_LOW: Final = (1 << _LOW_BITS) - 1
_MILLISECONDS: Final = (1 << 48) - 1
_WRITTEN: Final = re.compile("[0-9A-F]{32}")


@dataclass(frozen=True, slots=True)
class SlotKey:
    """A slot of the register, with the key of its block."""

    slot: Slot
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what no register gives; raise ValueError."""
        if not 0 <= self.slot < SLOTS or len(self.key) != KEY_BYTES:
            raise ValueError(f"got slot {self.slot} and a key of {len(self.key)} bytes")


def document_id(now: datetime, randomness: bytes) -> DocumentId:
    """Make an identifier without a slot, from the time and 10 random bytes."""
    if len(randomness) != RANDOM_BYTES:
        raise ValueError(f"got {len(randomness)} random bytes, expected {RANDOM_BYTES}")
    value = _milliseconds(now) << 80 | int.from_bytes(randomness, "big")
    return _marked(value, _UNSLOTTED)


def slotted_id(now: datetime, own: SlotKey) -> DocumentId:
    """Make an identifier that leads to a slot."""
    milliseconds = _milliseconds(now)
    check = _check(milliseconds, own.slot, own.key)
    low = own.slot << _LOW_BITS | check & _LOW
    return _marked(milliseconds << 80 | check >> _LOW_BITS << 64 | low, _SLOTTED)


def slot_of(identifier: UUID) -> Slot | None:
    """Give the slot that an identifier claims; None for one without."""
    if identifier.variant != RFC_4122 or identifier.version != _SLOTTED:
        return None
    return Slot(identifier.int >> _LOW_BITS & SLOTS - 1)


def is_of_block(identifier: UUID, key: bytes) -> bool:
    """Tell whether an identifier was made in the block of this key."""
    slot = slot_of(identifier)
    if slot is None:
        return False
    value = identifier.int
    told = (value >> 64 & 0xFFF) << _LOW_BITS | value & _LOW
    expected = _check(value >> 80, slot, key)
    return hmac.compare_digest(told.to_bytes(6, "big"), expected.to_bytes(6, "big"))


def list_of(slot: Slot) -> tuple[int, int]:
    """Give the number of a slot's list, and its place there."""
    return slot >> LIST_BITS, slot & LIST_SLOTS - 1


def in_twoddoc(identifier: DocumentId) -> str:
    """Write an identifier as data identifier `01`, and in the signature dictionary."""
    return identifier.hex.upper()


def parse_written(text: str) -> DocumentId | None:
    """Read what `in_twoddoc` writes; None for what is no identifier of ours."""
    if _WRITTEN.fullmatch(text) is None:
        return None
    return parse_bytes(bytes.fromhex(text))


def parse_bytes(data: bytes) -> DocumentId | None:
    """Read the 16 bytes of an identifier; None for what is none of ours."""
    if len(data) != 16:  # noqa: PLR2004 - a UUID
        return None
    found = UUID(bytes=data)
    ours = found.variant == RFC_4122 and found.version in {_UNSLOTTED, _SLOTTED}
    return DocumentId(found) if ours else None


def _milliseconds(now: datetime) -> int:
    return int(now.timestamp() * 1000) & _MILLISECONDS


def _check(milliseconds: int, slot: int, key: bytes) -> int:
    told = (milliseconds << 32 | slot).to_bytes(10, "big")
    return int.from_bytes(hmac.digest(key, told, "sha256")[:6], "big") >> 6


def _marked(value: int, version: int) -> DocumentId:
    """Set version and variant."""
    value = value & ~(0xF << 76) | version << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return DocumentId(UUID(int=value))
