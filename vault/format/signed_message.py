"""A signed message: compact JWS of one JSON object, its type checked before anything is read.

Rules kept here (RFC 7515, restricted):

- the protected header holds exactly `alg`, `typ` and `kid`, and `jwk` where the message carries
  its own key; nothing else: no `crit`, `jku`, `x5u`, and never `none`;
- `alg` is ES256 on P-256, or Ed25519 (RFC 9864, which ends the loose name EdDSA): as the key says,
  never as the message would like;
- `kid` is the key's RFC 7638 thumbprint, and so is that of `jwk`;
- refused before the JOSE library sees them: duplicate members, floats, integers over 53 bits, half
  surrogates, more than 12 levels, base64url that is not canonical, more bytes than allowed;
- `parse` gives a `ParsedMessage`, whose claims cannot be read; only `verify` gives them;
- a message is named by the digest of its *signing input*: an ECDSA signature can be altered into
  another valid one, which would change a digest of the whole.

A general JSON message is checked signature by signature: join its `protected`, `payload` and
`signature` with dots. Not here: which members a message has, and whose key counts for a `typ`.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

from cryptography.exceptions import InvalidSignature
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from vault.errors import VaultError
from vault.format import canonical
from vault.format.canonical import CanonicalError, from_base64url, to_base64url

MAX_MESSAGE: Final = 65_536
MAX_DEPTH: Final = 12
_INTEGER_LIMIT: Final = 2**53
_PLAIN: Final = frozenset({"alg", "typ", "kid"})
_COORDINATE: Final = 32
_SIGNATURE: Final = 64
_ES256: Final = "ES256"
_ED25519: Final = "Ed25519"


class MessageError(VaultError):
    """These characters are no signed message of ours."""

    code: ClassVar[str] = "message.malformed"


class MessageTypeError(MessageError):
    """The message is of another type than the one that is read here."""

    code: ClassVar[str] = "message.type"


class MessageSignatureError(MessageError):
    """The message is not signed by the key that counts for it."""

    code: ClassVar[str] = "message.signature"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A verification key: P-256 (`x`, `y`) or Ed25519 (`x` alone), coordinates of 32 bytes."""

    x: bytes
    y: bytes | None = None

    def __post_init__(self) -> None:
        """Refuse coordinates of another length."""
        for coordinate in (self.x, self.y):
            if coordinate is not None and len(coordinate) != _COORDINATE:
                raise MessageError(f"got a coordinate of {len(coordinate)} bytes")

    @property
    def alg(self) -> str:
        """The one algorithm of this key."""
        return _ED25519 if self.y is None else _ES256

    @property
    def thumbprint(self) -> str:
        """The RFC 7638 name of this key, base64url of SHA-256."""
        return to_base64url(hashlib.sha256(canonical.encode(self.to_jwk())).digest())

    def to_jwk(self) -> dict[str, str | list[str]]:
        """Give the members that RFC 7638 hashes, and no other."""
        if self.y is None:
            return {"crv": "Ed25519", "kty": "OKP", "x": to_base64url(self.x)}
        y = to_base64url(self.y)
        return {"crv": "P-256", "kty": "EC", "x": to_base64url(self.x), "y": y}

    @classmethod
    def parse(cls, jwk: object) -> Self:
        """Read a JWK that holds exactly the members of `to_jwk`; raise MessageError."""
        if not isinstance(jwk, Mapping):
            raise MessageError("got a key that is no object")
        try:
            y = from_base64url(jwk["y"]) if "y" in jwk else None
            key = cls(from_base64url(jwk.get("x")), y)
        except CanonicalError as error:
            raise MessageError(f"got bad coordinates: {error}") from error
        if key.to_jwk() != jwk:
            raise MessageError("got a key that is neither P-256 nor Ed25519, or with other members")
        return key


