"""Signing in by proof of the passphrase; sessions and their end.

Rules kept here:

- the passphrase never comes: its device derives an authentication key of 32 bytes, of which the
  server keeps Argon2id (19 MiB, 2 passes, 1 lane);
- an unknown login looks like a known one: a salt made of the login under the installation's
  secret, the same parameters, the same answer, the same work;
- attempts are counted *before* the work, in a transaction of their own, for each login and each
  address; after a few each one waits longer, up to a bound: nobody is locked out for ever;
- a session's token is 256 random bits; the database holds its SHA-256. It ends after 15 minutes
  idle, after 12 hours, or by `end`;
- signing in opens a session and nothing else: what is in the safe stays closed.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final, NewType

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlmodel import Session, col, delete, select

from storage import journal
from storage.journal import Entry, Event
from storage.tables.people import Account, Attempts, SignedIn, Slot
from vault.errors import VaultError
from vault.format import slot as slots
from vault.format.canonical import from_base64url, to_base64url

AccountId = NewType("AccountId", str)
"""128 random bits in canonical base64url, drawn by the device that opens the account."""

IDLE: Final = timedelta(minutes=15)
ABSOLUTE: Final = timedelta(hours=12)
AUTH_KEY_LENGTH: Final = 32
_UNKNOWN: Final = b"coffre/unknown-login/v1"
_COUNTED: Final = b"coffre/attempts/v1"
_TOUCH: Final = timedelta(minutes=1)
_FORGET: Final = timedelta(hours=1)
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# What an unknown login is compared with: the hash of a key that nobody has.
_NOBODY: Final = _HASHER.hash(secrets.token_bytes(AUTH_KEY_LENGTH))


class SignInRefusedError(VaultError):
    """Unknown login or wrong proof: one error for both."""

    code: ClassVar[str] = "session.refused"


class SessionEndedError(VaultError):
    """No open session goes with this token."""

    code: ClassVar[str] = "session.ended"


class TooManyAttemptsError(VaultError):
    """The login or the address must wait. Details: `seconds`."""

    code: ClassVar[str] = "session.too-many"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Throttle:
    """After `free` attempts each one waits twice as long as the one before, `longest` at most."""

    free: int
    longest: timedelta


PER_LOGIN: Final = Throttle(10, timedelta(minutes=1))
PER_ADDRESS: Final = Throttle(30, timedelta(minutes=15))


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tries: the login as typed, the network address, and the installation's secret."""

    login: str
    address: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session just opened: the only time its token is known."""

    account: AccountId
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that lives. `stale`: its last visit should be written down (`touch`)."""

    account: AccountId
    stale: bool


def protect(auth_key: bytes) -> str:
    """Give what the server keeps of an authentication key."""
    return _HASHER.hash(auth_key)


def derivation(session: Session, login: str, secret: bytes) -> slots.PassphraseKdf:
    """Say how this login's passphrase is stretched; an unknown one gets an answer of its own."""
    query = select(Slot.content).join(Account).where(Account.login == login)
    content = session.exec(query.where(Slot.type == slots.PassphraseKdf.KIND)).first()
    invented = hmac.new(secret, _UNKNOWN + b"\0" + login.encode(), hashlib.sha256)
    decoy = _decoy(invented.digest()[: slots.SALT_LENGTH])
    kdf = slots.Slot.parse(decoy if content is None else content).name.kdf
    if not isinstance(kdf, slots.PassphraseKdf):
        raise SignInRefusedError("got a passphrase slot of another kind")
    return kdf


def _decoy(salt: bytes) -> bytes:
    """Make the slot of a login that nobody has: read like any other, in the same time."""
    nobody = bytes(slots.ID_LENGTH)
    name = slots.SlotName(nobody, nobody, 1, slots.PassphraseKdf(salt))
    return slots.Slot(name, b"\1" + bytes(slots.WRAPPED_LENGTH - 1)).encode()


