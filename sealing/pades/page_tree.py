"""The pages of a PDF, and the shape of one of them.

Rules kept here (ISO 32000-1, 7.7.3):

- a page is reached from the catalog; its ancestors are those that it names, every node comes once,
  and the pages below a node are as many as its `/Count`;
- how many nodes are visited, and how deep, has limits.

No MuPDF, no pyHanko: `NotFastError` says that this PDF is for them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sealing.pades.objects import Skeleton
from sealing.pades.tokens import (
    Array,
    Dictionary,
    Name,
    NotFastError,
    Reason,
    Ref,
    Value,
    array,
    dictionary,
    reference,
    whole,
)

Box = tuple[float, float, float, float]

MAX_NODES: Final = 2_000
FEW: Final = 10
MAX_LEVELS: Final = 16
_INHERITED: Final = (b"MediaBox", b"CropBox", b"Rotate", b"Resources")
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

    @property
    def geometry(self) -> tuple[Box, Box, int, float]:
        """Give what pages of one size and turn have in common."""
        return self.media_box, self.crop_box, self.rotation, self.user_unit


@dataclass(frozen=True, slots=True)
class Page:
    """A page: where it is, what it says itself, what it says or inherits."""

    ref: Ref
    own: Dictionary
    inherited: Mapping[bytes, Value]


@dataclass(frozen=True, slots=True)
class PageTree:
    """The pages of a PDF, looked up one by one or all at once."""

    skeleton: Skeleton

    @property
    def _all(self) -> list[Page]:
        """Give all pages, once they were looked up."""
        return self.skeleton.known.once(PageTree, list)

    def page(self, number: int) -> Page:
        """Give a page, from 0; raise NotFastError, also where there is none."""
        pages = iter(self._all) if self._all else self._walk()
        found = next(islice(pages, number, None), None) if number >= 0 else None
        if found is None:
            raise NotFastError(Reason.PAGE_TREE, "got too few pages")
        # At its end the walk compares the counts: of a short letter all of them are looked at.
        for _ in islice(pages, FEW):
            pass
        return found

    def all(self) -> Sequence[Page]:
        """Give every page, in order; raise NotFastError."""
        if not self._all:
            # The whole walk first: where it fails, no page is kept for a letter alike.
            found = list(self._walk())
            self._all.extend(found)
        return self._all

    def shape(self, number: int) -> PageShape:
        """Give the geometry of a page, from 0, and count all of them; raise NotFastError."""
        return self.skeleton.known.once((PageShape, number), lambda: self._shape(number))

    def _shape(self, number: int) -> PageShape:
        self.all()
        if not 0 <= number < len(self._all):
            raise NotFastError(Reason.PAGE_TREE, "got too few pages")
        page = self._all[number]
        media = self._box(page.inherited.get(b"MediaBox"))
        crop = media
        if b"CropBox" in page.inherited:
            crop = _common(media, self._box(page.inherited[b"CropBox"]))
        rotation = self.skeleton.resolve(page.inherited.get(b"Rotate", 0))
        if type(rotation) is not int or rotation % _QUARTER:
            raise NotFastError(Reason.PAGE_BOX, "got a rotation that is not of quarters")
        unit = _number(self.skeleton.resolve(page.own.entries.get(b"UserUnit", 1)))
        if unit <= 0:
            raise NotFastError(Reason.PAGE_BOX, "got a unit that is no length")
        return PageShape(number, len(self._all), media, crop, rotation % 360, unit)

    def _walk(self) -> Iterator[Page]:
        visited: set[Ref] = set()
        return self._below(reference(self.skeleton.catalog.get(b"Pages")), (), {}, visited)

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
        node = dictionary(self.skeleton.get(ref))
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
        kids = array(self.skeleton.resolve(node.get(b"Kids"))).items()
        if not kids or whole(node.get(b"Count")) < len(kids):
            raise NotFastError(Reason.PAGE_TREE, "got too small a count of pages")
        return kids

    def _box(self, value: Value) -> Box:
        found = self.skeleton.resolve(value)
        corners = found.items() if isinstance(found, Array) else []
        if len(corners) != _CORNERS:
            raise NotFastError(Reason.PAGE_BOX, "got a box without four corners")
        x0, y0, x1, y1 = (_number(self.skeleton.resolve(item)) for item in corners)
        box = min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
        return _common(box, box)


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
