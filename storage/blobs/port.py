"""What every place that keeps bytes must do; the folder, S3 and the memory of tests fill it.

Rules kept here:

- an object's name is 128 random bits that the client drew; it tells nothing and is used once for
  ever: a second object of one name is refused, whatever its bytes;
- an object is announced (size, SHA-256) before it comes; bytes that are not the announced ones
  leave nothing behind;
- what `finish` has accepted is durable when it returns;
- bytes go from the client to the store by a ticket: an address good for one object, one use, a
  few minutes. Where the store has no server of its own (folder, memory), the ticket leads to the
  application, which checks it by `TicketSigner`: same rules, same client.

No names, no accounts and no keys here: objects are ciphertext without a header.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NewType, Protocol

from storage.errors import CoffreError

BlobId = NewType("BlobId", str)
"""128 random bits, base64url without padding: 22 characters, canonical."""

ID_BYTES = 16
PIECE = 1 << 20
_TICKET = b"coffre/ticket/v1"
UPLOAD_SECONDS = 300
DOWNLOAD_SECONDS = 60


class BlobError(CoffreError):
    """The place where bytes rest could not do what was asked."""

    code: ClassVar[str] = "blob"


class BlobNameError(BlobError):
    """Not the name of an object: it must be 128 bits in canonical base64url."""

    code: ClassVar[str] = "blob.name"


class BlobNotFoundError(BlobError):
    """No object has this name."""

    code: ClassVar[str] = "blob.not-found"


class BlobExistsError(BlobError):
    """An object of this name is there already: names are used once."""

    code: ClassVar[str] = "blob.exists"


class BlobMismatchError(BlobError):
    """The bytes that came are not the announced ones. Details: `what` (size or sha256)."""

    code: ClassVar[str] = "blob.mismatch"


class BlobUnavailableError(BlobError):
    """The place where bytes rest does not answer or is full; nothing half-made was left."""

    code: ClassVar[str] = "blob.unavailable"
    retryable: ClassVar[bool] = True


class TicketRefusedError(BlobError):
    """The ticket is not ours, is for another object or use, or its time has passed."""

    code: ClassVar[str] = "blob.ticket"


@dataclass(frozen=True, slots=True)
class Announced:
    """What a client says about an object before sending it: size in bytes, SHA-256 (32 bytes)."""

    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class UploadTicket:
    """Where to PUT an object, with exactly these headers, within `expires_in` seconds."""

    url: str
    headers: Mapping[str, str]
    expires_in: int


@dataclass(frozen=True, slots=True)
class DownloadTicket:
    """Where to GET an object within `expires_in` seconds."""

    url: str
    expires_in: int


class Reception(Protocol):
    """An object on its way in. End it by `finish` or `abandon`; the second is always allowed."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes; raise BlobMismatchError as soon as they exceed the size."""

    def finish(self) -> None:
        """Make the object exist, durably. BlobMismatchError, BlobExistsError: nothing is left."""

    def abandon(self) -> None:
        """Forget the bytes received; harmless after `finish` and when repeated."""


class BlobStore(Protocol):
    """A place where objects rest."""

    def receive(self, blob_id: BlobId, announced: Announced) -> Reception:
        """Begin to take an object; raise BlobExistsError when the name is taken already."""

    def get(self, blob_id: BlobId) -> Iterator[bytes]:
        """Open an object and give its bytes in pieces; BlobNotFoundError before the first one."""

    def head(self, blob_id: BlobId) -> int:
        """Give an object's size in bytes; raise BlobNotFoundError."""

    def delete(self, blob_id: BlobId) -> None:
        """Remove an object for good; one that is absent is removed already."""

    def sweep(self, older_than: datetime) -> int:
        """Remove what interrupted receptions left before that time; give how many."""

    def upload_ticket(self, blob_id: BlobId, announced: Announced, now: datetime) -> UploadTicket:
        """Give the address where the client may create this object and no other."""

    def download_ticket(self, blob_id: BlobId, now: datetime) -> DownloadTicket:
        """Give the address where the client may read this object; the caller checked the right."""

    def probe(self) -> None:
        """Raise BlobUnavailableError when objects cannot be written now."""


