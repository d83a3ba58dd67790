"""A message of the chain: signed, of its exact form, naming the one before it by digest.

Rules kept here:

- a message is a signed message of the vault's kind (`vault.format.signed_message`) whose payload
  fits the schema of its name, in `schemas/NAME.json`: unknown members, other types, texts that are
  too long are refused where they stand, told as a JSON pointer and never by their value;
- a schema's `$` is the very end of the text: Python's would let a line feed through;
- a message is named by the digest of its signing input, other bytes by their SHA-256, both in
  base64url without padding; an instant is a whole number of seconds;
- what is not signed by itself (manifest, screen) is canonical JSON: names in order, no space.

Not here: which key counts for which message; each message's file says that of its own.
"""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar, Final

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from referencing import Registry, Resource

from consent.errors import ConsentError
from vault.format.signed_message import ParsedMessage, PublicKey, VerifiedMessage, load_object

_COMMON: Final = "common"
_ID: Final = 16


class MessageSchemaError(ConsentError):
    """A message has not the form of its kind. Details: `where`, a JSON pointer."""

    code: ClassVar[str] = "message.schema"


def read(token: str, typ: str, schema: str, key: PublicKey, limit: int) -> VerifiedMessage:
    """Give a message whose type, signature and form are right.

    Raises MessageError and its children, or MessageSchemaError.
    """
    message = ParsedMessage.parse(token, limit).verify(typ, key)
    check(schema, message.claims)
    return message


def read_carrying_key(
    token: str, typ: str, schema: str, limit: int
) -> tuple[VerifiedMessage, PublicKey]:
    """Give a message and the key that it carries and that signed it; whose, the caller pins.

    Raises MessageSchemaError when no key is there, and what `read` raises.
    """
    key = ParsedMessage.parse(token, limit).jwk
    if key is None:
        raise MessageSchemaError("got a message that does not carry its key", where="/jwk")
    return read(token, typ, schema, key, limit), key


def check(schema: str, claims: Mapping[str, Any]) -> None:
    """Raise MessageSchemaError unless the members fit the schema of this name."""
    wrong = next(iter(_validator(schema).iter_errors(claims)), None)
    if wrong is not None:
        where = "".join(f"/{part}" for part in wrong.absolute_path) or "/"
        raise MessageSchemaError(f"got a wrong {schema} at {where}: {wrong.validator}", where=where)


def unproved_member(token: str, name: str) -> str:
    """Give a text of a payload that nothing proves yet: only to find which key to prove it with.

    Raises MessageError or MessageSchemaError.
    """
    payload = token.split(".")[1] if token.count(".") else ""
    value = load_object(from_base64url(payload)).get(name)
    if not isinstance(value, str):
        raise MessageSchemaError(f"got a message without its {name}", where=f"/{name}")
    return value


def load(data: bytes, schema: str) -> Mapping[str, Any]:
    """Read bytes of JSON that are not signed by themselves; raise MessageError's kin."""
    members = load_object(data)
    check(schema, members)
    return members


def encode(members: Mapping[str, Any]) -> bytes:
    """Give the one encoding of members that are not signed by themselves."""
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def digest_of(data: bytes) -> str:
    """Name bytes: base64url of their SHA-256."""
    return to_base64url(hashlib.sha256(data).digest())


def new_identifier() -> str:
    """Draw 128 bits; the text never begins as an option of a command would."""
    drawn = to_base64url(secrets.token_bytes(_ID))
    return new_identifier() if drawn.startswith("-") else drawn


def to_base64url(data: bytes) -> str:
    """Write bytes without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Read bytes in their one form; raise MessageSchemaError."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise MessageSchemaError("got text that is not base64url", where="/") from error
    if to_base64url(data) != text:
        raise MessageSchemaError("got base64url in another form than its own", where="/")
    return data


def instant(seconds: int) -> datetime:
    """Read an instant."""
    return datetime.fromtimestamp(seconds, UTC)


def seconds(at: datetime) -> int:
    """Write an instant: whole seconds, rounded down."""
    return int(at.timestamp())


def key_of(jwk: Mapping[str, str]) -> PublicKey:
    """Read a P-256 key whose `kid` must be its thumbprint; raise MessageError's kin."""
    key = PublicKey.parse({name: jwk[name] for name in ("kty", "crv", "x", "y")})
    if jwk.get("kid", key.thumbprint) != key.thumbprint:
        raise MessageSchemaError("got a `kid` that is not the key's thumbprint", where="/kid")
    return key


def _pattern(
    _validator: object, pattern: str, value: object, _schema: object
) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _compiled(pattern).search(value):
        yield ValidationError("does not match")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern)


_Strict: Final = extend(Draft202012Validator, {"pattern": _pattern})


@cache
def _validator(name: str) -> Draft202012Validator:
    common = Resource.from_contents(_schema(_COMMON))
    registry: Registry[Any] = Registry().with_resource(_schema(_COMMON)["$id"], common)
    made: Draft202012Validator = _Strict(
        _schema(name), registry=registry, format_checker=FormatChecker()
    )
    return made


def _schema(name: str) -> Any:  # noqa: ANN401 - a schema is any JSON
    return json.loads((files(__package__) / "schemas" / f"{name}.json").read_text("utf-8"))
