"""The audit journal: who did what, when; written through `storage.journal` alone."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.tables.columns import ID_LENGTH, UtcDateTime


class JournalRow(SQLModel, table=True):
    """One event, chained to the one before by SHA-256."""

    __tablename__ = "journal"

    n: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    event: str = Field(max_length=64)
    account: str | None = Field(max_length=ID_LENGTH)
    subject: str | None = Field(max_length=ID_LENGTH)
    previous: bytes
    digest: bytes


class JournalTail(SQLModel, table=True):
    """The last row's number and digest: one row, locked by whoever appends."""

    __tablename__ = "journal_tail"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    n: int
    digest: bytes
