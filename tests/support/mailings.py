"""Mailings of the tests: small letters, a list, a folder; and an oracle that reads the folder.

The oracle knows nothing of the ledger: it reads what a person finds.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from support.evidence import prove
from support.letters import FIELDS, TEXT, letter
from support.sealers import town

from sealing.batch.engine import AT_ONCE, Engine, Standing, Task
from sealing.batch.files.folders import Folder
from sealing.batch.files.letters_csv import LetterList, LineError
from sealing.batch.files.source import Source
from sealing.batch.job import Job, Outcome, Wish
from sealing.batch.ledger.intake import Reading
from sealing.batch.ledger.place import batch_of
from sealing.batch.ledger.rows import Counts
from sealing.batch.local_pool import LocalPool
from sealing.batch.plan import Codes
from sealing.batch.queue.engine import ProcrastinateEngine
from sealing.batch.ranges.keys import Keys
from sealing.batch.ranges.work import Bench
from sealing.batch.run import run
from sealing.service.profile import Profile
from storage.errors import CoffreError
from storage.settings import Settings


@dataclass
class Quiet:
    """Watches a run and remembers."""

    lines: list[LineError] = field(default_factory=list)
    read_lines: list[tuple[int, int]] = field(default_factory=list)
    found: Reading | None = None
    counts: list[Counts] = field(default_factory=list)
    on_step: Callable[[Counts, Standing], None] | None = None
    wanted: Wish = Wish.GO_ON

    def wrong(self, line: LineError) -> None:
        """Hear of a wrong line."""
        self.lines.append(line)

    def reading(self, lines: int, of: int) -> None:
        """Remember how far the list was read."""
        self.read_lines.append((lines, of))

    def read(self, listed: LetterList, found: Reading, counts: Counts) -> None:
        """Hear that the list is good."""
        del listed, counts
        self.found = found

    def progress(self, counts: Counts, standing: Standing) -> None:
        """Hear how it goes."""
        self.counts.append(counts)
        if self.on_step is not None:
            self.on_step(counts, standing)

    def wish(self) -> Wish:
        """Tell what is wanted."""
        return self.wanted


@dataclass
class Post:
    """A folder with letters, their list, and where they go; `database`: where machines meet."""

    folder: Path
    database: str | None = None

    @property
    def letters(self) -> Path:
        """Give the folder of letters."""
        return self.folder / "in"

    @property
    def out(self) -> Path:
        """Give the folder of sealed letters."""
        return self.folder / "out"

    @property
    def listing(self) -> Path:
        """Give the path of the list."""
        return self.folder / "letters.csv"

    def write(self, names: Sequence[str], *, coded: bool = False) -> None:
        """Write letters that differ by their last bytes, and the list."""
        self.letters.mkdir(parents=True, exist_ok=True)
        pdf = letter(TEXT)
        rows = [["file", *FIELDS] if coded else ["file"]]
        for name in names:
            path = self.letters / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pdf + b"%" + name.encode() + b"\n")
            rows.append([name, *FIELDS.values()] if coded else [name])
        self.listing.write_text("".join(";".join(row) + "\n" for row in rows), "utf-8")

    def job(self, *, coded: bool = False, **changes: Any) -> Job:
        """Ask for this mailing, sealed on P-256."""
        settings = Settings.load(town()[1] / "coffre.toml", database=self.database)
        bench = Bench(
            Source(self.letters.resolve()),
            Folder(self.out),
            Keys(settings, "seal-p256"),
            Profile(),
        )
        codes = Codes("00" if coded else None)
        job = Job(self.listing, bench, codes, workers=2, shared=self.database)
        own = {name: changes.pop(name) for name in list(changes) if name in Bench.__slots__}
        return replace(job, bench=replace(bench, **own), **changes)

    def run(self, job: Job | None = None, watch: Quiet | None = None) -> Outcome:
        """Run it on workers forked from the test, which start at once."""
        return run(job or self.job(), forked, watch or Quiet())

    def journal(self) -> list[dict[str, Any]]:
        """Read the journal."""
        text = (self.out / "journal.jsonl").read_text("utf-8")
        assert text.endswith("\n") or not text
        return [json.loads(line) for line in text.splitlines()]

    def require_exactly_once(self, names: Sequence[str], *, records: bool = False) -> None:
        """Require each letter sealed once: one line, one file, one revision, nothing else.

        With `records`, each also has a record that proves it, and nobody else has one.
        """
        rows = self.journal()
        assert sorted(row["file"] for row in rows) == sorted(names)
        assert {row["state"] for row in rows} <= {"sealed"}
        assert len({row["id"] for row in rows}) == len(rows)
        for row in rows:
            self._require_sealed(row)
        private = self.out / ".coffre"
        assert list((private / "pending").iterdir()) == []
        own = {"journal.jsonl", "report.html", "failures.csv"}
        there = {
            str(path.relative_to(self.out))
            for path in self.out.rglob("*")
            if path.is_file() and private not in path.parents
        }
        proofs = {f"{name}.ers" for name in names} if records else set()
        assert there - own == set(names) | proofs
        for name in names if records else ():
            prove((self.out / name).read_bytes(), (self.out / f"{name}.ers").read_bytes())

    def _require_sealed(self, row: Mapping[str, Any]) -> None:
        sealed, before = (self.out / row["file"]).read_bytes(), self.letters / row["file"]
        assert hashlib.sha256(sealed).hexdigest() == row["sha256_out"]
        assert hashlib.sha256(before.read_bytes()).hexdigest() == row["sha256_in"]
        assert sealed.startswith(before.read_bytes())
        assert sealed.count(b"/ETSI.CAdES.detached") == 1


def names(count: int) -> list[str]:
    """Give names of letters, some in a folder of their own."""
    return [f"{'sud/' if n % 3 == 0 else ''}{n:05}.pdf" for n in range(count)]


def forked(job: Job) -> Engine:
    """Give the pool of this machine, its workers forked from the test."""
    return LocalPool(job.workers, None, method="fork")


def apart(job: Job) -> Engine:
    """Give the pool as the command starts it."""
    return LocalPool(job.workers, job.bench.folder.private / "workers.log")


def queued(job: Job) -> Engine:
    """Give the engine of several machines, its workers of this one forked from the test."""
    return _queued(job, "fork")


def queued_apart(job: Job) -> Engine:
    """Give the engine of several machines as the command starts it."""
    return _queued(job, "forkserver")


def _queued(job: Job, method: str) -> ProcrastinateEngine:
    assert job.shared is not None
    assert job.order is not None
    batch, log = batch_of(job.bench.folder), job.bench.folder.private / "workers.log"
    return ProcrastinateEngine(job.shared, batch, job.order, job.workers, log, method)


@dataclass
class Here:
    """An engine without processes: it works in the test, so that its faults can be chosen."""

    task: Task | None = None

    def start(self, task: Task) -> None:
        """Begin."""
        self.task = task

    def step(self, seconds: float) -> Standing:
        """Do all the work."""
        del seconds
        assert self.task is not None
        try:
            with self.task.opening() as worker:
                for wanted in self.task.ranges:
                    worker.work(wanted, self)
        except (CoffreError, OSError) as error:
            return Standing(working=False, halted=error)
        return Standing(working=False)

    def stop(self) -> None:
        """Everything is done already."""

    def kill(self) -> None:
        """Nobody is left."""

    at_once = AT_ONCE

    def at(self, n: int) -> None:
        """Hear on which letter the work is."""

    def stopping(self) -> bool:
        """Never."""
        return False


def here(job: Job) -> Engine:
    """Give the engine that works in the test."""
    del job
    return Here()
