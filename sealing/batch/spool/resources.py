"""Which of its resources a content names: the others belong to other letters.

Rules kept here (ISO 32000-1, 7.8.3):

- a content names resources by names; pictures and forms only in front of `Do`. Where that cannot be
  told, every name that is written counts: too much may stay, nothing that is drawn may go;
- a form or a font of drawings without resources of its own uses those of its page;
- the default colour spaces are used without being named.
"""

import re
from dataclasses import dataclass
from typing import Final

from sealing.batch.spool.pdf import SpoolPdf
from sealing.pades.tokens import Array, Dictionary, Name, Ref, Value

_MAX_ROUNDS: Final = 32
_NAME: Final = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]+)")
_DRAWN: Final = re.compile(
    rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]+)[\x00\t\n\x0c\r ]+Do(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])"
)
_DO: Final = re.compile(rb"(?<![^\x00\t\n\x0c\r ()<>\[\]{}/%])Do(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])")
_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_CATEGORIES: Final = (b"Font", b"ExtGState", b"ColorSpace", b"Pattern", b"Shading", b"Properties")
_DEFAULTS: Final = frozenset({b"DefaultGray", b"DefaultRGB", b"DefaultCMYK"})
_XOBJECT: Final = b"XObject"


@dataclass(frozen=True, slots=True)
class Named:
    """The names that contents write: those of pictures and forms, and all of them."""

    drawn: frozenset[bytes] = frozenset()
    all: frozenset[bytes] = frozenset()

    @classmethod
    def by(cls, content: bytes) -> "Named":
        """Read the names of one content."""
        names = frozenset(map(_name, _NAME.findall(content)))
        drawn = _DRAWN.findall(content)
        if len(drawn) != len(_DO.findall(content)):
            return cls(names, names)
        return cls(frozenset(map(_name, drawn)), names)

    def __or__(self, other: "Named") -> "Named":
        """Give the names of both."""
        return Named(self.drawn | other.drawn, self.all | other.all)


@dataclass(frozen=True, slots=True)
class Pruning:
    """Takes from resources what a content does not name; raises ValueError or RuntimeError."""

    spool: SpoolPdf

    def of_page(self, contents: Value, resources: Value) -> dict[bytes, dict[bytes, Value]]:
        """Give what a page's content needs of its resources."""
        found = self.spool.get(contents)
        items = found.items() if isinstance(found, Array) else [contents]
        content = b"\n".join(self._content(item) for item in items)
        return self._needed(Named.by(content), resources)

    def of_object(self, own: Ref | None, entries: Dictionary) -> dict[bytes, dict[bytes, Value]]:
        """Give what a form, a pattern or a font needs of its resources; `own`: its stream."""
        named = Named.by(self._content(own)) if own is not None else self._glyphs(entries)
        return self._needed(named, entries.get(b"Resources"))

    def _needed(self, named: Named, resources: Value) -> dict[bytes, dict[bytes, Value]]:
        found = self.spool.get(resources)
        if not isinstance(found, Dictionary):
            return {}
        named = self._with_guests(named, found)
        kept: dict[bytes, dict[bytes, Value]] = {}
        for category in (*_CATEGORIES, _XOBJECT):
            names = named.drawn if category == _XOBJECT else named.all | _DEFAULTS
            if chosen := self._chosen(found.get(category), names):
                kept[category] = chosen
        return kept

    def _chosen(self, value: Value, names: frozenset[bytes]) -> dict[bytes, Value]:
        """Give the entries of these names."""
        found = self.spool.get(value)
        entries = found.entries if isinstance(found, Dictionary) else {}
        return {name: held for name, held in entries.items() if name in names}

    def _with_guests(self, named: Named, resources: Dictionary) -> Named:
        """Add the names of forms and fonts that have no resources of their own."""
        held = [self.spool.get(resources.get(kind)) for kind in (_XOBJECT, b"Font")]
        named_there = [each for each in held if isinstance(each, Dictionary)]
        seen: set[bytes] = set()
        for _ in range(_MAX_ROUNDS):
            new = (named.drawn | named.all) - seen
            if not new:
                return named
            seen |= new
            for each in named_there:
                for name in new:
                    named |= self._guest(each.get(name))
        raise ValueError("got forms within forms without an end")

    def _guest(self, value: Value) -> Named:
        found = self.spool.get(value)
        if not isinstance(found, Dictionary) or found.get(b"Resources") is not None:
            return Named()
        if isinstance(value, Ref) and found.get(b"Subtype") == Name(b"Form"):
            return Named.by(self._content(value))
        return self._glyphs(found) if found.get(b"Subtype") == Name(b"Type3") else Named()

    def _glyphs(self, font: Dictionary) -> Named:
        found = self.spool.get(font.get(b"CharProcs"))
        named = Named()
        for glyph in found.entries.values() if isinstance(found, Dictionary) else ():
            named |= Named.by(self._content(glyph))
        return named

    def _content(self, value: Value) -> bytes:
        if not isinstance(value, Ref) or not self.spool.is_stream(value):
            return b""
        return self.spool.content(value)


def _name(raw: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), raw)
