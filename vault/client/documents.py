"""Documents of an open safe: put, list, get, remove.

Rules kept here (the numbers are those of `vault/DESIGN.md`, "Store" and "Read"):

- what exists is what the signed index lists, with its sizes and digests; of the server come the
  bytes, and each is compared before it is used. What the server lists beside it does not exist;
- a document is encrypted into a private file without a name, then sent with its exact length and
  SHA-256; it is listed once its operation was accepted, so a failed `put` leaves nothing listed;
- an object is fetched whole into such a file, its length and SHA-256 compared, before a byte of it
  is decrypted: memory does not grow with the document;
- what the index lists and the server does not show is an error, never an absence.
"""

import hashlib
import hmac
import mimetypes
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, ClassVar, Final

from vault.client.answers import Answer, AnswerError
from vault.client.http import RefusedError
from vault.client.private_files import nameless
from vault.client.safe import Accepted, Change, Safe, commit
from vault.crypto import document, metadata
from vault.crypto.age.stream import Sink, Source
from vault.crypto.document import CiphertextDigestError, EncryptedDocument, ExpectedDocument
from vault.crypto.index import Act, Index, Put, Remove, StoredObject
from vault.crypto.metadata import Metadata, VersionName
from vault.errors import VaultError
from vault.format.canonical import CanonicalError, from_base64url, to_base64url

ADDED: Final = "added"
_ID: Final = 16
_PAGE: Final = 200
_ROWS_LIMIT: Final = 100_000
_UNKNOWN_KIND: Final = "application/octet-stream"


class NoDocumentError(VaultError):
    """The safe has no such document or version."""

    code: ClassVar[str] = "document.not-found"


class WithheldError(VaultError):
    """The index lists something that the server does not show, or shows under another name."""

    code: ClassVar[str] = "document.withheld"


class IncompleteError(VaultError):
    """Some documents could not be shown: `parts` has each identifier and the error's code."""

    code: ClassVar[str] = "document.incomplete"

    def __init__(self, faults: Mapping[str, VaultError]) -> None:
        """Keep what is wrong with each document."""
        super().__init__(f"got {len(faults)} documents with a fault", count=len(faults))
        self.parts = tuple((name, fault.code) for name, fault in faults.items())


@dataclass(frozen=True, slots=True)
class Content:
    """A content to be stored: its name, length in bytes, and where it is read."""

    name: str
    length: int
    source: Source


@dataclass(frozen=True, slots=True)
class Label:
    """What the person says of a document; an empty title is the name."""

    title: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A version of a document, opened for its owner; `id` in base64url."""

    put: Put
    metadata: Metadata

    @property
    def id(self) -> str:
        """The document's identifier, as text."""
        return to_base64url(self.put.doc)


def put(
    safe: Safe, content: Content, label: Label, now: datetime, identifier: str | None = None
) -> tuple[Listed, Accepted]:
    """Store a content as a new document, or as the next version of one.

    Raises NoDocumentError, SourceLengthError, and what the server or the index does.
    """
    doc = new_identifier() if identifier is None else _living(safe.index, identifier)
    with nameless(safe.home.folder) as payload:
        recipient = safe.keys.seeds.pq.recipient()
        made = document.encrypt_document(
            content.name, content.length, content.source, payload, recipient
        )
        _upload(safe, made.stored, payload)
    told = Metadata(
        title=label.title or made.name,
        name=made.name,
        type=label.type,
        kind=mimetypes.guess_type(made.name)[0] or _UNKNOWN_KIND,
        size=made.length,
        content_sha256=made.content_sha256,
        dates={ADDED: now.astimezone(UTC).isoformat(timespec="seconds")},
    )

    def make(index: Index) -> tuple[Act, Change]:
        last = len(index.documents[_living(index, identifier)]) if identifier else 0
        return _put_version(safe, (doc, last + 1), made, told)

    accepted = commit(safe, make, now)
    if not isinstance(accepted.act, Put):
        raise TypeError("an operation of another kind was accepted")
    return Listed(accepted.act, told), accepted


def listing(safe: Safe) -> tuple[list[Listed], dict[str, VaultError]]:
    """Give the newest version of each document, the oldest document first, and what is wrong."""
    rows = {each.text("document", 64): each for each in pages(safe)}
    found: list[Listed] = []
    faults: dict[str, VaultError] = {}
    for doc, versions in safe.index.documents.items():
        if not versions:
            continue
        try:
            found.append(open_row(safe, versions[-1], rows.get(to_base64url(doc))))
        except VaultError as fault:
            faults[to_base64url(doc)] = fault
    return found, faults


@dataclass(frozen=True, slots=True)
class Found:
    """A version and all that its content is opened with."""

    listed: Listed
    header: bytes
    link: Answer


def find(safe: Safe, identifier: str, version: int | None = None) -> Found:
    """Find a version of a document, the newest by default.

    Raises NoDocumentError for what the index does not list, WithheldError for what it lists and the
    server does not show.
    """
    versions = safe.index.documents[_living(safe.index, identifier)]
    number = len(versions) if version is None else version
    if not 1 <= number <= len(versions):
        raise NoDocumentError(f"got version {number} of {len(versions)}")
    return find_version(safe, versions[number - 1])


