"""Small files that only their owner may read: whole, or as before.

Rules kept here:

- a folder is made 0700, a file 0600; it is written beside its place, flushed, then renamed; what a
  killed process left beside it is taken away an hour later;
- a file that others may read, or that does not read, is refused and never taken for absent.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from glob import escape
from io import BufferedRandom
from pathlib import Path
from tempfile import TemporaryFile, mkstemp
from time import time
from typing import ClassVar, Final

from vault.errors import VaultError
from vault.format import canonical
from vault.format.canonical import CanonicalError, Json

_OTHERS: Final = 0o077
_LIMIT: Final = 1 << 16
_LEFT: Final = 3_600.0
_RANDOM: Final = 8 * "[a-z0-9_]"  # as mkstemp ends a name


class StateError(VaultError):
    """A file of the client is damaged, or others may read it. Details: `path`."""

    code: ClassVar[str] = "client.state"


def read_object(path: Path) -> Mapping[str, Json] | None:
    """Give the object of a file, None when there is no file; raise StateError."""
    try:
        data = read(path)
    except FileNotFoundError:
        return None
    with understood(path):
        return canonical.decode(data)


def read(path: Path) -> bytes:
    """Give what a file holds; raise StateError when others may read it, or OSError."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & _OTHERS:
            raise StateError("got a file of the client that others may read", path=str(path))
        return file.read(_LIMIT)


def write(path: Path, data: bytes) -> None:
    """Put a file in place, whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(path)
    handle, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Take away what processes that were killed left beside a file."""
    for left in path.parent.glob(f".{escape(path.name)}.{_RANDOM}"):
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < time() - _LEFT:
                left.unlink()


@contextmanager
def nameless(folder: Path) -> Iterator[BufferedRandom]:
    """Open a file without a name, on the client's own disk: it is gone with the block."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryFile(dir=folder) as file:
        yield file


def is_private(folder: Path) -> bool:
    """Tell whether a folder is there, ours, and closed to others."""
    try:
        found = folder.stat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and not found.st_mode & _OTHERS


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """Turn what does not read in a file into StateError."""
    try:
        yield
    except (CanonicalError, KeyError) as error:
        raise StateError("got a file of the client that does not read", path=str(path)) from error


def text(value: Json) -> str:
    """Give a member that is text; raise CanonicalError."""
    if not isinstance(value, str):
        raise CanonicalError(f"got {type(value).__name__}, expected text")
    return value


def integer(value: Json) -> int:
    """Give a member that is an integer; raise CanonicalError."""
    if not isinstance(value, int):
        raise CanonicalError(f"got {type(value).__name__}, expected an integer")
    return value
