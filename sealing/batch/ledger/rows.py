"""What the ledger tells of letters, as values: rows themselves never leave it.

States: planned → sealed → published, or failed, or refused. `sealed` says that this seal is the one
that counts, before its file has its final name; `published`, after.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from sealing.errors import SealingError
from storage.errors import CoffreError

_LONGEST: Final = 4_000
_DETAILS: Final = 4
_PARTS: Final = 20
_DETAIL: Final = 200
_PART: Final = 60
# What no column holds (NUL, halves of characters), or takes six characters in JSON.
_NO_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


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
    told, parts = few_details(error.details), few_parts(error.parts)
    while True:
        text = json.dumps({**told, "parts": parts}, ensure_ascii=False)
        if len(text) <= _LONGEST or not parts:
            return text if len(text) <= _LONGEST else "{}"
        parts.pop()


def fitted(text: str, most: int) -> str:
    """Give a text that a row of any database holds, cut to so many characters."""
    return _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", text[:most])


def few_details(details: Mapping[str, str | int]) -> dict[str, str]:
    """Give the details of an error that a row holds."""
    return {name: fitted(str(value), _DETAIL) for name, value in list(details.items())[:_DETAILS]}


def few_parts(parts: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Give the single faults of an error that a row holds."""
    return [(fitted(about, _PART), fitted(rule, _PART)) for about, rule in parts[:_PARTS]]


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
