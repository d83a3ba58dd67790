"""A service proves who it is where no message of its own travels: `private_key_jwt`, one call each.

Rules kept here (RFC 7523, narrowed):

- type `client-authentication+jwt`, signed by a key of one of the service's registrations; `iss` and
  `sub` are the service, `aud` the vault;
- it holds for one method and one path, a minute at most, and once: the vault keeps its `jti` until
  it has ended; what it opens is encrypted to the service anyway;
- it travels as `Authorization: Bearer …`; a person's session is another form of token.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Self

from consent.errors import ConsentError
from consent.messages import chain
from vault.format.signed_message import (
    MessageError,
    MessageSigner,
    ParsedMessage,
    PublicKey,
    sign,
)

TYPE: Final = "client-authentication+jwt"
LIMIT: Final = 4 << 10
LIFE: Final = timedelta(seconds=60)
_AHEAD: Final = timedelta(seconds=30)
_TEXTS: Final = ("iss", "sub", "aud", "jti", "htm", "htu")
_NUMBERS: Final = ("iat", "exp")
_LONGEST: Final = 22


class AssertionRefusedError(ConsentError):
    """The service did not prove itself for this call: one error for every reason."""

    code: ClassVar[str] = "service-unauthenticated"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API: the vault's name, method, path."""

    vault: str
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """A proved assertion: `service` made this call; `jti` may serve once until `expires_at`."""

    service: str
    jti: str
    expires_at: datetime

    @classmethod
    def verify(cls, token: str, keys: Mapping[str, PublicKey], call: Call, now: datetime) -> Self:
        """Read an assertion for this call, signed by one of the keys that the service has.

        Raises AssertionRefusedError.
        """
        try:
            parsed = ParsedMessage.parse(token, LIMIT)
            claims = parsed.verify(TYPE, keys[parsed.kid]).claims
        except (ConsentError, MessageError, KeyError) as error:
            raise AssertionRefusedError("got an assertion that is not signed") from error
        if not _has_form(claims) or not _is_for(claims, call):
            raise AssertionRefusedError("got an assertion of another call or form")
        issued, ends = (chain.instant(claims[name]) for name in _NUMBERS)
        if issued > now + _AHEAD or not now < ends <= issued + LIFE:
            raise AssertionRefusedError("got an assertion outside its minute")
        return cls(claims["iss"], claims["jti"], ends)


def claimed_service(token: str) -> str:
    """Give the service that an assertion speaks for, unproved; raise AssertionRefusedError."""
    try:
        return chain.unproved_member(token, "iss")
    except (ConsentError, MessageError) as error:
        raise AssertionRefusedError("got an assertion that does not read") from error


def issue(service: str, call: Call, jti: str, now: datetime, signer: MessageSigner) -> str:
    """Sign an assertion for one call; `jti` is drawn by the caller."""
    claims = {
        "iss": service,
        "sub": service,
        "aud": call.vault,
        "jti": jti,
        "iat": chain.seconds(now),
        "exp": chain.seconds(now + LIFE),
        "htm": call.method,
        "htu": call.path,
    }
    return sign(TYPE, claims, signer)


def _has_form(claims: Mapping[str, Any]) -> bool:
    return (
        set(claims) == {*_TEXTS, *_NUMBERS}
        and all(isinstance(claims[name], str) for name in _TEXTS)
        and all(type(claims[name]) is int and 0 <= claims[name] < 1 << 32 for name in _NUMBERS)
        and len(claims["jti"]) <= _LONGEST
    )


def _is_for(claims: Mapping[str, Any], call: Call) -> bool:
    found = tuple(claims[name] for name in ("aud", "htm", "htu"))
    same_call = found == (call.vault, call.method, call.path)
    return same_call and claims["iss"] == claims["sub"]
