"""Canonical JSON and base64url: the bytes that are signed, hashed or bound to a wrap.

Rules kept here (RFC 8785, restricted):

- member names are ASCII; values are text, integers of 53 bits, lists and objects of these;
- names in order, no space, no escape that is not compulsory: one value has one encoding;
- bytes are text in base64url without padding, and the last character's spare bits are zero;
- what is read must be what would have been written, so that a repeated name cannot hide.

Not here: which members an object has; each format says that of its own.
"""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, TypeAlias

from vault.errors import VaultError

Json: TypeAlias = str | int | Sequence["Json"] | Mapping[str, "Json"]

_INTEGER_LIMIT = 2**53
_DEPTH_LIMIT = 16


class CanonicalError(VaultError):
    """These bytes, or this value, have no canonical form here."""

    code: ClassVar[str] = "vault.not-canonical"


def encode(value: Json) -> bytes:
    """Give the one encoding of a value; raise CanonicalError when it has none."""
    _check(value, _DEPTH_LIMIT)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise CanonicalError("got half of a surrogate pair in a text") from error


def decode(data: bytes) -> Mapping[str, Json]:
    """Read an object; raise CanonicalError unless it is the one encoding of its value."""
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise CanonicalError("got bytes that are not JSON in UTF-8") from error
    if not isinstance(value, dict):
        raise CanonicalError(f"got {type(value).__name__}, expected an object")
    if encode(value) != data:
        raise CanonicalError("got JSON in another form than the canonical one")
    return value


def _check(value: object, depth: int) -> None:
    if depth == 0:
        raise CanonicalError(f"got more than {_DEPTH_LIMIT} levels")
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) and name.isascii() for name in value):
            raise CanonicalError("got a member name that is not ASCII")
        _check_all(value.values(), depth - 1)
    elif isinstance(value, list | tuple):
        _check_all(value, depth - 1)
    elif not isinstance(value, str):
        _check_integer(value)


def _check_all(values: Iterable[object], depth: int) -> None:
    for value in values:
        _check(value, depth)


def _check_integer(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise CanonicalError(f"got {type(value).__name__}, expected text, integer, list or object")
    if abs(value) >= _INTEGER_LIMIT:
        raise CanonicalError(f"got an integer of {value.bit_length()} bits, at most 53")


def to_base64url(data: bytes) -> str:
    """Write bytes as text, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: object, length: int | None = None) -> bytes:
    """Read bytes from text, of this many bytes if told; raise CanonicalError."""
    if not isinstance(text, str):
        raise CanonicalError(f"got {type(text).__name__}, expected base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise CanonicalError("got text that is not base64url") from error
    if to_base64url(data) != text:
        raise CanonicalError("got base64url in another form than the canonical one")
    if length is not None and len(data) != length:
        raise CanonicalError(f"got {len(data)} bytes, expected {length}")
    return data


def encode_padded(value: Json, multiple: int) -> bytes:
    """Give the encoding followed by spaces, which JSON allows, to a multiple of a length."""
    data = encode(value)
    return data + b" " * (-len(data) % multiple)


def decode_padded(data: bytes, multiple: int) -> Mapping[str, Json]:
    """Read what `encode_padded` wrote; raise CanonicalError."""
    value = decode(data.rstrip(b" "))
    if encode_padded(value, multiple) != data:
        raise CanonicalError(f"got padding to another length than a multiple of {multiple}")
    return value
