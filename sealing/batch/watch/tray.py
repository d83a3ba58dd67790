"""The folders of a watched folder: where a letter lies while it is seen to, and afterwards.

Rules kept here:

- a letter is taken by a rename: from then on nobody else finds it, and its name is its own for
  ever, in the ledger and among sealed letters: `letter (2).pdf` for another of the same name;
- before the rename its note is written (the name it came under, what its code is to say); the
  companion is deleted after it. So a kill at any moment leaves a letter that waits where it came,
  or one that is taken with all that it needs;
- a letter of the same name, content and values as one that was seen to is not taken again;
- nothing is ever deleted but companions that were copied into a note, and notes; nothing replaces a
  file.

```
DIR/letter.pdf  letter.json        arriving
DIR/en-cours/letter.pdf  letter.pdf.note      taken
DIR/faits/  refus/ (with letter.pdf.txt: why)  doublons/      seen to
```
"""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import count, islice
from pathlib import Path
from typing import ClassVar, Final

from sealing.batch.files.folders import BusyError
from sealing.batch.files.letters_csv import ListLine
from sealing.batch.files.source import MAX_BYTES, FileNameError, FileTooLargeError, Source
from sealing.batch.plan import Codes, content_of, key_of
from sealing.batch.watch.arrivals import Arrival, Companion, companion_of
from sealing.batch.watch.reading import opened, unreadable
from sealing.errors import SealingError

TAKEN: Final = "en-cours"
DONE: Final = "faits"
REFUSED: Final = "refus"
TWICE: Final = "doublons"
_NOTE: Final = ".note"
_REASON: Final = ".txt"

Known = Callable[[list[str]], Mapping[str, bytes]]


