"""Objects in a directory of the application's own machine.

Rules kept here, in this order, so that an acknowledgement is true:

1. bytes go to a temporary file of `incoming/`, counted and hashed on their way;
2. size and SHA-256 are compared with what was announced;
3. fsync of the file;
4. a hard link to the final name: unlike a rename it never replaces an object that is there;
5. the temporary name is removed;
6. fsync of the folder that holds the final name.

A fault at any step leaves either the whole object or nothing but a file of `incoming/`, which
`sweep` removes. File names are hexadecimal: some file systems take `a` and `A` for one letter.
"""

import base64
import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from storage.blobs.port import (
    PIECE,
    Announced,
    BlobExistsError,
    BlobId,
    BlobNotFoundError,
    BlobUnavailableError,
    DownloadTicket,
    Tally,
    TicketSigner,
    UploadTicket,
)

_PRIVATE = 0o600


class FolderStore:
    """Keeps objects below `root`, which is made when absent."""

    def __init__(self, root: Path, tickets: TicketSigner) -> None:
        """Make the folders; raise BlobUnavailableError when that cannot be done."""
        self._root = root
        self._incoming = root / "incoming"
        self._tickets = tickets
        try:
            for folder in (root, self._incoming):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _fsync_folder(root)
        except OSError as error:
            raise _unavailable(error) from error

    def receive(self, blob_id: BlobId, announced: Announced) -> "FolderReception":
        """Open a temporary file for this object."""
        final = self._path(blob_id)
        if final.exists():
            raise BlobExistsError("got the name of an object that is there")
        return FolderReception(self._incoming, final, announced)

    def get(self, blob_id: BlobId) -> Iterator[bytes]:
        """Open the object now; its bytes follow in pieces of 1 MiB."""
        try:
            file = self._path(blob_id).open("rb")
        except FileNotFoundError as error:
            raise BlobNotFoundError("got the name of no object") from error
        except OSError as error:
            raise _unavailable(error) from error

        def pieces() -> Iterator[bytes]:
            with file:
                while piece := file.read(PIECE):
                    yield piece

        return pieces()

    def head(self, blob_id: BlobId) -> int:
        """Give the size of the file."""
        try:
            return self._path(blob_id).stat().st_size
        except FileNotFoundError as error:
            raise BlobNotFoundError("got the name of no object") from error
        except OSError as error:
            raise _unavailable(error) from error

    def delete(self, blob_id: BlobId) -> None:
        """Unlink the file, and make that durable."""
        path = self._path(blob_id)
        try:
            path.unlink()
            _fsync_folder(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unavailable(error) from error

    def sweep(self, older_than: datetime) -> int:
        """Remove temporary files last written before that time."""
        swept = 0
        for path in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than.timestamp():
                    path.unlink()
                    swept += 1
        return swept

    def upload_ticket(self, blob_id: BlobId, announced: Announced, now: datetime) -> UploadTicket:
        """Lead to the application, which writes here."""
        return self._tickets.upload(blob_id, announced, now)

    def download_ticket(self, blob_id: BlobId, now: datetime) -> DownloadTicket:
        """Lead to the application, which reads here."""
        return self._tickets.download(blob_id, now)

    def probe(self) -> None:
        """Write, fsync and remove one small file."""
        path = self._incoming / f"probe-{secrets.token_hex(8)}"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
            try:
                _write_all(descriptor, b"coffre")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
                path.unlink()
        except OSError as error:
            raise _unavailable(error) from error

    def _path(self, blob_id: BlobId) -> Path:
        name = base64.urlsafe_b64decode(blob_id + "==").hex()
        return self._root / name[:2] / name


class FolderReception:
    """One temporary file on its way to its final name."""

    def __init__(self, incoming: Path, final: Path, announced: Announced) -> None:
        """Create the temporary file, which nobody else has."""
        self._final = final
        self._tally = Tally(announced)
        self._temporary = incoming / secrets.token_hex(16)
        try:
            self._descriptor: int | None = os.open(
                self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE
            )
        except OSError as error:
            raise _unavailable(error) from error

    def write(self, chunk: bytes) -> None:
        """(1) Count, hash and write."""
        self._tally.add(chunk)
        try:
            _write_all(self._open(), chunk)
        except OSError as error:
            raise _unavailable(error) from error

    def finish(self) -> None:
        """(2) to (6) of the rules above."""
        self._tally.check()
        try:
            os.fsync(self._open())
            folder = self._final.parent
            if not folder.is_dir():
                folder.mkdir(mode=0o700, exist_ok=True)
                _fsync_folder(folder.parent)
            self._publish(folder)
        except FileExistsError as error:
            raise BlobExistsError("got the name of an object that is there") from error
        except OSError as error:
            raise _unavailable(error) from error
        self.abandon()

    def abandon(self) -> None:
        """Close and remove the temporary file; the final name, if any, stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        with suppress(FileNotFoundError):
            self._temporary.unlink()

    def _publish(self, folder: Path) -> None:
        """Link the final name, durably, or take it back: a refusal must leave no object."""
        os.link(self._temporary, self._final)
        try:
            self._temporary.unlink()
            _fsync_folder(folder)
        except OSError:
            with suppress(OSError):
                self._final.unlink()
            raise

    def _open(self) -> int:
        if self._descriptor is None:
            raise OSError(errno.EBADF, "this reception has ended")
        return self._descriptor


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unavailable(error: OSError) -> BlobUnavailableError:
    return BlobUnavailableError(f"got {errno.errorcode.get(error.errno or 0, 'an error')}")
