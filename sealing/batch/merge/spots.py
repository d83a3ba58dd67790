"""Where the values of a PDF form go: its fields, read once, and how a value is laid out in one.

Rules kept here (ISO 32000-1, 12.7):

- a field takes the value of the column of its full name, else what the form itself says;
- text: in one line, wrapped where the field has several, or one character a cell (comb); in the
  size of the field, or in the largest that fits where the form leaves it open. A value that does
  not fit is an error: a value cut in a sealed letter would be a false one;
- a box: `oui`, `x`, `1`, `vrai` or its own word tick it; `non`, `0`, `faux` or nothing leave it;
- a choice among several: one of the words of the form, unless it lets people write their own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any, ClassVar, Final

import pymupdf

from sealing.batch.merge.design import MergeError

_REQUIRED: Final = 1 << 1
_MULTILINE: Final = 1 << 12
_EDITABLE: Final = 1 << 18
_COMB: Final = 1 << 24
_YES: Final = frozenset({"oui", "x", "1", "vrai", "on", "yes", "true"})
_NO: Final = frozenset({"", "non", "0", "faux", "off", "no", "false"})
_LARGEST: Final = 12.0
_SMALLEST: Final = 5.0
_STEP: Final = 0.5
_PAD: Final = 2.0
_LINE: Final = 1.2
# From the middle of a line of capitals down to where they stand.
_DROP: Final = 0.36
_RISE: Final = 0.9


class FieldEmptyError(MergeError):
    """A field that the form demands has no value. Details: `name`."""

    code: ClassVar[str] = "merge.field-empty"


class FieldValueError(MergeError):
    """A box or a choice does not know this value. Details: `name`, `known`."""

    code: ClassVar[str] = "merge.field-value"


class FieldTooSmallError(MergeError):
    """The value does not fit into its field. Details: `name`."""

    code: ClassVar[str] = "merge.field-too-small"


class FieldLetterError(MergeError):
    """The letters of the form have no such character. Details: `name`, `sign`."""

    code: ClassVar[str] = "merge.field-letter"


class Kind(Enum):
    """What a field is to people."""

    TEXT = auto()
    BOX = auto()
    RADIO = auto()
    CHOICE = auto()


# Types of widgets as MuPDF numbers them: PyMuPDF's stubs do not know their names.
_KINDS: Final = {2: Kind.BOX, 3: Kind.CHOICE, 4: Kind.CHOICE, 5: Kind.RADIO, 7: Kind.TEXT}
_FONTS: Final = {"ti": "tiro", "co": "cour"}


@dataclass(frozen=True, slots=True)
class Spot:
    """One place of one field. `word`: what ticks it; `own`: what the form itself says."""

    xref: int
    page: int
    name: str
    kind: Kind
    rect: tuple[float, float, float, float]
    flags: int
    size: float
    font: str
    align: int
    most: int
    word: str
    own: str
    words: tuple[tuple[str, str], ...]
    ink: tuple[float, ...]
    paper: tuple[float, ...]
    border: tuple[float, ...]
    border_width: float

    @property
    def is_required(self) -> bool:
        """Tell whether the form demands a value."""
        return bool(self.flags & _REQUIRED)

    def given(self, values: Mapping[str, str]) -> str:
        """Give the value of this field."""
        return values.get(self.name, self.own)

    def is_ticked(self, value: str) -> bool:
        """Tell whether a box has its cross; raise FieldValueError."""
        if self.kind is Kind.RADIO or value == self.word:
            return bool(value) and value == self.word
        word = value.casefold()
        if word not in _YES | _NO:
            known = f"oui, non, {self.word}"
            raise FieldValueError("got no answer of a box", name=self.name, known=known)
        return word in _YES

    def shown(self, value: str) -> str:
        """Give the words of a choice; raise FieldValueError."""
        for stored, shown in self.words:
            if value in {stored, shown}:
                return shown
        if not value or self.flags & _EDITABLE:
            return value
        known = ", ".join(shown for _, shown in self.words)[:200]
        raise FieldValueError("got no word of a choice", name=self.name, known=known)


@dataclass(frozen=True, slots=True)
class Line:
    """Some text, where it begins on its page, and its size."""

    text: str
    x: float
    y: float
    size: float


def spots_of(document: pymupdf.Document) -> Iterator[Spot]:
    """Read every place where a value can go."""
    for page in document.pages():
        for widget in page.widgets():
            kind = _KINDS.get(widget.field_type)
            if kind is not None:
                yield _spot(document, page, widget, kind)


def _spot(document: pymupdf.Document, page: Any, widget: Any, kind: Kind) -> Spot:  # noqa: ANN401
    name, word, own = widget.field_name or "", "", str(widget.field_value or "")
    words = tuple(_word(each) for each in widget.choice_values or ())
    if kind in {Kind.BOX, Kind.RADIO}:
        state = str(widget.on_state() or "Yes")
        own, word = own if own == state else "", _named(state, words)
        own = word if own else ""
        head, _, last = name.rpartition(".")
        name = head if kind is Kind.RADIO and head.rpartition(".")[2] == last else name
    rect = widget.rect
    return Spot(
        xref=widget.xref,
        page=page.number,
        name=name,
        kind=kind,
        rect=(rect.x0, rect.y0, rect.x1, rect.y1),
        flags=widget.field_flags or 0,
        size=widget.text_fontsize or 0.0,
        font=_FONTS.get((widget.text_font or "").lower()[:2], "helv"),
        align=_align(document, widget.xref),
        most=widget.text_maxlen or 0,
        word=word,
        own=own,
        words=words,
        ink=tuple(widget.text_color or (0.0,)),
        paper=tuple(widget.fill_color or ()),
        border=tuple(widget.border_color or ()),
        border_width=_border_width(document, widget.xref),
    )


def _named(state: str, words: tuple[tuple[str, str], ...]) -> str:
    """Give the word of a button: its state, or the one that the state counts to."""
    if state.isdecimal() and int(state) < len(words):
        return words[int(state)][0]
    return state


def _border_width(document: pymupdf.Document, xref: int) -> float:
    """Give the width of a frame (12.5.4); 1 where nothing is said."""
    kind, value = document.xref_get_key(xref, "BS/W")
    if kind == "null":
        kind, value = document.xref_get_key(xref, "Border")
        value = value.strip("[] ").split(" ")[2] if value.count(" ") >= 2 else "1"  # noqa: PLR2004
    try:
        return float(value)
    except ValueError:
        return 1.0


def _word(choice: Any) -> tuple[str, str]:  # noqa: ANN401 - a word, or a pair of them
    return (choice, choice) if isinstance(choice, str) else (choice[0], choice[1])


def _align(document: pymupdf.Document, xref: int) -> int:
    """Give 0, 1 or 2 for left, middle, right: the field's own, or its parent's."""
    for _ in range(8):
        kind, value = document.xref_get_key(xref, "Q")
        if kind == "int":
            return int(value)
        kind, value = document.xref_get_key(xref, "Parent")
        if kind != "xref":
            return 0
        xref = int(value.split()[0])
    return 0


@cache
def font_of(name: str) -> pymupdf.Font:
    """Give the letters of a field: they go into the PDF."""
    return pymupdf.Font(name)


def lines_of(spot: Spot, value: str) -> list[Line]:
    """Lay a value out in its field; raise FieldLetterError or FieldTooSmallError."""
    font = font_of(spot.font)
    for sign in value:
        if not sign.isspace() and not font.has_glyph(ord(sign)):
            raise FieldLetterError("got a character without a glyph", name=spot.name, sign=sign)
    if spot.most and len(value) > spot.most:
        raise FieldTooSmallError(f"got {len(value)} characters", name=spot.name)
    if spot.flags & _COMB and spot.most:
        return list(_cells(spot, value, font))
    multiline = bool(spot.flags & _MULTILINE) and spot.kind is Kind.TEXT
    arranged = _paragraph if multiline else _single
    height = spot.rect[3] - spot.rect[1]
    size = spot.size or (_LARGEST if multiline else min(_LARGEST, max(_SMALLEST, 0.7 * height)))
    while size >= (spot.size or _SMALLEST):
        found = arranged(spot, value, font, size)
        if found is not None:
            return found
        size -= _STEP
    raise FieldTooSmallError("got a value that does not fit", name=spot.name)


def _single(spot: Spot, value: str, font: pymupdf.Font, size: float) -> list[Line] | None:
    text = " ".join(value.split())
    room = spot.rect[2] - spot.rect[0] - 2 * _PAD
    if font.text_length(text, size) > room:
        return None
    return [_line(spot, text, font, _middle(spot, size), size)]


def _paragraph(spot: Spot, value: str, font: pymupdf.Font, size: float) -> list[Line] | None:
    room = spot.rect[2] - spot.rect[0] - 2 * _PAD
    texts: list[str] = []
    for part in value.splitlines():
        texts.append("")
        for word in part.split():
            longer = f"{texts[-1]} {word}".strip()
            if font.text_length(longer, size) <= room:
                texts[-1] = longer
            elif font.text_length(word, size) <= room:
                texts.append(word)
            else:
                return None
    if len(texts) * _LINE * size > spot.rect[3] - spot.rect[1] - _PAD:
        return None
    top = spot.rect[1] + _PAD + _RISE * size
    return [_line(spot, text, font, top + n * _LINE * size, size) for n, text in enumerate(texts)]


def _cells(spot: Spot, value: str, font: pymupdf.Font) -> Iterator[Line]:
    cell = (spot.rect[2] - spot.rect[0]) / spot.most
    size = spot.size or min(_LARGEST, 0.7 * (spot.rect[3] - spot.rect[1]))
    for n, sign in enumerate(value):
        left = spot.rect[0] + n * cell + (cell - font.text_length(sign, size)) / 2
        yield Line(sign, left, _middle(spot, size), size)


def _middle(spot: Spot, size: float) -> float:
    return (spot.rect[1] + spot.rect[3]) / 2 + _DROP * size


def _line(spot: Spot, text: str, font: pymupdf.Font, y: float, size: float) -> Line:
    spare = spot.rect[2] - spot.rect[0] - 2 * _PAD - font.text_length(text, size)
    return Line(text, spot.rect[0] + _PAD + spare * spot.align / 2, y, size)
