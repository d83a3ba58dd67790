"""Processes of this machine that serve one mailing: manned, heard, and put back when they die.

Rules kept here (of each of them: `worker_process`):

- what a worker has in hand is a job, told by its number;
- a worker is replaced only once it has ended, so that there are never more than were asked for.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Final

from sealing.batch.engine import error_of, said_of
from sealing.batch.worker_process import FORKSERVER, WorkerProcess, WorkerSide
from storage.database import DatabaseUnavailableError
from storage.errors import CoffreError

_PRELOADED: Final = ["sealing.batch.queue.procrastinate_engine"]
_PAUSE: Final = 0.5
_READY: Final = "ready"
_AWAY: Final = "away"


class Desk(WorkerSide):
    """A worker's side: it tells which job it has in hand, and hears whether it must leave."""

    __slots__ = ()

    def ready(self) -> None:
        """Say that all is open."""
        self.say(_READY)


Duty = Callable[[Desk], None]


@dataclass(frozen=True, slots=True)
class End:
    """How a worker ended: in order, by an error, or dead with a job in hand (0: none)."""

    job: int = 0
    died: bool = False
    ready: bool = False
    error: Exception | None = None


@dataclass(slots=True)
class _Process(WorkerProcess):
    """A worker as its crew sees it."""

    ready: bool = False
    said: Any = None


@dataclass(slots=True)
class Crew:
    """So many processes with one duty, which must be picklable. `log` takes what they print."""

    wanted: int
    duty: Duty
    log: Path | None = None
    method: str = FORKSERVER
    _workers: list[_Process] = field(default_factory=list)
    _leaving: bool = False
    _not_before: float = 0.0

    @property
    def pids(self) -> list[int]:
        """Give the processes at work."""
        return [worker.pid for worker in self._workers]

    @property
    def left(self) -> bool:
        """Tell whether everybody was told to leave, and has."""
        return self._leaving and not self._workers

    def man(self) -> None:
        """Have as many workers as are wanted, unless they leave."""
        if self._leaving or time.monotonic() < self._not_before:
            return
        while len(self._workers) < self.wanted:
            duty = partial(_serve, self.duty)
            self._workers.append(_Process.begun(duty, self.log, self.method, _PRELOADED))

    def step(self, seconds: float) -> list[End]:
        """Let at most this time pass; give how workers ended."""
        if not self._workers:
            time.sleep(seconds)
            return []
        speaking = wait([worker.pipe for worker in self._workers], seconds)
        heard = [each for each in self._workers if each.pipe in speaking]
        return [end for worker in heard if (end := self._hear(worker)) is not None]

    def leave(self) -> None:
        """Have each worker finish the letter in hand and leave."""
        self._leaving = True
        for worker in self._workers:
            worker.say(None)

    def kill(self) -> None:
        """End every worker at once."""
        self._leaving = True
        for worker in self._workers:
            worker.process.kill()
            worker.bury()
        self._workers = []

    def _hear(self, worker: _Process) -> End | None:
        try:
            said = worker.pipe.recv()
        except (EOFError, OSError):
            return self._ended(worker)
        if said == _READY:
            worker.ready = True
        else:
            worker.said = said
        return None

    def _ended(self, worker: _Process) -> End:
        """See to what a worker leaves: the job that it had in hand, what it met."""
        job = worker.hand
        worker.bury()
        self._workers.remove(worker)
        self._not_before = time.monotonic() + (0 if job else _PAUSE)
        if worker.said is None:
            return End(job, died=True, ready=worker.ready)
        error = None if worker.said == _AWAY else error_of(worker.said)
        return End(job, ready=worker.ready, error=error)


def _serve(duty: Duty, side: WorkerSide) -> None:
    """Do a duty until its end: what a process of the crew runs."""
    said: Any = _AWAY
    try:
        duty(Desk(side.pipe, side.value))
    except DatabaseUnavailableError:
        pass  # this worker comes again
    except (CoffreError, OSError) as error:
        said = said_of(error)
    side.say(said)
