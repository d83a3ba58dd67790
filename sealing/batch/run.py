"""A whole mailing: check all, plan, seal, tell.

Steps, by the numbers of `sealing/DESIGN.md`, "Mailings":

1. hold the folder; what the last run left is put in order: seals that count get their names, files
   that a power cut may have taken are read again;
2. read the whole list: every wrong line is told, and with one of them nothing is sealed;
3. write it in the ledger in one transaction, with the letters' slots in the register of seals if
   there is one (`ledger/slots.py`), and cut it into ranges;
4. to 8.: the engine's workers seal them (`ranges/work.py`);
9. the journal follows the ledger, every half second;
10. at the end, whatever the end, files are flushed, and the journal is whole;
11. where they are asked for, each sealed letter gets its evidence record (`evidence.py`).

The same call again takes up where the last one stopped. The clock, the screen and Ctrl-C are the
caller's: `Watch`.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final

from cryptography import x509

from sealing.batch.engine import Engine, Task, WorkerDiedError
from sealing.batch.evidence import Hand, stamping, with_records
from sealing.batch.files.folders import Folder
from sealing.batch.files.letters_csv import LetterList, LineError
from sealing.batch.job import Job, Outcome, Watch, Wish
from sealing.batch.ledger.intake import Rules, recheck, take_in
from sealing.batch.ledger.journal_file import JournalFile
from sealing.batch.ledger.ledger import Ledger
from sealing.batch.ledger.place import Holding, held, require_same_engine, shared_engine
from sealing.batch.ledger.rows import Counts, State
from sealing.batch.ledger.slots import allot_registered
from sealing.batch.plan import Planned, Planner, Range, Trial, range_size
from sealing.batch.queue.work_order import WorkOrder, options_of
from sealing.batch.ranges.publishing import not_sealed, publish
from sealing.batch.ranges.work import Bench
from sealing.errors import SealingError
from sealing.service.codes import Order, TwoDDocOrder, check_order
from sealing.service.letter import Sealer
from sealing.service.seals import register
from sealing.signers.port import TWODDOC
from sealing.signers.registry import signer
from sealing.signers.token_libraries import rest
from sealing.twoddoc.conformance import require_town_type
from storage.database import DatabaseUnavailableError

_STEP: Final = 0.5


class ColumnsWithoutCodeError(SealingError):
    """The list has columns of data, and no code was asked for. Details: `names`."""

    code: ClassVar[str] = "batch.columns-without-code"


class SameFolderError(SealingError):
    """Letters and sealed letters would share a folder. Details: `path`."""

    code: ClassVar[str] = "batch.same-folder"


def run(job: Job, engine: Callable[[Job], Engine], watch: Watch) -> Outcome:
    """Run a mailing to its end; a trial ends after the checks.

    Raises a ListError, BusyError, OtherOptionsError, OtherEngineError, LedgerError,
    DatabaseUnavailableError, a SignerError, ConfigurationError, OSError, or what a level's
    authorities do.
    """
    with stamping(job) as stamp:
        return _run(job, engine, Hand(stamp, watch))


def _run(job: Job, engine: Callable[[Job], Engine], hand: Hand) -> Outcome:
    folder, source = job.bench.folder, job.bench.source
    if folder.root.resolve() == source.root:
        raise SameFolderError("got one folder for both", path=str(folder.root))
    _require_register(job)
    began = datetime.now(UTC)
    with closing(job.bench.keys.services(job.bench.profile.level)) as services:
        sealer = job.bench.keys.open(services, began)
    leaf = sealer.seal.chain[0]
    options = options_of(sealer, job.bench.profile)
    with ledger_in_hand(folder, options, began, job.shared, trial=job.trial) as holding:
        ledger = holding.ledger
        if not job.trial:
            put_in_order(ledger, folder, taken=job.adds)  # (1)
        trial = Trial(job.bench.profile.wish.page, hand.watch.wrong) if job.trial else None
        ready, counts = _read(job, ledger, sealer, hand.watch, trial)  # (2) (3)
        if trial is not None:
            return Outcome(counts, 0, 0.0, leaf, unfit=trial.unfit)
        allot_registered(ledger, job.bench.keys.settings)
        keys = replace(job.bench.keys, types=tuple(sorted(ready.twoddocs)))
        bench = replace(job.bench, keys=keys)
        job = replace(job, bench=bench, order=WorkOrder.of(bench, ready, job.sessions))
        rest()  # the workers need every session that the token has
        sealing = _Sealing(job, ledger, hand.watch, leaf, holding)
        outcome = sealing.carry_out(engine(sealing.job), began)
        return with_records(outcome, job, ledger, hand)  # (11)


@contextmanager
def ledger_in_hand(
    folder: Folder, options: str, now: datetime, shared: str | None = None, *, trial: bool
) -> Iterator[Holding]:
    """Open the ledger, and hold the folder while it is open; a trial leaves no trace."""
    require_same_engine(folder, shared)
    place = folder.ledger if shared is None else folder.shared
    if shared is not None:
        shared_engine(shared).dispose()  # refused before anything is made
    if trial and not place.exists():
        with TemporaryDirectory(prefix="coffre-") as scratch:
            path = Path(scratch) / folder.ledger.name
            with closing(Ledger.create(path, options, now)) as ledger:
                yield Holding(ledger)
        return
    there = [path.exists() for path in (folder.root, place)]
    folder.make()
    with held(folder, options, now, shared) as holding:
        try:
            yield holding
        finally:
            planned = holding.ledger.counts().letters
            if not planned and not all(there):
                holding.forget()
                folder.unmake(root=not there[0])


def put_in_order(ledger: Ledger, folder: Folder, *, taken: bool) -> None:
    """Publish the seals that count, and plan again the letters whose files are lost."""
    for wanted in ledger.ranges(500):
        made = [row for row in ledger.waiting(wanted) if row.state is State.SEALED]
        ledger.commit((), publish(made, ledger, folder))
    folder.sweep()
    counts = ledger.counts()
    if counts.flushed < counts.settled:
        recheck(ledger, folder, after=counts.flushed, taken=taken)
        flush(ledger)


def flush(ledger: Ledger) -> None:
    """Have every file that was published survive a power cut, and note it."""
    settled = ledger.counts().settled
    os.sync()
    ledger.note(flushed=settled)


def _read(
    job: Job, ledger: Ledger, sealer: Sealer, watch: Watch, trial: Trial | None
) -> tuple[Sealer, Counts]:
    """Read the list into the ledger; give the sealer of all its codes, and what there is to do."""
    listed = LetterList.open(job.letters)
    coded = job.codes.twoddoc is not None or job.codes.town is not None or listed.names_types
    if listed.fields and not coded:
        names = ", ".join(listed.fields)[:200]
        raise ColumnsWithoutCodeError(f"got {len(listed.fields)} columns", names=names)
    options = options_of(sealer, job.bench.profile)
    checker = _Checker(job.bench, sealer, datetime.now(UTC))
    planner = Planner(job.bench.source, job.codes, options.encode(), checker, trial)
    lines: Iterator[Planned | LineError] = (
        line if isinstance(line, LineError) else planner.letter(line)
        for line in listed.lines(watch.reading)
    )
    rules = Rules(options, job.force, job.trial, job.adds)
    found, counts = take_in(lines, ledger, job.bench.folder, rules, watch.wrong)
    watch.read(listed, found, counts)
    return checker.sealer, counts


def _require_register(job: Job) -> None:
    """Refuse, before anything is made, a register of seals that cannot be asked."""
    settings = job.bench.keys.settings
    if settings.status.address is not None:
        with register(settings):
            pass


class _Checker:
    """Checks what codes are to say, under the certificates that will sign them."""

    def __init__(self, bench: Bench, sealer: Sealer, now: datetime) -> None:
        self._bench, self._now = bench, now
        self._signers = dict(sealer.twoddocs)
        self.sealer = replace(sealer, twoddocs=self._signers)

    def __call__(self, order: Order) -> None:
        """Raise what emitting this code would raise."""
        if isinstance(order, TwoDDocOrder) and order.doc_type not in self._signers:
            require_town_type(order.doc_type)
            use = f"{TWODDOC}{order.doc_type}"
            self._signers[order.doc_type] = signer(self._bench.keys.settings, use, self._now)
        check_order(order, self.sealer.twoddocs, self._bench.profile, self._now)


@dataclass(slots=True)
class _Sealing:
    """The part of a run in which letters are sealed."""

    job: Job
    ledger: Ledger
    watch: Watch
    certificate: x509.Certificate
    holding: Holding

    def carry_out(self, engine: Engine, began: datetime) -> Outcome:
        """Have an engine seal what waits; the journal follows, and is whole in the end."""
        before = self.ledger.counts()
        if before.waiting:  # else the report goes on telling the hours of the run before
            self.ledger.note(started_at=began, ended_at=None)
        journal = JournalFile(self.job.bench.folder.journal, self.ledger.entries)
        journal.open(self.ledger.settled_rows(), before.settled)
        size = range_size(before.waiting, self.job.workers)
        ranges: Iterator[Range] = self.ledger.ranges(size)
        engine.start(Task(partial(Bench.opened, self.job.bench), ranges, self._give_up))
        try:
            too_many, stopped, halted = self._follow(engine, journal, before)
        finally:
            engine.kill()  # whoever is left after a fault of ours
        self._finish(journal, halted, worked=bool(before.waiting))
        ended = datetime.now(UTC)
        after, seconds = self.ledger.counts(), (ended - began).total_seconds()
        new = after.settled - before.settled
        return Outcome(after, new, seconds, self.certificate, too_many, stopped, halted)

    def _finish(self, journal: JournalFile, halted: Exception | None, *, worked: bool) -> None:
        """Bring journal and disk up to date; what halted the run may forbid it, and is told."""
        try:
            journal.follow()
            if not self.ledger.counts().waiting:
                self.job.bench.folder.sweep()  # seals that others were faster with
            flush(self.ledger)  # (10)
            if worked:
                self.ledger.note(ended_at=datetime.now(UTC))
        except (OSError, DatabaseUnavailableError):
            if halted is None:
                raise

    def _follow(
        self, engine: Engine, journal: JournalFile, before: Counts
    ) -> tuple[bool, bool, Exception | None]:
        """Let time pass until nobody works any more; stop when it must be."""
        too_many, wish = False, Wish.GO_ON
        while True:
            standing = engine.step(_STEP)
            counts = self.ledger.counts()
            self.holding.keep()
            journal.follow()  # (9)
            self.watch.progress(counts, standing)
            if not standing.working:
                return too_many, wish > Wish.GO_ON, standing.halted
            if not too_many and self.job.failures.exceeded(counts, before):
                too_many = True
                engine.stop()
            wanted = self.watch.wish()
            if wanted > wish:
                wish = wanted
                (engine.kill if wish is Wish.KILL else engine.stop)()

    def _give_up(self, n: int) -> None:
        """Settle a letter that kills its workers."""
        self.ledger.commit((), [not_sealed(n, WorkerDiedError("got three dead workers"))])
