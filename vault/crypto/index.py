"""Operations of the index: encrypted, chained, signed; a server that goes back or forks is seen.

Rules kept here:

- operation n is canonical JSON {v, at, device, kind, …}, padded to a multiple of 512, in a
  committing wrap under K_index, bound to account, n and head n - 1: it opens nowhere else;
- a reader computes every head itself from the first operation on, and checks the owner's signature
  on the last, before it opens anything: a head names all the operations before it;
- a client remembers the highest (n, head) that it saw, and refuses less (a rollback), another head
  at that n (a fork), or a chain that does not pass through it;
- a version follows the last one, an object's name serves once, only what exists is changed.

Not here: snapshots, rekeying, devices, deposits; a kind that this client does not know stops it.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Final, TypeAlias, assert_never

from vault.crypto import kdf, wrap
from vault.crypto.keys import IndexKey, MasterKey, SigningSeed
from vault.crypto.wrap import WrapError
from vault.errors import VaultError
from vault.format import canonical, index_head
from vault.format.canonical import CanonicalError, Json, from_base64url, to_base64url
from vault.format.index_head import Position, SealedOperation

PADDING: Final = 512
FORMAT: Final = 1
_LENGTHS: Final[Mapping[str, int]] = {
    "doc": 16, "blob_id": 16, "sha256": 32, "fkc": 32, "header": 32, "metadata": 32,
    "jti": 16, "digest": 32, "slot": 16, "device": 16,
}  # fmt: skip
_NUMBERS: Final = {"version", "size", "epoch", "at", "v"}


class IndexChainError(VaultError):
    """An operation of the index does not open, does not read, or contradicts those before it."""

    code: ClassVar[str] = "index.chain"


class RollbackError(VaultError):
    """The server shows less of the index than was seen before."""

    code: ClassVar[str] = "index.rollback"


class ForkError(VaultError):
    """The server shows another index than the one that was seen before."""

    code: ClassVar[str] = "index.fork"


class SlotUnlistedError(VaultError):
    """A slot opened that the owner's index does not list for this epoch."""

    code: ClassVar[str] = "index.slot-unlisted"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object, as named for ever: name (16), length, SHA-256, commitment to the file key."""

    blob_id: bytes
    size: int
    sha256: bytes
    fkc: bytes


@dataclass(frozen=True, slots=True)
class Put:
    """A new version of a document; `header` and `metadata` are SHA-256 digests."""

    KIND: ClassVar[str] = "put"
    doc: bytes
    version: int
    blob_id: bytes
    size: int
    sha256: bytes
    fkc: bytes
    header: bytes
    metadata: bytes

    @property
    def stored(self) -> StoredObject:
        """The object of this version."""
        return StoredObject(self.blob_id, self.size, self.sha256, self.fkc)


@dataclass(frozen=True, slots=True)
class Meta:
    """New metadata for a version."""

    KIND: ClassVar[str] = "meta"
    doc: bytes
    version: int
    metadata: bytes


@dataclass(frozen=True, slots=True)
class Remove:
    """A document leaves, with all its versions."""

    KIND: ClassVar[str] = "remove"
    doc: bytes


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant was signed; `digest` is that of the message."""

    KIND: ClassVar[str] = "grant"
    jti: bytes
    aud: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Withdraw:
    """A grant was withdrawn; `digest` is that of the withdrawal."""

    KIND: ClassVar[str] = "withdraw"
    jti: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class SlotAdded:
    """A key slot was made for an epoch: one that is not listed is not the owner's."""

    KIND: ClassVar[str] = "slot"
    slot: bytes
    epoch: int


