"""What a page draws but for its words: letters made from one template have it in common.

Rules kept here:

- the layout is everything that the page's content says except the texts that it shows (strings, and
  the arrays of strings and spacings of `TJ`, ISO 32000-1, 9.4.3), of which it keeps the lengths;
  with it go the page's geometry, the forms that it draws, read in the same way, and every byte of
  its images;
- so two pages of one layout differ in their words alone, each word beginning at the same place; one
  whose texts are all no longer than another's reaches about as far, no more: letters are not
  equally wide, which the margin around a code is for;
- a page that something else draws on (annotations, layers that may be hidden, patterns, fonts made
  of drawings, images within the content, spacings of more than a letter's width) has no layout:
  `NotFastError`, and the page itself must be looked at.

What graphic states and colour spaces name is compared as it is written, one step deep.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sealing.pades import streams
from sealing.pades.objects import Skeleton
from sealing.pades.page_tree import PageTree
from sealing.pades.shown_text import ShownText
from sealing.pades.tokens import (
    Array,
    Dictionary,
    Name,
    NotFastError,
    Reason,
    Ref,
    Value,
    dictionary,
    reference,
)

if TYPE_CHECKING:
    from hashlib import _Hash

MAX_DRAWN: Final = 64
_MAX_DEPTH: Final = 4
_COMPARED: Final = (b"ExtGState", b"ColorSpace")
_FOREIGN: Final = (b"Pattern", b"Shading")


@dataclass(frozen=True, slots=True)
class Layout:
    """A page without its words: the digest of what it draws, and its texts' lengths in bytes."""

    key: bytes
    texts: tuple[int, ...]

    @classmethod
    def read(cls, pages: PageTree, page: int) -> "Layout":
        """Read the layout of a page, from 0; raise NotFastError where it has none."""
        skeleton = pages.skeleton
        own = pages.page(page).own.get(b"Contents")
        data = b"\n".join(_contents(skeleton, own))
        kept = skeleton.known.once((Layout, page), lambda: _Kept(_around(pages, page)))
        return kept.read(data)


@dataclass(slots=True)
class _Reading:
    """A layout in the making."""

    skeleton: Skeleton
    digest: "_Hash" = field(default_factory=hashlib.sha256)
    texts: list[int] = field(default_factory=list)
    drawn: int = 0

    def add(self, part: bytes | memoryview) -> None:
        """Take in a part; its length goes first, so that parts cannot run together."""
        self.digest.update(b"%d " % len(part))
        self.digest.update(part)

    def content(self, data: bytes) -> ShownText:
        """Take in a content stream, its texts by their lengths alone."""
        shown = ShownText.read(data)
        self.texts += shown.lengths
        self.add(shown.rest)
        return shown

    def resources(self, value: Value, depth: int) -> None:
        """Take in what a content draws by name."""
        found = self.skeleton.resolve(value)
        if found is None:
            return
        held = dictionary(found)
        self._refuse(held)
        for kind in _COMPARED:
            for name, item in self._named(held, kind):
                self.add(kind + name + self._written(item))
        for name, item in self._named(held, b"XObject"):
            self.add(name)
            self._object(reference(item), depth + 1)

    def _refuse(self, held: Dictionary) -> None:
        """Raise NotFastError for what may draw in ways that are not looked at here."""
        for kind in _FOREIGN:
            if any(self._named(held, kind)):
                raise NotFastError(Reason.OBJECT, "got patterns or shadings")
        for _, font in self._named(held, b"Font"):
            if dictionary(self.skeleton.resolve(font)).get(b"Subtype") == Name(b"Type3"):
                raise NotFastError(Reason.OBJECT, "got a font made of drawings")

    def _named(self, held: Dictionary, kind: bytes) -> Iterator[tuple[bytes, Value]]:
        found = self.skeleton.resolve(held.get(kind))
        return iter(()) if found is None else iter(dictionary(found).entries.items())

    def _object(self, ref: Ref, depth: int) -> None:
        """Take in a form, or every byte of an image."""
        self.drawn += 1
        if depth > _MAX_DEPTH or self.drawn > MAX_DRAWN:
            raise NotFastError(Reason.LIMITS, "got drawings too deep, or too many")
        entries, raw = self.skeleton.shared(ref)
        if entries.get(b"Subtype") == Name(b"Form"):
            for key in (b"BBox", b"Matrix", b"Group"):
                self.add(self._written(entries.get(key)))
            self.content(streams.content(entries, raw))
            self.resources(entries.get(b"Resources"), depth)
            return
        self.add(entries.written())
        self.add(raw)
        for key in (b"SMask", b"Mask"):
            mask = entries.get(key)
            if isinstance(mask, Ref):
                self._object(mask, depth + 1)

    def _written(self, value: Value) -> bytes:
        found = self.skeleton.resolve(value)
        if isinstance(found, Array | Dictionary):
            return found.data[found.start : found.end]
        return repr(found).encode()


@dataclass(slots=True)
class _Kept:
    """A page but its content, and the content that was read last."""

    around: _Reading
    last: ShownText | None = None
    key: bytes = b""

    def read(self, data: bytes) -> Layout:
        """Give the layout with a content; raise NotFastError."""
        lengths = None if self.last is None else self.last.lengths_in(data)
        if lengths is None:
            reading = _Reading(self.around.skeleton, self.around.digest.copy())
            self.last = reading.content(data)
            self.key, lengths = reading.digest.digest(), self.last.lengths
        return Layout(self.key, (*self.around.texts, *lengths))


def _around(pages: PageTree, page: int) -> _Reading:
    """Read all of a page but its content: its geometry, and what it draws by name."""
    skeleton = pages.skeleton
    if b"OCProperties" in skeleton.catalog.entries:
        raise NotFastError(Reason.OBJECT, "got layers that may be hidden")
    shape, found = pages.shape(page), pages.page(page)
    notes = skeleton.resolve(found.own.get(b"Annots"))
    if notes is not None and (not isinstance(notes, Array) or notes.items()):
        raise NotFastError(Reason.OBJECT, "got a page with annotations")
    reading = _Reading(skeleton)
    reading.add(repr(shape.geometry).encode())
    reading.resources(found.inherited.get(b"Resources"), 0)
    return reading


def _contents(skeleton: Skeleton, value: Value) -> Iterator[bytes]:
    """Give the streams of a page's content."""
    for item in skeleton.known.once((_contents, value), lambda: _listed(skeleton, value)):
        yield streams.content(*skeleton.stream(item))


def _listed(skeleton: Skeleton, value: Value) -> list[Ref]:
    """Give the streams that a page names: one, or an array of them."""
    if isinstance(value, Ref) and not skeleton.is_plain(value):
        return [value]
    found = skeleton.resolve(value)
    return [reference(item) for item in found.items()] if isinstance(found, Array) else []
