"""What the ledger tells of letters, as values: rows themselves never leave it.

States: planned → sealed → published, or failed, or refused. `sealed` says that this seal is the one
that counts, before its file has its final name; `published`, after.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from sealing.errors import SealingError
from storage.errors import CoffreError

_LONGEST: Final = 4_000


class ToldError(SealingError):
    """What happened to a letter, as the ledger kept it; `reported` is its code."""

    code: ClassVar[str] = "batch.told"

    def __init__(
        self, reported: str, details: dict[str, str | int], parts: tuple[tuple[str, str], ...]
    ) -> None:
        """Take the place of the error that happened in another process."""
        super().__init__(f"got {reported}", **details)
        self.reported = reported
        self.parts = parts


def details_of(error: CoffreError) -> str:
    """Write the details of an error; twenty parts say enough, and what a column holds."""
    kept = 20
    told = {name: str(value)[:200] for name, value in list(error.details.items())[:4]}
    parts = [(about[:60], rule[:60]) for about, rule in error.parts[:kept]]
    while True:
        text = json.dumps({**told, "parts": parts}, ensure_ascii=False)
        if len(text) <= _LONGEST or not parts:
            return text if len(text) <= _LONGEST else "{}"
        parts.pop()


class State(StrEnum):
    """Where a letter stands."""

    PLANNED = "planned"
    SEALED = "sealed"
    PUBLISHED = "published"
    FAILED = "failed"
    REFUSED = "refused"


WAITING: Final = (State.PLANNED, State.SEALED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter that a worker has to see to; `seal` and `sha256_out` are of one sealed already.

    `slot` is its own in the register of seals, if it has one.
    """

    n: int
    file: str
    key: bytes
    sha256_in: bytes
    content: str
    state: State
    replaces: bytes | None
    seal: UUID | None
    sha256_out: bytes | None
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal that was made for the letter planned under `key`."""

    n: int
    key: bytes
    seal: UUID
    sha256_out: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    """A letter that is done with; `trouble` is None for a published one.

    `sha256_out` is the digest of the seal that it is about; None: of a letter without a seal.
    """

    n: int
    state: State
    trouble: CoffreError | None
    at: datetime
    sha256_out: bytes | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A settled letter with what the journal says of it; `number` is its place in it."""

    number: int
    n: int
    line: int
    file: str
    state: State
    sha256_in: bytes
    seal: str | None
    sha256_out: bytes | None
    error: str | None
    details: str | None
    at: datetime

    @property
    def trouble(self) -> ToldError:
        """Give why a letter was not sealed, with the code and details of what happened."""
        told = json.loads(self.details or "{}")
        parts = tuple((about, rule) for about, rule in told.pop("parts", ()))
        return ToldError(self.error or "", told, parts)


@dataclass(frozen=True, slots=True)
class Counts:
    """How a mailing stands."""

    letters: int
    sealed: int
    failed: int
    refused: int
    settled: int
    flushed: int
    options: str
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def waiting(self) -> int:
        """Give how many letters are still to be sealed."""
        return self.letters - self.sealed - self.failed - self.refused
