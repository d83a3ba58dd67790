"""Workers of this machine: processes that each open the keys themselves.

Rules kept here (of each of them: `worker_process`):

- a worker gets ranges by its pipe; its end means that the run is gone;
- a range whose worker died goes first to the next worker; the number of the letter that it had in
  hand is kept, and a letter on which three workers died is given up; a worker that has had one
  letter in hand for five minutes is ended;
- workers that die six times in a row before their first letter, while nobody seals, stop the pool.
"""

import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final

from sealing.batch.engine import (
    AT_ONCE,
    Opening,
    Standing,
    Task,
    WorkersDieError,
    error_of,
    said_of,
)
from sealing.batch.plan import Range
from sealing.batch.worker_process import FORKSERVER, WorkerProcess, WorkerSide
from storage.errors import CoffreError

_DEATHS: Final = 3
_BARREN: Final = 6
_PATIENCE: Final = 300.0
_PRELOADED: Final = ["sealing.batch.ranges.work"]


@dataclass(slots=True)
class _Process(WorkerProcess):
    """A worker as the pool sees it; what it has in hand is a letter.

    `seen`: the range and the letter that it had when it was looked at, and since when.
    """

    range: Range | None = None
    ready: bool = False
    seen: tuple[Range | None, int] = (None, 0)
    since: float = 0.0

    def is_stuck(self, patience: float) -> bool:
        """Tell whether it has had one letter in hand for so many seconds."""
        now, seen = time.monotonic(), (self.range, self.hand)
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
    method: str = FORKSERVER
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
        return [worker.pid for worker in self._workers]

    def start(self, task: Task) -> None:
        """Begin; returns at once."""
        self._task = task
        self._man()

    def step(self, seconds: float) -> Standing:
        """Let at most this time pass; give how things stand."""
        self._man()
        if any(worker.hand for worker in self._workers):
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
            worker.say(None)

    def kill(self) -> None:
        """End every worker at once."""
        self._stopping = True
        for worker in self._workers:
            worker.process.kill()
            worker.bury()
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
        duty = partial(_serve, self._task.opening)
        return _Process.begun(duty, self.log, self.method, _PRELOADED)

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
        worker.say(wanted)

    def _hear(self, worker: _Process) -> None:
        """Obey what a worker says; its end is one of the things."""
        try:
            said = worker.pipe.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        worker.range, worker.ready, self._barren = None, True, 0
        if said is not None:
            self._halt(error_of(said))
            return
        wanted = None if self._stopping else self._next()
        if wanted is None:
            worker.say(None)
        else:
            self._give(worker, wanted)

    def _bury(self, worker: _Process) -> None:
        """See to what a dead worker leaves: its range, and the letter that may have killed it."""
        letter = worker.hand
        worker.bury()
        self._workers.remove(worker)
        if worker.range is None:
            return
        self._back.append(worker.range)
        if letter:
            self._barren = 0
            self._blamed[letter] += 1
            if self._blamed[letter] >= _DEATHS and self._task is not None:
                self._task.give_up(letter)
        elif not worker.ready and not any(each.hand for each in self._workers):
            self._barren += 1
            if self._barren >= _BARREN:
                self._halt(WorkersDieError("got workers that die at once", log=str(self.log)))

    def _halt(self, error: Exception) -> None:
        self._halted = self._halted or error
        self.stop()


class _Hand:
    """A worker's hand: a number that the pool reads, a pipe that it hears."""

    at_once = AT_ONCE

    def __init__(self, side: WorkerSide) -> None:
        self.at, self.stopping = side.hold, side.leaving


def _serve(opening: Opening, side: WorkerSide) -> None:
    """Be a worker until the pool says no more: what a process of the pool runs."""
    try:
        with opening() as worker:
            for wanted in _ranges(side.pipe):
                worker.work(wanted, _Hand(side))
                side.pipe.send(None)
    except (CoffreError, OSError) as error:
        side.say(said_of(error))


def _ranges(pipe: Connection) -> Iterator[Range]:
    while True:
        try:
            wanted = pipe.recv()
        except (EOFError, OSError):
            return  # the run is gone
        if wanted is None:
            return
        yield wanted
