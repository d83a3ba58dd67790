"""A whole town code: read it, write what is signed, put the parts together.

Rules kept here (`sealing/DESIGN.md`, "Town code"; RFC 8392, 9052, 9360):

- the text is `CV1:` and canonical base32 of a COSE_Sign1 message (tag 18);
- protected header: ES256 and x5t, the first 8 bytes of the SHA-256 of the seal's certificate;
  unprotected header: empty; the signature is raw r and s, 64 bytes;
- claims: issued-at in seconds, identifier of 16 bytes, and `[1, type, [label, value, ...]]`; a type
  or a label is a registered number or a text, a value is a text;
- limits: 600 bytes of COSE, 24 pairs, 64 bytes a label or type, 256 a value;
- all of it is deterministic CBOR (`cbor.py`); what differs in one byte is refused: header and frame
  have one form, compared byte by byte, and the claims are written again and compared;
- a beginning of such a text (its frame right as far as it goes, its lengths beyond its end) was cut
  on the road: held against nobody, for its end may be anything;
- another layout than 1 is a form of later, held against nobody;
- reading notes what is odd (`Finding`) and keeps every pair; nothing is repaired but, for texts
  typed or pasted and only when asked, white space.

`ParsedTownCode` is what a text says; what it proves is `signature.py`'s.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from unicodedata import is_normalized

from sealing import base32
from sealing.towncode import cbor
from sealing.towncode.errors import (
    CutShortError,
    NotTownCodeError,
    Reason,
    TownCodeError,
    UnknownLayoutError,
)
from sealing.towncode.frame import (
    MAX_BYTES,
    SIGNATURE,
    is_beginning,
    join,
    split,
    thumbprint_of,
)
from sealing.towncode.registry import LabelKind, label_number, labels, types

PREFIX: Final = b"CV1:"
LAYOUT: Final = 1
MAX_LENGTH: Final = len(PREFIX) + MAX_BYTES * 8 // 5
MAX_PAIRS: Final = 24
MAX_LABEL: Final = 64
MAX_VALUE: Final = 256
_ID: Final = 16
_ISSUED_AT, _CTI, _CONTENT = 6, 7, -65537
_LAST_SECOND: Final = 253_402_300_799  # the year 9999
_SPACE: Final = re.compile(rb"[ \t\r\n]+")
# Control characters, and those that turn or hide what stands beside them on a screen.
_HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_DATE: Final = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


class FindingCode(StrEnum):
    """What is odd about a code that reads well; reading goes on."""

    UNKNOWN_TYPE = "unknown-type"
    UNKNOWN_LABEL = "unknown-label"
    DUPLICATE_LABEL = "duplicate-label"
    VALUE_INVALID = "value-invalid"
    CHARSET = "charset"
    EXPIRED_DOCUMENT = "expired-document"
    REPAIRED_TRANSPORT = "repaired-transport"


@dataclass(frozen=True, slots=True)
class Finding:
    """One oddity; `label` names the pair, as the code holds it."""

    code: FindingCode
    label: str | None = None

    def __str__(self) -> str:
        """Give it as `code` or `code:label`."""
        return f"{self.code}:{self.label}" if self.label else str(self.code)


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing that a code says: a registered number or a text, and its value."""

    label: int | str
    value: str


@dataclass(frozen=True, slots=True)
class Claims:
    """All that a code says. `issued_at` is aware UTC in whole seconds, `identifier` 16 bytes."""

    issued_at: datetime
    identifier: bytes
    doc_type: int | str
    pairs: tuple[Pair, ...]

    def encode(self) -> bytes:
        """Write the payload."""
        flat = [part for pair in self.pairs for part in (pair.label, pair.value)]
        content = [LAYOUT, self.doc_type, flat]
        seconds = int(self.issued_at.timestamp())
        return cbor.write({_ISSUED_AT: seconds, _CTI: self.identifier, _CONTENT: content})


@dataclass(frozen=True, slots=True)
class ParsedTownCode:
    """A code that is well formed, proved by nothing yet. `thumbprint` is that of a certificate."""

    thumbprint: bytes
    claims: Claims
    protected: bytes
    payload: bytes
    signature: bytes
    findings: tuple[Finding, ...]

    def encode(self) -> bytes:
        """Write it again from its parts: the text that was read, without its white space."""
        return assemble(self.thumbprint, self.claims.encode(), self.signature)


