"""Objects of a spool, copied into a letter: what is reached, once, and nothing that leads out.

Rules kept here:

- each object that is reached gets a number of the letter and is written once;
- what leads to a page, a node of the structure, the catalog or an attached file becomes nothing,
  wherever it is met; so do private data of other programs, metadata and actions;
- resources of forms, patterns and fonts of drawings are pruned by what these name;
- a dictionary without a type lists things by names of the file's own choice: all of it is kept but
  what these names mean anywhere: metadata, private data, attached files, parents.

Values are written as the file has them; streams byte for byte, their filters untouched.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from sealing.batch.files.source import MAX_BYTES
from sealing.batch.spool.pdf import SpoolError, SpoolPdf, is_kind
from sealing.batch.spool.resources import Pruning
from sealing.batch.spool.writing import name_of, number_of
from sealing.pades.tokens import Array, Dictionary, Name, Ref, Text, Value

MAX_OBJECTS: Final = 100_000
_MAX_DEPTH: Final = 32
# What leads out of a page, wherever it stands.
_DROPPED: Final = frozenset(
    {b"StructParent", b"StructParents", b"PieceInfo", b"Metadata", b"LastModified", b"AF"}
    | {b"Alternates", b"OPI", b"Ref", b"AA", b"Parent"}
)
# In a list of the file's own names too: property lists have no type, and may hold anything.
_PRIVATE: Final = frozenset({b"PieceInfo", b"Metadata", b"AF", b"Parent"})
_OUTSIDE: Final = frozenset({b"F", b"FFilter", b"FDecodeParms", b"DL", b"Length"})
_FOREIGN: Final = (
    *(b"Page", b"Pages", b"Catalog", b"StructElem", b"StructTreeRoot", b"Annot"),
    *(b"Filespec", b"F", b"EmbeddedFile", b"Metadata", b"Outlines", b"ObjStm", b"XRef"),
)


class LetterTooLargeError(SpoolError):
    """A letter has too many objects or bytes. Details: `page`, `limit` (MiB)."""

    code: ClassVar[str] = "spool.letter-too-large"


@dataclass(slots=True)
class Graft:
    """The objects of a letter in the making, by their new numbers.

    `first` is the letter's first page, for errors; `layers` are those that were met.
    """

    spool: SpoolPdf
    first: int
    bodies: dict[int, bytes] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    layers: list[int] = field(default_factory=list)
    last: int = 3
    _waiting: list[Ref] = field(default_factory=list)
    _size: int = 0

    def number(self) -> int:
        """Give the number of a new object; raise LetterTooLargeError."""
        self.last += 1
        if self.last > MAX_OBJECTS:
            raise self._too_large()
        return self.last

    def _too_large(self) -> LetterTooLargeError:
        return LetterTooLargeError("got too large a letter", page=self.first, limit=MAX_BYTES >> 20)

    def follow(self) -> None:
        """Write every object that was named and is not there yet."""
        while self._waiting:
            ref = self._waiting.pop()
            body = self._object(ref)
            self._size += len(body)
            if self._size > MAX_BYTES:
                raise self._too_large()
            self.bodies[self.numbers[ref.number]] = body

    def _object(self, ref: Ref) -> bytes:
        value = self.spool.get(ref)
        if not isinstance(value, Dictionary) or not self.spool.is_stream(ref):
            return self.value(value)
        raw, head = self.spool.raw(ref), self._dictionary(value, 0, ref)
        return b"%b/Length %d>>\nstream\n%b\nendstream" % (head[:-2], len(raw), raw)

    def _reference(self, ref: Ref) -> bytes:
        """Name an object in the letter; what leads out of it becomes nothing."""
        if ref.number in self.numbers:
            return b"%d 0 R" % self.numbers[ref.number]
        found = self.spool.get(ref)
        if found is None or is_kind(found, *_FOREIGN):
            return b"null"
        self.numbers[ref.number] = self.number()
        if is_kind(found, b"OCG"):
            self.layers.append(self.numbers[ref.number])
        self._waiting.append(ref)
        return b"%d 0 R" % self.numbers[ref.number]

    def _dictionary(self, value: Dictionary, depth: int, stream: Ref | None = None) -> bytes:
        """Write a dictionary, maybe a stream's, without what leads out of its page."""
        entries = dict(value.entries)
        own = entries.pop(b"Resources", None)
        dropped = _OUTSIDE if stream is not None else frozenset[bytes]()
        # A dictionary without a type lists things by names of the file's own choice.
        if stream is not None or not entries.keys().isdisjoint((b"Type", b"Subtype")):
            dropped |= _DROPPED
        else:
            dropped |= {key for key in _PRIVATE if not self._is_glyph(key, entries.get(key))}
        body = self.entries({k: v for k, v in entries.items() if k not in dropped}, depth)
        if own is None:
            return body
        pruned = Pruning(self.spool).of_object(stream, value)
        return body[:-2] + b"/Resources" + self.resources(pruned) + b">>"

    def _is_glyph(self, key: bytes, value: Value) -> bool:
        # Lists of glyphs have no type either; attached files are no streams, metadata are.
        return key == b"AF" and isinstance(value, Ref) and self.spool.is_stream(value)

    def resources(self, pruned: Mapping[bytes, Mapping[bytes, Value]]) -> bytes:
        """Write resources that were pruned."""
        parts = [b"/%b%b" % (kind, self.entries(held)) for kind, held in pruned.items()]
        return b"<<%b>>" % b"".join(parts)

    def entries(self, entries: Mapping[bytes, Value], depth: int = 0) -> bytes:
        """Write a dictionary of these entries."""
        parts = [
            b"%b %b" % (name_of(key), self.value(item, depth + 1))
            for key, item in entries.items()
            if item is not None
        ]
        return b"<<%b>>" % b"".join(parts)

    def value(self, value: Value, depth: int = 0) -> bytes:
        """Write a value, its references by their new numbers."""
        if depth > _MAX_DEPTH:
            raise ValueError("got brackets nested too deep")
        match value:
            case Ref():
                return self._reference(value)
            case Dictionary():
                foreign = is_kind(value, *_FOREIGN)
                return b"null" if foreign else self._dictionary(value, depth)
            case Array():
                return b"[%b]" % b" ".join(self.value(item, depth + 1) for item in value.items())
            case Name():
                return name_of(value)
            case Text():
                return bytes(value)
            case _:
                return number_of(value)
