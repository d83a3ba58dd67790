"""The person takes a grant back: signed by the key that signed it, naming it by digest.

Rules kept here:

- type `coffre-withdrawal+jwt`, which carries its key; the key must be the grant's own: nobody else
  can take it back, not even the vault;
- it names a grant. (Of a request, the same message is an objection; that mode is not offered.)
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Self

from consent.errors import ConsentError
from consent.messages import chain
from consent.messages.grant import Grant
from vault.format.signed_message import MessageSigner, sign

TYPE: Final = "coffre-withdrawal+jwt"
SCHEMA: Final = "withdrawal"
LIMIT: Final = 4 << 10


class WithdrawalForeignError(ConsentError):
    """The withdrawal is of another grant, or signed by another key than the grant's."""

    code: ClassVar[str] = "withdrawal-foreign"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A proved withdrawal of one grant."""

    token: str
    digest: str
    jti: str
    at: datetime

    @classmethod
    def verify(cls, token: str, grant: Grant) -> Self:
        """Read the withdrawal of this grant.

        Raises WithdrawalForeignError for another grant or key, and MessageError's kin.
        """
        message, key = chain.read_carrying_key(token, TYPE, SCHEMA, LIMIT)
        claims = message.claims
        if key != grant.key:
            raise WithdrawalForeignError("got a withdrawal by another key than the grant's")
        if (claims.get("grant"), claims["aud"]) != (grant.digest, grant.aud):
            raise WithdrawalForeignError("got a withdrawal of another grant")
        return cls(token, message.digest, claims["jti"], chain.instant(claims["iat"]))


def issue(grant: Grant, jti: str, now: datetime, person: MessageSigner) -> str:
    """Sign the withdrawal of a grant, `jti` drawn by the caller."""
    claims = {
        "v": 1,
        "jti": jti,
        "aud": grant.aud,
        "iat": chain.seconds(now),
        "grant": grant.digest,
    }
    chain.check(SCHEMA, claims)
    token = sign(TYPE, claims, person, carry_key=True)
    Withdrawal.verify(token, grant)
    return token
