"""Metadata of one version of a document: what a person sees in a list, closed to the server.

Rules kept here:

- canonical JSON, padded with spaces to a multiple of 512, in a committing wrap under K_meta, bound
  to account, document and version: the server cannot move it to another document;
- its SHA-256 stands in the last `put` or `meta` of the index, and is compared before anything is
  opened: an older one cannot be served in its place.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Self

from vault.crypto import kdf, wrap
from vault.crypto.keys import MasterKey, MetadataKey
from vault.crypto.wrap import WrapError
from vault.errors import VaultError
from vault.format import canonical
from vault.format.canonical import CanonicalError, Json, from_base64url, to_base64url

PADDING: Final = 512
ID_LENGTH: Final = 16
_DIGEST: Final = 32


class MetadataError(VaultError):
    """The metadata are not those that the index names, or do not read."""

    code: ClassVar[str] = "document.metadata"


@dataclass(frozen=True, slots=True)
class VersionName:
    """Which version of which document of which account; identifiers of 16 bytes."""

    account: bytes
    document: bytes
    version: int

    def __post_init__(self) -> None:
        """Refuse identifiers of another length and a version below 1."""
        if len(self.account) != ID_LENGTH or len(self.document) != ID_LENGTH or self.version < 1:
            raise MetadataError("got no name of a version: 16 bytes, 16 bytes, 1 or more")

    def binding(self) -> bytes:
        """Give the additional data of the wrap."""
        names = {"account": to_base64url(self.account), "doc": to_base64url(self.document)}
        return canonical.encode({**names, "version": self.version})


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a person knows of a document. `dates` are ISO 8601 by name; `size` in bytes."""

    title: str
    name: str
    type: str
    kind: str
    size: int
    content_sha256: bytes
    dates: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    seal: Mapping[str, str] = field(default_factory=dict)
    attestations: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Give the members, all of them, in any order."""
        texts: dict[str, Json] = {name: getattr(self, name) for name in _TEXTS}
        lists: dict[str, Json] = {name: list(getattr(self, name)) for name in _LISTS}
        maps: dict[str, Json] = {name: dict(getattr(self, name)) for name in _MAPS}
        digest = to_base64url(self.content_sha256)
        return {**texts, **lists, **maps, "size": self.size, "content_sha256": digest, "v": 1}

    @classmethod
    def parse(cls, members: Mapping[str, Json]) -> Self:
        """Read the members; raise MetadataError when one is missing, unknown or of another type."""
        size = members.get("size")
        if not isinstance(size, int) or size < 0:
            raise MetadataError("got no size in the metadata")
        try:
            title, name, kind_of, kind = (_text(members[each]) for each in _TEXTS)
            tags, attestations, findings = (tuple(_texts(members[each])) for each in _LISTS)
            dates, seal = (_map(members[each]) for each in _MAPS)
            digest = from_base64url(members["content_sha256"], _DIGEST)
        except (KeyError, CanonicalError) as error:
            raise MetadataError("got metadata with a member missing or malformed") from error
        known = (title, name, kind_of, kind, size, digest, dates, tags, seal)
        metadata = cls(*known, attestations, findings)
        if metadata.to_json() != members:
            raise MetadataError("got metadata with a member that nobody reads")
        return metadata


_TEXTS: Final = ("title", "name", "type", "kind")
_LISTS: Final = ("tags", "attestations", "findings")
_MAPS: Final = ("dates", "seal")


def metadata_key(master: MasterKey) -> MetadataKey:
    """Derive K_meta."""
    return MetadataKey(kdf.hkdf(master.secret, kdf.METADATA_KEY))


def encrypt_metadata(key: MetadataKey, name: VersionName, metadata: Metadata) -> bytes:
    """Close the metadata of a version; the SHA-256 of the result goes into the index."""
    plain = canonical.encode_padded(metadata.to_json(), PADDING)
    return wrap.wrap(key, kdf.WRAP_METADATA, plain, name.binding())


def decrypt_metadata(
    key: MetadataKey, name: VersionName, wrapped: bytes, expected_sha256: bytes
) -> Metadata:
    """Open the metadata that the index names; raise MetadataError."""
    if not hmac.compare_digest(hashlib.sha256(wrapped).digest(), expected_sha256):
        raise MetadataError("got other metadata than those that the index names")
    try:
        plain = wrap.unwrap(key, kdf.WRAP_METADATA, wrapped, name.binding())
        return Metadata.parse(canonical.decode_padded(plain, PADDING))
    except (WrapError, CanonicalError) as error:
        raise MetadataError("got metadata that do not open or do not read") from error


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise MetadataError(f"got {type(value).__name__}, expected text")
    return value


def _texts(value: Json) -> list[str]:
    if not isinstance(value, list):
        raise MetadataError(f"got {type(value).__name__}, expected a list")
    return [_text(item) for item in value]


def _map(value: Json) -> dict[str, str]:
    if not isinstance(value, dict):
        raise MetadataError(f"got {type(value).__name__}, expected an object")
    return {name: _text(item) for name, item in value.items()}
