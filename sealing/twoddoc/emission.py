"""Writing what a 2D-Doc says, strictly: values in, the bytes to sign out, or every problem.

Rules kept here (2D-Doc 3.3.9, sections 3 and 8):

- issued are version 04, perimeter 01, country FR, a known type, with every mandatory identifier;
  refused is any identifier that the type does not allow and any value that its identifier refuses;
- all problems of a document are told at once, each with its identifier and reason;
- the fields stand in the order of the type's table, those of every type last; GS ends a variable
  one below its maximum length, RS one that was truncated;
- a signature date lies within the certificate's validity and is not in the future.

The letters of a mailing have one header and one set of identifiers: what depends on these alone is
a `_Plan`, made once. A value that is right as it was given is then known by one pattern; any other
goes the long way, which is the same rules, told.
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
    Kind,
    doc_type,
    identifiers,
    in_every_type,
)
from sealing.twoddoc.conformance import CURRENT_VERSION, type_findings
from sealing.twoddoc.fields import GS, RS, FindingCode, fold, oddity
from sealing.twoddoc.header import Header, TwoDDocError
from sealing.twoddoc.values import Value, ValueInvalidError, encode

_COUNTRY: Final = "FR"
# Without a charset of its own a field holds capitals, digits and printable symbols: no lower case,
# and never a separator, which would begin another field.
_EMITTED: Final = re.compile("[ -_]*")
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
# Kinds whose texts are told by their charset and length alone.
_PLAIN: Final = {
    Kind.TEXT: "[ -_]",
    Kind.DIGITS: "[0-9]",
    Kind.NUMERIC: "[0-9]",
    Kind.DIGITS_ZERO_PADDED: "[0-9]",
}
_NONE: Final = re.compile("(?!)")


@dataclass(frozen=True, slots=True)
class Emission:
    """How far an issuer lets us bend values: both off unless asked.

    `fold`: capitals, no accents; the page must then print what the code says. `truncate`:
    mandatory texts longer than their maximum are cut and marked (RS), never optional ones.
    """

    fold: bool = False
    truncate: bool = False


STRICT: Final = Emission()


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


def encode_unsigned(
    header: Header, values: Mapping[str, Value], emission: Emission = STRICT
) -> bytes:
    """Write what is to be signed, version 04; raise EmissionError with every problem at once."""
    plan = _plan(header, tuple(values))
    written = plan.write(values, folded=emission.fold) if plan else None
    if written is not None:
        return written
    kind = doc_type(header.doc_type, header.perimeter)
    cut = _truncated(kind, values, folded=emission.fold) if kind and emission.truncate else {}
    texts, problems = _texts(header, {**values, **cut}, folded=emission.fold)
    if problems:
        raise EmissionError(problems)
    parts = [
        di + texts[di] + (RS if di in cut else _end_of(di, texts[di]))
        for di in _ordered(header.doc_type, header.perimeter, frozenset(texts))
    ]
    return header.encode() + "".join(parts).encode("ascii")


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


@dataclass(frozen=True, slots=True)
class _Plan:
    """A header and a set of identifiers against which nothing can be said.

    `fields`: in order, what a value that is right as given looks like, and how long it takes no GS.
    """

    head: bytes
    fields: tuple[tuple[str, re.Pattern[str], int | None], ...]

    def write(self, values: Mapping[str, Value], *, folded: bool) -> bytes | None:
        """Give what is to be signed, or None where there is something to tell."""
        parts = []
        for di, right, full in self.fields:
            value = values[di]
            known = isinstance(value, str) and right.fullmatch(value)
            text = str(value) if known else _right_text(di, value, folded=folded)
            if text is None:
                return None
            parts.append(di + text if len(text) == full else di + text + GS)
        return self.head + "".join(parts).encode("ascii")


@lru_cache(maxsize=64)
def _plan(header: Header, dis: tuple[str, ...]) -> _Plan | None:
    kind = doc_type(header.doc_type, header.perimeter)
    told = [*_header_problems(header), *type_findings(header, set(dis))]
    if kind is None or told or not identifiers().keys() >= set(dis):
        return None
    entries = [identifiers()[di] for di in _ordered(kind.code, header.perimeter, frozenset(dis))]
    fields = tuple((entry.di, _right(entry, kind), entry.maximum) for entry in entries)
    return _Plan(header.encode(), fields)


def _right(entry: DataIdentifier, kind: DocType) -> re.Pattern[str]:
    if entry.kind not in _PLAIN or entry.is_eori:
        return _NONE
    charset, most = f"[{entry.charset or ' -_'}]", entry.maximum or ""
    text = f"(?={_PLAIN[entry.kind]}*\\Z){charset}{{{max(1, entry.minimum)},{most}}}"
    empty = "" if entry.fixed or _never_empty(entry.di, kind) else "|"
    return re.compile(f"(?:{text}{empty})")


def _right_text(di: str, value: Value, *, folded: bool) -> str | None:
    entry = identifiers()[di]
    try:
        text = _text_of(entry, value, folded=folded)
    except ValueInvalidError:
        return None
    return text if text and _EMITTED.fullmatch(text) and oddity(entry, text) is None else None


def _texts(
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
            text = texts[di] = _text_of(entry, value, folded=folded)
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


def _text_of(entry: DataIdentifier, value: Value, *, folded: bool) -> str:
    """Give a value's text as the code holds it; raise ValueInvalidError. Empty stays empty."""
    if value == "":
        return ""
    if isinstance(value, str) and entry.kind is Kind.TEXT:
        return fold(value, entry.charset) if folded else value
    width = entry.minimum if entry.fixed and entry.kind is not Kind.TEXT else 0
    return encode(entry.kind, value, width)


