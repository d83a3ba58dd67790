"""The register, for everyone: its key, its registrations, drafts sent in.

Routes, without login, below `/api/v1/register`:

- `GET /` every registration (signed), or those of one service with `?service=`; drafts are not
  shown · `GET /key` the key that signs them, for a client to pin · `POST /drafts` sends a draft to
  the operator, for whom it waits; it counts for nothing until it is signed.

Also here: what the broker's routes share: their parts beside the site's (`Broker`), their forms.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic import WithJsonSchema as Schema

from consent.errors import ConsentError
from consent.messages import chain
from consent.service import register
from consent.service.register import Ground
from consent.service.requests import Finder
from storage.database import reading, transaction
from vault.format.signed_message import PublicKey
from vault.web.session import Here

router: Final = APIRouter(prefix="/api/v1/register")


@dataclass(frozen=True, slots=True)
class Broker:
    """The register's key, the vault's own name (https), and what finds an account by its login."""

    register: PublicKey
    vault: str
    account_of: Finder

    def ground(self, now: datetime) -> Ground:
        """Give what services check with at this time."""
        return Ground(self.register, self.vault, now)


def broker(request: Request) -> Broker:
    """Give the broker's parts that the server was started with."""
    return cast("Broker", request.app.state.broker)


Brokered = Annotated[Broker, Depends(broker)]


def _bytes(value: object) -> bytes:
    """Read bytes; what has not their form is the framework's to refuse, hence ValueError."""
    if isinstance(value, bytes):
        return value
    try:
        return chain.from_base64url(str(value))
    except ConsentError as error:
        raise ValueError("not canonical base64url") from error


_PATTERN: Final = {"type": "string", "pattern": "^[A-Za-z0-9_-]*$"}
Bytes = Annotated[
    bytes, BeforeValidator(_bytes), PlainSerializer(chain.to_base64url), Schema(_PATTERN)
]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]$")]
Message = Annotated[str, Field(max_length=32_768)]


class Body(BaseModel):
    """What comes: unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """What goes."""

    model_config = ConfigDict(frozen=True)


class RegistrationAnswer(Answer):
    """One signed registration."""

    id: str
    service: str
    procedure: str
    version: str
    struck_off: bool
    registration: str


class Registrations(Answer):
    """What the register says, oldest first; `vault` is the name that requests must bear."""

    vault: str
    registrations: list[RegistrationAnswer]


class KeyAnswer(Answer):
    """The register's public key (JWK) and its thumbprint."""

    key: dict[str, Any]
    kid: str


class DraftBody(Body):
    """The members of a registration but those that the register fills in."""

    draft: dict[str, Any]


class DraftAnswer(Answer):
    """The name under which the operator finds the draft."""

    id: str


@router.get("")
def registrations(
    here: Here, broker: Brokered, service: Annotated[str | None, Query(max_length=512)] = None
) -> Registrations:
    """Give what was signed."""
    with reading(here.engine) as session:
        found = register.listing(session, service)
    rows = [
        RegistrationAnswer(
            id=each.id,
            service=each.service,
            procedure=each.procedure,
            version=each.version,
            struck_off=each.struck_off,
            registration=each.signed,
        )
        for each in found
        if each.signed is not None
    ]
    return Registrations(vault=broker.vault, registrations=rows)


@router.get("/key")
def key(broker: Brokered) -> KeyAnswer:
    """Give the key that signs registrations."""
    return KeyAnswer(key=broker.register.to_jwk(), kid=broker.register.thumbprint)


@router.post("/drafts", status_code=201)
def propose(body: DraftBody, here: Here) -> DraftAnswer:
    """Keep a draft for the operator."""
    with transaction(here.engine) as session:
        return DraftAnswer(id=register.propose(session, body.draft, here.clock()).id)
