"""JSON below `/api/v1/vault`: tickets, operations, documents.

Routes (bodies and answers: the models below; the table of `storage/DESIGN.md` tells errors):

- `POST /uploads` announces an object and gives where to PUT it · `POST /ops` brings the next
  operation with its header and metadata · `GET /ops` the operations after a number;
- `GET /documents` the newest version of each, page by page · `GET /documents/{id}` every version,
  with header and a download address of one minute.

Objects themselves go to the address of their ticket: the store's own, or `vault.web.api_objects`.
"""

import secrets
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field, model_validator

from storage.blobs.port import Announced, BlobId
from storage.database import reading, transaction
from vault.format.canonical import from_base64url
from vault.format.receipt import Receipt
from vault.service import accounts, documents, uploads
from vault.service.documents import (
    Change,
    Describe,
    DocumentId,
    Operation,
    Put,
    Remove,
    Step,
    VersionView,
)
from vault.service.uploads import Announcement
from vault.web.api_account import Answer, Body, Bytes, Bytes32, Bytes64, Id
from vault.web.problems import RESPONSES
from vault.web.session import Actor, Here, Signed, Site

router: Final = APIRouter(prefix="/api/v1/vault", responses=RESPONSES)
_PAGE: Final = 200
_Limit = Annotated[int, Query(ge=1, le=_PAGE)]
_Count = Annotated[int, Field(ge=1, le=2**53 - 1)]


class Announce(Body):
    """What a device says of an object before sending it."""

    blob_id: Id
    size: Annotated[int, Field(ge=0, le=2**41)]
    sha256: Bytes32
    fkc: Bytes32


class Ticket(Answer):
    """Where to PUT the object, with exactly these headers; `url` may be relative to the server."""

    url: str
    headers: dict[str, str]
    expires_in: int


class PutVersion(Body):
    """A new document or version."""

    document: Id
    version: _Count
    blob_id: Id
    header: Bytes
    metadata: Bytes


class DescribeVersion(Body):
    """New metadata of a version."""

    document: Id
    version: _Count
    metadata: Bytes


class RemoveDocument(Body):
    """The end of a document."""

    document: Id


class OperationMembers(Body):
    """One operation of the index."""

    n: _Count
    content: Bytes
    head: Bytes32
    signature: Bytes64


class NextOperation(OperationMembers):
    """An operation and at most one change that goes with it."""

    put: PutVersion | None = None
    describe: DescribeVersion | None = None
    remove: RemoveDocument | None = None

    @model_validator(mode="after")
    def _at_most_one(self) -> "NextOperation":
        if sum(each is not None for each in (self.put, self.describe, self.remove)) > 1:
            raise ValueError("several changes in one operation")
        return self


class Accepted(Answer):
    """The index's new end; a receipt (JWS) when the operation put an object."""

    n: int
    head: Bytes32
    receipt: str | None = None


class Operations(Answer):
    """Operations after a number, in order, and the index's end."""

    n: int
    head: Bytes32
    operations: list[OperationMembers]


class VersionAnswer(Answer):
    """What the server holds of a version, without its header."""

    document: Id
    version: int
    blob_id: Id
    size: int
    sha256: Bytes32
    fkc: Bytes32
    metadata: Bytes
    created_at: datetime


class Documents(Answer):
    """One page; `after` is what to ask next with, absent on the last page."""

    documents: list[VersionAnswer]
    after: str | None = None


class Download(Answer):
    """Where to GET an object."""

    url: str
    expires_in: int


class WholeVersion(VersionAnswer):
    """A version with the owner's header and where its object is."""

    header: Bytes
    download: Download


class WholeDocument(Answer):
    """Every version of a document, oldest first."""

    versions: list[WholeVersion]


