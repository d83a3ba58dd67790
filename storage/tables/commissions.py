"""What applications have sealed by the API: their keys, and what they asked; owner: `sealing`.

No key is kept, only its digest; no name of a file; what a code is to say (`work_order`) only until
the letter is settled.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import ID_LENGTH, UtcDateTime

_UUID = 36


class ApiKeyRow(SQLModel, table=True):
    """One key of a service's application, and what it may have sealed.

    `signers`, separated by commas: those allowed, all where empty; `levels` likewise.
    """

    __tablename__ = "api_key"

    id: str = Field(primary_key=True, max_length=ID_LENGTH)
    service: str = Field(max_length=64, index=True)
    digest: bytes = Field(unique=True)
    signers: str = Field(max_length=1_024)
    levels: str = Field(max_length=64)
    letters_a_day: int
    most_mib: int
    created_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CommissionRow(SQLModel, table=True):
    """One letter or one mailing that a service asked for.

    `repeat_key` is SHA-256 of the request's Idempotency-Key, `fingerprint` of what came with it;
    `seal` and `sha256_out` are of a sealed letter; `error` and `details` say why there is none.
    `attempts` counts processes that died on it.
    """

    __tablename__ = "commission"
    __table_args__ = (
        UniqueConstraint("service", "repeat_key", name="uq_commission_repeat_key"),
        Index("ix_commission_state", "state"),
    )

    id: str = Field(primary_key=True, max_length=ID_LENGTH)
    service: str = Field(max_length=64)
    kind: str = Field(max_length=16)
    state: str = Field(max_length=16)
    repeat_key: bytes | None = None
    fingerprint: bytes
    work_order: str | None = Field(default=None, max_length=65_536)
    level: str = Field(max_length=8)
    letters: int
    size: int = Field(sa_type=BigInteger)
    seal: str | None = Field(default=None, max_length=_UUID)
    sha256_out: bytes | None = None
    error: str | None = Field(default=None, max_length=64)
    details: str | None = Field(default=None, max_length=4_096)
    attempts: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    collected_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
