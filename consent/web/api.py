"""JSON below `/api/v1`, for services: requests, collections, receipts.

Each call is proved (`consent.messages.assertion`), but for the request, which is signed by itself:

- `POST /requests` pushes one · `GET|DELETE /requests/{id}` says how it stands, takes it back;
- `POST /grants/{id}/collections` takes the use · `POST /grants/{id}/receipts` gives the receipt.

Signed messages travel as they were signed; bytes are base64url without padding.
"""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from consent.messages.assertion import AssertionRefusedError, Call
from consent.service import collections, receipts, register, requests
from consent.web.public import Answer, Body, Brokered, Bytes, Id, Message
from storage.database import reading, transaction
from vault.web.session import Here

router: Final = APIRouter(prefix="/api/v1")
_BEARER: Final = "Bearer "


class PushRequest(Body):
    """A signed request, and the login that it is for, if the service knows one."""

    request: Message
    to: Annotated[str, Field(max_length=128)] | None = None


class Pushed(Answer):
    """A request that was taken: `code` opens it by hand, `url` by a link."""

    id: Id
    code: str
    url: str
    expires_at: datetime


class RequestState(Answer):
    """How a request stands, as far as its service may know."""

    id: Id
    state: str
    grant: str | None = None


class Collect(Body):
    """A name that the service draws for one collection: asked again, it gets the same answer."""

    collection_id: Id


class Item(Answer):
    """One object: the service's header, and where the object is, for a minute."""

    blob_id: str
    header: Bytes
    url: str


class Collected(Answer):
    """What the use opens."""

    request: str
    grant: str
    package: Bytes
    items: list[Item]
    use: int
    collected_at: datetime


class ReceiptBody(Body):
    """A receipt, JWS general JSON as text: one signature goes, two come back."""

    receipt: Annotated[str, Field(max_length=49_152)]


class ReceiptAnswer(Answer):
    """The receipt with both signatures."""

    receipt: str


def service(request: Request, here: Here, broker: Brokered) -> str:
    """Find the service that proved this call; raise AssertionRefusedError."""
    shown = request.headers.get("authorization", "")
    if not shown.startswith(_BEARER):
        raise AssertionRefusedError("got a call that nothing proves")
    call = Call(broker.vault, request.method, request.url.path)
    with transaction(here.engine) as session:
        token = shown.removeprefix(_BEARER)
        return register.authenticate(session, token, call, broker.ground(here.clock()))


Proved = Annotated[str, Depends(service)]


@router.post("/requests", status_code=201)
def push(body: PushRequest, here: Here, broker: Brokered) -> Pushed:
    """Take a request; an unknown login is answered like a known one."""
    with transaction(here.engine) as session:
        to = broker.account_of(session, body.to) if body.to is not None else None
        made = requests.push(session, body.request, to, broker.ground(here.clock()))
    url = f"{here.address}/demandes?code={made.code}"
    return Pushed(id=made.id, code=made.code, url=url, expires_at=made.expires_at)


@router.get("/requests/{request_id}", response_model_exclude_none=True)
def request_state(request_id: Id, who: Proved, here: Here) -> RequestState:
    """Say how a request stands."""
    with reading(here.engine) as session:
        found = requests.of_service(session, who, request_id, here.clock())
    return RequestState(id=found.id, state=found.state, grant=found.grant)


@router.delete("/requests/{request_id}", status_code=204)
def cancel(request_id: Id, who: Proved, here: Here) -> None:
    """Take a request back."""
    with transaction(here.engine) as session:
        requests.cancel(session, who, request_id, here.clock())


@router.post("/grants/{grant_id}/collections")
def collect(grant_id: Id, body: Collect, who: Proved, here: Here, broker: Brokered) -> Collected:
    """Count the use for good, then answer."""
    now = here.clock()
    with transaction(here.engine) as session:
        ground = broker.ground(now)
        handed = collections.collect(session, who, grant_id, body.collection_id, ground)
    items = [
        Item(
            blob_id=each.shared.blob_id,
            header=each.shared.header,
            url=here.store.download_ticket(each.shared.blob_id, now).url,
        )
        for each in handed.items
    ]
    return Collected(
        request=handed.request,
        grant=handed.grant,
        package=handed.package,
        items=items,
        use=handed.use,
        collected_at=handed.collected_at,
    )


@router.post("/grants/{grant_id}/receipts")
def acknowledge(
    grant_id: Id, body: ReceiptBody, who: Proved, here: Here, broker: Brokered
) -> ReceiptAnswer:
    """Take the service's half of a receipt and give it back with both."""
    with transaction(here.engine) as session:
        ground, half = broker.ground(here.clock()), (grant_id, body.receipt)
        return ReceiptAnswer(receipt=receipts.accept(session, who, half, here.signer, ground))
