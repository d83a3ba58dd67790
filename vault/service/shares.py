"""The header that opens one object to one grantee: added, served while it lives, withdrawn.

Rules kept here:

- a header served by the safe has one stanza, `mlkem768x25519`, of the one right size: a classic
  one anywhere would void the post-quantum protection of the document;
- a share names what the person signed: object, size, SHA-256 and the commitment to the file key.
  They must be those recorded at the upload: one commitment for each object, for ever;
- a share is served until its end, its withdrawal or the removal of the document; then its header
  is deleted, not merely hidden. What was read stays read.

The consent broker calls this when a grant is accepted, collected, withdrawn.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final, NewType, TypeAlias

from sqlmodel import Session, col, select

from storage import journal
from storage.blobs.port import Announced, BlobId
from storage.journal import Entry, Event
from storage.tables.documents import Share, Upload
from vault.errors import VaultError
from vault.format.canonical import to_base64url
from vault.format.header import Header, HeaderError, from_base64
from vault.service.sign_in import AccountId
from vault.service.uploads import State

ShareId = NewType("ShareId", str)
"""128 random bits in canonical base64url, drawn by the server."""

Owner: TypeAlias = AccountId
"""The account whose objects are shared, as other areas name it."""

HYBRID: Final = "mlkem768x25519"
_ENCAPSULATED: Final = 1120
_BODY: Final = 32
_SHAREABLE: Final = 600


class HeaderRefusedError(VaultError):
    """The header is not one canonical stanza of the post-quantum kind."""

    code: ClassVar[str] = "share.header"


class ShareMismatchError(VaultError):
    """The object is not this account's, or not the one that was described."""

    code: ClassVar[str] = "share.mismatch"


class ShareEndedError(VaultError):
    """There is no such share, or it has ended or been withdrawn: one error for all."""

    code: ClassVar[str] = "share.ended"


@dataclass(frozen=True, slots=True)
class Shared:
    """An object as a person shares it: what is recorded of it, and the grantee's header."""

    blob_id: BlobId
    content: Announced
    fkc: bytes
    header: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServedShare:
    """What a grantee gets: the object's record and its own header, while the share lives."""

    share: ShareId
    grantee: str
    shared: Shared
    expires_at: datetime


def require_hybrid(header: bytes) -> None:
    """Raise HeaderRefusedError unless a header is one canonical post-quantum stanza."""
    try:
        stanzas = Header.parse(header).stanzas
        if len(stanzas) != 1 or stanzas[0].kind != HYBRID:
            raise HeaderRefusedError(f"got {len(stanzas)} stanzas, expected one, post-quantum")
        _, *arguments = stanzas[0].arguments
        sizes = [*(len(from_base64(text)) for text in arguments), len(stanzas[0].body)]
    except HeaderError as error:
        raise HeaderRefusedError(f"{error}") from error
    if sizes != [_ENCAPSULATED, _BODY]:
        raise HeaderRefusedError(f"got parts of {sizes} bytes")


def add(
    session: Session, account: AccountId, grantee: str, shared: Sequence[Shared], life: "Life"
) -> tuple[ShareId, ...]:
    """Open these objects to `grantee` until the end of `life`; all of them or none.

    Raises HeaderRefusedError, ShareMismatchError.
    """
    if not 0 < len(grantee) <= _SHAREABLE or life.until <= life.now:
        raise ShareMismatchError("got a grantee or an end that cannot be")
    made = []
    for each in shared:
        require_hybrid(each.header)
        upload = session.get(Upload, each.blob_id, with_for_update=True)
        if upload is None or upload.account != account or upload.state != State.USED:
            raise ShareMismatchError("got an object that this account does not have")
        if (Announced(upload.size, upload.sha256), upload.fkc) != (each.content, each.fkc):
            raise ShareMismatchError("got an object described otherwise than at its upload")
        share = ShareId(to_base64url(secrets.token_bytes(16)))
        session.add(
            Share(
                id=share,
                account=account,
                blob_id=each.blob_id,
                grantee=grantee,
                header=each.header,
                created_at=life.now,
                expires_at=life.until,
            )
        )
        journal.append(session, Entry(Event.SHARE_ADDED, life.now, account, share))
        made.append(share)
    return tuple(made)


def serve(session: Session, share: ShareId, grantee: str, now: datetime) -> ServedShare:
    """Give a live share to its grantee and write down that it was; raise ShareEndedError."""
    row = session.get(Share, share, with_for_update=True)
    if row is None or row.grantee != grantee or row.header is None or now >= row.expires_at:
        raise ShareEndedError("got a share that does not live")
    upload = session.get_one(Upload, row.blob_id)
    if upload.state != State.USED:
        raise ShareEndedError("got a share of an object that was removed")
    journal.append(session, Entry(Event.SHARE_SERVED, now, row.account, share))
    recorded = Announced(upload.size, upload.sha256)
    shared = Shared(BlobId(upload.blob_id), recorded, upload.fkc, row.header)
    return ServedShare(share, row.grantee, shared, row.expires_at)


def withdraw(session: Session, account: AccountId, share: ShareId, now: datetime) -> None:
    """End a share of this account and delete its header; ShareEndedError when there is none.

    Withdrawing again is harmless.
    """
    row = session.get(Share, share, with_for_update=True)
    if row is None or row.account != account:
        raise ShareEndedError("got a share that this account does not have")
    _end(session, row, now)


def withdraw_all(session: Session, blob_id: str, now: datetime) -> None:
    """End every share of an object: its document was removed."""
    query = select(Share).where(Share.blob_id == blob_id, col(Share.header).is_not(None))
    for row in session.exec(query.with_for_update()):
        _end(session, row, now)


def end_expired(session: Session, now: datetime) -> int:
    """Delete the headers of shares whose time has passed; give how many."""
    late = (col(Share.expires_at) <= now) & col(Share.header).is_not(None)
    rows = session.exec(select(Share).where(late).with_for_update()).all()
    for row in rows:
        _end(session, row, now)
    return len(rows)


@dataclass(frozen=True, slots=True)
class Life:
    """From when until when a share is served."""

    now: datetime
    until: datetime


def _end(session: Session, row: Share, now: datetime) -> None:
    if row.header is None:
        return
    row.header, row.withdrawn_at = None, now
    session.add(row)
    journal.append(session, Entry(Event.SHARE_WITHDRAWN, now, row.account, row.id))
