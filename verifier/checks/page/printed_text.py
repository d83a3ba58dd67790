"""The words of a page against the signed values of its code: a code lifted onto another page.

Rules kept here (`verifier/DESIGN.md`, "Page against code"):

- only proved values are compared, and only with words that a reader sees;
- *firm* values are the mandatory ones of the type that a page prints as they are: one that is
  missing makes the page `different`, HASH_FAILURE;
- *plain* values are the optional ones that a page prints as they are: where another of the same
  kind stands in place of one, nothing is concluded (SIGNED_DATA_NOT_FOUND); one that is not there
  at all takes the `same` away and accuses nobody;
- *soft* values are all others (civilities, countries, values told by a code of one to three
  letters): one that is missing takes the `same` away;
- the day of the code is plain: a page that prints days of its own, none of them of its year or
  within two months of it, may be another one's, of another year. Not asked of a file whose seal
  names the same letter as its code;
- identifiers 01 to 0D describe the code itself, and France goes without saying at home: neither is
  asked of the page;
- a page filled by a picture may say what its text layer does not: `different` is then never
  concluded from it. Where its layer is one of recognised characters, the answer is
  SIGNED_DATA_NOT_FOUND;
- every value of a town code is firm: its issuer puts in only what the page prints; letters of
  another alphabet are looked for as they stand;
- nothing firm to compare, no word: `not-compared`, never `same`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Final

from sealing.towncode.signature import ShownPair, VerifiedTownCode
from sealing.twoddoc.catalogue import Kind, doc_type, identifiers, in_every_type
from sealing.twoddoc.signature import ShownField, VerifiedMessage
from sealing.twoddoc.values import Period, Value
from verifier.check import Check, SubIndication
from verifier.checks.page.printed_forms import (
    CIVILITIES,
    Page,
    forms,
    has_other_letters,
    month_forms,
    words_of,
)
from verifier.checks.page.printed_instead import days_on, instead, written
from verifier.reading.found import PageWords, Word
from verifier.verdict import NOT_COMPARED, Difference, PrintedResult, PrintedText

TWODDOC_CHECK: Final = "twoddoc.printed-text"
TOWNCODE_CHECK: Final = "towncode.printed-text"
_CODED: Final = frozenset({Kind.BOOL01, Kind.BASE36_DIGIT, Kind.HEX_INTEGER})
_CODED_LENGTH: Final = 3
_HOME: Final = "FR"
_MONTH: Final = re.compile(r"(\d{4})-(\d\d)")
_DATED: Final = "date du document"
_SAME_TIME_DAYS: Final = 61


class _Weight(Enum):
    FIRM = 1
    PLAIN = 2
    SOFT = 3


@dataclass(frozen=True, slots=True)
class _Field:
    """One signed value: `di` and `name` for people, `text` as they read it, `value` as typed."""

    di: str
    name: str
    text: str
    value: Value | None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """One value, or one part of it, that the page is asked for.

    `besides`: it is the day of the code, and these are the days among its values.
    """

    field: _Field
    part: str
    weight: _Weight
    besides: frozenset[date] | None = None


def compare(proved: VerifiedMessage, page: PageWords, *, sealed: bool = False) -> PrintedText:
    """Compare a proved 2D-Doc with the page that bears it; `sealed`: it is of this very file."""
    day = proved.header.issue_date or proved.header.signature_date
    asked = list(_asked(proved))
    return _compared(asked if sealed else [*asked, _dated(day, asked)], page, TWODDOC_CHECK)


def compare_towncode(
    proved: VerifiedTownCode, page: PageWords, *, sealed: bool = False
) -> PrintedText:
    """Compare a proved town code with the page that bears it; `sealed`: it is of this very file."""
    fields = [_pair(pair) for pair in proved.fields() if pair.raw.strip()]
    asked = [_Asked(one, one.text, _Weight.FIRM) for one in fields]
    day = proved.issued_at.date()
    return _compared(asked if sealed else [*asked, _dated(day, asked)], page, TOWNCODE_CHECK)


def _compared(asked: Sequence[_Asked], page: PageWords, check: str) -> PrintedText:
    seen = Page.of(page.seen)
    if not page.words or not any(one.weight is _Weight.FIRM for one in asked):
        return NOT_COMPARED
    missing = [one for one in asked if not _stands(one, seen)]
    if any(one.besides is None and isinstance(one.field.value, date) for one in missing):
        # The day that stands in place of another is none of the page's own.
        missing = [one for one in missing if one.besides is None]
    if not missing:
        return PrintedText(PrintedResult.SAME, (), Check.passed(check, "values-on-page"))
    every = Page.of(page.words)
    hidden = [one for one in missing if _stands(one, every)]
    differences = _differences(missing, page.seen)
    lost = [one for one in missing if one not in hidden and one.weight is _Weight.FIRM]
    if lost and (page.seen or page.pictured):
        return _different(page, lost, differences, check)
    plain = {one.field.di for one in missing if one not in hidden and one.weight is _Weight.PLAIN}
    others = [one.di or one.name for one in differences if one.di in plain and one.printed]
    if others and not page.pictured:
        sub, told = SubIndication.SIGNED_DATA_NOT_FOUND, " ".join(others)
        answer = Check.unsure(check, "values-otherwise-on-page", sub, di=told)
        return PrintedText(PrintedResult.DIFFERENT, differences, answer)
    return PrintedText(PrintedResult.NOT_COMPARED, differences)


def _different(
    page: PageWords, lost: Sequence[_Asked], differences: tuple[Difference, ...], name: str
) -> PrintedText:
    told = " ".join(dict.fromkeys(one.field.di or one.field.name for one in lost))
    if not page.pictured:
        sub = SubIndication.HASH_FAILURE
        check = Check.failed(name, "values-not-on-page", sub, di=told)
        return PrintedText(PrintedResult.DIFFERENT, differences, check)
    if len(page.seen) < len(page.words):
        sub = SubIndication.SIGNED_DATA_NOT_FOUND
        check = Check.unsure(name, "values-not-recognised", sub, di=told)
        return PrintedText(PrintedResult.DIFFERENT, differences, check)
    return PrintedText(PrintedResult.NOT_COMPARED, differences)


def _pair(pair: ShownPair) -> _Field:
    """Give a town code's value: a date in all its forms, another text as printed."""
    number = "" if pair.label is None else str(pair.label)
    value: Value = pair.raw if pair.day is None else pair.day
    if pair.is_date and (month := _MONTH.fullmatch(pair.raw)):
        first = date(int(month[1]), int(month[2]), 1)
        value = Period(first, first)
    return _Field(number, pair.french, written(value, pair.raw), value)


