"""Workers of this machine: processes that each open the keys themselves.

Rules kept here:

- a worker holds one end of a pipe: it gets ranges by it, and its end means that the run is gone:
  the worker then finishes the letter in hand and leaves;
- nothing but plain values is shared: no lock that a killed process could keep;
- a range whose worker died goes first to the next worker; the number of the letter that it had in
  hand is kept, and a letter on which three workers died is given up; a worker that has had one
  letter in hand for five minutes is ended;
- workers that die six times in a row before their first letter, while nobody seals, stop the pool;
- a worker does not hear Ctrl-C, which a terminal sends to all: the run tells it. What it prints
  goes to its own log.

Started by `forkserver`: the libraries are loaded once, and nothing of the run is inherited.
"""

import multiprocessing
import os
import select
import signal
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from sealing.batch.engine import AT_ONCE, HaltedError, Opening, Standing, Task, WorkersDieError
from sealing.batch.plan import Range
from storage.errors import CoffreError

_DEATHS: Final = 3
_BARREN: Final = 6
_PATIENCE: Final = 300.0
_PRELOADED: Final = ["sealing.batch.ranges.work"]


@dataclass(slots=True)
class _Process:
    """A worker as the pool sees it. `hand` is the number of its letter, 0 for none.

    `seen`: the range and the letter that it had when it was looked at, and since when.
    """

    process: BaseProcess
    pipe: Connection
    hand: Any
    range: Range | None = None
    ready: bool = False
    seen: tuple[Range | None, int] = (None, 0)
    since: float = 0.0

    def is_stuck(self, patience: float) -> bool:
        """Tell whether it has had one letter in hand for so many seconds."""
        now, seen = time.monotonic(), (self.range, int(self.hand.value))
        if seen != self.seen:
            self.seen, self.since = seen, now
        return self.range is not None and seen[1] != 0 and now - self.since > patience


@dataclass(slots=True)
class LocalPool:
    """The engine of one machine. `log` takes what workers print.

    `patience`: for so many seconds a worker may have one letter in hand.
    """

    wanted: int
    log: Path | None = None
    method: str = "forkserver"
    patience: float = _PATIENCE
    _task: Task | None = None
    _workers: list[_Process] = field(default_factory=list)
    _back: deque[Range] = field(default_factory=deque)
    _blamed: Counter[int] = field(default_factory=Counter)
    _barren: int = 0
    _exhausted: bool = False
    _stopping: bool = False
    _halted: Exception | None = None

    @property
    def pids(self) -> list[int]:
        """Give the processes at work."""
        return [worker.process.pid or 0 for worker in self._workers]

    def start(self, task: Task) -> None:
        """Begin; returns at once."""
        self._task = task
        self._man()

    def step(self, seconds: float) -> Standing:
        """Let at most this time pass; give how things stand."""
        self._man()
        if any(worker.hand.value for worker in self._workers):
            self._barren = 0
        speaking = wait([worker.pipe for worker in self._workers], seconds)
        for worker in [each for each in self._workers if each.pipe in speaking]:
            self._hear(worker)
        for worker in self._workers:
            if worker.is_stuck(self.patience):
                worker.process.kill()  # its end is heard of at the next step
        left = not self._stopping and (bool(self._back) or not self._exhausted)
        return Standing(bool(self._workers) or left, len(self._workers), self._halted)

    def stop(self) -> None:
        """Let each worker finish the letter in hand."""
        self._stopping = True
        for worker in self._workers:
            with suppress(OSError):
                worker.pipe.send(None)

    def kill(self) -> None:
        """End every worker at once."""
        self._stopping = True
        for worker in self._workers:
            worker.process.kill()
            self._leave(worker)
        self._workers = []

    def _man(self) -> None:
        """Have as many workers as there is work for."""
        while len(self._workers) < self.wanted and not self._stopping:
            wanted = self._next()
            if wanted is None:
                return
            self._workers.append(self._opened())
            self._give(self._workers[-1], wanted)

    def _opened(self) -> _Process:
        if self._task is None:
            raise ValueError("got no task: start comes first")
        context: Any = multiprocessing.get_context(self.method)
        if self.method == "forkserver":
            context.set_forkserver_preload(_PRELOADED)
        ours, theirs = context.Pipe()
        hand = context.RawValue("q", 0)
        process = context.Process(
            target=serve, args=(theirs, ours, hand, self._task.opening, self.log), daemon=True
        )
        process.start()
        theirs.close()
        return _Process(process, ours, hand)

    def _next(self) -> Range | None:
        """Give the next range to seal: first those whose worker died."""
        if self._back:
            return self._back.popleft()
        if self._exhausted or self._task is None:
            return None
        found = next(self._task.ranges, None)
        self._exhausted = found is None
        return found

    def _give(self, worker: _Process, wanted: Range) -> None:
        worker.range = wanted
        with suppress(OSError):  # it died: its end is heard of next
            worker.pipe.send(wanted)

    def _hear(self, worker: _Process) -> None:
        """Obey what a worker says; its end is one of the things."""
        try:
            said = worker.pipe.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        worker.range, worker.ready, self._barren = None, True, 0
        if said is not None:
            self._halt(_error(said))
            return
        wanted = None if self._stopping else self._next()
        if wanted is None:
            with suppress(OSError):
                worker.pipe.send(None)
        else:
            self._give(worker, wanted)

    def _bury(self, worker: _Process) -> None:
        """See to what a dead worker leaves: its range, and the letter that may have killed it."""
        letter = int(worker.hand.value)
        self._leave(worker)
        self._workers.remove(worker)
        if worker.range is None:
            return
        self._back.append(worker.range)
        if letter:
            self._barren = 0
            self._blamed[letter] += 1
            if self._blamed[letter] >= _DEATHS and self._task is not None:
                self._task.give_up(letter)
        elif not worker.ready and not any(each.hand.value for each in self._workers):
            self._barren += 1
            if self._barren >= _BARREN:
                self._halt(WorkersDieError("got workers that die at once", log=str(self.log)))

    def _halt(self, error: Exception) -> None:
        self._halted = self._halted or error
        self.stop()

    @staticmethod
    def _leave(worker: _Process) -> None:
        worker.pipe.close()
        worker.process.join()
        worker.process.close()


