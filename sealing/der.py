"""DER, as far as seals and time-stamps need it: write values, take values apart.

Rules kept here (X.690 sections 8 and 10):

- lengths are definite and as short as they can be; tags have one byte, which the formats here never
  exceed; anything else is refused;
- a value ends where its length says, and nothing may follow the last one;
- only frames are looked at: what a value means is its reader's to say.

asn1crypto does the same in fifty times as long: too long for one token a millisecond.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

INTEGER, OCTET_STRING, OID = 0x02, 0x04, 0x06
SEQUENCE, SET = 0x30, 0x31
NULL: Final = b"\x05\x00"
CONTEXT_0, CONTEXT_1 = 0xA0, 0xA1
_SHORT: Final = 0x80
_MULTI_BYTE: Final = 0x1F
_LENGTH_BYTES: Final = 4


class DerError(ValueError):
    """Bytes that are not DER; for the error of who reads them."""


def der(tag: int, *parts: bytes) -> bytes:
    """Wrap bytes as one DER value (X.690 section 8.1)."""
    content = b"".join(parts)
    size = len(content)
    if size < _SHORT:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _SHORT | len(length))) + length + content


def integer(value: int) -> bytes:
    """Write a whole number, zero or above."""
    return der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """Write an object identifier given as numbers with dots (X.690 section 8.19)."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    return der(OID, *(_base128(arc) for arc in (40 * first + second, *rest)))


def _base128(arc: int) -> bytes:
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(0x80 | arc & 0x7F)
    return bytes(reversed(digits))


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its tag, its content, and the whole as it stands."""

    tag: int
    content: bytes
    encoded: bytes

    def of(self, tag: int) -> "Value":
        """Give this value if it bears the tag; raise DerError."""
        if self.tag != tag:
            raise DerError(f"got tag {self.tag:02x}, expected {tag:02x}")
        return self

    def number(self) -> int:
        """Give the whole number that this value is; raise DerError."""
        return int.from_bytes(self.of(INTEGER).content, "big", signed=True)


def one(data: bytes) -> Value:
    """Read bytes that are one value and nothing else; raise DerError."""
    [value] = values(data)
    return value


def values(data: bytes) -> list[Value]:
    """Read the values that bytes are made of; raise DerError."""
    return list(_values(data))


def _values(data: bytes) -> Iterator[Value]:
    place = 0
    while place < len(data):
        start, end = _bounds(data, place)
        yield Value(data[place], data[start:end], data[place:end])
        place = end


def _bounds(data: bytes, place: int) -> tuple[int, int]:
    """Give where a value's content begins and ends."""
    head = data[place : place + 2]
    if len(head) < 2 or head[0] & _MULTI_BYTE == _MULTI_BYTE:  # noqa: PLR2004 - tag and length
        raise DerError(f"got a value without head at {place}")
    start, size = place + 2, head[1]
    if size >= _SHORT:
        count = size & ~_SHORT
        start += count
        written = data[place + 2 : start]
        size = int.from_bytes(written, "big")
        if not 0 < count <= _LENGTH_BYTES or len(written) < count:
            raise DerError(f"got a length of {count} bytes at {place}")
        if written[0] == 0 or size < _SHORT:
            raise DerError(f"got a length that could be shorter at {place}")
    if start + size > len(data):
        raise DerError(f"got a value cut short at {place}")
    return start, start + size
