"""JSON below `/api/v1/me`, for the person, under a session: requests, grants, withdrawals.

- `GET /requests` · `POST /requests` opens one by its code · `POST /requests/{id}/decline`;
- `GET|POST /grants` · `POST /grants/{id}/withdrawals`.

What comes and goes is signed or encrypted by the person's device: nothing here can be read.
"""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import Field

from consent.service import grants, requests, withdrawals
from consent.service.grants import GrantView, Sent
from consent.service.requests import PersonRequest
from consent.web.public import Answer, Body, Brokered, Bytes, Id, Message
from storage.database import reading, transaction
from vault.web.session import Here, Signed

router: Final = APIRouter(prefix="/api/v1/me")


class OpenByCode(Body):
    """The code of a request."""

    code: Annotated[str, Field(max_length=16)]


class Status(Answer):
    """The slot of the status list that a grant must name."""

    idx: int
    uri: str


class PersonRequestAnswer(Answer):
    """A request as its person gets it."""

    id: Id
    state: str
    request: str
    status: Status
    expires_at: datetime


class PersonRequests(Answer):
    """Every request of a person, the newest first."""

    requests: list[PersonRequestAnswer]


class SendGrant(Body):
    """The answer to a request; `headers` by blob_id."""

    grant: Message
    package: Bytes = Field(repr=False)
    headers: Annotated[dict[str, Bytes], Field(max_length=32, repr=False)]


class GrantAnswer(Answer):
    """A grant as its person sees it; `receipt` once both sides signed one."""

    id: Id
    request: Id
    service: str
    state: str
    grant: str
    accepted_at: datetime
    collect_by: datetime
    collected_at: datetime | None
    receipt: str | None


class Grants(Answer):
    """Every grant of a person, the newest first."""

    grants: list[GrantAnswer]


class WithdrawBody(Body):
    """A signed withdrawal."""

    withdrawal: Annotated[str, Field(max_length=4_096)]


@router.get("/requests")
def my_requests(who: Signed, here: Here, broker: Brokered) -> PersonRequests:
    """List the requests made to this person."""
    with reading(here.engine) as session:
        found = requests.of_person(session, who.account, broker.ground(here.clock()))
    return PersonRequests(requests=[_request(each) for each in found])


@router.post("/requests")
def open_by_code(
    body: OpenByCode, who: Signed, here: Here, broker: Brokered
) -> PersonRequestAnswer:
    """Open a request by its code; each try is counted first, for good."""
    now = here.clock()
    with transaction(here.engine) as session:
        requests.count_try(session, who.account, now)
    with transaction(here.engine) as session:
        ground = broker.ground(now)
        return _request(requests.open_by_code(session, who.account, body.code, ground))


@router.post("/requests/{request_id}/decline", status_code=204)
def decline(request_id: Id, who: Signed, here: Here) -> None:
    """Refuse a request; its service is not told."""
    with transaction(here.engine) as session:
        requests.decline(session, who.account, request_id, here.clock())


@router.get("/grants")
def my_grants(who: Signed, here: Here) -> Grants:
    """List the grants of this person, with their receipts."""
    with reading(here.engine) as session:
        found = grants.of_person(session, who.account, here.clock())
    return Grants(grants=[_grant(each) for each in found])


@router.post("/grants", status_code=201)
def grant(body: SendGrant, who: Signed, here: Here, broker: Brokered) -> GrantAnswer:
    """Take the answer to a request."""
    sent = Sent(body.grant, body.package, body.headers)
    with transaction(here.engine) as session:
        return _grant(grants.accept(session, who.account, sent, broker.ground(here.clock())))


@router.post("/grants/{grant_id}/withdrawals")
def withdraw(grant_id: Id, body: WithdrawBody, who: Signed, here: Here) -> GrantAnswer:
    """Take a grant back, before it is collected."""
    with transaction(here.engine) as session:
        return _grant(
            withdrawals.withdraw(session, who.account, grant_id, body.withdrawal, here.clock())
        )


def _request(found: PersonRequest) -> PersonRequestAnswer:
    return PersonRequestAnswer(
        id=found.id,
        state=found.state,
        request=found.signed,
        status=Status(idx=found.status.idx, uri=found.status.uri),
        expires_at=found.expires_at,
    )


def _grant(found: GrantView) -> GrantAnswer:
    return GrantAnswer(
        id=found.id,
        request=found.request,
        service=found.service,
        state=found.state,
        grant=found.signed,
        accepted_at=found.accepted_at,
        collect_by=found.collect_by,
        collected_at=found.collected_at,
        receipt=found.receipt,
    )
