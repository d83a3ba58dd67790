"""A whole mail merge: a template and a line of data for each letter, to a folder of tagged PDFs.

Steps, by the numbers of `sealing/DESIGN.md`, "Merge":

1. open the template and the first line of the data: a column that is not there, a file that is not
   the template's, are told now;
2. hold the folder of letters; what the last run left is put in order;
3. read the whole data: every wrong line is told, the first letter is made for trial, and with one
   fault nothing is written; then all is planned in one transaction;
4. and 5.: the engine's workers make the letters (`work.py`);
6. at the end the list of letters appears, `letters.csv`, ready for `coffre batch seal`: only once
   every letter stands under its name. While letters are missing there is no list.

The same call again takes up where the last one stopped: letters whose values, name and template are
unchanged are kept as they are. A file that is not ours is never replaced unless it is forced.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import ClassVar, Final, Protocol

from sealing.batch.engine import Engine, Standing, Task, WorkerDiedError
from sealing.batch.files.folders import Folder
from sealing.batch.files.letters_csv import LetterList, LineError
from sealing.batch.files.source import Source
from sealing.batch.job import Wish
from sealing.batch.ledger.intake import OtherOptionsError, Reading, Rules, take_in
from sealing.batch.ledger.ledger import Ledger
from sealing.batch.ledger.rows import Counts
from sealing.batch.merge.data import MergeData, Record
from sealing.batch.merge.design import Design, MergeError, NoColumnError
from sealing.batch.merge.letters_list import ListInTheMaking, require_ours, withdraw
from sealing.batch.merge.work import Press
from sealing.batch.plan import Planned, key_of, range_size
from sealing.batch.ranges.publishing import not_sealed
from sealing.batch.run import flush, ledger_in_hand, put_in_order
from storage.errors import CoffreError

_STEP: Final = 0.5
_MERGE: Final = "merge"
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


class OtherTemplateError(MergeError):
    """The folder holds letters made with another template. Details: `path`, `count`."""

    code: ClassVar[str] = "merge.other-template"


class NoSuchLetterError(MergeError):
    """The data have no such letter. Details: `letter`, `letters`."""

    code: ClassVar[str] = "merge.no-such-letter"


class Watch(Protocol):
    """Who watches a merge: it is told everything, and may end it."""

    def wrong(self, line: LineError) -> None:
        """Hear of a wrong line."""

    def reading(self, lines: int, of: int) -> None:
        """Hear how many lines of the data are read and checked, of about how many."""

    def read(self, found: Reading, counts: Counts) -> None:
        """Hear that the data are good, and what is to be done."""

    def progress(self, counts: Counts, standing: Standing) -> None:
        """Hear how it goes, about twice a second."""

    def wish(self) -> Wish:
        """Tell what is wanted."""


@dataclass(frozen=True, slots=True)
class MergeJob:
    """What was asked: the data, the template, the fields of the code (None: by their columns)."""

    data: Path
    template: Path
    folder: Folder
    fields: tuple[str, ...] | None = None
    workers: int = 1
    force: bool = False
    trial: bool = False


@dataclass(frozen=True, slots=True)
class MergeOutcome:
    """How a merge ended. `new`: letters settled by this run; `halted`: what stopped it.

    `listed`: the list of letters is there. `remarks` are the design's.
    """

    counts: Counts
    fields: tuple[str, ...]
    remarks: tuple[tuple[str, str], ...]
    new: int = 0
    seconds: float = 0.0
    listed: bool = False
    stopped: bool = False
    halted: Exception | None = None


def merge(job: MergeJob, engine: Callable[[Press], Engine], watch: Watch) -> MergeOutcome:
    """Make every letter, or take up what is left; a trial ends after the checks.

    Raises a ListError, a MergeError, BusyError, LedgerError, ConfigurationError or OSError.
    """
    began = datetime.now(UTC)
    opened = _Opened.of(job)
    with (
        closing(opened.letters),
        ledger_in_hand(job.folder, opened.options, began, trial=job.trial) as held,
    ):
        ledger = held.ledger
        if not job.trial:
            put_in_order(ledger, job.folder, taken=False)  # (2)
        before = ledger.counts()
        found, counts = opened.read(ledger, watch)  # (3)
        outcome = MergeOutcome(counts, opened.fields, opened.design.remarks)
        if job.trial:
            return outcome
        watch.read(found, counts)
        run = _Run(job, opened, ledger, watch)
        stopped, halted = run.carry_out(engine, began)  # (4) (5)
        counts = ledger.counts()
        listed = counts.sealed == counts.letters and halted is None
        if listed:
            opened.letters.publish(job.folder)  # (6)
        seconds = (datetime.now(UTC) - began).total_seconds()
        told = (opened.fields, opened.design.remarks, counts.settled - before.settled, seconds)
        return MergeOutcome(counts, *told, listed, stopped, halted)


def preview(job: MergeJob, letter: int) -> bytes:
    """Make one letter, counted from 1, and nothing else.

    Raises a ListError, a MergeError, NoSuchLetterError, ConfigurationError or OSError.
    """
    data = _data(job)
    press = Press(job.template, data.columns, job.folder)
    last = 0
    for last, record in enumerate(data.records(), 1):
        if last == letter:
            if isinstance(record, LineError):
                raise record.error
            return press.design().make(record.values)
    raise NoSuchLetterError(f"got letter {letter} of {last}", letter=letter, letters=last)


def is_merge(counts: Counts) -> bool:
    """Tell the ledger of a merge from that of a mailing."""
    return counts.options.startswith(f'{{"{_MERGE}":')


def _data(job: MergeJob) -> MergeData:
    return MergeData.read(LetterList.open(job.data, of_files=False), job.fields)


@dataclass(slots=True)
class _Opened:
    """A job whose template and data are open."""

    job: MergeJob
    data: MergeData
    press: Press
    design: Design
    letters: ListInTheMaking = field(default_factory=ListInTheMaking)

    @classmethod
    def of(cls, job: MergeJob) -> "_Opened":
        """Open both, and make the first letter for trial; raise what is wrong with them."""
        data = _data(job)
        press = Press(job.template.resolve(strict=True), data.columns, job.folder)
        design = press.design()
        record = next((each for each in data.records() if isinstance(each, Record)), None)
        if record is not None:
            design.make(record.values)
        if not design.reads:
            raise NoColumnError("got a template without a column", path=job.template.name)
        if not job.force:
            require_ours(job.folder)
        return cls(job, data, press, design)

    @property
    def fields(self) -> tuple[str, ...]:
        """Name the fields of the code."""
        return tuple(each.name for each in self.data.fields)

    @property
    def options(self) -> str:
        """Write what letters depend on besides their values, in one form."""
        return _ENCODER.encode({_MERGE: self.design.fingerprint()})

    def read(self, ledger: Ledger, watch: Watch) -> tuple[Reading, Counts]:
        """Read the data into the ledger; raise what is wrong with them."""
        rules = Rules(self.options, self.job.force, self.job.trial)
        folder = self.job.folder
        try:
            return take_in(self._planned(watch.reading), ledger, folder, rules, watch.wrong)
        except OtherOptionsError as error:
            problem = "got another template than that of the letters that are there"
            raise OtherTemplateError(problem, **error.details) from error

    def _planned(self, tell: Callable[[int, int], None]) -> Iterator[Planned | LineError]:
        options = hashlib.sha256(self.options.encode()).digest()
        below = Source(self.job.folder.root)
        self.letters.add(self.data.head)
        for record in self.data.records(tell):
            if isinstance(record, LineError):
                yield record
                continue
            try:
                name = below.name(record.file)
                self.design.check(record.values)
            except CoffreError as error:
                yield LineError(record.line, record.file, error)
                continue
            self.letters.add(self.data.row(record))
            content = _ENCODER.encode(record.values)
            digest = hashlib.sha256(content.encode()).digest()
            key = key_of(digest, name, "", options)
            yield Planned(record.line, name, key, digest, content)


@dataclass(slots=True)
class _Run:
    """The part of a merge in which letters are made."""

    job: MergeJob
    opened: _Opened
    ledger: Ledger
    watch: Watch

    def carry_out(
        self, engine: Callable[[Press], Engine], began: datetime
    ) -> tuple[bool, Exception | None]:
        """Have an engine make what waits; tell whether it was stopped, and what halted it."""
        counts = self.ledger.counts()
        if not counts.waiting:
            return False, None
        withdraw(self.job.folder)
        self.ledger.note(started_at=began, ended_at=None)
        size = range_size(counts.waiting, self.job.workers)
        opening = partial(Press.opened, self.opened.press)
        working = engine(self.opened.press)
        working.start(Task(opening, self.ledger.ranges(size), self._give_up))
        try:
            stopped, halted = self._follow(working)
        finally:
            working.kill()  # whoever is left after a fault of ours
        if halted is None:
            flush(self.ledger)
            self.ledger.note(ended_at=datetime.now(UTC))
        return stopped, halted

    def _follow(self, engine: Engine) -> tuple[bool, Exception | None]:
        wish = Wish.GO_ON
        while True:
            standing = engine.step(_STEP)
            self.watch.progress(self.ledger.counts(), standing)
            if not standing.working:
                return wish > Wish.GO_ON, standing.halted
            wanted = self.watch.wish()
            if wanted > wish:
                wish = wanted
                (engine.kill if wish is Wish.KILL else engine.stop)()

    def _give_up(self, n: int) -> None:
        """Settle a letter that kills its workers."""
        self.ledger.commit((), [not_sealed(n, WorkerDiedError("got three dead workers"))])
