"""A key slot, as the server may read it: how its key is derived, and the closed wrap.

Rules kept here:

- a slot is one of four kinds, each with its own parameters; nothing else parses;
- Argon2id parameters have a floor, compiled in: what is below is refused, never warned about;
  they also have a ceiling, so that a hostile server cannot exhaust a client;
- the wrap is version 1: salt, commitment, encrypted key of the account, of one exact length;
- `binding` is what the wrap is bound to: every member but the wrap itself;
- one slot has one encoding: canonical JSON, these members and no other.

Not here: any key. The server stores slots and can open none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from vault.errors import VaultError
from vault.format import canonical
from vault.format.canonical import CanonicalError, Json, from_base64url, to_base64url

MEMORY_FLOOR_KIB: Final = 131_072
TIME_FLOOR: Final = 3
LANES: Final = 1
SALT_LENGTH: Final = 16
ID_LENGTH: Final = 16
_MEMORY_CEILING_KIB: Final = 2_097_152
_TIME_CEILING: Final = 64
_CREDENTIAL_LIMIT: Final = 1_023
_EPOCH_LIMIT: Final = 2**31
_DIGEST: Final = 32
_HELPERS: Final = 3
_COMMITMENT: Final = slice(33, 65)
WRAPPED_LENGTH: Final = 1 + 32 + 32 + 32 + 16
_WRAP_VERSION: Final = 1


class SlotError(VaultError):
    """These bytes are no key slot."""

    code: ClassVar[str] = "slot.malformed"


class KdfFloorError(SlotError):
    """The derivation asked for is weaker than a client accepts, or costs more than it can pay."""

    code: ClassVar[str] = "slot.kdf-refused"


@dataclass(frozen=True, slots=True)
class PassphraseKdf:
    """Argon2id: memory in KiB, passes, lanes, salt of 16 bytes; never below the floor."""

    KIND: ClassVar[str] = "passphrase"
    salt: bytes
    memory_kib: int = MEMORY_FLOOR_KIB
    time: int = TIME_FLOOR
    lanes: int = LANES

    def __post_init__(self) -> None:
        """Refuse what is below the floor or above the ceiling."""
        _check_length("salt", self.salt, SALT_LENGTH)
        if not MEMORY_FLOOR_KIB <= self.memory_kib <= _MEMORY_CEILING_KIB:
            raise KdfFloorError(f"got {self.memory_kib} KiB, expected {MEMORY_FLOOR_KIB} or more")
        if not TIME_FLOOR <= self.time <= _TIME_CEILING:
            raise KdfFloorError(f"got {self.time} passes, expected {TIME_FLOOR} or more")
        if self.lanes != LANES:
            raise KdfFloorError(f"got {self.lanes} lanes, expected {LANES}")

    @classmethod
    def parse(cls, members: Mapping[str, Json]) -> Self:
        """Read the members of `kdf`."""
        numbers = [_integer(members[name]) for name in ("m", "t", "p")]
        return cls(from_base64url(members["salt"]), *numbers)

    def to_json(self) -> Mapping[str, Json]:
        """Give the members of `kdf`."""
        return {
            "alg": "argon2id",
            "m": self.memory_kib,
            "p": self.lanes,
            "salt": to_base64url(self.salt),
            "t": self.time,
        }


@dataclass(frozen=True, slots=True)
class PasskeyKdf:
    """The PRF output of one credential, named by its identifier."""

    KIND: ClassVar[str] = "passkey"
    credential: bytes

    def __post_init__(self) -> None:
        """Refuse an identifier that WebAuthn does not allow."""
        if not 1 <= len(self.credential) <= _CREDENTIAL_LIMIT:
            raise SlotError(f"got a credential identifier of {len(self.credential)} bytes")

    @classmethod
    def parse(cls, members: Mapping[str, Json]) -> Self:
        """Read the members of `kdf`."""
        return cls(from_base64url(members["credential"]))

    def to_json(self) -> Mapping[str, Json]:
        """Give the members of `kdf`."""
        return {"alg": "prf", "credential": to_base64url(self.credential)}


@dataclass(frozen=True, slots=True)
class KitKdf:
    """The code of one paper kit, named by its identifier."""

    KIND: ClassVar[str] = "kit"
    kit_id: bytes

    def __post_init__(self) -> None:
        """Refuse an identifier of another length."""
        _check_length("kit identifier", self.kit_id, ID_LENGTH)

    @classmethod
    def parse(cls, members: Mapping[str, Json]) -> Self:
        """Read the members of `kdf`."""
        return cls(from_base64url(members["id"]))

    def to_json(self) -> Mapping[str, Json]:
        """Give the members of `kdf`."""
        return {"alg": "kit", "id": to_base64url(self.kit_id)}


@dataclass(frozen=True, slots=True)
class HelpersKdf:
    """Two of three shares, each named by its SHA-256."""

    KIND: ClassVar[str] = "helpers"
    shares: tuple[bytes, bytes, bytes]

    def __post_init__(self) -> None:
        """Refuse another count of shares, or two that are equal."""
        if len(set(self.shares)) != _HELPERS:
            raise SlotError(f"got {len(set(self.shares))} different shares, expected {_HELPERS}")
        for share in self.shares:
            _check_length("share digest", share, _DIGEST)

    @classmethod
    def parse(cls, members: Mapping[str, Json]) -> Self:
        """Read the members of `kdf`."""
        shares = members["shares"]
        if not isinstance(shares, list) or len(shares) != _HELPERS:
            raise SlotError(f"got shares that are not a list of {_HELPERS}")
        first, second, third = (from_base64url(share) for share in shares)
        return cls((first, second, third))

    def to_json(self) -> Mapping[str, Json]:
        """Give the members of `kdf`."""
        return {"alg": "shamir", "shares": [to_base64url(share) for share in self.shares]}


Kdf = PassphraseKdf | PasskeyKdf | KitKdf | HelpersKdf
_KINDS: Final[tuple[type[Kdf], ...]] = (PassphraseKdf, PasskeyKdf, KitKdf, HelpersKdf)


@dataclass(frozen=True, slots=True)
class SlotName:
    """All that a wrap is bound to: account and slot (16 bytes each), epoch, derivation."""

    account: bytes
    slot: bytes
    epoch: int
    kdf: Kdf

    def __post_init__(self) -> None:
        """Refuse identifiers of another length and an epoch below 1."""
        _check_length("account", self.account, ID_LENGTH)
        _check_length("slot identifier", self.slot, ID_LENGTH)
        if not 1 <= self.epoch < _EPOCH_LIMIT:
            raise SlotError(f"got epoch {self.epoch}, expected 1 or more")

    def to_json(self) -> dict[str, Json]:
        """Give the members of a slot without its wrap."""
        return {
            "account": to_base64url(self.account),
            "epoch": self.epoch,
            "kdf": self.kdf.to_json(),
            "slot": to_base64url(self.slot),
            "type": self.kdf.KIND,
        }

    def binding(self) -> bytes:
        """Give the additional data of the slot's wrap."""
        return canonical.encode(self.to_json())