class AgainError(SealingError):
    """A letter that was seen to already, under the same name. Details: `name`."""

    code: ClassVar[str] = "watch.again"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that was taken: its own name, the name it came under, what its code is to say."""

    name: str
    asked: str
    companion: Companion


@dataclass(frozen=True, slots=True)
class Tray:
    """A watched folder. `codes` and `options` are those of the mailing; `out`: sealed letters."""

    root: Path
    out: Path
    codes: Codes
    options: bytes

    @property
    def taken(self) -> Path:
        """Give the folder of letters that are being seen to."""
        return self.root / TAKEN

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the only one who takes letters here; raise BusyError or OSError."""
        for name in (TAKEN, DONE, REFUSED, TWICE):
            (self.root / name).mkdir(exist_ok=True)
            if not os.access(self.root / name, os.W_OK | os.X_OK):
                raise PermissionError(
                    errno.EACCES, os.strerror(errno.EACCES), str(self.root / name)
                )
        handle = os.open(self.taken, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise BusyError("got another watcher", path=str(self.root)) from None
        try:
            yield
        finally:
            os.close(handle)

    def letters(self) -> list[Letter]:
        """Give what is taken and not seen to yet, by names."""
        with os.scandir(self.taken) as entries:
            names = [each.name for each in entries if each.is_file() and each.name[0] != "."]
        notes = {name for name in names if name.endswith(_NOTE)}
        return [
            self._noted(name) if name + _NOTE in notes else Letter(name, name, Companion())
            for name in sorted(set(names) - notes)
        ]

    def recover(self) -> None:
        """Undo what a kill left between two steps of a taking."""
        for note in list(self.taken.glob(f"*{_NOTE}")):
            name = note.name.removesuffix(_NOTE)
            if (self.taken / name).exists():
                self._drop_companion(self._noted(name))
            else:
                note.unlink()
        for torn in self.taken.glob(f".*{_NOTE}.new"):
            torn.unlink()

    def take(self, arrival: Arrival, known: Known) -> Letter:
        """Take a letter that has arrived; raise AgainError, a SealingError or OSError.

        `known` gives the keys of letters by their names, of those that the ledger has.
        """
        if Source(self.root).name(arrival.name) != arrival.name:
            raise FileNameError("got a name that lists cannot hold")
        path, companion = self.root / arrival.name, arrival.companion
        try:
            digest = _digest(path)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise unreadable(error) from error
        line = ListLine(0, arrival.name, companion.twoddoc, companion.values)
        content = content_of(self.codes.order_of(line))
        letter = Letter(self._free(arrival.name, digest, content, known), arrival.name, companion)
        note = self.taken / (letter.name + _NOTE)
        _write(note, json.dumps(asdict(letter), ensure_ascii=False).encode())
        _move(path, self.taken / letter.name, note)
        _flush(self.taken)
        self._drop_companion(letter)
        return letter

    def finish(self, letter: Letter) -> None:
        """Put away a letter that is sealed; raise OSError."""
        self._away(self.taken / letter.name, DONE, letter.companion)

    def refuse(self, letter: Letter, reason: str) -> None:
        """Put away a letter that is not sealed, and say why beside it; raise OSError."""
        self._away(self.taken / letter.name, REFUSED, letter.companion, reason)

    def turn_away(self, arrival: Arrival, reason: str, folder: str = REFUSED) -> None:
        """Put away a file that was never taken, with its companion.

        Raises FileUnreadableError for one that cannot be moved, or OSError.
        """
        path = self.root / arrival.name
        self._away(path, folder, arrival.companion, reason)
        with suppress(FileNotFoundError, PermissionError):
            beside = companion_of(path)
            beside.rename(_unused(self.root / folder / beside.name))

    def forget(self, letter: Letter) -> None:
        """Drop the note of a letter that somebody took away."""
        (self.taken / (letter.name + _NOTE)).unlink(missing_ok=True)

    def _noted(self, name: str) -> Letter:
        try:
            told = json.loads((self.taken / (name + _NOTE)).read_bytes())
            return Letter(name, told["asked"], Companion(**told["companion"]))
        except (ValueError, KeyError, TypeError):
            return Letter(name, name, Companion())  # torn by a power cut

    def _drop_companion(self, letter: Letter) -> None:
        """Delete the companion of a letter whose note has all of it."""
        path = companion_of(self.root / letter.asked)
        with suppress(FileNotFoundError, SealingError):
            if letter.companion.digest and Companion.read(path).digest == letter.companion.digest:
                path.unlink()

    def _free(self, asked: str, digest: bytes, content: str, known: Known) -> str:
        """Give the name that a letter gets; raise AgainError for one that was seen to."""
        names, size = _names(asked.strip()), 1  # lists cut spaces off
        while candidates := list(islice(names, size)):
            keys = known(candidates)
            for name in candidates:
                if keys.get(name) == key_of(digest, name, content, self.options):
                    raise AgainError("got a letter again", name=name)
            for name in candidates:
                places = (self.out / name, self.taken / name)
                if name not in keys and not any(map(os.path.lexists, places)):
                    return name
            size = min(500, size * 8)
        raise AgainError("got no name any more", name=asked)

    def _away(self, path: Path, folder: str, companion: Companion, reason: str = "") -> None:
        suffixes = (_REASON,) if reason else ()
        place = _unused(self.root / folder / path.name, suffixes)
        told = place.with_name(place.name + _REASON)
        if reason:
            _write(told, f"{reason}\n".encode())
        if path.parent == self.taken and companion.digest is not None:
            _write(companion_of(place), companion.text().encode())
        _move(path, place, told if reason else None)
        if path.parent == self.taken:
            path.with_name(path.name + _NOTE).unlink(missing_ok=True)


def _names(asked: str) -> Iterator[str]:
    """Give the names that a letter may get: its own, then with a number."""
    yield asked
    stem, dot, suffix = asked.rpartition(".")
    for number in count(2):
        yield f"{stem} ({number}){dot}{suffix}"


def _unused(path: Path, beside: Sequence[str] = ()) -> Path:
    """Give a name that no file of a folder bears, as near to this one as can be.

    Nor does its companion's, nor it with any of these endings: nothing replaces a file.
    """
    for name in _names(path.name):
        place = path.with_name(name)
        others = [companion_of(place), *(place.with_name(name + end) for end in beside)]
        if not any(map(os.path.lexists, (place, *others))):
            return place
    raise AssertionError  # names never end


def _move(path: Path, place: Path, written: Path | None) -> None:
    """Rename a file; one that may not be moved takes back what was written of it."""
    try:
        path.rename(place)
    except OSError as error:
        if error.errno != errno.EPERM:  # of another, in a folder where each moves only his own
            raise
        if written is not None:
            written.unlink(missing_ok=True)
        raise unreadable(error) from error


def _digest(path: Path) -> bytes:
    with opened(path) as file:
        if file.seek(0, os.SEEK_END) > MAX_BYTES:
            raise FileTooLargeError("got too large a file", limit=MAX_BYTES >> 20)
        file.seek(0)
        return hashlib.file_digest(file, "sha256").digest()


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, data: bytes) -> None:
    """Write a small file whole."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
