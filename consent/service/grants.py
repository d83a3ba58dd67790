"""A grant: accepted once, held for its collection, void by time.

Rules kept here:

- (1) the grant is signed by the key that it carries, the one that this account uses with this
  service; (2) it answers a request that waits for this account, in its words and time; (3) the
  package has the signed size and digest; (4) each header has the signed digest, and the share its
  shape, its object, its commitment (`vault.service.shares`); (5) rows and journal: all or nothing;
- neither the manifest nor the truth of a commitment can be checked here: the service does;
- what nobody collected within 72 hours, or before its end, is destroyed: package and headers.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final

from sqlmodel import Session, col, select

from consent import states
from consent.errors import ConsentError
from consent.messages import chain
from consent.messages import grant as grants
from consent.messages.grant import Grant, GrantInvalidError, StoredItem
from consent.messages.request import CLOCK_AHEAD, Request
from consent.service import register, requests
from consent.service.register import Ground
from consent.service.requests import RequestNotFoundError
from consent.states import Collected, GrantState, Lapsed, Ready, Receipted, Rejected, Withdrawn
from storage import journal
from storage.blobs.port import Announced, BlobId
from storage.journal import Entry, Event
from storage.tables.consents import GrantedShareRow, GrantRow, PairwiseKeyRow, RequestRow
from vault.service import shares
from vault.service.shares import Life, Owner, Shared, ShareId

MAX_PACKAGE: Final = 512 << 10
REPEATABLE: Final = timedelta(minutes=15)
"""How long one collection may be asked again after a cut."""
_LATE: Final = timedelta(minutes=15)


class GrantNotFoundError(ConsentError):
    """There is no such grant for who asks."""

    code: ClassVar[str] = "grant-not-found"


@dataclass(frozen=True, slots=True)
class Sent:
    """What the person sends: grant (JWS), package, headers by blob_id."""

    signed: str = field(repr=False)
    package: bytes = field(repr=False)
    headers: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class GrantView:
    """A grant as its person sees it."""

    id: str
    request: str
    service: str
    state: str
    signed: str = field(repr=False)
    accepted_at: datetime
    collect_by: datetime
    collected_at: datetime | None
    receipt: str | None = field(repr=False)


def accept(session: Session, account: Owner, sent: Sent, ground: Ground) -> GrantView:
    """Take the answer to a request.

    Raises GrantInvalidError, RequestNotFoundError, RequestClosedError, GrantExpiredError, the
    errors of `vault.service.shares` and of the registration.
    """
    given = Grant.verify(sent.signed)
    asked_row = _row_by_digest(session, account, given.request)
    asked = Request.verify(asked_row.signed, ground.register)
    register.require_known(session, asked.registration)
    answered = states.answer(requests.state_of(asked_row), ground.now)
    grants.check_request(given, asked)
    if given.status != requests.status_of(asked_row, ground.vault):
        raise GrantInvalidError("got a grant in another slot of the status list")
    if not ground.now - _LATE <= given.issued_at <= ground.now + CLOCK_AHEAD:
        raise GrantInvalidError("got a grant that was not made now")
    ready = states.accept(given.expires_at, ground.now)
    _pin(session, account, given)
    _check_contents(given, sent)
    row = GrantRow(
        id=given.jti,
        request=asked_row.id,
        account=account,
        service=given.aud,
        digest=given.digest,
        signed=sent.signed,
        package=sent.package,
        state=states.name_of(ready),
        accepted_at=ground.now,
        collect_by=ready.collect_by,
    )
    if session.get(GrantRow, given.jti) is not None:
        raise GrantInvalidError("got the identifier of another grant")
    session.add(row)
    requests.keep(session, asked_row, answered)
    session.flush()
    _share(session, row, sent, ground.now)
    journal.append(session, Entry(Event.GRANT_ACCEPTED, ground.now, account, row.id))
    return view(row, ground.now)


def of_person(session: Session, account: Owner, now: datetime) -> tuple[GrantView, ...]:
    """List a person's grants, the newest first."""
    query = select(GrantRow).where(GrantRow.account == account)
    rows = session.exec(query.order_by(col(GrantRow.accepted_at).desc(), col(GrantRow.id)))
    return tuple(view(row, now) for row in rows)


def row_of_person(session: Session, account: Owner, grant_id: str) -> GrantRow:
    """Lock a person's grant; raise GrantNotFoundError."""
    row = session.get(GrantRow, grant_id, with_for_update=True)
    if row is None or row.account != account:
        raise GrantNotFoundError("got a grant that this account does not have")
    return row


