"""One worker of a mailing that several machines seal: what it holds, and how it does a job.

Rules kept here:

- it is present in the mailing, and seated at its key, before it opens it; it leaves when the run is
  gone, when its locks are lost, or when it is told. One that lost its seat is gone in six seconds;
- a job that comes back is done with care: each letter is counted before it is begun and taken back
  after, so that a letter on which workers die is known whatever else died with them;
- what it cannot do for want of a database goes back to the queue; what is wrong for every letter is
  told to all; a fault of ours ends it as a death does.
"""

import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sealing.batch.engine import AT_ONCE, Opening, Worker, WorkerDiedError
from sealing.batch.ledger.leases import Leases, run_of, workers_of
from sealing.batch.ledger.ledger import Ledger
from sealing.batch.ledger.place import shared_engine
from sealing.batch.plan import Range
from sealing.batch.queue.crew import Desk
from sealing.batch.queue.rows import begin, deadly, ended, tell_halted
from sealing.batch.ranges.publishing import not_sealed
from storage.database import DatabaseUnavailableError
from storage.errors import CoffreError

_SEEN_DEATHS: Final = 2  # and one before, which made the job come back
_LOOK: Final = 1.0
_PAUSE: Final = 0.2
# Of the ten after which seats are given anew (`ledger/leases.py`).
_LEAVING: Final = 6.0
_OUR_FAULT: Final = 70


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker goes: it travels to other processes. `sessions` of `key` are for all."""

    database: str
    batch: str
    run: str
    opening: Opening
    key: str
    sessions: int | None = None


@dataclass(slots=True)
class Shift:
    """A worker with its keys at hand."""

    place: Place
    desk: Desk
    ledger: Ledger
    leases: Leases
    worker: Worker
    stop: threading.Event = field(default_factory=threading.Event)
    _next_look: float = 0.0

    def over(self) -> bool:
        """Tell whether this worker must leave; asks the database once a second."""
        if self.stop.is_set() or self.desk.leaving():
            return True
        now = time.monotonic()
        if now < self._next_look:
            return False
        self._next_look = now + _LOOK
        try:
            if self.leases.keep():
                return not self.leases.held(run_of(self.place.batch))
        except DatabaseUnavailableError:
            pass
        self.unseat()
        return True

    def unseat(self) -> None:
        """Be gone in seconds, whatever is under way: another will take this seat."""
        self.stop.set()
        if self.place.sessions is not None:
            end = threading.Timer(_LEAVING, os._exit, (_OUR_FAULT,))
            end.daemon = True
            end.start()

    def seal(self, job: int, wanted: Range, *, again: bool, dropped: Callable[[], bool]) -> bool:
        """Do a job; tell whether it is done with, or must go back to the queue."""
        self.desk.hold(job)
        hand = _Hand(self, dropped, careful=again)
        try:
            if again:
                self._give_up(wanted)
            self._work(wanted, hand)
        except DatabaseUnavailableError:
            self.stop.set()
            return False
        except Exception:  # noqa: BLE001 - a fault of ours must not look like work done
            traceback.print_exc()
            os._exit(_OUR_FAULT)
        return dropped() or not hand.stopped

    def _work(self, wanted: Range, hand: "_Hand") -> None:
        try:
            self.worker.work(wanted, hand)
        except DatabaseUnavailableError:
            raise
        except (CoffreError, OSError) as error:
            tell_halted(self.ledger, self.place.run, error)

    def _give_up(self, wanted: Range) -> None:
        """Settle the letters of a range that kill their workers."""
        numbers = deadly(self.ledger, wanted, _SEEN_DEATHS)
        error = WorkerDiedError("got three dead workers")
        self.ledger.commit((), [not_sealed(n, error) for n in numbers])


class _Hand:
    """A worker's hand during one job."""

    def __init__(self, shift: Shift, dropped: Callable[[], bool], *, careful: bool) -> None:
        self._shift, self._dropped, self._careful = shift, dropped, careful
        self._n = 0
        self.stopped = False
        # A letter that kills its workers is found alone.
        self.at_once = 1 if careful else AT_ONCE

    def at(self, n: int) -> None:
        """Say that letter `n` is in hand; 0 for none."""
        if self._careful and n != self._n:
            if self._n:
                ended(self._shift.ledger, self._n)
            if n:
                begin(self._shift.ledger, n)
        self._n = n

    def stopping(self) -> bool:
        """Tell whether no other letter must be begun."""
        shift = self._shift
        self.stopped = shift.stop.is_set() or shift.desk.leaving() or self._dropped()
        return self.stopped


@contextmanager
def on_shift(place: Place, desk: Desk) -> Iterator[Shift | None]:
    """Take a place, open the keys; None where the run is gone or this worker must leave.

    Raises what `shared_engine` and opening a bench do.
    """
    engine = shared_engine(place.database)
    with (
        closing(Ledger.shared(engine, place.batch, Path())) as ledger,
        closing(Leases(engine)) as leases,
    ):
        if not _seated(place, desk, leases):
            yield None
            return
        with place.opening() as worker:
            desk.ready()
            yield Shift(place, desk, ledger, leases, worker)


def _seated(place: Place, desk: Desk, leases: Leases) -> bool:
    """Be present, and wait for a seat; tell whether there is one."""
    if not leases.take(workers_of(place.batch), shared=True):
        return False
    while leases.keep() and leases.held(run_of(place.batch)) and not desk.leaving():
        if place.sessions is None or leases.take_seat(place.key, place.sessions):
            return True
        time.sleep(_PAUSE)
    return False
