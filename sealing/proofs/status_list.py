"""Token status lists: the states of many sealed letters in a few bytes, signed.

Rules kept here (IETF Token Status List):

- a slot has 1, 2, 4 or 8 bits (we write 2), the first slot in the lowest bits of the first byte; 0
  is "nothing to say", 1 "revoked", 2 "superseded";
- bytes are deflated (zlib) and stand, in base64url without padding, in the claims of a JWS of type
  `statuslist+jwt`, signed with ES256; `sub` is the address of the list, `iat` its date, `exp` and
  `ttl` may say until when it counts and how long it may be kept;
- `x5c` in the header (RFC 7515, 4.1.6) brings the signer's certificate and those above it, without
  root: 4 of 8 KiB at most, DER in base64, the signer first;
- read strictly: base64url and zlib in one form and to their end, no name twice, no `crit`; 1 MiB as
  it comes, 4 MiB inflated. Names that we do not know say nothing;
- what was read is not proved: only `verify` gives a list that answers.

Bytes in, value out. Signing is a function that is given; age and address are the caller's to ask.
"""

import json
import re
import zlib
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509 import ObjectIdentifier

from sealing.errors import SealingError

TYPE: Final = "statuslist+jwt"
MAX_BYTES: Final = 1 << 20
MAX_INFLATED: Final = 4 << 20
REVOKED: Final = 1
WIDTHS: Final = (1, 2, 4, 8)
_ALGORITHM: Final = "ES256"
_HALF: Final = 32
_SIGNS: Final = re.compile(rb"[A-Za-z0-9_-]*")
_LATEST: Final = 1 << 53
_LONGEST: Final = 2_048
# What a key that signs lists is made for. The draft's id-kp-oauthStatusSigning has no number yet,
# and id-kp 30, its placeholder here and there, is BGPsec routers' (RFC 8209): so one of our own,
# from the arc of UUIDs, which is everybody's (ITU-T X.667).
PURPOSE: Final = ObjectIdentifier("2.25.185017663146192515599386393866032801087")
MOST_CERTIFICATES: Final = 4
LONGEST_CERTIFICATE: Final = 8_192


class StatusListError(SealingError):
    """Bytes that are no status list. Details: `why`, a stable name."""

    code: ClassVar[str] = "sealing.status-list"


class StatusSignatureError(SealingError):
    """A status list that the key did not sign."""

    code: ClassVar[str] = "sealing.status-signature"


class NoSlotError(SealingError):
    """A slot outside the list."""

    code: ClassVar[str] = "sealing.status-no-slot"


