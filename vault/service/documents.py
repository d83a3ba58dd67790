"""The next operation of a person's index, and the documents that it brings, changes or removes.

Rules kept here:

- an operation comes with what it concerns (object, header, metadata) and all of it is kept in one
  transaction, or nothing: the index never names what is not there;
- (1) the account's row is locked; (2) the operation must follow the head that the server holds,
  else 409 with that head; (3) the head must be signed by the owner; (4) the change is made;
  (5) rows and journal; the receipt is signed after the commit, by the caller;
- operations and metadata are opaque: only their length is looked at (a wrap of 81 bytes around a
  multiple of 512);
- a removal deletes headers and metadata at once, withdraws shares and condemns the object; a row
  without content stays. Everything is found by account *and* identifier: another's is as missing.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final, NewType, assert_never

from sqlmodel import Session, and_, col, func, select
from sqlmodel.sql.expression import Select

from storage import journal
from storage.blobs.port import Announced, BlobId, BlobStore
from storage.journal import Entry, Event
from storage.tables.documents import Document, IndexOperation, Upload, Version
from storage.tables.people import Account
from vault.errors import VaultError
from vault.format import index_head
from vault.format.canonical import to_base64url
from vault.service import shares, uploads
from vault.service.sign_in import AccountId, account_bytes

DocumentId = NewType("DocumentId", str)
"""128 random bits in canonical base64url, drawn by the device."""

WRAP_OVERHEAD: Final = 81
PADDING: Final = 512
MAX_METADATA: Final = WRAP_OVERHEAD + 32 * PADDING
MAX_OPERATION: Final = WRAP_OVERHEAD + (8 << 20)


class IndexConflictError(VaultError):
    """The operation does not follow the head held here. Details: `n`, `head` (base64url)."""

    code: ClassVar[str] = "index.conflict"


class OpaqueLengthError(VaultError):
    """An operation or metadata has not the length of a wrap around a multiple of 512 bytes."""

    code: ClassVar[str] = "document.opaque-length"


class DocumentNotFoundError(VaultError):
    """The account has no such document or version."""

    code: ClassVar[str] = "document.not-found"


class DocumentVersionError(VaultError):
    """The version does not follow the last one, or the document was removed. Details: `last`."""

    code: ClassVar[str] = "document.version"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the index: its number, ciphertext, head (32 bytes), signature (64)."""

    n: int
    content: bytes = field(repr=False)
    head: bytes
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Put:
    """A new document, or a new version of one."""

    document: DocumentId
    version: int
    blob_id: BlobId
    header: bytes = field(repr=False)
    metadata: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Describe:
    """New metadata of a version."""

    document: DocumentId
    version: int
    metadata: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Remove:
    """The end of a document and of all its versions."""

    document: DocumentId


Change = Put | Describe | Remove | None


@dataclass(frozen=True, slots=True)
class VersionView:
    """What the server holds of one version; the device can open `header` and `metadata`."""

    document: DocumentId
    version: int
    blob_id: BlobId
    content: Announced
    fkc: bytes
    header: bytes = field(repr=False)
    metadata: bytes = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """An operation and the change that it brings; None when the server has nothing to change."""

    operation: Operation
    change: Change


def accept(
    session: Session, account: AccountId, step: Step, store: BlobStore, now: datetime
) -> Announced | None:
    """Take the next operation; give the object's record when the change is a `Put`.

    Raises IndexConflictError, HeadSignatureError, OpaqueLengthError, and what the change raises.
    """
    operation, raw = step.operation, account_bytes(account)
    _check_opaque(operation.content, MAX_OPERATION)
    row = session.get_one(Account, account, with_for_update=True)
    if (
        operation.n != row.head_n + 1
        or index_head.next_head(raw, row.head, operation.n, operation.content) != operation.head
    ):
        raise IndexConflictError(
            f"got operation {operation.n}, which does not follow {row.head_n}",
            n=row.head_n,
            head=to_base64url(row.head),
        )
    index_head.verify(row.signing_key, raw, operation.n, operation.head, operation.signature)
    record = _apply(session, account, step.change, store, now)
    row.head_n, row.head = operation.n, operation.head
    session.add(row)
    session.add(
        IndexOperation(
            account=account,
            n=operation.n,
            content=operation.content,
            head=operation.head,
            signature=operation.signature,
            received_at=now,
        )
    )
    return record


