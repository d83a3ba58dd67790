"""Requests: taken from services, shown to the person, answered, refused or taken back.

Rules kept here:

- (1) the request is read under the register's key and keeps to its registration; (2) the
  registration stands here; (3) it is for this vault, in the one mode that is offered, within its
  time; (4) the law allows it; (5) neither its identifier nor its nonce was seen before;
- it is addressed to an account, or opened by its code of 8 characters (40 bits), ten wrong tries an
  hour: an unknown login is taken like a known one, so that services cannot list accounts;
- a refusal, an absence and a request never opened look alike to the service, until its end;
- another's request is as missing.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final, TypeAlias, TypeVar, assert_never

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from consent import states
from consent.catalogue import law
from consent.errors import ConsentError
from consent.messages.grant import Status
from consent.messages.request import Request
from consent.service import register
from consent.service.register import Ground
from consent.states import Answered, Cancelled, Declined, Pushed, RequestState
from storage import journal
from storage.journal import Entry, Event
from storage.tables.consents import CodeTriesRow, GrantRow, RequestRow
from vault.service.shares import Owner

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE: Final = 8
_TRIES: Final = 10
_HOUR: Final = timedelta(hours=1)
_STATUS_BITS: Final = 24
Drawn = TypeVar("Drawn", str, int)
Finder: TypeAlias = Callable[[Session, str], Owner | None]
"""What finds an account by its login: handed over by the wiring."""


class RequestNotFoundError(ConsentError):
    """There is no such request for who asks."""

    code: ClassVar[str] = "request-not-found"


class RequestReplayedError(ConsentError):
    """A request of this identifier or nonce was seen before."""

    code: ClassVar[str] = "request-replayed"


class TooManyTriesError(ConsentError):
    """Too many codes were tried in vain. Details: `seconds` to wait."""

    code: ClassVar[str] = "too-many"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class PersonRequest:
    """A request as the person gets it; `status` is the slot that a grant must name."""

    id: str
    signed: str = field(repr=False)
    state: str
    status: Status
    expires_at: datetime
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """A request as its service may know it: `waiting`, `answered`, `cancelled` or `expired`."""

    id: str
    state: str
    grant: str | None


def push(session: Session, signed: str, to: Owner | None, ground: Ground) -> PersonRequest:
    """Take a request; raise what `Request.verify` raises, the errors above, and the law's."""
    asked = Request.verify(signed, ground.register)
    register.require_known(session, asked.registration)
    asked.check_vault(ground.vault)
    asked.check_time(ground.now)
    law.check_request(asked)
    row = RequestRow(
        id=asked.jti,
        service=asked.service,
        nonce=asked.nonce,
        account=to,
        code=_unused(session, col(RequestRow.code), _new_code),
        digest=asked.digest,
        signed=signed,
        state=states.name_of(Pushed(asked.expires_at)),
        status_idx=_unused(session, col(RequestRow.status_idx), _new_slot),
        received_at=ground.now,
        expires_at=asked.expires_at,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise RequestReplayedError("got an identifier or nonce for the second time") from error
    journal.append(session, Entry(Event.REQUEST_PUSHED, ground.now, to, row.id))
    return _person_view(row, ground.vault, ground.now)


def of_person(session: Session, account: Owner, ground: Ground) -> tuple[PersonRequest, ...]:
    """List a person's requests, the newest first."""
    query = select(RequestRow).where(RequestRow.account == account)
    rows = session.exec(query.order_by(col(RequestRow.received_at).desc(), col(RequestRow.id)))
    return tuple(_person_view(row, ground.vault, ground.now) for row in rows)


def open_by_code(session: Session, account: Owner, code: str, ground: Ground) -> PersonRequest:
    """Give the request of a code, which is then this person's; raise RequestNotFoundError.

    The wrong try is counted by `count_try`, in a transaction of its own.
    """
    clean = code.upper().replace("-", "").replace("O", "0").replace("I", "1").replace("L", "1")
    row = session.exec(
        select(RequestRow).where(RequestRow.code == clean).with_for_update()
    ).one_or_none()
    if row is None or row.account not in {None, account}:
        raise RequestNotFoundError("got a code of no request")
    row.account = account
    session.add(row)
    return _person_view(row, ground.vault, ground.now)


def count_try(session: Session, account: Owner, now: datetime) -> None:
    """Count a try of a code before it is looked at; raise TooManyTriesError."""
    row = session.get(CodeTriesRow, account, with_for_update=True)
    if row is None or now >= row.since + _HOUR:
        row = session.merge(CodeTriesRow(account=account, count=0, since=now))
    if row.count >= _TRIES:
        left = int((row.since + _HOUR - now).total_seconds()) + 1
        raise TooManyTriesError(f"got more than {_TRIES} tries", seconds=left)
    row.count += 1
    session.add(row)


def decline(session: Session, account: Owner, request_id: str, now: datetime) -> None:
    """Refuse; the service is not told. Raises RequestNotFoundError, RequestClosedError."""
    row = row_of_person(session, account, request_id)
    keep(session, row, states.decline(state_of(row), now))
    journal.append(session, Entry(Event.REQUEST_DECLINED, now, account, row.id))


def cancel(session: Session, service: str, request_id: str, now: datetime) -> None:
    """Take a request back; raise RequestNotFoundError or RequestClosedError."""
    row = _row_of_service(session, service, request_id)
    keep(session, row, states.cancel(state_of(row), now))
    journal.append(session, Entry(Event.REQUEST_CANCELLED, now, None, row.id))


def of_service(session: Session, service: str, request_id: str, now: datetime) -> ServiceRequest:
    """Say how a request stands, no more than its service may know; raise RequestNotFoundError."""
    row = _row_of_service(session, service, request_id)
    match state_of(row):
        case Answered():
            given = session.exec(select(GrantRow.id).where(GrantRow.request == row.id)).one()
            return ServiceRequest(row.id, "answered", given)
        case Cancelled():
            return ServiceRequest(row.id, "cancelled", None)
        case Pushed() | Declined():
            waits = now < row.expires_at
            return ServiceRequest(row.id, "waiting" if waits else "expired", None)
        case _ as never:
            assert_never(never)


def row_of_person(session: Session, account: Owner, request_id: str) -> RequestRow:
    """Lock a person's request; raise RequestNotFoundError."""
    row = session.get(RequestRow, request_id, with_for_update=True)
    if row is None or row.account != account:
        raise RequestNotFoundError("got a request that this account does not have")
    return row


def state_of(row: RequestRow) -> RequestState:
    """Read the state of a row."""
    every: dict[str, RequestState] = {
        "pushed": Pushed(row.expires_at),
        "answered": Answered(),
        "declined": Declined(row.expires_at),
        "cancelled": Cancelled(),
    }
    return every[row.state]


def keep(session: Session, row: RequestRow, state: RequestState) -> None:
    """Write the state of a row."""
    row.state = states.name_of(state)
    session.add(row)


def status_of(row: RequestRow, vault: str) -> Status:
    """Give the slot that the grant of a request must name."""
    return Status(row.status_idx, f"{vault}/status/grants")


def _new_code() -> str:
    return "".join(secrets.choice(_CROCKFORD) for _ in range(_CODE))


def _new_slot() -> int:
    return secrets.randbits(_STATUS_BITS)


def _unused(session: Session, column: Mapped[Drawn], draw: Callable[[], Drawn]) -> Drawn:
    while True:
        value = draw()
        if session.exec(select(RequestRow.id).where(column == value)).first() is None:
            return value


def _row_of_service(session: Session, service: str, request_id: str) -> RequestRow:
    row = session.get(RequestRow, request_id, with_for_update=True)
    if row is None or row.service != service:
        raise RequestNotFoundError("got a request that this service did not make")
    return row


def _person_view(row: RequestRow, vault: str, now: datetime) -> PersonRequest:
    state = row.state if row.state != "pushed" or now < row.expires_at else "expired"
    return PersonRequest(row.id, row.signed, state, status_of(row, vault), row.expires_at, row.code)
