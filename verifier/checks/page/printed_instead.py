"""What stands on a page in place of a signed value, for a person to see the difference.

Rules kept here:

- only words that a reader sees, as they are printed;
- something of the same kind: an amount for an amount, a date for a date, as many words for a text;
- the nearest one, or the only one of its kind; nothing where none is near. It is a help for the
  eye: no answer rests on it.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from sealing.twoddoc.values import LocalDateTime, Period, Value
from verifier.checks.page.printed_forms import MONTHS, Page, words_of
from verifier.reading.found import Word

_NEAR: Final = 0.5
_NEAR_TOKENS: Final = 2_000
_AMOUNT: Final = re.compile(
    r"(?<![\d.,])[-\u2212]?(?:\d{1,3}(?:[ .']\d{3})+|\d+)[.,]\d{1,2}(?![.,]?\d)"
)
_ACCENTED: Final = {"février": 2, "févr": 2, "août": 8, "décembre": 12, "déc": 12}
_NUMBERS: Final = _ACCENTED | {
    name.lower(): number for number, names in enumerate(MONTHS, 1) for name in names
}
_MONTH: Final = "|".join(_NUMBERS)
_DAY: Final = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:er)?[ ./-]({_MONTH}|\d{{1,2}})\.?[ ./-](\d{{4}}|\d{{2}})(?!\d)",
    re.IGNORECASE,
)
_ISO: Final = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)")
_CENTURY: Final = 2000
_YEAR: Final = 4


def instead(text: str, value: Value | None, words: Sequence[Word]) -> str | None:
    """Give what is printed in place of a value; `text` is the value as a person reads it."""
    match value:
        case Decimal():
            found = [one[0] for one in _AMOUNT.finditer(Page.of(words).lines)]
            return _nearest_of(found, text)
        case date() | LocalDateTime():
            day = value.day if isinstance(value, LocalDateTime) else value
            found = [one for _, one in days_on(Page.of(words))]
            return _nearest_of(found, f"{day:%d/%m/%Y}")
    return _run(text, words)


def written(value: Value | None, raw: str) -> str:
    """Write a value as France does: `84,20`, `20/11/2026`; `raw` where it has no type."""
    match value:
        case Decimal():
            return str(value).replace(".", ",")
        case LocalDateTime():
            return f"{value.day:%d/%m/%Y}" + f" {value.clock:%H:%M}"
        case Period(first=first, last=last):
            return " - ".join(dict.fromkeys((f"{first:%m/%Y}", f"{last:%m/%Y}")))
        case date():
            return f"{value:%d/%m/%Y}"
    return raw if value is None else str(value)


def days_on(page: Page) -> list[tuple[date, str]]:
    """Give the days that a page prints, each as it stands there."""
    told = [
        *((one[3], one[2], one[1], one[0]) for one in _DAY.finditer(page.lines)),
        *((one[1], one[2], one[3], one[0]) for one in _ISO.finditer(page.lines)),
    ]
    days = []
    for year, month, day, text in told:
        short = "" if len(year) == _YEAR else str(_CENTURY)[:2]
        number = _NUMBERS.get(month.lower(), month)
        try:
            days.append((date(int(short + year), int(number), int(day)), text))
        except ValueError:
            continue
    return days


def _nearest_of(found: Sequence[str], text: str) -> str | None:
    near = get_close_matches(text, sorted({*found}), n=1, cutoff=_NEAR)
    if near:
        return near[0]
    return found[0] if len({*found}) == 1 else None


def _run(text: str, words: Sequence[Word]) -> str | None:
    """Give the nearest run of as many words, as it is printed."""
    wanted = words_of(text)
    sources: list[int] = []
    tokens: list[str] = []
    for index, word in enumerate(words[:_NEAR_TOKENS]):
        folded = words_of(word.text)
        tokens += folded
        sources += [index] * len(folded)
    places: dict[str, int] = {}
    for at in range(len(tokens)):
        places.setdefault(" ".join(tokens[at : at + len(wanted)]), at)
    near = get_close_matches(" ".join(wanted), sorted(places), n=1, cutoff=_NEAR)
    if not near:
        return None
    first = places[near[0]]
    last = min(first + len(wanted), len(tokens)) - 1
    return " ".join(word.text for word in words[sources[first] : sources[last] + 1])
