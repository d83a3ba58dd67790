"""From a line of the list to a letter that can be sealed, and its key.

Rules kept here:

- the key of a letter is SHA-256 over three digests: the file's bytes, its data (name, code, values)
  and the options of the mailing. Same key, same letter: it is sealed once, whatever is run again;
- what the code is to say is checked as strictly as at its emission, and nothing is signed;
- an empty cell is an empty value where the type makes the field mandatory, else no value: the lines
  of one list may have different types;
- a file that is too large is planned like any other, and refused by itself: it holds up no list;
- a trial opens each letter besides (`Trial`), and tells which would be refused;
- ranges: 25 to 500 letters, small enough that every worker gets some.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar, Final

from sealing.authorities.token import TokenError
from sealing.authorities.tsa import NoTokenError
from sealing.batch.files.letters_csv import LineError, ListError, ListLine
from sealing.batch.files.source import FileNameError, FileTooLargeError, Source
from sealing.errors import PageOutOfRangeError, PdfRefusedError
from sealing.pades.known import Templates
from sealing.pades.seal import require_pdf
from sealing.pades.source_pdf import SourcePdf
from sealing.service.codes import Order, TownCodeOrder, TwoDDocOrder
from sealing.service.levels import StamperChangedError
from sealing.service.places import page_count
from sealing.signers.port import SignerError
from sealing.twoddoc.conformance import require_town_type
from storage.errors import CoffreError, ConfigurationError

CheckOrder = Callable[[Order], None]

SMALLEST_RANGE: Final = 25
LARGEST_RANGE: Final = 500
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)
# What is wrong with the installation, or with an authority, is wrong for every letter.
FATAL: Final = (ConfigurationError, SignerError, NoTokenError, TokenError, StamperChangedError)


class NoCodeError(ListError):
    """Values for a code, and none is asked for. Details: `names`."""

    code: ClassVar[str] = "batch.no-code"


@dataclass(frozen=True, slots=True)
class Range:
    """Letters to seal: numbers of the ledger, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A letter as the ledger keeps it."""

    line: int
    file: str
    key: bytes
    sha256_in: bytes
    content: str


@dataclass(frozen=True, slots=True)
class Codes:
    """Which code a letter bears where its line names none: a 2D-Doc, a town code, or no code."""

    twoddoc: str | None = None
    town: str | None = None

    def order_of(self, line: ListLine) -> Order | None:
        """Give what a line's code is to say; raise NoCodeError or TypeNotForTownsError."""
        kind = line.twoddoc or self.twoddoc
        if kind is not None:
            return TwoDDocOrder(kind, _twoddoc_values(kind, line.values))
        given = {name: value for name, value in line.values.items() if value}
        if self.town is not None:
            return TownCodeOrder(self.town, given)
        if given:
            raise NoCodeError(f"got {len(given)} values", names=", ".join(given)[:200])
        return None


@dataclass(frozen=True, slots=True)
class Planner:
    """Makes letters of lines. `options` is the digest of the options of the mailing."""

    source: Source
    codes: Codes
    options: bytes
    check: CheckOrder
    trial: "Trial | None" = None

    def letter(self, line: ListLine) -> Planned | LineError:
        """Check one line by itself: its name, its file, its code."""
        try:
            if not line.file:
                raise FileNameError("got no name")
            name = self.source.name(line.file)
            order = self.codes.order_of(line)
            if order is not None:
                self.check(order)
            digest = self._digest(line, name, order)
        except CoffreError as error:
            if isinstance(error, FATAL):
                raise
            return LineError(line.number, line.file, error)
        content = content_of(order)
        key = key_of(digest, name, content, self.options)
        return Planned(line.number, name, key, digest, content)

    def _digest(self, line: ListLine, name: str, order: Order | None) -> bytes:
        try:
            data = self.source.read(name)
        except FileTooLargeError as error:
            if self.trial is not None:
                self.trial.refuse(line, error)
            return self.source.digest(name)
        if self.trial is not None:
            self.trial.open(line, data, order)
        return hashlib.sha256(data).digest()


@dataclass(slots=True)
class Trial:
    """Opens letters as sealing would; `unfit` counts those that would be refused, which are told.

    Where codes go is not tried, nor whether a page says what its code says: no page is drawn.
    """

    page: int
    tell: Callable[[LineError], None]
    unfit: int = 0
    _templates: Templates = field(default_factory=Templates)

    def open(self, line: ListLine, pdf: bytes, order: Order | None) -> None:
        """Read a letter's structure, and count its pages."""
        try:
            require_pdf(pdf)
            source = SourcePdf(pdf)
            source.read(self._templates)
            pages = page_count(source)
            if order is not None and self.page > pages:
                told = {"page": self.page, "pages": pages}
                raise PageOutOfRangeError(f"got page {self.page} of {pages}", **told)
        except PdfRefusedError as error:
            self.refuse(line, error)

    def refuse(self, line: ListLine, error: CoffreError) -> None:
        """Tell of a letter that would be refused."""
        self.unfit += 1
        self.tell(LineError(line.number, line.file, error))


def content_of(order: Order | None) -> str:
    """Write what a code is to say, in one form; `order_from` reads it."""
    match order:
        case None:
            return ""
        case TwoDDocOrder():
            return _ENCODER.encode(["2D", order.doc_type, dict(order.values)])
        case TownCodeOrder():
            return _ENCODER.encode(["CV", order.doc_type, dict(order.values)])


def order_from(content: str) -> Order | None:
    """Read what `content_of` wrote."""
    if not content:
        return None
    kind, doc_type, values = json.loads(content)
    return TwoDDocOrder(doc_type, values) if kind == "2D" else TownCodeOrder(doc_type, values)


def key_of(sha256_in: bytes, name: str, content: str, options: bytes) -> bytes:
    """Give the key of a letter: its file, its data, the options of its mailing."""
    data = hashlib.sha256(f"{name}\0{content}".encode()).digest()
    return hashlib.sha256(sha256_in + data + options).digest()


def range_size(letters: int, workers: int) -> int:
    """Give how many letters a worker takes at once."""
    return max(SMALLEST_RANGE, min(LARGEST_RANGE, letters // (4 * workers)))


def _twoddoc_values(kind: str, cells: Mapping[str, str]) -> dict[str, str]:
    wanted, groups = _wanted(kind)
    begun = {di for group in groups if any(map(cells.get, group)) for di in group}
    return {di: text for di, text in cells.items() if text or di in wanted or di in begun}


@cache
def _wanted(kind: str) -> tuple[frozenset[str], tuple[tuple[str, ...], ...]]:
    """Give what a type always asks, and its alternatives; raise TypeNotForTownsError."""
    entry = require_town_type(kind)
    return frozenset(entry.mandatory), entry.one_of
