"""The engine of mailings that several machines seal: workers here, and whoever else joins.

Rules kept here:

- the run announces what to open and queues its ranges; workers of any machine that sees the same
  folders do them, as long as the run lives;
- the job of a worker that its crew sees die goes back at once; a check every fifteen seconds puts
  back those of machines that are gone. Letters that wait when the queue is empty are queued again,
  as long as that helps;
- `stop` drops the jobs that wait and has those under way end with the letter in hand, everywhere;
  `kill` ends the workers of this machine at once, and the others as `stop` does;
- what stops one worker for good stops all. Six workers dead with no letter settled in between stop
  the run. A database that is away is awaited for a minute.
"""

import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from sealing.batch.engine import Standing, Task, WorkersDieError
from sealing.batch.ledger.ledger import PATIENCE, Ledger
from sealing.batch.ledger.place import kept, shared_engine
from sealing.batch.queue.crew import Crew, End
from sealing.batch.queue.procrastinate_engine import Queue, require_queue, serve
from sealing.batch.queue.rows import announce, halted, withdraw
from sealing.batch.queue.shift import Place
from sealing.batch.queue.work_order import WorkOrder
from storage.database import DatabaseUnavailableError

_CHECK: Final = 15.0
_BARREN: Final = 6
_RANGE: Final = 100


@dataclass(slots=True)
class ProcrastinateEngine:
    """The engine of a run on a shared database; `wanted` workers are of this machine."""

    database: str
    batch: str
    order: WorkOrder
    wanted: int
    log: Path | None = None
    method: str = "forkserver"
    _run: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    _desk: "_Desk | None" = None
    _stopping: bool = False
    _over: bool = False
    _halted: Exception | None = None

    @property
    def pids(self) -> list[int]:
        """Give the processes at work on this machine."""
        return self._desk.crew.pids if self._desk is not None else []

    def start(self, task: Task) -> None:
        """Begin; returns at once. Raises SchemaError or DatabaseUnavailableError."""
        order = self.order
        place = Place(
            self.database, self.batch, self._run, task.opening, order.key(), order.sessions
        )
        crew = Crew(self.wanted, partial(serve, place), self.log, self.method)
        database = shared_engine(self.database)
        with kept(database):
            require_queue(database)
            ledger = Ledger.shared(database, self.batch, order.folder)
            before = announce(ledger, self._run, order.text())
            self._desk = _Desk(ledger, Queue(self.database, self._run), crew)
        try:
            if before is not None:
                self._desk.queue.clear(before)
            self._desk.queue.add(task.ranges)
        except BaseException:
            self.kill()
            raise
        crew.man()

    def step(self, seconds: float) -> Standing:
        """Let at most this time pass; give how things stand."""
        desk = self._desk
        if desk is None:
            return Standing(working=False, halted=self._halted)
        desk.crew.man()
        ends = desk.crew.step(seconds)
        try:
            for end in ends:
                self._bury(desk, end)
            if not self._over:
                self._look(desk)
            desk.heard = time.monotonic()
        except DatabaseUnavailableError as error:
            if time.monotonic() - desk.heard > PATIENCE:
                self._halted, self._over = self._halted or error, True
                self.stop()
        workers = len(desk.crew.pids)
        return Standing(workers > 0 or not self._over, workers, self._halted)

    def stop(self) -> None:
        """Let each worker finish the letter in hand."""
        self._stopping = True
        if self._desk is not None:
            self._desk.crew.leave()
            self._desk.next_check = 0.0

    def kill(self) -> None:
        """End every worker at once; those of other machines with the letter in hand."""
        desk, self._desk = self._desk, None
        self._stopping = self._over = True
        if desk is None:
            return
        desk.crew.kill()
        desk.ledger = replace(desk.ledger, patience=0.0)
        with suppress(DatabaseUnavailableError):
            desk.queue.cancel()
            desk.queue.clear(self._run)
            withdraw(desk.ledger, self._run)
        desk.queue.close()
        desk.ledger.close()

    def _look(self, desk: "_Desk") -> None:
        """Read how the queue stands, and do what follows."""
        if (met := halted(desk.ledger, self._run)) is not None:
            self._halt(met)
        now = time.monotonic()
        if now >= desk.next_check:
            desk.next_check = now + _CHECK
            desk.queue.rescue()
        if self._stopping:
            desk.queue.cancel()
        if not desk.queue.left() and (self._stopping or not desk.more()):
            self._over = True
            desk.crew.leave()

    def _bury(self, desk: "_Desk", end: End) -> None:
        """See to what a worker leaves: its job, what it met, that it died."""
        if end.error is not None:
            self._halt(end.error)
        if end.job:
            desk.queue.put_back(end.job)
        if end.died and desk.barren():
            self._halt(WorkersDieError("got workers that die at once", log=str(self.log)))

    def _halt(self, error: Exception) -> None:
        self._halted = self._halted or error
        self.stop()


@dataclass(slots=True)
class _Desk:
    """What an engine at work holds. `heard`: when the database last answered."""

    ledger: Ledger
    queue: Queue
    crew: Crew
    heard: float = field(default_factory=time.monotonic)
    next_check: float = field(default_factory=lambda: time.monotonic() + _CHECK)
    _left: int | None = None
    _settled: int = -1
    _deaths: int = 0

    def more(self) -> bool:
        """Queue again what waits; False where nothing does, or the last time did not help."""
        left = self.ledger.counts().waiting
        if not left or left == self._left:
            return False
        self._left = left
        self.queue.add(self.ledger.ranges(_RANGE))
        return True

    def barren(self) -> bool:
        """Count one more death; tell whether too many died with no letter settled in between."""
        settled = self.ledger.counts().settled
        self._deaths = self._deaths + 1 if settled == self._settled else 1
        self._settled = settled
        return self._deaths >= _BARREN
