"""A receipt: the service's half is checked against the collection, then the vault signs too.

Rules kept here:

- signed by a key of the registration that the request carried, for this very collection;
- one receipt for one use; the same one again gets the same answer (an answer was lost), another one
  is refused;
- with the receipt the grant is spent: package and headers are destroyed, whatever the outcome.
"""

from sqlmodel import Session

from consent import states
from consent.messages import receipt
from consent.messages.receipt import Receipt
from consent.messages.request import Request
from consent.service import collections, grants
from consent.service.register import Ground
from storage import journal
from storage.journal import Entry, Event
from storage.tables.consents import RequestRow
from vault.format.signed_message import MessageSigner


def accept(
    session: Session, service: str, half: tuple[str, str], vault: MessageSigner, ground: Ground
) -> str:
    """Take (grant, receipt with one signature); give the receipt with both.

    Raises GrantNotFoundError, ReceiptForeignError, IllegalTransitionError, MessageError's kin.
    """
    grant_id, text = half
    row = grants.row_of_service(session, service, grant_id)
    asked = Request.verify(session.get_one(RequestRow, row.request).signed, ground.register)
    given = Receipt.verify(text, asked.registration.keys, None)
    given.check(collections.described(row, asked.aud))
    if row.receipt is not None and row.receipt_digest == given.digest:
        return row.receipt
    accepted = given.outcome.reject_code is None
    after = states.acknowledge(grants.state_of(row), accepted=accepted)
    both = receipt.countersign(given, vault)
    row.receipt, row.receipt_digest = both, given.digest
    grants.keep(session, row, after)
    grants.destroy(session, row, ground.now)
    journal.append(session, Entry(Event.GRANT_RECEIPTED, ground.now, row.account, row.id))
    return both