def _truncated(kind: DocType, values: Mapping[str, Value], *, folded: bool) -> dict[str, str]:
    """Cut the mandatory texts that are too long, one character short of the maximum.

    The separator then stands where a reader who counts to the maximum still meets it.
    """
    cut: dict[str, str] = {}
    for di, value in values.items():
        entry = identifiers().get(di)
        if entry is None or entry.fixed or entry.maximum is None or not kind.is_mandatory(di):
            continue
        if entry.kind is Kind.TEXT and isinstance(value, str):
            text = _text_of(entry, value, folded=folded)
            if len(text) > entry.maximum:
                cut[di] = text[: entry.maximum - 1].rstrip()
    return cut


def _end_of(di: str, text: str) -> str:
    """Give the separator that a written field asks: none when fixed or at its maximum."""
    entry = identifiers()[di]
    return "" if entry.fixed or len(text) == entry.maximum else GS


@lru_cache(maxsize=64)
def _ordered(code: str, perimeter: str | None, dis: frozenset[str]) -> tuple[str, ...]:
    """Put identifiers in the order of the type's table, those of every type last."""
    entry = doc_type(code, perimeter)
    listed = [di for di in entry.order() if di in dis] if entry else []
    rest = sorted(dis.difference(listed), key=lambda di: (in_every_type(di), di))
    return (*listed, *rest)


def _header_problems(header: Header) -> Iterator[Problem]:
    if header.version != CURRENT_VERSION:
        yield Problem("version", None, f"version {header.version:02}, only 04 is issued")
    if header.perimeter != PERIMETER:
        yield Problem("perimeter", None, f"perimeter {header.perimeter}, only 01 is issued")
    elif doc_type(header.doc_type, header.perimeter) is None:
        yield Problem("unknown-type", None, f"no document type {header.doc_type!r}")
    if header.country != _COUNTRY:
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
        if not text and _never_empty(di, entry):
            yield Problem("empty-value", di, f"type {entry.code} does not let it be empty")


def _never_empty(di: str, entry: DocType) -> bool:
    listed = entry.may_be_empty is not None and di not in entry.may_be_empty
    return listed and entry.is_mandatory(di)


def _problem(entry: DataIdentifier, odd: FindingCode) -> Problem:
    most = entry.maximum if entry.maximum is not None else "any number of"
    charset = entry.charset or "A-Z0-9, space and symbols"
    told = _REASONS[odd].format(most=most, least=entry.minimum, charset=charset, kind=entry.kind)
    return Problem(str(odd), entry.di, told)
