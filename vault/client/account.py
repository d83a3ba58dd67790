"""Getting in: open an account, sign in, open the safe again, sign out.

Rules kept here (the numbers are those of `vault/DESIGN.md`, "Open an account" and "Unlock"):

- everything is made here; the server gets public keys, closed wraps and the authentication key;
- the derivation that the server asks for has its floor checked before any work, and must be that
  of the slot that it then shows: another salt would make us hand over another proof;
- the account is the one that was asked for, here or in this folder; the public keys shown must be
  those of the seeds; the index must hold the slot, and pass through what was seen before;
- an index that is empty is refused, but to the device that is opening the account;
- nothing is kept on the machine before all of this holds.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from storage.errors import CoffreError
from vault.client.answers import Answer, AnswerError
from vault.client.http import Connection, RefusedError, UnreachableError
from vault.client.safe import Keys, Safe, send_operation
from vault.client.seen import Memory
from vault.client.state import Home, SignedIn, Unlocked
from vault.crypto.account import identity_bundle, passphrase, slots
from vault.crypto.account.identity_bundle import (
    IdentityBundle,
    IdentityMismatchError,
    PublicIdentity,
    Seeds,
)
from vault.crypto.account.passphrase import PassphraseKeys
from vault.crypto.age.mlkem768x25519 import HybridRecipient
from vault.crypto.index import SlotAdded
from vault.crypto.keys import MasterKey
from vault.errors import VaultError
from vault.format import canonical, directory_entry
from vault.format.canonical import CanonicalError, to_base64url
from vault.format.directory_entry import DirectoryEntry, Statement
from vault.format.index_head import Position
from vault.format.signed_message import MessageSigner, PublicKey
from vault.format.slot import PassphraseKdf, Slot, SlotError, SlotName

FIRST_EPOCH: Final = 1
_ID: Final = 16
_JWK: Final = ("crv", "kty", "x", "y")


class DerivationChangedError(VaultError):
    """The server asked for one derivation of the passphrase and shows a slot of another."""

    code: ClassVar[str] = "slot.derivation-changed"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who comes in, and by which passphrase."""

    login: str
    passphrase: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Moment:
    """When, and how long an open safe may stay idle."""

    now: datetime
    idle: timedelta

    @property
    def until(self) -> datetime:
        """When it closes again."""
        return self.now + self.idle


def create(http: Connection, home: Home, who: Credentials, moment: Moment) -> Safe:
    """Open an account and leave it signed in and unlocked.

    Raises WeakPassphraseError before anything is sent, RefusedError, UnreachableError, AnswerError.
    When the connection breaks after the account was opened, `login` from here finishes.
    """
    passphrase.check_new(who.passphrase)
    account, slot_id = secrets.token_bytes(_ID), secrets.token_bytes(_ID)
    master, seeds = MasterKey.generate(), Seeds.generate()
    derivation = PassphraseKdf(secrets.token_bytes(_ID))
    derived = passphrase.derive(who.passphrase, derivation)
    name = SlotName(account, slot_id, FIRST_EPOCH, derivation)
    slot = slots.close_slot(master, derived.slot, name)
    bundle = identity_bundle.close_bundle(master, account, FIRST_EPOCH, IdentityBundle(seeds))
    home.seen.remember(account, Memory(Position(), secrets.token_bytes(_ID), opening=True))
    body = {
        "account": to_base64url(account),
        "login": who.login,
        "auth_key": to_base64url(derived.auth.secret),
        "slots": [canonical.decode(slot.encode())],
        "bundle": to_base64url(bundle),
        "directory": _directory_entry(account, seeds),
        "transport": "bearer",
    }
    try:
        answer = http.post("accounts", body)
    except RefusedError:
        home.seen.forget(account)
        raise
    with _new_session(http, answer, account):
        safe = Safe(http, home, account, Keys.of(account, master, seeds))
        return _enter(safe, who.login, Unlocked(master, slot_id, FIRST_EPOCH), moment)


def login(http: Connection, home: Home, who: Credentials, moment: Moment) -> Safe:
    """Sign in and unlock.

    Raises RefusedError (`session.refused`: login or passphrase), SlotNotOpenedError, KdfFloorError,
    DerivationChangedError, BundleError, IdentityMismatchError, RollbackError, ForkError and the
    other errors of the index.
    """
    derivation = _derivation(http.post("session/start", {"login": who.login}))
    derived = passphrase.derive(who.passphrase, derivation)
    proof = {"login": who.login, "auth_key": to_base64url(derived.auth.secret)}
    answer = http.post("session", {**proof, "transport": "bearer"})
    account = answer.bytes("account", _ID)
    with _new_session(http, answer, account):
        shown = http.get("account")
        unlocked = _open_slot(shown, account, derivation, derived)
        safe = Safe(http, home, account, _open_keys(shown, account, unlocked))
        return _enter(safe, who.login, unlocked, moment)