@dataclass(frozen=True, slots=True)
class Slot:
    """A key slot: its name, and the closed wrap of the account's key."""

    name: SlotName
    wrapped: bytes

    def __post_init__(self) -> None:
        """Refuse a wrap of another length or version."""
        _check_length("wrap", self.wrapped, WRAPPED_LENGTH)
        if self.wrapped[0] != _WRAP_VERSION:
            raise SlotError(f"got a wrap of version {self.wrapped[0]}, expected {_WRAP_VERSION}")

    @property
    def commitment(self) -> bytes:
        """The 32 bytes that commit the wrap to its key."""
        return self.wrapped[_COMMITMENT]

    def encode(self) -> bytes:
        """Give the canonical JSON; `Slot.parse` of it is this slot."""
        return canonical.encode({**self.name.to_json(), "wrapped": to_base64url(self.wrapped)})

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a slot; raise SlotError, or KdfFloorError when its derivation is refused."""
        try:
            members = canonical.decode(data)
            _check_names(members, {"account", "epoch", "kdf", "slot", "type", "wrapped"})
            name = SlotName(
                from_base64url(members["account"]),
                from_base64url(members["slot"]),
                _integer(members["epoch"]),
                _parse_kdf(members["type"], members["kdf"]),
            )
            return cls(name, from_base64url(members["wrapped"]))
        except CanonicalError as error:
            raise SlotError(f"{error}") from error


def _parse_kdf(kind: Json, members: Json) -> Kdf:
    found = next((each for each in _KINDS if kind == each.KIND), None)
    if found is None or not isinstance(members, Mapping):
        raise SlotError("got a slot of an unknown type")
    try:
        kdf = found.parse(members)
    except (KeyError, TypeError) as error:
        raise SlotError(f"got other members than those of a {found.KIND} slot") from error
    if kdf.to_json() != members:
        raise SlotError(f"got an algorithm or a member that a {found.KIND} slot has not")
    return kdf


def _check_names(members: Mapping[str, Json], expected: set[str]) -> None:
    if set(members) != expected:
        raise SlotError(f"got members {sorted(members)}, expected {sorted(expected)}")


def _integer(value: Json) -> int:
    if not isinstance(value, int):
        raise SlotError(f"got {type(value).__name__}, expected an integer")
    return value


def _check_length(what: str, value: bytes, length: int) -> None:
    if len(value) != length:
        raise SlotError(f"got a {what} of {len(value)} bytes, expected {length}")
