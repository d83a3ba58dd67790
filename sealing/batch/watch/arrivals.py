"""What arrives in a watched folder: which files are whole, and which will never be.

Rules kept here:

- a PDF counts once its size, date and place on the disk have stayed the same for a while, nobody on
  this machine holds it open for writing, and it ends as a PDF does; a linearized one is as long as
  it says. What is half there waits, and after the patience is given up, with its reason;
- what a letter's code is to say comes in a file of the same name in JSON, written first: an object
  of texts under names that a list can hold, with at most the type of its 2D-Doc under `twoddoc`.
  Where codes are asked for, a letter waits for it;
- folders, links, hidden files and other kinds of files are not looked at;
- a file that cannot be read waits, and is given up like one that is half there: it never keeps
  others waiting;
- looked at by listing the folder: network shares tell nobody of what arrives.
"""

import fcntl
import hashlib
import json
import os
import re
import signal
import stat
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final
from unicodedata import normalize

from sealing.batch.files.letters_csv import FILE, RECIPIENT, TWODDOC
from sealing.batch.files.source import FileUnreadableError
from sealing.batch.watch.reading import opened, unreadable
from sealing.errors import SealingError

MAX_COMPANION: Final = 64 * 1024
_END: Final = 2_048
_HEAD: Final = 1_024
_LENGTH: Final = re.compile(rb"/Linearized.{0,200}?/L\s+(\d{1,12})\b", re.DOTALL)
_START: Final = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF")
_MOST_NAMES: Final = 190
_OWN: Final = frozenset({FILE, RECIPIENT, ""})

Signature = tuple[int, int, int]


class NotWholeError(SealingError):
    """A PDF that is half there, or none at all."""

    code: ClassVar[str] = "watch.not-whole"


class CompanionMissingError(SealingError):
    """Codes are asked for, and no file says what this letter's is to say. Details: `name`."""

    code: ClassVar[str] = "watch.companion-missing"


class CompanionError(SealingError):
    """The companion is no object of texts. Details: `name`."""

    code: ClassVar[str] = "watch.companion"


class CompanionTypeError(SealingError):
    """A companion names a 2D-Doc type that nobody here signs. Details: `type`."""

    code: ClassVar[str] = "watch.companion-type"


