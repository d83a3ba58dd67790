"""The fields of a message: where each begins and ends, and what is odd about its value.

Rules kept here (2D-Doc 3.2.6, message):

- a field is a data identifier (2 characters) and its value, in any order;
- a fixed length has no separator after it; a variable one ends with GS, which may be left out at
  the maximum length and in last place; a truncated one ends with RS;
- read tolerantly: a stray GS after a fixed field, a GS after the maximum length, an empty field,
  any 7-bit character in a value; an EORI stops after its two letters and digits by itself;
- an unknown identifier takes everything up to the next separator;
- nothing is lost: raw text, order, separators and every occurrence are kept, so that the fields
  written out again are the characters read;
- a value that does not decode keeps its text and leaves a finding; the other fields stand.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from sealing.twoddoc.catalogue import DataIdentifier, identifiers
from sealing.twoddoc.header import Reason, TwoDDocError
from sealing.twoddoc.values import ValueInvalidError, decode

GS: Final = "\x1d"
RS: Final = "\x1e"
US: Final = "\x1f"
MAX_FIELDS: Final = 200
_SEPARATOR: Final = re.compile(f"[{GS}{RS}]")
_SEPARATORS: Final = re.compile(f"[{GS}{RS}]*")
_EORI: Final = re.compile("[A-Z]{2}[0-9]+")


class FindingCode(StrEnum):
    """What is odd about a code that reads well; reading goes on."""

    UNKNOWN_TYPE = "unknown-type"
    UNKNOWN_PERIMETER = "unknown-perimeter"
    UNKNOWN_DI = "unknown-di"
    DUPLICATE_DI = "duplicate-di"
    MISSING_MANDATORY = "missing-mandatory"
    FORBIDDEN_DI = "forbidden-di"
    ISSUE_DATE_MISSING = "issue-date-missing"
    ISSUE_DATE_FORBIDDEN = "issue-date-forbidden"
    TRUNCATED = "truncated"
    VALUE_INVALID = "value-invalid"
    TOO_LONG_VALUE = "too-long-value"
    CHARSET = "charset"
    VERSION_WITHDRAWN = "version-withdrawn"
    REPAIRED_TRANSPORT = "repaired-transport"
    ANNEX_PRESENT = "annex-present"
    SIGNED_IN_FUTURE = "signed-in-future"
    ISSUED_AFTER_SIGNED = "issued-after-signed"
    EXPIRED_DOCUMENT = "expired-document"


@dataclass(frozen=True, slots=True)
class Finding:
    """One oddity. `di` names the field; alternative groups read `10|11+12+13`."""

    code: FindingCode
    di: str | None = None

    def __str__(self) -> str:
        """Give it as `code` or `code:di`."""
        return f"{self.code}:{self.di}" if self.di else str(self.code)


@dataclass(frozen=True, slots=True)
class Field:
    """One field as read. `end` is the run of separators after it; `offset` counts from the header.

    The text is what the code says, proved or not: screens take the fields of a VerifiedMessage.
    """

    di: str
    raw: str
    end: str
    offset: int

    @property
    def truncated(self) -> bool:
        """Tell whether the issuer cut the value to make it fit (RS)."""
        return RS in self.end

    def encode(self) -> str:
        """Give the characters that were read."""
        return self.di + self.raw + self.end


def split(text: str, offset: int = 0) -> tuple[Field, ...]:
    """Cut a message into its fields; raise TwoDDocError (linear in its length)."""
    found: list[Field] = []
    position = 0
    while position < len(text):
        di = text[position : position + 2]
        if len(di) < 2 or _SEPARATOR.search(di):  # noqa: PLR2004 - an identifier is 2 characters
            problem = "got less than 2 characters, expected a data identifier"
            raise TwoDDocError(Reason.FIELD_INCOMPLETE, problem, offset=offset + position)
        if len(found) == MAX_FIELDS:
            problem = f"got more than {MAX_FIELDS} fields"
            raise TwoDDocError(Reason.TOO_LONG, problem, offset=offset + position)
        end_of_value = _end_of_value(text, position + 2, identifiers().get(di))
        if end_of_value is None:
            problem = "got a separator or the end inside a field of fixed length"
            raise TwoDDocError(Reason.FIELD_SHORT, problem, offset=offset + position, di=di)
        after = _SEPARATORS.match(text, end_of_value)
        end = after[0] if after else ""
        found.append(Field(di, text[position + 2 : end_of_value], end, offset + position))
        position = end_of_value + len(end)
    return tuple(found)


def value_findings(fields: Sequence[Field]) -> Iterator[Finding]:
    """Yield what is odd about each field by itself, in order."""
    seen: set[str] = set()
    for field in fields:
        entry = identifiers().get(field.di)
        if field.di in seen:
            yield Finding(FindingCode.DUPLICATE_DI, field.di)
        elif entry is None:
            yield Finding(FindingCode.UNKNOWN_DI, field.di)
        seen.add(field.di)
        if field.truncated:
            yield Finding(FindingCode.TRUNCATED, field.di)
        if entry is not None and (odd := oddity(entry, field.raw, truncated=field.truncated)):
            yield Finding(odd, field.di)


def oddity(entry: DataIdentifier, raw: str, *, truncated: bool = False) -> FindingCode | None:
    """Give the first rule of the identifier that a text breaks; None for a good value.

    An empty variable text is no value at all, and good; a truncated one need not decode.
    """
    if entry.maximum is not None and len(raw) > entry.maximum:
        return FindingCode.TOO_LONG_VALUE
    if not raw and not entry.fixed:
        return None
    if entry.charset and not _allowed(entry.charset).fullmatch(raw):
        return FindingCode.CHARSET
    return None if truncated or _decodes(entry, raw) else FindingCode.VALUE_INVALID


def _decodes(entry: DataIdentifier, raw: str) -> bool:
    try:
        decode(entry.kind, raw)
    except ValueInvalidError:
        return False
    return len(raw) >= entry.minimum


@cache
def _allowed(charset: str) -> re.Pattern[str]:
    return _EORI if charset == "eori" else re.compile(f"[{charset}]*")


def _end_of_value(text: str, start: int, entry: DataIdentifier | None) -> int | None:
    if entry is not None and entry.fixed and entry.maximum is not None:
        return _end_of_fixed(text, start, start + entry.maximum)
    separator = _SEPARATOR.search(text, start)
    limit = separator.start() if separator else len(text)
    if entry is None or entry.maximum is None:
        return limit
    if entry.is_eori and (eori := _EORI.match(text, start, min(limit, start + entry.maximum))):
        return eori.end()
    # Without GS at the maximum length the next field begins there; an issuer who wrote too much
    # shows no known identifier at that place.
    cut = start + entry.maximum
    return cut if cut < limit and text[cut : cut + 2] in identifiers() else limit


def _end_of_fixed(text: str, start: int, end: int) -> int | None:
    if _SEPARATOR.match(text, start):
        return start
    return None if end > len(text) or _SEPARATOR.search(text, start, end) else end
