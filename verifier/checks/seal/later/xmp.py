"""XMP metadata as values: what it says, whatever way it is written (ISO 16684-1, RDF/XML).

Rules kept here:

- no document type, so no entity; Unicode; 1 MiB, 20,000 elements, 32 levels: anything else, and any
  construct that XMP does not have, is no XMP (ValueError);
- a property is an attribute of its description or an element in it; a text, an address, a
  structure or a list, each with its language; spaces between elements are nothing;
- a property that comes twice is there twice: what a reader may show is never dropped.

Values for comparing, in an order of their own: nothing here says what a property means.
"""

from dataclasses import dataclass, field
from typing import Final, TypeAlias
from xml.parsers import expat

# Nested pairs and tuples of text, of any depth within the limit.
Value: TypeAlias = tuple[object, ...]
Property: TypeAlias = tuple[str, Value]

SIZE_LIMIT: Final = 1024 * 1024
ELEMENTS_LIMIT: Final = 20_000
DEPTH_LIMIT: Final = 32
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
_DESCRIPTION: Final = f"{_RDF}Description"
_ABOUT: Final = f"{_RDF}about"
_ITEM: Final = f"{_RDF}li"
_LISTS: Final = {f"{_RDF}{kind}" for kind in ("Bag", "Seq", "Alt")}
_ENCODINGS: Final = {"UTF-8", "UTF-16"}
_META: Final = "adobe:ns:meta/ xmpmeta"
_LANGUAGE: Final = "http://www.w3.org/XML/1998/namespace lang"


@dataclass(frozen=True, slots=True)
class Packet:
    """What an XMP packet says: its properties, and of what (mostly nothing)."""

    about: frozenset[str] = frozenset()
    properties: tuple[Property, ...] = ()


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str]
    children: list["_Element"] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.written)

    def inner(self) -> list["_Element"]:
        """Give the elements inside, between which there is no text."""
        if self.text.strip():
            raise ValueError("text between elements")
        return self.children


def read_packet(data: bytes) -> Packet:
    """Read what a packet says; raise ValueError when it is none."""
    root = _parsed(data)
    if root.name == _META:
        [root] = root.inner()
    if root.name != f"{_RDF}RDF" or root.attributes:
        raise ValueError("no RDF")
    about, found = set(), []
    for description in root.inner():
        if description.name != _DESCRIPTION:
            raise ValueError("no description")
        about.add(description.attributes.pop(_ABOUT, ""))
        found += _properties(description)
    return Packet(frozenset(about), tuple(sorted(found, key=repr)))


def _parsed(data: bytes) -> _Element:
    if len(data) > SIZE_LIMIT:
        raise ValueError(f"more than {SIZE_LIMIT} bytes")
    top = _Element("", {})
    open_ones, count = [top], 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > ELEMENTS_LIMIT or len(open_ones) > DEPTH_LIMIT:
            raise ValueError("too deep or too long")
        made = _Element(name, attributes)
        open_ones[-1].children.append(made)
        open_ones.append(made)

    def end(_name: str) -> None:
        open_ones.pop()

    def write(text: str) -> None:
        open_ones[-1].written.append(text)

    parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = write
    parser.StartDoctypeDeclHandler = _refuse
    parser.XmlDeclHandler = _require_unicode
    try:
        parser.Parse(data, True)  # noqa: FBT003 - the library has no name for it
    except expat.ExpatError as error:
        raise ValueError("not XML") from error
    return top.children[0]


def _refuse(*_told: object) -> None:
    raise ValueError("a document type")


def _require_unicode(_version: str, encoding: str | None, _alone: int) -> None:
    if encoding is not None and encoding.upper() not in _ENCODINGS:
        raise ValueError("not Unicode")


def _properties(element: _Element) -> list[Property]:
    """Give the properties of a description or of a structure."""
    if any(name.startswith(_RDF) or name == _LANGUAGE for name in element.attributes):
        raise ValueError("an attribute that is no property")
    short = [(name, ("", "text", text)) for name, text in element.attributes.items()]
    return [*short, *((child.name, _value(child)) for child in element.inner())]


def _value(element: _Element) -> Value:
    given = dict(element.attributes)
    language = given.pop(_LANGUAGE, "")
    kind = given.pop(f"{_RDF}parseType", None)
    address = given.pop(f"{_RDF}resource", None)
    if kind not in {None, "Resource"} or (address is not None and (kind or given)):
        raise ValueError("written in a way that XMP does not know")
    if address is None and not given and kind is None and element.children:
        [inner] = element.inner()
        return language, *_inside(inner)
    if address is None and not given and kind is None:
        return language, "text", element.text
    inside = element.inner()
    if inside and kind is None:
        raise ValueError("attributes beside a content")
    if address is not None:
        return language, "address", address
    return language, "structure", _sorted(_Element(element.name, given, inside))


def _inside(inner: _Element) -> Value:
    if inner.name == _DESCRIPTION:
        return "structure", _sorted(inner)
    if inner.name not in _LISTS or inner.attributes:
        raise ValueError("neither a list nor a structure")
    items = inner.inner()
    if any(item.name != _ITEM for item in items):
        raise ValueError("no item")
    return inner.name, tuple(_value(item) for item in items)


def _sorted(element: _Element) -> Value:
    return tuple(sorted(_properties(element), key=repr))
