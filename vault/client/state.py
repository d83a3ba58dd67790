"""An open session and an open safe, kept on the machine between two commands.

Rules kept here:

- `session.json`: server, login, account, the session's token, and the account's key at rest;
- at rest the key is in a committing wrap, bound to the account and to the moment when it ends. The
  wrap's key stands in the machine's runtime folder, which is memory and goes when the person's
  session ends; where there is none it stands beside the wrap, and whoever reads the folder before
  `logout` or the next command opens the safe. Once its time is over, the first look deletes it;
- signing out deletes session and key; what must outlive them is in `seen`.

This does not stop who runs programs as the same user, nor root: nothing on a plain machine does.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final

from vault.client import private_files
from vault.client.private_files import integer, text
from vault.client.seen import Seen, locked
from vault.crypto import kdf, wrap
from vault.crypto.keys import MasterKey, Secret
from vault.crypto.wrap import WrapError
from vault.errors import VaultError
from vault.format import canonical
from vault.format.canonical import Json, from_base64url, to_base64url

_ID: Final = 16


class SignedOutError(VaultError):
    """No session is kept here."""

    code: ClassVar[str] = "client.signed-out"


class LockedError(VaultError):
    """The safe was opened here and is closed again: the time is over."""

    code: ClassVar[str] = "client.locked"


class RestKey(Secret):
    """What closes the account's key between two commands."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unlocked:
    """The account's key, and the slot (16 bytes) and epoch that gave it."""

    master: MasterKey
    slot: bytes
    epoch: int


@dataclass(frozen=True, slots=True)
class Resting:
    """The account's key at rest: name of the wrap's key, end in Unix seconds, the wrap."""

    key: bytes
    until: int
    slot: bytes
    epoch: int
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An open session with a server, under an account of 16 bytes."""

    server: str
    login: str
    account: bytes
    token: str = field(repr=False)
    resting: Resting | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of the client, and the machine's runtime folder if it has one."""

    folder: Path
    runtime: Path | None = None

    @property
    def seen(self) -> Seen:
        """The part that outlives a session."""
        return Seen(self.folder)

    @property
    def rests_in_memory(self) -> bool:
        """Tell whether the wrap's key stands elsewhere than the wrap."""
        return self._keys() != self.folder

    def signed_in(self) -> SignedIn:
        """Give the session kept here; raise SignedOutError or StateError."""
        members = private_files.read_object(self._session)
        if members is None:
            raise SignedOutError("got no session in the client's folder")
        with private_files.understood(self._session):
            resting = members.get("resting")
            return SignedIn(
                text(members["server"]),
                text(members["login"]),
                from_base64url(members["account"], _ID),
                text(members["token"]),
                _parse_resting(resting) if isinstance(resting, Mapping) else None,
            )

    def sign_in(self, session: SignedIn, unlocked: Unlocked, until: datetime) -> None:
        """Keep a session and the account's key, in place of whatever was kept."""
        self.sign_out()
        with locked(self.folder):
            private_files.write(self._server, canonical.encode({"server": session.server}))
            self._rest(session, secrets.token_bytes(_ID), unlocked, until)

    def server(self) -> str | None:
        """Give the server of the last session, which signing out does not forget."""
        members = private_files.read_object(self._server)
        if members is None:
            return None
        with private_files.understood(self._server):
            return text(members["server"])

    def sign_out(self) -> None:
        """Forget session and key; positions stay."""
        with locked(self.folder):
            for folder in (self.folder, self._keys()):
                for path in folder.glob("*.key"):
                    path.unlink(missing_ok=True)
            self._session.unlink(missing_ok=True)

    def unlocked(self, session: SignedIn, now: datetime) -> Unlocked:
        """Give the account's key; raise LockedError once its time is over."""
        resting = session.resting
        if resting is None or now.timestamp() >= resting.until:
            self._lock_again(session)
            raise LockedError("got no account's key at rest, or one whose time is over")
        try:
            key = RestKey(private_files.read(self._key(resting.key)))
            plain = wrap.unwrap(key, kdf.WRAP_RESTING, resting.wrapped, _binding(session, resting))
        except (FileNotFoundError, WrapError) as error:
            raise LockedError("got an account's key that no longer opens") from error
        return Unlocked(MasterKey(plain), resting.slot, resting.epoch)

    def prolong(self, session: SignedIn, unlocked: Unlocked, until: datetime) -> None:
        """Put the end further off, unless somebody signed out meanwhile."""
        with locked(self.folder):
            kept = self._kept(session)
            if kept is not None and kept.resting is not None:
                self._rest(kept, kept.resting.key, unlocked, until)

    @property
    def _server(self) -> Path:
        return self.folder / "server.json"

    @property
    def _session(self) -> Path:
        return self.folder / "session.json"

    def _keys(self) -> Path:
        """Give the folder of the wrap's key: one for each client's folder of this machine."""
        if self.runtime is None or not private_files.is_private(self.runtime):
            return self.folder
        name = kdf.digest(kdf.HOME_NAME, os.fsencode(self.folder.absolute()))
        return self.runtime / "coffre" / name.hex()[:32]

    def _key(self, name: bytes) -> Path:
        return self._keys() / f"{name.hex()}.key"

    def _rest(self, session: SignedIn, key: bytes, unlocked: Unlocked, until: datetime) -> None:
        path = self._key(key)
        rest_key = RestKey(private_files.read(path)) if path.exists() else RestKey.generate()
        private_files.write(path, rest_key.secret)
        resting = Resting(key, int(until.timestamp()), unlocked.slot, unlocked.epoch, b"")
        binding, plain = _binding(session, resting), unlocked.master.secret
        wrapped = wrap.wrap(rest_key, kdf.WRAP_RESTING, plain, binding)
        members = _session_members(session) | {
            "resting": _resting_members(resting) | {"wrapped": to_base64url(wrapped)}
        }
        private_files.write(self._session, canonical.encode(members))

    def _lock_again(self, session: SignedIn) -> None:
        with locked(self.folder):
            if session.resting is not None and self._kept(session) == session:
                self._key(session.resting.key).unlink(missing_ok=True)
                private_files.write(self._session, canonical.encode(_session_members(session)))

    def _kept(self, session: SignedIn) -> SignedIn | None:
        """Give the session as it is kept now, None when another command ended or replaced it."""
        try:
            kept = self.signed_in()
        except SignedOutError:
            return None
        return kept if kept.token == session.token else None


def _binding(session: SignedIn, resting: Resting) -> bytes:
    names: dict[str, Json] = {"account": to_base64url(session.account), "server": session.server}
    return canonical.encode({**names, **_resting_members(resting)})


def _session_members(session: SignedIn) -> dict[str, Json]:
    return {
        "v": 1,
        "server": session.server,
        "login": session.login,
        "account": to_base64url(session.account),
        "token": session.token,
    }


def _resting_members(resting: Resting) -> dict[str, Json]:
    return {
        "key": to_base64url(resting.key),
        "until": resting.until,
        "slot": to_base64url(resting.slot),
        "epoch": resting.epoch,
    }


def _parse_resting(members: Mapping[str, Json]) -> Resting:
    until, epoch = integer(members["until"]), integer(members["epoch"])
    key, slot = (from_base64url(members[name], _ID) for name in ("key", "slot"))
    return Resting(key, until, slot, epoch, from_base64url(members["wrapped"]))