Act: TypeAlias = Put | Meta | Remove | Grant | Withdraw | SlotAdded
_KINDS: Final[Mapping[str, type[Any]]] = {
    kind.KIND: kind for kind in (Put, Meta, Remove, Grant, Withdraw, SlotAdded)
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One act, with the time (Unix seconds) and the device (16 bytes) that the owner says."""

    at: int
    device: bytes
    act: Act

    def encode(self) -> bytes:
        """Give the padded plaintext."""
        members: dict[str, Json] = {"v": FORMAT, "kind": self.act.KIND}
        act = {each.name: getattr(self.act, each.name) for each in fields(self.act)}
        for name, value in {**act, "at": self.at, "device": self.device}.items():
            members[name] = to_base64url(value) if isinstance(value, bytes) else value
        return canonical.encode_padded(members, PADDING)

    @classmethod
    def parse(cls, data: bytes) -> "Operation":
        """Read a padded plaintext; raise IndexChainError."""
        try:
            members = dict(canonical.decode_padded(data, PADDING))
            kind = _KINDS[str(members.pop("kind"))]
            values = {name: _value(name, value) for name, value in members.items()}
            if values.pop("v") != FORMAT:
                raise IndexChainError("got an operation of another format")
            return cls(values.pop("at"), values.pop("device"), kind(**values))
        except (CanonicalError, KeyError, TypeError) as error:
            raise IndexChainError("got an operation that this client does not read") from error


def _value(name: str, value: Json) -> Any:  # noqa: ANN401 - of the type that the name has
    if name in _LENGTHS:
        return from_base64url(value, _LENGTHS[name])
    if isinstance(value, int) and name in _NUMBERS and value >= 0:
        return value
    if isinstance(value, str) and name not in _NUMBERS:
        return value
    raise IndexChainError(f"got {type(value).__name__} for a member of an operation")


@dataclass(frozen=True, slots=True)
class Index:
    """What the operations say together, up to a position.

    `documents` gives the versions of each document, the oldest first, with their latest metadata
    digest; a document that was removed keeps its name and an empty list.
    """

    position: Position
    documents: dict[bytes, list[Put]] = field(default_factory=dict)
    grants: dict[bytes, Grant] = field(default_factory=dict)
    withdrawn: dict[bytes, Withdraw] = field(default_factory=dict)
    slots: dict[bytes, int] = field(default_factory=dict)

    def check_slot(self, slot: bytes, epoch: int) -> None:
        """Raise SlotUnlistedError unless the owner made this slot for this epoch."""
        if self.slots.get(slot) != epoch:
            raise SlotUnlistedError("got a slot that the index does not list for its epoch")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose index: account (16 bytes), K_index, public signing key."""

    account: bytes
    key: IndexKey
    public_key: bytes


def index_key(master: MasterKey) -> IndexKey:
    """Derive K_index."""
    return IndexKey(kdf.hkdf(master.secret, kdf.INDEX_KEY))


def seal(owner: Owner, seed: SigningSeed, at: Position, operation: Operation) -> SealedOperation:
    """Make the next operation after a position; the server accepts it on that head alone."""
    n, binding = at.n + 1, _binding(owner.account, at)
    op_ct = wrap.wrap(owner.key, kdf.WRAP_OPERATION, operation.encode(), binding)
    head = index_head.next_head(owner.account, at.head, n, op_ct)
    return SealedOperation(
        n, op_ct, head, seed.sign(index_head.signed_bytes(owner.account, n, head))
    )


def replay(
    owner: Owner, operations: Iterable[bytes], signature: bytes, remembered: Position
) -> Index:
    """Prove and read the whole index: encrypted operations from 1 on, signature on the last.

    Raises HeadSignatureError, RollbackError, ForkError or IndexChainError; `remembered` is
    `Position()` for a client that has seen nothing. An empty index has an empty signature.
    """
    cts = tuple(operations)
    positions = [Position()]
    for op_ct in cts:
        last = positions[-1]
        head = index_head.next_head(owner.account, last.head, last.n + 1, op_ct)
        positions.append(Position(last.n + 1, head))
    end = positions[-1]
    if end.n:
        index_head.verify(owner.public_key, owner.account, end.n, end.head, signature)
    if end.n < remembered.n:
        raise RollbackError(f"got {end.n} operations, expected {remembered.n} or more")
    if not hmac.compare_digest(positions[remembered.n].head, remembered.head):
        raise ForkError(f"got another head {remembered.n} than the one that was seen")
    index, names = Index(end), set[bytes]()
    for before, op_ct in zip(positions, cts, strict=False):
        _apply(index, _open(owner, before, op_ct).act, names)
    return index


def _open(owner: Owner, before: Position, op_ct: bytes) -> Operation:
    try:
        binding = _binding(owner.account, before)
        return Operation.parse(wrap.unwrap(owner.key, kdf.WRAP_OPERATION, op_ct, binding))
    except WrapError as error:
        raise IndexChainError(f"got operation {before.n + 1} that does not open") from error


def _binding(account: bytes, before: Position) -> bytes:
    names = {"account": to_base64url(account), "prev": to_base64url(before.head)}
    return canonical.encode({**names, "n": before.n + 1})


def _apply(index: Index, act: Act, names: set[bytes]) -> None:
    """Apply one act; `names` are the objects that were ever stored."""
    versions = index.documents.get(act.doc, []) if isinstance(act, Put | Meta | Remove) else []
    match act:
        case Put():
            new = act.doc not in index.documents
            _require(act.blob_id not in names and (new or versions))
            _require(act.version == len(versions) + 1)
            index.documents.setdefault(act.doc, []).append(act)
            names.add(act.blob_id)
        case Meta():
            _require(1 <= act.version <= len(versions))
            put = versions[act.version - 1]
            versions[act.version - 1] = replace(put, metadata=act.metadata)
        case Remove():
            _require(versions)
            versions.clear()
        case Grant():
            _require(act.jti not in index.grants)
            index.grants[act.jti] = act
        case Withdraw():
            _require(act.jti in index.grants and act.jti not in index.withdrawn)
            index.withdrawn[act.jti] = act
        case SlotAdded():
            _require(act.slot not in index.slots)
            index.slots[act.slot] = act.epoch
        case _:
            assert_never(act)


def _require(condition: object) -> None:
    if not condition:
        raise IndexChainError("got an operation that contradicts those before it")
