"""What services ask to be sealed by the API: taken once, settled once, erased in time.

Rules kept here:

- a request is known by its service and Idempotency-Key; the same again, with the same content, is
  the same commission, whoever came first; with other content it is refused;
- where nothing was sealed for good (`refused`), the key is free for other content; where it failed
  and may be tried again (`failed`), the same content takes it up again;
- states: waiting → sealed, refused, failed or cancelled; a mailing is `sealing` between; then
  erased: its files are gone, the row stays for as long as the key is remembered;
- another service's commission is answered like one that does not exist;
- how many letters a service had sealed within a day is counted here.

Files are `storeroom`'s business; the letters themselves have their ledger (`sealing.batch`).
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final, NewType

from sqlmodel import Session, col, func, select

from sealing.errors import SealingError
from sealing.service.api_keys import ApiKey
from storage import journal
from storage.journal import Entry, Event
from storage.tables.commissions import CommissionRow

CommissionId = NewType("CommissionId", str)
"""128 random bits in base64url: it says nothing of the letter."""

DEATHS: Final = 3
_DAY: Final = timedelta(days=1)


class Kind(StrEnum):
    """What was asked for."""

    LETTER = "letter"
    MAILING = "mailing"


class State(StrEnum):
    """Where a commission stands."""

    WAITING = "waiting"
    SEALING = "sealing"
    SEALED = "sealed"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ERASED = "erased"


OPEN: Final = (State.WAITING, State.SEALING)
ENDED: Final = (State.CANCELLED, State.ERASED)


class CommissionNotFoundError(SealingError):
    """Nothing of this service has this identifier."""

    code: ClassVar[str] = "commission.not-found"


class KeyReusedError(SealingError):
    """The Idempotency-Key came before, with other content."""

    code: ClassVar[str] = "idempotency.key-reused"


class DailyLimitError(SealingError):
    """The service has had its letters of the day. Details: `limit`, `seconds`."""

    code: ClassVar[str] = "api-key.daily-limit"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came: its Idempotency-Key, a digest of all its content, what to do."""

    kind: Kind
    repeat_key: str
    fingerprint: bytes
    work_order: str
    level: str
    letters: int
    size: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a commission ended; `details` are those of its error, as the ledger writes them."""

    state: State
    seal: str | None = None
    sha256_out: bytes | None = None
    error: str | None = None
    details: str | None = None


@dataclass(frozen=True, slots=True)
class Commission:
    """A commission as it stands."""

    id: CommissionId
    service: str
    kind: Kind
    state: State
    level: str
    letters: int
    size: int
    work_order: str | None
    outcome: Outcome
    attempts: int
    created_at: datetime
    settled_at: datetime | None
    collected_at: datetime | None


def new_id() -> CommissionId:
    """Draw an identifier."""
    return CommissionId(secrets.token_urlsafe(16))


def known(session: Session, key: ApiKey, repeat_key: str, fingerprint: bytes) -> Commission | None:
    """Find what the same request began; raise KeyReusedError where its content differs.

    None: it is new, or was refused with other content, which leaves the key free.
    """
    row = _repeated(session, key, repeat_key)
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        if row.state == State.REFUSED:
            return None
        raise KeyReusedError("got other content under one key")
    return view(row)


def take(
    session: Session, key: ApiKey, identifier: CommissionId, asked: Asked, now: datetime
) -> Commission:
    """Take a request on as a new commission, or give the one that came first (another `id`).

    Raises KeyReusedError, DailyLimitError.
    """
    found = known(session, key, asked.repeat_key, asked.fingerprint)
    if found is not None:
        return found
    _require_room(session, key, asked.letters, now)
    barred = _repeated(session, key, asked.repeat_key)
    if barred is not None:
        barred.repeat_key = None
        session.add(barred)
        session.flush()
    row = CommissionRow(
        id=identifier,
        service=key.terms.service,
        kind=asked.kind,
        state=State.WAITING,
        repeat_key=_sha256(asked.repeat_key),
        fingerprint=asked.fingerprint,
        work_order=asked.work_order,
        level=asked.level,
        letters=asked.letters,
        size=asked.size,
        created_at=now,
    )
    session.add(row)
    session.flush()
    journal.append(session, Entry(Event.SEAL_COMMISSIONED, now, key.id, identifier))
    return view(row)


def take_up(session: Session, identifier: CommissionId) -> Commission:
    """Have a commission that failed tried again; any other stays as it is."""
    row = session.get_one(CommissionRow, identifier, with_for_update=True)
    if row.state == State.FAILED and row.work_order is not None:
        row.state, row.error, row.details, row.settled_at = State.WAITING, None, None, None
        row.attempts = 0
        session.add(row)
    return view(row)


def of_service(session: Session, key: ApiKey, identifier: str, kind: Kind) -> Commission:
    """Give a service's own commission; raise CommissionNotFoundError."""
    row = session.get(CommissionRow, identifier)
    if row is None or row.service != key.terms.service or row.kind != kind:
        raise CommissionNotFoundError("got an identifier of nothing of this service")
    return view(row)


def collected(session: Session, identifier: CommissionId, now: datetime) -> None:
    """Note the first time that a result was taken."""
    row = session.get(CommissionRow, identifier, with_for_update=True)
    if row is not None and row.collected_at is None:
        row.collected_at = now
        session.add(row)


def _require_room(session: Session, key: ApiKey, letters: int, now: datetime) -> None:
    limit = key.terms.letters_a_day
    since = col(CommissionRow.created_at) > now - _DAY
    sealed = col(CommissionRow.state).not_in((State.REFUSED,))
    wanted = select(func.coalesce(func.sum(CommissionRow.letters), 0)).where(
        CommissionRow.service == key.terms.service, since, sealed
    )
    if session.exec(wanted).one() + letters > limit:
        raise DailyLimitError(f"got more than {limit} letters", limit=limit, seconds=3600)


def _repeated(session: Session, key: ApiKey, repeat_key: str) -> CommissionRow | None:
    wanted = select(CommissionRow).where(
        CommissionRow.service == key.terms.service, CommissionRow.repeat_key == _sha256(repeat_key)
    )
    return session.exec(wanted.with_for_update()).one_or_none()


def view(row: CommissionRow) -> Commission:
    """Give what may leave of a row."""
    outcome = Outcome(State(row.state), row.seal, row.sha256_out, row.error, row.details)
    return Commission(
        id=CommissionId(row.id),
        service=row.service,
        kind=Kind(row.kind),
        state=outcome.state,
        level=row.level,
        letters=row.letters,
        size=row.size,
        work_order=row.work_order,
        outcome=outcome,
        attempts=row.attempts,
        created_at=row.created_at,
        settled_at=row.settled_at,
        collected_at=row.collected_at,
    )


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