def admit(session: Session, attempt: Attempt, now: datetime) -> None:
    """Count an attempt, or raise TooManyAttemptsError: commit this before the work begins."""
    kept = []
    for key, throttle in _keys(attempt):
        row = session.get(Attempts, key, with_for_update=True)
        row = row or Attempts(key=key, count=0, last_at=now)
        if now - row.last_at > _FORGET:
            row.count = 0
        wait = _wait(row, throttle) - (now - row.last_at)
        if wait > timedelta(0):
            seconds = int(wait.total_seconds()) + 1
            raise TooManyAttemptsError(f"got attempt {row.count + 1} too early", seconds=seconds)
        kept.append(row)
    for row in kept:
        row.count, row.last_at = row.count + 1, now
        session.add(row)


def prove(session: Session, attempt: Attempt, auth_key: bytes, now: datetime) -> OpenedSession:
    """Open a session for who knows the authentication key; raise SignInRefusedError."""
    account = session.exec(select(Account).where(Account.login == attempt.login)).one_or_none()
    try:
        _HASHER.verify(account.auth_hash if account else _NOBODY, auth_key)
    except VerifyMismatchError as error:
        raise SignInRefusedError("got a proof that does not fit") from error
    if account is None:  # the key that nobody has was guessed: refused all the same
        raise SignInRefusedError("got a proof that does not fit")
    forgive(session, attempt)
    return open_session(session, AccountId(account.id), now)


def forgive(session: Session, attempt: Attempt) -> None:
    """Forget the attempts of a login and an address: the last one was right."""
    for key, _ in _keys(attempt):
        if row := session.get(Attempts, key):
            session.delete(row)


def open_session(session: Session, account: AccountId, now: datetime) -> OpenedSession:
    """Open a session for an account whose right was just shown; sweep those that have ended."""
    gone = col(SignedIn.last_seen_at) < now - IDLE
    session.exec(delete(SignedIn).where(gone | (col(SignedIn.opened_at) < now - ABSOLUTE)))
    token = secrets.token_urlsafe(32)
    row = SignedIn(token_sha256=_sha256(token), account=account, opened_at=now, last_seen_at=now)
    session.add(row)
    journal.append(session, Entry(Event.SESSION_OPENED, now, account))
    return OpenedSession(account, token, now + ABSOLUTE)


def resume(session: Session, token: str, now: datetime) -> LiveSession:
    """Find the live session of a token; raise SessionEndedError. Writes nothing."""
    row = session.get(SignedIn, _sha256(token))
    if row is None or now - row.last_seen_at > IDLE or now - row.opened_at > ABSOLUTE:
        raise SessionEndedError("got a token of no open session")
    return LiveSession(AccountId(row.account), now - row.last_seen_at > _TOUCH)


def touch(session: Session, token: str, now: datetime) -> None:
    """Write down that the session was used."""
    if row := session.get(SignedIn, _sha256(token)):
        row.last_seen_at = now
        session.add(row)


def end(session: Session, token: str, now: datetime) -> None:
    """End a session at once; one that has ended stays so."""
    if row := session.get(SignedIn, _sha256(token)):
        journal.append(session, Entry(Event.SESSION_CLOSED, now, row.account))
        session.delete(row)
        session.flush()


def account_bytes(account: AccountId) -> bytes:
    """Give the 16 bytes of an account's identifier."""
    return from_base64url(account, slots.ID_LENGTH)


def account_id(raw: bytes) -> AccountId:
    """Give the text of an account's identifier."""
    return AccountId(to_base64url(raw))


def _keys(attempt: Attempt) -> list[tuple[bytes, Throttle]]:
    """Name the two counters without keeping a login or an address."""

    def keyed(text: str) -> bytes:
        message = _COUNTED + b"\0" + text.encode()
        return hmac.new(attempt.secret, message, hashlib.sha256).digest()

    return [
        (keyed(f"login {attempt.login}"), PER_LOGIN),
        (keyed(f"address {attempt.address}"), PER_ADDRESS),
    ]


def _wait(row: Attempts, throttle: Throttle) -> timedelta:
    excess = row.count - throttle.free
    if excess < 0:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(excess, 20)), throttle.longest)


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
