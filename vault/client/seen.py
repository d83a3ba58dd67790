"""What a client remembers of an account for good: the highest position, and the receipts.

Rules kept here:

- `accounts/`: for each account the highest position of its index that was seen, written only
  upwards, under a lock. It outlives the session: a server that goes back is seen at the next login;
- another head at the same position is a fork, and is refused;
- `opening` says that the account was asked for and its first operation not yet acknowledged: only
  the device that opens an account may find its index empty;
- `receipts/`: the server's signed receipts, as they came, by number of the operation.
"""

import fcntl
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from vault.client import private_files
from vault.client.private_files import integer
from vault.crypto.index import ForkError
from vault.format import canonical
from vault.format.canonical import CanonicalError, Json, from_base64url, to_base64url
from vault.format.index_head import HEAD_LENGTH, Position

_ID: Final = 16


@dataclass(frozen=True, slots=True)
class Memory:
    """Position seen, this device's name (16 bytes), the key of the server's receipts (a JWK)."""

    position: Position
    device: bytes
    opening: bool = False
    receipt_key: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """The part of the client's folder that outlives a session."""

    folder: Path

    def memory(self, account: bytes) -> Memory:
        """Give what is known of an account; nothing yet is a new device at position 0."""
        path = self._account(account)
        members = private_files.read_object(path)
        if members is None:
            return Memory(Position(), secrets.token_bytes(_ID))
        with private_files.understood(path):
            head = from_base64url(members["head"], HEAD_LENGTH)
            key = members["receipt_key"]
            if not isinstance(key, Mapping):
                raise CanonicalError("got a key that is no object")
            return Memory(
                Position(integer(members["n"]), head),
                from_base64url(members["device"], _ID),
                bool(integer(members["opening"])),
                key,
            )

    def remember(self, account: bytes, memory: Memory) -> None:
        """Keep what is known, never a lower position; raise ForkError for another head at one."""
        with locked(self.folder):
            known = self.memory(account).position
            if known.n == memory.position.n and known.head != memory.position.head:
                raise ForkError(f"got another head {known.n} than the one that was seen")
            kept = memory if memory.position.n > known.n else replace(memory, position=known)
            members: dict[str, Json] = {
                "v": 1,
                "n": kept.position.n,
                "head": to_base64url(kept.position.head),
                "device": to_base64url(kept.device),
                "opening": int(kept.opening),
                "receipt_key": kept.receipt_key,
            }
            private_files.write(self._account(account), canonical.encode(members))

    def forget(self, account: bytes) -> None:
        """Forget an account that was not opened after all."""
        self._account(account).unlink(missing_ok=True)

    def keep_receipt(self, account: bytes, n: int, receipt: str) -> None:
        """Keep the server's signed receipt of operation `n`."""
        private_files.write(self._receipts(account) / f"{n:08}.jws", receipt.encode())

    def receipts(self, account: bytes) -> list[str]:
        """Give the receipts kept here, oldest first."""
        found = sorted(self._receipts(account).glob("*.jws"))
        return [private_files.read(path).decode() for path in found]

    def _account(self, account: bytes) -> Path:
        return self.folder / "accounts" / f"{account.hex()}.json"

    def _receipts(self, account: bytes) -> Path:
        return self.folder / "receipts" / account.hex()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one command at a time read, then write, in the client's folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
