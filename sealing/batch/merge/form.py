"""A PDF form and values to a letter without a form.

Rules kept here:

- the value is drawn in the place of its field with letters that go into the PDF (appearances that
  MuPDF makes were tried: they cut texts that Latin 1 does not hold, and embed no letters), with
  frame and ground of the field; then no field is left: the seal is the letter's only one;
- a form that is tagged stays tagged, values included (`tags.py`);
- refused: XFA, a password, a signature that is there already, a page that is turned;
- a field that the form demands has a column. A field without a column keeps what the form says, and
  is told; a column without a field goes to the letter list alone;
- scripts and actions of the form go with it. The same values give the same bytes.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import pymupdf
from pymupdf import mupdf

from sealing.batch.merge.design import (
    MAX_PAGES,
    MergeError,
    TemplateTooLargeError,
    TooManyPagesError,
    limited,
)
from sealing.batch.merge.spots import (
    FieldEmptyError,
    FieldValueError,
    Kind,
    Spot,
    font_of,
    lines_of,
    spots_of,
)
from sealing.batch.merge.tags import Tags
from sealing.errors import PdfEncryptedError, PdfUnreadableError

MAX_FORM: Final = 8 << 20
NO_TAGS: Final = "tags"
NO_COLUMN: Final = "column"
_TICKED: Final = ("non coché", "coché")
_INSET: Final = 0.2
_SIGNATURE: Final = 6
_NULL: Final = re.compile(r"/(?:AcroForm|OpenAction|AA|JavaScript|Perms) null")
_ACTIONS: Final = ("AcroForm", "OpenAction", "AA", "Names/JavaScript", "Perms")


class FormAbsentError(MergeError):
    """The PDF has no fields."""

    code: ClassVar[str] = "merge.form-absent"


class FormXfaError(MergeError):
    """The form is written in XFA."""

    code: ClassVar[str] = "merge.form-xfa"


class FormSignedError(MergeError):
    """The form bears a signature, which filling would break."""

    code: ClassVar[str] = "merge.form-signed"


class FormTurnedError(MergeError):
    """A page of the form is turned."""

    code: ClassVar[str] = "merge.form-turned"


class NoFieldError(MergeError):
    """No field of the form bears the name of a column. Details: `found`."""

    code: ClassVar[str] = "merge.form-columns"


class FieldWithoutColumnError(MergeError):
    """The form demands a field for which there is no column. Details: `name`."""

    code: ClassVar[str] = "merge.form-required"


@dataclass(frozen=True, slots=True)
class FormDesign:
    """A form, open."""

    pdf: bytes
    spots: tuple[Spot, ...]
    remarks: tuple[tuple[str, str], ...]

    @classmethod
    def open(cls, path: Path, columns: frozenset[str]) -> "FormDesign":
        """Read a form; raise a MergeError, PdfRefusedError or OSError."""
        with path.open("rb") as file:
            pdf = file.read(MAX_FORM + 1)
        if len(pdf) > MAX_FORM:
            limit = MAX_FORM >> 20
            raise TemplateTooLargeError("got too large a form", path=str(path), limit=limit)
        with _understood(), closing(pymupdf.open(stream=pdf, filetype="pdf")) as document:
            _require_fillable(document)
            spots = tuple(spots_of(document))
            names = {spot.name for spot in spots}
            if not names & columns:
                found = ", ".join(sorted(names))[:200]
                raise NoFieldError("got no field of a column", found=found)
            absent = sorted(names - columns)
            for spot in spots:
                if spot.is_required and spot.name in absent and not spot.own:
                    raise FieldWithoutColumnError("got no column", name=spot.name)
            told = [(NO_COLUMN, ", ".join(absent)[:200])] if absent else []
            if document.xref_get_key(document.pdf_catalog(), "StructTreeRoot")[0] == "null":
                told.append((NO_TAGS, ""))
        return cls(pdf, spots, tuple(told))

    @property
    def reads(self) -> bool:
        """Tell that a field has its column: a form without one is refused."""
        return True

    def fingerprint(self) -> Mapping[str, str]:
        """Give the digest of the form."""
        return {"form": hashlib.sha256(self.pdf).hexdigest(), "pymupdf": pymupdf.VersionBind}

    def check(self, values: Mapping[str, str]) -> None:
        """Raise a MergeError for a value that its field does not take."""
        ticked: dict[str, bool] = {}
        for spot in self.spots:
            value = spot.given(values)
            if spot.is_required and not value:
                raise FieldEmptyError("got no value", name=spot.name)
            if spot.kind is Kind.RADIO:
                ticked[spot.name] = ticked.get(spot.name, not value) or spot.is_ticked(value)
            elif spot.kind is Kind.BOX:
                spot.is_ticked(value)
            else:
                lines_of(spot, _text(spot, value))
        for name in [name for name, found in ticked.items() if not found]:
            known = ", ".join(spot.word for spot in self.spots if spot.name == name)[:200]
            raise FieldValueError("got no word of a choice", name=name, known=known)

    def make(self, values: Mapping[str, str]) -> bytes:
        """Give the PDF of one letter; raise a MergeError."""
        self.check(values)
        with (
            limited(),
            _understood(),
            closing(pymupdf.open(stream=self.pdf, filetype="pdf")) as document,
        ):
            tags = Tags.of(document)
            pages = list(document.pages())
            for page in pages:
                page.wrap_contents()
            for spot in self.spots:
                _Filling(document, pages[spot.page], spot, tags).fill(spot.given(values))
            for page in pages:
                for widget in list(page.widgets()):
                    page.delete_widget(widget)
            if tags is not None:
                tags.close()
            _without_actions(document)
            document.subset_fonts()
            return bytes(document.tobytes(garbage=3, deflate=True, no_new_id=True))


@dataclass(frozen=True, slots=True)
class _Filling:
    """One place of one letter."""

    document: pymupdf.Document
    page: pymupdf.Page
    spot: Spot
    tags: Tags | None

    def fill(self, value: str) -> None:
        """Draw frame and value; have the structure say them."""
        spot = self.spot
        if spot.paper or (spot.border and spot.border_width):
            self.page.draw_rect(
                pymupdf.Rect(spot.rect),
                color=spot.border or None,
                fill=spot.paper or None,
                width=spot.border_width,
            )
            self._mark("/Artifact BMC")
        if spot.kind in {Kind.BOX, Kind.RADIO}:
            self._tick(ticked=spot.is_ticked(value))
        else:
            self._write(_text(spot, value))

    def _write(self, text: str) -> None:
        if not text.strip():
            if self.tags is not None:
                self.tags.take(self.page, self.spot.xref)
            return
        writer = pymupdf.TextWriter(self.page.rect)
        font = font_of(self.spot.font)
        for line in lines_of(self.spot, text):
            writer.append((line.x, line.y), line.text, font=font, fontsize=line.size)
        writer.write_text(self.page, color=self.spot.ink)
        if self.tags is not None:
            self._mark(f"/Span<</MCID {self.tags.take(self.page, self.spot.xref)}>>BDC")

    def _tick(self, *, ticked: bool) -> None:
        spot = self.spot
        words = f"{spot.word} : {_TICKED[ticked]}" if spot.kind is Kind.RADIO else _TICKED[ticked]
        if ticked:
            x0, y0, x1, y1 = spot.rect
            inset = _INSET * min(x1 - x0, y1 - y0)
            x0, y0, x1, y1 = x0 + inset, y0 + inset, x1 - inset, y1 - inset
            cross = self.page.new_shape()
            cross.draw_line((x0, y0), (x1, y1))
            cross.draw_line((x0, y1), (x1, y0))
            cross.finish(color=spot.ink, width=max(1.0, inset / 2))
            cross.commit()
        if self.tags is not None:
            number = self.tags.take(self.page, spot.xref, words)
            if ticked:
                self._mark(f"/Span<</MCID {number}>>BDC")

    def _mark(self, begin: str) -> None:
        """Put what was drawn last between marks, in a form that is tagged."""
        if self.tags is None:
            return
        last = self.page.get_contents()[-1]
        drawn = self.document.xref_stream(last) or b""
        self.document.update_stream(last, b"%b\n%b\nEMC\n" % (begin.encode(), drawn))


def _without_actions(document: pymupdf.Document) -> None:
    """Take the form and what acts by itself out of the catalog."""
    catalog = document.pdf_catalog()
    for key in _ACTIONS:
        if document.xref_get_key(catalog, key)[0] != "null":
            document.xref_set_key(catalog, key, "null")
    # A key that is null is no key, but not every reader knows.
    left = document.xref_object(catalog, compressed=True)
    document.update_object(catalog, _NULL.sub("", left))


@contextmanager
def _understood() -> Iterator[None]:
    """Raise PdfUnreadableError for what MuPDF cannot take."""
    try:
        yield
    except (mupdf.FzErrorBase, RuntimeError, ValueError, TypeError, IndexError) as error:
        raise PdfUnreadableError(f"got {type(error).__name__}") from error


def _text(spot: Spot, value: str) -> str:
    return spot.shown(value) if spot.kind is Kind.CHOICE else value


def _require_fillable(document: pymupdf.Document) -> None:
    """Raise a MergeError or PdfEncryptedError for a form that cannot be filled as it is."""
    catalog = document.pdf_catalog()
    if document.needs_pass or document.is_encrypted:
        raise PdfEncryptedError("got a password")
    if document.xref_get_key(catalog, "AcroForm/XFA")[0] != "null":
        raise FormXfaError("got XFA")
    if document.xref_get_key(catalog, "AcroForm")[0] == "null":
        raise FormAbsentError("got no form")
    if len(document) > MAX_PAGES:
        count = len(document)
        raise TooManyPagesError(f"got {count}", pages=count, limit=MAX_PAGES)
    if any(page.rotation for page in document.pages()):
        raise FormTurnedError("got a turned page")
    if any(widget.is_signed for page in document.pages() for widget in page.widgets((_SIGNATURE,))):
        raise FormSignedError("got a signature")
