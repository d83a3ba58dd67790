"""What the ledger tells of letters, as values: rows themselves never leave it.

States: planned → sealed → published, or failed, or refused. `sealed` says that this seal is the one
that counts, before its file has its final name; `published`, after.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID


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
    """A letter that a worker has to see to; `seal` and `sha256_out` are of one sealed already."""

    n: int
    file: str
    sha256_in: bytes
    content: str
    state: State
    replaces: bytes | None
    seal: UUID | None
    sha256_out: bytes | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal that counts from now on."""

    n: int
    seal: UUID
    sha256_out: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    """A letter that is done with; `error` is a code, None for a published one."""

    n: int
    state: State
    error: str | None
    at: datetime


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
    at: datetime


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
