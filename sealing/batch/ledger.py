"""The ledger: what is planned, sealed, published, failed or refused; the truth of a mailing.

Rules kept here:

- states: planned → sealed → published, or failed, or refused. `sealed` says that this seal is the
  one that counts, before its file has its final name; `published`, after;
- a letter's key is unique: the same letter is never planned twice;
- a reading of the list is one transaction: all of it, or nothing;
- a settled letter gets its number in the order of commits, which the journal follows; counters grow
  in the same transaction, so that progress reads one row;
- what was refused stays refused until the letter or the options change; what failed is tried again
  at the next reading;
- rows are told apart by mailing: the tables are those of `storage`, here or in a shared database.

A mailing on one machine keeps a ledger of its own, in SQLite, beside its letters.
"""

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    bindparam,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlmodel import SQLModel

from sealing.batch.plan import Range
from sealing.batch.rows import WAITING, Counts, Entry, Sealed, Settled, State, Waiting, details_of
from sealing.errors import SealingError
from storage.database import open_engine, reading, transaction
from storage.tables import batches

LAYOUT: Final = 1
CHUNK: Final = 500
_TABLES: Final = tuple(
    SQLModel.metadata.tables[str(model.__tablename__)]
    for model in (batches.BatchRow, batches.BatchItemRow)
)
BATCH: Final[Table] = _TABLES[0]
ITEM: Final[Table] = _TABLES[1]


class LedgerError(SealingError):
    """The ledger is not one that this version keeps. Details: `path`."""

    code: ClassVar[str] = "batch.ledger"


class NoMailingError(SealingError):
    """There is no mailing in this folder. Details: `path`."""

    code: ClassVar[str] = "batch.no-mailing"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The rows of one mailing."""

    engine: Engine
    batch: str

    @classmethod
    def create(cls, path: Path, options: str, now: datetime) -> "Ledger":
        """Open the ledger of a folder, made if there is none.

        Raises LedgerError or DatabaseUnavailableError.
        """
        if path.exists():
            try:
                return cls.open(path)
            except NoMailingError:
                pass  # a run that was killed as it began
        engine = open_engine(f"sqlite:///{path}")
        batch = secrets.token_urlsafe(16)
        with transaction(engine) as session:
            row = {"id": batch, "options": options, "created_at": now}
            zero = dict.fromkeys(("readings", "letters", "sealed", "failed"), 0)
            zero |= dict.fromkeys(("refused", "settled", "flushed"), 0)
            SQLModel.metadata.create_all(session.connection(), tables=list(_TABLES))
            session.connection().execute(insert(BATCH), {**row, **zero})
            session.connection().execute(text(f"PRAGMA user_version={LAYOUT}"))
        return cls(engine, batch)

    @classmethod
    def open(cls, path: Path) -> "Ledger":
        """Open the ledger of a folder; raise NoMailingError, LedgerError."""
        if not path.exists():
            raise NoMailingError("got no ledger", path=str(path.parent.parent))
        engine = open_engine(f"sqlite:///{path}")
        with reading(engine) as session:
            layout = session.connection().execute(text("PRAGMA user_version")).scalar()
            if layout == 0:
                raise NoMailingError("got an empty ledger", path=str(path.parent.parent))
            if layout != LAYOUT:
                raise LedgerError(f"got layout {layout}, expected {LAYOUT}", path=str(path))
            batch = session.connection().execute(select(BATCH.c.id)).scalar_one()
        return cls(engine, str(batch))

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def counts(self) -> Counts:
        """Give how the mailing stands."""
        with reading(self.engine) as session:
            return counts_of(session.connection(), self.batch)

    def note(self, **columns: object) -> None:
        """Write columns of the mailing's own row."""
        with transaction(self.engine) as session:
            found = update(BATCH).where(BATCH.c.id == self.batch).values(**columns)
            session.connection().execute(found)

    def ranges(self, size: int) -> Iterator[Range]:
        """Give ranges of letters that wait, as they are asked for."""
        last = 0
        while numbers := self._waiting_after(last, size):
            last = numbers[-1]
            yield Range(numbers[0], last)

    def _waiting_after(self, last: int, size: int) -> Sequence[int]:
        wanted = (
            select(ITEM.c.n)
            .where(ITEM.c.batch == self.batch, ITEM.c.n > last, ITEM.c.state.in_(WAITING))
            .order_by(ITEM.c.n)
            .limit(size)
        )
        with reading(self.engine) as session:
            return session.connection().execute(wanted).scalars().all()

    def waiting(self, wanted: Range) -> list[Waiting]:
        """Give what is to be done of a range."""
        names = [name for name in Waiting.__slots__ if name not in {"state", "seal"}]
        columns = [ITEM.c[name] for name in names]
        found = (
            select(ITEM.c.state, ITEM.c.seal, *columns)
            .where(ITEM.c.batch == self.batch, ITEM.c.state.in_(WAITING))
            .where(ITEM.c.n.between(wanted.first, wanted.last))
            .order_by(ITEM.c.n)
        )
        with reading(self.engine) as session:
            rows = session.connection().execute(found).mappings().all()
        return [
            Waiting(
                **{name: row[name] for name in names},
                state=State(row["state"]),
                seal=None if row["seal"] is None else UUID(row["seal"]),
            )
            for row in rows
        ]

    def commit(self, sealed: Sequence[Sealed], settled: Sequence[Settled]) -> None:
        """Write, in one transaction, which seals count and which letters are done with."""
        if not sealed and not settled:
            return
        with transaction(self.engine) as session:
            connection = session.connection()
            if sealed:
                rows = [
                    {"of": row.n, "seal_id": str(row.seal), "digest": row.sha256_out}
                    for row in sealed
                ]
                connection.execute(_SEAL, rows)
            if settled:
                _settle(connection, self.batch, settled)

    def entries(self, after: int = 0, limit: int = CHUNK) -> list[Entry]:
        """Give settled letters in their order, from the one after a number."""
        return self._entries(limit, ITEM.c.settled > after)

    def troubles(self, after: int = 0, limit: int = CHUNK) -> list[Entry]:
        """Give the letters that failed or were refused, in the same order."""
        unsealed = ITEM.c.state.in_((State.FAILED, State.REFUSED))
        return self._entries(limit, ITEM.c.settled > after, unsealed)

    def _entries(self, limit: int, *which: ColumnElement[bool]) -> list[Entry]:
        found = select(ITEM).where(ITEM.c.batch == self.batch, *which)
        with reading(self.engine) as session:
            ordered = found.order_by(ITEM.c.settled).limit(limit)
            rows = session.connection().execute(ordered).all()
        same = ("n", "line", "file", "sha256_in", "seal", "sha256_out", "error", "details")
        return [
            Entry(
                number=row.settled,
                state=State(row.state),
                at=row.settled_at,
                **{name: getattr(row, name) for name in same},
            )
            for row in rows
        ]

    def settled_rows(self) -> int:
        """Count the letters that are done with."""
        found = select(func.count()).select_from(ITEM)
        wanted = found.where(ITEM.c.batch == self.batch, ITEM.c.settled.is_not(None))
        with reading(self.engine) as session:
            return int(session.connection().execute(wanted).scalar_one())

    def back_to_planned(self, numbers: Sequence[int]) -> None:
        """Have letters sealed again: their seals do not count."""
        with transaction(self.engine) as session:
            for n in numbers:
                session.connection().execute(_UNDO, {"of": n})
            recount(session.connection(), self.batch)


