"""The words of one page of a file that we made ourselves: read in this process, without its codes.

A file of others is read by `document.py`, in a child.
"""

from verifier.reading.found import PageWords
from verifier.reading.pages import MUPDF_ERRORS, Pdf


def words_on(pdf: bytes, page: int) -> PageWords:
    """Read the words of a page (from 0); none where the page cannot be drawn.

    Raises FileBrokenError, FileEncryptedError or TooManyObjectsError.
    """
    opened = Pdf.open(pdf)
    try:
        return opened.words(page, opened.draw(page))
    except MUPDF_ERRORS:
        return PageWords()
