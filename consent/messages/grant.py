"""What the person agrees to, signed by the key that the person has for this one service.

Rules kept here:

- type `coffre-grant+jwt`, which carries its key: one P-256 key for each pair of person and service;
  the service pins it at the first grant, since it proves continuity and not who somebody is;
- it names the request, the recipient, the package, the manifest by digest, and each stored object
  by name, size, SHA-256, commitment to its file key and the SHA-256 of the new header;
- the vault reads it, so it says as little as can be: which alternative was chosen, names, dates and
  the screen are in the manifest; `answers` and `stored` are apart, so that nobody learns which
  object answers what;
- one use: several uses (standing grants) are not offered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final, Self

from consent.errors import ConsentError
from consent.messages import chain
from consent.messages.chain import MessageSchemaError
from consent.messages.request import Request
from vault.format.signed_message import MessageSigner, PublicKey, sign

TYPE: Final = "coffre-grant+jwt"
SCHEMA: Final = "grant"
LIMIT: Final = 32 << 10


class GrantInvalidError(ConsentError):
    """The grant is not one for this request: signature, names or limits do not agree."""

    code: ClassVar[str] = "grant-invalid"


@dataclass(frozen=True, slots=True)
class StoredItem:
    """One object as the grant names it; digests in base64url, `size` in bytes."""

    blob_id: str
    size: int
    sha256: str
    fkc: str
    header: str

    def to_json(self) -> dict[str, str | int]:
        """Give the members of the grant."""
        return {
            "blob_id": self.blob_id,
            "size": self.size,
            "sha256": self.sha256,
            "fkc": self.fkc,
            "header": self.header,
        }


@dataclass(frozen=True, slots=True)
class PackageName:
    """The package as the grant names it."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Status:
    """The slot of the grant in a status list."""

    idx: int
    uri: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant, proved to be signed by `key`; who that is, the reader pins."""

    token: str = field(repr=False)
    digest: str
    key: PublicKey
    jti: str
    aud: str
    request: str
    issued_at: datetime
    expires_at: datetime
    uses: int
    recipient: str
    package: PackageName
    manifest: str
    answers: tuple[str, ...]
    stored: tuple[StoredItem, ...]
    status: Status

    @classmethod
    def verify(cls, token: str) -> Self:
        """Read a grant under the key that it carries; raise MessageError's kin."""
        message, key = chain.read_carrying_key(token, TYPE, SCHEMA, LIMIT)
        claims = message.claims
        stored = tuple(StoredItem(**each) for each in claims["stored"])
        if len({each.blob_id for each in stored}) != len(stored):
            raise MessageSchemaError("got one object twice", where="/stored")
        if claims["exp"] <= claims["iat"]:
            raise MessageSchemaError("got a grant that ends before it begins", where="/exp")
        return cls(
            token=token,
            digest=message.digest,
            key=key,
            jti=claims["jti"],
            aud=claims["aud"],
            request=claims["request"],
            issued_at=chain.instant(claims["iat"]),
            expires_at=chain.instant(claims["exp"]),
            uses=claims["uses"],
            recipient=claims["recipient"],
            package=PackageName(**claims["package"]),
            manifest=claims["manifest"],
            answers=tuple(claims["answers"]),
            stored=stored,
            status=Status(**claims["status"]),
        )


def issue(claims: Mapping[str, Any], person: MessageSigner) -> str:
    """Sign a grant with the key of this person for this service."""
    chain.check(SCHEMA, claims)
    token = sign(TYPE, claims, person, carry_key=True)
    Grant.verify(token)
    return token


def check_request(grant: Grant, request: Request) -> None:
    """Raise GrantInvalidError unless the grant answers this request, once, and all that is due."""
    names = (request.digest, request.service, request.fingerprint)
    if (grant.request, grant.aud, grant.recipient) != names:
        raise GrantInvalidError("got a grant for another request, service or recipient")
    asked = {each.id: each.compulsory for each in request.requirements}
    due = {name for name, compulsory in asked.items() if compulsory}
    if not due <= set(grant.answers) <= set(asked):
        raise GrantInvalidError("got answers that leave out what is due, or to what was not asked")
    if grant.uses != 1:
        raise GrantInvalidError(f"got a grant for {grant.uses} uses, expected one")
