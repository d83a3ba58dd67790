"""What must be read of a PDF to seal it: its catalog, and the objects that are asked for.

Rules kept here (ISO 32000-1, 7.5.7 and 7.7.2):

- an object is read where its entry says, under its own number, and ends with `endobj`; one that
  lies in an object stream is read at its index there;
- what is read is read once; how much is inflated has limits.

No MuPDF, no pyHanko: `NotFastError` says that this PDF is for them.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sealing.pades import streams
from sealing.pades.known import Known, Pack, Templates
from sealing.pades.sections import HEADING, Packed, Plain
from sealing.pades.tokens import (
    END,
    WHITE,
    Dictionary,
    Name,
    NotFastError,
    Reason,
    Ref,
    Value,
    dictionary,
    parse,
    reference,
    whole,
)
from sealing.pades.xref import Chain

MAX_PACKS: Final = 16
MAX_INSIDE: Final = 100_000
_SHORT: Final = 4_096
_ENDING: Final = re.compile(WHITE + rb"endobj" + END)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A PDF whose tail, catalog and sections are understood; objects are read when asked for."""

    pdf: bytes
    chain: Chain
    known: Known

    @classmethod
    def read(cls, pdf: bytes, templates: Templates | None = None) -> "Skeleton":
        """Read a file's tail and sections; raise NotFastError for what is not fully understood.

        `templates` are files that it may be like: what they have in common is not read again.
        """
        chain = Chain.read(pdf)
        root = reference(chain.trailer.get(b"Root"))
        return cls(pdf, chain, (templates or Templates()).find(pdf, chain, root))

    @property
    def root(self) -> Ref:
        """Give the reference of the catalog."""
        return self.known.root

    @property
    def catalog(self) -> Dictionary:
        """Give the catalog."""
        found = dictionary(self.get(self.root))
        if found.get(b"Type") != Name(b"Catalog"):
            raise NotFastError(Reason.OBJECT, "got a root that is no catalog")
        return found

    def get(self, ref: Ref) -> Value:
        """Read an object by its reference; raise NotFastError."""
        read = self.known.read
        if ref.generation:
            raise NotFastError(Reason.OBJECT, "got a reference of another generation")
        if ref.number not in read:
            entry = self.chain.find(ref.number)
            if isinstance(entry, Packed):
                read[ref.number] = self._unpacked(ref, entry)
                self.known.packed[ref.number] = entry
            else:
                read[ref.number], end = self._object(ref, entry)
                self.known.raw[ref.number] = self.pdf[entry.offset : end + 1]
        return read[ref.number]

    def resolve(self, value: Value) -> Value:
        """Give what a value stands for, when it is a reference."""
        found = self.get(value) if isinstance(value, Ref) else value
        if isinstance(found, Ref):
            raise NotFastError(Reason.OBJECT, "got a reference to a reference")
        return found

    def is_plain(self, ref: Ref) -> bool:
        """Tell whether an object is none of the streams; raise NotFastError."""
        entry = self.chain.find(ref.number)
        if isinstance(entry, Packed):
            return True
        _, end = parse(self.pdf, self._body(ref, entry.offset))
        return _ENDING.match(self.pdf, end) is not None

    def stream(self, ref: Ref) -> tuple[Dictionary, memoryview]:
        """Read a stream that is this file's own: its dictionary, its bytes as they lie there."""
        entry = self._by_itself(ref)
        entries = dictionary(parse(self.pdf, self._body(ref, entry.offset))[0])
        length = entries.get(b"Length")
        if isinstance(length, Ref):
            length, _ = self._object(length, self._by_itself(length))
        first, last, _ = streams.place(self.pdf, entries, whole(length))
        return entries, memoryview(self.pdf)[first:last]

    def shared(self, ref: Ref) -> tuple[Dictionary, memoryview]:
        """Read a stream that letters of one template have in common, as they have objects."""
        entry = self._by_itself(ref)
        entries = dictionary(parse(self.pdf, self._body(ref, entry.offset))[0])
        length = entries.get(b"Length")
        if isinstance(length, Ref):
            self._by_itself(length)
        first, last, end = streams.place(self.pdf, entries, whole(self.resolve(length)))
        self.known.raw[ref.number] = self.pdf[entry.offset : end + 1]
        return entries, memoryview(self.pdf)[first:last]

    def _by_itself(self, ref: Ref) -> Plain:
        entry = self.chain.find(ref.number)
        if isinstance(entry, Packed) or ref.generation:
            raise NotFastError(Reason.OBJECT, "got a stream in another, or of another generation")
        return entry

    def _object(self, ref: Ref, entry: Plain) -> tuple[Value, int]:
        """Read an object that stands by itself; give where it ends."""
        begins = self._body(ref, entry.offset)
        last = self.pdf.find(b"endobj", begins, begins + _SHORT)
        if last != -1:
            raw = self.pdf[begins : last + len(b"endobj") + 1]
            with suppress(NotFastError):
                value, end = _parsed(raw)
                ending = _ENDING.match(raw, end)
                if ending is not None:
                    return value, begins + ending.end()
        value, end = parse(self.pdf, begins)
        ending = _ENDING.match(self.pdf, end)
        if ending is None:
            raise NotFastError(Reason.OBJECT, "got an object without its end")
        return value, ending.end()

    def _body(self, ref: Ref, offset: int) -> int:
        """Give where an object's value begins, behind its number."""
        found = HEADING.match(self.pdf, offset) if offset < len(self.pdf) else None
        if found is None or (int(found[1]), int(found[2])) != ref:
            raise NotFastError(Reason.BROKEN_XREF, "got an offset that leads to no such object")
        return found.end()

    def _unpacked(self, ref: Ref, entry: Packed) -> Value:
        packs = self.known.packs
        if entry.stream not in packs:
            if len(packs) == MAX_PACKS:
                raise NotFastError(Reason.LIMITS, "got too many object streams")
            packs[entry.stream] = self._pack(entry.stream)
        pack = packs[entry.stream]
        if entry.place >= len(pack.places) or pack.places[entry.place][0] != ref.number:
            raise NotFastError(Reason.BROKEN_XREF, "got another object at this index")
        begins = pack.places[entry.place][1]
        # Behind brackets nothing need be looked at: the value ends with them.
        if pack.data[begins : begins + 1] in {b"<", b"["} and entry.place + 1 < len(pack.places):
            last = pack.places[entry.place + 1][1]
            if begins < last <= begins + _SHORT:
                with suppress(NotFastError):
                    return _parsed(pack.data[begins:last])[0]
        return parse(pack.data, begins)[0]

    def _pack(self, number: int) -> Pack:
        """Inflate an object stream and read its table (7.5.7)."""
        entries, raw = self.shared(Ref(number, 0))
        if entries.get(b"Type") != Name(b"ObjStm"):
            raise NotFastError(Reason.OBJECT, "got an object stream of another type")
        data = streams.content(entries, raw)
        first, count = whole(entries.get(b"First")), whole(entries.get(b"N"))
        numbers = data[:first].split()
        if count > MAX_INSIDE or len(numbers) != 2 * count or not b"".join(numbers).isdigit():
            raise NotFastError(Reason.STREAM, "got an object stream without its table")
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        return Pack(data, tuple((_small(own), first + _small(place)) for own, place in pairs))


@lru_cache(maxsize=1_024)
def _parsed(raw: bytes) -> tuple[Value, int]:
    """Read what begins here: letters of one mailing have many of their objects in common."""
    return parse(raw, 0)


def _small(digits: bytes) -> int:
    """Read a number of an object stream's table."""
    if len(digits) > 8:  # noqa: PLR2004 - as many as a reference may have
        raise NotFastError(Reason.STREAM, "got too large a number")
    return int(digits)
