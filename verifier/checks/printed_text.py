"""The words of a page against the signed values of its code: a code lifted onto another page.

Rules kept here (`verifier/DESIGN.md`, "Page against code"):

- only proved values are compared, and only with words that a reader sees;
- *firm* values are the mandatory ones of the type that a page prints as they are: one that is
  missing makes the page `different`, HASH_FAILURE;
- *soft* values are all others (optional ones, civilities, countries, values told by a code of one
  to three letters): one that is missing takes the `same` away and accuses nobody;
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
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from sealing.towncode.signature import ShownPair, VerifiedTownCode
from sealing.twoddoc.catalogue import Kind, doc_type, identifiers, in_every_type
from sealing.twoddoc.signature import ShownField, VerifiedMessage
from sealing.twoddoc.values import Period, Value
from verifier.check import Check, SubIndication
from verifier.checks.printed_forms import (
    CIVILITIES,
    Page,
    forms,
    has_other_letters,
    month_forms,
    words_of,
)
from verifier.reading.found import PageWords
from verifier.verdict import NOT_COMPARED, Difference, PrintedResult, PrintedText

TWODDOC_CHECK: Final = "twoddoc.printed-text"
TOWNCODE_CHECK: Final = "towncode.printed-text"
_CODED: Final = frozenset({Kind.BOOL01, Kind.BASE36_DIGIT, Kind.HEX_INTEGER})
_CODED_LENGTH: Final = 3
_HOME: Final = "FR"
_NEAR: Final = 0.5
_NEAR_TOKENS: Final = 2_000
_MONTH: Final = re.compile(r"(\d{4})-(\d\d)")


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
    """One value, or one part of it, that the page is asked for."""

    field: _Field
    part: str
    firm: bool


def compare(proved: VerifiedMessage, page: PageWords) -> PrintedText:
    """Compare a proved 2D-Doc with the page that bears it."""
    return _compared(list(_asked(proved)), page, TWODDOC_CHECK)


def compare_towncode(proved: VerifiedTownCode, page: PageWords) -> PrintedText:
    """Compare a proved town code with the page that bears it."""
    fields = [_pair(pair) for pair in proved.fields() if pair.raw.strip()]
    return _compared([_Asked(one, one.text, firm=True) for one in fields], page, TOWNCODE_CHECK)


def _compared(asked: Sequence[_Asked], page: PageWords, check: str) -> PrintedText:
    seen = Page.of(page.seen)
    if not page.words or not any(one.firm for one in asked):
        return NOT_COMPARED
    missing = [one for one in asked if not _stands(one, seen)]
    if not missing:
        return PrintedText(PrintedResult.SAME, (), Check.passed(check, "values-on-page"))
    every = Page.of(page.words)
    lost = [one for one in missing if one.firm and not _stands(one, every)]
    differences = _differences(missing, seen)
    if not lost or not (page.seen or page.pictured):
        return PrintedText(PrintedResult.NOT_COMPARED, differences)
    return _different(page, lost, differences, check)


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
    return _Field(number, pair.french, pair.raw, value)


def _asked(proved: VerifiedMessage) -> Iterator[_Asked]:
    header = proved.header
    kind = doc_type(header.doc_type, header.perimeter)
    for field in proved.fields():
        if not field.raw.strip() or in_every_type(field.di) or _at_home(field):
            continue
        firm = kind is not None and kind.is_mandatory(field.di) and not _coded(field)
        text = field.raw if field.value is None else str(field.value)
        told = _Field(field.di, field.french, text, field.value, field.truncated)
        if isinstance(field.value, str) and "/" in field.value:
            parts = [part for part in field.value.split("/") if part.strip()]
            for part in parts:
                yield _Asked(told, part, firm and not _civility(part))
        else:
            yield _Asked(told, field.raw, firm and not _civility(field.raw))


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


def _differences(missing: Sequence[_Asked], seen: Page) -> tuple[Difference, ...]:
    fields = {id(one.field): one.field for one in missing}.values()
    return tuple(
        Difference(field.di, field.name, field.text, _nearest(field, seen)) for field in fields
    )


def _nearest(field: _Field, page: Page) -> str | None:
    """Give what stands on the page in place of a text: the nearest run of as many words."""
    wanted = words_of(field.text)
    tokens = page.tokens[:_NEAR_TOKENS]
    runs = {" ".join(tokens[at : at + len(wanted)]) for at in range(len(tokens))}
    found = get_close_matches(" ".join(wanted), sorted(runs), n=1, cutoff=_NEAR)
    return found[0] if found else None
