"""How long what services had sealed is kept, and its end.

Rules kept here:

- a result is erased some days after it was settled, and some hours after it was first collected:
  letters are about persons, and their service has them;
- a service may drop its own at any time: what waits is cancelled, what is there is erased;
- the row goes first, then the files (`storeroom`): nothing that is marked is given any more;
- an Idempotency-Key is remembered for 30 days after its request.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from sealing.service.commissions import ENDED, OPEN, Commission, CommissionId, State, view
from storage import journal
from storage.journal import Entry, Event
from storage.tables.commissions import CommissionRow

REMEMBERED: Final = timedelta(days=30)


def drop(session: Session, identifier: CommissionId, now: datetime) -> Commission:
    """End a commission at its service's wish: cancelled where it waits, else erased."""
    row = session.get_one(CommissionRow, identifier, with_for_update=True)
    _end(session, row, State.CANCELLED if row.state in OPEN else State.ERASED, now)
    return view(row)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long results are kept: once settled, and once collected."""

    settled: timedelta = timedelta(days=7)
    collected: timedelta = timedelta(hours=24)

    def until(self, settled: datetime | None, taken: datetime | None) -> datetime | None:
        """Tell when a result is erased."""
        ends = [settled + self.settled] if settled else []
        return min([*ends, taken + self.collected] if taken else ends, default=None)


def expire(session: Session, keeping: Keeping, now: datetime) -> list[CommissionId]:
    """Mark as erased what was kept long enough; give which."""
    old = col(CommissionRow.settled_at) < now - keeping.settled
    taken = col(CommissionRow.collected_at) < now - keeping.collected
    wanted = select(CommissionRow).where(
        old | taken, col(CommissionRow.state).not_in((*OPEN, *ENDED))
    )
    rows = session.exec(wanted.with_for_update()).all()
    for row in rows:
        _end(session, row, State.ERASED, now)
    return [CommissionId(row.id) for row in rows]


def forget(session: Session, now: datetime) -> int:
    """Forget commissions, and with them their Idempotency-Keys; give how many."""
    old = col(CommissionRow.created_at) < now - REMEMBERED
    wanted = select(CommissionRow).where(old, col(CommissionRow.state).in_(ENDED))
    rows = session.exec(wanted.with_for_update()).all()
    for row in rows:
        session.delete(row)
    return len(rows)


def kept(session: Session) -> frozenset[CommissionId]:
    """Give every commission that may still have files."""
    wanted = select(CommissionRow.id).where(col(CommissionRow.state).not_in(ENDED))
    return frozenset(CommissionId(each) for each in session.exec(wanted))


def unsealed(session: Session) -> frozenset[CommissionId]:
    """Give every commission whose letters, as they came, are still needed."""
    needed = (*OPEN, State.FAILED)
    wanted = select(CommissionRow.id).where(col(CommissionRow.state).in_(needed))
    return frozenset(CommissionId(each) for each in session.exec(wanted))


def _end(session: Session, row: CommissionRow, state: State, now: datetime) -> None:
    if row.state in ENDED:
        return
    row.state, row.work_order, row.details = state, None, None
    row.settled_at = row.settled_at or now
    session.add(row)
    journal.append(session, Entry(Event.SEAL_ERASED, now, None, row.id))
