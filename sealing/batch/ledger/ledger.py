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
- rows are told apart by mailing: the tables are those of `storage`, here or in a shared database;
- a shared database may be restarted under way: what is asked of it is asked again for a minute.

A mailing on one machine keeps a ledger of its own, in SQLite, beside its letters; one that several
machines seal has its rows in their database (`place.py` says which).
"""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, func, insert, select, text, update
from sqlmodel import Session, SQLModel

from sealing.batch.ledger import steps
from sealing.batch.ledger.rows import WAITING, Counts, Entry, Sealed, Settled, State, Waiting
from sealing.batch.ledger.steps import BATCH, ITEM, SLOT, TABLES
from sealing.batch.plan import Range
from sealing.errors import SealingError
from storage.database import DatabaseUnavailableError, open_engine, reading, transaction

LAYOUT: Final = 1
CHUNK: Final = 500
PATIENCE: Final = 60.0
_PAUSE: Final = 0.2
_Found = TypeVar("_Found")


class LedgerError(SealingError):
    """The ledger is not one that this version keeps. Details: `path`."""

    code: ClassVar[str] = "batch.ledger"


class OtherDatabaseError(SealingError):
    """The mailing's rows are not in this database. Details: `path`."""

    code: ClassVar[str] = "batch.other-database"


