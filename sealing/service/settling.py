"""What those who seal read and say of commissions: what waits, how it goes, how it ended.

Rules kept here:

- a commission that has ended stays as it is, whoever says more of it;
- what a code is to say is forgotten once its letter is settled, unless it may be tried again;
- an attempt that may end with its process is counted before it is begun.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from sealing.service.commissions import OPEN, Commission, CommissionId, Kind, Outcome, State, view
from storage.tables.commissions import CommissionRow


def to_do(session: Session, kind: Kind) -> list[Commission]:
    """List what waits, oldest first."""
    wanted = select(CommissionRow).where(
        CommissionRow.kind == kind, col(CommissionRow.state).in_(OPEN)
    )
    return [view(row) for row in session.exec(wanted.order_by(col(CommissionRow.created_at)))]


def get(session: Session, identifier: str) -> Commission | None:
    """Give any commission, for those who seal it."""
    row = session.get(CommissionRow, identifier)
    return None if row is None else view(row)


def begin(session: Session, identifier: CommissionId) -> int:
    """Count an attempt that may end with the process; give how many there were."""
    row = session.get_one(CommissionRow, identifier, with_for_update=True)
    row.attempts += 1
    session.add(row)
    return row.attempts


def survived(session: Session, identifier: CommissionId) -> None:
    """Forget the attempts of a commission: the process did not die on it."""
    row = session.get(CommissionRow, identifier, with_for_update=True)
    if row is not None:
        row.attempts = 0
        session.add(row)


def progress(session: Session, identifier: CommissionId, letters: int) -> bool:
    """Note that a mailing's list is good and it is being sealed; False where it was cancelled."""
    row = session.get_one(CommissionRow, identifier, with_for_update=True)
    if row.state not in OPEN:
        return False
    row.state, row.letters = State.SEALING, letters
    row.error = row.details = None
    session.add(row)
    return True


def put_off(session: Session, identifier: CommissionId, outcome: Outcome) -> None:
    """Say why a mailing waits: it goes on by itself."""
    row = session.get_one(CommissionRow, identifier, with_for_update=True)
    if row.state in OPEN:
        row.error, row.details = outcome.error, outcome.details
        session.add(row)


def settle(
    session: Session, identifier: CommissionId, outcome: Outcome, now: datetime
) -> Commission:
    """Say how a commission that waits ended; one that has ended already stays as it is.

    What its code says is forgotten, unless it may be tried again.
    """
    row = session.get_one(CommissionRow, identifier, with_for_update=True)
    if row.state in OPEN:
        row.state, row.settled_at, row.attempts = outcome.state, now, 0
        row.seal, row.sha256_out = outcome.seal, outcome.sha256_out
        row.error, row.details = outcome.error, outcome.details
        if outcome.state is not State.FAILED:
            row.work_order = None
        session.add(row)
    return view(row)
