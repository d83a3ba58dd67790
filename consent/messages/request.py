"""Who asks, what, why, under which text, until when: signed by the service, checked by everyone.

Rules kept here:

- type `coffre-request+jwt`, signed by a key of the registration that the request carries by value:
  nobody needs to be asked which keys count;
- everything asked stands in the registration: service, démarche and version, mode, basis,
  controller, recipient, types, forms, fields, what is compulsory, retention; the vault refuses the
  rest, and the person's client refuses it again, since a hostile vault would not;
- an answer goes to a post-quantum recipient that the register knows by its fingerprint;
- a request ends, at most 90 days after it was made; its clock may be 120 s ahead.

Not here: what the law adds (`consent.catalogue.law`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Self

from consent.errors import ConsentError
from consent.messages import chain
from consent.messages.chain import MessageSchemaError
from consent.messages.registration import Allowed, Registration
from vault.format.signed_message import MessageSigner, ParsedMessage, PublicKey, sign

TYPE: Final = "coffre-request+jwt"
SCHEMA: Final = "request"
LIMIT: Final = 32 << 10
LONGEST: Final = timedelta(days=90)
CLOCK_AHEAD: Final = timedelta(seconds=120)
RELEASE: Final = "release"
DOCUMENT: Final = "document"
_DURATION: Final = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
_DAYS: Final = (366, 31, 7, 1)


class RegistrationForeignError(ConsentError):
    """The registration is another service's, another démarche's, or of another version."""

    code: ClassVar[str] = "registration-foreign"


class OverAskingError(ConsentError):
    """The request asks more than its registration allows. Details: `where`."""

    code: ClassVar[str] = "over-asking"


class LegalBasisError(ConsentError):
    """The basis of the request is not one that was registered."""

    code: ClassVar[str] = "legal-basis"


class RecipientUnregisteredError(ConsentError):
    """The answer would go to a recipient that the register does not know."""

    code: ClassVar[str] = "recipient-unregistered"


class RequestForeignError(ConsentError):
    """The request is for another vault, or of a kind that is not offered."""

    code: ClassVar[str] = "request-foreign"


class RequestExpiredError(ConsentError):
    """The time of the request has passed."""

    code: ClassVar[str] = "request-expired"


class RequestClockError(ConsentError):
    """The request was made in the future, or lives longer than a request may."""

    code: ClassVar[str] = "request-clock"


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to satisfy a requirement."""

    type: str
    kinds: frozenset[str]
    form: str
    fields: frozenset[str]
    fresh: str | None
    min_level: str

    def to_json(self) -> dict[str, Any]:
        """Give the members as a command tells them."""
        kinds, fields = sorted(self.kinds), sorted(self.fields)
        told = {"type": self.type, "form": self.form, "min_level": self.min_level}
        return {**told, "kinds": kinds, "fields": fields, "fresh": self.fresh}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that is asked: any of its alternatives answers it."""

    id: str
    label: Mapping[str, str]
    compulsory: bool
    one_of: tuple[Alternative, ...]

    def to_json(self) -> dict[str, Any]:
        """Give the members as a command tells them."""
        told = {"id": self.id, "label": self.label["fr"], "compulsory": self.compulsory}
        return {**told, "one_of": [each.to_json() for each in self.one_of]}


@dataclass(frozen=True, slots=True)
class Request:
    """A proved request. `claims` are for what is only shown; `recipient` is `age1pq1…`."""

    token: str = field(repr=False)
    digest: str
    jti: str
    service: str
    aud: str
    issued_at: datetime
    expires_at: datetime
    nonce: str
    mode: str
    requirements: tuple[Requirement, ...]
    recipient: str
    registration: Registration
    claims: Mapping[str, Any] = field(repr=False)

    @classmethod
    def verify(cls, token: str, register: PublicKey) -> Self:
        """Read a request whose registration this register signed, and which keeps to it.

        Raises MessageError's kin, and the errors of this file but those of time.
        """
        parsed = ParsedMessage.parse(token, LIMIT)
        registration = Registration.verify(chain.unproved_member(token, "registration"), register)
        key = registration.keys.get(parsed.kid)
        if key is None:
            raise RegistrationForeignError("got a request signed by no key of its registration")
        message = chain.read(token, TYPE, SCHEMA, key, LIMIT)
        claims = message.claims
        request = cls(
            token=token,
            digest=message.digest,
            jti=claims["jti"],
            service=claims["iss"],
            aud=claims["aud"],
            issued_at=chain.instant(claims["iat"]),
            expires_at=chain.instant(claims["exp"]),
            nonce=claims["nonce"],
            mode=claims["mode"],
            requirements=tuple(_requirement(each) for each in claims.get("requirements", ())),
            recipient=claims.get("recipient", ""),
            registration=registration,
            claims=claims,
        )
        request._check_registered()
        return request

    @property
    def fingerprint(self) -> str:
        """Name the recipient: SHA-256 of its text, base64url."""
        return chain.digest_of(self.recipient.encode("ascii"))

    def check_vault(self, vault: str) -> None:
        """Raise RequestForeignError unless it asks this vault for one release of documents."""
        if self.aud != vault or self.mode != RELEASE or "standing" in self.claims:
            raise RequestForeignError("got a request for another vault, or of a kind not offered")

    def check_time(self, now: datetime) -> None:
        """Raise RequestExpiredError, RequestClockError or RegistrationExpiredError."""
        self.registration.check_time(now)
        if self.issued_at > now + CLOCK_AHEAD or self.expires_at > self.issued_at + LONGEST:
            raise RequestClockError("got a request of the future, or for too long")
        if now >= self.expires_at:
            raise RequestExpiredError("got a request whose time has passed")

    def _check_registered(self) -> None:
        ground, claims = self.registration, self.claims
        asks = (self.service, claims["procedure"], claims["controller"])
        if asks != (ground.service, ground.procedure, ground.controller):
            raise RegistrationForeignError("got a registration of another service or démarche")
        if claims["legal_basis"] not in ground.legal_basis:
            raise LegalBasisError("got a basis that was not registered")
        if self.mode not in ground.modes:
            raise OverAskingError("got a mode that was not registered", where="/mode")
        _check_retention(claims["retention"], ground.retention_max)
        if self.recipient and self.fingerprint not in ground.recipients:
            raise RecipientUnregisteredError("got a recipient that was not registered")
        if len({each.id for each in self.requirements}) != len(self.requirements):
            raise MessageSchemaError("got two requirements of one name", where="/requirements")
        for number, each in enumerate(self.requirements):
            _check_requirement(each, ground.allowed, f"/requirements/{number}")


def issue(claims: Mapping[str, Any], service: MessageSigner, register: PublicKey) -> str:
    """Sign a request; raise what `Request.verify` raises for one that nobody would take."""
    chain.check(SCHEMA, claims)
    token = sign(TYPE, claims, service)
    Request.verify(token, register)
    return token


def longest(retention: Mapping[str, str]) -> int:
    """Give the days that a retention lasts at most."""
    found = _DURATION.fullmatch(retention["duration"])
    counts = found.groups("0") if found else ()
    return sum(int(count) * days for count, days in zip(counts, _DAYS, strict=False))


def _check_retention(asked: Mapping[str, str], most: Mapping[str, str]) -> None:
    if asked["from"] != most["from"] or longest(asked) > longest(most):
        raise OverAskingError("got a longer retention than registered", where="/retention")


def _check_requirement(asked: Requirement, allowed: Mapping[str, Allowed], where: str) -> None:
    for number, each in enumerate(asked.one_of):
        known = allowed.get(each.type)
        if (
            known is None
            or each.form not in known.forms
            or not each.fields <= known.fields
            or (asked.compulsory and not known.compulsory)
        ):
            place = f"{where}/one_of/{number}"
            raise OverAskingError(f"got more than registered at {place}", where=place)


def _requirement(members: Mapping[str, Any]) -> Requirement:
    return Requirement(
        members["id"],
        members["label"],
        members["compulsory"],
        tuple(_alternative(each) for each in members["one_of"]),
    )


def _alternative(members: Mapping[str, Any]) -> Alternative:
    return Alternative(
        type=members["type"],
        kinds=frozenset(members.get("kinds", ())),
        form=members["form"],
        fields=frozenset(members.get("fields", ())),
        fresh=members.get("fresh"),
        min_level=members["min_level"],
    )
