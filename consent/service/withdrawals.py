"""A withdrawal: signed by the person's key for this service, before the collection.

Rules kept here:

- it takes no more than agreeing did, and is effective at its answer: package and headers are
  destroyed in the same transaction, and a collection that comes later finds nothing;
- of a withdrawal and a collection that race, the row's lock lets one win; the other is told;
- the same withdrawal again is harmless.
"""

from datetime import datetime

from sqlmodel import Session

from consent import states
from consent.messages.grant import Grant
from consent.messages.withdrawal import Withdrawal
from consent.service import grants
from consent.service.grants import GrantView
from storage import journal
from storage.journal import Entry, Event
from vault.service.shares import Owner


def withdraw(
    session: Session, account: Owner, grant_id: str, signed: str, now: datetime
) -> GrantView:
    """Take a grant back.

    Raises GrantNotFoundError, WithdrawalForeignError, IllegalTransitionError, MessageError's kin.
    """
    row = grants.row_of_person(session, account, grant_id)
    Withdrawal.verify(signed, Grant.verify(row.signed))
    if row.withdrawal is None:
        grants.keep(session, row, states.withdraw(states.lapse(grants.state_of(row), now)))
        row.withdrawal = signed
        grants.destroy(session, row, now)
        journal.append(session, Entry(Event.GRANT_WITHDRAWN, now, account, row.id))
    return grants.view(row, now)