@dataclass(frozen=True, slots=True)
class MessageSigner:
    """Who signs: the public half, and a function from bytes to a raw signature of 64 bytes."""

    key: PublicKey
    sign: Callable[[bytes], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """A message of the right form; nothing in it is proved and its claims cannot be read."""

    token: str
    typ: str
    alg: str
    kid: str
    jwk: PublicKey | None
    _claims: Mapping[str, Any] = field(repr=False)

    @property
    def digest(self) -> str:
        """The name of this message: SHA-256 of its signing input, base64url."""
        return digest(self.token)

    @classmethod
    def parse(cls, token: str, limit: int = MAX_MESSAGE) -> Self:
        """Read a compact JWS of at most `limit` characters; raise MessageError."""
        if len(token) > limit:
            raise MessageError(f"got {len(token)} characters, expected {limit} at most")
        parts = token.split(".")
        if len(parts) != len(("header", "payload", "signature")):
            raise MessageError(f"got {len(parts)} parts, expected 3")
        try:
            header, payload, signature = (from_base64url(part) for part in parts)
        except CanonicalError as error:
            raise MessageError(f"{error}") from error
        if len(signature) != _SIGNATURE:
            raise MessageError(f"got a signature of {len(signature)} bytes")
        members = load_object(header)
        typ, alg, kid = (_text(members, name) for name in ("typ", "alg", "kid"))
        if set(members) - {"jwk"} != _PLAIN or alg not in {_ES256, _ED25519}:
            raise MessageError("got a header with other members or another algorithm")
        jwk = PublicKey.parse(members["jwk"]) if "jwk" in members else None
        if jwk is not None and (jwk.thumbprint != kid or jwk.alg != alg):
            raise MessageError("got a key that its `kid` or `alg` does not name")
        return cls(token, typ, alg, kid, jwk, load_object(payload))

    def verify(self, typ: str, key: PublicKey) -> "VerifiedMessage":
        """Give the claims, once type and signature are right.

        Raises MessageTypeError when the type is not `typ`, MessageSignatureError when `key` is not
        the one named or did not sign.
        """
        if self.typ != typ:
            raise MessageTypeError("got a message of another type", expected=typ)
        if self.kid != key.thumbprint or self.alg != key.alg:
            raise MessageSignatureError("got a message that names another key")
        try:
            known = (OKPKey if key.y is None else ECKey).import_key(key.to_jwk())
            jws.deserialize_compact(self.token, known, algorithms=[key.alg])
        except (JoseError, InvalidSignature, ValueError) as error:
            raise MessageSignatureError("got a bad signature") from error
        return VerifiedMessage(typ, self.kid, self.digest, self._claims)


@dataclass(frozen=True, slots=True)
class VerifiedMessage:
    """A message whose type and signature are right: its claims may be read."""

    typ: str
    kid: str
    digest: str
    claims: Mapping[str, Any] = field(repr=False)


def sign(
    typ: str, claims: Mapping[str, Any], signer: MessageSigner, *, carry_key: bool = False
) -> str:
    """Give the compact JWS of `claims`; with `carry_key` its header holds the public key."""
    header: dict[str, Any] = {"alg": signer.key.alg, "typ": typ, "kid": signer.key.thumbprint}
    if carry_key:
        header["jwk"] = signer.key.to_jwk()
    signing_input = f"{_encoded(header)}.{_encoded(claims)}"
    signature = signer.sign(signing_input.encode("ascii"))
    token = f"{signing_input}.{to_base64url(signature)}"
    ParsedMessage.parse(token)
    return token


def digest(token: str) -> str:
    """Name a message: base64url of the SHA-256 of its signing input, without the signature."""
    signing_input, _, _ = token.rpartition(".")
    return to_base64url(hashlib.sha256(signing_input.encode("ascii")).digest())


def load_object(data: bytes) -> Mapping[str, Any]:
    """Read one JSON object under the rules above; raise MessageError."""
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_unique,
            parse_float=_refused,
            parse_constant=_refused,
            parse_int=_small,
        )
        json.dumps(value, ensure_ascii=False).encode()
    except MessageError:
        raise
    except (ValueError, RecursionError) as error:
        raise MessageError("got bytes that are not JSON in UTF-8") from error
    if not isinstance(value, dict):
        raise MessageError(f"got {type(value).__name__}, expected an object")
    _check_depth(value, MAX_DEPTH)
    return value


def _encoded(members: Mapping[str, Any]) -> str:
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return to_base64url(text.encode())


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise MessageError(f"got a header without the text `{name}`")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MessageError("got a member twice")
    return members


def _refused(text: str) -> None:
    raise MessageError(f"got the number {text[:20]}, expected integers alone")


def _small(text: str) -> int:
    # A long integer costs time to read: its length is looked at first.
    if len(text) > len(str(-_INTEGER_LIMIT)) or abs(int(text)) >= _INTEGER_LIMIT:
        raise MessageError("got an integer of more than 53 bits")
    return int(text)


def _check_depth(value: object, left: int) -> None:
    if isinstance(value, dict | list):
        if left == 0:
            raise MessageError(f"got more than {MAX_DEPTH} levels")
        for inner in value.values() if isinstance(value, dict) else value:
            _check_depth(inner, left - 1)
