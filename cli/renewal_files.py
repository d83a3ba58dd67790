"""The files of a run of archive stamps: which are meant, and which cannot be read.

Rules kept here:

- folders are walked without following links; a link that was named leads to its file;
- only a file that is read to its end is said to be without a seal: a damaged one may have lost it.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final

from sealing.errors import PdfUnreadableError
from sealing.marks.placement import page_count
from storage.errors import CoffreError
from verifier.checks.seal.examined import UnreadableSealsError
from verifier.checks.seal.validating.pyhanko_guard import examine
from verifier.trust.trust_list import TrustList

_PATTERN: Final = ".pdf"


class UnreadableFileError(CoffreError):
    """A file without a trace of a seal is damaged: nobody knows whether it bore one."""

    code: ClassVar[str] = "renewal.unreadable"


def require_readable(pdf: bytes, trust: TrustList, now: datetime) -> None:
    """Let a sound file without a seal pass; raise UnreadableFileError or PdfEncryptedError."""
    try:
        examine(pdf, trust, now)
    except UnreadableSealsError as error:
        with suppress(PdfUnreadableError):
            page_count(pdf)  # an encrypted one is told as such
        raise UnreadableFileError("got a damaged PDF without a seal") from error


def files_of(paths: Sequence[Path]) -> Iterator[Path]:
    """Give the PDF files that are meant: those named, and those below the folders named.

    Raises OSError for a path that is not there.
    """
    for path in paths:
        real = path.resolve(strict=True)
        if real.is_dir():
            yield from (path / one.relative_to(real) for one in _below(real))
        else:
            yield real if path.is_symlink() else path


def _below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, onerror=_raised):
        folders.sort()
        for name in sorted(names):
            found = Path(root, name)
            if found.suffix.lower() == _PATTERN and not found.is_symlink() and found.is_file():
                yield found


def _raised(error: OSError) -> None:
    raise error