class _Hand:
    """A worker's hand: a number that the pool reads, a pipe that it hears."""

    at_once = AT_ONCE

    def __init__(self, pipe: Connection, value: Any) -> None:  # noqa: ANN401 - of ctypes
        self._pipe, self._value = pipe, value

    def at(self, n: int) -> None:
        """Say that letter `n` is in hand; 0 for none."""
        self._value.value = n

    def stopping(self) -> bool:
        """Tell whether no other letter must be begun: a word from the pool, or its end."""
        return bool(select.select([self._pipe.fileno()], [], [], 0)[0])


def serve(
    pipe: Connection,
    other: Connection,
    value: Any,  # noqa: ANN401 - of ctypes
    opening: Opening,
    log: Path | None,
) -> None:
    """Be a worker until the pool says no more: what a process of the pool runs."""
    other.close()  # the pool's end: while anybody else holds it, its death is not heard of
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _print_to(log)
    try:
        with opening() as worker:
            for wanted in _ranges(pipe):
                worker.work(wanted, _Hand(pipe, value))
                pipe.send(None)
    except CoffreError as error:
        _say(pipe, (error.reported or error.code, str(error), error.parts, error.details))
    except OSError as error:
        _say(pipe, (error.errno or 0, error.strerror or "", str(error.filename or "")))


def _ranges(pipe: Connection) -> Iterator[Range]:
    while True:
        try:
            wanted = pipe.recv()
        except (EOFError, OSError):
            return  # the run is gone
        if wanted is None:
            return
        yield wanted


def _say(pipe: Connection, what: object) -> None:
    with suppress(OSError):
        pipe.send(what)


def _print_to(log: Path | None) -> None:
    if log is None:
        return
    with suppress(OSError):
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(handle, 2)
        os.close(handle)


def _error(said: Any) -> Exception:  # noqa: ANN401 - one of two tuples
    if isinstance(said[0], int):
        return OSError(*said)
    reported, message, parts, details = said
    return HaltedError(reported, message, parts, details)