def parse(raw: bytes, *, repair: bool = False) -> ParsedTownCode:
    """Read a code; raise TownCodeError (NotTownCodeError, CutShortError, UnknownLayoutError).

    `raw` is the bytes of the symbol. With `repair`, white space is taken out, and the finding
    `repaired-transport` says so.
    """
    text = _SPACE.sub(b"", raw[: 2 * MAX_LENGTH]) if repair else raw
    if text[: len(PREFIX)].upper() != PREFIX:
        raise NotTownCodeError(raw[:MAX_LENGTH])
    if max(len(text), len(raw) // 2) > MAX_LENGTH:
        raise TownCodeError(Reason.TOO_LONG, f"got {len(raw)} bytes, expected {MAX_LENGTH} at most")
    try:
        protected, payload, signature = split(_bytes(text))
    except TownCodeError:
        if text.startswith(PREFIX) and is_beginning(text[len(PREFIX) :]):
            raise CutShortError(len(text)) from None
        raise
    thumbprint = thumbprint_of(protected)
    claims = _claims(cbor.read(payload))
    if len(signature) != SIGNATURE:
        message = f"got {len(signature)} bytes, expected {SIGNATURE}: raw r and s"
        raise TownCodeError(Reason.SIGNATURE_LENGTH, message)
    findings = list(_findings(claims))
    if text != raw:
        findings.append(Finding(FindingCode.REPAIRED_TRANSPORT))
    return ParsedTownCode(thumbprint, claims, protected, payload, signature, tuple(findings))


def assemble(thumbprint: bytes, payload: bytes, signature: bytes) -> bytes:
    """Join header, payload and signature (raw r and s): the symbol's bytes."""
    cose = join(thumbprint, payload, signature)
    return PREFIX + base32.encode(cose).encode("ascii")


def hidden(text: str) -> bool:
    """Tell a text that a screen may show otherwise than it is: not NFC, or control characters."""
    return _HIDDEN.search(text) is not None or not is_normalized("NFC", text)


def is_date(text: str) -> bool:
    """Tell an ISO 8601 day; a month or a year where no more is known."""
    if _DATE.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text + "-01-01"[len(text) - 4 :])
    except ValueError:
        return False
    return True


def _bytes(text: bytes) -> bytes:
    if not text.startswith(PREFIX):
        raise TownCodeError(Reason.PREFIX, "got CV1: in small letters")
    try:
        content = base32.decode(text[len(PREFIX) :].decode("ascii"))
    except (base32.Base32Error, UnicodeDecodeError) as problem:
        raise TownCodeError(Reason.ENCODING, str(problem)) from problem
    return content


def _claims(payload: object) -> Claims:
    match payload:
        case {6: int(seconds), 7: bytes(cti), -65537: [int(layout), *content], **other} if (
            not other and 0 <= seconds <= _LAST_SECOND and len(cti) == _ID
        ):
            if layout != LAYOUT:
                raise UnknownLayoutError(layout)
            doc_type, pairs = _content(content)
            return Claims(datetime.fromtimestamp(seconds, UTC), cti, doc_type, pairs)
    raise TownCodeError(Reason.CLAIMS, "got other claims than issued-at, identifier and content")


def _content(content: Sequence[object]) -> tuple[int | str, tuple[Pair, ...]]:
    match content:
        case [doc_type, [*flat]] if len(flat) % 2 == 0:
            if len(flat) > 2 * MAX_PAIRS:
                raise TownCodeError(Reason.LIMITS, f"got {len(flat) // 2} pairs")
            pairs = zip(flat[::2], flat[1::2], strict=True)
            return _name(doc_type), tuple(
                Pair(_name(label), _value(value)) for label, value in pairs
            )
    raise TownCodeError(Reason.CLAIMS, "got another content than a type and pairs")


def _name(name: object) -> int | str:
    if type(name) is int and name >= 0:
        return name
    if not isinstance(name, str) or not name:
        raise TownCodeError(Reason.CLAIMS, "got a name that is neither a number nor a text")
    if len(name.encode()) > MAX_LABEL:
        raise TownCodeError(Reason.LIMITS, f"got a name above {MAX_LABEL} bytes")
    return name


def _value(value: object) -> str:
    if not isinstance(value, str):
        raise TownCodeError(Reason.CLAIMS, "got a value that is no text")
    if len(value.encode()) > MAX_VALUE:
        raise TownCodeError(Reason.LIMITS, f"got a value above {MAX_VALUE} bytes")
    return value


def _findings(claims: Claims) -> Iterator[Finding]:
    if isinstance(claims.doc_type, int) and claims.doc_type not in types():
        yield Finding(FindingCode.UNKNOWN_TYPE)
    elif isinstance(claims.doc_type, str) and hidden(claims.doc_type):
        yield Finding(FindingCode.CHARSET)
    seen: set[int | str] = set()
    for pair in claims.pairs:
        same = label_number(pair.label) if isinstance(pair.label, str) else None
        label = pair.label if same is None else same
        if label in seen:
            yield Finding(FindingCode.DUPLICATE_LABEL, str(pair.label))
        seen.add(label)
        yield from _pair_findings(pair)


def _pair_findings(pair: Pair) -> Iterator[Finding]:
    entry = labels().get(pair.label) if isinstance(pair.label, int) else None
    if isinstance(pair.label, int) and entry is None:
        yield Finding(FindingCode.UNKNOWN_LABEL, str(pair.label))
    if hidden(pair.value) or (isinstance(pair.label, str) and hidden(pair.label)):
        yield Finding(FindingCode.CHARSET, str(pair.label))
    if entry is not None and entry.kind is LabelKind.DATE and not is_date(pair.value):
        yield Finding(FindingCode.VALUE_INVALID, str(pair.label))
