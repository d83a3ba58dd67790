"""The folder where a mailing's sealed letters appear.

Rules kept here:

- a sealed letter is written whole under a temporary name in `.coffre/pending/`, then appears under
  its final name by a hard link, which never replaces anything. What may be replaced is told by its
  digest: an older file that is not the one we know is left alone;
- a temporary name holds the beginning of the seal's digest: two workers that seal one letter never
  write into one file, and whoever publishes gives the name to the seal that counts;
- one run at a time: `.coffre/lock` is held by the run, `.coffre/workers.lock` by each of its
  workers, so that a new run waits for the last letter of a worker whose run was killed;
- `.coffre/` is private: the ledger knows persons by name.

```
OUT/letter.pdf   OUT/sub/letter.pdf   OUT/journal.jsonl   OUT/report.html
OUT/.coffre/ledger.sqlite3  pending/N-DIGEST.pdf  lock  workers.lock  workers.log
```
"""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final

from sealing.batch.files.source import JOURNAL, PRIVATE, REPORT
from sealing.errors import SealingError

_PATIENCE: Final = 20.0
# Seconds by which the clock of a file system may be ahead of ours.
_SLACK: Final = 2.0


class OutputTakenError(SealingError):
    """A file that is not of this mailing stands where the sealed letter would go."""

    code: ClassVar[str] = "batch.output-taken"


class SealLostError(SealingError):
    """A seal that was made has neither its temporary nor its final name: it cannot count."""

    code: ClassVar[str] = "batch.seal-lost"
    retryable: ClassVar[bool] = True


class BusyError(SealingError):
    """Another run is at work on this folder. Details: `path`."""

    code: ClassVar[str] = "batch.busy"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of sealed letters. `durable`: a letter is flushed to the disk before it counts."""

    root: Path
    durable: bool = False

    @property
    def private(self) -> Path:
        """Give our own folder in it."""
        return self.root / PRIVATE

    @property
    def pending(self) -> Path:
        """Give the folder of sealed letters that have no final name yet."""
        return self.private / "pending"

    @property
    def ledger(self) -> Path:
        """Give the path of the ledger."""
        return self.private / "ledger.sqlite3"

    @property
    def shared(self) -> Path:
        """Give the path of the name of a mailing whose ledger is in a shared database."""
        return self.private / "shared"

    @property
    def journal(self) -> Path:
        """Give the path of the journal."""
        return self.root / JOURNAL

    @property
    def report(self) -> Path:
        """Give the path of the report."""
        return self.root / REPORT

    def make(self) -> None:
        """Make the folders that are not there; raise OSError."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.private.mkdir(mode=0o700, exist_ok=True)
        self.pending.mkdir(mode=0o700, exist_ok=True)

    def unmake(self, *, root: bool) -> None:
        """Take our own folder away, and the `root` where it is empty: nothing was planned."""
        shutil.rmtree(self.private)
        if root:
            with suppress(OSError):
                self.root.rmdir()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the only run on this folder; raise BusyError or OSError.

        Waits for the workers of a run that was killed to finish the letter in hand.
        """
        with self._locked("lock", fcntl.LOCK_EX, 0):
            with self._locked("workers.lock", fcntl.LOCK_EX):
                pass  # nobody is at work any more
            yield

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Be one of the workers of the run that holds this folder."""
        with self._locked("workers.lock", fcntl.LOCK_SH):
            yield

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Be the only one who watches arrivals for this folder; raise BusyError or OSError."""
        with self._locked("watch.lock", fcntl.LOCK_EX, 0):
            yield

    def busy(self) -> bool:
        """Tell whether a run is at work; raise OSError."""
        try:
            handle = os.open(self.private / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    @contextmanager
    def _locked(self, name: str, how: int, patience: float = _PATIENCE) -> Iterator[None]:
        until = time.monotonic() + patience
        handle = os.open(self.private / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(handle, how | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise BusyError("got a lock held by another", path=str(self.root)) from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(handle)

    def write(self, n: int, digest: bytes, *pieces: bytes) -> None:
        """Write a sealed letter under its temporary name; raise OSError, leaving nothing."""
        path = self._pending(n, digest)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            try:
                for piece in pieces:
                    rest = memoryview(piece)
                    while rest:
                        rest = rest[os.write(handle, rest) :]
                if self.durable:
                    os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108 - a string here
            # Told of the folder that was asked for: nobody knows our temporary names.
            raise OSError(error.errno, error.strerror, str(self.root)) from error

    def publish(self, n: int, name: str, digest: bytes, replaces: bytes | None) -> None:
        """Give a sealed letter its final name, once, however often it is asked.

        Raises OutputTakenError, SealLostError (its temporary file is gone) or OSError.
        """
        final, pending = f"{self.root}/{name}", self._pending(n, digest)
        try:
            try:
                self._link(pending, final)
            except FileExistsError:
                self._over(pending, name, digest, replaces)
        except FileNotFoundError as error:
            # Another worker may have published the same seal.
            if self.digest(name) != digest:
                raise SealLostError("got no temporary file") from error
        with suppress(FileNotFoundError):
            os.unlink(pending)  # noqa: PTH108 - a string here

    def _over(self, pending: str, name: str, digest: bytes, replaces: bytes | None) -> None:
        """Take the place of an older file, told by its digest; raise OutputTakenError."""
        found = self.digest(name)
        if found == digest:
            return
        if replaces is None or found != replaces:
            raise OutputTakenError("got a file of others at the place")
        os.replace(pending, f"{self.root}/{name}")  # noqa: PTH105 - strings here

    def _link(self, pending: str, final: str) -> None:
        try:
            os.link(pending, final)
        except FileNotFoundError:
            Path(final).parent.mkdir(parents=True, exist_ok=True)
            os.link(pending, final)

    def has(self, name: str) -> bool:
        """Tell whether something bears a final name."""
        return os.path.lexists(f"{self.root}/{name}")

    def is_altered(self, name: str, digest: bytes, since: datetime) -> bool:
        """Tell whether a published letter says something else than when it was published.

        Its bytes are read only where its hour says that it was written to since.
        """
        try:
            written = os.lstat(f"{self.root}/{name}").st_mtime
        except OSError:
            return False
        return written > since.timestamp() + _SLACK and self.digest(name) != digest

    def digest(self, name: str) -> bytes | None:
        """Give the SHA-256 of a published letter, or None where there is none; raise OSError."""
        return _digest(f"{self.root}/{name}")

    def flush(self, names: list[str]) -> None:
        """Make the names of published letters survive a power cut."""
        folders = {os.path.dirname(f"{self.root}/{name}") for name in names}  # noqa: PTH120
        for folder in {*folders, str(self.root)}:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def discard(self, n: int, digest: bytes) -> None:
        """Drop a seal that does not count."""
        with suppress(FileNotFoundError):
            os.unlink(self._pending(n, digest))  # noqa: PTH108 - a string here

    def sweep(self) -> None:
        """Drop every temporary file: no seal that counts is without its final name."""
        with os.scandir(self.pending) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    os.unlink(entry.path)  # noqa: PTH108 - a string here

    def _pending(self, n: int, digest: bytes) -> str:
        return f"{self.root}/{PRIVATE}/pending/{n}-{digest[:8].hex()}.pdf"


def _digest(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a string here
            return hashlib.file_digest(file, "sha256").digest()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        return b""
