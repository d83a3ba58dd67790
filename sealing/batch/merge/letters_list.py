"""`letters.csv`: the list of the letters that a merge made, for `coffre batch seal`.

Rules kept here:

- written aside while the data are read; it appears, whole, once every letter stands under its name,
  and goes away while letters are made anew: where it stands, the folder is ready;
- ours is told by its digest, kept in `.coffre/letters.sha256`: another one is nobody's to replace;
- UTF-8 with its mark, `;`: office programs open it by a double click.
"""

import csv
import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, ClassVar, Final

from sealing.batch.files.folders import Folder
from sealing.batch.merge.data import LETTERS
from sealing.batch.merge.design import MergeError

_CHUNK: Final = 1 << 20


class ListTakenError(MergeError):
    """A `letters.csv` that is not ours stands in the folder of letters. Details: `path`."""

    code: ClassVar[str] = "merge.list-taken"


@dataclass(slots=True)
class ListInTheMaking:
    """The lines so far, in a file without a name."""

    _bytes: IO[bytes] = field(default_factory=TemporaryFile)

    def add(self, row: Sequence[str]) -> None:
        """Write a line; raise OSError."""
        line = StringIO()
        csv.writer(line, delimiter=";", lineterminator="\n").writerow(row)
        mark = "" if self._bytes.tell() else "\ufeff"
        self._bytes.write(f"{mark}{line.getvalue()}".encode())

    def publish(self, folder: Folder) -> None:
        """Give the list its name, unless it stands there already; raise OSError."""
        source = self._bytes
        source.seek(0)
        hashed = hashlib.sha256()
        while chunk := source.read(_CHUNK):
            hashed.update(chunk)
        digest = hashed.digest()
        _note(folder, digest)
        if folder.digest(LETTERS) == digest:
            return
        source.seek(0)
        made = folder.private / "letters.new"
        with made.open("wb") as file:
            while chunk := source.read(_CHUNK):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        made.replace(path_of(folder))
        folder.flush([LETTERS])

    def close(self) -> None:
        """Let go of the file without a name."""
        self._bytes.close()


def path_of(folder: Folder) -> Path:
    """Give the path of the list."""
    return folder.root / LETTERS


def require_ours(folder: Folder) -> None:
    """Raise ListTakenError where the list that stands there was not written by a merge."""
    there = folder.digest(LETTERS)
    if there is not None and there != _noted(folder):
        raise ListTakenError("got a list of others", path=str(path_of(folder)))


def withdraw(folder: Folder) -> None:
    """Take the list away: letters are missing."""
    path_of(folder).unlink(missing_ok=True)


def _note(folder: Folder, digest: bytes) -> None:
    path = folder.private / "letters.sha256"
    made = path.with_suffix(".new")
    made.write_text(f"{digest.hex()}\n", "ascii")
    made.replace(path)


def _noted(folder: Folder) -> bytes | None:
    with suppress(OSError, ValueError):
        return bytes.fromhex((folder.private / "letters.sha256").read_text("ascii").strip())
    return None
