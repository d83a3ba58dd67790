"""An open safe: its keys, its index as proved, and the way to write the next operation.

Rules kept here:

- the index is read whole, recomputed from its first operation, and must pass through what this
  client saw before; what was read is remembered at once;
- an operation is sealed on the head that was read. When another came first (409), the index is
  read again and the operation made anew from it, once;
- a 409 whose head is the one just sent, and the answer to a repetition, mean that it was accepted:
  the first answer was lost;
- the receipt is the server's own word: it is kept when it is signed by the key known for it and
  names this act; the act stands without it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Self

from vault.client.answers import AnswerError
from vault.client.http import Connection, RefusedError
from vault.client.state import Home
from vault.crypto import index
from vault.crypto.account.identity_bundle import Seeds
from vault.crypto.index import Act, Index, Operation, Owner, Put
from vault.crypto.keys import MasterKey, MetadataKey
from vault.crypto.metadata import metadata_key
from vault.errors import VaultError
from vault.format.canonical import to_base64url
from vault.format.index_head import SIGNATURE_LENGTH, Position, SealedOperation
from vault.format.receipt import Receipt
from vault.format.signed_message import PublicKey

_PAGE: Final = 200
_INDEX_LIMIT: Final = 256 << 20
_CONFLICT: Final = "index.conflict"

Change = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Keys:
    """What an open account works with."""

    owner: Owner
    metadata: MetadataKey
    seeds: Seeds

    @classmethod
    def of(cls, account: bytes, master: MasterKey, seeds: Seeds) -> Self:
        """Derive them."""
        owner = Owner(account, index.index_key(master), seeds.public().signing_key)
        return cls(owner, metadata_key(master), seeds)


@dataclass(slots=True)
class Safe:
    """An open safe: connection, folder of this client, account (16 bytes), keys."""

    http: Connection
    home: Home
    account: bytes
    keys: Keys
    _index: Index | None = field(default=None, repr=False)

    @property
    def index(self) -> Index:
        """The index, read at the first use and after each change; raises what `replay` does."""
        if self._index is None:
            self._index = read_index(self)
        return self._index

    def forget_index(self) -> None:
        """Read the index again at its next use."""
        self._index = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """An operation that the server took, and its receipt if it gave a good one."""

    act: Act
    position: Position
    receipt: str | None


def read_index(safe: Safe) -> Index:
    """Fetch and prove the whole index, and remember where it ends."""
    seen = safe.home.seen
    memory = seen.memory(safe.account)
    operations, signature = _operations(safe.http)
    found = index.replay(safe.keys.owner, operations, signature, memory.position)
    if found.position.n:
        seen.remember(safe.account, replace(memory, position=found.position))
    return found


def commit(safe: Safe, make: Callable[[Index], tuple[Act, Change]], now: datetime) -> Accepted:
    """Make an operation from the index, send it, and once more when another came first.

    `make` gives the act and the change that goes with it; it raises when the act makes no sense.
    """
    act, change = make(safe.index)
    try:
        return send_operation(safe, act, change, now)
    except RefusedError as refused:
        if refused.reported != _CONFLICT:
            raise
    safe.forget_index()
    act, change = make(safe.index)
    return send_operation(safe, act, change, now)


def send_operation(safe: Safe, act: Act, change: Change, now: datetime) -> Accepted:
    """Seal an act on the head that was read, and send it; raise RefusedError or what breaks."""
    device = safe.home.seen.memory(safe.account).device
    operation = Operation(int(now.timestamp()), device, act)
    sealed = index.seal(safe.keys.owner, safe.keys.seeds.sign, safe.index.position, operation)
    receipt = _send(safe, sealed, change)
    position = Position(sealed.n, sealed.head)
    seen = safe.home.seen
    seen.remember(safe.account, replace(seen.memory(safe.account), position=position))
    safe.forget_index()
    if receipt is not None and isinstance(act, Put) and _is_good(safe, act, position, receipt):
        seen.keep_receipt(safe.account, sealed.n, receipt)
        return Accepted(act, position, receipt)
    return Accepted(act, position, None)


def _send(safe: Safe, sealed: SealedOperation, change: Change) -> str | None:
    body = {
        "n": sealed.n,
        "content": to_base64url(sealed.op_ct),
        "head": to_base64url(sealed.head),
        "signature": to_base64url(sealed.signature),
        **change,
    }
    try:
        answer = safe.http.post("vault/ops", body, again=True)
    except RefusedError as refused:
        ours = refused.reported == _CONFLICT and refused.details.get("head") == body["head"]
        if not ours:
            raise
        return None
    if answer.integer("n") != sealed.n or answer.bytes("head") != sealed.head:
        raise AnswerError("got an acknowledgement of another operation")
    return answer.text("receipt") if answer.has("receipt") else None


def _is_good(safe: Safe, put: Put, position: Position, receipt: str) -> bool:
    key = safe.home.seen.memory(safe.account).receipt_key
    try:
        told = Receipt.verify(receipt, PublicKey.parse(key))
    except VaultError:
        return False
    expected = (safe.account, put.doc, put.version, put.blob_id, put.size, put.sha256)
    acknowledged = (told.account, told.document, told.version, told.blob_id, told.size, told.sha256)
    return acknowledged == expected and (told.n, told.head) == (position.n, position.head)


def _operations(http: Connection) -> tuple[list[bytes], bytes]:
    """Give the encrypted operations from 1 on, and the signature on the last."""
    found: list[bytes] = []
    signature, total = b"", 0
    while True:
        page = http.get("vault/ops", after=len(found), limit=_PAGE)
        end, operations = page.integer("n"), page.objects("operations")
        for each in operations:
            if each.integer("n") != len(found) + 1:
                raise AnswerError("got an operation out of its turn")
            found.append(each.bytes("content"))
            signature = each.bytes("signature", SIGNATURE_LENGTH)
            total += len(found[-1])
        if total > _INDEX_LIMIT:
            raise AnswerError(f"got an index of more than {_INDEX_LIMIT} bytes")
        if not operations or len(found) >= end:
            return found, signature