def resume(http: Connection, home: Home, session: SignedIn, moment: Moment) -> Safe:
    """Open the safe that is signed in and unlocked here; its time begins anew.

    Raises LockedError, RefusedError (`session.ended`) and, of a hostile server, what `login` does.
    """
    unlocked = home.unlocked(session, moment.now)
    http.token = session.token
    shown = http.get("account")
    safe = Safe(http, home, session.account, _open_keys(shown, session.account, unlocked))
    safe.index.check_slot(unlocked.slot, unlocked.epoch)
    home.prolong(session, unlocked, moment.until)
    return safe


def logout(http: Connection, home: Home, session: SignedIn) -> bool:
    """Forget session and key here in any case; tell whether the server ended its side too."""
    home.sign_out()
    http.token = session.token
    try:
        http.delete("session")
    except UnreachableError:
        return False
    except RefusedError as refused:
        return refused.reported == "session.ended"
    return True


@contextmanager
def _new_session(http: Connection, answer: Answer, account: bytes) -> Iterator[None]:
    """Work under a session just opened, and end it when the work fails."""
    if answer.bytes("account", _ID) != account:
        raise AnswerError("got the session of another account")
    http.token = answer.text("token", 128)
    try:
        yield
    except CoffreError:
        # It ends by itself; what went wrong first is what the person must hear.
        with suppress(CoffreError):
            http.delete("session")
        raise


def _enter(safe: Safe, name: str, unlocked: Unlocked, moment: Moment) -> Safe:
    """Do what comes after the keys: the index, then what is kept on the machine."""
    seen = safe.home.seen
    memory = seen.memory(safe.account)
    if memory.opening and safe.index.position.n == 0:
        send_operation(safe, SlotAdded(unlocked.slot, unlocked.epoch), {}, moment.now)
    safe.index.check_slot(unlocked.slot, unlocked.epoch)
    key = _receipt_key(safe.http) if not memory.receipt_key else memory.receipt_key
    done = replace(memory, position=safe.index.position, opening=False, receipt_key=key)
    seen.remember(safe.account, done)
    session = SignedIn(safe.http.server, name, safe.account, safe.http.token)
    safe.home.sign_in(session, unlocked, moment.until)
    return safe


def _derivation(answer: Answer) -> PassphraseKdf:
    members = answer.object("kdf").members
    try:
        derivation = PassphraseKdf.parse(members)  # type: ignore[arg-type]
    except (KeyError, CanonicalError) as error:
        raise AnswerError("got a derivation with a member missing or malformed") from error
    if derivation.to_json() != members:
        raise AnswerError("got a derivation of another algorithm")
    return derivation


def _open_slot(
    shown: Answer, account: bytes, derivation: PassphraseKdf, derived: PassphraseKeys
) -> Unlocked:
    found = [slot for slot in _slots(shown) if isinstance(slot.name.kdf, PassphraseKdf)]
    if len(found) != 1:
        raise AnswerError(f"got {len(found)} passphrase slots, expected one")
    [slot] = found
    if slot.name.kdf != derivation:
        raise DerivationChangedError("got a slot of another derivation than the one asked for")
    master = slots.open_slot(slot, derived.slot, account)
    return Unlocked(master, slot.name.slot, slot.name.epoch)


def _slots(shown: Answer) -> list[Slot]:
    try:
        return [Slot.parse(canonical.encode(each.members)) for each in shown.objects("slots")]  # type: ignore[arg-type]
    except CanonicalError as error:
        raise SlotError("got a slot that has no canonical form") from error


def _open_keys(shown: Answer, account: bytes, unlocked: Unlocked) -> Keys:
    """Open the bundle, and compare the public keys that the server shows with those inside."""
    bundle = identity_bundle.open_bundle(
        unlocked.master, account, unlocked.epoch, shown.bytes("bundle")
    )
    entry = DirectoryEntry.verify(shown.text("directory"))
    if entry.account != account:
        raise IdentityMismatchError("got the directory entry of another account")
    public = PublicIdentity(HybridRecipient.parse(entry.recipient), entry.signing_key.x)
    identity_bundle.check_public(bundle.seeds, public)
    return Keys.of(account, unlocked.master, bundle.seeds)


def _directory_entry(account: bytes, seeds: Seeds) -> str:
    public = seeds.public()
    key = PublicKey(public.signing_key)
    statement = Statement(account, public.recipient.encode(), key)
    return directory_entry.issue(statement, MessageSigner(key, seeds.sign.sign))


def _receipt_key(http: Connection) -> dict[str, str]:
    """Ask for the key of the server's receipts, once: it is kept from then on."""
    keys = http.get("keys").objects("keys")
    if len(keys) != 1:
        raise AnswerError(f"got {len(keys)} keys of receipts, expected one")
    members = {name: keys[0].text(name, 64) for name in _JWK if keys[0].has(name)}
    PublicKey.parse(members)
    return members
