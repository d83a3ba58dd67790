"""Both sides' proof: what was collected, what the service found, until when it is kept.

Rules kept here:

- type `coffre-receipt+jwt`, JWS general JSON with exactly two signatures of one payload: the
  service's, then the vault's; one of them alone is a draft and proves one side only;
- `payload` and `signatures[{protected, signature}]` and nothing else: no unprotected header;
- it names request, grant, package and manifest by digest; a receipt is named by the service's
  signing input, whatever the order of the signatures;
- never a bare yes: each answer has an indication and, short of TOTAL-PASSED, its reason; a
  rejection says the code of the first check that failed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Final, Self

from consent.errors import ConsentError
from consent.messages import chain
from consent.messages.chain import MessageSchemaError
from consent.messages.grant import Grant
from vault.format.signed_message import (
    MessageSigner,
    ParsedMessage,
    PublicKey,
    VerifiedMessage,
    load_object,
    sign,
)

TYPE: Final = "coffre-receipt+jwt"
SCHEMA: Final = "receipt"
LIMIT: Final = 48 << 10
_MEMBERS: Final = {"payload", "signatures"}
_SIGNATURE: Final = {"protected", "signature"}


class ReceiptForeignError(ConsentError):
    """The receipt is of another collection, or not signed by both sides."""

    code: ClassVar[str] = "receipt-foreign"


@dataclass(frozen=True, slots=True)
class Result:
    """What the service found for one requirement; `sub_indication` unless TOTAL-PASSED."""

    req: str
    indication: str
    level: str
    sub_indication: str | None = None

    def to_json(self) -> dict[str, str]:
        """Give the members."""
        members = {"req": self.req, "indication": self.indication, "level": self.level}
        return members | ({"sub_indication": self.sub_indication} if self.sub_indication else {})


@dataclass(frozen=True, slots=True)
class Collection:
    """What a receipt acknowledges: one use of one grant, and the vault's own name."""

    grant: Grant
    vault: str
    use: int
    collected_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the service says: `reject_code` for a rejection, else results."""

    results: tuple[Result, ...]
    erase_by: date
    reject_code: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A proved receipt; `countersigned` tells one that both sides signed."""

    text: str = field(repr=False)
    digest: str
    jti: str
    service: str
    grant: str
    issued_at: datetime
    outcome: Outcome
    countersigned: bool
    claims: Mapping[str, Any] = field(repr=False)

    @classmethod
    def verify(cls, text: str, service: Mapping[str, PublicKey], vault: PublicKey | None) -> Self:
        """Read a receipt signed by a key of the service and, unless `vault` is None, by the vault.

        Raises MessageError's kin, ReceiptForeignError.
        """
        first, *others = _tokens(text)
        if len(others) != (0 if vault is None else 1):
            raise ReceiptForeignError(f"got {1 + len(others)} signatures")
        key = service.get(ParsedMessage.parse(first, LIMIT).kid)
        if key is None:
            raise ReceiptForeignError("got a receipt signed by another service")
        message = chain.read(first, TYPE, SCHEMA, key, LIMIT)
        if vault is not None:
            chain.read(others[0], TYPE, SCHEMA, vault, LIMIT)
        return cls._of(text, message, countersigned=vault is not None)

    @classmethod
    def _of(cls, text: str, message: VerifiedMessage, *, countersigned: bool) -> Self:
        claims = message.claims
        results = tuple(Result(**each) for each in claims["results"])
        erase_by = date.fromisoformat(claims["erase_by"])
        return cls(
            text=text,
            digest=message.digest,
            jti=claims["jti"],
            service=claims["iss"],
            grant=claims["grant"],
            issued_at=chain.instant(claims["iat"]),
            outcome=Outcome(results, erase_by, claims.get("reject_code")),
            countersigned=countersigned,
            claims=claims,
        )

    def check(self, collection: Collection) -> None:
        """Raise ReceiptForeignError unless it acknowledges this collection, answer by answer."""
        expected = _names(collection)
        if any(self.claims[name] != value for name, value in expected.items()):
            raise ReceiptForeignError("got a receipt of another collection")
        found = [each.req for each in self.outcome.results]
        wanted = [] if self.outcome.reject_code else sorted(collection.grant.answers)
        if sorted(found) != wanted:
            raise ReceiptForeignError("got results for other answers than the grant's")


def issue(
    collection: Collection, outcome: Outcome, jti: str, now: datetime, service: MessageSigner
) -> str:
    """Sign the service's half; `jti` is drawn by the caller."""
    claims: dict[str, Any] = {
        "v": 1,
        "jti": jti,
        "iat": chain.seconds(now),
        **_names(collection),
        "outcome": "rejected" if outcome.reject_code else "accepted",
        "results": [each.to_json() for each in outcome.results],
        "erase_by": outcome.erase_by.isoformat(),
    }
    if outcome.reject_code:
        claims["reject_code"] = outcome.reject_code
    chain.check(SCHEMA, claims)
    return _general([sign(TYPE, claims, service)])


def countersign(receipt: Receipt, vault: MessageSigner) -> str:
    """Add the vault's signature over the same payload, byte for byte."""
    [first] = _tokens(receipt.text)
    payload = first.split(".")[1]
    header = {"alg": vault.key.alg, "typ": TYPE, "kid": vault.key.thumbprint}
    signing_input = f"{chain.to_base64url(chain.encode(header))}.{payload}"
    signature = chain.to_base64url(vault.sign(signing_input.encode("ascii")))
    return _general([first, f"{signing_input}.{signature}"])


def _names(collection: Collection) -> dict[str, Any]:
    grant = collection.grant
    return {
        "iss": grant.aud,
        "aud": collection.vault,
        "request": grant.request,
        "grant": grant.digest,
        "package": grant.package.sha256,
        "manifest": grant.manifest,
        "use": collection.use,
        "collected_at": chain.seconds(collection.collected_at),
    }


def _general(tokens: Sequence[str]) -> str:
    parts = [token.split(".") for token in tokens]
    signatures = [{"protected": each[0], "signature": each[2]} for each in parts]
    return json.dumps({"payload": parts[0][1], "signatures": signatures}, separators=(",", ":"))


def _tokens(text: str) -> list[str]:
    """Give each signature with its payload as a compact message, in order."""
    if len(text) > LIMIT or not text.isascii():
        raise MessageSchemaError(f"got {len(text)} characters, not all ours", where="/")
    members = load_object(text.encode())
    payload, signatures = members.get("payload"), members.get("signatures")
    if set(members) != _MEMBERS or not isinstance(payload, str) or not isinstance(signatures, list):
        raise MessageSchemaError("got another form than payload and signatures", where="/")
    if not signatures:
        raise MessageSchemaError("got no signature", where="/signatures")
    return [_compact(payload, each) for each in signatures]


def _compact(payload: str, members: object) -> str:
    if not isinstance(members, dict) or set(members) != _SIGNATURE:
        raise MessageSchemaError("got a signature with other members", where="/signatures")
    return f"{members['protected']}.{payload}.{members['signature']}"