_OF: Final = ITEM.c.n == bindparam("of")
_SEAL: Final = (
    update(ITEM)
    .where(_OF, ITEM.c.state == State.PLANNED)
    .values(state=State.SEALED, seal=bindparam("seal_id"), sha256_out=bindparam("digest"))
)
_SETTLE: Final = (
    update(ITEM)
    .where(_OF, or_(*(ITEM.c.state == state for state in WAITING)))
    .values(
        state=bindparam("to"),
        error=bindparam("why"),
        details=bindparam("how"),
        settled=bindparam("number"),
        settled_at=bindparam("moment"),
        content=None,
    )
)
UNSETTLED: Final[dict[str, Any]] = dict.fromkeys(
    ("seal", "sha256_out", "error", "details", "settled", "settled_at")
)
_UNDO: Final = update(ITEM).where(_OF).values(state=State.PLANNED, **UNSETTLED)
_COUNTER: Final = {
    State.PUBLISHED: BATCH.c.sealed,
    State.FAILED: BATCH.c.failed,
    State.REFUSED: BATCH.c.refused,
}


def _settle(connection: Connection, batch: str, settled: Sequence[Settled]) -> None:
    """Give letters their numbers; the mailing's row is locked until the commit."""
    own = BATCH.c.id == batch
    grown = {column.name: column for column in _COUNTER.values()}
    added = Counter(_COUNTER[row.state].name for row in settled)
    values = {name: grown[name] + count for name, count in added.items()}
    values["settled"] = BATCH.c.settled + len(settled)
    connection.execute(update(BATCH).where(own).values(**values))
    last = connection.execute(select(BATCH.c.settled).where(own)).scalar_one()
    first = last - len(settled) + 1
    rows = [
        {
            "of": row.n,
            "to": row.state,
            "why": row.trouble and row.trouble.code,
            "how": row.trouble and details_of(row.trouble),
            "number": number,
            "moment": row.at,
        }
        for number, row in enumerate(settled, first)
    ]
    if connection.execute(_SETTLE, rows).rowcount != len(rows):
        raise LedgerError("got a letter settled twice", path="")


def counts_of(connection: Connection, batch: str) -> Counts:
    """Give how a mailing stands, within a transaction."""
    row = connection.execute(select(BATCH).where(BATCH.c.id == batch)).one()
    return Counts(*(getattr(row, name) for name in Counts.__slots__))


def recount(connection: Connection, batch: str) -> None:
    """Set the counters of a mailing to what its rows say."""
    found = select(ITEM.c.state, func.count()).where(ITEM.c.batch == batch)
    rows = connection.execute(found.group_by(ITEM.c.state))
    by_state = {str(state): int(count) for state, count in rows}
    counts = {column.name: by_state.get(state, 0) for state, column in _COUNTER.items()}
    counts["letters"] = sum(by_state.values())
    connection.execute(update(BATCH).where(BATCH.c.id == batch).values(**counts))
