"""What the server knows of people: pseudonyms, public keys, and locks that it cannot open.

Every column is listed in `storage/DESIGN.md`, "What the server sees". None holds a passphrase, a
key that opens anything, a name or a device's name; owner: `vault.service`.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.tables.columns import ID_LENGTH, UtcDateTime


class Account(SQLModel, table=True):
    """One safe. `login` is the pseudonym that the person chose; `id` says nothing."""

    __tablename__ = "account"

    id: str = Field(primary_key=True, max_length=ID_LENGTH)
    login: str = Field(unique=True, max_length=128)
    # Argon2id of the authentication key, itself derived from the passphrase on the device.
    auth_hash: str = Field(max_length=256)
    epoch: int
    # Encrypted under the master key, which the server never has.
    bundle: bytes
    recipient: str = Field(max_length=2048)
    signing_key: bytes
    # The head of the person's index: its number, its digest.
    head_n: int
    head: bytes
    created_at: datetime = Field(sa_type=UtcDateTime)


class Slot(SQLModel, table=True):
    """The master key of an account, wrapped under one key of the person."""

    __tablename__ = "slot"

    account: str = Field(foreign_key="account.id", primary_key=True, max_length=ID_LENGTH)
    id: str = Field(primary_key=True, max_length=ID_LENGTH)
    type: str = Field(max_length=16)
    epoch: int
    # Canonical JSON: how the key is derived, its commitment, the closed wrap.
    content: bytes
    created_at: datetime = Field(sa_type=UtcDateTime)


class DirectoryEntry(SQLModel, table=True):
    """A signed statement of an account's recipient and signing key; rows are never changed."""

    __tablename__ = "directory_entry"

    account: str = Field(foreign_key="account.id", primary_key=True, max_length=ID_LENGTH)
    n: int = Field(primary_key=True)
    signed: str = Field(max_length=8192)
    created_at: datetime = Field(sa_type=UtcDateTime)


class SignedIn(SQLModel, table=True):
    """An open session. The token is kept as its SHA-256 only."""

    __tablename__ = "signed_in"

    token_sha256: bytes = Field(primary_key=True)
    account: str = Field(foreign_key="account.id", index=True, max_length=ID_LENGTH)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)


class Attempts(SQLModel, table=True):
    """How often a login or an address was tried of late; the key is a keyed digest of it."""

    __tablename__ = "attempts"

    key: bytes = Field(primary_key=True)
    count: int
    last_at: datetime = Field(sa_type=UtcDateTime)