@router.post("/uploads")
def announce(body: Announce, who: Signed, here: Here) -> Ticket:
    """Reserve an object's name; the same announcement again gives a new ticket."""
    now = here.clock()
    asked = Announcement(BlobId(body.blob_id), Announced(body.size, body.sha256), body.fkc)
    with transaction(here.engine) as session:
        uploads.announce(session, who.account, asked, here.limits, now)
    given = uploads.ticket(asked, here.store, now)
    return Ticket(url=given.url, headers=dict(given.headers), expires_in=given.expires_in)


@router.post("/ops", status_code=201, response_model_exclude_none=True)
def accept(body: NextOperation, who: Signed, here: Here) -> Accepted:
    """Take the next operation; 409 with `n` and `head` when another came first."""
    now = here.clock()
    operation = Operation(body.n, body.content, body.head, body.signature)
    step = Step(operation, _change(body))
    with transaction(here.engine) as session:
        record = documents.accept(session, who.account, step, here.store, now)
    if isinstance(step.change, Remove):
        with transaction(here.engine) as session:
            uploads.bury(session, here.store, now)
    receipt = _receipt(here, who, step, record) if record else None
    return Accepted(n=body.n, head=body.head, receipt=receipt)


@router.get("/ops")
def operations(
    who: Signed, here: Here, after: Annotated[int, Query(ge=0)] = 0, limit: _Limit = _PAGE
) -> Operations:
    """Give the operations after a number."""
    with reading(here.engine) as session:
        view = accounts.view(session, who.account)
        found = documents.operations(session, who.account, after, limit)
    members = [
        OperationMembers(n=each.n, content=each.content, head=each.head, signature=each.signature)
        for each in found
    ]
    return Operations(n=view.head_n, head=view.head, operations=members)


@router.get("/documents", response_model_exclude_none=True)
def list_documents(
    who: Signed, here: Here, after: Annotated[str, Query(max_length=22)] = "", limit: _Limit = _PAGE
) -> Documents:
    """Give a page of documents, by identifier."""
    with reading(here.engine) as session:
        found = documents.page(session, who.account, after, limit)
    answers = [VersionAnswer(**_members(each)) for each in found]
    return Documents(documents=answers, after=found[-1].document if len(found) == limit else None)


@router.get("/documents/{document}")
def get_document(document: Id, who: Signed, here: Here) -> WholeDocument:
    """Give a document; another's identifier is answered as one that does not exist."""
    now = here.clock()
    with reading(here.engine) as session:
        found = documents.versions(session, who.account, DocumentId(document))
    answers = []
    for each in found:
        link = here.store.download_ticket(each.blob_id, now)
        download = Download(url=link.url, expires_in=link.expires_in)
        answers.append(WholeVersion(**_members(each), header=each.header, download=download))
    return WholeDocument(versions=answers)


def _change(body: NextOperation) -> Change:
    if body.put is not None:
        put = body.put
        return Put(
            DocumentId(put.document), put.version, BlobId(put.blob_id), put.header, put.metadata
        )
    if body.describe is not None:
        new = body.describe
        return Describe(DocumentId(new.document), new.version, new.metadata)
    return Remove(DocumentId(body.remove.document)) if body.remove is not None else None


def _receipt(here: Site, who: Actor, step: Step, record: Announced) -> str | None:
    put = step.change
    if not isinstance(put, Put):
        return None
    return Receipt(
        jti=secrets.token_bytes(16),
        iss=here.address,
        at=here.clock(),
        account=from_base64url(who.account),
        document=from_base64url(put.document),
        version=put.version,
        blob_id=from_base64url(put.blob_id),
        size=record.size,
        sha256=record.sha256,
        n=step.operation.n,
        head=step.operation.head,
    ).issue(here.signer)


def _members(view: VersionView) -> dict[str, object]:
    return {
        "document": view.document,
        "version": view.version,
        "blob_id": view.blob_id,
        "size": view.content.size,
        "sha256": view.content.sha256,
        "fkc": view.fkc,
        "metadata": view.metadata,
        "created_at": view.created_at,
    }
