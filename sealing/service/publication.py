"""Lists of letters taken back, signed and put where everybody may fetch them.

Rules kept here (`sealing/DESIGN.md`, "Status list"):

- a list for each 2^20 slots of which one was given, always of all its slots: its size says nothing;
- a list is signed anew when it says something else, or has aged (12 hours); it counts for 7 days;
- a list never goes back: states are read while nobody else publishes, and its date is above that of
  the list which it replaces, unless that one is more than a day ahead; what a list said was taken
  back, the next one says too, whatever became of the database;
- each file is replaced at once or not at all;
- the key is one of its own, on P-256: who publishes need not hold the key of the seals.
"""

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from sealing.errors import SealingError
from sealing.proofs.document_id import LIST_SLOTS
from sealing.proofs.status_list import Claims, ParsedStatusList, Slots, StatusListError, issue
from sealing.service.list_signer import require_list_signer
from sealing.service.seals import MARKS, given, taken_back
from sealing.signers.port import Signer, hashed
from storage.database import reading

SUFFIX: Final = ".jwt"
VALID: Final = timedelta(days=7)
KEPT: Final = timedelta(hours=12)
_AHEAD: Final = timedelta(days=1)
_PUBLIC: Final = 0o644
_RANDOM: Final = 8 * "[a-z0-9_]"  # as mkstemp ends a name
_NUMBER: Final = re.compile(r"0|[1-9]\d{0,3}")


class NoAddressError(SealingError):
    """The settings do not say where lists are published."""

    code: ClassVar[str] = "configuration.no-status-address"


class ListWentBackError(SealingError):
    """The list that is published says more than the register. Details: `number`, `path`."""

    code: ClassVar[str] = "sealing.status-list-went-back"


@dataclass(frozen=True, slots=True)
class Published:
    """One list as it stands now. `marked`: letters taken back; `written`: by this very act."""

    number: int
    address: str
    path: Path
    marked: int
    issued: datetime
    expires: datetime
    written: bool


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who signs, under which address, into which folder."""

    signer: Signer
    address: str
    folder: Path

    def publish(self, engine: Engine, now: datetime) -> list[Published]:
        """Bring every list up to date; one that the register fell behind holds no other back.

        Raises KeyNotAllowedError, CertificateUseError, ListWentBackError,
        DatabaseUnavailableError, OSError, or what the signer does.
        """
        require_list_signer(self.signer)
        with self._alone(), reading(engine) as session:
            lists = -(-given(session) // LIST_SLOTS)
            found, behind = [], []
            for number in range(lists):
                first = number * LIST_SLOTS
                states = taken_back(session, range(first, first + LIST_SLOTS))
                marks = {slot - first: MARKS[state] for slot, state in states.items()}
                try:
                    found.append(self._list(number, marks, now))
                except ListWentBackError as error:
                    behind.append(error)
            if behind:
                raise behind[0]
            return found

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only one who publishes into this folder."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for left in self.folder.glob(f".*{SUFFIX}.{_RANDOM}"):
                left.unlink(missing_ok=True)  # of one that was killed
            yield

    def _list(self, number: int, marks: dict[int, int], now: datetime) -> Published:
        path, address = self.folder / f"{number}{SUFFIX}", f"{self.address}/{number}"
        slots, before = Slots.of(LIST_SLOTS, marks), self._held(path)
        claims = None if before is None else before.claims
        if claims is not None and claims.sub == address and claims.slots.forgotten_by(slots):
            raise ListWentBackError("got a register that went back", number=number, path=str(path))
        if claims is not None and claims.iat > (now + _AHEAD).timestamp():
            claims = None  # of a clock that was ahead: no reader takes it
        if claims is None or before is None or not self._holds(before, address, slots, now):
            issued = int(now.timestamp())
            if claims is not None and claims.sub == address:
                issued = max(issued, claims.iat + 1)
            due = issued + int(VALID.total_seconds())
            claims = Claims(address, issued, slots, due, int(KEPT.total_seconds()))
            _write(path, self._signed(claims))
            before = None
        written = before is None
        begins, ends = (datetime.fromtimestamp(at or 0, UTC) for at in (claims.iat, claims.exp))
        return Published(number, address, path, len(marks), begins, ends, written)

    def _held(self, path: Path) -> ParsedStatusList | None:
        """Read the list that is published; None for one that is not ours to keep."""
        try:
            found = ParsedStatusList.parse(path.read_bytes())
        except (FileNotFoundError, StatusListError):
            return None
        return found

    def _holds(self, held: ParsedStatusList, address: str, slots: Slots, now: datetime) -> bool:
        """Tell whether a list says what it must, by our key, and is not to be renewed yet."""
        claims, age = held.claims, now.timestamp() - held.claims.iat
        same = (claims.sub, claims.slots) == (address, slots) and held.certificates == self._chain
        return same and claims.exp is not None and age < KEPT.total_seconds()

    @property
    def _chain(self) -> tuple[bytes, ...]:
        return tuple(one.public_bytes(Encoding.DER) for one in self.signer.chain)

    def _signed(self, claims: Claims) -> bytes:
        leaf = self.signer.chain[0]
        kid = leaf.fingerprint(hashes.SHA256()).hex()
        return issue(claims, kid, lambda data: self.signer.sign(hashed(data, leaf)), self._chain)


def published_slots(folder: Path) -> range:
    """Give the slots of the lists in a folder: of the last one a slot was given."""
    names = [path.stem for path in folder.glob(f"*{SUFFIX}")]
    lists = max((int(name) + 1 for name in names if _NUMBER.fullmatch(name)), default=0)
    return range(lists * LIST_SLOTS)


def _write(path: Path, data: bytes) -> None:
    """Replace a file at once, on the disk before it has its name."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _PUBLIC)
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
