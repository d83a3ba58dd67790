"""Mailings: one row for each, one for each of their letters; owner: `sealing.batch`.

Two more tables serve workers of several machines, in a shared database alone: what they must open,
and the letters on which they died. Two others say which slot of the register of seals each letter
got (`sealing.batch.ledger.slots`), where there is one.

What a letter's code is to say (`content`) is kept only until the letter is settled: afterwards its
key tells whether it is the same letter.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import ID_LENGTH, UtcDateTime

_UUID = 36


class BatchRow(SQLModel, table=True):
    """One mailing. The counters grow in the transaction that settles letters.

    `settled` numbers the letters in the order in which they were settled; `flushed` is the last of
    them whose file surely survives a power cut; `readings` counts how often the list was read.
    """

    __tablename__ = "batch"

    id: str = Field(primary_key=True, max_length=ID_LENGTH)
    options: str = Field(max_length=4_096)
    created_at: datetime = Field(sa_type=UtcDateTime)
    readings: int = 0
    letters: int = 0
    sealed: int = 0
    failed: int = 0
    refused: int = 0
    settled: int = 0
    flushed: int = 0
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BatchItemRow(SQLModel, table=True):
    """One letter of a mailing; `key` = SHA-256(input digest, data, options).

    `state`: planned → sealed (its seal is made, and is the one that counts) → published, or failed,
    or refused. `details` are those of its error; `replaces` is the digest of an older file that
    it may replace.
    """

    __tablename__ = "batch_item"
    __table_args__ = (
        UniqueConstraint("batch", "key", name="uq_batch_item_key"),
        UniqueConstraint("batch", "file", name="uq_batch_item_file"),
        Index("ix_batch_item_settled", "batch", "settled"),
    )

    n: int | None = Field(default=None, primary_key=True)
    batch: str = Field(foreign_key="batch.id", max_length=ID_LENGTH)
    line: int
    reading: int
    file: str = Field(max_length=1_024)
    key: bytes
    sha256_in: bytes
    content: str | None = Field(max_length=65_536)
    replaces: bytes | None = None
    state: str = Field(max_length=16)
    seal: str | None = Field(default=None, max_length=_UUID)
    sha256_out: bytes | None = None
    error: str | None = Field(default=None, max_length=64)
    details: str | None = Field(default=None, max_length=4_096)
    settled: int | None = None
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BatchQueueRow(SQLModel, table=True):
    """What workers of other machines must know of a mailing under way; no secret, no letter.

    `run` names the queue of the run at work; `work_order` is what to open, in JSON; `halted` is
    what stopped a worker for good, in JSON.
    """

    __tablename__ = "batch_queue"

    batch: str = Field(primary_key=True, foreign_key="batch.id", max_length=ID_LENGTH)
    run: str = Field(max_length=64)
    work_order: str = Field(max_length=65_536)
    halted: str | None = Field(default=None, max_length=8_192)


class BatchDeathRow(SQLModel, table=True):
    """How many workers began a letter under suspicion and never ended it; `n` is its number."""

    __tablename__ = "batch_death"

    n: int = Field(primary_key=True, foreign_key="batch_item.n", ondelete="CASCADE")
    batch: str = Field(foreign_key="batch.id", max_length=ID_LENGTH)
    deaths: int


class BatchBlockRow(SQLModel, table=True):
    """Slots of the register that a mailing took at once; `key` makes the identifiers of them."""

    __tablename__ = "batch_block"

    first: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    batch: str = Field(foreign_key="batch.id", max_length=ID_LENGTH)
    count: int = Field(sa_type=BigInteger)
    key: bytes


class BatchSlotRow(SQLModel, table=True):
    """The slot of a letter, which it keeps as long as no seal of it was published."""

    __tablename__ = "batch_slot"

    n: int = Field(primary_key=True, foreign_key="batch_item.n", ondelete="CASCADE")
    slot: int = Field(unique=True, sa_type=BigInteger)
