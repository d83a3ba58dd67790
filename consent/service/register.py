"""The register of services: drafts come in, the operator signs, and services prove who they are.

Rules kept here:

- a draft is what a service would be allowed to ask, with its keys; anyone may send one, few wait at
  once, and it counts for nothing until the operator signs it;
- signing adds who, when and until when; what is signed is never changed: another rule is another
  version, and a registration ends by its time or by being struck off;
- a request counts only while *this* registration, byte for byte, is known here and not struck off;
- a call is proved by a key of a living registration, and its assertion serves once.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, func, select

from consent.errors import ConsentError
from consent.messages import assertion, chain, registration
from consent.messages.assertion import Assertion, AssertionRefusedError, Call
from consent.messages.registration import Registration
from storage import journal
from storage.journal import Entry, Event
from storage.tables.register import AssertionRow, RegistrationRow
from vault.format.signed_message import MessageError, MessageSigner, PublicKey

LIFE: Final = timedelta(days=365)
_WAITING: Final = 100
_FILLED: Final = ("v", "iss", "jti", "iat", "nbf", "exp", "status")


class RegistrationMissingError(ConsentError):
    """The register knows no such registration or draft."""

    code: ClassVar[str] = "registration-missing"


class RegistrationStruckOffError(ConsentError):
    """The registration was struck off."""

    code: ClassVar[str] = "registration-struck-off"


class RegisterFullError(ConsentError):
    """Too many drafts wait for the operator."""

    code: ClassVar[str] = "register-full"


@dataclass(frozen=True, slots=True)
class Registered:
    """One row of the register. `signed` is None for a draft."""

    id: str
    service: str
    procedure: str
    version: str
    signed: str | None = field(repr=False)
    struck_off: bool
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs, under which name, with which list of struck-off registrations."""

    signer: MessageSigner
    name: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What a vault checks requests with: the register's key, its own name, the time."""

    register: PublicKey
    vault: str
    now: datetime


def propose(session: Session, draft: Mapping[str, Any], now: datetime) -> Registered:
    """Keep a draft for the operator; raise MessageSchemaError or RegisterFullError."""
    waiting = select(func.count()).select_from(RegistrationRow)
    if session.exec(waiting.where(col(RegistrationRow.signed).is_(None))).one() >= _WAITING:
        raise RegisterFullError(f"got one more than {_WAITING} drafts")
    _check_draft(draft, now)
    return _view(_row(session, draft, now))


def add(session: Session, draft: Mapping[str, Any], by: Authority, now: datetime) -> Registered:
    """Sign a draft that the operator brings; raise MessageSchemaError."""
    _check_draft(draft, now)
    return _sign(session, _row(session, draft, now), by, now)


def sign(session: Session, draft_id: str, by: Authority, now: datetime) -> Registered:
    """Sign a draft that waits; raise RegistrationMissingError."""
    row = session.get(RegistrationRow, draft_id, with_for_update=True)
    if row is None or row.signed is not None:
        raise RegistrationMissingError("got the name of no draft")
    return _sign(session, row, by, now)


def strike_off(session: Session, registration_id: str, now: datetime) -> Registered:
    """End a registration at once; again is harmless. Raises RegistrationMissingError."""
    row = session.get(RegistrationRow, registration_id, with_for_update=True)
    if row is None or row.signed is None:
        raise RegistrationMissingError("got the name of no registration")
    if row.struck_off_at is None:
        row.struck_off_at = now
        session.add(row)
        journal.append(session, Entry(Event.REGISTRATION_STRUCK_OFF, now, None, row.id))
    return _view(row)


def listing(session: Session, service: str | None = None) -> tuple[Registered, ...]:
    """List registrations, or those of one service, the oldest first."""
    query = select(RegistrationRow).order_by(
        col(RegistrationRow.received_at), col(RegistrationRow.id)
    )
    if service is not None:
        query = query.where(RegistrationRow.service == service)
    return tuple(_view(row) for row in session.exec(query))


def require_known(session: Session, asked: Registration) -> None:
    """Raise RegistrationMissingError or RegistrationStruckOffError unless it stands here."""
    row = session.get(RegistrationRow, asked.jti)
    if row is None or row.signed is None or _digest(row.signed) != asked.digest:
        raise RegistrationMissingError("got a registration that is not ours")
    if row.struck_off_at is not None:
        raise RegistrationStruckOffError("got a registration that was struck off")


def authenticate(session: Session, token: str, call: Call, ground: Ground) -> str:
    """Give the service that proved itself for this call; its assertion is spent.

    Raises AssertionRefusedError.
    """
    service = assertion.claimed_service(token)
    keys: dict[str, PublicKey] = {}
    for row in listing(session, service):
        if row.signed is not None and not row.struck_off:
            keys |= _living_keys(row.signed, ground)
    proved = Assertion.verify(token, keys, call, ground.now)
    if proved.service != service:
        raise AssertionRefusedError("got an assertion for another service")
    session.exec(delete(AssertionRow).where(col(AssertionRow.expires_at) <= ground.now))
    session.add(AssertionRow(service=service, jti=proved.jti, expires_at=proved.expires_at))
    try:
        session.flush()
    except IntegrityError as error:
        raise AssertionRefusedError("got an assertion that has served") from error
    return service


def _living_keys(signed: str, ground: Ground) -> Mapping[str, PublicKey]:
    try:
        found = Registration.verify(signed, ground.register)
        found.check_time(ground.now)
    except (ConsentError, MessageError):
        return {}
    return found.keys


def _check_draft(draft: Mapping[str, Any], now: datetime) -> None:
    chain.check(registration.SCHEMA, {**_filled("https://register.invalid", now), **draft})
    if set(draft) & set(_FILLED):
        raise chain.MessageSchemaError("got a member that the register fills in", where="/")
    for jwk in draft["sign_keys"]:
        chain.key_of(jwk)


def _filled(name: str, now: datetime, jti: str = "A" * 22) -> dict[str, Any]:
    start = chain.seconds(now)
    status = {"idx": secrets.randbelow(1 << 24), "uri": f"{name}/status/register"}
    end = chain.seconds(now + LIFE)
    return {
        "v": 1, "iss": name, "jti": jti, "iat": start, "nbf": start, "exp": end, "status": status,
    }  # fmt: skip


def _row(session: Session, draft: Mapping[str, Any], now: datetime) -> RegistrationRow:
    row = RegistrationRow(
        id=chain.new_identifier(),
        service=draft["sub"],
        procedure=draft["procedure"]["id"],
        version=draft["procedure"]["version"],
        draft=json.dumps(draft, ensure_ascii=False, sort_keys=True),
        signed=None,
        received_at=now,
    )
    session.add(row)
    return row


def _sign(session: Session, row: RegistrationRow, by: Authority, now: datetime) -> Registered:
    draft = json.loads(row.draft)
    row.signed = registration.issue({**draft, **_filled(by.name, now, row.id)}, by.signer)
    row.signed_at = now
    session.add(row)
    journal.append(session, Entry(Event.REGISTRATION_SIGNED, now, None, row.id))
    return _view(row)


def _digest(signed: str) -> str:
    return chain.digest_of(signed.rpartition(".")[0].encode("ascii"))


def _view(row: RegistrationRow) -> Registered:
    keys = tuple(each["kid"] for each in json.loads(row.draft)["sign_keys"])
    return Registered(
        row.id,
        row.service,
        row.procedure,
        row.version,
        row.signed,
        row.struck_off_at is not None,
        keys,
    )
