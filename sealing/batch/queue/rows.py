"""Rows of a mailing that several machines seal: its run, what halted it, where workers died."""

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, bindparam, delete, insert, select, update
from sqlmodel import SQLModel

from sealing.batch.engine import error_of, said_of
from sealing.batch.ledger.ledger import Ledger
from sealing.batch.ledger.rows import State, few_details, few_parts, fitted
from sealing.batch.ledger.steps import ITEM
from sealing.batch.plan import Range
from storage.database import reading
from storage.errors import CoffreError
from storage.tables import batches

_TABLES: Final = tuple(
    SQLModel.metadata.tables[str(model.__tablename__)]
    for model in (batches.BatchQueueRow, batches.BatchDeathRow)
)
_QUEUE: Final[Table] = _TABLES[0]
_DEATH: Final[Table] = _TABLES[1]
_WHY: Final = 500
_PATH: Final = 3_000
_MORE: Final = (
    update(_DEATH).where(_DEATH.c.n == bindparam("of")).values(deaths=_DEATH.c.deaths + 1)
)
_FEWER: Final = (
    update(_DEATH).where(_DEATH.c.n == bindparam("of")).values(deaths=_DEATH.c.deaths - 1)
)


@dataclass(frozen=True, slots=True)
class Announced:
    """A mailing that waits for workers, or had them: its run, and what to open."""

    batch: str
    run: str
    order: str


def announced(engine: Engine) -> list[Announced]:
    """Give the mailings that were announced; their runs may be gone."""
    rows = select(_QUEUE.c.batch, _QUEUE.c.run, _QUEUE.c.work_order).order_by(_QUEUE.c.batch)
    with reading(engine) as session:
        return [Announced(*row) for row in session.connection().execute(rows)]


def announce(ledger: Ledger, run: str, order: str) -> str | None:
    """Say what workers must open from now on; give the run that was announced before."""

    def act(connection: Connection) -> str | None:
        own = _QUEUE.c.batch == ledger.batch
        before = connection.execute(select(_QUEUE.c.run).where(own)).scalar()
        connection.execute(delete(_QUEUE).where(own))
        connection.execute(delete(_DEATH).where(_DEATH.c.batch == ledger.batch))
        connection.execute(insert(_QUEUE), {"batch": ledger.batch, "run": run, "work_order": order})
        return before

    return ledger.write(act)


def withdraw(ledger: Ledger, run: str) -> None:
    """Take back what a run announced."""
    own = delete(_QUEUE).where(_QUEUE.c.batch == ledger.batch, _QUEUE.c.run == run)
    ledger.write(lambda connection: connection.execute(own))


def tell_halted(ledger: Ledger, run: str, error: CoffreError | OSError) -> None:
    """Say what stops all workers of a run; the first to say so is heard."""
    own = (_QUEUE.c.batch == ledger.batch, _QUEUE.c.run == run, _QUEUE.c.halted.is_(None))
    told = update(_QUEUE).where(*own).values(halted=json.dumps(_bounded(error), ensure_ascii=False))
    ledger.write(lambda connection: connection.execute(told))


def halted(ledger: Ledger, run: str) -> Exception | None:
    """Give what stopped a worker of a run for good."""
    own = (_QUEUE.c.batch == ledger.batch, _QUEUE.c.run == run)
    told = ledger.read(
        lambda connection: connection.execute(select(_QUEUE.c.halted).where(*own)).scalar()
    )
    return None if told is None else error_of(json.loads(told))


def _bounded(error: CoffreError | OSError) -> list[Any]:
    """Give an error in plain values, short enough for a row."""
    said = said_of(error)
    if isinstance(error, OSError):
        number, why, path = said
        return [number, fitted(why, _WHY), fitted(path, _PATH)]
    reported, message, parts, details = said
    return [reported, fitted(message, _WHY), few_parts(parts), few_details(details)]


def begin(ledger: Ledger, n: int) -> None:
    """Count one more worker that begins a letter; `ended` takes it back."""

    def act(connection: Connection) -> None:
        if connection.execute(_MORE, {"of": n}).rowcount == 0:
            connection.execute(insert(_DEATH), {"n": n, "batch": ledger.batch, "deaths": 1})

    ledger.write(act)


def ended(ledger: Ledger, n: int) -> None:
    """Take back what `begin` counted: the worker lives."""
    ledger.write(lambda connection: connection.execute(_FEWER, {"of": n}))


def deadly(ledger: Ledger, wanted: Range, deaths: int) -> list[int]:
    """Give the letters of a range without a seal on which so many workers died."""
    found = (
        select(ITEM.c.n)
        .join(_DEATH, _DEATH.c.n == ITEM.c.n)
        .where(ITEM.c.batch == ledger.batch, ITEM.c.n.between(wanted.first, wanted.last))
        .where(ITEM.c.state == State.PLANNED, _DEATH.c.deaths >= deaths)
    )
    return ledger.read(lambda connection: list(connection.execute(found).scalars()))
