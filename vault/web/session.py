"""From a request to who asks: the session's cookie or bearer token → `Actor`.

Rules kept here:

- a browser holds its token in the cookie `__Host-coffre` (Secure, HttpOnly, SameSite=Lax), which
  no script reads; the command line sends `Authorization: Bearer`;
- a request that brings both, or a token of another form, is nobody's;
- routes that need a person depend on `Signed`; there is no other way to an account;
- a visit is written down once a minute at most, so that reading stays reading.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, cast

from fastapi import Depends, Request, Response
from sqlalchemy import Engine

from storage.blobs.port import BlobStore, TicketSigner
from storage.database import reading, transaction
from vault.format.signed_message import MessageSigner
from vault.service import sign_in
from vault.service.sign_in import AccountId, OpenedSession, SessionEndedError
from vault.service.uploads import Limits

COOKIE: Final = "__Host-coffre"
_BEARER: Final = "Bearer "
_TOKEN_LENGTH: Final = 43


@dataclass(frozen=True, slots=True)
class Site:
    """The parts that the safe's routes work with; `address` is the site's own, without `/`."""

    engine: Engine
    store: BlobStore
    tickets: TicketSigner
    secret: bytes = field(repr=False)
    signer: MessageSigner
    address: str
    limits: Limits
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: an account whose session lives."""

    account: AccountId
    token: str = field(repr=False)


def site(request: Request) -> Site:
    """Give the parts that the server was started with."""
    return cast("Site", request.app.state.site)


Here = Annotated[Site, Depends(site)]


def actor(request: Request, here: Here) -> Actor:
    """Find the living session of a request; raise SessionEndedError."""
    token, now = _token(request), here.clock()
    with reading(here.engine) as session:
        live = sign_in.resume(session, token, now)
    if live.stale:
        with transaction(here.engine) as session:
            sign_in.touch(session, token, now)
    return Actor(live.account, token)


Signed = Annotated[Actor, Depends(actor)]


def keep(response: Response, opened: OpenedSession) -> None:
    """Give a browser its cookie, until the session's absolute end."""
    response.set_cookie(
        COOKIE,
        opened.token,
        max_age=int(sign_in.ABSOLUTE.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def forget(response: Response) -> None:
    """Take a browser's cookie back, and what it cached."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'


def _token(request: Request) -> str:
    shown = request.headers.get("authorization", "")
    found = [shown.removeprefix(_BEARER)] if shown.startswith(_BEARER) else []
    found += [request.cookies[COOKIE]] if COOKIE in request.cookies else []
    if len(found) != 1 or len(found[0]) != _TOKEN_LENGTH:
        raise SessionEndedError("got no token, or several, or one of another form")
    return found[0]
