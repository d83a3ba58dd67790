"""A code against the table of its type: what a reader notes, and what a town may issue.

Rules kept here (2D-Doc 3.3.9, sections 3 and 8):

- reading notes, and never refuses: unknown type or perimeter, missing mandatory fields (alone, or
  no whole group of the alternatives), forbidden ones, the issue date against the type's rule;
- a town issues a handful of types only: every other document takes the town code.

What an issuer is refused is `emission.py`'s.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from functools import lru_cache
from typing import ClassVar, Final

from sealing.errors import SealingError
from sealing.twoddoc.catalogue import (
    PERIMETER,
    DocType,
    IssueDateRule,
    Kind,
    doc_type,
    doc_types,
    identifiers,
)
from sealing.twoddoc.fields import Field, Finding, FindingCode
from sealing.twoddoc.header import Form, Header
from sealing.twoddoc.values import ValueInvalidError, decode

CURRENT_VERSION: Final = 4
_EXPIRY: Final = "08"


class TypeNotForTownsError(SealingError):
    """No town issues this type; the town code is for its documents. Details: `type`, `allowed`."""

    code: ClassVar[str] = "twoddoc.type-not-for-towns"


def town_types() -> Mapping[str, DocType]:
    """Give the types that a town may issue, by code."""
    return {code: entry for code, entry in doc_types().items() if entry.town}


def require_town_type(code: str) -> DocType:
    """Give a type that a town may issue; raise TypeNotForTownsError."""
    entry = doc_types().get(code)
    if entry is None or entry.town is None:
        allowed = ", ".join(town_types())
        raise TypeNotForTownsError(
            f"got type {code!r}, expected one of {allowed}", type=code, allowed=allowed
        )
    return entry


def header_findings(header: Header) -> Iterator[Finding]:
    """Yield what is odd about the header by itself."""
    if header.version < CURRENT_VERSION:
        yield Finding(FindingCode.VERSION_WITHDRAWN)
    if header.issue_date is not None and header.issue_date > header.signature_date:
        yield Finding(FindingCode.ISSUED_AFTER_SIGNED)
    if header.form is Form.BINARY:
        # Its numbers of perimeters and types are others than those of our table.
        yield Finding(FindingCode.UNKNOWN_TYPE)
    elif header.perimeter not in (None, PERIMETER):
        yield Finding(FindingCode.UNKNOWN_PERIMETER)
    elif doc_type(header.doc_type, header.perimeter) is None:
        yield Finding(FindingCode.UNKNOWN_TYPE)


def type_findings(header: Header, present: AbstractSet[str]) -> Iterator[Finding]:
    """Yield the departures from the table of the type; nothing for a type without a table."""
    entry = doc_type(header.doc_type, header.perimeter)
    if entry is None:
        return
    yield from _departures(entry.code, frozenset(present))
    if entry.issue_date is IssueDateRule.REQUIRED and header.issue_date is None:
        yield Finding(FindingCode.ISSUE_DATE_MISSING)
    if entry.issue_date is IssueDateRule.ABSENT and header.issue_date is not None:
        yield Finding(FindingCode.ISSUE_DATE_FORBIDDEN)


def dated_findings(header: Header, fields: Sequence[Field], today: date) -> Iterator[Finding]:
    """Yield what is odd on a given day: signed in the future, document expired (08)."""
    if header.signature_date > today:
        yield Finding(FindingCode.SIGNED_IN_FUTURE)
    for field in fields:
        if field.di == _EXPIRY:
            try:
                expiry = decode(Kind.DATE_HEXDAYS2000, field.raw)
            except ValueInvalidError:
                continue
            if isinstance(expiry, date) and expiry < today:
                yield Finding(FindingCode.EXPIRED_DOCUMENT, field.di)


@lru_cache(maxsize=64)
def _departures(code: str, present: frozenset[str]) -> tuple[Finding, ...]:
    # The letters of a mailing have the same fields.
    entry = doc_types()[code]
    forbidden = [di for di in entry.forbidden(present) if di in identifiers()]
    return (
        *(Finding(FindingCode.MISSING_MANDATORY, di) for di in _missing(entry, present)),
        *(Finding(FindingCode.FORBIDDEN_DI, di) for di in forbidden),
    )


def _missing(entry: DocType, present: AbstractSet[str]) -> Iterator[str]:
    for di in entry.mandatory:
        if di not in present:
            yield di
    if entry.one_of and not any(set(group) <= present for group in entry.one_of):
        yield "|".join("+".join(group) for group in entry.one_of)
