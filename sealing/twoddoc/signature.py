"""What a signature proves: a parsed code and a public key in, a proved message out.

Rules kept here (2D-Doc 3.2.6, signature; FIPS 186-5):

- ECDSA over the bytes read; the key decides curve and digest: P-256 with SHA-256, P-384 with
  SHA-384, P-521 with SHA-512; any other key is refused;
- r and s are raw, each padded to the curve, and lie in 1..n-1: zero proves nothing;
- `verify` raises or returns: no answer that a caller may forget to look at;
- only `VerifiedMessage` names and shows values, so that nothing unproved reaches a screen. It
  says that this key signed these bytes; whose key it is, and since when, is the verifier's.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from sealing.errors import SealingError
from sealing.twoddoc.catalogue import DocType, Kind, doc_type, identifiers
from sealing.twoddoc.fields import Field, Finding
from sealing.twoddoc.header import Header, Reason, TwoDDocError
from sealing.twoddoc.message import ParsedMessage
from sealing.twoddoc.values import Value, ValueInvalidError, decode

_DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
_ECDSA: Final = {curve: ec.ECDSA(digest) for curve, digest in _DIGESTS.items()}


class KeyNotAllowedError(SealingError):
    """The key cannot sign a 2D-Doc: RSA, or a curve outside P-256, P-384 and P-521."""

    code: ClassVar[str] = "twoddoc.key-not-allowed"


class SignatureInvalidError(SealingError):
    """The key did not sign these bytes."""

    code: ClassVar[str] = "twoddoc.signature-invalid"


@dataclass(frozen=True, slots=True)
class ShownField:
    """A proved field, ready for a screen.

    `value` is None for an empty value and for one that does not decode; `raw` always stands.
    `french` and `english` are the identifier where no name is known.
    """

    di: str
    french: str
    english: str
    raw: str
    value: Value | None
    truncated: bool


@dataclass(frozen=True, slots=True)
class VerifiedMessage:
    """A message whose signature was verified with a key. Born in `verify` only."""

    parsed: ParsedMessage

    @property
    def header(self) -> Header:
        """Give who signed what, when."""
        return self.parsed.header

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Give what is odd about the code."""
        return self.parsed.findings

    @property
    def type_entry(self) -> DocType | None:
        """Give the document type; None when our table does not know it."""
        return doc_type(self.header.doc_type, self.header.perimeter)

    def fields(self) -> tuple[ShownField, ...]:
        """Give the signed fields in their order, every occurrence."""
        return tuple(_shown(field) for field in self.parsed.fields)


def digest_for(key: PublicKeyTypes) -> hashes.HashAlgorithm:
    """Give the digest that goes with a key; raise KeyNotAllowedError."""
    return _DIGESTS[_allowed(key).curve.name]


def signature_size(key: PublicKeyTypes) -> int:
    """Count the bytes of r and s under a key; raise KeyNotAllowedError."""
    return _size(_allowed(key).curve)


def raw_signature(der: bytes, key: PublicKeyTypes) -> bytes:
    """Give r and s, each padded to the curve, from the DER form of most signers."""
    half = signature_size(key) // 2
    r, s = decode_dss_signature(der)
    return r.to_bytes(half, "big") + s.to_bytes(half, "big")


def verify(parsed: ParsedMessage, public_key: PublicKeyTypes) -> VerifiedMessage:
    """Prove that the key signed the bytes read.

    Raises KeyNotAllowedError, TwoDDocError (`signature-length`: of another curve than the key's)
    and SignatureInvalidError.
    """
    key = _allowed(public_key)
    curve = key.curve
    size = _size(curve)
    if len(parsed.signature) != size:
        problem = f"got {len(parsed.signature)} bytes, expected {size} for {curve.name}"
        raise TwoDDocError(Reason.SIGNATURE_LENGTH, problem, offset=len(parsed.signed) + 1)
    r = int.from_bytes(parsed.signature[: size // 2], "big")
    s = int.from_bytes(parsed.signature[size // 2 :], "big")
    if not (0 < r < curve.group_order and 0 < s < curve.group_order):
        raise SignatureInvalidError("got r or s outside 1..n-1")
    try:
        key.verify(encode_dss_signature(r, s), parsed.signed, _ECDSA[curve.name])
    except InvalidSignature as problem:
        raise SignatureInvalidError("got a signature of other bytes or of another key") from problem
    return VerifiedMessage(parsed)


def _size(curve: ec.EllipticCurve) -> int:
    return 2 * ((curve.key_size + 7) // 8)


def _allowed(key: PublicKeyTypes) -> ec.EllipticCurvePublicKey:
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _DIGESTS:
        raise KeyNotAllowedError(f"got {type(key).__name__}, expected P-256, P-384 or P-521")
    return key


def _shown(field: Field) -> ShownField:
    entry = identifiers().get(field.di)
    kind = entry.kind if entry else Kind.TEXT
    try:
        value = decode(kind, field.raw) if field.raw else None
    except ValueInvalidError:
        value = None
    french = entry.french if entry and entry.french else field.di
    english = entry.english if entry and entry.english else french
    return ShownField(field.di, french, english, field.raw, value, field.truncated)
