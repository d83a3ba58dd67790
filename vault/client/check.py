"""Integrity of a whole safe: what the index lists is there, is the right thing, and opens.

Rules kept here:

- for each version of each document: the server shows it, its metadata open, its header is the one
  named and opens to the file key that the object is committed to, its object has the length and
  SHA-256 that the index names. Objects are read whole; contents are not decrypted to the disk;
- what the server lists and the index does not is told too: it does not exist for its owner, and
  somebody put it there, or an operation was lost;
- one fault does not hide the others: each is told with its document.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from vault.client import documents
from vault.client.answers import Answer
from vault.client.private_files import nameless
from vault.client.safe import Safe
from vault.crypto.age import detached
from vault.crypto.age.detached import HYBRID_ONLY
from vault.crypto.document import HeaderDigestError
from vault.crypto.index import Put
from vault.crypto.keys import FileKey
from vault.errors import VaultError
from vault.format.canonical import to_base64url
from vault.format.header import Header


class UnlistedError(VaultError):
    """The server lists something that the owner's index does not."""

    code: ClassVar[str] = "document.unlisted"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one version; `fault` is None when all is well."""

    id: str
    version: int
    size: int
    fault: VaultError | None


def check(safe: Safe) -> Iterator[Finding]:
    """Check every version that the index lists, then what the server lists beside it."""
    for versions in list(safe.index.documents.values()):
        for put in versions:
            yield Finding(to_base64url(put.doc), put.version, put.size, _fault(safe, put))
    for row in documents.pages(safe):
        if (fault := _unlisted(safe, row)) is not None:
            yield Finding(row.text("document", 64), row.integer("version"), 0, fault)


def open_header(safe: Safe, put: Put, header: bytes) -> FileKey:
    """Open the owner's header of a version.

    Raises HeaderDigestError, the errors of `detached.open_header`, CommitmentError.
    """
    if not hmac.compare_digest(hashlib.sha256(header).digest(), put.header):
        raise HeaderDigestError("got another header than the one that is named")
    file_key = detached.open_header(Header.parse(header), [safe.keys.seeds.pq], HYBRID_ONLY)
    detached.check_commitment(file_key, put.blob_id, put.fkc)
    return file_key


def _fault(safe: Safe, put: Put) -> VaultError | None:
    try:
        found = documents.find_version(safe, put)
        open_header(safe, put, found.header)
        with nameless(safe.home.folder) as payload:
            documents.fetch_object(safe, put.stored, found.link, payload)
    except VaultError as fault:
        if fault.retryable:
            raise
        return fault
    return None


def _unlisted(safe: Safe, row: Answer) -> UnlistedError | None:
    versions = safe.index.documents.get(row.bytes("document"), [])
    number, blob_id = row.integer("version"), row.bytes("blob_id")
    if any((put.version, put.blob_id) == (number, blob_id) for put in versions):
        return None
    return UnlistedError("got a version that the index does not list")
