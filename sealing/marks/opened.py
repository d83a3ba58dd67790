"""A PDF opened to be drawn: within `confined.py` alone, for MuPDF has no bound of its own.

Whatever MuPDF raises on a strange file becomes one of our errors here, its door.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pymupdf
from pymupdf import mupdf

from sealing.errors import PdfEncryptedError, PdfUnreadableError

# What MuPDF raises is no error of Python's; the rest comes from PyMuPDF above it.
_STRANGE: Final = (mupdf.FzErrorBase, RuntimeError, ValueError)


@contextmanager
def opened(pdf: bytes) -> Iterator[pymupdf.Document]:
    """Open a PDF; raise PdfUnreadableError, PdfEncryptedError, or MemoryError."""
    pymupdf.TOOLS.mupdf_display_errors(False)  # noqa: FBT003 - MuPDF's own signature
    pymupdf.TOOLS.mupdf_display_warnings(False)  # noqa: FBT003 - MuPDF's own signature
    try:
        with pymupdf.open(stream=pdf, filetype="pdf") as document:
            if not document.is_pdf:
                raise PdfUnreadableError("got a document of another kind")
            if document.is_encrypted or (document.metadata or {}).get("encryption"):
                raise PdfEncryptedError("got an encrypted PDF")
            yield document
    except mupdf.FzErrorSystem as error:
        raise MemoryError from error
    except _STRANGE as error:
        raise PdfUnreadableError(f"got {type(error).__name__}") from error
