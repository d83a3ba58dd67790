"""How many sessions with a token are open at once, over all processes of this machine.

Rules kept here:

- a token has so many places (`[token] sessions`); who opens a session takes one first, and without
  a place no session is opened: the limit cannot be exceeded, whatever runs beside us;
- a place is one byte of a file, locked by its process (`lockf`): the kernel gives it back when the
  process ends, however it ends;
- who finds no place free waits for one, then is told that the token is busy.

Such a lock belongs to the process, not to its threads: a process takes one place of a token at
most, and its children inherit none. The file is in the installation's own folder: another
installation, on this machine or another, counts for itself.
"""

import fcntl
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PATIENCE: Final = 30.0
_PAUSE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Places:
    """The places of every token of an installation: `limit` for each."""

    folder: Path
    limit: int

    def take(self, token: str, patience: float = PATIENCE) -> "Place | None":
        """Take a place of a token, waiting for one; None when none came free. Raises OSError."""
        for folder in (self.folder.parent, self.folder):  # `parents` would not make it private
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{hashlib.sha256(token.encode()).hexdigest()[:32]}.places"
        place = Place(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), os.getpid())
        end = time.monotonic() + patience
        try:
            while not place.taken(self.limit):
                if time.monotonic() >= end:
                    place.give_back()
                    return None
                time.sleep(_PAUSE)
        except BaseException:
            place.give_back()
            raise
        return place


@dataclass(slots=True)
class Place:
    """One place of a token, held by the process `owner` until it is given back."""

    handle: int
    owner: int

    def taken(self, limit: int) -> bool:
        """Try to hold the first byte that is free."""
        for byte in range(limit):
            try:
                fcntl.lockf(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
            except (BlockingIOError, PermissionError):
                continue
            return True
        return False

    def give_back(self) -> None:
        """Let another have it; a second time, or in a child, it does nothing."""
        if self.handle >= 0 and self.owner == os.getpid():
            os.close(self.handle)
        self.handle = -1
