"""What a service keeps between two commands: its keys, its requests, the keys of its persons.

Rules kept here:

- `service/keys.json`: the P-256 key that signs and the identity that opens, made once and never
  replaced; readable by their owner alone;
- `service/requests/ID.json`: each request as it was signed, whom it was for, the name of the
  collection (drawn before it is asked, so that a cut is not a second use), what came of it;
- `service/persons.json`: the thumbprint that each person's first grant was signed with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from consent.errors import ConsentError
from vault.client import private_files
from vault.client.private_files import StateError, text
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.format import canonical
from vault.format.canonical import Json, from_base64url, to_base64url
from vault.format.signed_message import MessageSigner, PublicKey

_ID: Final = 16
_COORDINATE: Final = 32


class ServiceKeysMissingError(ConsentError):
    """The folder holds no keys of a service."""

    code: ClassVar[str] = "service-keys-missing"


class ServiceKeysExistError(ConsentError):
    """The folder holds the keys of a service already: they are never replaced."""

    code: ClassVar[str] = "service-keys-exist"


class OwnRequestUnknownError(ConsentError):
    """No such request was made from here."""

    code: ClassVar[str] = "service-request-unknown"


@dataclass(frozen=True, slots=True)
class ServiceKeys:
    """What signs, and what opens."""

    signer: MessageSigner
    identity: HybridIdentity


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A request that this service made; empty texts are what has not come yet."""

    id: str
    signed: str = field(repr=False)
    to: str = ""
    grant: str = ""
    collection: str = ""
    receipt: str = field(default="", repr=False)

    def to_json(self) -> dict[str, Json]:
        """Give the members of the file."""
        return {name: getattr(self, name) for name in _NAMES}

    @classmethod
    def parse(cls, members: Mapping[str, Json]) -> Self:
        """Read the members; raises CanonicalError or KeyError."""
        return cls(*(text(members[name]) for name in _NAMES))


_NAMES: Final = ("id", "signed", "to", "grant", "collection", "receipt")


@dataclass(frozen=True, slots=True)
class ServiceHome:
    """The folder of a service below the client's own."""

    folder: Path

    def make_keys(self) -> ServiceKeys:
        """Make the keys; raise ServiceKeysExistError."""
        if self._keys.exists():
            raise ServiceKeysExistError("got a folder that holds keys")
        key = ec.generate_private_key(ec.SECP256R1())
        raw = key.private_numbers().private_value.to_bytes(_COORDINATE, "big")
        identity = HybridIdentity.generate()
        members: dict[str, Json] = {
            "sign": to_base64url(raw),
            "identity": to_base64url(identity.secret),
        }
        private_files.write(self._keys, canonical.encode(members))
        return ServiceKeys(_signer(key), identity)

    def keys(self) -> ServiceKeys:
        """Give the keys; raise ServiceKeysMissingError or StateError."""
        members = private_files.read_object(self._keys)
        if members is None:
            raise ServiceKeysMissingError("got a folder without keys of a service")
        with private_files.understood(self._keys):
            raw = from_base64url(members["sign"], _COORDINATE)
            identity = HybridIdentity(from_base64url(members["identity"], _COORDINATE))
        key = ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
        return ServiceKeys(_signer(key), identity)

    def keep(self, request: KeptRequest) -> None:
        """Keep a request, whole."""
        private_files.write(self._request(request.id), canonical.encode(request.to_json()))

    def request(self, identifier: str) -> KeptRequest:
        """Find a request by its own name or that of its grant; raise OwnRequestUnknownError."""
        for path in sorted((self.folder / "requests").glob("*.json")):
            members = private_files.read_object(path) or {}
            with private_files.understood(path):
                found = KeptRequest.parse(members)
            if identifier in {found.id, found.grant} - {""}:
                return found
        raise OwnRequestUnknownError("got the name of no request of this service")

    def pinned(self, person: str) -> str | None:
        """Give the thumbprint of a person's key, None before the first grant."""
        return self._pins().get(person)

    def pin(self, person: str, thumbprint: str) -> None:
        """Keep the thumbprint of a person's first grant; a later one changes nothing."""
        pins = self._pins()
        if person and person not in pins:
            members: dict[str, Json] = {**pins, person: thumbprint}
            private_files.write(self._persons, canonical.encode({"pins": members}))

    @property
    def _keys(self) -> Path:
        return self.folder / "keys.json"

    @property
    def _persons(self) -> Path:
        return self.folder / "persons.json"

    def _request(self, identifier: str) -> Path:
        name = to_base64url(from_base64url(identifier, _ID))
        return self.folder / "requests" / f"{name}.json"

    def _pins(self) -> dict[str, str]:
        pins = (private_files.read_object(self._persons) or {}).get("pins", {})
        if not isinstance(pins, Mapping):
            raise StateError("got a file without pins", path=str(self._persons))
        return {name: text(value) for name, value in pins.items()}


def _signer(key: ec.EllipticCurvePrivateKey) -> MessageSigner:
    numbers = key.public_key().public_numbers()
    public = PublicKey(*(each.to_bytes(_COORDINATE, "big") for each in (numbers.x, numbers.y)))

    def sign(data: bytes) -> bytes:
        halves = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return b"".join(half.to_bytes(_COORDINATE, "big") for half in halves)

    return MessageSigner(public, sign)
