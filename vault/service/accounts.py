"""Opening an account, and what its owner may read of it.

Rules kept here:

- the device draws the account's identifier, makes every key and sends public halves and closed
  wraps; the server checks their form and that they belong together, and can open none;
- a login is 3 to 64 characters of a small alphabet, compared without regard to case;
- exactly one passphrase slot, at epoch 1, bound to this account; further slots are welcome;
- the first directory entry is signed by the signing key that it states, and its recipient is
  post-quantum: what arrives later is encrypted to it.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from storage import journal
from storage.journal import Entry, Event
from storage.tables.people import Account, DirectoryEntry, Slot
from vault.errors import VaultError
from vault.format import directory_entry, index_head, slot
from vault.service import sign_in
from vault.service.sign_in import AccountId

FIRST_EPOCH: Final = 1
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,63}")
_SLOTS: Final = 8
_BUNDLE: Final = range(82, 8192)


class LoginFormError(VaultError):
    """A login has 3 to 64 characters among a-z, 0-9 and . _ @ + -."""

    code: ClassVar[str] = "account.login-form"


class LoginTakenError(VaultError):
    """Another account has this login, or this identifier."""

    code: ClassVar[str] = "account.login-taken"


class EnrolmentError(VaultError):
    """The parts of an account do not belong together."""

    code: ClassVar[str] = "account.enrolment"


class AccountNotFoundError(VaultError):
    """No account is known by this identifier or login."""

    code: ClassVar[str] = "account.not-found"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a device sends to open an account; `bundle` is the encrypted identity bundle."""

    account: AccountId
    login: str
    auth_key: bytes = field(repr=False)
    slots: tuple[slot.Slot, ...]
    bundle: bytes = field(repr=False)
    directory: str


@dataclass(frozen=True, slots=True)
class AccountView:
    """What the owner's device needs before it can open anything; `head` is 32 bytes."""

    account: AccountId
    login: str
    epoch: int
    slots: tuple[slot.Slot, ...]
    bundle: bytes = field(repr=False)
    directory: str
    head_n: int
    head: bytes


def normalised(login: str) -> str:
    """Give the one form of a login; raise LoginFormError."""
    text = unicodedata.normalize("NFKC", login).casefold()
    if not _LOGIN.fullmatch(text):
        raise LoginFormError(f"got a login of {len(text)} characters that has not its form")
    return text


def enrol(session: Session, asked: Enrolment, now: datetime) -> AccountId:
    """Open an account.

    Raises LoginFormError, LoginTakenError, EnrolmentError, and what the entry's form raises.
    """
    login = normalised(asked.login)
    entry = directory_entry.DirectoryEntry.verify(asked.directory)
    _check(asked, entry)
    if session.exec(select(Account.id).where(Account.login == login)).first():
        raise LoginTakenError("got a login that is taken")
    row = Account(
        id=asked.account,
        login=login,
        auth_hash=sign_in.protect(asked.auth_key),
        epoch=FIRST_EPOCH,
        bundle=asked.bundle,
        recipient=entry.recipient,
        signing_key=entry.signing_key.x,
        head_n=0,
        head=index_head.HEAD_0,
        created_at=now,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise LoginTakenError("got a login or an identifier that is taken") from error
    for each in asked.slots:
        session.add(_row(asked.account, each, now))
    session.add(
        DirectoryEntry(account=asked.account, n=entry.n, signed=asked.directory, created_at=now)
    )
    journal.append(session, Entry(Event.ACCOUNT_OPENED, now, asked.account))
    return asked.account


def find(session: Session, login: str) -> AccountId | None:
    """Find the account of a login; None when nobody has it, or it has not a login's form."""
    try:
        known = normalised(login)
    except LoginFormError:
        return None
    found = session.exec(select(Account.id).where(Account.login == known)).first()
    return None if found is None else AccountId(found)


def view(session: Session, account: AccountId) -> AccountView:
    """Give the owner's account; raise AccountNotFoundError."""
    row = session.get(Account, account)
    if row is None:
        raise AccountNotFoundError("got the identifier of no account")
    kept = session.exec(select(Slot).where(Slot.account == account).order_by(Slot.id))
    last = col(DirectoryEntry.n).desc()
    entries = select(DirectoryEntry.signed).where(DirectoryEntry.account == account)
    return AccountView(
        account=account,
        login=row.login,
        epoch=row.epoch,
        slots=tuple(slot.Slot.parse(each.content) for each in kept),
        bundle=row.bundle,
        directory=session.exec(entries.order_by(last).limit(1)).one(),
        head_n=row.head_n,
        head=row.head,
    )


def _check(asked: Enrolment, entry: directory_entry.DirectoryEntry) -> None:
    raw = sign_in.account_bytes(asked.account)
    kinds = [each.name.kdf.KIND for each in asked.slots]
    names = {each.name.slot for each in asked.slots}
    if entry.account != raw or entry.signing_key.y is not None:
        raise EnrolmentError("got a directory entry of another account or kind of key")
    if not 1 <= len(asked.slots) <= _SLOTS or len(names) != len(asked.slots):
        raise EnrolmentError(f"got {len(asked.slots)} slots, expected 1 to {_SLOTS}, each its own")
    if kinds.count(slot.PassphraseKdf.KIND) != 1:
        raise EnrolmentError("got no passphrase slot, or several")
    if any((each.name.account, each.name.epoch) != (raw, FIRST_EPOCH) for each in asked.slots):
        raise EnrolmentError("got a slot of another account or epoch")
    if len(asked.auth_key) != sign_in.AUTH_KEY_LENGTH or len(asked.bundle) not in _BUNDLE:
        raise EnrolmentError("got an authentication key or a bundle of another length")


def _row(account: AccountId, each: slot.Slot, now: datetime) -> Slot:
    return Slot(
        account=account,
        id=sign_in.account_id(each.name.slot),
        type=each.name.kdf.KIND,
        epoch=each.name.epoch,
        content=each.encode(),
        created_at=now,
    )