def row_of_service(session: Session, service: str, grant_id: str) -> GrantRow:
    """Lock a grant made to a service; raise GrantNotFoundError."""
    row = session.get(GrantRow, grant_id, with_for_update=True)
    if row is None or row.service != service:
        raise GrantNotFoundError("got a grant that was not made to this service")
    return row


def state_of(row: GrantRow) -> GrantState:
    """Read the state of a row."""
    at = row.collected_at or row.accepted_at
    every: dict[str, GrantState] = {
        "ready": Ready(row.collect_by),
        "collected": Collected(at),
        "receipted": Receipted(at),
        "rejected": Rejected(at),
        "withdrawn": Withdrawn(),
        "lapsed": Lapsed(),
    }
    return every[row.state]


def keep(session: Session, row: GrantRow, state: GrantState) -> None:
    """Write the state of a row."""
    row.state = states.name_of(state)
    session.add(row)


def shares_of(session: Session, row: GrantRow) -> tuple[ShareId, ...]:
    """Give the shares of a grant."""
    query = select(GrantedShareRow.share).where(GrantedShareRow.request_grant == row.id)
    return tuple(ShareId(each) for each in session.exec(query.order_by(GrantedShareRow.share)))


def destroy(session: Session, row: GrantRow, now: datetime) -> None:
    """Destroy package and headers: the grant is spent or void."""
    row.package = None
    session.add(row)
    for share in shares_of(session, row):
        shares.withdraw(session, Owner(row.account), share, now)


def sweep(session: Session, now: datetime) -> int:
    """Destroy what time has ended: grants never collected, and what was; give how many."""
    held = select(GrantRow).where(col(GrantRow.package).is_not(None)).with_for_update()
    count = 0
    for row in session.exec(held).all():
        after = states.lapse(state_of(row), now)
        spent = row.collected_at is not None and now >= row.collected_at + REPEATABLE
        if isinstance(after, Lapsed):
            keep(session, row, after)
            journal.append(session, Entry(Event.GRANT_LAPSED, now, row.account, row.id))
        if spent or isinstance(after, Lapsed):
            destroy(session, row, now)
            count += 1
    return count


def view(row: GrantRow, now: datetime) -> GrantView:
    """Show a grant to its person, time counted."""
    return GrantView(
        id=row.id,
        request=row.request,
        service=row.service,
        state=states.name_of(states.lapse(state_of(row), now)),
        signed=row.signed,
        accepted_at=row.accepted_at,
        collect_by=row.collect_by,
        collected_at=row.collected_at,
        receipt=row.receipt,
    )


def _row_by_digest(session: Session, account: Owner, digest: str) -> RequestRow:
    query = select(RequestRow).where(RequestRow.digest == digest).with_for_update()
    row = session.exec(query).one_or_none()
    if row is None or row.account != account:
        raise RequestNotFoundError("got a grant for no request of this account")
    return row


def _pin(session: Session, account: Owner, given: Grant) -> None:
    pinned = session.get(PairwiseKeyRow, (account, given.aud), with_for_update=True)
    if pinned is None:
        key = given.key.thumbprint
        session.add(PairwiseKeyRow(account=account, service=given.aud, key=key))
    elif not hmac.compare_digest(pinned.key, given.key.thumbprint):
        raise GrantInvalidError("got a grant by another key than this account's")


def _check_contents(given: Grant, sent: Sent) -> None:
    if len(sent.package) > MAX_PACKAGE or len(sent.package) != given.package.size:
        raise GrantInvalidError("got a package of another size, or too large")
    if chain.digest_of(sent.package) != given.package.sha256:
        raise GrantInvalidError("got another package than the one that was signed")
    signed = {each.blob_id: each.header for each in given.stored}
    if signed != {name: chain.digest_of(header) for name, header in sent.headers.items()}:
        raise GrantInvalidError("got other headers than those that were signed")


def _share(session: Session, row: GrantRow, sent: Sent, now: datetime) -> None:
    stored = Grant.verify(row.signed).stored
    shared = [_shared(each, sent.headers[each.blob_id]) for each in stored]
    # A collection may be asked again after a cut: headers live that much longer than the grant.
    life = Life(now, row.collect_by + REPEATABLE)
    for share in shares.add(session, Owner(row.account), row.service, shared, life):
        session.flush()
        session.add(GrantedShareRow(request_grant=row.id, share=share))


def _shared(stored: StoredItem, header: bytes) -> Shared:
    content = Announced(stored.size, chain.from_base64url(stored.sha256))
    return Shared(BlobId(stored.blob_id), content, chain.from_base64url(stored.fkc), header)
