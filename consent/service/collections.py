"""A collection: the one use is counted for good before the first byte leaves.

Rules kept here:

- the grant is locked, the use counted and written, and only then is anything answered: of two who
  ask at once one gets it; a server that dies in between has counted the use;
- the same collection asked again, under the same identifier and within 15 minutes, gets the same
  answer and counts nothing: networks are cut;
- a grant whose document was removed meanwhile is one that was taken back;
- whose service it is not, finds nothing.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from consent import states
from consent.messages.grant import Grant
from consent.messages.receipt import Collection
from consent.service import grants
from consent.service.register import Ground
from consent.states import Collected, GrantUsedError, GrantWithdrawnError
from storage import journal
from storage.journal import Entry, Event
from storage.tables.consents import GrantRow, RequestRow
from vault.service import shares
from vault.service.shares import ServedShare, ShareEndedError


@dataclass(frozen=True, slots=True)
class Handed:
    """What the service gets: the messages, the package, each object's record with its header."""

    request: str = field(repr=False)
    grant: str = field(repr=False)
    package: bytes = field(repr=False)
    items: tuple[ServedShare, ...]
    use: int
    collected_at: datetime


def collect(
    session: Session, service: str, grant_id: str, collection: str, ground: Ground
) -> Handed:
    """Take the use and give what it opens; `collection` is drawn by the service.

    Raises GrantNotFoundError, GrantUsedError, GrantExpiredError or GrantWithdrawnError.
    """
    row = grants.row_of_service(session, service, grant_id)
    if not _is_again(row, collection, ground.now):
        taken = states.collect(grants.state_of(row), ground.now)
        row.collected_at, row.collection = taken.at, collection
        grants.keep(session, row, taken)
        journal.append(session, Entry(Event.GRANT_COLLECTED, ground.now, row.account, row.id))
        session.flush()
    if row.package is None:
        raise GrantUsedError("got a grant that is spent", state=row.state)
    asked = session.get_one(RequestRow, row.request)
    try:
        items = tuple(
            shares.serve(session, share, service, ground.now)
            for share in grants.shares_of(session, row)
        )
    except ShareEndedError as error:
        raise GrantWithdrawnError("got a grant of a removed document", state="removed") from error
    at = row.collected_at or ground.now
    return Handed(asked.signed, row.signed, row.package, items, 1, at)


def described(row: GrantRow, vault: str) -> Collection:
    """Say what a receipt for this row must acknowledge."""
    at = row.collected_at or row.accepted_at
    return Collection(Grant.verify(row.signed), vault, 1, at)


def _is_again(row: GrantRow, collection: str, now: datetime) -> bool:
    state = grants.state_of(row)
    return (
        isinstance(state, Collected)
        and hmac.compare_digest(row.collection or "", collection)
        and now < state.at + grants.REPEATABLE
    )
