"""What an account says of itself to those who send it something: recipient and signing key.

Rules kept here:

- an entry is a signed message of type `coffre-directory+jwt`, Ed25519, counted from 1;
- the first is signed by the key that it states; each later one by the key that the previous one
  stated, and names it by digest: who knows one entry can follow all that come after;
- the recipient is post-quantum (`age1pq1…`), in lower case.

The *first* entry that another gets is the server's word, unless fingerprints are compared.
"""

import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from vault.errors import VaultError
from vault.format.canonical import CanonicalError, from_base64url, to_base64url
from vault.format.signed_message import MessageSigner, ParsedMessage, PublicKey, sign

TYPE: Final = "coffre-directory+jwt"
_RECIPIENT: Final = re.compile(r"age1pq1[02-9ac-hj-np-z]{1952}")
_MEMBERS: Final = frozenset({"v", "account", "n", "recipient", "signing_key", "previous"})
_ID: Final = 16


class DirectoryEntryError(VaultError):
    """These characters are no entry of the directory, or it does not follow the one before."""

    code: ClassVar[str] = "directory.entry"


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """A verified entry. `account` is 16 bytes; `digest` names it for the next one."""

    account: bytes
    n: int
    recipient: str
    signing_key: PublicKey
    digest: str

    @classmethod
    def verify(cls, token: str, before: Self | None = None) -> Self:
        """Read the entry that follows `before` (None: the first).

        Raises MessageError and its children, or DirectoryEntryError.
        """
        parsed = ParsedMessage.parse(token, limit=8192)
        key = before.signing_key if before else parsed.jwk
        if key is None or (parsed.jwk is None) != (before is not None):
            raise DirectoryEntryError("got an entry without its key, or with one too many")
        message = parsed.verify(TYPE, key)
        claims = message.claims
        if set(claims) - {"previous"} != _MEMBERS - {"previous"} or claims["v"] != 1:
            raise DirectoryEntryError("got other members than those of an entry")
        if claims["n"] != (before.n + 1 if before else 1):
            raise DirectoryEntryError("got an entry out of its turn")
        if claims.get("previous") != (before.digest if before else None):
            raise DirectoryEntryError("got an entry that follows another one")
        if not _RECIPIENT.fullmatch(str(claims["recipient"])):
            raise DirectoryEntryError("got a recipient that is not post-quantum")
        entry = cls(
            _account(claims["account"]),
            claims["n"],
            claims["recipient"],
            PublicKey.parse(claims["signing_key"]),
            message.digest,
        )
        if before is None and entry.signing_key != key:
            raise DirectoryEntryError("got a first entry signed by another key than it states")
        if before is not None and entry.account != before.account:
            raise DirectoryEntryError("got an entry of another account")
        return entry


@dataclass(frozen=True, slots=True)
class Statement:
    """What the owner states: account (16 bytes), recipient, signing key."""

    account: bytes
    recipient: str
    signing_key: PublicKey


def issue(statement: Statement, signer: MessageSigner, before: DirectoryEntry | None = None) -> str:
    """Sign an entry that follows `before`; the first one carries the key that signs it."""
    claims: dict[str, object] = {
        "v": 1,
        "account": to_base64url(statement.account),
        "n": before.n + 1 if before else 1,
        "recipient": statement.recipient,
        "signing_key": statement.signing_key.to_jwk(),
    }
    if before:
        claims["previous"] = before.digest
    token = sign(TYPE, claims, signer, carry_key=before is None)
    DirectoryEntry.verify(token, before)
    return token


def _account(text: object) -> bytes:
    try:
        return from_base64url(text, _ID)
    except CanonicalError as error:
        raise DirectoryEntryError(f"got an account that has not its form: {error}") from error