def find_version(safe: Safe, put: Put) -> Found:
    """Find what the server holds of a version that the index lists."""
    try:
        shown = safe.http.get(f"vault/documents/{to_base64url(put.doc)}").objects("versions")
    except RefusedError as refused:
        if refused.reported != NoDocumentError.code:
            raise
        raise WithheldError("got no document that the index lists") from refused
    rows = [row for row in shown if row.integer("version") == put.version]
    if len(rows) != 1:
        raise WithheldError(f"got {len(rows)} rows of a version that the index lists")
    [row] = rows
    return Found(open_row(safe, put, row), row.bytes("header"), row.object("download"))


def fetch(safe: Safe, found: Found, sink: Sink) -> None:
    """Write a document's content; the normal return proves it whole and as the index says.

    Raises CiphertextDigestError and the errors of `decrypt_document`; then nothing was written, or
    what was is taken back.
    """
    put, told = found.listed.put, found.listed.metadata
    expected = ExpectedDocument(put.stored, put.header, told.name, told.content_sha256)
    with nameless(safe.home.folder) as payload:
        fetch_object(safe, put.stored, found.link, payload)
        identities = [safe.keys.seeds.pq]
        document.decrypt_document(expected, found.header, identities, payload, sink)


def fetch_object(safe: Safe, stored: StoredObject, link: Answer, into: BinaryIO) -> None:
    """Fetch an object into a file, read from its start; raise CiphertextDigestError."""
    digest, size = hashlib.sha256(), 0
    try:
        with safe.http.download(link) as pieces:
            for piece in pieces:
                size += len(piece)
                if size > stored.size:
                    raise CiphertextDigestError(f"got an object of more than {stored.size} bytes")
                digest.update(piece)
                into.write(piece)
    except RefusedError as refused:
        if refused.reported != "blob.not-found":
            raise
        raise WithheldError("got no object that the index lists") from refused
    if size != stored.size or not hmac.compare_digest(digest.digest(), stored.sha256):
        raise CiphertextDigestError("got another object than the one that is named")
    into.seek(0)


def remove(safe: Safe, identifier: str, now: datetime) -> bytes:
    """Remove a document with all its versions; give its identifier. Raises NoDocumentError."""

    def make(index: Index) -> tuple[Act, Change]:
        doc = _living(index, identifier)
        return Remove(doc), {"remove": {"document": to_base64url(doc)}}

    accepted = commit(safe, make, now)
    if not isinstance(accepted.act, Remove):
        raise TypeError("an operation of another kind was accepted")
    return accepted.act.doc


def open_row(safe: Safe, put: Put, row: Answer | None) -> Listed:
    """Open the metadata of a version; raise WithheldError or MetadataError."""
    if row is None or row.integer("version") != put.version:
        raise WithheldError("got no version that the index lists")
    name = VersionName(safe.account, put.doc, put.version)
    wrapped = row.bytes("metadata")
    return Listed(put, metadata.decrypt_metadata(safe.keys.metadata, name, wrapped, put.metadata))


def pages(safe: Safe) -> Iterator[Answer]:
    """Give the server's rows, one for each document that it has."""
    after, count = "", 0
    while True:
        page = safe.http.get("vault/documents", after=after, limit=_PAGE)
        rows = page.objects("documents")
        yield from rows
        count += len(rows)
        if not page.has("after"):
            return
        before, after = after, page.text("after", 64)
        if not rows or after == before or count > _ROWS_LIMIT:
            raise AnswerError("got a list of documents without end")


def new_identifier() -> bytes:
    """Draw a document's identifier; its text never begins as an option of a command would."""
    drawn = secrets.token_bytes(_ID)
    while to_base64url(drawn).startswith("-"):
        drawn = secrets.token_bytes(_ID)
    return drawn


def _upload(safe: Safe, stored: StoredObject, payload: BinaryIO) -> None:
    announced = {
        "blob_id": to_base64url(stored.blob_id),
        "size": stored.size,
        "sha256": to_base64url(stored.sha256),
        "fkc": to_base64url(stored.fkc),
    }
    ticket = safe.http.post("vault/uploads", announced, again=True)
    safe.http.upload(ticket, payload, stored.size)


def _put_version(
    safe: Safe, name: tuple[bytes, int], made: EncryptedDocument, told: Metadata
) -> tuple[Act, Change]:
    doc, version = name
    bound = VersionName(safe.account, doc, version)
    wrapped = metadata.encrypt_metadata(safe.keys.metadata, bound, told)
    stored = made.stored
    act = Put(
        doc, version, stored.blob_id, stored.size, stored.sha256, stored.fkc,
        hashlib.sha256(made.header).digest(), hashlib.sha256(wrapped).digest(),
    )  # fmt: skip
    change = {
        "document": to_base64url(doc),
        "version": version,
        "blob_id": to_base64url(stored.blob_id),
        "header": to_base64url(made.header),
        "metadata": to_base64url(wrapped),
    }
    return act, {"put": change}


def _living(index: Index, identifier: str) -> bytes:
    try:
        doc = from_base64url(identifier, _ID)
    except CanonicalError as error:
        raise NoDocumentError("got an identifier of another form") from error
    if not index.documents.get(doc):
        raise NoDocumentError("got a document that the index does not list")
    return doc