def _asked(proved: VerifiedMessage) -> Iterator[_Asked]:
    header = proved.header
    kind = doc_type(header.doc_type, header.perimeter)
    for field in proved.fields():
        if not field.raw.strip() or in_every_type(field.di) or _at_home(field):
            continue
        firm = kind is not None and kind.is_mandatory(field.di) and not _coded(field)
        text = written(field.value, field.raw)
        told = _Field(field.di, field.french, text, field.value, field.truncated)
        printed = _Weight.FIRM if firm else _Weight.PLAIN
        if _coded(field) or _country(field):
            printed = _Weight.SOFT
        if isinstance(field.value, str) and "/" in field.value:
            parts = [part for part in field.value.split("/") if part.strip()]
            for part in parts:
                yield _Asked(told, part, _Weight.SOFT if _civility(part) else printed)
        else:
            yield _Asked(told, field.raw, _Weight.SOFT if _civility(field.raw) else printed)


def _dated(day: date, asked: Sequence[_Asked]) -> _Asked:
    """Ask the page for a day of the time of its code, beside those among its values."""
    values = (one.field.value for one in asked)
    besides = frozenset(value for value in values if isinstance(value, date))
    text = f"{day:%d/%m/%Y}"
    return _Asked(_Field("", _DATED, text, day), text, _Weight.PLAIN, besides)


def _at_home(field: ShownField) -> bool:
    """Tell whether this is the country of an address in France, which letters leave out."""
    return _country(field) and field.raw == _HOME


def _country(field: ShownField) -> bool:
    return len(field.raw) == len(_HOME) and "pays" in field.french.lower()


def _coded(field: ShownField) -> bool:
    entry = identifiers().get(field.di)
    if entry is None or entry.kind in _CODED:
        return True
    return entry.fixed and entry.maximum is not None and entry.maximum <= _CODED_LENGTH


def _civility(part: str) -> bool:
    return {*words_of(part)} <= CIVILITIES


def _stands(one: _Asked, page: Page) -> bool:
    value = one.field.value
    if one.besides is not None and isinstance(value, date):
        days = [day for day, _ in days_on(page) if day not in one.besides]
        return not days or any(_same_time(day, value) for day in days)
    match value:
        case Decimal():
            return page.shows_amount(value)
        case Period():
            months = (value.first, value.last)
            return all(any(page.shows(text) for text in month_forms(day)) for day in months)
        case str() if has_other_letters(value):
            return page.shows_letters(one.part)
        case None | str():
            texts = [one.part, one.part.lstrip("0")] if one.part.isdigit() else [one.part]
            return any(page.shows(text, truncated=one.field.truncated) for text in texts if text)
    return any(page.shows(text) for text in forms(value))


def _same_time(day: date, other: date) -> bool:
    return day.year == other.year or abs(day - other) <= timedelta(days=_SAME_TIME_DAYS)


def _differences(missing: Sequence[_Asked], words: Sequence[Word]) -> tuple[Difference, ...]:
    fields = {id(one.field): one.field for one in missing}.values()
    return tuple(
        Difference(one.di, one.name, one.text, instead(one.text, one.value, words))
        for one in fields
    )
