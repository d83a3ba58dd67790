"""The big PDF of a print run, read object by object: the door to the library that opens it.

Rules kept here:

- the file stays on the disk: pages, objects and streams are read when they are asked for;
- what is locked, cut, repaired on opening, signed, or drawn from XFA is refused: its letters would
  be wrong or incomplete, or would lose a seal that somebody relies on;
- objects are given as `sealing.pades.tokens` reads them, streams as they lie in the file;
- page numbers begin at 1, as people count them.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final
from unicodedata import normalize

import pymupdf

from sealing.errors import SealingError
from sealing.pades.tokens import Dictionary, Name, NotFastError, Ref, Value, parse

MAX_BYTES: Final = 4 * 1024 * 1024 * 1024
MAX_PAGES: Final = 200_000
MAX_STREAM: Final = 256 * 1024 * 1024
_MAX_PARENTS: Final = 64
_MAX_KEPT: Final = 4_096
_MUPDF: Final = (RuntimeError, ValueError, IndexError, TypeError)
_VERSION: Final = re.compile(r"PDF (\d\.\d)")
_BLANKS: Final = dict.fromkeys(map(ord, "\u00a0\u202f\u2007\u2009\u200a\t"), " ")
_INHERITED: Final = ("Resources", "MediaBox", "CropBox", "Rotate")


class SpoolError(SealingError):
    """A big PDF that cannot be cut into letters; children say why."""

    code: ClassVar[str] = "spool"


class SpoolUnreadableError(SpoolError):
    """No PDF, a PDF that is cut or damaged, or none of its pages. Details: `path`."""

    code: ClassVar[str] = "spool.unreadable"


class SpoolEncryptedError(SpoolError):
    """It is locked, be it by an owner's password alone. Details: `path`."""

    code: ClassVar[str] = "spool.encrypted"


class SpoolSignedError(SpoolError):
    """It bears a seal, which its letters would lose. Details: `path`."""

    code: ClassVar[str] = "spool.signed"


class SpoolXfaError(SpoolError):
    """Its pages are drawn from an XFA form, and are not in the file. Details: `path`."""

    code: ClassVar[str] = "spool.xfa"


class SpoolTooLargeError(SpoolError):
    """More bytes or pages than the limit. Details: `path`, `bytes` (GiB), `pages`."""

    code: ClassVar[str] = "spool.too-large"


class SpoolPageError(SpoolError):
    """A page cannot be read. Details: `page`."""

    code: ClassVar[str] = "spool.page"


