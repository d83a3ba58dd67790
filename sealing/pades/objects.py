"""What must be read of a PDF to seal it: its catalog, its pages, the shape of one of them.

Rules kept here (ISO 32000-1, 7.5.7, 7.7.2, 7.7.3):

- an object is read where its entry says, under its own number, and ends with `endobj`; one that
  lies in an object stream is read at its index there;
- a page is reached from the root; its ancestors are those that it names, every node comes once,
  and the pages below a node are as many as its `/Count`;
- what is read is read once; how much is inflated and how many nodes are visited have limits.

No MuPDF, no pyHanko: `NotFastError` says that this PDF is for them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from sealing.pades import streams
from sealing.pades.sections import HEADING, Packed
from sealing.pades.tokens import (
    END,
    WHITE,
    Array,
    Dictionary,
    Name,
    NotFastError,
    Reason,
    Ref,
    Value,
    array,
    dictionary,
    parse,
    reference,
    whole,
)
from sealing.pades.xref import Chain

Box = tuple[float, float, float, float]

MAX_NODES: Final = 2_000
FEW: Final = 10
MAX_LEVELS: Final = 16
MAX_PACKS: Final = 16
MAX_INSIDE: Final = 100_000
_INHERITED: Final = (b"MediaBox", b"CropBox", b"Rotate")
_ENDING: Final = re.compile(WHITE + rb"endobj" + END)
_CORNERS: Final = 4
_QUARTER: Final = 90


@dataclass(frozen=True, slots=True)
class PageShape:
    """A page's geometry, in its own coordinates; `page` counts from 0, of `pages` in all.

    Both boxes are (left, bottom, right, top); the crop box lies in the media box. `rotation` is 0,
    90, 180 or 270, clockwise.
    """

    page: int
    pages: int
    media_box: Box
    crop_box: Box
    rotation: int
    user_unit: float


@dataclass(frozen=True, slots=True)
class Page:
    """A page: where it is, what it says itself, what it says or inherits."""

    ref: Ref
    own: Dictionary
    inherited: Mapping[bytes, Value]


@dataclass(frozen=True, slots=True)
class Pack:
    """An object stream: its bytes, and the number and place of each object in it."""

    data: bytes
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A PDF whose tail, catalog and sections are understood; objects are read when asked for."""

    pdf: bytes
    chain: Chain
    root: Ref
    _read: dict[int, Value] = field(default_factory=dict)
    _packs: dict[int, Pack] = field(default_factory=dict)

    @classmethod
    def read(cls, pdf: bytes) -> "Skeleton":
        """Read a file's tail and sections; raise NotFastError for what is not fully understood."""
        chain = Chain.read(pdf)
        return cls(pdf, chain, reference(chain.trailer.get(b"Root")))

    @property
    def catalog(self) -> Dictionary:
        """Give the catalog."""
        found = dictionary(self.get(self.root))
        if found.get(b"Type") != Name(b"Catalog"):
            raise NotFastError(Reason.OBJECT, "got a root that is no catalog")
        return found

    def get(self, ref: Ref) -> Value:
        """Read an object by its reference; raise NotFastError."""
        if ref.number not in self._read:
            self._read[ref.number] = self._object(ref)
        return self._read[ref.number]

    def resolve(self, value: Value) -> Value:
        """Give what a value stands for, when it is a reference."""
        found = self.get(value) if isinstance(value, Ref) else value
        if isinstance(found, Ref):
            raise NotFastError(Reason.OBJECT, "got a reference to a reference")
        return found

    def page(self, number: int) -> Page:
        """Give a page, from 0; raise NotFastError, also where there is none."""
        pages = self._pages()
        found = next(islice(pages, number, None), None) if number >= 0 else None
        if found is None:
            raise NotFastError(Reason.PAGE_TREE, "got too few pages")
        # At its end the walk compares the counts: of a short letter all of them are looked at.
        for _ in islice(pages, FEW):
            pass
        return found

    def shape(self, number: int) -> PageShape:
        """Give the geometry of a page, from 0, and count all of them; raise NotFastError."""
        pages = list(self._pages())
        if not 0 <= number < len(pages):
            raise NotFastError(Reason.PAGE_TREE, "got too few pages")
        page = pages[number]
        media = self._box(page.inherited.get(b"MediaBox"))
        crop = media
        if b"CropBox" in page.inherited:
            crop = _common(media, self._box(page.inherited[b"CropBox"]))
        rotation = self.resolve(page.inherited.get(b"Rotate", 0))
        if type(rotation) is not int or rotation % _QUARTER:
            raise NotFastError(Reason.PAGE_BOX, "got a rotation that is not of quarters")
        unit = _number(self.resolve(page.own.entries.get(b"UserUnit", 1)))
        if unit <= 0:
            raise NotFastError(Reason.PAGE_BOX, "got a unit that is no length")
        return PageShape(number, len(pages), media, crop, rotation % 360, unit)

    def _object(self, ref: Ref) -> Value:
        entry = self.chain.find(ref.number)
        if isinstance(entry, Packed):
            if ref.generation:
                raise NotFastError(Reason.OBJECT, "got a packed object of a later generation")
            return self._unpacked(ref.number, entry)
        if entry.generation != ref.generation:
            raise NotFastError(Reason.OBJECT, "got a reference of another generation")
        value, end = parse(self.pdf, self._body(ref, entry.offset))
        if _ENDING.match(self.pdf, end) is None:
            raise NotFastError(Reason.OBJECT, "got an object without its end")
        return value

    def _body(self, ref: Ref, offset: int) -> int:
        """Give where an object's value begins, behind its number."""
        found = HEADING.match(self.pdf, offset) if offset < len(self.pdf) else None
        if found is None or (int(found[1]), int(found[2])) != ref:
            raise NotFastError(Reason.BROKEN_XREF, "got an offset that leads to no such object")
        return found.end()

    def _unpacked(self, number: int, entry: Packed) -> Value:
        if entry.stream not in self._packs:
            if len(self._packs) == MAX_PACKS:
                raise NotFastError(Reason.LIMITS, "got too many object streams")
            self._packs[entry.stream] = self._pack(entry.stream)
        pack = self._packs[entry.stream]
        if entry.place >= len(pack.places) or pack.places[entry.place][0] != number:
            raise NotFastError(Reason.BROKEN_XREF, "got another object at this index")
        value, _ = parse(pack.data, pack.places[entry.place][1])
        return value

    def _pack(self, number: int) -> Pack:
        """Inflate an object stream and read its table (7.5.7)."""
        entry = self.chain.find(number)
        if isinstance(entry, Packed) or entry.generation:
            raise NotFastError(Reason.OBJECT, "got an object stream within another")
        entries = dictionary(parse(self.pdf, self._body(Ref(number, 0), entry.offset))[0])
        if entries.get(b"Type") != Name(b"ObjStm"):
            raise NotFastError(Reason.OBJECT, "got an object stream of another type")
        data = streams.content(self.pdf, entries, self._length(entries.get(b"Length")))
        first, count = whole(entries.get(b"First")), whole(entries.get(b"N"))
        numbers = data[:first].split()
        if count > MAX_INSIDE or len(numbers) != 2 * count or not b"".join(numbers).isdigit():
            raise NotFastError(Reason.STREAM, "got an object stream without its table")
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        return Pack(data, tuple((_small(own), first + _small(place)) for own, place in pairs))

    def _length(self, value: Value) -> int:
        """Give a stream's length, which may stand in an object of the file itself."""
        if isinstance(value, Ref) and isinstance(self.chain.find(value.number), Packed):
            raise NotFastError(Reason.STREAM, "got a length that lies in a stream")
        return whole(self.resolve(value))

    def _pages(self) -> Iterator[Page]:
        visited: set[Ref] = set()
        return self._below(reference(self.catalog.get(b"Pages")), (), {}, visited)

    def _below(
        self,
        ref: Ref,
        ancestors: tuple[Ref, ...],
        inherited: Mapping[bytes, Value],
        visited: set[Ref],
    ) -> Iterator[Page]:
        """Give the pages below a node, in their order."""
        if ref in visited or len(visited) == MAX_NODES or len(ancestors) == MAX_LEVELS:
            reason = Reason.PAGE_TREE if ref in visited else Reason.LIMITS
            raise NotFastError(reason, "got a node twice, or too many")
        visited.add(ref)
        node = dictionary(self.get(ref))
        if node.get(b"Parent") != (ancestors[-1] if ancestors else None):
            raise NotFastError(Reason.PAGE_TREE, "got a node of another parent")
        own: Mapping[bytes, Value] = {
            key: node.entries[key] for key in _INHERITED if key in node.entries
        }
        known: Mapping[bytes, Value] = {**inherited, **own}
        if node.get(b"Type") == Name(b"Page"):
            yield Page(ref, node, known)
            return
        if node.get(b"Type") != Name(b"Pages"):
            raise NotFastError(Reason.PAGE_TREE, "got a node that is no page")
        count = 0
        for kid in self._kids(node):
            for page in self._below(reference(kid), (*ancestors, ref), known, visited):
                count += 1
                yield page
        if node.get(b"Count") != count:
            raise NotFastError(Reason.PAGE_TREE, "got another count of pages")

    def _kids(self, node: Dictionary) -> list[Value]:
        """Give what stands below a node; its count is looked at here too, as a walk may stop."""
        kids = array(self.resolve(node.get(b"Kids"))).items()
        if not kids or whole(node.get(b"Count")) < len(kids):
            raise NotFastError(Reason.PAGE_TREE, "got too small a count of pages")
        return kids

    def _box(self, value: Value) -> Box:
        found = self.resolve(value)
        corners = found.items() if isinstance(found, Array) else []
        if len(corners) != _CORNERS:
            raise NotFastError(Reason.PAGE_BOX, "got a box without four corners")
        x0, y0, x1, y1 = (_number(self.resolve(item)) for item in corners)
        box = min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
        return _common(box, box)


def _small(digits: bytes) -> int:
    """Read a number of an object stream's table."""
    if len(digits) > 8:  # noqa: PLR2004 - as many as a reference may have
        raise NotFastError(Reason.STREAM, "got too large a number")
    return int(digits)


def _number(value: Value) -> float:
    if type(value) is int or type(value) is float:
        return float(value)
    raise NotFastError(Reason.PAGE_BOX, "expected a number")


def _common(box: Box, other: Box) -> Box:
    """Give what two boxes share; raise NotFastError when it is nothing."""
    lower = max(box[0], other[0]), max(box[1], other[1])
    upper = min(box[2], other[2]), min(box[3], other[3])
    if any(last <= first for first, last in zip(lower, upper, strict=True)):
        raise NotFastError(Reason.PAGE_BOX, "got an empty box")
    return (*lower, *upper)


def page_shape(pdf: bytes, page: int) -> PageShape:
    """Give the geometry of a page, from 0, without drawing anything; raise NotFastError."""
    return Skeleton.read(pdf).shape(page)
