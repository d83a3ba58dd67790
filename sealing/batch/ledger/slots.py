"""The slots of a mailing in the register of seals: one for each letter, kept in its ledger.

Rules kept here:

- a run takes one block for the letters that have no slot yet, once the list is checked; a kill in
  between loses a block, never a slot to two letters;
- a letter keeps its slot as long as no seal of it was published: of two seals made around a kill
  one alone is ever published, so one slot is enough. Planned again, it gets another (`intake`);
- workers find slots and keys in the ledger, wherever it lies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, exists, func, insert, literal, select

from sealing.batch.ledger.ledger import Ledger
from sealing.batch.ledger.rows import State
from sealing.batch.ledger.steps import BLOCK, ITEM, SLOT, lock
from sealing.proofs.document_id import Slot, SlotKey
from sealing.service.seals import Block, take_now
from storage.settings import Settings


def allot_registered(ledger: Ledger, settings: Settings) -> None:
    """Have each letter lead to its state, where the settings publish lists.

    Raises what `take_now` does, or DatabaseUnavailableError.
    """
    if settings.status.address is not None:
        allot(ledger, lambda count: take_now(settings, count, datetime.now(UTC)))


def allot(ledger: Ledger, take: Callable[[int], Block]) -> int:
    """Give each letter that is planned and has none its slot, of the block that `take` gives.

    Gives how many there are. Raises what `take` does, or DatabaseUnavailableError.
    """
    bare = (
        select(ITEM.c.n)
        .join(SLOT, SLOT.c.n == ITEM.c.n, isouter=True)
        .where(ITEM.c.batch == ledger.batch, ITEM.c.state == State.PLANNED, SLOT.c.n.is_(None))
    )
    counted = select(func.count()).select_from(bare.subquery())
    count = ledger.read(lambda connection: int(connection.execute(counted).scalar_one()))
    if not count:
        return 0
    block = take(count)
    numbered = func.row_number().over(order_by=ITEM.c.n) - 1 + literal(block.first)
    # No more than the block has: another letter may be planned meanwhile.
    rows = bare.add_columns(numbered).order_by(ITEM.c.n).limit(block.count)
    own = {"first": block.first, "batch": ledger.batch, "count": block.count, "key": block.key}

    def act(connection: Connection) -> None:
        lock(connection, ledger.batch)
        known = select(BLOCK.c.first).where(BLOCK.c.first == block.first)
        if connection.execute(known).first() is not None:
            return  # tried again after a lost answer
        connection.execute(insert(BLOCK), own)
        connection.execute(insert(SLOT).from_select(["n", "slot"], rows))

    ledger.write(act)
    return count


@dataclass(slots=True)
class SlotKeys:
    """What a worker knows of the mailing's blocks: the one that it used last."""

    ledger: Ledger
    _block: Block | None = None

    def of(self, slot: int | None) -> SlotKey | None:
        """Give a slot with its key; None where the letter has none."""
        if slot is None:
            return None
        block = self._block
        if block is None or not 0 <= slot - block.first < block.count:
            block = self.ledger.read(lambda connection: self._read(connection, slot))
        if block is None or not 0 <= slot - block.first < block.count:
            raise ValueError(f"got slot {slot} of no block of this mailing")
        self._block = block
        return SlotKey(Slot(slot), block.key)

    def _read(self, connection: Connection, slot: int) -> Block | None:
        below = (
            select(BLOCK.c.first, BLOCK.c.count, BLOCK.c.key)
            .where(BLOCK.c.batch == self.ledger.batch, BLOCK.c.first <= slot)
            .order_by(BLOCK.c.first.desc())
            .limit(1)
        )
        rows = connection.execute(below)
        return next((Block(first, count, key) for first, count, key in rows), None)


def forget_blocks(connection: Connection, batch: str) -> None:
    """Drop a mailing's blocks of which no letter has a slot any more."""
    kept = exists().where(SLOT.c.slot >= BLOCK.c.first, SLOT.c.slot < BLOCK.c.first + BLOCK.c.count)
    connection.execute(delete(BLOCK).where(BLOCK.c.batch == batch, ~kept))
