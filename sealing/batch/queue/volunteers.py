"""Workers of this machine for the mailings that other machines run.

Rules kept here:

- one mailing at a time, the first that is announced and whose run lives; when its run is gone, the
  next one;
- what to open is the mailing's order, with the settings and keys of this machine: what differs is
  refused, and nothing is sealed here;
- a worker that dies is replaced and its job put back; one that cannot open its keys ends it all:
  the run itself goes on with its other workers.
"""

import time
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from sealing.batch.engine import Standing, WorkersDieError
from sealing.batch.ledger.leases import Leases, run_of
from sealing.batch.ledger.ledger import PATIENCE
from sealing.batch.ledger.place import kept, shared_engine
from sealing.batch.queue.crew import Crew, End
from sealing.batch.queue.procrastinate_engine import Queue, require_queue, serve
from sealing.batch.queue.rows import Announced, announced
from sealing.batch.queue.shift import Place
from sealing.batch.queue.work_order import WorkOrder
from sealing.batch.ranges.work import Check
from storage.database import DatabaseUnavailableError
from storage.settings import Settings

_LOOK: Final = 1.0
_BARREN: Final = 6


@dataclass(slots=True)
class Volunteers:
    """So many workers for whatever mailing there is; `check` compares a letter with its page."""

    settings: Settings
    check: Check
    wanted: int
    log: Path | None = None
    method: str = "forkserver"
    _leases: Leases | None = None
    _served: Announced | None = None
    _crew: Crew | None = None
    _stopping: bool = False
    _heard: float = field(default_factory=time.monotonic)
    _next_look: float = 0.0
    _deaths: int = 0

    @property
    def serving(self) -> Path | None:
        """Give the folder of the mailing at work, as its order names it."""
        return None if self._served is None else WorkOrder.read(self._served.order).folder

    def open(self) -> None:
        """Find the database; raise what `shared_engine` and `require_queue` do."""
        database = shared_engine(self.settings.database)
        with kept(database):
            require_queue(database)
        self._leases = Leases(database)

    def step(self, seconds: float) -> Standing:
        """Let at most this time pass; `working` tells whether anybody serves a mailing."""
        try:
            halted = self._step(seconds)
            self._heard = time.monotonic()
        except DatabaseUnavailableError as error:
            halted = error if time.monotonic() - self._heard > PATIENCE else None
            time.sleep(seconds)
        workers = len(self._crew.pids) if self._crew is not None else 0
        return Standing(self._crew is not None, workers, halted)

    def stop(self) -> None:
        """Let each worker finish the letter in hand."""
        self._stopping = True
        if self._crew is not None:
            self._crew.leave()

    def close(self) -> None:
        """End every worker at once, and let go of the database."""
        if self._crew is not None:
            self._crew.kill()
            self._crew = None
        if self._leases is not None:
            self._leases.close()
            self._leases.engine.dispose()

    def _step(self, seconds: float) -> Exception | None:
        if self._crew is None:
            if not self._stopping:
                self._join()
            if self._crew is None:
                time.sleep(seconds)
                return None
        self._crew.man()
        ends = self._crew.step(seconds)
        if not self._lives():
            self._crew.leave()
        if self._crew.left:
            self._crew = self._served = None
        return next((error for end in ends if (error := self._bury(end)) is not None), None)

    def _join(self) -> None:
        """Open a crew for the first mailing that lives; raise OtherWorkerError."""
        if self._leases is None:
            raise ValueError("got no database: open comes first")
        for found in announced(self._leases.engine):
            if self._leases.held(run_of(found.batch)):
                order = WorkOrder.read(found.order)
                opening = partial(order.opened, self.settings, self.check, found.batch)
                place = Place(
                    str(self.settings.database),
                    found.batch,
                    found.run,
                    opening,
                    order.key(),
                    order.sessions,
                )
                self._served = found
                self._crew = Crew(self.wanted, partial(serve, place), self.log, self.method)
                return

    def _lives(self) -> bool:
        """Tell whether the run that is served is still there; asks once a second."""
        now = time.monotonic()
        leases, served = self._leases, self._served
        if leases is None or served is None or now < self._next_look:
            return True
        self._next_look = now + _LOOK
        return served in announced(leases.engine) and leases.held(run_of(served.batch))

    def _bury(self, end: End) -> Exception | None:
        """Put back what a dead worker had in hand; give what one met."""
        if end.job and self._served is not None:
            with closing(Queue(str(self.settings.database), self._served.run)) as queue:
                queue.put_back(end.job)
        self._deaths = self._deaths + 1 if end.died and not end.ready else 0
        if self._deaths >= _BARREN:
            return WorkersDieError("got workers that die at once", log=str(self.log))
        return end.error
