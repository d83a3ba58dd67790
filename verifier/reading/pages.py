"""The pages of a PDF: pixels, pictures, words. Files of others: in the child of `sandbox.py`.

Rules kept here:

- a page is drawn at 300 dpi in grey, annotations and seals included; one that would pass the
  limit of pixels is drawn coarser, and says so;
- pictures of a page are given at their own resolution, each once in a file, 16 a page at most;
- a PDF that MuPDF had to repair may look otherwise elsewhere: its words do not count as seen;
- nothing outside the file is opened: no link, no external stream.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pymupdf
from PIL import Image
from pymupdf import mupdf

from sealing.proofs.letter_data import MAX_BYTES
from verifier.reading.found import AttachedFile, PageWords
from verifier.reading.sniff import (
    MAX_OBJECTS,
    MAX_PIXELS,
    FileBrokenError,
    FileEncryptedError,
    TooManyObjectsError,
)
from verifier.reading.words import PICTURES, page_words

_DPI: Final = 300
_POINTS_PER_INCH: Final = 72
_PICTURES_A_PAGE: Final = 16
_FILES: Final = 16
_MINIMUM: Final = 40
# What MuPDF raises is no error of Python's; the rest comes from PyMuPDF above it.
MUPDF_ERRORS: Final = (mupdf.FzErrorBase, RuntimeError, ValueError, TypeError, IndexError)


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """A page in grey. `coarse` tells that it was drawn below 300 dpi."""

    image: Image.Image
    coarse: bool


@dataclass(frozen=True, slots=True)
class Pdf:
    """An open PDF within the limits; `repaired` tells that its structure was not sound."""

    document: pymupdf.Document
    repaired: bool
    _met: set[int] = field(default_factory=set)

    @classmethod
    def open(cls, data: bytes) -> "Pdf":
        """Open a PDF; raise FileBrokenError, FileEncryptedError or TooManyObjectsError."""
        pymupdf.TOOLS.mupdf_display_errors(False)  # noqa: FBT003 - MuPDF's own signature
        pymupdf.TOOLS.mupdf_display_warnings(False)  # noqa: FBT003 - MuPDF's own signature
        try:
            document = pymupdf.open(stream=data, filetype="pdf")
        except MUPDF_ERRORS as error:
            raise FileBrokenError(f"got {type(error).__name__} on opening") from error
        if document.needs_pass:
            raise FileEncryptedError("got a PDF that asks for a password")
        if document.xref_length() > MAX_OBJECTS:
            problem = f"got {document.xref_length()} objects, expected at most {MAX_OBJECTS}"
            raise TooManyObjectsError(problem, limit=MAX_OBJECTS)
        try:
            pages = document.page_count
        except MUPDF_ERRORS as error:
            raise FileBrokenError(f"got {type(error).__name__} on counting pages") from error
        if not pages:
            raise FileBrokenError("got no page")
        return cls(document, bool(document.is_repaired))

    def draw(self, number: int) -> DrawnPage:
        """Draw a page (from 0) in grey; raise one of `MUPDF_ERRORS`."""
        page = self.document[number]
        scale = _DPI / _POINTS_PER_INCH
        area = page.rect.width * page.rect.height
        coarse = area * scale**2 > MAX_PIXELS
        if coarse:
            scale = (MAX_PIXELS / area) ** 0.5 * 0.99
        matrix = pymupdf.Matrix(scale, scale)
        return DrawnPage(_grey(page.get_pixmap(matrix=matrix, colorspace=pymupdf.csGRAY)), coarse)

    def pictures(self, number: int) -> Iterator[Image.Image]:
        """Give the pictures of a page that were not given yet, in grey, as they are kept."""
        listed = self.document[number].get_images(full=True)
        for xref, _, width, height, *_ in listed[:_PICTURES_A_PAGE]:
            if xref in self._met or min(width, height) < _MINIMUM or width * height > MAX_PIXELS:
                continue
            self._met.add(xref)
            try:
                pixels = pymupdf.Pixmap(self.document, xref)
                if pixels.alpha or pixels.n != 1:
                    pixels = pymupdf.Pixmap(pymupdf.csGRAY, pixels)
                yield _grey(pymupdf.Pixmap(pixels, 0) if pixels.alpha else pixels)
            except MUPDF_ERRORS:
                # The page as drawn shows it all the same, or breaks and says so.
                continue

    def bears_pictures(self, number: int) -> bool:
        """Tell whether anything on a page is a picture; raise one of `MUPDF_ERRORS`."""
        return any(kind in PICTURES for kind, _ in self.document[number].get_bboxlog())

    def json_files(self) -> Iterator[AttachedFile]:
        """Give the JSON files that the document holds, the small ones; raise `MUPDF_ERRORS`."""
        for name in self.document.embfile_names()[:_FILES]:
            told = self.document.embfile_info(name)
            title = str(told.get("ufilename") or told.get("filename") or name)
            if title.lower().endswith(".json") and 0 <= told.get("size", -1) <= MAX_BYTES:
                yield AttachedFile(title, bytes(self.document.embfile_get(name)))

    def words(self, number: int, drawn: DrawnPage) -> PageWords:
        """Read the text layer of a page; raise one of `MUPDF_ERRORS`."""
        return page_words(self.document[number], drawn.image, trusted=not self.repaired)


def _grey(pixels: pymupdf.Pixmap) -> Image.Image:
    size = (pixels.width, pixels.height)
    return Image.frombytes("L", size, pixels.samples, "raw", "L", pixels.stride, 1)