@dataclass(frozen=True, slots=True)
class Companion:
    """What a letter's code is to say; `digest` is that of the file, None without one."""

    values: dict[str, str] = field(default_factory=dict)
    twoddoc: str = ""
    digest: str | None = None

    @classmethod
    def read(cls, path: Path) -> "Companion":
        """Read a companion; nothing where there is none. Raises CompanionError or OSError."""
        try:
            with opened(path) as file:
                data = file.read(MAX_COMPANION + 1)
        except FileNotFoundError:
            return cls()
        except FileUnreadableError as error:
            raise CompanionError("got no file", name=path.name) from error
        try:
            found = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise CompanionError(f"got {type(error).__name__}", name=path.name) from error
        if len(data) > MAX_COMPANION or not isinstance(found, dict):
            raise CompanionError("got no object", name=path.name)
        if not all(map(_is_value, found.items())):
            raise CompanionError("got other than texts", name=path.name)
        values = {_name(name): " ".join(value.split()) for name, value in found.items()}
        if len(values) != len(found) or not _OWN.isdisjoint(values) or not _fit(values):
            raise CompanionError("got names that a list cannot hold", name=path.name)
        twoddoc = values.pop(TWODDOC, "")
        return cls(values, twoddoc, hashlib.sha256(data).hexdigest())

    def text(self) -> str:
        """Write it as a file of its own."""
        own = {TWODDOC: self.twoddoc} if self.twoddoc else {}
        return json.dumps({**own, **self.values}, ensure_ascii=False, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that needs no more waiting: whole, or given up because of `error`."""

    name: str
    companion: Companion = Companion()
    error: SealingError | None = None


@dataclass(slots=True)
class _Seen:
    signature: Signature
    since: float
    whole: bool | None = None
    left: bool = False


@dataclass(slots=True)
class Arrivals:
    """A watched folder. `settle` and `patience` in seconds; `coded`: letters need a companion.

    `strict_age`: a file that is old by its date has waited, although nobody saw it.
    """

    folder: Path
    settle: float
    patience: float
    coded: bool = False
    strict_age: bool = False
    _seen: dict[str, _Seen] = field(default_factory=dict)

    @property
    def awaited(self) -> int:
        """Count the files that are looked at and not ready yet."""
        return sum(not seen.left for seen in self._seen.values())

    def settling(self, now: float) -> bool:
        """Tell whether a file may still be growing."""
        return any(now - seen.since < self.settle for seen in self._seen.values())

    def look(self, now: float, wall: float, most: int) -> list[Arrival]:
        """List the folder; give what is ready, the oldest first, so many at most. Raises OSError.

        `now` is a time that only goes forward, `wall` that of the clock on the wall.
        """
        there = dict(self._listed())
        self._seen = {name: seen for name, seen in self._seen.items() if name in there}
        for name, signature in there.items():
            seen = self._seen.get(name)
            if seen is None or seen.signature != signature:
                self._seen[name] = _Seen(signature, now)
        found: list[Arrival] = []
        for name, seen in sorted(self._seen.items(), key=lambda item: item[1].signature[2]):
            waited = now - seen.since
            if seen.left or waited < self.settle:
                continue
            if self.strict_age:
                waited = max(waited, wall - seen.signature[2] / 1e9)
            arrival = self._judged(name, seen, over=waited >= self.patience)
            if arrival is not None:
                found.append(arrival)
            if len(found) == most:
                break
        return found

    def forget(self, name: str) -> None:
        """Hear that a file was seen to."""
        self._seen.pop(name, None)

    def leave(self, name: str) -> None:
        """Leave a file where it is, until it changes."""
        if name in self._seen:
            self._seen[name].left = True

    def _judged(self, name: str, seen: _Seen, *, over: bool) -> Arrival | None:
        """Give a file that is whole, or that waited long enough; None while it must wait."""
        path = self.folder / name
        try:
            if seen.whole is None:
                seen.whole = is_whole(path)
            if not seen.whole:
                raise NotWholeError("got half a PDF, or none")
            if is_being_written(path):
                return None
            companion = Companion.read(companion_of(path))
            if self.coded and companion.digest is None:
                raise CompanionMissingError("got none", name=companion_of(path).name)
        except SealingError as error:
            return Arrival(name, error=error) if over else None
        except FileNotFoundError:
            return None
        except OSError as error:
            return Arrival(name, error=unreadable(error)) if over else None
        return Arrival(name, companion)

    def _listed(self) -> list[tuple[str, Signature]]:
        found = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith((".", "~")) or not name.lower().endswith(".pdf"):
                    continue
                with suppress(FileNotFoundError):
                    told = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(told.st_mode):
                        found.append((name, (told.st_ino, told.st_size, told.st_mtime_ns)))
        return found


def companion_of(path: Path) -> Path:
    """Give the path of a letter's companion."""
    return path.with_suffix(".json")


def is_whole(path: Path) -> bool:
    """Tell whether a file begins and ends as a PDF, and is as long as it says.

    Raises FileUnreadableError or OSError.
    """
    with opened(path) as file:
        head = file.read(_HEAD)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _END))
        tail = file.read(_END)
    starts = _START.findall(tail)
    length = _LENGTH.search(head)
    told = length is None or int(length[1]) <= size
    return b"%PDF-" in head and bool(starts) and int(starts[-1]) < size and told


def is_being_written(path: Path) -> bool:
    """Tell whether somebody on this machine holds a file open for writing, as far as is known."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        # Who begins to write just now has us told: by a signal that ends nothing, unlike SIGIO.
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False  # another's file, or a file system without leases
    finally:
        os.close(handle)
    return False


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("got a name twice")
    return found


def _is_value(item: tuple[str, object]) -> bool:
    # What no CSV file, and no text, holds.
    return all(isinstance(part, str) and "\0" not in part and _is_text(part) for part in item)


def _fit(names: Collection[str]) -> bool:
    return all(map(str.isprintable, names)) and len(names) <= _MOST_NAMES


def _is_text(part: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in part)


def _name(written: str) -> str:
    """Give a column's name as the list reads it."""
    name = normalize("NFC", " ".join(written.split()))
    return name.casefold() if name.casefold() in {FILE, TWODDOC, RECIPIENT} else name