def page(session: Session, account: AccountId, after: str, limit: int) -> tuple[VersionView, ...]:
    """List the newest version of each document, by identifier, those past `after` alone."""
    newest = (
        select(Version.document, func.max(Version.number).label("number"))
        .where(Version.account == account, Version.document > after)
        .group_by(col(Version.document))
        .order_by(col(Version.document))
        .limit(limit)
        .subquery()
    )
    same = and_(Version.document == newest.c.document, Version.number == newest.c.number)
    query = _records(account).join(newest, same).order_by(col(Version.document))
    return tuple(_view(version, upload) for version, upload in session.exec(query))


def versions(session: Session, account: AccountId, document: DocumentId) -> tuple[VersionView, ...]:
    """Give every version of a document, oldest first; raise DocumentNotFoundError."""
    query = _records(account).where(Version.document == document).order_by(col(Version.number))
    found = tuple(_view(version, upload) for version, upload in session.exec(query))
    if not found:
        raise DocumentNotFoundError("got a document that this account does not have")
    return found


def operations(
    session: Session, account: AccountId, after: int, limit: int
) -> tuple[Operation, ...]:
    """Give the operations past number `after`, in order."""
    query = select(IndexOperation).where(
        IndexOperation.account == account, IndexOperation.n > after
    )
    rows = session.exec(query.order_by(col(IndexOperation.n)).limit(limit))
    return tuple(Operation(row.n, row.content, row.head, row.signature) for row in rows)


def _records(account: AccountId) -> Select[Version, Upload]:
    query = select(Version, Upload).join(Upload, col(Upload.blob_id) == Version.blob_id)
    return query.where(Version.account == account)


def _view(version: Version, upload: Upload) -> VersionView:
    return VersionView(
        document=DocumentId(version.document),
        version=version.number,
        blob_id=BlobId(version.blob_id),
        content=Announced(upload.size, upload.sha256),
        fkc=upload.fkc,
        header=version.header,
        metadata=version.described,
        created_at=version.created_at,
    )


def _apply(
    session: Session, account: AccountId, change: Change, store: BlobStore, now: datetime
) -> Announced | None:
    match change:
        case Put():
            _check_opaque(change.metadata, MAX_METADATA)
            shares.require_hybrid(change.header)
            record = uploads.confirm(session, account, change.blob_id, store)
            _add_version(session, account, change, now)
            _tell(session, Event.DOCUMENT_PUT, account, change.document, now)
            return record
        case Describe():
            _check_opaque(change.metadata, MAX_METADATA)
            version = session.get(Version, (account, change.document, change.version))
            if version is None:
                raise DocumentNotFoundError("got a version that this account does not have")
            version.described = change.metadata
            session.add(version)
            _tell(session, Event.DOCUMENT_DESCRIBED, account, change.document, now)
        case Remove():
            _remove(session, account, change.document, now)
            _tell(session, Event.DOCUMENT_REMOVED, account, change.document, now)
        case None:
            _tell(session, Event.INDEX_CHANGED, account, None, now)
        case _ as never:
            assert_never(never)
    return None


def _add_version(session: Session, account: AccountId, put: Put, now: datetime) -> None:
    document = session.get(Document, (account, put.document))
    if document is None:
        document = Document(account=account, id=put.document, created_at=now)
        session.add(document)
        session.flush()
    numbers = select(Version.number).where(
        Version.account == account, Version.document == put.document
    )
    last = max(session.exec(numbers), default=0)
    if document.removed_at is not None or put.version != last + 1:
        raise DocumentVersionError(f"got version {put.version} after {last}", last=last)
    session.add(
        Version(
            account=account,
            document=put.document,
            number=put.version,
            blob_id=put.blob_id,
            header=put.header,
            described=put.metadata,
            created_at=now,
        )
    )


def _remove(session: Session, account: AccountId, document: DocumentId, now: datetime) -> None:
    row = session.get(Document, (account, document))
    if row is None or row.removed_at is not None:
        raise DocumentNotFoundError("got a document that this account does not have")
    row.removed_at = now
    session.add(row)
    query = select(Version).where(Version.account == account, Version.document == document)
    for version in session.exec(query.order_by(col(Version.number))).all():
        shares.withdraw_all(session, version.blob_id, now)
        uploads.condemn(session, version.blob_id)
        session.delete(version)


def _tell(
    session: Session, event: Event, account: AccountId, document: DocumentId | None, now: datetime
) -> None:
    journal.append(session, Entry(event, now, account, document))


def _check_opaque(content: bytes, longest: int) -> None:
    inner = len(content) - WRAP_OVERHEAD
    if inner <= 0 or inner % PADDING or len(content) > longest:
        raise OpaqueLengthError(f"got {len(content)} bytes, expected 81 and a multiple of 512")
