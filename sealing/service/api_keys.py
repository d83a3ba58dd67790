"""The keys by which a service's applications have letters sealed: made, shown once, found, ended.

Rules kept here:

- a key is `coffre_sk_`, 30 random characters of 62 (178 bits) and 6 of their CRC-32: scanners of
  secrets know it by its form, and a typing error is told from a key that is not ours;
- only its SHA-256 is kept: so many random bits want no slow digest;
- a key that is unknown, ended or of another form is one error, found by the same work;
- several keys may be one service's: a new one is added before the old one is ended;
- a visit is written down once a minute at most.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final

from sqlmodel import Session, col, select

from sealing.errors import SealingError
from storage import journal
from storage.journal import Entry, Event
from storage.tables.commissions import ApiKeyRow

PREFIX: Final = "coffre_sk_"
ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM: Final = 30
_CHECK: Final = 6
_LENGTH: Final = len(PREFIX) + _RANDOM + _CHECK
_SERVICE: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?")
_SIGNER: Final = re.compile(r"[^,\s]{1,64}")
_TOUCH: Final = timedelta(minutes=1)


class ApiKeyRefusedError(SealingError):
    """No living key is this one: one error, whatever is wrong with it."""

    code: ClassVar[str] = "api-key.refused"


class ApiKeyUnknownError(SealingError):
    """No key has this identifier. Details: `id`."""

    code: ClassVar[str] = "api-key.unknown"


class ServiceNameError(SealingError):
    """A service's name is of another form. Details: `name`."""

    code: ClassVar[str] = "api-key.service-name"


class SignerNameError(SealingError):
    """No signer may be called so. Details: `name`."""

    code: ClassVar[str] = "api-key.signer-name"


class LevelNotAllowedError(SealingError):
    """The key does not allow this level. Details: `level`."""

    code: ClassVar[str] = "api-key.level"


class SignerNotAllowedError(SealingError):
    """The key does not allow this signer. Details: `name`."""

    code: ClassVar[str] = "api-key.signer"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a service may have sealed; empty `signers` and `levels` allow all.

    Where nobody is named, the first of `signers` that may make a seal, or a code, does.
    """

    service: str
    signers: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    letters_a_day: int = 10_000
    most_mib: int = 20


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it may be told: without itself."""

    id: str
    terms: Terms
    created_at: datetime
    used_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: the only time that its text is known."""

    key: ApiKey
    text: str = field(repr=False)


def draw() -> str:
    """Draw the text of a new key."""
    random = "".join(secrets.choice(ALPHABET) for _ in range(_RANDOM))
    return f"{PREFIX}{random}{_check(random)}"


def is_well_formed(text: str) -> bool:
    """Tell whether a text has the form of a key, its check characters included."""
    body = text.removeprefix(PREFIX)
    return (
        len(text) == _LENGTH
        and len(body) == _RANDOM + _CHECK
        and set(body) <= set(ALPHABET)
        and body[_RANDOM:] == _check(body[:_RANDOM])
    )


def add(session: Session, terms: Terms, now: datetime) -> NewKey:
    """Make a key for a service; raise ServiceNameError or SignerNameError."""
    if not _SERVICE.fullmatch(terms.service):
        raise ServiceNameError("got a name of another form", name=terms.service)
    for name in terms.signers:
        if not _SIGNER.fullmatch(name):
            raise SignerNameError("got a name that no signer may have", name=name)
    text = draw()
    row = ApiKeyRow(
        id=secrets.token_urlsafe(16),
        service=terms.service,
        digest=_digest(text),
        signers=",".join(terms.signers),
        levels=",".join(terms.levels),
        letters_a_day=terms.letters_a_day,
        most_mib=terms.most_mib,
        created_at=now,
    )
    session.add(row)
    journal.append(session, Entry(Event.API_KEY_ADDED, now, None, row.id))
    return NewKey(_view(row), text)


def find(session: Session, text: str) -> ApiKey:
    """Find the living key of a text; raise ApiKeyRefusedError. Writes nothing."""
    digest = _digest(text)
    row = session.exec(select(ApiKeyRow).where(ApiKeyRow.digest == digest)).one_or_none()
    same = hmac.compare_digest(digest, row.digest if row else bytes(len(digest)))
    if row is None or not same or row.ended_at is not None:
        raise ApiKeyRefusedError("got no living key")
    return _view(row)


def is_stale(key: ApiKey, now: datetime) -> bool:
    """Tell whether this visit should be written down (`touch`)."""
    return key.used_at is None or now - key.used_at > _TOUCH


def touch(session: Session, key: ApiKey, now: datetime) -> None:
    """Write down that a key was used."""
    row = session.get(ApiKeyRow, key.id)
    if row is not None:
        row.used_at = now
        session.add(row)


def listing(session: Session) -> list[ApiKey]:
    """List every key, by service and age."""
    rows = session.exec(select(ApiKeyRow).order_by(ApiKeyRow.service, col(ApiKeyRow.created_at)))
    return [_view(row) for row in rows]


def end(session: Session, identifier: str, now: datetime) -> ApiKey:
    """End a key for good; one that has ended stays so. Raises ApiKeyUnknownError."""
    row = session.get(ApiKeyRow, identifier, with_for_update=True)
    if row is None:
        raise ApiKeyUnknownError("got no key of this identifier", id=identifier)
    if row.ended_at is None:
        row.ended_at = now
        session.add(row)
        journal.append(session, Entry(Event.API_KEY_ENDED, now, None, row.id))
    return _view(row)


def any_living(session: Session) -> bool:
    """Tell whether any application may have letters sealed."""
    living = select(ApiKeyRow.id).where(col(ApiKeyRow.ended_at).is_(None)).limit(1)
    return session.exec(living).first() is not None


def require_signer(terms: Terms, asked: str | None) -> None:
    """Raise SignerNotAllowedError for a signer that the key does not allow."""
    if asked is not None and terms.signers and asked not in terms.signers:
        raise SignerNotAllowedError("got a signer that is not allowed", name=asked)


def require_level(terms: Terms, level: str) -> None:
    """Raise LevelNotAllowedError for a level that the key does not allow."""
    if terms.levels and level not in terms.levels:
        raise LevelNotAllowedError("got a level that is not allowed", level=level)


def _view(row: ApiKeyRow) -> ApiKey:
    def listed(text: str) -> tuple[str, ...]:
        return tuple(text.split(",")) if text else ()

    signers, levels = listed(row.signers), listed(row.levels)
    terms = Terms(row.service, signers, levels, row.letters_a_day, row.most_mib)
    return ApiKey(row.id, terms, row.created_at, row.used_at, row.ended_at)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _check(random: str) -> str:
    """Give the check characters: the CRC-32, in base 62."""
    left, found = zlib.crc32(random.encode("ascii", "replace")), ""
    for _ in range(_CHECK):
        left, digit = divmod(left, len(ALPHABET))
        found = ALPHABET[digit] + found
    return found
