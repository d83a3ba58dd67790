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
- a value that does not decode keeps its text and leaves a finding; the other fields stand;
- folding to the characters of the code (É to E, œ to OE) is a service for who asks, never a habit.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from sealing.twoddoc.catalogue import DataIdentifier, Kind, identifiers
from sealing.twoddoc.header import Reason, TwoDDocError
from sealing.twoddoc.values import ValueInvalidError, decode

GS: Final = "\x1d"
RS: Final = "\x1e"
US: Final = "\x1f"
MAX_FIELDS: Final = 200
_SEPARATOR: Final = re.compile(f"[{GS}{RS}]")
_SEPARATED: Final = frozenset({GS, RS})
_EORI: Final = re.compile("[A-Z]{2}[0-9]+")


_LIGATURES: Final = str.maketrans(
    {
        "Œ": "OE",
        "Æ": "AE",
        "ẞ": "SS",
        "Ø": "O",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{EN DASH}": "-",
        "\N{NO-BREAK SPACE}": " ",
    }
)


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
    table = identifiers()
    found: list[Field] = []
    position = separator = 0
    while position < len(text):
        di = text[position : position + 2]
        if separator < position + 2:
            ahead = _SEPARATOR.search(text, position)
            separator = ahead.start() if ahead else len(text)
        _require_field(di, separator - position, len(found), offset + position)
        start = position + 2
        end = _end_of_value(text, start, separator, table.get(di))
        if end is None:
            problem = "got a separator or the end inside a field of fixed length"
            raise TwoDDocError(Reason.FIELD_SHORT, problem, offset=offset + position, di=di)
        after = end
        while after < len(text) and text[after] in _SEPARATED:
            after += 1
        found.append(Field(di, text[start:end], text[end:after], offset + position))
        position = after
    return tuple(found)


def value_findings(fields: Sequence[Field]) -> Iterator[Finding]:
    """Yield what is odd about each field by itself, in order."""
    table = identifiers()
    seen: set[str] = set()
    for field in fields:
        di, truncated = field.di, RS in field.end
        entry = table.get(di)
        if di in seen:
            yield Finding(FindingCode.DUPLICATE_DI, di)
        elif entry is None:
            yield Finding(FindingCode.UNKNOWN_DI, di)
        seen.add(di)
        if truncated:
            yield Finding(FindingCode.TRUNCATED, di)
        if entry is not None and (odd := oddity(entry, field.raw, truncated=truncated)):
            yield Finding(odd, di)


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


def fold(text: str, charset: str | None) -> str:
    """Bring a text to capitals without accents, and what the charset lacks to spaces.

    Only hyphen, apostrophe, dot and comma become a space (NF Z10-011); any other foreign
    character is left for the emission rules to refuse.
    """
    upper = text.upper().translate(_LIGATURES)
    bare = "".join(c for c in unicodedata.normalize("NFD", upper) if not unicodedata.combining(c))
    if charset is None or charset == "eori":
        return bare
    allowed = re.compile(f"[{charset}]")
    return "".join(" " if c in "-'.," and not allowed.match(c) else c for c in bare)


def _decodes(entry: DataIdentifier, raw: str) -> bool:
    if len(raw) < entry.minimum:
        return False
    if entry.kind is Kind.TEXT:
        return True
    try:
        decode(entry.kind, raw)
    except ValueInvalidError:
        return False
    return True


@cache
def _allowed(charset: str) -> re.Pattern[str]:
    return _EORI if charset == "eori" else re.compile(f"[{charset}]*")


def _require_field(di: str, length: int, before: int, offset: int) -> None:
    if length < 2:  # noqa: PLR2004 - an identifier is 2 characters
        problem = f"got {len(di)} characters, expected a data identifier"
        raise TwoDDocError(Reason.FIELD_INCOMPLETE, problem, offset=offset)
    if before == MAX_FIELDS:
        raise TwoDDocError(Reason.TOO_LONG, f"got more than {MAX_FIELDS} fields", offset=offset)


def _end_of_value(
    text: str, start: int, separator: int, entry: DataIdentifier | None
) -> int | None:
    """Give the end of a value; `separator` is the place of the next one, or the end."""
    if entry is None or entry.maximum is None:
        return separator
    full = start + entry.maximum
    if entry.fixed:
        empty = start == separator < len(text)
        return start if empty else full if full <= separator else None
    if entry.charset == "eori" and (eori := _EORI.match(text, start, min(separator, full))):
        return eori.end()
    # Without GS at the maximum length the next field begins there; an issuer who wrote too much
    # shows no known identifier at that place.
    return full if full < separator and text[full : full + 2] in identifiers() else separator
