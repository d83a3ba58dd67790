"""How many sessions with a token are open at once, over all processes of this machine.

Rules kept here:

- a token has so many places (`[token] sessions`); who opens a session takes one first, and without
  a place no session is opened: the limit cannot be exceeded, whatever runs beside us;
- a place is one byte of a file, locked by its process (`lockf`): the kernel gives it back when the
  process ends, however it ends;
- who finds no place free waits for one, then is told that the token is busy;
- one process at a time looks for a token and logs in: SoftHSM2 writes its token anew at each login,
  and who reads it meanwhile finds none. This is a courtesy: after a while it is gone without.

Such a lock belongs to the process, not to its threads: a process takes one place of a token at
most, and its children inherit none. The file is in the installation's own folder: another
installation, on this machine or another, counts for itself.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PATIENCE: Final = 30.0
_PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Places:
    """The places of every token of an installation: `limit` for each."""

    folder: Path
    limit: int

    def take(self, token: str, patience: float = PATIENCE) -> "Place | None":
        """Take a place of a token, waiting for one; None when none came free. Raises OSError."""
        place = self._file(f"{token}.places")
        try:
            if place.awaited(self.limit, patience):
                return place
        except BaseException:
            place.give_back()
            raise
        place.give_back()
        return None

    @contextmanager
    def opening(self, library: str, patience: float = PATIENCE) -> Iterator[None]:
        """Be the only process that looks for a token of this library, or logs in."""
        turn = self._file(f"{library}.opening")
        try:
            turn.awaited(1, patience)
            yield
        finally:
            turn.give_back()

    def _file(self, name: str) -> "Place":
        for folder in (self.folder.parent, self.folder):  # `parents` would not make it private
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / hashlib.sha256(name.encode()).hexdigest()[:32]
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return Place(handle, os.getpid())


@dataclass(slots=True)
class Place:
    """One place of a token, held by the process `owner` until it is given back."""

    handle: int
    owner: int

    def awaited(self, limit: int, patience: float) -> bool:
        """Wait until a byte is free; tell whether one was."""
        end = time.monotonic() + patience
        while not self.taken(limit):
            if time.monotonic() >= end:
                return False
            time.sleep(_PAUSE)
        return True

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
