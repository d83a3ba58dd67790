"""A watched folder: each letter that appears in it is sealed, once.

Steps of a round, by the numbers of `sealing/DESIGN.md`, "Watched folder":

1. what is taken and not seen to yet comes first: what a kill or a stop left, what failed;
2. what has arrived is taken: a whole PDF, with its companion, under a name of its own
   (`arrivals.py`, `tray.py`); what came twice and what never became whole is turned away;
3. all that is taken is a list of a mailing that goes on for ever (`rounds.py`): `run.py` seals it,
   in the same ledger and with the same promise;
4. a line that is wrong is refused by itself, and its neighbours are sealed;
5. what is sealed goes to `faits/`, what is refused to `refus/` with its reason; what failed is
   tried three times.

What is wrong for every letter and may pass (no authority, no token, no room) is waited for, longer
each time; who calls says what may pass. Letters are on the disk before they count.
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import ClassVar, Final

from sealing.batch.engine import Engine
from sealing.batch.files.source import FileUnreadableError, Source
from sealing.batch.job import Job, Wish
from sealing.batch.ledger.intake import OtherOptionsError
from sealing.batch.ledger.ledger import Ledger
from sealing.batch.ledger.place import held, require_same_engine
from sealing.batch.plan import FATAL
from sealing.batch.queue.work_order import options_of
from sealing.batch.run import SameFolderError
from sealing.batch.watch.arrivals import Arrival, Arrivals, CompanionTypeError
from sealing.batch.watch.rounds import MOST, Rounds, Tally, Watcher, put
from sealing.batch.watch.tray import TWICE, AgainError, Tray
from sealing.errors import SealingError
from sealing.signers.port import TWODDOC
from sealing.signers.registry import serving
from sealing.signers.token_libraries import rest
from storage.errors import CoffreError

LOOK: Final = 1.0
_LONGEST: Final = 60.0
_BEAT: Final = 10.0
_LIST: Final = "arrivals.csv"
_HEARTBEAT: Final = "watch.json"


class NotAFolderError(SealingError):
    """What is to be watched is no folder. Details: `path`."""

    code: ClassVar[str] = "watch.no-folder"


@dataclass(frozen=True, slots=True)
class Watched:
    """What was asked: the folder, the mailing that its letters belong to, times in seconds.

    Of the `job`, letters and source are filled in here. `once`: see to what is there, and end.
    """

    folder: Path
    job: Job
    settle: float = 2.0
    patience: float = 60.0
    once: bool = False


def watch(wanted: Watched, engine: Callable[[Job], Engine], watcher: Watcher) -> Tally:
    """Watch a folder until an end is wanted.

    Raises NotAFolderError, SameFolderError, BusyError, OtherOptionsError, OtherEngineError, a
    SignerError, ConfigurationError, OSError, or whatever stops all letters and does not pass.
    """
    out = wanted.job.bench.folder
    if not wanted.folder.is_dir():
        raise NotAFolderError("got no folder", path=str(wanted.folder))
    root, sealed = wanted.folder.resolve(), out.root.resolve()
    if root == sealed or root in sealed.parents or sealed in root.parents:
        raise SameFolderError("got one folder within the other", path=str(out.root))
    options = _options(wanted, watcher)
    require_same_engine(out, None)
    out.make()
    with out.watched():
        ledger = _ledger(wanted.job, options)
        tray = Tray(root, sealed, wanted.job.codes, options.encode())
        with closing(ledger), tray.held():
            tray.recover()
            ready = _prepared(wanted, tray)
            rounds = Rounds(ready.job, tray, ledger, engine, watcher, ready.once)
            return _Watching(ready, rounds).carry_out()


def _prepared(wanted: Watched, tray: Tray) -> Watched:
    """Give the mailing its source, its list and its ways."""
    bench = wanted.job.bench
    folder = replace(bench.folder, durable=True)
    listed = folder.private / _LIST
    bench = replace(bench, source=Source(tray.taken), folder=folder)
    return replace(wanted, job=replace(wanted.job, letters=listed, bench=bench, adds=True))


def _options(wanted: Watched, watcher: Watcher) -> str:
    """Open the keys once, so that what is wrong with them is told at the start."""
    bench, waiting = wanted.job.bench, _Patience(watcher, once=wanted.once)
    while True:
        try:
            with closing(bench.keys.services(bench.profile.level)) as services:
                sealer = bench.keys.open(services, datetime.now(UTC))
                return options_of(sealer, bench.profile)
        except CoffreError as error:
            waiting.over(error)
        finally:
            rest()


def _ledger(job: Job, options: str) -> Ledger:
    """Open the ledger, made if there is none; raise OtherOptionsError."""
    folder = job.bench.folder
    with held(folder, options, datetime.now(UTC), None) as holding:
        counts = holding.ledger.counts()
    if counts.sealed and counts.options != options:
        problem = "got other options than those of the letters that are sealed"
        raise OtherOptionsError(problem, path=str(folder.root), count=counts.sealed)
    return Ledger.open(folder.ledger)


@dataclass(slots=True)
class _Patience:
    """Waits for what may pass, longer each time."""

    watcher: Watcher
    once: bool
    seconds: float = 0.0

    def over(self, error: Exception) -> None:
        """Wait a while; raise what does not pass, or where nobody waits."""
        wanted = self.watcher.wish() > Wish.GO_ON
        if self.once or wanted or not self.watcher.passes(error):
            raise error
        self.seconds = min(_LONGEST, self.seconds * 2 or LOOK)
        self.watcher.waits(error, self.seconds)
        self.watcher.pause(self.seconds)

    def ends(self, error: Exception) -> bool:
        """Tell whether an end was wanted over what would be waited for: it ends in order then."""
        wanted = self.watcher.wish() > Wish.GO_ON
        return wanted and not self.once and self.watcher.passes(error)

    def forget(self) -> None:
        """Hear that all is well again."""
        self.seconds = 0.0


@dataclass(slots=True)
class _Watching:
    """The watching under way."""

    wanted: Watched
    rounds: Rounds
    _beaten: float = -_BEAT

    def carry_out(self) -> Tally:
        """Go round until an end is wanted, or, once, until nothing is left."""
        wanted, codes, watcher = self.wanted, self.wanted.job.codes, self.rounds.watcher
        coded = codes.twoddoc is not None or codes.town is not None
        times = (wanted.settle, wanted.patience)
        arrivals = Arrivals(self.rounds.tray.root, *times, coded=coded, strict_age=wanted.once)
        patience, idle = _Patience(watcher, wanted.once), inf
        while watcher.wish() is Wish.GO_ON:
            began = time.monotonic()
            try:
                busy = self.rounds.seal() or self._take(arrivals)
                patience.forget()
            except (CoffreError, OSError) as error:
                if not patience.ends(error):
                    patience.over(error)
                idle = inf
                continue
            self._beat(arrivals.awaited)
            if busy:
                idle = inf
                continue
            # By the times before the looks: what stays the same was seen twice, however slow it is.
            idle = min(idle, time.monotonic())
            # What still grows is left for the next time.
            if wanted.once and (began >= idle + 3 * wanted.settle or not arrivals.settling(began)):
                break
            watcher.pause(min(LOOK, wanted.settle))
        return self.rounds.tally

    def _take(self, arrivals: Arrivals) -> bool:
        """Take what has arrived; tell whether anything was."""
        found = arrivals.look(time.monotonic(), time.time(), MOST)
        for arrival in found:
            try:
                self._take_one(arrival)
            except FileNotFoundError:
                pass  # somebody took it away
            except FileUnreadableError:
                arrivals.leave(arrival.name)  # it cannot be moved either
                continue
            arrivals.forget(arrival.name)
        return bool(found)

    def _take_one(self, arrival: Arrival) -> None:
        """Take one, or turn it away; raise FileUnreadableError for one that cannot be moved."""
        rounds = self.rounds
        try:
            self._require_known(arrival)
            rounds.tray.take(arrival, rounds.ledger.keys)
        except AgainError as error:
            rounds.tally.again += 1
            words = rounds.watcher.again(arrival.name, str(error.details["name"]))
            rounds.tray.turn_away(arrival, words, TWICE)
        except CoffreError as error:
            if isinstance(error, FATAL):
                raise
            rounds.tally.refused += 1
            words = rounds.watcher.refused(arrival.name, error)
            rounds.tray.turn_away(arrival, words)

    def _require_known(self, arrival: Arrival) -> None:
        """Raise what an arrival waited for, or that nobody signs codes of its type."""
        if arrival.error is not None:
            raise arrival.error
        kind, settings = arrival.companion.twoddoc, self.wanted.job.bench.keys.settings
        if kind and not serving(settings, f"{TWODDOC}{kind}"):
            raise CompanionTypeError("got a type without a signer", type=kind[:20])

    def _beat(self, awaited: int) -> None:
        """Say that all is well, for those who watch over the watcher."""
        if time.monotonic() - self._beaten < _BEAT:
            return
        self._beaten = time.monotonic()
        told = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "pid": os.getpid()}
        counts = {
            "awaited": awaited,
            "sealed": self.rounds.tally.sealed,
            "refused": self.rounds.tally.refused,
        }
        path = self.wanted.job.bench.folder.private / _HEARTBEAT
        put(path, json.dumps({**told, **counts}).encode())
