"""What a package holds, tied to one request, one grant, one key, one service, one recipient.

Rules kept here:

- `manifest.json` is the first member of the package; its SHA-256 stands in the grant;
- it cannot hold the digest of the grant, which holds its own: the grant's identifier, its key and
  the request name it;
- 128 bits of salt: its digest, which the vault reads, says nothing about what it holds;
- members are listed with digest and size, once each, and each is used; an item is a stored object
  or a member, never both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

from consent.errors import ConsentError
from consent.messages import chain
from consent.messages.chain import MessageSchemaError
from consent.messages.grant import Grant
from consent.messages.request import Request
from consent.messages.screen import NAME as SCREEN

NAME: Final = "manifest.json"
TYPE: Final = "coffre-manifest"
SCHEMA: Final = "manifest"


class ManifestForeignError(ConsentError):
    """The manifest is that of another request, grant, key, service or recipient."""

    code: ClassVar[str] = "manifest-foreign"


class MemberDigestError(ConsentError):
    """The package does not hold exactly what its manifest lists."""

    code: ClassVar[str] = "member-digest"


@dataclass(frozen=True, slots=True)
class Binding:
    """The five names that tie a manifest to its place."""

    request: str
    grant_jti: str
    grant_key: str
    aud: str
    recipient: str

    @classmethod
    def of(cls, grant: Grant) -> Self:
        """Give the names that the manifest of this grant must bear."""
        key = grant.key.thumbprint
        return cls(grant.request, grant.jti, key, grant.aud, grant.recipient)


@dataclass(frozen=True, slots=True)
class Item:
    """One answer. `stored` is a blob_id, `member` a name in the package; one of them is None."""

    req: str
    type: str
    form: str
    level: str
    sha256: str
    kind: str | None = None
    dated: str | None = None
    date_source: str | None = None
    media_type: str | None = None
    name: str | None = None
    stored: str | None = None
    member: str | None = None
    fields: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the members, those without a value left out."""
        texts = {name: getattr(self, name) for name in _TEXTS}
        lists = {name: list(getattr(self, name)) for name in _LISTS}
        return {name: value for name, value in (texts | lists).items() if value}


_TEXTS: Final = (
    "req", "type", "form", "level", "sha256", "kind", "dated", "date_source", "media_type", "name",
    "stored", "member",
)  # fmt: skip
_LISTS: Final = ("fields", "findings")


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the package."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the package holds. `salt` is 16 bytes in base64url."""

    salt: str = field(repr=False)
    binding: Binding
    items: tuple[Item, ...]
    members: tuple[Member, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read `manifest.json`; raise MessageError's kin."""
        claims = chain.load(data, SCHEMA)
        manifest = cls(
            claims["salt"],
            Binding(*(claims[name] for name in _BINDING)),
            tuple(_item(each) for each in claims["items"]),
            tuple(Member(**each) for each in claims["members"]),
        )
        if len({each.name for each in manifest.members}) != len(manifest.members):
            raise MessageSchemaError("got one member twice", where="/members")
        return manifest

    def encode(self) -> bytes:
        """Give the bytes of `manifest.json`."""
        claims = {
            "v": 1,
            "typ": TYPE,
            "salt": self.salt,
            **{name: getattr(self.binding, name) for name in _BINDING},
            "items": [each.to_json() for each in self.items],
            "members": [
                {"name": each.name, "sha256": each.sha256, "size": each.size}
                for each in self.members
            ],
        }
        chain.check(SCHEMA, claims)
        return chain.encode(claims)

    def check_binding(self, grant: Grant) -> None:
        """Raise ManifestForeignError unless the manifest is this grant's and answers what it says.

        The sets of requirements and of stored objects must be the grant's own.
        """
        if self.binding != Binding.of(grant):
            raise ManifestForeignError("got a manifest of another request, grant or service")
        stored = {each.stored for each in self.items if each.stored}
        if stored != {each.blob_id for each in grant.stored}:
            raise ManifestForeignError("got other objects than the grant's")
        if {each.req for each in self.items} != set(grant.answers):
            raise ManifestForeignError("got answers to other requirements than the grant's")

    def check_asked(self, request: Request) -> None:
        """Raise ManifestForeignError unless each item is an alternative of what was asked."""
        asked = {each.id: each.one_of for each in request.requirements}
        for item in self.items:
            fits = [
                each
                for each in asked.get(item.req, ())
                if (each.type, each.form) == (item.type, item.form)
                and each.fields == frozenset(item.fields)
                and (not each.kinds or item.kind in each.kinds)
            ]
            if not fits:
                raise ManifestForeignError("got an item that answers nothing that was asked")

    def check_members(self, contents: Mapping[str, bytes]) -> None:
        """Raise MemberDigestError unless these are exactly the members, each used."""
        listed = {each.name: (each.sha256, each.size) for each in self.members}
        found = {name: (chain.digest_of(data), len(data)) for name, data in contents.items()}
        if listed != found:
            raise MemberDigestError("got other members than those listed")
        used = {SCREEN} | {each.member for each in self.items if each.member}
        used |= {name for each in self.items for name in each.findings}
        if used != set(listed):
            raise MemberDigestError("got members that nothing uses, or none where one is named")
        for each in self.items:
            if each.member and listed[each.member][0] != each.sha256:
                raise MemberDigestError("got an item that names another content than its member")


_BINDING: Final = ("request", "grant_jti", "grant_key", "aud", "recipient")


def _item(members: Mapping[str, Any]) -> Item:
    lists = {name: tuple(members.get(name, ())) for name in _LISTS}
    return Item(**{**members, **lists})
