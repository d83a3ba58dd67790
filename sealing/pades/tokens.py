"""Objects of a PDF as they stand in the file: read strictly, kept with their place.

Rules kept here (ISO 32000-1, 7.2 and 7.3):

- white space and comments may stand anywhere; everything else is as the standard says, or the
  letter is not for the fast road: `NotFastError` with a reason, and no other exception;
- a dictionary and an array remember where they stand, so that a changed one is written with the
  very bytes of what did not change;
- a key that comes twice, an empty name and a string nested deeper than three are not understood;
- depth and items have limits.

References are not followed here, streams are not read (`streams.py`).
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import ClassVar, Final, NamedTuple, TypeAlias

from sealing.errors import SealingError

MAX_DEPTH: Final = 32
MAX_ITEMS: Final = 50_000


class Reason(StrEnum):
    """Why a PDF takes the general road."""

    HEADER = "header"
    TAIL = "tail"
    BROKEN_XREF = "broken-xref"
    HYBRID_XREF = "hybrid-xref"
    MIXED_XREF = "mixed-xref"
    ENCRYPTED = "encrypted"
    PERMISSIONS = "permissions"
    ACROFORM = "acroform"
    STORE = "store"
    ATTACHMENTS = "attachments"
    TAGGED = "tagged"
    OBJECT = "object"
    STREAM = "stream"
    PAGE_TREE = "page-tree"
    PAGE_BOX = "page-box"
    LIMITS = "limits"


class NotFastError(SealingError):
    """Not fully understood: the general road judges this PDF. `reason` says what was met."""

    code: ClassVar[str] = "sealing.not-fast"

    def __init__(self, reason: Reason, problem: str) -> None:
        """Keep the reason beside what was met."""
        super().__init__(f"{reason}: {problem}")
        self.reason = reason


class Name(bytes):
    """A name, without its slash, escapes undone."""

    __slots__ = ()


class Text(bytes):
    """A string as it is written, with its brackets."""

    __slots__ = ()


class Ref(NamedTuple):
    """An indirect reference."""

    number: int
    generation: int


class Array:
    """An array, and where it stands in `data`; its items are read when asked for."""

    __slots__ = ("data", "end", "start")

    def __init__(self, data: bytes, start: int, end: int = -1) -> None:
        """Keep the place, brackets included; an `end` of -1 is not known yet."""
        self.data = data
        self.start = start
        self.end = end

    def items(self, depth: int = 0) -> list["Value"]:
        """Read the items; raise NotFastError."""
        items: list[Value] = []
        place = self.start + 1
        while (found := _ITEM.match(self.data, place)) is not None:
            value, place = _value(self.data, found, depth)
            items.append(value)
            if len(items) > MAX_ITEMS:
                raise NotFastError(Reason.LIMITS, "got too long an array")
        self.end = _require(_CLOSED.match(self.data, place), b"]", self.end)
        return items

    def read(self, depth: int) -> int:
        """Read the items; give where the array ends."""
        self.items(depth)
        return self.end

    def with_item(self, item: bytes) -> bytes:
        """Write the array with one more item at its end; the others as they were."""
        return b"%b %b]" % (self.data[self.start : self.end - 1], item)


class Dictionary:
    """A dictionary, and where it stands in `data`; its entries are read when asked for."""

    __slots__ = ("_entries", "_spans", "data", "end", "start")

    def __init__(self, data: bytes, start: int, end: int = -1) -> None:
        """Keep the place, brackets included; an `end` of -1 is not known yet."""
        self.data = data
        self.start = start
        self.end = end
        self._entries: dict[bytes, Value] | None = None
        self._spans: list[tuple[int, int]] = []

    @property
    def entries(self) -> Mapping[bytes, "Value"]:
        """Give the entries; raise NotFastError."""
        return self._read(0) if self._entries is None else self._entries

    def get(self, key: bytes) -> "Value":
        """Give an entry; nothing where it is absent."""
        return self.entries.get(key)

    def written(self) -> bytes:
        """Give the dictionary as it is written."""
        return self.data[self.start : self.end]

    def with_entries(self, changes: Mapping[bytes, bytes]) -> bytes:
        """Write the dictionary with entries set; all other bytes are as they were."""
        spans = dict(zip(self.entries, self._spans, strict=True))
        kept, place = b"", self.start
        for first, last in sorted(spans[key] for key in changes if key in spans):
            kept += self.data[place:first]
            place = last
        kept += self.data[place : self.end - 2]
        return kept + b"".join(b"/%b %b" % change for change in changes.items()) + b">>"

    def read(self, depth: int) -> int:
        """Read the entries; give where the dictionary ends."""
        self._read(depth)
        return self.end

    def _read(self, depth: int) -> dict[bytes, "Value"]:
        entries: dict[bytes, Value] = {}
        place = self.start + 2
        while (found := _PAIR.match(self.data, place)) is not None:
            first = found.start("key")
            key = _name(found["key"])
            entries[key], place = _value(self.data, found, depth)
            self._spans.append((first, place))
            if len(self._spans) > MAX_ITEMS:
                raise NotFastError(Reason.LIMITS, "got too large a dictionary")
        closed = _CLOSED.match(self.data, place)
        self.end = _require(closed, b">>", self.end)
        if len(entries) != len(self._spans):
            raise NotFastError(Reason.OBJECT, "got a key that comes twice")
        self._entries = entries
        return entries


Value: TypeAlias = "bool | int | float | Name | Text | Ref | Array | Dictionary | None"

# A NUL is white space too, but not to every reader.
_SPACE: Final = rb"\t\n\x0c\r "
_REGULAR: Final = rb"[^" + _SPACE + rb"()<>\[\]{}/%]"
WHITE: Final = rb"(?:[" + _SPACE + rb"]++|%[^\r\n]*+[\r\n])*+"
GAP: Final = rb"[" + _SPACE + rb"]++"
END: Final = rb"(?!" + _REGULAR + rb")"
_PLAIN: Final = (
    rb"[^()\\]++|\\(?:[nrtbf()\\\r\n]|[0-3][0-7]{2}|[0-7]{1,2}(?![0-9]))"  # table 3, no other
)
_NESTED: Final = rb"(?:" + _PLAIN + rb"|\((?:" + _PLAIN + rb"|\((?:" + _PLAIN + rb")*+\))*+\))*+"
_NUMBERS: Final = rb"[1-9]\d{0,7}" + GAP + rb"\d{1,5}" + GAP
_REF: Final = _NUMBERS + rb"R" + END
# Other bytes by escapes alone (7.3.5).
_NAME: Final = rb"(?:[!-\"$&'*-.0-;=?-Z\\^-z|~]++|#[0-9A-Fa-f]{2})++"
_TEXT: Final = rb"\(" + _NESTED + rb"\)|<[0-9A-Fa-f" + _SPACE + rb"]*+>"
_INT: Final = rb"[+-]?\d{1,10}(?!\.)" + END
_REAL: Final = rb"[+-]?(?:\d{1,20}\.\d{0,20}|\.\d{1,20})" + END
_WORD: Final = rb"(?:true|false|null)" + END
_SCALAR: Final = b"|".join((_REF, rb"/" + _NAME, _INT, _REAL, _TEXT, _WORD))
# Without brackets inside: whole in one step.
_FLAT: Final = (
    rb"\[(?:" + WHITE + rb"(?:" + _SCALAR + rb"))*+" + WHITE + rb"\]"
    rb"|<<(?:" + WHITE + rb"/" + _NAME + WHITE + rb"(?:" + _SCALAR + rb"))*+" + WHITE + rb">>"
)
_KINDS: Final = (
    (b"ref", _REF),
    (b"name", rb"/" + _NAME),
    (b"flat", _FLAT),
    (b"int", _INT),
    (b"open", rb"<<|\["),
    (b"text", _TEXT),
    (b"real", _REAL),
    (b"word", _WORD),
)
_VALUE: Final = rb"(?:" + b"|".join(rb"(?P<%b>%b)" % kind for kind in _KINDS) + rb")"
_ITEM: Final = re.compile(WHITE + _VALUE, re.DOTALL)
_PAIR: Final = re.compile(WHITE + rb"(?P<key>/" + _NAME + rb")" + WHITE + _VALUE, re.DOTALL)
_CLOSED: Final = re.compile(WHITE + rb"(>>|\])")
_SQUARE: Final = ord("[")
_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_WORDS: Final[Mapping[bytes, Value]] = {b"true": True, b"false": False, b"null": None}


def _name(raw: bytes) -> Name:
    if b"#" not in raw:
        return Name(raw[1:])
    return Name(_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), raw[1:]))


def _ref(raw: bytes) -> Ref:
    number, generation, _ = raw.split()
    return Ref(int(number), int(generation))


_SCALARS: Final[Mapping[str, Callable[[bytes], Value]]] = {
    "name": _name,
    "ref": _ref,
    "int": int,
    "real": float,
    "text": Text,
    "word": _WORDS.__getitem__,
}


def parse(data: bytes, start: int) -> tuple[Value, int]:
    """Read the object that stands at `start`, after white space; give it and where it ends."""
    found = _ITEM.match(data, start)
    if found is None:
        raise NotFastError(Reason.OBJECT, "got no object")
    return _value(data, found, 0)


def _value(data: bytes, found: re.Match[bytes], depth: int) -> tuple[Value, int]:
    """Give the value that was met, and where it ends."""
    kind = found.lastgroup or ""
    if kind not in {"open", "flat"}:
        return _SCALARS[kind](found[kind]), found.end()
    start = found.start(kind)
    made = (Array if data[start] == _SQUARE else Dictionary)(data, start)
    if kind == "flat":
        made.end = found.end()
        return made, made.end
    if depth == MAX_DEPTH:
        raise NotFastError(Reason.LIMITS, "got brackets nested too deep")
    return made, made.read(depth + 1)


def _require(closed: re.Match[bytes] | None, bracket: bytes, end: int) -> int:
    """Give where a container ends; raise NotFastError when that is not as it was promised."""
    if closed is None or closed[1] != bracket or end not in {-1, closed.end()}:
        raise NotFastError(Reason.OBJECT, "got what is no object of a PDF")
    return closed.end()


def whole(value: Value) -> int:
    """Give an integer that is not negative; raise NotFastError for anything else."""
    if type(value) is not int or value < 0:
        raise NotFastError(Reason.OBJECT, "expected a whole number")
    return value


def reference(value: Value) -> Ref:
    """Give an indirect reference; raise NotFastError for anything else."""
    if not isinstance(value, Ref):
        raise NotFastError(Reason.OBJECT, "expected a reference")
    return value


def array(value: Value) -> Array:
    """Give an array; raise NotFastError for anything else."""
    if not isinstance(value, Array):
        raise NotFastError(Reason.OBJECT, "expected an array")
    return value


def dictionary(value: Value) -> Dictionary:
    """Give a dictionary; raise NotFastError for anything else."""
    if not isinstance(value, Dictionary):
        raise NotFastError(Reason.OBJECT, "expected a dictionary")
    return value