def parse_blob_id(text: str) -> BlobId:
    """Accept the canonical form of 128 bits in base64url; raise BlobNameError."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"==")
    except (UnicodeEncodeError, binascii.Error) as error:
        raise BlobNameError("got a name that is not base64url, expected 128 bits") from error
    if len(raw) != ID_BYTES or base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise BlobNameError(f"got {len(text)} characters, expected 128 bits in canonical base64url")
    return BlobId(text)


def put(store: BlobStore, blob_id: BlobId, announced: Announced, chunks: Iterable[bytes]) -> None:
    """Store a whole object or nothing; raise what `receive`, `write` and `finish` raise."""
    reception = store.receive(blob_id, announced)
    try:
        for chunk in chunks:
            reception.write(chunk)
        reception.finish()
    finally:
        reception.abandon()


class Tally:
    """Counts and hashes an object on its way in, against what was announced."""

    def __init__(self, announced: Announced) -> None:
        """Begin at nothing received."""
        self._announced = announced
        self._digest = hashlib.sha256()
        self._size = 0

    def add(self, chunk: bytes) -> None:
        """Count a chunk in; raise BlobMismatchError when there are more bytes than announced."""
        self._size += len(chunk)
        if self._size > self._announced.size:
            raise BlobMismatchError(f"got more than {self._announced.size} bytes", what="size")
        self._digest.update(chunk)

    def check(self) -> None:
        """Raise BlobMismatchError unless exactly the announced bytes came."""
        if self._size != self._announced.size:
            raise BlobMismatchError(
                f"got {self._size} bytes, expected {self._announced.size}", what="size"
            )
        if self._digest.digest() != self._announced.sha256:
            raise BlobMismatchError("got bytes of another SHA-256 than announced", what="sha256")


@dataclass(frozen=True, slots=True)
class TicketSigner:
    """Makes and checks tickets of stores whose bytes pass the application.

    `secret` is the installation's; `prefix` the address below which the application serves
    objects. A ticket names object, use, size, SHA-256 and end under HMAC-SHA-256.
    """

    secret: bytes = field(repr=False)
    prefix: str

    def upload(self, blob_id: BlobId, announced: Announced, now: datetime) -> UploadTicket:
        """Sign the right to create one object."""
        until = int(now.timestamp()) + UPLOAD_SECONDS
        headers = {
            "If-None-Match": "*",
            "Content-Length": str(announced.size),
            "x-amz-content-sha256": announced.sha256.hex(),
        }
        proof = self._proof("put", blob_id, until, announced)
        return UploadTicket(self._url(blob_id, until, proof), headers, UPLOAD_SECONDS)

    def download(self, blob_id: BlobId, now: datetime) -> DownloadTicket:
        """Sign the right to read one object."""
        until = int(now.timestamp()) + DOWNLOAD_SECONDS
        proof = self._proof("get", blob_id, until, None)
        return DownloadTicket(self._url(blob_id, until, proof), DOWNLOAD_SECONDS)

    def check_upload(self, blob_id: BlobId, announced: Announced, ticket: "Shown") -> None:
        """Raise TicketRefusedError unless we signed this creation and its time has not passed."""
        self._check(self._proof("put", blob_id, ticket.until, announced), ticket)

    def check_download(self, blob_id: BlobId, ticket: "Shown") -> None:
        """Raise TicketRefusedError unless we signed this reading and its time has not passed."""
        self._check(self._proof("get", blob_id, ticket.until, None), ticket)

    def _url(self, blob_id: BlobId, until: int, proof: str) -> str:
        return f"{self.prefix}/{blob_id}?until={until}&proof={proof}"

    def _proof(self, use: str, blob_id: BlobId, until: int, announced: Announced | None) -> str:
        bound = f"{announced.size} {announced.sha256.hex()}" if announced else "-"
        text = f"{use} {blob_id} {until} {bound}".encode("ascii")
        return hmac.new(self.secret, _TICKET + b"\0" + text, hashlib.sha256).hexdigest()

    @staticmethod
    def _check(expected: str, ticket: "Shown") -> None:
        if not hmac.compare_digest(expected.encode(), ticket.proof.encode()):
            raise TicketRefusedError("got a ticket that was not made for this")
        if ticket.now.timestamp() > ticket.until:
            raise TicketRefusedError("got a ticket whose time has passed")


@dataclass(frozen=True, slots=True)
class Shown:
    """A ticket as it comes back: its two parameters, and the time of its showing."""

    until: int
    proof: str
    now: datetime
