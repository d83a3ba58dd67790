r"""The folder where a mailing's letters are taken from.

Rules kept here:

- a name in the list stays below the folder: no `..`, nothing absolute, no link that leads out;
- what is no regular file is no letter, and nothing larger than the limit is read;
- a list made on Windows writes `\\` between folders: read as `/`, the one form that is kept;
- names that we give ourselves among the sealed letters are nobody else's.
"""

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Final

from sealing.errors import SealingError
from sealing.limits import MAX_LETTER

PRIVATE: Final = ".coffre"
JOURNAL: Final = "journal.jsonl"
REPORT: Final = "report.html"
FAILURES: Final = "failures.csv"
MAX_BYTES: Final = MAX_LETTER
MAX_NAME: Final = 1_024
_PIECE: Final = 1 << 20
_MAX_PART: Final = 255
_OWN: Final = frozenset({PRIVATE, JOURNAL, REPORT, FAILURES})


class FileNameError(SealingError):
    """A name that no letter of a list may bear: absolute, climbing, ours, or unprintable."""

    code: ClassVar[str] = "batch.file-name"


class FileMissingError(SealingError):
    """The list names a file that is not below the folder of letters."""

    code: ClassVar[str] = "batch.file-missing"
    retryable: ClassVar[bool] = True


class FileUnreadableError(SealingError):
    """A letter cannot be read: a folder, a link that leads out, no right, a fault of the disk."""

    code: ClassVar[str] = "batch.file-unreadable"
    retryable: ClassVar[bool] = True


class FileTooLargeError(SealingError):
    """A letter is larger than the limit. Details: `limit` (MiB)."""

    code: ClassVar[str] = "batch.file-too-large"


@dataclass(frozen=True, slots=True)
class Source:
    """The folder of letters; `root` is its real path."""

    root: Path

    def name(self, written: str) -> str:
        """Give a name of the list in its one form, with `/`; raise FileNameError."""
        name = written.replace("\\", "/")
        parts = name.split("/")
        wrong = {"", ".", ".."}.intersection(parts) or parts[0].casefold() in _OWN
        # A drive of Windows, or a stream of one of its files.
        if wrong or ":" in parts[0] or len(name.encode("utf-8", "replace")) > MAX_NAME:
            raise FileNameError("got a name that is not below the folder")
        if not name.isprintable() or any(len(os.fsencode(part)) > _MAX_PART for part in parts):
            raise FileNameError("got a name that no file bears")
        return name

    def read(self, name: str) -> bytes:
        """Read a letter.

        Raises FileMissingError, FileUnreadableError or FileTooLargeError.
        """
        return self._of(name, _whole)

    def digest(self, name: str) -> bytes:
        """Give the SHA-256 of a letter, however large; raise as `read` does for a smaller one."""
        return self._of(name, _digest)

    def _of(self, name: str, take: Callable[[int], bytes]) -> bytes:
        path = f"{self.root}/{name}"
        try:
            if not _within(os.path.dirname(path), str(self.root)):  # noqa: PTH120 - a string here
                raise FileUnreadableError("got a link that leads out of the folder")
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileMissingError("got no such file") from error
        except OSError as error:
            raise FileUnreadableError(f"got {os.strerror(error.errno or 0)}") from error
        try:
            return take(handle)
        except OSError as error:
            raise FileUnreadableError(f"got {os.strerror(error.errno or 0)}") from error
        finally:
            os.close(handle)


def _digest(handle: int) -> bytes:
    found = hashlib.sha256()
    while piece := os.read(handle, _PIECE):
        found.update(piece)
    return found.digest()


def _whole(handle: int) -> bytes:
    told = os.fstat(handle)
    if not stat.S_ISREG(told.st_mode):
        raise FileUnreadableError("got no regular file")
    if told.st_size > MAX_BYTES:
        raise FileTooLargeError(f"got {told.st_size} bytes", limit=MAX_BYTES >> 20)
    pieces, size, wanted = [], 0, told.st_size + 1
    while piece := os.read(handle, wanted):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BYTES:
            raise FileTooLargeError(f"got more than {MAX_BYTES} bytes", limit=MAX_BYTES >> 20)
        if len(piece) < wanted:
            break  # the end of a regular file
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


@lru_cache(maxsize=1024)
def _within(folder: str, root: str) -> bool:
    real = os.path.realpath(folder)
    return real == root or real.startswith(root.rstrip("/") + "/")
