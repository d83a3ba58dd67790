"""The port of those who seal ranges of letters: processes of this machine, or of several.

Rules kept here:

- an engine is started once with a `Task`; it opens workers, each of which gets ranges until none is
  left; a range whose worker died is given to another one: the ledger tells what is done;
- `step` lets time pass and tells how things stand; who calls it reads the ledger for counts;
- `stop` lets each worker finish the letter in hand and commit it; `kill` ends them at once. After
  both, `step` says when nobody works any more, and a new engine goes on from the ledger;
- a letter on which several workers died in turn is given up, told by its number;
- what stops one worker for good (disk full, no signer) stops all: `Standing.halted`.

A `Task` travels to other processes: `opening` must be picklable, keys are opened by the worker.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol

from sealing.batch.plan import Range
from sealing.errors import SealingError
from storage.errors import CoffreError


class HaltedError(SealingError):
    """A worker met what stops them all; `reported` is the code of what it met."""

    code: ClassVar[str] = "batch.halted"

    def __init__(
        self,
        reported: str,
        message: str,
        parts: tuple[tuple[str, str], ...] = (),
        details: Mapping[str, str | int] | None = None,
    ) -> None:
        """Keep what was met, so that its own sentence is said."""
        super().__init__(message, **(details or {}))
        self.reported = reported
        self.parts = parts


def said_of(error: CoffreError | OSError) -> list[Any]:
    """Give an error in plain values, that `error_of` reads."""
    if isinstance(error, OSError):
        return [error.errno or 0, error.strerror or "", str(error.filename or "")]
    return [error.reported or error.code, str(error), list(error.parts), dict(error.details)]


def error_of(said: Any) -> Exception:  # noqa: ANN401 - one of two lists
    """Give the error that another process met."""
    if isinstance(said[0], int):
        return OSError(*said)
    reported, message, parts, details = said
    return HaltedError(reported, message, tuple((about, rule) for about, rule in parts), details)


class WorkersDieError(SealingError):
    """Workers die before they seal anything. Details: `log`."""

    code: ClassVar[str] = "batch.workers-die"


class WorkerDiedError(SealingError):
    """Three workers died on this letter."""

    code: ClassVar[str] = "batch.worker-died"
    retryable: ClassVar[bool] = True


# Letters at the same step together: their tables stay at hand, and a stop waits for few.
AT_ONCE: Final = 25


class Hand(Protocol):
    """What a worker holds while it seals: it says on which letter it is, and hears of the end.

    `at_once`: how many letters may be in hand together, each at the same step.
    """

    at_once: int

    def at(self, n: int) -> None:
        """Say that letter `n` is in hand; 0 for none."""

    def stopping(self) -> bool:
        """Tell whether no other letter must be begun."""


class Worker(Protocol):
    """Someone who seals ranges."""

    def work(self, wanted: Range, hand: Hand) -> None:
        """Seal what of a range is not sealed yet, and commit it.

        Returns early, with everything committed, once `hand.stopping()`. Raises CoffreError or
        OSError for what stops every worker.
        """


Opening = Callable[[], AbstractContextManager[Worker]]


@dataclass(frozen=True, slots=True)
class Task:
    """What there is to do. `give_up` is told the number of a letter that kills its workers."""

    opening: Opening
    ranges: Iterator[Range]
    give_up: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an engine stands: whether anybody works or will, and what stopped all."""

    working: bool
    workers: int = 0
    halted: Exception | None = None


class Engine(Protocol):
    """Workers, wherever they are."""

    def start(self, task: Task) -> None:
        """Begin; returns at once."""

    def step(self, seconds: float) -> Standing:
        """Let at most this time pass; give how things stand."""

    def stop(self) -> None:
        """Let each worker finish the letter in hand."""

    def kill(self) -> None:
        """End every worker at once."""
