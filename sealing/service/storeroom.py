"""Where letters lie that services have sealed by the API: as they come, as they go, until erased.

Rules kept here:

- a file comes in `incoming/`, is flushed to the disk, and is moved to its place before any row
  names it: what is accepted is there;
- names are those of commissions, in hexadecimal: no name of a letter is one of ours;
- only this installation's account reads here (0700);
- whoever writes here does so where `room_needed` hears what a full disk says.

```
DATA/sealing/incoming/RANDOM/            what is being sent; swept after some hours
DATA/sealing/letters/in/ID.pdf           one letter, until it is sealed
DATA/sealing/letters/out/ID.pdf          and sealed; out/.coffre: the ledger of all of them
DATA/sealing/mailings/ID/letters.csv  in/  out/  lines.json      out/ as `coffre batch seal` has it
```
"""

import base64
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from sealing.errors import SealingError
from sealing.service.commissions import CommissionId
from storage.database import DatabaseFullError

MOST_ARRIVALS: Final = 64
_PRIVATE: Final = 0o700
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ID_BYTES: Final = 16


class TooManyArrivalsError(SealingError):
    """As many requests as may bring letters at once do so already."""

    code: ClassVar[str] = "office.busy"
    retryable: ClassVar[bool] = True


class NoRoomError(SealingError):
    """The disk is full: what came is not kept."""

    code: ClassVar[str] = "office.no-room"
    retryable: ClassVar[bool] = True


@contextmanager
def room_needed() -> Iterator[None]:
    """Raise NoRoomError where the disk, or this account's share of it, is full."""
    try:
        yield
    except DatabaseFullError as error:
        raise NoRoomError("got a database that cannot grow") from error
    except OSError as error:
        if error.errno in FULL:
            raise NoRoomError("got a disk that is full") from error
        raise


@dataclass(frozen=True, slots=True)
class MailingRoom:
    """The folder of one mailing."""

    root: Path

    @property
    def listing(self) -> Path:
        """Give the path of the list."""
        return self.root / "letters.csv"

    @property
    def letters(self) -> Path:
        """Give the folder of the letters as they came."""
        return self.root / "in"

    @property
    def sealed(self) -> Path:
        """Give the folder of sealed letters."""
        return self.root / "out"

    @property
    def wrong_lines(self) -> Path:
        """Give the path of what is wrong with the list."""
        return self.root / "lines.json"


@dataclass(frozen=True, slots=True)
class Storeroom:
    """The folder of all that services send and fetch."""

    root: Path

    @property
    def letters_in(self) -> Path:
        """Give the folder of single letters as they came."""
        return self.root / "letters" / "in"

    @property
    def letters_out(self) -> Path:
        """Give the folder of single letters once sealed."""
        return self.root / "letters" / "out"

    @property
    def mailings(self) -> Path:
        """Give the folder of mailings."""
        return self.root / "mailings"

    @property
    def incoming(self) -> Path:
        """Give the folder of what is on its way."""
        return self.root / "incoming"

    def make(self) -> None:
        """Make the folders that are not there; raise OSError."""
        for folder in (self.letters_in, self.letters_out, self.mailings, self.incoming):
            folder.mkdir(_PRIVATE, parents=True, exist_ok=True)
        self.root.chmod(_PRIVATE)

    def empty_arrivals(self) -> None:
        """Discard what was on its way when the site ended."""
        for path in self.incoming.iterdir():
            discard(path)

    def arrival(self) -> Path:
        """Make a folder for what a request brings.

        Raises TooManyArrivalsError, NoRoomError or OSError.
        """
        if len(os.listdir(self.incoming)) >= MOST_ARRIVALS:  # noqa: PTH208 - names alone
            raise TooManyArrivalsError(f"got {MOST_ARRIVALS} at once")
        path = self.incoming / secrets.token_hex(16)
        with room_needed():
            path.mkdir(_PRIVATE)
        return path

    def letter(self, identifier: CommissionId) -> Path:
        """Give the path of a letter as it came."""
        return self.letters_in / name_of(identifier)

    def sealed_letter(self, identifier: CommissionId) -> Path:
        """Give the path of a sealed letter."""
        return self.letters_out / name_of(identifier)

    def mailing(self, identifier: CommissionId) -> MailingRoom:
        """Give the folder of a mailing."""
        return MailingRoom(self.mailings / _hex(identifier))

    @room_needed()
    def keep_letter(self, arrived: Path, identifier: CommissionId) -> None:
        """Give a letter that has come whole its place; raise NoRoomError or OSError."""
        flush(arrived)
        arrived.replace(self.letter(identifier))
        flush(self.letters_in)

    @room_needed()
    def keep_mailing(self, arrived: Path, identifier: CommissionId) -> None:
        """Give a mailing that has come whole its place; raise NoRoomError or OSError."""
        for folder, _, names in os.walk(arrived):
            for name in names:
                flush(Path(folder, name))
            flush(Path(folder))
        arrived.replace(self.mailing(identifier).root)
        flush(self.mailings)

    def erase(self, identifier: CommissionId) -> None:
        """Erase whatever there is of a commission; raise OSError."""
        for path in (self.letter(identifier), self.sealed_letter(identifier)):
            path.unlink(missing_ok=True)
        discard(self.mailing(identifier).root)

    def sweep(
        self, kept: frozenset[CommissionId], unsealed: frozenset[CommissionId], older_than: float
    ) -> int:
        """Erase what is older than so many seconds and has no commission; count it.

        Files as they came are those of `unsealed`, all others those of `kept`.
        """
        limit, found = time.time() - older_than, 0
        needed, known = ({_hex(each) for each in group} for group in (unsealed, kept))
        for folder, names in (
            (self.incoming, set()),
            (self.letters_in, needed),
            (self.letters_out, known),
            (self.mailings, known),
        ):
            for path in folder.iterdir():
                stray = path.stem not in names and not path.name.startswith(".")
                if stray and _is_old(path, limit):
                    discard(path)
                    found += 1
        for path in self.mailings.glob("*/in"):
            if path.parent.name not in needed and _is_old(path, limit):
                discard(path)
                found += 1
        return found


def name_of(identifier: CommissionId) -> str:
    """Give the name of the file of a letter."""
    return f"{_hex(identifier)}.pdf"


def discard(path: Path) -> None:
    """Erase a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Make a file or the names in a folder survive a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_old(path: Path, limit: float) -> bool:
    try:
        return path.stat().st_mtime < limit
    except FileNotFoundError:
        return False


def _hex(identifier: CommissionId) -> str:
    """Name a commission as files do: two names must differ by more than the case of a letter."""
    raw = base64.urlsafe_b64decode(f"{identifier}==")
    if len(raw) != _ID_BYTES:
        raise ValueError("got an identifier of another length")
    return raw.hex()
