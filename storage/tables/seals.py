"""The register of seals; owner: `sealing.service.seals`.

Nothing is kept of a sealed letter until its issuer takes it back: slots are given in blocks, and an
identifier proves by itself that it is one of them.
"""

from datetime import datetime

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import UtcDateTime

_UUID = 36


class SealRegisterRow(SQLModel, table=True):
    """The first slot that was never given: one row, locked by whoever takes a block."""

    __tablename__ = "seal_register"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    next: int = Field(sa_type=BigInteger)


class SealBlockRow(SQLModel, table=True):
    """Slots given at once, from `first`; `key` checks the identifiers made of them."""

    __tablename__ = "seal_blocks"

    first: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    count: int = Field(sa_type=BigInteger)
    key: bytes
    taken_at: datetime = Field(sa_type=UtcDateTime)


class SealStateRow(SQLModel, table=True):
    """A letter that its issuer took back. `state`: revoked or superseded.

    `reason` is of a closed list. No row is ever removed, and `revoked` never changes again.
    """

    __tablename__ = "seal_states"
    __table_args__ = (UniqueConstraint("document_id", name="uq_seal_states_document_id"),)

    slot: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    document_id: str = Field(max_length=_UUID)
    state: str = Field(max_length=16)
    reason: str = Field(max_length=32)
    replaced_by: str | None = Field(default=None, max_length=_UUID)
    at: datetime = Field(sa_type=UtcDateTime)