@dataclass(frozen=True, slots=True)
class Slots:
    """Packed states: `bits` for each."""

    content: bytes
    bits: int = 2

    @classmethod
    def of(cls, size: int, marked: Mapping[int, int], bits: int = 2) -> Self:
        """Pack as many slots, all 0 but those that are marked; whole bytes. Raises NoSlotError."""
        each = 8 // bits
        content = bytearray(-(-size // each))
        for place, state in marked.items():
            if not 0 <= place < size or not 0 <= state < 1 << bits:
                raise NoSlotError(f"got state {state} for slot {place} of {size}")
            shift = place % each * bits
            content[place // each] |= state << shift
        return cls(bytes(content), bits)

    def __len__(self) -> int:
        """Count the slots."""
        return len(self.content) * 8 // self.bits

    def state(self, place: int) -> int:
        """Give the state of a slot; raise NoSlotError."""
        if not 0 <= place < len(self):
            raise NoSlotError(f"got slot {place} of {len(self)}")
        each = 8 // self.bits
        shift = place % each * self.bits
        return (self.content[place // each] >> shift) & ((1 << self.bits) - 1)

    def forgotten_by(self, later: "Slots") -> bool:
        """Tell whether a later list takes back what this one says: every state is for good."""
        each = 8 // self.bits
        marked = (n * each + k for n, byte in enumerate(self.content) if byte for k in range(each))
        for place in marked:
            state = self.state(place)
            now = later.state(place) if place < len(later) else 0
            if (state and not now) or (state == REVOKED != now):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Claims:
    """A list with its address and dates (seconds since 1970, UTC)."""

    sub: str
    iat: int
    slots: Slots
    exp: int | None = None
    ttl: int | None = None

    def payload(self) -> bytes:
        """Write the claims."""
        deflated = zlib.compress(self.slots.content, 9)
        listed = {"bits": self.slots.bits, "lst": _encoded(deflated).decode()}
        optional = {"exp": self.exp, "ttl": self.ttl}
        told = {name: value for name, value in optional.items() if value is not None}
        claims = {"sub": self.sub, "iat": self.iat, **told, "status_list": listed}
        return json.dumps(claims, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class ParsedStatusList:
    """A list as read; nothing is proved. `kid` names a key, if it says so.

    `certificates` (DER) are those that came with it, the signer's first.
    """

    signed: bytes
    signature: bytes
    kid: str | None
    claims: Claims
    certificates: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, token: bytes) -> Self:
        """Read a compact JWS; raise StatusListError."""
        if len(token) > MAX_BYTES:
            raise StatusListError(f"got {len(token)} bytes", why="too-large")
        parts = token.split(b".")
        if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
            raise StatusListError(f"got {len(parts)} parts", why="form")
        head, body, signature = (_decoded(part) for part in parts)
        header, claims = _object(head), _object(body)
        same = (header.get("typ"), header.get("alg")) == (TYPE, _ALGORITHM)
        if not same or "crit" in header or len(signature) != 2 * _HALF:
            raise StatusListError("got another type, algorithm or signature", why="header")
        kid = header.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise StatusListError("got a key's name that is no text", why="header")
        chain = _chain(header.get("x5c", []))
        return cls(token[: token.rindex(b".")], signature, kid, _claims(claims), chain)


def issue(
    claims: Claims, kid: str, sign: Callable[[bytes], bytes], chain: Sequence[bytes] = ()
) -> bytes:
    """Give the list as a compact JWS; `sign` gives raw r and s (P-256) over bytes.

    `chain`: the certificates (DER) to bring, the signer's first. Raises StatusListError.
    """
    header: dict[str, object] = {"alg": _ALGORITHM, "kid": kid, "typ": TYPE}
    if chain:
        brought = [b64encode(one).decode() for one in chain]
        _chain(brought)
        header["x5c"] = brought
    head = json.dumps(header, separators=(",", ":")).encode()
    signed = _encoded(head) + b"." + _encoded(claims.payload())
    return signed + b"." + _encoded(sign(signed))


def verify(parsed: ParsedStatusList, key: ec.EllipticCurvePublicKey) -> Claims:
    """Give the claims that a key on P-256 signed; raise StatusSignatureError."""
    r, s = parsed.signature[:_HALF], parsed.signature[_HALF:]
    written = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    if not isinstance(key.curve, ec.SECP256R1):
        raise StatusSignatureError(f"got a key on {key.curve.name}")
    try:
        key.verify(written, parsed.signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise StatusSignatureError("got a signature that does not verify") from error
    return parsed.claims


def _chain(found: object) -> tuple[bytes, ...]:
    """Read certificates as `x5c` has them: base64 in its one form."""
    if not isinstance(found, list) or len(found) > MOST_CERTIFICATES:
        raise StatusListError("got no list of certificates, or too many", why="certificates")
    chain = []
    for text in found:
        try:
            der = b64decode(text, validate=True) if isinstance(text, str) else b""
        except (Base64Error, ValueError):
            der = b""
        if not 0 < len(der) <= LONGEST_CERTIFICATE or b64encode(der).decode() != text:
            raise StatusListError("got a certificate in no base64, or too long", why="certificates")
        chain.append(der)
    return tuple(chain)


def _encoded(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: bytes) -> bytes:
    """Read base64url without padding, in its one form."""
    if _SIGNS.fullmatch(text) is None or len(text) % 4 == 1:
        raise StatusListError("got signs outside base64url", why="base64")
    data = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    if _encoded(data) != text:
        raise StatusListError("got base64url with bits behind its end", why="base64")
    return data


def _object(data: bytes) -> dict[str, Any]:
    """Read a JSON object without a name that comes twice, at any depth."""
    try:
        text = data.decode("utf-8")
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise StatusListError("got no JSON", why="json") from error
    if not isinstance(found, dict):
        raise StatusListError("got no object", why="json")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _claims(claims: dict[str, Any]) -> Claims:
    listed, sub = claims.get("status_list"), claims.get("sub")
    named = isinstance(sub, str) and 0 < len(sub) <= _LONGEST and sub.isprintable()
    if not named or not isinstance(listed, dict):
        raise StatusListError("got no address or no list", why="claims")
    bits, lst = listed.get("bits"), listed.get("lst")
    if type(bits) is not int or bits not in WIDTHS or not isinstance(lst, str):
        raise StatusListError("got no width or no slots", why="claims")
    iat, exp, ttl = (_number(claims, name) for name in ("iat", "exp", "ttl"))
    if iat is None or (exp is not None and exp <= iat):
        raise StatusListError("got no date, or an end before it", why="claims")
    slots = Slots(_inflated(_decoded(lst.encode("utf-8", "replace"))), bits)
    return Claims(str(sub), iat, slots, exp, ttl)


def _number(claims: dict[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if type(value) is not int or not 0 <= value < _LATEST:
        raise StatusListError(f"got no whole number for {name}", why="claims")
    return value


def _inflated(data: bytes) -> bytes:
    """Inflate zlib's stream to its end, within the limit; nothing may follow."""
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(data, MAX_INFLATED + 1)
    except zlib.error as error:
        raise StatusListError("got no zlib stream", why="zlib") from error
    if len(content) > MAX_INFLATED:
        raise StatusListError("got too many slots", why="too-large")
    if not stream.eof or stream.unused_data or stream.unconsumed_tail or not content:
        raise StatusListError("got a stream that is cut, empty or followed", why="zlib")
    return content
