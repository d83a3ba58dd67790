"""JSON below `/api/v1`: accounts, sessions, the directory, the safe's own key.

Routes (bodies and answers: the models below; the table of `storage/DESIGN.md` tells errors):

- `POST /accounts` opens an account and a session · `POST /session/start` says how a login's
  passphrase is stretched · `POST /session` proves it · `DELETE /session` ends it;
- `GET /account` gives slots, bundle and head · `GET /directory/{account}` a signed entry ·
  `GET /keys` the key that signs the safe's receipts.

Bytes are base64url without padding; unknown members are refused; logins never stand in an address.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from storage.database import reading, transaction
from vault.format import canonical
from vault.format.canonical import CanonicalError, Json, from_base64url, to_base64url
from vault.format.slot import Slot
from vault.service import accounts, directory, sign_in
from vault.service.accounts import AccountView, Enrolment
from vault.service.sign_in import AccountId, Attempt, OpenedSession
from vault.web.problems import RESPONSES
from vault.web.session import Here, Signed, Site, forget, keep

router: Final = APIRouter(prefix="/api/v1", responses=RESPONSES)


def _bytes(value: object) -> bytes:
    """Read bytes; what has not their form is the framework's to refuse, hence ValueError."""
    if isinstance(value, bytes):
        return value
    try:
        return from_base64url(value)
    except CanonicalError as error:
        raise ValueError("not canonical base64url") from error


def _text(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


_READ: Final = BeforeValidator(_bytes)
_WRITE: Final = PlainSerializer(to_base64url)
Bytes = Annotated[bytes, _READ, _WRITE, _text("^[A-Za-z0-9_-]*$")]
Bytes32 = Annotated[
    bytes,
    _READ,
    Field(min_length=32, max_length=32),
    _WRITE,
    _text("^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$"),
]
Bytes64 = Annotated[
    bytes,
    _READ,
    Field(min_length=64, max_length=64),
    _WRITE,
    _text("^[A-Za-z0-9_-]{85}[AQgw]$"),
]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]$")]
Login = Annotated[str, Field(min_length=1, max_length=128)]


class Body(BaseModel):
    """What comes: unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """What goes."""

    model_config = ConfigDict(frozen=True)


class OpenAccount(Body):
    """Everything that a device makes for a new account; `slots` as `vault.format.slot` has them."""

    account: Id
    login: Login
    auth_key: Bytes32 = Field(repr=False)
    slots: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=8)]
    bundle: Bytes
    directory: Annotated[str, Field(max_length=8192)]
    transport: Literal["cookie", "bearer"] = "cookie"


class StartSession(Body):
    """Whose passphrase will be proved."""

    login: Login


class OpenSession(Body):
    """The proof. `transport`: a cookie for a browser, or the token in the answer."""

    login: Login
    auth_key: Bytes32 = Field(repr=False)
    transport: Literal["cookie", "bearer"] = "cookie"


class Derivation(Answer):
    """How to stretch the passphrase: the `kdf` member of a slot."""

    kdf: dict[str, Any]


class SessionAnswer(Answer):
    """An open session; `token` for the transport `bearer` only."""

    account: Id
    expires_at: datetime
    token: str | None = Field(default=None, repr=False)


class AccountAnswer(Answer):
    """What the owner's device starts from; `head_n` and `head` are the index's end."""

    account: Id
    login: str
    epoch: int
    slots: list[dict[str, Any]]
    bundle: Bytes
    directory: str
    head_n: int
    head: Bytes32


class DirectoryAnswer(Answer):
    """The newest signed entry of an account."""

    entry: str


class KeysAnswer(Answer):
    """The keys of the safe, as a JWK set."""

    keys: list[dict[str, Any]]


@router.post("/accounts", status_code=201, response_model_exclude_none=True)
def open_account(
    body: OpenAccount, request: Request, response: Response, here: Here
) -> SessionAnswer:
    """Open an account and its first session. 409 when the login is taken."""
    now = here.clock()
    asked = Enrolment(
        account=AccountId(body.account),
        login=body.login,
        auth_key=body.auth_key,
        slots=tuple(_slot(each) for each in body.slots),
        bundle=body.bundle,
        directory=body.directory,
    )
    attempt = _attempt(here, request, accounts.normalised(body.login))
    _admit(here, attempt, now)
    with transaction(here.engine) as session:
        opened = sign_in.open_session(session, accounts.enrol(session, asked, now), now)
        sign_in.forgive(session, attempt)
    return _opened(response, opened, body.transport)


@router.post("/session/start")
def start_session(body: StartSession, here: Here) -> Derivation:
    """Say how a login's passphrase is stretched; an unknown login is answered alike."""
    login = accounts.normalised(body.login)
    with reading(here.engine) as session:
        kdf = sign_in.derivation(session, login, here.secret)
    return Derivation(kdf=dict(kdf.to_json()))


@router.post("/session", response_model_exclude_none=True)
def open_session(
    body: OpenSession, request: Request, response: Response, here: Here
) -> SessionAnswer:
    """Open a session for who knows the passphrase. 401 for every other reason, 429 to wait."""
    now = here.clock()
    attempt = _attempt(here, request, accounts.normalised(body.login))
    _admit(here, attempt, now)
    with transaction(here.engine) as session:
        opened = sign_in.prove(session, attempt, body.auth_key, now)
    return _opened(response, opened, body.transport)


@router.delete("/session", status_code=204)
def end_session(who: Signed, response: Response, here: Here) -> None:
    """End this session at once."""
    with transaction(here.engine) as session:
        sign_in.end(session, who.token, here.clock())
    forget(response)


@router.get("/account")
def account(who: Signed, here: Here) -> AccountAnswer:
    """Give the owner's account: all is closed or public."""
    with reading(here.engine) as session:
        return _account(accounts.view(session, who.account))


@router.get("/directory/{account}")
def directory_entry(account: Id, who: Signed, here: Here) -> DirectoryAnswer:
    """Give the signed entry of an account, to who is signed in."""
    del who
    with reading(here.engine) as session:
        return DirectoryAnswer(entry=directory.entry(session, AccountId(account)))


@router.get("/keys")
def keys(here: Here) -> KeysAnswer:
    """Give the public key that signs the safe's receipts."""
    key = here.signer.key
    return KeysAnswer(keys=[{**key.to_jwk(), "alg": key.alg, "kid": key.thumbprint, "use": "sig"}])


def _attempt(here: Site, request: Request, login: str) -> Attempt:
    return Attempt(login, request.client.host if request.client else "", here.secret)


def _admit(here: Site, attempt: Attempt, now: datetime) -> None:
    """Count the attempt for good, before the work and whatever comes of it."""
    with transaction(here.engine) as session:
        sign_in.admit(session, attempt, now)


def _slot(members: dict[str, Json]) -> Slot:
    return Slot.parse(canonical.encode(members))


def _opened(response: Response, opened: OpenedSession, transport: str) -> SessionAnswer:
    if transport == "cookie":
        keep(response, opened)
    token = opened.token if transport == "bearer" else None
    return SessionAnswer(account=opened.account, expires_at=opened.expires_at, token=token)


def _account(view: AccountView) -> AccountAnswer:
    return AccountAnswer(
        account=view.account,
        login=view.login,
        epoch=view.epoch,
        slots=[dict(canonical.decode(each.encode())) for each in view.slots],
        bundle=view.bundle,
        directory=view.directory,
        head_n=view.head_n,
        head=view.head,
    )
