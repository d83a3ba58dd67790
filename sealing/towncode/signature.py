"""What a signature proves: a parsed code and a public key in, a proved code out.

Rules kept here (RFC 9052 section 4.4; FIPS 186-5):

- ES256 over `["Signature1", protected, 'coffre-towncode-1', payload]`: the key is the town's seal
  key, and the words in the middle, which the code does not carry, keep its other COSE messages from
  passing as town codes;
- P-256 alone; r and s are raw and lie in 1..n-1: zero proves nothing;
- `verify` raises or returns: no answer that a caller may forget to look at;
- only `VerifiedTownCode` names and shows values, so that nothing unproved reaches a screen. It says
  that this key signed these bytes; whose key it is, and since when, is the verifier's;
- the key stays with the caller: `issue` takes a function from bytes to r and s.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import ClassVar, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from sealing.errors import SealingError
from sealing.towncode import cbor
from sealing.towncode.errors import Reason, TownCodeError
from sealing.towncode.frame import SIGNATURE, THUMBPRINT, protected_header
from sealing.towncode.message import (
    Claims,
    Finding,
    Pair,
    ParsedTownCode,
    assemble,
    is_date,
)
from sealing.towncode.registry import LabelKind, labels, types

EXTERNAL_AAD: Final = b"coffre-towncode-1"
_CURVE: Final = "secp256r1"
_ECDSA: Final = ec.ECDSA(hashes.SHA256())
_HALF: Final = SIGNATURE // 2
_DAY: Final = len("2026-11-22")


class KeyNotAllowedError(SealingError):
    """The key cannot sign a town code: RSA, or another curve than P-256."""

    code: ClassVar[str] = "towncode.key-not-allowed"


class SignatureInvalidError(SealingError):
    """The key did not sign these bytes."""

    code: ClassVar[str] = "towncode.signature-invalid"


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A proved pair, ready for a screen.

    `label` is the registered number, None for a text. `is_date`: the label asks for a date and the
    value is one; `day` is None where it is not a whole one. `raw` always stands.
    """

    label: int | None
    french: str
    english: str
    raw: str
    is_date: bool = False
    day: date | None = None


@dataclass(frozen=True, slots=True)
class VerifiedTownCode:
    """A code whose signature was verified with a key. Born in `verify` only."""

    parsed: ParsedTownCode

    @property
    def issued_at(self) -> datetime:
        """Give the moment of issue, as the town's clock told it."""
        return self.parsed.claims.issued_at

    @property
    def identifier(self) -> bytes:
        """Give the seal's identifier."""
        return self.parsed.claims.identifier

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Give what is odd about the code."""
        return self.parsed.findings

    def type_name(self) -> tuple[str, str]:
        """Give the type of document in French and in English; a text is both."""
        doc_type = self.parsed.claims.doc_type
        entry = types().get(doc_type) if isinstance(doc_type, int) else None
        return (entry.french, entry.english) if entry else (str(doc_type), str(doc_type))

    def fields(self) -> tuple[ShownPair, ...]:
        """Give the signed pairs in their order, every occurrence."""
        return tuple(_shown(pair) for pair in self.parsed.claims.pairs)


@lru_cache(maxsize=256)
def thumbprint(certificate: x509.Certificate) -> bytes:
    """Give the name of a certificate in a code: the first bytes of its SHA-256 (RFC 9360)."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()[:THUMBPRINT]


def require_allowed(key: PublicKeyTypes) -> ec.EllipticCurvePublicKey:
    """Give a key that may sign a town code; raise KeyNotAllowedError."""
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != _CURVE:
        raise KeyNotAllowedError(f"got {type(key).__name__}, expected P-256")
    return key


def issue(claims: Claims, certificate: x509.Certificate, sign: Callable[[bytes], bytes]) -> bytes:
    """Write a code and have it signed: `sign` takes the bytes and gives r and s, raw.

    Raises KeyNotAllowedError, and TownCodeError for a signature of another length (DER, for one).
    """
    require_allowed(certificate.public_key())
    name, payload = thumbprint(certificate), claims.encode()
    signature = sign(to_be_signed(protected_header(name), payload))
    if len(signature) != SIGNATURE:
        message = f"got {len(signature)} bytes, expected {SIGNATURE}: raw r and s"
        raise TownCodeError(Reason.SIGNATURE_LENGTH, message)
    return assemble(name, payload, signature)


def verify(parsed: ParsedTownCode, public_key: PublicKeyTypes) -> VerifiedTownCode:
    """Prove that the key signed the bytes read.

    Raises KeyNotAllowedError and SignatureInvalidError.
    """
    key = require_allowed(public_key)
    r = int.from_bytes(parsed.signature[:_HALF], "big")
    s = int.from_bytes(parsed.signature[_HALF:], "big")
    if not (0 < r < key.curve.group_order and 0 < s < key.curve.group_order):
        raise SignatureInvalidError("got r or s outside 1..n-1")
    signed = to_be_signed(parsed.protected, parsed.payload)
    try:
        key.verify(encode_dss_signature(r, s), signed, _ECDSA)
    except InvalidSignature as problem:
        raise SignatureInvalidError("got a signature of other bytes or of another key") from problem
    return VerifiedTownCode(parsed)


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Give the bytes that the signature is over (Sig_structure)."""
    return cbor.write(["Signature1", protected, EXTERNAL_AAD, payload])


def _shown(pair: Pair) -> ShownPair:
    entry = labels().get(pair.label) if isinstance(pair.label, int) else None
    if entry is None:
        number = pair.label if isinstance(pair.label, int) else None
        return ShownPair(number, str(pair.label), str(pair.label), pair.value)
    dated = entry.kind is LabelKind.DATE and is_date(pair.value)
    day = date.fromisoformat(pair.value) if dated and len(pair.value) == _DAY else None
    return ShownPair(entry.number, entry.french, entry.english, pair.value, dated, day)
