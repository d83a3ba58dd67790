"""How a signed value may stand on a page: its usual French forms, and words brought to one form.

Rules kept here:

- words are folded: capitals, no accents, punctuation is a space (NF Z10-011); a word and its
  postal abbreviation are the same word;
- a value is a run of whole words: `1` is not in `12`. Words may be cut otherwise than in the code
  (`L'ETOILE`), but never between two digits, unless the value is nothing but digits (telephone,
  SIRET);
- dates are written with figures or with the month's name, the year in four figures or two; amounts
  with a comma or a point, thousands apart or not, and no other figure touches them.

Pure text: which value must be there is `printed_text.py`'s.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Final
from unicodedata import normalize

from sealing.twoddoc.fields import fold
from sealing.twoddoc.values import LocalDateTime, Period, Value
from verifier.reading.found import Word

_TOKEN: Final = re.compile("[A-Z0-9]+")
_SPACES: Final = re.compile("[\u00a0\u2007\u2009\u202f]")
# A gap wider than this share of the line's height is no thousands separator.
_GAP: Final = 0.6
_GROUPED_FROM: Final = 5
MONTHS: Final = (
    ("JANVIER", "JANV"),
    ("FEVRIER", "FEVR"),
    ("MARS", "MARS"),
    ("AVRIL", "AVR"),
    ("MAI", "MAI"),
    ("JUIN", "JUIN"),
    ("JUILLET", "JUIL"),
    ("AOUT", "AOUT"),
    ("SEPTEMBRE", "SEPT"),
    ("OCTOBRE", "OCT"),
    ("NOVEMBRE", "NOV"),
    ("DECEMBRE", "DEC"),
)
# NF Z10-011 and the usual civilities: the word, then its abbreviations.
_POSTAL: Final = """
ALLEE ALL | APPARTEMENT APP APPT APT | AVENUE AV AVE | BATIMENT BAT | BOITE BTE
BOULEVARD BD BLD BVD BOUL | CEDEX CX | CENTRE CTRE | CHAUSSEE CHS | CHEMIN CHE CHEM
COMMERCIAL CCAL | COURS CRS | DOMAINE DOM | ESCALIER ESC | ESPLANADE ESP | ETAGE ETG
FAUBOURG FG FBG | GRAND GD | GRANDE GR GDE | HAMEAU HAM | IMMEUBLE IMM | IMPASSE IMP
LIEUDIT LD | LOTISSEMENT LOT | MONTEE MTE | NOTREDAME ND | PASSAGE PAS PASS | PLACE PL PLE
PROMENADE PROM | QUARTIER QUA QRT | RESIDENCE RES | ROUTE RTE | RUE R | RUELLE RLE
SAINT ST | SAINTE STE | SAINTS STS | SENTIER SEN | SQUARE SQ | SUR S | TERRASSE TSSE
TRAVERSE TRA | VILLA VLA | VILLAGE VLGE
CAPITAINE CAPT CNE | COLONEL COL | COMMANDANT CDT | GENERAL GAL GEN | LIEUTENANT LT
MARECHAL MAL | MONSEIGNEUR MGR | PRESIDENT PDT
"""
_CIVIL: Final = """
MONSIEUR M MR | MADAME MME | MADEMOISELLE MLLE | MESSIEURS MM | MESDAMES MMES | MAITRE ME
DOCTEUR DR | PROFESSEUR PR
"""


def _abbreviations(table: str) -> dict[str, str]:
    rows = (row.split() for row in table.strip().replace("\n", " | ").split(" | "))
    return {short: word for word, *all_short in rows for short in (word, *all_short)}


_WORDS: Final = _abbreviations(_POSTAL) | _abbreviations(_CIVIL)
CIVILITIES: Final = frozenset(_abbreviations(_CIVIL).values())


def words_of(text: str) -> tuple[str, ...]:
    """Fold a text and cut it into words, abbreviations written out."""
    return tuple(_WORDS.get(word, word) for word in _TOKEN.findall(fold(text, None)))


def has_other_letters(text: str) -> bool:
    """Tell a text with letters or figures that folding does not bring to A-Z and 0-9."""
    return any(c.isalnum() and _TOKEN.match(c) is None for c in fold(text, None))


@dataclass(frozen=True, slots=True)
class Page:
    """The words of a page, folded, and its lines as printed (for amounts); `text`: all letters."""

    tokens: tuple[str, ...]
    lines: str
    text: str
    _places: dict[str, list[int]] = field(repr=False)

    @classmethod
    def of(cls, words: Sequence[Word]) -> "Page":
        """Fold the words of a text layer, in their order."""
        tokens = words_of(" ".join(word.text for word in words))
        places: dict[str, list[int]] = {}
        for index, token in enumerate(tokens):
            places.setdefault(token[0], []).append(index)
        return cls(tokens, _lines(words), _plain(word.text for word in words), places)

    def shows(self, text: str, *, truncated: bool = False) -> bool:
        """Tell whether a text stands on the page, word for word; true for a text without words."""
        wanted = words_of(text)
        if not wanted:
            return True
        starts = self._places.get(wanted[0][0], [])
        return any(_stands_at(self.tokens[start:], wanted, truncated=truncated) for start in starts)

    def shows_letters(self, text: str) -> bool:
        """Tell whether a text of another alphabet stands on the page, letter for letter."""
        return _plain([text]) in self.text

    def shows_amount(self, amount: Decimal) -> bool:
        """Tell whether an amount stands on the page."""
        return re.search(_amount_pattern(amount), self.lines) is not None


def _plain(texts: Iterable[str]) -> str:
    return " ".join(normalize("NFC", " ".join(texts)).casefold().split())


def forms(value: Value) -> list[str]:
    """Give the texts that a typed value may have on a page; none for one without a usual form."""
    match value:
        case LocalDateTime():
            return list(_day_forms(value.day))
        case date():
            return list(_day_forms(value))
        case time():
            return [f"{value:%H:%M}", f"{value:%Hh%M}", f"{value.hour}:{value:%M}"]
        case bool() | Period():
            return []
    return [str(value)]


def month_forms(first: date) -> list[str]:
    """Give the texts that a month may have on a page."""
    month = first.month
    names = (f"{month:02}", str(month), *MONTHS[month - 1])
    return [f"{name} {first.year}" for name in names] + [f"{first:%Y %m}"]


def _day_forms(day: date) -> Iterator[str]:
    month, year, short = day.month, day.year, f"{day:%y}"
    for number in {f"{day.day:02}", str(day.day)}:
        for name in MONTHS[month - 1]:
            yield f"{number} {name} {year}"
        for figure in {f"{month:02}", str(month)}:
            yield f"{number} {figure} {year}"
            yield f"{number} {figure} {short}"
    if day.day == 1:
        yield f"1ER {MONTHS[month - 1][0]} {year}"
    yield f"{day:%Y %m %d}"
    yield f"{day:%Y%m%d}"
    yield f"{day:%d%m%Y}"


def _stands_at(page: Sequence[str], wanted: Sequence[str], *, truncated: bool) -> bool:
    text = "".join(wanted)
    apart = text.isdigit() and len(text) >= _GROUPED_FROM
    cuts = _cuts(wanted)
    position = 0
    for token in page:
        if truncated and len(token) > len(text) - position:
            return token.startswith(text[position:])
        if not text.startswith(token, position):
            return False
        end = position + len(token)
        if not apart and _cut_in_figures(text, (position, end), cuts):
            return False
        if end == len(text):
            return True
        position = end
    return False


def _cuts(wanted: Iterable[str]) -> frozenset[int]:
    ends, total = set(), 0
    for word in wanted:
        total += len(word)
        ends.add(total)
    return frozenset(ends)


def _cut_in_figures(text: str, token: tuple[int, int], cuts: frozenset[int]) -> bool:
    """Tell whether page and value part the same figures differently: `1 2` and `12`."""
    position, end = token
    inside = [cut for cut in cuts if position < cut < end]
    parted = inside if end in cuts else [*inside, end]
    return any(text[cut - 1].isdigit() and text[cut].isdigit() for cut in parted)


def _amount_pattern(amount: Decimal) -> str:
    sign, digits, exponent = amount.as_tuple()
    places = max(0, -int(exponent))
    whole = str(abs(int(amount)))
    head = len(whole) % 3 or 3
    groups = [whole[:head], *(whole[at : at + 3] for at in range(head, len(whole), 3))]
    written = "|".join({whole, "[ .']".join(groups)})
    fraction = "".join(map(str, digits))[-places:].zfill(places).rstrip("0") if places else ""
    # 12,5 is also 12,50; 12 is also 12,00.
    cents = f"[.,]{fraction}0*" if fraction else "(?:[.,]0+)?"
    before = r"(?<![\d.,])"
    if len(groups[0]) == 3:  # noqa: PLR2004 - a whole group may be the tail of a longer number
        before += r"(?<!\d[ '])"
    minus = "[-\u2212] ?" if sign else "(?<![-\u2212])"
    return rf"{before}{minus}(?:{written}){cents}(?![\d]|[.,]\d|[ ']\d{{3}}(?!\d))"


def _lines(words: Sequence[Word]) -> str:
    """Join words as printed: a wide gap, or another line, is a line end."""
    parts: list[str] = []
    last: Word | None = None
    for word in words:
        if last is not None:
            parts.append(" " if _touches(last, word) else "\n")
        parts.append(_SPACES.sub(" ", word.text))
        last = word
    return "".join(parts)


def _touches(left: Word, right: Word) -> bool:
    height = left.box[3] - left.box[1]
    same_line = abs(left.box[3] - right.box[3]) < height / 2
    return same_line and -height < right.box[0] - left.box[2] < _GAP * height
