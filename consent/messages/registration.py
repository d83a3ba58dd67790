"""What a service may ask, signed by the register: the ground of every request.

Rules kept here:

- type `coffre-registration+jwt`, signed by the register's key, which each client pins;
- one registration for each démarche and version: keys that sign, recipients that receive, proofs
  that may be asked and how, the longest retention, the way without a computer;
- it holds between `nbf` and `exp`; outside, nothing that it allowed may begin.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final, Self

from consent.errors import ConsentError
from consent.messages import chain
from vault.format.signed_message import MessageSigner, PublicKey, sign

TYPE: Final = "coffre-registration+jwt"
SCHEMA: Final = "registration"
LIMIT: Final = 16 << 10


class RegistrationExpiredError(ConsentError):
    """The registration does not hold at this time: not yet, or no more."""

    code: ClassVar[str] = "registration-expired"


@dataclass(frozen=True, slots=True)
class Allowed:
    """One type of proof that may be asked: in which forms, which fields, whether it may be due."""

    type: str
    forms: frozenset[str]
    fields: frozenset[str]
    compulsory: bool


@dataclass(frozen=True, slots=True)
class Registration:
    """A proved registration. `keys` by thumbprint; `recipients` are fingerprints."""

    token: str = field(repr=False)
    digest: str
    jti: str
    service: str
    not_before: datetime
    expires_at: datetime
    procedure: Mapping[str, Any]
    controller: Mapping[str, Any]
    modes: frozenset[str]
    legal_basis: tuple[Mapping[str, str], ...]
    allowed: Mapping[str, Allowed]
    retention_max: Mapping[str, str]
    other_way: Mapping[str, Any]
    closed_list: str | None
    keys: Mapping[str, PublicKey] = field(repr=False)
    recipients: frozenset[str] = field(repr=False)

    @classmethod
    def verify(cls, token: str, register: PublicKey) -> Self:
        """Read a registration that this register signed; raise MessageError's kin."""
        message = chain.read(token, TYPE, SCHEMA, register, LIMIT)
        claims = message.claims
        keys = [chain.key_of(jwk) for jwk in claims["sign_keys"]]
        return cls(
            token=token,
            digest=message.digest,
            jti=claims["jti"],
            service=claims["sub"],
            not_before=chain.instant(claims["nbf"]),
            expires_at=chain.instant(claims["exp"]),
            procedure=claims["procedure"],
            controller=claims["controller"],
            modes=frozenset(claims["modes"]),
            legal_basis=tuple(claims["legal_basis"]),
            allowed={each["type"]: _allowed(each) for each in claims["allowed"]},
            retention_max=claims["retention_max"],
            other_way=claims["other_way"],
            closed_list=claims.get("closed_list"),
            keys={key.thumbprint: key for key in keys},
            recipients=frozenset(claims["recipients"]),
        )

    def check_time(self, now: datetime) -> None:
        """Raise RegistrationExpiredError unless the registration holds at this time."""
        if not self.not_before <= now < self.expires_at:
            raise RegistrationExpiredError("got a registration outside its time")


def issue(claims: Mapping[str, Any], register: MessageSigner) -> str:
    """Sign a registration; raise MessageSchemaError when its members have not their form."""
    chain.check(SCHEMA, claims)
    token = sign(TYPE, claims, register)
    Registration.verify(token, register.key)
    return token


def _allowed(members: Mapping[str, Any]) -> Allowed:
    return Allowed(
        members["type"],
        frozenset(members["forms"]),
        frozenset(members.get("fields", ())),
        members["compulsory"],
    )
