"""`journal.jsonl`: the ledger told to people and scripts, one settled letter a line.

Rules kept here:

- {id, line, file, sha256_in, sha256_out, state, error, at}; `state` is `sealed` (published under
  its final name), `failed` or `refused`; one line for a letter, in the order in which they were
  settled;
- lines are appended whole; the ledger is right, and the journal follows it: what a crash left
  behind (a torn line, missing ones) is found at the next opening, and it is written anew;
- written anew, it appears at once or not at all.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from sealing.batch.ledger.rows import Entry, State

Entries = Callable[[int], Sequence[Entry]]

_SEALED = "sealed"


@dataclass(slots=True)
class JournalFile:
    """The journal of a mailing. `last` is the number of the last letter that it tells."""

    path: Path
    entries: Entries
    last: int = 0

    def open(self, rows: int, last: int) -> None:
        """Find where the journal stands. Raises OSError.

        `rows` letters are settled, the last of them under the number `last`.
        """
        told, end = _last_line(self.path)
        if rows and told == rows:
            entries = self.entries(last - 1)
            if entries and _line(entries[0]) == end:
                self.last = last
                return
        self._write_anew()

    def follow(self) -> None:
        """Append what was settled since; raise OSError, leaving whole lines."""
        while entries := self.entries(self.last):
            _append(self.path, b"".join(_line(entry) for entry in entries))
            self.last = entries[-1].number

    def _write_anew(self) -> None:
        temporary = self.path.with_name(f".{self.path.name}.new")
        self.last = 0
        try:
            with temporary.open("wb") as file:
                while entries := self.entries(self.last):
                    file.write(b"".join(_line(entry) for entry in entries))
                    self.last = entries[-1].number
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
        except OSError as error:
            raise _of(self.path, error) from error
        finally:
            temporary.unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    """Give the digest of a journal, in hexadecimal; raise OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _line(entry: Entry) -> bytes:
    published = entry.state is State.PUBLISHED
    row = {
        "id": entry.seal if published else None,
        "line": entry.line,
        "file": entry.file,
        "sha256_in": entry.sha256_in.hex(),
        "sha256_out": entry.sha256_out.hex() if published and entry.sha256_out else None,
        "state": _SEALED if published else entry.state.value,
        "error": entry.error,
        "at": entry.at.astimezone(UTC).isoformat(timespec="milliseconds"),
    }
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _append(path: Path, lines: bytes) -> None:
    """Write lines at the end; on a fault take back what was written of them."""
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[file.write(rest) or 0 :]
        except OSError as error:
            file.truncate(before)
            raise _of(path, error) from error


def _of(path: Path, error: OSError) -> OSError:
    """Say of which file a fault is: the system names none once a file is open."""
    return OSError(error.errno, error.strerror, str(path))


def _last_line(path: Path) -> tuple[int, bytes]:
    """Count the whole lines, and give the last; 0 for a torn end, so that nothing matches."""
    count, line = 0, b""
    try:
        with path.open("rb") as file:
            for line in file:  # noqa: B007 - the last one is wanted
                count += 1
    except FileNotFoundError:
        return 0, b""
    return (count, line) if line.endswith(b"\n") else (0, b"")
