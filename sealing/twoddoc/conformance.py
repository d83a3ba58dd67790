"""A code against the table of its type: what a reader notes, and what an issuer is refused.

Rules kept here (2D-Doc 3.3.9, sections 3 and 8; the issuer's side is strict):

- reading notes, and never refuses: unknown type or perimeter, missing mandatory fields (alone, or
  no whole group of the alternatives), forbidden ones, the issue date against the type's rule;
- issuing asks version 04, perimeter 01, country FR, a known type, every mandatory field, and
  refuses any identifier that the type does not allow and any value that its identifier refuses;
- all problems of a document are told at once, each with its identifier and reason;
- a town issues a handful of types only: every other document takes the town code;
- a signature date lies within the certificate's validity and is not in the future.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import ClassVar, Final

from sealing.errors import SealingError
from sealing.twoddoc.catalogue import (
    PERIMETER,
    DataIdentifier,
    DocType,
    IssueDateRule,
    Kind,
    doc_type,
    doc_types,
    identifiers,
    in_every_type,
)
from sealing.twoddoc.fields import GS, Field, Finding, FindingCode, fold, oddity
from sealing.twoddoc.header import Form, Header, TwoDDocError
from sealing.twoddoc.values import Value, ValueInvalidError, decode, encode

EMITTED_VERSION: Final = 4
EMITTED_COUNTRY: Final = "FR"
# Without a charset of its own a field holds capitals, digits and printable symbols: no lower case,
# and never a separator, which would begin another field.
_EMITTED: Final = re.compile("[ -_]*")
_EXPIRY: Final = "08"
_TOLD: Final = {
    FindingCode.MISSING_MANDATORY: "requires it",
    FindingCode.FORBIDDEN_DI: "forbids it",
    FindingCode.ISSUE_DATE_MISSING: "requires an issue date",
    FindingCode.ISSUE_DATE_FORBIDDEN: "forbids an issue date",
}
_REASONS: Final = {
    FindingCode.TOO_LONG_VALUE: "longer than {most} characters",
    FindingCode.CHARSET: "a character outside {charset}",
    FindingCode.VALUE_INVALID: "not a value of kind {kind}, {least} to {most} characters",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that forbids an emission: the rule, the identifier if any, the reason."""

    rule: str
    di: str | None
    reason: str


class EmissionError(SealingError):
    """The document may not be issued as asked; `problems` holds every reason, never a value."""

    code: ClassVar[str] = "twoddoc.emission"

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep all problems."""
        told = "; ".join(f"{problem.di or problem.rule}: {problem.reason}" for problem in problems)
        super().__init__(f"got {len(problems)} problems: {told}")
        self.problems = tuple(problems)
        self.parts = tuple((problem.di or "", problem.rule) for problem in problems)


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
    if header.version < EMITTED_VERSION:
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


def emission_texts(
    header: Header, values: Mapping[str, Value], *, folded: bool
) -> tuple[dict[str, str], list[Problem]]:
    """Give the text of each value, and everything that forbids the emission.

    A value that is too long is a problem here; who may truncate it decides before.
    """
    problems = list(_header_problems(header))
    texts: dict[str, str] = {}
    table = identifiers()
    for di, value in values.items():
        entry = table.get(di)
        if entry is None:
            problems.append(Problem("unknown-di", di, "no such data identifier"))
            continue
        try:
            text = texts[di] = text_of(entry, value, folded=folded)
        except ValueInvalidError:
            problems.append(_problem(entry, FindingCode.VALUE_INVALID))
            continue
        if odd := oddity(entry, text):
            problems.append(_problem(entry, odd))
    problems += _charset_problems(texts, {problem.di for problem in problems})
    kind = doc_type(header.doc_type, header.perimeter)
    if kind is not None:
        problems += _type_problems(header, kind, texts, set(values))
    return texts, problems


def text_of(entry: DataIdentifier, value: Value, *, folded: bool) -> str:
    """Give a value's text as the code holds it; raise ValueInvalidError. Empty stays empty."""
    if value == "":
        return ""
    if isinstance(value, str) and entry.kind is Kind.TEXT:
        return fold(value, entry.charset) if folded else value
    width = entry.minimum if entry.fixed and entry.kind is not Kind.TEXT else 0
    return encode(entry.kind, value, width)


def emission_order(header: Header, dis: AbstractSet[str]) -> list[str]:
    """Put identifiers in the order of the type's table, those of every type last."""
    return list(_ordered(header.doc_type, header.perimeter, frozenset(dis)))


