"""A mailing as it is asked for, how it ends, and who watches it."""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from cryptography import x509

from sealing.batch.engine import Standing
from sealing.batch.files.letters_csv import LetterList, LineError
from sealing.batch.ledger.intake import Reading
from sealing.batch.ledger.rows import Counts
from sealing.batch.plan import Codes
from sealing.batch.queue.work_order import WorkOrder
from sealing.batch.ranges.work import Bench


class Wish(IntEnum):
    """What the person wants of a run under way."""

    GO_ON = 0
    STOP = 1
    KILL = 2


class Watch(Protocol):
    """Who watches a run: it is told everything, and may end it."""

    def wrong(self, line: LineError) -> None:
        """Hear of a wrong line."""

    def reading(self, lines: int, of: int) -> None:
        """Hear how many lines of the list are read and checked, of about how many."""

    def read(self, listed: LetterList, found: Reading, counts: Counts) -> None:
        """Hear that the list is good, and what is to be done."""

    def progress(self, counts: Counts, standing: Standing) -> None:
        """Hear how it goes, about twice a second."""

    def wish(self) -> Wish:
        """Tell what is wanted."""


@dataclass(frozen=True, slots=True)
class Failures:
    """How many letters may fail before a run stops: a number, or a share of all.

    `barren`: or so many in this run, while it sealed none: a list that does not fit its letters.
    """

    most: int | None = None
    percent: float | None = None
    barren: int | None = None

    def exceeded(self, counts: Counts, before: Counts) -> bool:
        """Tell whether too many failed; `before` is how things stood when the run began."""
        failed = counts.failed + counts.refused
        if self.barren is not None and counts.sealed == before.sealed:
            return failed - before.failed - before.refused >= self.barren
        if self.percent is not None:
            return failed * 100 > self.percent * counts.letters
        return self.most is not None and failed > self.most


@dataclass(frozen=True, slots=True)
class Job:
    """What was asked: the list, the bench of the workers, the code of letters that name none.

    `shared`: the database where workers of several machines find the ledger; None: beside the
    letters. `sessions`: how many of them may hold the key at once, on all machines together;
    `order`: what they must open, which the run fills in. `adds`: the list is one of many, and the
    letters of the others stay as they are.
    """

    letters: Path
    bench: Bench
    codes: Codes
    failures: Failures = Failures()
    workers: int = 1
    force: bool = False
    trial: bool = False
    shared: str | None = None
    sessions: int | None = None
    order: WorkOrder | None = None
    evidence: bool = False
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Records:
    """The evidence records beside the sealed letters: how many are there, how many are missing.

    `barred` of the missing ones have a file of others at their place; `trouble` is why the rest is
    missing.
    """

    there: int
    missing: int
    barred: int = 0
    trouble: Exception | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. `new`: letters settled by this run; `halted`: what stopped it.

    `certificate` is the seal's. `records` are there where they were asked for, and the mailing came
    to its end. `unfit`: letters that a trial found would be refused.
    """

    counts: Counts
    new: int
    seconds: float
    certificate: x509.Certificate
    too_many: bool = False
    stopped: bool = False
    halted: Exception | None = None
    records: Records | None = None
    unfit: int = 0