class NoMailingError(SealingError):
    """There is no mailing in this folder. Details: `path`."""

    code: ClassVar[str] = "batch.no-mailing"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The rows of one mailing. `patience`: seconds for which an absent database is awaited."""

    engine: Engine
    batch: str
    patience: float = 0.0

    @classmethod
    def create(cls, path: Path, options: str, now: datetime) -> "Ledger":
        """Open the ledger of a folder, made if there is none.

        Raises LedgerError or DatabaseUnavailableError.
        """
        if path.exists():
            try:
                return cls.open(path).complete()
            except NoMailingError:
                pass  # a run that was killed as it began
        engine = open_engine(f"sqlite:///{path}")
        batch = secrets.token_urlsafe(16)
        with transaction(engine) as session:
            SQLModel.metadata.create_all(session.connection(), tables=list(TABLES))
            session.connection().execute(insert(BATCH), _new(batch, options, now))
            session.connection().execute(text(f"PRAGMA user_version={LAYOUT}"))
        return cls(engine, batch)

    @classmethod
    def share(cls, engine: Engine, options: str, now: datetime) -> "Ledger":
        """Begin a mailing in a database of several machines; raise DatabaseUnavailableError."""
        batch = secrets.token_urlsafe(16)
        with transaction(engine) as session:
            session.connection().execute(insert(BATCH), _new(batch, options, now))
        return cls(engine, batch, PATIENCE)

    @classmethod
    def shared(cls, engine: Engine, batch: str, path: Path) -> "Ledger":
        """Take up a mailing of such a database; raise OtherDatabaseError where it knows none."""
        with reading(engine) as session:
            found = select(BATCH.c.id).where(BATCH.c.id == batch)
            if session.connection().execute(found).scalar() is None:
                raise OtherDatabaseError("got a mailing of another database", path=str(path))
        return cls(engine, batch, PATIENCE)

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

    def complete(self) -> "Ledger":
        """Add the tables that a ledger of before has not."""
        self.write(lambda connection: SQLModel.metadata.create_all(connection, list(TABLES)))
        return self

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def counts(self) -> Counts:
        """Give how the mailing stands."""
        return self.read(lambda connection: steps.counts_of(connection, self.batch))

    def note(self, **columns: object) -> None:
        """Write columns of the mailing's own row."""
        noted = update(BATCH).where(BATCH.c.id == self.batch).values(**columns)
        self.write(lambda connection: connection.execute(noted))

    def read(self, act: Callable[[Connection], _Found]) -> _Found:
        """Read in one transaction; raise DatabaseUnavailableError."""
        return self._patiently(reading, act)

    def write(self, act: Callable[[Connection], _Found]) -> _Found:
        """Write in one transaction, which may be tried twice; raise DatabaseUnavailableError."""
        return self._patiently(transaction, act)

    def _patiently(
        self,
        opened: Callable[[Engine], AbstractContextManager[Session]],
        act: Callable[[Connection], _Found],
    ) -> _Found:
        until = time.monotonic() + self.patience
        while True:
            try:
                with opened(self.engine) as session:
                    return act(session.connection())
            except DatabaseUnavailableError:
                if time.monotonic() >= until:
                    raise
            time.sleep(_PAUSE)

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
        return self.read(lambda connection: connection.execute(wanted).scalars().all())

    def waiting(self, wanted: Range) -> list[Waiting]:
        """Give what is to be done of a range."""
        names = [name for name in Waiting.__slots__ if name not in {"state", "seal"}]
        columns = [SLOT.c.slot if name == "slot" else ITEM.c[name] for name in names]
        found = (
            select(ITEM.c.state, ITEM.c.seal, *columns)
            .join(SLOT, SLOT.c.n == ITEM.c.n, isouter=True)
            .where(ITEM.c.batch == self.batch, ITEM.c.state.in_(WAITING))
            .where(ITEM.c.n.between(wanted.first, wanted.last))
            .order_by(ITEM.c.n)
        )
        rows = self.read(lambda connection: connection.execute(found).mappings().all())
        return [
            Waiting(
                **{name: row[name] for name in names},
                state=State(row["state"]),
                seal=None if row["seal"] is None else UUID(row["seal"]),
            )
            for row in rows
        ]

    def commit(self, sealed: Sequence[Sealed], settled: Sequence[Settled]) -> frozenset[int]:
        """Write, in one transaction, which seals count and which letters are done with.

        Gives the numbers of the letters whose seal of `sealed` counts: another worker, or another
        plan, may have been first.
        """
        if not sealed and not settled:
            return frozenset()

        def act(connection: Connection) -> frozenset[int]:
            steps.lock(connection, self.batch)
            counting = steps.seal(connection, sealed) if sealed else frozenset()
            if settled:
                steps.settle(connection, self.batch, settled)
            return counting

        return self.write(act)

    def entries(self, after: int = 0, limit: int = CHUNK) -> list[Entry]:
        """Give settled letters in their order, from the one after a number."""
        return self._entries(limit, ITEM.c.settled > after)

    def troubles(self, after: int = 0, limit: int = CHUNK) -> list[Entry]:
        """Give the letters that failed or were refused, in the same order."""
        unsealed = ITEM.c.state.in_((State.FAILED, State.REFUSED))
        return self._entries(limit, ITEM.c.settled > after, unsealed)

    def _entries(self, limit: int, *which: ColumnElement[bool]) -> list[Entry]:
        found = select(ITEM).where(ITEM.c.batch == self.batch, *which)
        ordered = found.order_by(ITEM.c.settled).limit(limit)
        rows = self.read(lambda connection: connection.execute(ordered).all())
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

    def named(self, files: Sequence[str]) -> dict[str, Entry]:
        """Give the settled letters among those of these names."""
        wanted = (ITEM.c.settled.is_not(None), ITEM.c.file.in_(files))
        return {entry.file: entry for entry in self._entries(len(files), *wanted)}

    def keys(self, files: Sequence[str]) -> dict[str, bytes]:
        """Give the keys of the letters of these names; what failed may come again."""
        own = (ITEM.c.batch == self.batch, ITEM.c.file.in_(files), ITEM.c.state != State.FAILED)
        rows = self.read(
            lambda connection: connection.execute(select(ITEM.c.file, ITEM.c.key).where(*own)).all()
        )
        return {str(row.file): bytes(row.key) for row in rows}

    def settled_rows(self) -> int:
        """Count the letters that are done with."""
        found = select(func.count()).select_from(ITEM)
        wanted = found.where(ITEM.c.batch == self.batch, ITEM.c.settled.is_not(None))
        return self.read(lambda connection: int(connection.execute(wanted).scalar_one()))

    def back_to_planned(self, lost: Sequence[tuple[int, bytes]]) -> None:
        """Have letters sealed again whose seal, told by its digest, no longer counts."""

        def act(connection: Connection) -> None:
            steps.lock(connection, self.batch)
            steps.undo(connection, self.batch, lost)

        self.write(act)


def _new(batch: str, options: str, now: datetime) -> dict[str, object]:
    """Give the row of a mailing that begins."""
    names = ("readings", "letters", "sealed", "failed", "refused", "settled", "flushed")
    return {"id": batch, "options": options, "created_at": now, **dict.fromkeys(names, 0)}
