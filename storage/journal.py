"""The audit journal: rows chained by digest, written in the caller's transaction.

Rules kept here:

- a row exists if and only if the act that it tells was committed: same transaction;
- events come from one closed list, `Event`; a row names an account and one subject by their
  opaque identifiers and holds no content, name, login or address;
- digest n = SHA-256("coffre/journal/v1" ‖ 0x00 ‖ digest n-1 ‖ canonical JSON of the row), digest 0
  is 32 zero bytes: a changed, inserted or missing row breaks every digest after it;
- cutting the tail is noticed by comparing `Tail` with one kept elsewhere.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlmodel import Session, col, select

from storage.errors import CoffreError
from storage.tables.journal import JournalRow, JournalTail

_LABEL = b"coffre/journal/v1"
_START = bytes(32)


class Event(StrEnum):
    """Everything that the journal can tell."""

    ACCOUNT_OPENED = "account.opened"
    SESSION_OPENED = "session.opened"
    SESSION_CLOSED = "session.closed"
    DOCUMENT_PUT = "document.put"
    DOCUMENT_DESCRIBED = "document.described"
    DOCUMENT_REMOVED = "document.removed"
    INDEX_CHANGED = "index.changed"
    OBJECT_DESTROYED = "object.destroyed"
    SHARE_ADDED = "share.added"
    SHARE_SERVED = "share.served"
    SHARE_WITHDRAWN = "share.withdrawn"
    REGISTRATION_SIGNED = "registration.signed"
    REGISTRATION_STRUCK_OFF = "registration.struck-off"
    REQUEST_PUSHED = "request.pushed"
    REQUEST_DECLINED = "request.declined"
    REQUEST_CANCELLED = "request.cancelled"
    GRANT_ACCEPTED = "grant.accepted"
    GRANT_COLLECTED = "grant.collected"
    GRANT_RECEIPTED = "grant.receipted"
    GRANT_WITHDRAWN = "grant.withdrawn"
    GRANT_LAPSED = "grant.lapsed"
    SEAL_REVOKED = "seal.revoked"
    SEAL_SUPERSEDED = "seal.superseded"
    SEAL_REGISTER_ADVANCED = "seal-register.advanced"
    API_KEY_ADDED = "api-key.added"
    API_KEY_ENDED = "api-key.ended"
    SEAL_COMMISSIONED = "seal.commissioned"
    SEAL_ERASED = "seal.erased"


class JournalBrokenError(CoffreError):
    """The chain of the journal does not hold. Details: `n`, the first row that does not fit."""

    code: ClassVar[str] = "journal.broken"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a caller tells: the event, its time, the account and the subject it concerns."""

    event: Event
    at: datetime
    account: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of the chain: how many rows, and the digest of the last."""

    n: int
    digest: bytes


def append(session: Session, entry: Entry) -> Tail:
    """Add one row in the caller's transaction; give the new end of the chain."""
    kept = session.exec(select(JournalTail).with_for_update()).one()
    row = JournalRow(
        n=kept.n + 1,
        at=entry.at,
        event=entry.event,
        account=entry.account,
        subject=entry.subject,
        previous=kept.digest,
        digest=_START,
    )
    row.digest = _digest(row)
    kept.n, kept.digest = row.n, row.digest
    session.add(row)
    session.add(kept)
    return Tail(row.n, row.digest)


def check(session: Session) -> Tail:
    """Recompute the whole chain; give its end, or raise JournalBrokenError."""
    tail = Tail(0, _START)
    for row in session.exec(select(JournalRow).order_by(col(JournalRow.n))):
        if row.n != tail.n + 1 or row.previous != tail.digest or row.digest != _digest(row):
            raise JournalBrokenError(f"row {tail.n + 1} does not fit", n=tail.n + 1)
        tail = Tail(row.n, row.digest)
    kept = session.exec(select(JournalTail)).one()
    if Tail(kept.n, kept.digest) != tail:
        raise JournalBrokenError(f"got {tail.n} rows, expected {kept.n}", n=tail.n + 1)
    return tail


def _digest(row: JournalRow) -> bytes:
    told = {
        "n": row.n,
        "at": row.at.isoformat(timespec="microseconds"),
        "event": str(row.event),
        "account": row.account,
        "subject": row.subject,
    }
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(_LABEL + b"\0" + row.previous + text.encode()).digest()