def truncated_texts(kind: DocType, values: Mapping[str, Value], *, folded: bool) -> dict[str, str]:
    """Cut the mandatory texts that are too long, one character short of the maximum.

    The separator then stands where a reader who counts to the maximum still meets it.
    """
    cut: dict[str, str] = {}
    for di, value in values.items():
        entry = identifiers().get(di)
        if entry is None or entry.fixed or entry.maximum is None or not kind.is_mandatory(di):
            continue
        if entry.kind is Kind.TEXT and isinstance(value, str):
            text = text_of(entry, value, folded=folded)
            if len(text) > entry.maximum:
                cut[di] = text[: entry.maximum - 1].rstrip()
    return cut


def end_of(di: str, text: str) -> str:
    """Give the separator that a written field asks: none when fixed or at its maximum."""
    entry = identifiers()[di]
    return "" if entry.fixed or len(text) == entry.maximum else GS


def check_signing_date(header: Header, valid_from: date, valid_until: date, today: date) -> None:
    """Refuse a signature date outside the certificate's days, or after today: EmissionError."""
    problems = []
    if not valid_from <= header.signature_date <= valid_until:
        reason = f"{header.signature_date} outside the certificate, {valid_from} to {valid_until}"
        problems.append(Problem("signature-date", None, reason))
    if header.signature_date > today:
        reason = f"{header.signature_date} is in the future"
        problems.append(Problem("signature-date", None, reason))
    if problems:
        raise EmissionError(problems)


@lru_cache(maxsize=64)
def _departures(code: str, present: frozenset[str]) -> tuple[Finding, ...]:
    # The letters of a mailing have the same fields.
    entry = doc_types()[code]
    forbidden = [di for di in entry.forbidden(present) if di in identifiers()]
    return (
        *(Finding(FindingCode.MISSING_MANDATORY, di) for di in _missing(entry, present)),
        *(Finding(FindingCode.FORBIDDEN_DI, di) for di in forbidden),
    )


@lru_cache(maxsize=64)
def _ordered(code: str, perimeter: str | None, dis: frozenset[str]) -> tuple[str, ...]:
    entry = doc_type(code, perimeter)
    listed = [di for di in entry.order() if di in dis] if entry else []
    rest = sorted(dis.difference(listed), key=lambda di: (in_every_type(di), di))
    return (*listed, *rest)


def _missing(entry: DocType, present: AbstractSet[str]) -> Iterator[str]:
    for di in entry.mandatory:
        if di not in present:
            yield di
    if entry.one_of and not any(set(group) <= present for group in entry.one_of):
        yield "|".join("+".join(group) for group in entry.one_of)


def _header_problems(header: Header) -> Iterator[Problem]:
    if header.version != EMITTED_VERSION:
        yield Problem("version", None, f"version {header.version:02}, only 04 is issued")
    if header.perimeter != PERIMETER:
        yield Problem("perimeter", None, f"perimeter {header.perimeter}, only 01 is issued")
    elif doc_type(header.doc_type, header.perimeter) is None:
        yield Problem("unknown-type", None, f"no document type {header.doc_type!r}")
    if header.country != EMITTED_COUNTRY:
        yield Problem("country", None, f"country {header.country}, only FR is issued")
    try:
        header.encode()
    except TwoDDocError as problem:
        yield Problem("header", None, str(problem))


def _charset_problems(texts: Mapping[str, str], told: AbstractSet[str | None]) -> Iterator[Problem]:
    if _EMITTED.fullmatch("".join(texts.values())):
        return
    for di, text in texts.items():
        if di not in told and _EMITTED.fullmatch(text) is None:
            yield _problem(identifiers()[di], FindingCode.CHARSET)


def _type_problems(
    header: Header, entry: DocType, texts: Mapping[str, str], present: AbstractSet[str]
) -> Iterator[Problem]:
    for finding in type_findings(header, present):
        yield Problem(str(finding.code), finding.di, f"type {entry.code} {_TOLD[finding.code]}")
    for di, text in texts.items():
        never_empty = entry.may_be_empty is not None and di not in entry.may_be_empty
        if not text and never_empty and entry.is_mandatory(di):
            yield Problem("empty-value", di, f"type {entry.code} does not let it be empty")


def _problem(entry: DataIdentifier, odd: FindingCode) -> Problem:
    most = entry.maximum if entry.maximum is not None else "any number of"
    charset = entry.charset or "A-Z0-9, space and symbols"
    told = _REASONS[odd].format(most=most, least=entry.minimum, charset=charset, kind=entry.kind)
    return Problem(str(odd), entry.di, told)