@dataclass(slots=True)
class SpoolPdf:
    """An open spool. Objects that are shared by many pages are read once."""

    path: Path
    document: Any
    pages: int
    _kept: dict[int, Value] = field(default_factory=dict)
    _above: dict[tuple[int, str], Value] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator["SpoolPdf"]:
        """Open a spool for reading; raise a SpoolError or OSError."""
        with path.open("rb") as file:  # says what is wrong with the path, as others do
            size = file.seek(0, 2)
        if size > MAX_BYTES:
            raise _too_large(path, f"got {size} bytes")
        pymupdf.TOOLS.mupdf_display_errors(False)  # noqa: FBT003 - MuPDF's own signature
        pymupdf.TOOLS.mupdf_display_warnings(False)  # noqa: FBT003 - MuPDF's own signature
        try:
            document = pymupdf.open(str(path), filetype="pdf")
        except (pymupdf.FileDataError, pymupdf.EmptyFileError, *_MUPDF) as error:
            raise SpoolUnreadableError(f"got {type(error).__name__}", path=str(path)) from error
        with document:
            spool = cls(path, document, 0)
            spool.require_whole()
            yield spool

    def require_whole(self) -> None:
        """Raise the SpoolError that this file deserves; count its pages."""
        path, document = str(self.path), self.document
        if document.is_encrypted or (document.metadata or {}).get("encryption"):
            raise SpoolEncryptedError("got an encrypted PDF", path=path)
        try:
            self.pages = document.page_count
            whole = document.is_pdf and not document.is_repaired and self.pages > 0
        except _MUPDF as error:
            raise SpoolUnreadableError("got no page tree", path=path) from error
        if not whole:
            raise SpoolUnreadableError("got a damaged PDF, or one without pages", path=path)
        if self.pages > MAX_PAGES:
            raise _too_large(self.path, f"got {self.pages} pages")
        if self._has("AcroForm/XFA"):
            raise SpoolXfaError("got an XFA form", path=path)
        flags = self.catalog("AcroForm/SigFlags")
        if (isinstance(flags, int) and flags & 1) or self._has("Perms"):
            raise SpoolSignedError("got a signed PDF", path=path)

    @property
    def version(self) -> str:
        """Give the version of PDF that the file is written in."""
        found = _VERSION.search((self.document.metadata or {}).get("format") or "")
        return found[1] if found else "1.7"

    @property
    def is_tagged(self) -> bool:
        """Tell whether the file says how its content is structured."""
        return self._has("StructTreeRoot")

    def catalog(self, key: str) -> Value:
        """Give an entry of the catalog; a path of keys goes inside."""
        return self._entry(self.document.pdf_catalog(), key)

    def language(self) -> str:
        """Give the language that the file says it is in, or nothing."""
        kind, text = self.document.xref_get_key(self.document.pdf_catalog(), "Lang")
        return str(text)[:64] if kind == "string" else ""

    def page(self, number: int) -> tuple[int, Dictionary]:
        """Give a page's object number and its dictionary; raise SpoolPageError."""
        try:
            xref = int(self.document.page_xref(number - 1))
            found = self._read(xref)
        except (NotFastError, *_MUPDF) as error:
            raise SpoolPageError("got a page that cannot be read", page=number) from error
        if not isinstance(found, Dictionary):
            raise SpoolPageError("got a page that is no dictionary", page=number)
        return xref, found

    def inherited(self, page: Dictionary) -> dict[bytes, Value]:
        """Give what a page has from the tree above it, where it has none of its own."""
        found: dict[bytes, Value] = {}
        above = page.get(b"Parent")
        for _ in range(_MAX_PARENTS):
            if not isinstance(above, Ref):
                break
            for name in _INHERITED:
                value = self._entry(above.number, name)
                if value is not None:
                    found.setdefault(name.encode(), value)
            above = self._entry(above.number, "Parent")
        return found

    def get(self, value: Value) -> Value:
        """Give what a value stands for; nothing for an object that is not there."""
        for _ in range(_MAX_PARENTS):
            if not isinstance(value, Ref):
                return value
            if value.number not in self._kept:
                if len(self._kept) >= _MAX_KEPT:
                    self._kept.clear()
                self._kept[value.number] = self._read(value.number)
            value = self._kept[value.number]
        return None

    def is_stream(self, ref: Ref) -> bool:
        """Tell whether an object is a stream."""
        known = 0 < ref.number < self.document.xref_length()
        return known and bool(self.document.xref_is_stream(ref.number))

    def raw(self, ref: Ref) -> bytes:
        """Give the bytes of a stream as they lie in the file."""
        return bytes(self.document.xref_stream_raw(ref.number) or b"")

    def content(self, ref: Ref) -> bytes:
        """Give the bytes of a stream, its filters undone."""
        data = bytes(self.document.xref_stream(ref.number) or b"")
        if len(data) > MAX_STREAM:
            raise ValueError("got too large a stream")
        return data

    def text(self, number: int) -> str:
        """Give the words of a page, line by line as they are seen; raise SpoolPageError."""
        try:
            page = self.document[number - 1]
            flags = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
            found = page.get_text("text", sort=True, flags=flags)
        except _MUPDF as error:
            raise SpoolPageError("got a page without readable text", page=number) from error
        return normalize("NFC", str(found).translate(_BLANKS))

    def bookmarks(self) -> list[tuple[int, str]]:
        """Give the pages and titles of the bookmarks of the first level, in their order."""
        try:
            entries = self.document.get_toc(simple=True)
        except _MUPDF as error:
            raise SpoolUnreadableError("got broken bookmarks", path=str(self.path)) from error
        return [(int(page), str(title)) for level, title, page, *_ in entries if level == 1]

    def _has(self, key: str) -> bool:
        """Tell whether the catalog has an entry, whatever it is."""
        return bool(self.document.xref_get_key(self.document.pdf_catalog(), key)[0] != "null")

    def _entry(self, xref: int, key: str) -> Value:
        if (xref, key) not in self._above:
            if len(self._above) >= _MAX_KEPT:
                self._above.clear()
            kind, text = self.document.xref_get_key(xref, key)
            # Strings come without their brackets, and are not asked for here.
            readable = kind not in {"null", "string"}
            self._above[xref, key] = parse(text.encode(), 0)[0] if readable else None
        return self._above[xref, key]

    def _read(self, xref: int) -> Value:
        if not 0 < xref < self.document.xref_length():
            return None
        text = self.document.xref_object(xref, compressed=True, ascii=True)
        return parse(text.encode("ascii"), 0)[0]


def is_kind(value: Value, *names: bytes) -> bool:
    """Tell whether a dictionary's `Type` is one of these."""
    return isinstance(value, Dictionary) and value.get(b"Type") in {Name(name) for name in names}


def _too_large(path: Path, problem: str) -> SpoolTooLargeError:
    limits = {"bytes": MAX_BYTES >> 30, "pages": MAX_PAGES}
    return SpoolTooLargeError(problem, path=str(path), **limits)
