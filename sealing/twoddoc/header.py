"""The header of a 2D-Doc: who signed what, when; its text form, versions 01 to 04.

Rules kept here (2D-Doc 3.2.6, header):

- `DC`, version (2 digits), authority (4), certificate (4), issue date (4), signature date (4),
  type (2): 22 characters in 01 and 02; version 03 adds the perimeter (2), 04 the country (2);
- every character is a capital or a digit; dates are hexadecimal days since 2000-01-01;
- FFFF is "no issue date"; a signature date is never FFFF;
- a version of later is told apart from damage: this program does not know it, and nothing is said
  against it;
- what does not begin like a 2D-Doc is not one: `NotTwoDDocError` says what it looks like.

The header of the binary form has its bytes in `binary.py`, its members here.

`TwoDDocError` is the only exception that leaves the parser; its `reason` is the name of the rule
that was broken, its class what the reader can do.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar, Final, Self

from sealing.errors import SealingError
from sealing.twoddoc.values import ValueInvalidError, days_decode, days_encode

_LENGTHS: Final = {1: 22, 2: 22, 3: 24, 4: 26}


class Reason(StrEnum):
    """The rule of the format that a text breaks."""

    NOT_2DDOC = "not-2ddoc"
    TOO_LONG = "too-long"
    HEADER_SHORT = "header-short"
    HEADER_CHARSET = "header-charset"
    VERSION_UNSUPPORTED = "version-unsupported"
    DATE_INVALID = "date-invalid"
    NON_ASCII = "non-ascii"
    FIELD_SHORT = "field-short"
    FIELD_INCOMPLETE = "field-incomplete"
    NO_SIGNATURE = "no-signature"
    SEVERAL_US = "several-us"
    SIGNATURE_ENCODING = "signature-encoding"
    SIGNATURE_LENGTH = "signature-length"
    BINARY_LENGTH = "binary-length"
    SET_INCOMPLETE = "set-incomplete"
    SET_MISMATCH = "set-mismatch"


class Form(StrEnum):
    """How a code is written: characters, or bytes."""

    TEXT = "text"
    BINARY = "binary"


class TwoDDocError(SealingError):
    """The text breaks the format. `offset` counts bytes; `di` is the field met, if any."""

    code: ClassVar[str] = "twoddoc.malformed"

    def __init__(
        self, reason: Reason, message: str, *, offset: int | None = None, di: str | None = None
    ) -> None:
        """Keep the rule broken, and where."""
        super().__init__(message, reason=str(reason))
        self.reason = reason
        self.offset = offset
        self.di = di


class NotTwoDDocError(TwoDDocError):
    """No 2D-Doc; `looks_like` is `towncode`, `health-certificate`, `url`, `gs1` or empty."""

    code: ClassVar[str] = "twoddoc.not-2ddoc"

    def __init__(self, raw: bytes) -> None:
        """Say what else this may be."""
        self.looks_like = next(
            (name for name, start in _OTHERS.items() if re.match(start, raw, re.IGNORECASE)), ""
        )
        what = self.looks_like or "something else"
        super().__init__(Reason.NOT_2DDOC, f"got {what}, expected DC and a version", offset=0)
        self.details["looks_like"] = self.looks_like


class UnknownFormError(TwoDDocError):
    """A 2D-Doc of a version or form that this program does not read. Details: `form`."""

    code: ClassVar[str] = "twoddoc.unknown-form"

    def __init__(self, form: str) -> None:
        """Name the form: `version NN`, or `binary version NN`."""
        super().__init__(
            Reason.VERSION_UNSUPPORTED, f"got {form}, expected versions 01 to 04", offset=0
        )
        self.details["form"] = form


class DamagedInTransportError(TwoDDocError):
    """The text was cut or rewritten between the symbol and us: scanning again may help."""

    code: ClassVar[str] = "twoddoc.damaged-in-transport"
    retryable: ClassVar[bool] = True


_OTHERS: Final = {
    "towncode": rb"CV1:",
    "health-certificate": rb"HC1:",
    "url": rb"https?://",
    "gs1": rb"\x1d|\]d2|\(?01\)?\d{14}",
}


@dataclass(frozen=True, slots=True)
class Header:
    """Who signed what, when. `perimeter` and `country` are None in versions without them.

    In the binary form the type is two hexadecimal digits, the perimeter four, the country three
    letters: none of them is an entry of the tables of the text form.
    """

    version: int
    ca_id: str
    certificate_id: str
    issue_date: date | None
    signature_date: date
    doc_type: str
    perimeter: str | None = None
    country: str | None = None
    form: Form = Form.TEXT

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the header at the start of a text; raise TwoDDocError."""
        version = _version(raw)
        length = _LENGTHS[version]
        if len(raw) < length:
            problem = f"got {len(raw)} characters, expected {length}"
            raise DamagedInTransportError(Reason.HEADER_SHORT, problem, offset=len(raw))
        if found := re.search(rb"[^A-Z0-9]", raw[:length]):
            problem = "got other characters than capitals and digits"
            raise TwoDDocError(Reason.HEADER_CHARSET, problem, offset=found.start())
        text = raw[:length].decode("ascii")
        signature_date = _header_date(text, 16)
        if signature_date is None:
            problem = "got FFFF, expected a signature date"
            raise TwoDDocError(Reason.DATE_INVALID, problem, offset=16)
        return cls(
            version=version,
            ca_id=text[4:8],
            certificate_id=text[8:12],
            issue_date=_header_date(text, 12),
            signature_date=signature_date,
            doc_type=text[20:22],
            perimeter=text[22:24] or None,
            country=text[24:26] or None,
        )

    def encode(self) -> bytes:
        """Give the characters; `Header.parse` of them is this header.

        Raises TwoDDocError when a member has not the form of its version.
        """
        return _encoded(self)

    @property
    def length(self) -> int:
        """Count the characters of the header."""
        return _LENGTHS[self.version]


@lru_cache(maxsize=64)
def _encoded(header: Header) -> bytes:
    # The letters of a mailing share one header.
    try:
        dates = days_encode(header.issue_date) + days_encode(header.signature_date)
    except ValueInvalidError as invalid:
        raise TwoDDocError(Reason.DATE_INVALID, str(invalid)) from invalid
    text = (
        f"DC{header.version:02}{header.ca_id}{header.certificate_id}{dates}"
        f"{header.doc_type}{header.perimeter or ''}{header.country or ''}"
    ).encode()
    if len(text) != _LENGTHS.get(header.version) or Header.parse(text) != header:
        problem = "got a member of another length than its place, or of another version"
        raise TwoDDocError(Reason.HEADER_CHARSET, problem)
    return text


def _version(raw: bytes) -> int:
    found = re.match(rb"DC(\d\d)", raw)
    if found is None:
        raise NotTwoDDocError(raw)
    version = int(found[1])
    if version not in _LENGTHS:
        raise UnknownFormError(f"version {version:02}")
    return version


def _header_date(text: str, offset: int) -> date | None:
    try:
        return days_decode(text[offset : offset + 4])
    except ValueInvalidError as problem:
        raise TwoDDocError(Reason.DATE_INVALID, str(problem), offset=offset) from problem
