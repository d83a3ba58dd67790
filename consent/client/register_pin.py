"""The keys of register and vault as this client knows them: pinned at the first contact.

Rules kept here:

- two keys for each server, in `register/`; another one is an alarm and never replaces it: whoever
  could change the first could make any service's keys count, the second countersigns receipts;
- the first is the server's word, unless its thumbprint is compared: commands show it;
- a server's name in signed messages is its address with `https`, whatever the demonstration on this
  machine is served with.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from consent.errors import ConsentError
from vault.client import private_files
from vault.client.answers import AnswerError
from vault.client.http import Connection
from vault.format import canonical
from vault.format.canonical import Json, to_base64url
from vault.format.signed_message import PublicKey


class RegisterChangedError(ConsentError):
    """The server shows another key of the register, or its own, than those seen first."""

    code: ClassVar[str] = "register-changed"


@dataclass(frozen=True, slots=True)
class Authority:
    """Whose registrations count, under which name the vault is asked, with which key it signs."""

    register: PublicKey
    vault: str
    vault_key: PublicKey


def authority(http: Connection, folder: Path) -> Authority:
    """Give the pinned keys; raise RegisterChangedError or StateError."""
    vault = https_name(http.server)
    path = folder / "register" / f"{to_base64url(vault.encode())}.json"
    register, key = PublicKey.parse(http.get("register/key").object("key").members), _key(http)
    shown: dict[str, Json] = {"register": _members(register), "vault": _members(key)}
    kept = private_files.read_object(path)
    if kept is None:
        private_files.write(path, canonical.encode(shown))
    elif kept != shown:
        raise RegisterChangedError("got another key than the one that was seen first")
    return Authority(register, vault, key)


def _key(http: Connection) -> PublicKey:
    keys = http.get("keys").objects("keys")
    if len(keys) != 1:
        raise AnswerError(f"got {len(keys)} keys of the vault, expected one")
    return PublicKey.parse({name: keys[0].text(name) for name in ("kty", "crv", "x", "y")})


def _members(key: PublicKey) -> dict[str, Json]:
    return dict(key.to_jwk().items())


def https_name(server: str) -> str:
    """Give the name that signed messages have for a server."""
    return f"https://{server.partition('://')[2]}"
