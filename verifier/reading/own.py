"""The words of one page of a file that we made ourselves, without its codes.

The page came from others all the same: it is read in the process beside ours that sealing has for
this (`sealing.confined`), and one that takes more than that has is refused before it is published.
A file of others is read by `document.py`, in a child of its own.
"""

import json
from dataclasses import asdict

from pymupdf import mupdf

from sealing.confined import run
from verifier.reading.found import PageWords, Word
from verifier.reading.pages import MUPDF_ERRORS, Pdf


def words_on(pdf: bytes, page: int) -> PageWords:
    """Read the words of a page (from 0); none where the page cannot be drawn.

    Raises FileBrokenError, FileEncryptedError, TooManyObjectsError, or PdfTooHeavyError.
    """
    read = json.loads(run(_words, pdf, page))
    words = (Word(one["text"], tuple(one["box"]), one["seen"]) for one in read["words"])
    return PageWords(tuple(words), read["pictured"])


def _words(pdf: bytes, page: int) -> bytes:
    opened = Pdf.open(pdf)
    try:
        read = opened.words(page, opened.draw(page))
    except mupdf.FzErrorSystem as error:
        raise MemoryError from error
    except MUPDF_ERRORS:
        read = PageWords()
    return json.dumps(asdict(read)).encode()
