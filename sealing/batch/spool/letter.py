"""Some pages of a spool as a PDF of their own: nothing of any other page goes with them.

Rules kept here (privacy: a letter goes to one person, its neighbours in the spool to others):

- a letter is written anew: only what its pages reach is in it, each object once, in one revision;
- a page keeps its boxes, rotation, transparency group, content and annotations, and nothing else.
  No thread, no action, no private data of another program, no metadata;
- of shared resources only what the content names goes along (a spool often lists the pictures of
  all letters in one dictionary);
- links stay where they lead to the web or into the letter itself (`graft.py` cuts off the rest);
- fields of a form become the picture that they show: their names and values stay behind;
- of the document: language, output intents, layers that the letter names, the title given here.

The same pages of the same spool give the same bytes. Tags are not kept (`SpoolPdf.is_tagged`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from sealing.batch.spool.graft import Graft
from sealing.batch.spool.pdf import SpoolError, SpoolPageError, SpoolPdf
from sealing.batch.spool.resources import Pruning
from sealing.batch.spool.writing import file_of, references, text_string
from sealing.pades.tokens import Array, Dictionary, Name, NotFastError, Ref, Text, Value

MAX_OBJECTS: Final = 100_000
_MAX_DEPTH: Final = 32
_PAGE_KEYS: Final[tuple[bytes, ...]] = (
    *(b"MediaBox", b"CropBox", b"BleedBox", b"TrimBox", b"ArtBox"),
    *(b"Rotate", b"UserUnit", b"Group"),
)
_NOTE_KEYS: Final = (
    *(b"Subtype", b"Rect", b"Contents", b"NM", b"M", b"F", b"AP", b"AS", b"Border", b"C"),
    *(b"QuadPoints", b"InkList", b"L", b"LE", b"IC", b"BS", b"BE", b"CA", b"Vertices", b"DA"),
    *(b"Q", b"DS", b"T", b"Subj", b"CreationDate", b"Name", b"Open", b"RD", b"H"),
)
_NOTES: Final = frozenset(
    {b"Text", b"FreeText", b"Line", b"Square", b"Circle", b"Polygon", b"PolyLine", b"Highlight"}
    | {b"Underline", b"Squiggly", b"StrikeOut", b"Stamp", b"Caret", b"Ink", b"Watermark"}
)
_PICTURE: Final = (b"Rect", b"F", b"M", b"NM")
_WEB: Final = Name(b"URI")


class FieldNotDrawnError(SpoolError):
    """A field of a form has a value and no picture: readers draw it each in its way.

    Details: `page`.
    """

    code: ClassVar[str] = "spool.field-not-drawn"


@dataclass(frozen=True, slots=True)
class Made:
    """A letter: its bytes, and how many links and fields did not come along as they were."""

    pdf: bytes
    links: int = 0
    fields: int = 0


def letter_of(spool: SpoolPdf, first: int, last: int, title: str = "") -> Made:
    """Write the letter of some pages, both included.

    Raises SpoolPageError or LetterTooLargeError.
    """
    return _Letter(Graft(spool, first)).write(range(first, last + 1), title)


@dataclass(slots=True)
class _Letter:
    """A letter in the making."""

    graft: Graft
    links: int = 0
    fields: int = 0

    def write(self, pages: Iterable[int], title: str) -> Made:
        """Write all pages and what they reach."""
        found = {number: self.graft.spool.page(number) for number in pages}
        for xref, _ in found.values():
            self.graft.numbers[xref] = self.graft.number()
        for number, (xref, page) in found.items():
            try:
                self.graft.bodies[self.graft.numbers[xref]] = self._page(page)
                self.graft.follow()
            except (NotFastError, RuntimeError, ValueError) as error:
                raise SpoolPageError(f"got {error}", page=number) from error
        kids = b" ".join(b"%d 0 R" % self.graft.numbers[xref] for xref, _ in found.values())
        self.graft.bodies[2] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(found), kids)
        self.graft.bodies[1] = self._catalog()
        self.graft.follow()
        self.graft.bodies[3] = b"<</Title%b>>" % text_string(title) if title else b"<<>>"
        return Made(file_of(self.graft.bodies, self.graft.spool.version), self.links, self.fields)

    def _catalog(self) -> bytes:
        parts = [b"<</Type/Catalog/Pages 2 0 R"]
        if language := self.graft.spool.language():
            parts.append(b"/Lang" + text_string(language))
        intents = self.graft.spool.catalog("OutputIntents")
        if intents is not None:
            parts.append(b"/OutputIntents " + self.graft.value(intents))
            self.graft.follow()
        if self.graft.layers:
            parts.append(b"/OCProperties" + self._layers())
        return b"".join(parts) + b">>"

    def _layers(self) -> bytes:
        """Write how the layers that the letter names are shown; the others are not there."""
        shown = {}
        for key in ("ON", "OFF"):
            value = self.graft.spool.get(self.graft.spool.catalog(f"OCProperties/D/{key}"))
            items = value.items() if isinstance(value, Array) else []
            named = [item.number for item in items if isinstance(item, Ref)]
            shown[key] = [
                self.graft.numbers[n]
                for n in named
                if self.graft.numbers.get(n) in self.graft.layers
            ]
        base = self.graft.spool.catalog("OCProperties/D/BaseState")
        default = b"/BaseState " + self.graft.value(base) if isinstance(base, Name) else b""
        for key, numbers in shown.items():
            default += b"/%b%b" % (key.encode(), references(numbers))
        order = references(self.graft.layers)
        return b"<</OCGs%b/D<<%b/Order%b>>>>" % (order, default, order)

    def _page(self, page: Dictionary) -> bytes:
        entries = {**self.graft.spool.inherited(page), **page.entries}
        kept = {key: entries[key] for key in _PAGE_KEYS if key in entries}
        parts = [b"<</Type/Page/Parent 2 0 R", self.graft.entries(kept)[2:-2]]
        if entries.get(b"Contents") is not None:
            parts.append(b"/Contents " + self.graft.value(entries[b"Contents"]))
        pruned = Pruning(self.graft.spool).of_page(
            entries.get(b"Contents"), entries.get(b"Resources")
        )
        parts.append(b"/Resources" + self.graft.resources(pruned))
        if notes := self._notes(entries.get(b"Annots")):
            parts.append(b"/Annots[%b]" % b" ".join(notes))
        return b"".join(parts) + b">>"

    def _notes(self, value: Value) -> list[bytes]:
        found = self.graft.spool.get(value)
        notes = []
        for item in found.items() if isinstance(found, Array) else []:
            note = self.graft.spool.get(item)
            if isinstance(note, Dictionary) and (body := self._note(note)) is not None:
                number = self.graft.number()
                self.graft.bodies[number] = body
                notes.append(b"%d 0 R" % number)
        return notes

    def _note(self, note: Dictionary) -> bytes | None:
        """Write an annotation, or the picture of one that is more than a mark; None for neither."""
        kind = note.get(b"Subtype")
        if kind == Name(b"Link"):
            target = self._target(note)
            self.links += target is None
            return None if target is None else self._kept(note, _NOTE_KEYS, target)
        if kind in _NOTES:
            return self._kept(note, _NOTE_KEYS, b"")
        shown = self._shown(note)
        self.fields += kind != Name(b"Popup")
        if shown is None:
            if kind == Name(b"Widget") and self._has_value(note):
                raise FieldNotDrawnError("got a field without appearance", page=self.graft.first)
            return None
        return self._kept(note, _PICTURE, b"/Subtype/Stamp/AP<</N %b>>" % shown)

    def _kept(self, note: Dictionary, keys: Iterable[bytes], more: bytes) -> bytes:
        kept = {key: note.get(key) for key in keys if note.get(key) is not None}
        return self.graft.entries(kept)[:-2] + b"/Type/Annot" + more + b">>"

    def _shown(self, note: Dictionary) -> bytes | None:
        """Give the one appearance that an annotation shows."""
        looks = self.graft.spool.get(note.get(b"AP"))
        normal = looks.get(b"N") if isinstance(looks, Dictionary) else None
        state, found = note.get(b"AS"), self.graft.spool.get(normal)
        if isinstance(found, Dictionary) and isinstance(state, Name) and not self._drawn(normal):
            normal = found.get(state)
        return self.graft.value(normal) if self._drawn(normal) else None

    def _has_value(self, field: Dictionary) -> bool:
        above: Value = field
        for _ in range(_MAX_DEPTH):
            if not isinstance(above, Dictionary):
                return False
            if above.get(b"V") is not None:
                return True
            above = self.graft.spool.get(above.get(b"Parent"))
        return False

    def _drawn(self, value: Value) -> bool:
        return isinstance(value, Ref) and self.graft.spool.is_stream(value)

    def _target(self, note: Dictionary) -> bytes | None:
        """Give where a link leads: to the web, or to a page of this letter; else nothing."""
        action = self.graft.spool.get(note.get(b"A"))
        where = self.graft.spool.get(note.get(b"Dest"))
        if isinstance(action, Dictionary):
            address = self.graft.spool.get(action.get(b"URI"))
            if action.get(b"S") == _WEB and isinstance(address, Text):
                return b"/A<</S/URI/URI%b>>" % address
            if action.get(b"S") == Name(b"GoTo"):
                where = self.graft.spool.get(action.get(b"D"))
        items = where.items() if isinstance(where, Array) else []
        if not items or not isinstance(items[0], Ref) or items[0].number not in self.graft.numbers:
            return None
        own = self.graft.numbers[items[0].number]
        if any(not isinstance(item, Name | int | float | None) for item in items[1:]):
            return None
        rest = b" ".join(self.graft.value(item) for item in items[1:])
        return b"/Dest[%d 0 R %b]" % (own, rest)
