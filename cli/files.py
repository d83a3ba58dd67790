"""A result in a file: whole or not at all.

Rules kept here:

- written beside its place under a temporary name, flushed to the disk, then renamed; a failed
  command leaves nothing behind;
- what the system refuses is told of the name that was asked for, not of the temporary one;
- never over another file unless `--force` was given;
- `-` is standard input or output; bytes that are not text never go to a terminal.
"""

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, ClassVar, Final

from storage.errors import CoffreError

STANDARD = "-"
# What a write may meet: the system tells it without a name.
_OF_WRITING: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE}
)


class FileExistsAlreadyError(CoffreError):
    """The output is there already and `--force` was not given. Details: `path`."""

    code: ClassVar[str] = "file.exists"


class NoFolderError(CoffreError):
    """The folder of the output is not there. Details: `path`."""

    code: ClassVar[str] = "file.no-folder"


class TerminalError(CoffreError):
    """Bytes that are not text would go to a terminal."""

    code: ClassVar[str] = "file.terminal"


class FileTooLargeError(CoffreError):
    """The input is larger than the limit. Details: `path`, `limit` (MiB)."""

    code: ClassVar[str] = "file.too-large"


def read(path: Path, *, limit: int) -> bytes:
    """Read a whole input of at most `limit` bytes; raise FileTooLargeError or OSError."""
    if str(path) == STANDARD:
        data = sys.stdin.buffer.read(limit + 1)
    else:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    if len(data) > limit:
        raise FileTooLargeError(f"got more than {limit} bytes", path=str(path), limit=limit >> 20)
    return data


@contextmanager
def writing(
    path: Path, *, force: bool = False, mode: int = 0o644, text: bool = False
) -> Iterator[BinaryIO]:
    """Open an output that appears under its name only when the block ends well.

    Raises FileExistsAlreadyError, NoFolderError, TerminalError or OSError; nothing is left then.
    """
    if str(path) == STANDARD:
        if sys.stdout.isatty() and not text:
            raise TerminalError("got a terminal for bytes that are not text")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    refuse_existing(path, force=force)
    if not path.parent.is_dir():
        raise NoFolderError(f"got no folder {path.parent}", path=str(path.parent))
    with _told_of(path):
        handle, name = tempfile.mkstemp(prefix=_prefix(path), dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            publish(temporary, path, force=force)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Have what the system refuses name the output that was asked for."""
    try:
        yield
    except OSError as error:
        named = error.filename
        nameless = named is None and error.errno in _OF_WRITING
        if nameless or (isinstance(named, str) and Path(named).name.startswith(_prefix(path))):
            error.filename = str(path)
        raise


def _prefix(path: Path) -> str:
    return f".{path.name}."


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise FileExistsAlreadyError before any work is done for an output that cannot be written."""
    if str(path) != STANDARD and path.exists() and not force:
        raise FileExistsAlreadyError(f"got an existing {path}", path=str(path))


def publish(temporary: Path, path: Path, *, force: bool) -> None:
    """Give a finished file its name, and flush its folder."""
    if force:
        temporary.replace(path)
    else:
        try:
            os.link(temporary, path)
        except FileExistsError:
            # Somebody wrote it while we worked: theirs stays.
            raise FileExistsAlreadyError(f"got an existing {path}", path=str(path)) from None
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make a folder's names survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
