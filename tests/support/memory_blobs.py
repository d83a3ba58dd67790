"""A store in memory: fills the real port, and passes the port's own suite."""

from collections.abc import Iterator
from datetime import datetime

from storage.blobs.port import (
    Announced,
    BlobExistsError,
    BlobId,
    BlobNotFoundError,
    DownloadTicket,
    Tally,
    TicketSigner,
    UploadTicket,
)

PIECE = 1000


class MemoryStore:
    """Objects in a dictionary."""

    def __init__(self, tickets: TicketSigner) -> None:
        """Begin empty."""
        self.objects: dict[BlobId, bytes] = {}
        self._tickets = tickets

    def receive(self, blob_id: BlobId, announced: Announced) -> "MemoryReception":
        """Begin to take an object."""
        if blob_id in self.objects:
            raise BlobExistsError("taken")
        return MemoryReception(self, blob_id, announced)

    def get(self, blob_id: BlobId) -> Iterator[bytes]:
        """Give its bytes in pieces."""
        content = self._content(blob_id)
        return (content[i : i + PIECE] for i in range(0, len(content), PIECE))

    def head(self, blob_id: BlobId) -> int:
        """Give its size."""
        return len(self._content(blob_id))

    def delete(self, blob_id: BlobId) -> None:
        """Forget it."""
        self.objects.pop(blob_id, None)

    def sweep(self, older_than: datetime) -> int:
        """Find nothing: memory holds no leftovers."""
        del older_than
        return 0

    def upload_ticket(self, blob_id: BlobId, announced: Announced, now: datetime) -> UploadTicket:
        """Lead to the application."""
        return self._tickets.upload(blob_id, announced, now)

    def download_ticket(self, blob_id: BlobId, now: datetime) -> DownloadTicket:
        """Lead to the application."""
        return self._tickets.download(blob_id, now)

    def probe(self) -> None:
        """Memory is always there."""

    def _content(self, blob_id: BlobId) -> bytes:
        if blob_id not in self.objects:
            raise BlobNotFoundError("absent")
        return self.objects[blob_id]


class MemoryReception:
    """Bytes on their way into the dictionary."""

    def __init__(self, store: MemoryStore, blob_id: BlobId, announced: Announced) -> None:
        """Begin at nothing."""
        self._store = store
        self._blob_id = blob_id
        self._tally = Tally(announced)
        self._content = bytearray()

    def write(self, chunk: bytes) -> None:
        """Take a chunk."""
        self._tally.add(chunk)
        self._content += chunk

    def finish(self) -> None:
        """Make the object exist."""
        self._tally.check()
        if self._blob_id in self._store.objects:
            raise BlobExistsError("taken")
        self._store.objects[self._blob_id] = bytes(self._content)

    def abandon(self) -> None:
        """Forget the bytes."""
        self._content.clear()
