"""Processes of this machine that serve one mailing: manned, heard, and put back when they die.

Rules kept here:

- a worker holds one end of a pipe: a word by it, or its end, means that it must finish the letter
  in hand and leave;
- nothing but plain values is shared: the number of the job that it has in hand;
- a worker is replaced only once it has ended, so that there are never more than were asked for;
- a worker does not hear Ctrl-C, which a terminal sends to all. What it prints goes to its own log.

Started by `forkserver`: the libraries are loaded once, and nothing of the parent is inherited.
"""

import multiprocessing
import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from sealing.batch.queue.rows import error_of, said_of
from storage.database import DatabaseUnavailableError
from storage.errors import CoffreError

_PRELOADED: Final = ["sealing.batch.queue.procrastinate_engine"]
_PAUSE: Final = 0.5
_READY: Final = "ready"
_AWAY: Final = "away"


@dataclass(frozen=True, slots=True)
class Desk:
    """A worker's side: it tells which job it has in hand, and hears whether it must leave."""

    pipe: Connection
    value: Any

    def hold(self, job: int) -> None:
        """Say which job is in hand; 0 for none."""
        self.value.value = job

    def ready(self) -> None:
        """Say that all is open."""
        with suppress(OSError):
            self.pipe.send(_READY)

    def leaving(self) -> bool:
        """Tell whether this worker must leave: a word of its crew, or its end."""
        return bool(select.select([self.pipe.fileno()], [], [], 0)[0])


Duty = Callable[[Desk], None]


@dataclass(frozen=True, slots=True)
class End:
    """How a worker ended: in order, by an error, or dead with a job in hand (0: none)."""

    job: int = 0
    died: bool = False
    ready: bool = False
    error: Exception | None = None


@dataclass(slots=True)
class _Process:
    """A worker as its crew sees it."""

    process: BaseProcess
    pipe: Connection
    value: Any
    ready: bool = False
    said: Any = None


@dataclass(slots=True)
class Crew:
    """So many processes with one duty, which must be picklable. `log` takes what they print."""

    wanted: int
    duty: Duty
    log: Path | None = None
    method: str = "forkserver"
    _workers: list[_Process] = field(default_factory=list)
    _leaving: bool = False
    _not_before: float = 0.0

    @property
    def pids(self) -> list[int]:
        """Give the processes at work."""
        return [worker.process.pid or 0 for worker in self._workers]

    @property
    def left(self) -> bool:
        """Tell whether everybody was told to leave, and has."""
        return self._leaving and not self._workers

    def man(self) -> None:
        """Have as many workers as are wanted, unless they leave."""
        if self._leaving or time.monotonic() < self._not_before:
            return
        while len(self._workers) < self.wanted:
            self._workers.append(self._opened())

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
            with suppress(OSError):
                worker.pipe.send(None)

    def kill(self) -> None:
        """End every worker at once."""
        self._leaving = True
        for worker in self._workers:
            worker.process.kill()
            self._bury(worker)
        self._workers = []

    def _opened(self) -> _Process:
        context: Any = multiprocessing.get_context(self.method)
        if self.method == "forkserver":
            context.set_forkserver_preload(_PRELOADED)
        ours, theirs = context.Pipe()
        value = context.RawValue("q", 0)
        process = context.Process(
            target=serve, args=(theirs, ours, value, self.duty, self.log), daemon=True
        )
        process.start()
        theirs.close()
        return _Process(process, ours, value)

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
        job = int(worker.value.value)
        self._bury(worker)
        self._workers.remove(worker)
        self._not_before = time.monotonic() + (0 if job else _PAUSE)
        if worker.said is None:
            return End(job, died=True, ready=worker.ready)
        error = None if worker.said == _AWAY else error_of(worker.said)
        return End(job, ready=worker.ready, error=error)

    @staticmethod
    def _bury(worker: _Process) -> None:
        worker.pipe.close()
        worker.process.join()
        worker.process.close()


def serve(
    pipe: Connection,
    other: Connection,
    value: Any,  # noqa: ANN401 - of ctypes
    duty: Duty,
    log: Path | None,
) -> None:
    """Do a duty until its end: what a process of the crew runs."""
    other.close()  # the crew's end: while anybody else holds it, its death is not heard of
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _print_to(log)
    said: Any = _AWAY
    try:
        duty(Desk(pipe, value))
    except DatabaseUnavailableError:
        pass  # this worker comes again
    except (CoffreError, OSError) as error:
        said = said_of(error)
    with suppress(OSError):
        pipe.send(said)


def _print_to(log: Path | None) -> None:
    if log is None:
        return
    with suppress(OSError):
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(handle, 2)
        os.close(handle)
