"""The package of a grant: a tar whose first member is the manifest, in one age file.

Rules kept here:

- ustar blocks as documents have them, one after the other, then zeros up to the length of the
  class: the reader builds each block again and compares, so that no other tar can say something
  else; names are those of the manifest's schema, none leads out of the package;
- one stanza, `mlkem768x25519`: a package for two, or under a passphrase, is refused;
- sizes and counts are limited before anything is allocated for them.

What the members must be, the manifest says (`consent.messages.manifest`).
"""

import io
import re
from collections.abc import Sequence
from typing import ClassVar, Final

from consent.errors import ConsentError
from consent.messages.manifest import NAME as MANIFEST
from vault.crypto import tar
from vault.crypto.age import file
from vault.crypto.age.detached import HYBRID_ONLY, open_header
from vault.crypto.age.mlkem768x25519 import HybridIdentity, HybridRecipient
from vault.errors import VaultError
from vault.format.sizes import BLOCK, padded_length

MAX_PACKAGE: Final = 64 << 20
MAX_MEMBERS: Final = 129
_END: Final = 2 * BLOCK
_NAME: Final = re.compile(
    r"manifest\.json|screen\.json|claims/[a-z0-9-]{1,64}\.sdjwt|extracts/[a-z0-9-]{1,64}\.pdf"
    r"|findings/[0-9]{1,3}\.jws"
)
_SIZE: Final = slice(124, 135)
_NAME_FIELD: Final = slice(0, 100)


class PackageUnreadableError(ConsentError):
    """The package does not open for this service, or is not encoded as packages are."""

    code: ClassVar[str] = "package-unreadable"


def close(members: Sequence[tuple[str, bytes]], recipient: HybridRecipient) -> bytes:
    """Give the package of these members, the manifest first."""
    sink = io.BytesIO()
    file.encrypt([recipient], io.BytesIO(pack(members)), sink)
    return sink.getvalue()


def open_members(packed: bytes, identities: Sequence[HybridIdentity]) -> dict[str, bytes]:
    """Give the members by name, the manifest among them; raise PackageUnreadableError."""
    if len(packed) > MAX_PACKAGE:
        raise PackageUnreadableError(f"got {len(packed)} bytes")
    sink = io.BytesIO()
    try:
        header, payload = file.read_header(io.BytesIO(packed))
        if len(header.stanzas) != 1:
            raise PackageUnreadableError(f"got {len(header.stanzas)} stanzas, expected one")
        file_key = open_header(header, identities, HYBRID_ONLY)
        file.decrypt_payload(file_key, payload, sink)
    except VaultError as error:
        raise PackageUnreadableError(f"{error}") from error
    members = unpack(sink.getvalue())
    if next(iter(members), None) != MANIFEST:
        raise PackageUnreadableError("got a package that does not begin with its manifest")
    return members


def pack(members: Sequence[tuple[str, bytes]]) -> bytes:
    """Give the tar of the members, filled to its class."""
    parts = [
        tar.member_header(name, len(data)) + data + bytes(-len(data) % BLOCK)
        for name, data in members
    ]
    plain = b"".join(parts)
    return plain.ljust(padded_length(len(plain) + _END), b"\0")


def unpack(plain: bytes) -> dict[str, bytes]:
    """Give the members of a tar in its one encoding; raise PackageUnreadableError."""
    members: dict[str, bytes] = {}
    at = 0
    while plain[at : at + 1] not in {b"\0", b""}:
        name, data = _member(plain, at)
        if name in members or len(members) == MAX_MEMBERS:
            raise PackageUnreadableError("got a member twice, or too many")
        members[name] = data
        at += BLOCK + len(data) + -len(data) % BLOCK
    if pack(list(members.items())) != plain:
        raise PackageUnreadableError("got a tar in another encoding than ours")
    return members


def _member(plain: bytes, at: int) -> tuple[str, bytes]:
    block = plain[at : at + BLOCK]
    name = block[_NAME_FIELD].rstrip(b"\0").decode("ascii", "replace")
    digits = block[_SIZE]
    if not _NAME.fullmatch(name) or not re.fullmatch(rb"[0-7]{11}", digits):
        raise PackageUnreadableError("got a block that is no member's")
    data = plain[at + BLOCK : at + BLOCK + int(digits, 8)]
    if len(data) != int(digits, 8):
        raise PackageUnreadableError("got a member that is cut short")
    return name, data
