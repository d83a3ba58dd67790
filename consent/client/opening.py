"""A package opened under its request and grant: what the service checks, in one order.

Rules kept here (`consent/DESIGN.md` tells the same numbers); the first failure stops, and its code
is the `reject_code` of the receipt:

- 1. the grant: signature, pinned key, the service's own request, time;
- 2. the package: size and digest, then one post-quantum stanza that opens;
- 3. the manifest: digest, five names, members, what was asked, the screen;
- 4. each document: digest of the header; size and digest of the ciphertext *before* decrypting;
  commitment to the file key; the whole payload; name and digest of the content.

The vault is not believed for any of it. What the documents prove is the verifier's business.
"""

import hashlib
import hmac
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final

from consent.client import package
from consent.errors import ConsentError
from consent.messages import chain, grant, manifest, screen
from consent.messages.grant import Grant, GrantInvalidError, StoredItem
from consent.messages.manifest import Item, Manifest, ManifestForeignError
from consent.messages.request import CLOCK_AHEAD, Request
from consent.messages.screen import Screen
from consent.states import GrantExpiredError
from vault.crypto.age.detached import CommitmentError
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.crypto.age.stream import Sink
from vault.crypto.document import ContentDigestError, ExpectedDocument, decrypt_document
from vault.crypto.index import StoredObject
from vault.errors import VaultError
from vault.format.canonical import from_base64url, to_base64url
from vault.format.signed_message import MessageError

_ID: Final = 16
_PIECE: Final = 1 << 20


class PackageDigestError(ConsentError):
    """The package is not the one that the person signed."""

    code: ClassVar[str] = "package-digest"


class ManifestDigestError(ConsentError):
    """The manifest is not the one that the person signed."""

    code: ClassVar[str] = "manifest-digest"


class HeaderForeignError(ConsentError):
    """The header of a document is not the one that the person signed."""

    code: ClassVar[str] = "header-digest"


class CiphertextForeignError(ConsentError):
    """The object of a document is not the one that the person signed."""

    code: ClassVar[str] = "ciphertext-digest"


class FileKeyForeignError(ConsentError):
    """The header opens to another file key than the one that the object was committed to."""

    code: ClassVar[str] = "file-key-commitment"


class DocumentUnreadableError(ConsentError):
    """The document does not open, or is not encoded as documents are."""

    code: ClassVar[str] = "document-unreadable"


class ContentForeignError(ConsentError):
    """The document's name or content is not the one that the person handed over."""

    code: ClassVar[str] = "content-digest"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who opens: its own request, its identities, the person's pinned key (None: not yet)."""

    request: Request
    identities: Sequence[HybridIdentity]
    pinned: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class OpenedPackage:
    """A proved package: the grant, what it holds, what the person saw, the members' bytes."""

    grant: Grant
    manifest: Manifest
    screen: Screen
    members: Mapping[str, bytes] = field(repr=False)

    def stored(self, item: Item) -> StoredItem:
        """Give the object of an item; raise ManifestForeignError when it names none."""
        for each in self.grant.stored:
            if each.blob_id == item.stored:
                return each
        raise ManifestForeignError("got an item without a stored object")


def open_package(reader: Reader, token: str, packed: bytes) -> OpenedPackage:
    """Open and check what came; steps 1 to 3. Raises the errors named by their codes."""
    given = open_grant(reader, token)
    if len(packed) != given.package.size or chain.digest_of(packed) != given.package.sha256:
        raise PackageDigestError("got another package than the one that was signed")
    members = package.open_members(packed, reader.identities)
    listing = members.pop(manifest.NAME)
    if chain.digest_of(listing) != given.manifest:
        raise ManifestDigestError("got another manifest than the one that was signed")
    try:
        held = Manifest.parse(listing)
    except (ConsentError, MessageError) as error:
        raise ManifestForeignError(f"{error}") from error
    held.check_binding(given)
    held.check_members(members)
    held.check_asked(reader.request)
    shown = Screen.parse(members[screen.NAME])
    shown.check(reader.request, [(each.req, each.sha256) for each in held.items])
    return OpenedPackage(given, held, shown, members)


def open_grant(reader: Reader, token: str) -> Grant:
    """Check a grant; step 1. Raises GrantInvalidError or GrantExpiredError."""
    try:
        given = Grant.verify(token)
    except (ConsentError, MessageError) as error:
        raise GrantInvalidError(f"{error}") from error
    grant.check_request(given, reader.request)
    if reader.pinned not in {None, given.key.thumbprint}:
        raise GrantInvalidError("got a grant by another key than this person's")
    if given.issued_at > reader.now + CLOCK_AHEAD:
        raise GrantInvalidError("got a grant of the future")
    if reader.now >= given.expires_at:
        raise GrantExpiredError("got a grant whose end has passed", state="ready")
    return given


def open_document(
    opened: OpenedPackage, item: Item, header: bytes, payload: io.BufferedIOBase, keys: "Opener"
) -> None:
    """Write the content of one document; step 4. `payload` is read twice.

    Raises the errors named by their codes; what was written is then taken back.
    """
    named = opened.stored(item)
    if chain.digest_of(header) != named.header:
        raise HeaderForeignError("got another header than the one that was signed")
    check_ciphertext(named, payload)
    stored = StoredObject(
        from_base64url(named.blob_id, _ID),
        named.size,
        from_base64url(named.sha256),
        from_base64url(named.fkc),
    )
    expected = ExpectedDocument(
        stored, hashlib.sha256(header).digest(), item.name or "", from_base64url(item.sha256)
    )
    try:
        decrypt_document(expected, header, keys.identities, payload, keys.sink)
    except CommitmentError as error:
        raise FileKeyForeignError(f"{error}") from error
    except ContentDigestError as error:
        raise ContentForeignError(f"{error}") from error
    except VaultError as error:
        raise DocumentUnreadableError(f"{error}") from error


@dataclass(frozen=True, slots=True)
class Opener:
    """What opens a document, and where its content goes."""

    identities: Sequence[HybridIdentity]
    sink: Sink


def check_ciphertext(named: StoredItem, payload: io.BufferedIOBase) -> None:
    """Raise CiphertextForeignError unless these are the bytes that the grant names; rewind."""
    digest, length = hashlib.sha256(), 0
    payload.seek(0)
    while length <= named.size and (piece := payload.read(_PIECE)):
        digest.update(piece)
        length += len(piece)
    payload.seek(0)
    same = hmac.compare_digest(to_base64url(digest.digest()), named.sha256)
    if length != named.size or not same:
        raise CiphertextForeignError("got another object than the one that was signed")
