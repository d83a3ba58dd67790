"""What the server knows of documents: names of objects, sizes, times, ciphertext.

Titles, file names, types, dates and digests of the plaintext are inside `metadata` and `content`,
which the server cannot open; owner: `vault.service`.
"""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import ID_LENGTH, UtcDateTime


class Upload(SQLModel, table=True):
    """One object, from its announcement on. The row stays for ever: names are used once.

    `state`: reserved → used → dead → gone, or reserved → dead → gone. A dead object is deleted
    next; a gone one has been.
    """

    __tablename__ = "upload"

    blob_id: str = Field(primary_key=True, max_length=ID_LENGTH)
    account: str = Field(foreign_key="account.id", index=True, max_length=ID_LENGTH)
    size: int = Field(sa_type=BigInteger)
    sha256: bytes
    # Commitment to the file key: one for each object, for ever; it says nothing about the key.
    fkc: bytes
    state: str = Field(index=True, max_length=8)
    created_at: datetime = Field(sa_type=UtcDateTime)


class IndexOperation(SQLModel, table=True):
    """One operation of a person's index, encrypted and signed by the person's device."""

    __tablename__ = "index_operation"

    account: str = Field(foreign_key="account.id", primary_key=True, max_length=ID_LENGTH)
    n: int = Field(primary_key=True)
    content: bytes
    head: bytes
    signature: bytes
    received_at: datetime = Field(sa_type=UtcDateTime)


class Document(SQLModel, table=True):
    """One document; when it has been removed, the row alone stays."""

    __tablename__ = "document"

    account: str = Field(foreign_key="account.id", primary_key=True, max_length=ID_LENGTH)
    id: str = Field(primary_key=True, max_length=ID_LENGTH)
    created_at: datetime = Field(sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Version(SQLModel, table=True):
    """One version of a document: its object, the owner's header, the encrypted metadata."""

    __tablename__ = "version"
    __table_args__ = (
        ForeignKeyConstraint(["account", "document"], ["document.account", "document.id"]),
    )

    account: str = Field(primary_key=True, max_length=ID_LENGTH)
    document: str = Field(primary_key=True, max_length=ID_LENGTH)
    number: int = Field(primary_key=True)
    blob_id: str = Field(foreign_key="upload.blob_id", unique=True, max_length=ID_LENGTH)
    header: bytes
    # The device calls it metadata; SQLModel keeps that word for itself.
    described: bytes
    created_at: datetime = Field(sa_type=UtcDateTime)


class Share(SQLModel, table=True):
    """The header that opens one object to one grantee; deleted content means withdrawn."""

    __tablename__ = "share"

    id: str = Field(primary_key=True, max_length=ID_LENGTH)
    account: str = Field(foreign_key="account.id", index=True, max_length=ID_LENGTH)
    blob_id: str = Field(foreign_key="upload.blob_id", index=True, max_length=ID_LENGTH)
    grantee: str = Field(max_length=600)
    header: bytes | None
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
