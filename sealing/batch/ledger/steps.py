"""What is done to the rows of a mailing, each within a transaction of `ledger.py`.

Rules kept here:

- the mailing's own row is locked before any letter's: workers of many machines never wait for one
  another in a circle, and what is read after is what stands;
- a seal counts for the plan it was made under (the letter's key), while no other seal does;
- a letter is settled for the seal that counts, or as planned while none does; once;
- all of these may be done again after a lost answer: the second time changes nothing.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, func, select, update
from sqlmodel import SQLModel

from sealing.batch.ledger.rows import WAITING, Counts, Sealed, Settled, State, details_of
from storage.tables import batches

TABLES: Final = tuple(
    SQLModel.metadata.tables[str(model.__tablename__)]
    for model in (
        *(batches.BatchRow, batches.BatchItemRow),
        *(batches.BatchBlockRow, batches.BatchSlotRow),
    )
)
BATCH: Final[Table] = TABLES[0]
ITEM: Final[Table] = TABLES[1]
BLOCK: Final[Table] = TABLES[2]
SLOT: Final[Table] = TABLES[3]

_OF: Final = ITEM.c.n == bindparam("of")
_SEAL: Final = (
    update(ITEM)
    .where(_OF, ITEM.c.state == State.PLANNED, ITEM.c.key == bindparam("planned"))
    .values(state=State.SEALED, seal=bindparam("seal_id"), sha256_out=bindparam("digest"))
)
_SETTLE: Final = (
    update(ITEM)
    .where(_OF)
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
_UNDO: Final = (
    update(ITEM)
    .where(_OF, ITEM.c.sha256_out == bindparam("digest"))
    .values(state=State.PLANNED, **UNSETTLED)
)
_COUNTER: Final = {
    State.PUBLISHED: BATCH.c.sealed,
    State.FAILED: BATCH.c.failed,
    State.REFUSED: BATCH.c.refused,
}


def lock(connection: Connection, batch: str) -> None:
    """Have the mailing to oneself until the end of the transaction."""
    connection.execute(select(BATCH.c.id).where(BATCH.c.id == batch).with_for_update())


def seal(connection: Connection, sealed: Sequence[Sealed]) -> frozenset[int]:
    """Have these seals count; give the numbers of the letters for which they do."""
    rows = [
        {"of": row.n, "planned": row.key, "seal_id": str(row.seal), "digest": row.sha256_out}
        for row in sealed
    ]
    connection.execute(_SEAL, rows)
    standing = _standing(connection, [row.n for row in sealed])
    counting = (State.SEALED, State.PUBLISHED)
    return frozenset(
        row.n for row in sealed if standing.get(row.n) in {(s, row.sha256_out) for s in counting}
    )


def settle(connection: Connection, batch: str, settled: Sequence[Settled]) -> None:
    """Settle the letters that stand as they are told, in the order of commits."""
    standing = _standing(connection, [row.n for row in settled])
    waiting = [row for row in settled if _applies(row, standing.get(row.n))]
    if not waiting:
        return
    own = BATCH.c.id == batch
    grown = {column.name: column for column in _COUNTER.values()}
    added = Counter(_COUNTER[row.state].name for row in waiting)
    values = {name: grown[name] + count for name, count in added.items()}
    values["settled"] = BATCH.c.settled + len(waiting)
    connection.execute(update(BATCH).where(own).values(**values))
    last = connection.execute(select(BATCH.c.settled).where(own)).scalar_one()
    rows = [
        {
            "of": row.n,
            "to": row.state,
            "why": row.trouble and row.trouble.code,
            "how": row.trouble and details_of(row.trouble),
            "number": number,
            "moment": row.at,
        }
        for number, row in enumerate(waiting, last - len(waiting) + 1)
    ]
    connection.execute(_SETTLE, rows)


def _standing(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[State, bytes]]:
    """Give the state of letters, and the digest of the seal that counts."""
    columns = select(ITEM.c.n, ITEM.c.state, ITEM.c.sha256_out)
    rows = connection.execute(columns.where(ITEM.c.n.in_(numbers)))
    return {row.n: (State(row.state), row.sha256_out) for row in rows}


def _applies(row: Settled, standing: tuple[State, bytes] | None) -> bool:
    """Tell whether a letter waits, and with the seal that it is settled for."""
    return standing is not None and standing[0] in WAITING and standing[1] == row.sha256_out


def undo(connection: Connection, batch: str, lost: Sequence[tuple[int, bytes]]) -> None:
    """Have letters sealed again where these seals still count."""
    connection.execute(_UNDO, [{"of": n, "digest": digest} for n, digest in lost])
    recount(connection, batch)


def counts_of(connection: Connection, batch: str) -> Counts:
    """Give how a mailing stands."""
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
