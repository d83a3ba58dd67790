"""An object's way in: announced, sent straight to the store, confirmed, or swept.

Rules kept here:

- the device draws the object's name and announces size, SHA-256 and the commitment to the file
  key (fkc), which no later share can change; a name ever used is refused, the rows stay for ever;
- only lengths that a padded document can have are taken;
- the same announcement again, before the object is used, gives a new ticket: an answer was lost;
- an object exists for us once the store says so with the announced size (`confirm`, in the
  transaction of the operation that names it);
- one that no operation names within 24 hours is marked dead, under the lock that `confirm` takes,
  then deleted: an object that an operation names is never deleted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from storage import journal
from storage.blobs.port import Announced, BlobId, BlobNotFoundError, BlobStore, UploadTicket
from storage.journal import Entry, Event
from storage.tables.documents import Upload
from vault.errors import VaultError
from vault.format import sizes
from vault.service.sign_in import AccountId

ORPHAN_AGE: Final = timedelta(hours=24)
FKC_LENGTH: Final = 32
_SWEPT_AT_ONCE: Final = 100


class State(StrEnum):
    """Where an object stands."""

    RESERVED = "reserved"
    USED = "used"
    DEAD = "dead"
    GONE = "gone"


class UploadNotFoundError(VaultError):
    """No object of this account is awaited under this name."""

    code: ClassVar[str] = "upload.not-found"


class UploadNameUsedError(VaultError):
    """An object of this name was announced before: names are used once."""

    code: ClassVar[str] = "upload.name-used"


class UploadMissingError(VaultError):
    """The object was announced and has not come, or not whole."""

    code: ClassVar[str] = "upload.missing"


class UploadTooLargeError(VaultError):
    """The object is larger than this safe takes. Details: `limit`, in MiB."""

    code: ClassVar[str] = "upload.too-large"


class QuotaError(VaultError):
    """The safe holds as many objects as it may. Details: `limit`."""

    code: ClassVar[str] = "upload.quota"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a safe takes: bytes of one object, objects of one account."""

    object_bytes: int = 512 << 20
    objects: int = 10_000


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a device says of an object before sending it."""

    blob_id: BlobId
    content: Announced
    fkc: bytes


def announce(
    session: Session, account: AccountId, asked: Announcement, limits: Limits, now: datetime
) -> None:
    """Reserve a name and its quota.

    Raises UploadTooLargeError, SizeError, QuotaError, UploadNameUsedError.
    """
    if asked.content.size > limits.object_bytes:
        limit = limits.object_bytes >> 20
        raise UploadTooLargeError(f"got {asked.content.size} bytes", limit=limit)
    sizes.check_object_length(asked.content.size)
    row = session.get(Upload, asked.blob_id)
    if row is not None:
        if (row.account, row.state) != (account, State.RESERVED) or _announcement(row) != asked:
            raise UploadNameUsedError("got a name that was used before")
        return
    living = col(Upload.state).in_([State.RESERVED, State.USED])
    count = select(func.count()).select_from(Upload).where(Upload.account == account, living)
    if session.exec(count).one() >= limits.objects:
        raise QuotaError(f"got one more than {limits.objects} objects", limit=limits.objects)
    session.add(
        Upload(
            blob_id=asked.blob_id,
            account=account,
            size=asked.content.size,
            sha256=asked.content.sha256,
            fkc=asked.fkc,
            state=State.RESERVED,
            created_at=now,
        )
    )
    try:
        session.flush()
    except IntegrityError as error:
        raise UploadNameUsedError("got a name that was used before") from error


def ticket(asked: Announcement, store: BlobStore, now: datetime) -> UploadTicket:
    """Give the address where the announced object goes."""
    return store.upload_ticket(asked.blob_id, asked.content, now)


def awaited(session: Session, blob_id: BlobId) -> Announced:
    """Give what was announced under a name still awaited; raise UploadNotFoundError."""
    row = session.get(Upload, blob_id)
    if row is None or row.state != State.RESERVED:
        raise UploadNotFoundError("got a name that is not awaited")
    return Announced(row.size, row.sha256)


def confirm(session: Session, account: AccountId, blob_id: BlobId, store: BlobStore) -> Announced:
    """Bind an object to the operation of this transaction.

    Raises UploadNotFoundError when this account awaits no such object, UploadMissingError when the
    store has not got it whole.
    """
    row = session.get(Upload, blob_id, with_for_update=True)
    if row is None or row.account != account or row.state != State.RESERVED:
        raise UploadNotFoundError("got a name that is not awaited")
    try:
        size = store.head(blob_id)
    except BlobNotFoundError as error:
        raise UploadMissingError("got the name of an object that has not come") from error
    if size != row.size:
        raise UploadMissingError(f"got an object of {size} bytes, expected {row.size}")
    row.state = State.USED
    session.add(row)
    return Announced(row.size, row.sha256)


def condemn(session: Session, blob_id: str) -> None:
    """Mark an object for deletion: nothing serves it from this transaction on."""
    row = session.get_one(Upload, blob_id, with_for_update=True)
    row.state = State.DEAD
    session.add(row)


def condemn_orphans(session: Session, now: datetime) -> int:
    """Mark objects that no operation named in time; give how many."""
    old = col(Upload.created_at) < now - ORPHAN_AGE
    query = select(Upload).where(Upload.state == State.RESERVED, old).with_for_update()
    rows = session.exec(query).all()
    for row in rows:
        row.state = State.DEAD
        session.add(row)
    return len(rows)


def bury(session: Session, store: BlobStore, now: datetime) -> int:
    """Delete condemned objects from the store, a hundred at most; give how many."""
    query = select(Upload).where(Upload.state == State.DEAD).limit(_SWEPT_AT_ONCE)
    rows = session.exec(query.with_for_update(skip_locked=True)).all()
    for row in rows:
        store.delete(BlobId(row.blob_id))
        row.state = State.GONE
        session.add(row)
        journal.append(session, Entry(Event.OBJECT_DESTROYED, now, row.account, row.blob_id))
    return len(rows)


def _announcement(row: Upload) -> Announcement:
    return Announcement(BlobId(row.blob_id), Announced(row.size, row.sha256), row.fkc)
