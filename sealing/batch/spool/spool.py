"""One big PDF cut into letters, and the list that `coffre batch seal` takes.

Steps, by the numbers of `sealing/DESIGN.md`, "Spool":

1. open the spool, and refuse what would make wrong letters (`pdf.py`);
2. find where the letters begin (`cuts.py`);
3. take the values of each letter; what is wrong is told, all of it, and then nothing is written;
4. hold the folder: it is empty of letters, or this very cut was begun there;
5. write each letter under a temporary name, then give it its own, which replaces nothing;
6. when all are there and flushed: `pages.csv`, and last of all `letters.csv`.

The same spool cut in the same way gives the same bytes: the same call again compares, keeps what is
there, and goes on. A kill leaves whole letters and no list.
"""

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import ClassVar, Final, Protocol

from sealing.batch.files.folders import Folder, OutputTakenError
from sealing.batch.files.letters_csv import FILE
from sealing.batch.spool.cuts import By, Cut, Front, cuts_of
from sealing.batch.spool.letter import letter_of
from sealing.batch.spool.pdf import SpoolError, SpoolPdf
from sealing.batch.spool.takes import Seeker, Take, TakeTooSlowError

LETTERS: Final = "letters.csv"
PAGES: Final = "pages.csv"
_NOTE: Final = "split.json"
_LAYOUT: Final = 1
_DIGITS: Final = 4


class ValuesRefusedError(SpoolError):
    """Letters lack values: nothing is written. Details: `count`."""

    code: ClassVar[str] = "spool.values-refused"


class OtherCutError(SpoolError):
    """The folder holds letters of another spool, or of another cut. Details: `path`."""

    code: ClassVar[str] = "spool.other-cut"


class StoppedError(SpoolError):
    """The person asked for an end."""

    code: ClassVar[str] = "spool.stopped"


class Watch(Protocol):
    """Who watches: told of every fault and of how it goes, and may end it."""

    def wrong(self, error: SpoolError) -> None:
        """Hear of a letter whose values cannot be taken."""

    def progress(self, done: int, total: int) -> None:
        """Hear how many pages, or letters, are done with."""

    def stopping(self) -> bool:
        """Tell whether an end is wanted."""


@dataclass(frozen=True, slots=True)
class Job:
    """What was asked."""

    spool: Path
    out: Path
    by: By
    takes: Sequence[Take] = ()
    front: Front = Front.REFUSE
    force: bool = False
    trial: bool = False


@dataclass(slots=True)
class Outcome:
    """What came of it. `dropped`: pages in front; `links`, `fields`: what letters do without.

    `new` letters were written by this run; the others were there.
    """

    cuts: Sequence[Cut]
    pages: int
    tagged: bool
    new: int = 0
    links: int = 0
    fields: int = 0

    @property
    def dropped(self) -> int:
        """Count the pages in front of the first letter."""
        return self.cuts[0].first - 1


def split(job: Job, watch: Watch) -> Outcome:
    """Cut a spool into letters; a trial ends after the checks.

    Raises a SpoolError, BusyError, OutputTakenError or OSError.
    """

    def step(done: int, total: int) -> None:
        watch.progress(done, total)
        if watch.stopping():
            raise StoppedError("got an interrupt")

    with SpoolPdf.opened(job.spool) as spool:  # (1)
        cuts = cuts_of(spool, job.by, job.front, step)  # (2)
        values = _values(spool, cuts, job.takes, watch)  # (3)
        outcome = Outcome(cuts, spool.pages, spool.is_tagged)
        if not job.trial:
            _Writing(job, spool, outcome, values, watch).carry_out()
        return outcome


def name_of(number: int, count: int) -> str:
    """Give the name of a letter, of so many."""
    return f"lettre-{number:0{max(_DIGITS, len(str(count)))}}.pdf"


def _values(
    spool: SpoolPdf, cuts: Sequence[Cut], takes: Sequence[Take], watch: Watch
) -> list[dict[str, str]]:
    """Take the values of every letter; raise ValuesRefusedError once all faults are told."""
    if not takes:
        return []
    found, wrong = [], 0
    with Seeker.opened(takes) as seeker:
        for done, cut in enumerate(cuts, 1):
            pages = [spool.text(page) for page in range(cut.first, cut.last + 1)]
            try:
                found.append(seeker.values(pages, cut.first))
            except TakeTooSlowError:
                raise  # the process is lost
            except SpoolError as error:
                watch.wrong(error)
                wrong += 1
            watch.progress(done, len(cuts))
            if watch.stopping():
                raise StoppedError("got an interrupt")
    if wrong:
        raise ValuesRefusedError(f"got {wrong} letters without their values", count=wrong)
    return found


@dataclass(slots=True)
class _Writing:
    """The part in which letters are written."""

    job: Job
    spool: SpoolPdf
    outcome: Outcome
    values: Sequence[Mapping[str, str]]
    watch: Watch
    folder: Folder = field(init=False)

    def __post_init__(self) -> None:
        self.folder = Folder(self.job.out)

    def carry_out(self) -> None:
        """Write what is not there yet; raise OtherCutError, OutputTakenError or OSError."""
        note = self._note()
        there = self.folder.root.exists() and self._taken(note)
        if there and not self.job.force:
            raise OtherCutError("got letters of others", path=str(self.folder.root))
        self.folder.make()
        with self.folder.held():  # (4)
            self.folder.sweep()
            self._tidy()
            self._put(self.folder.private / _NOTE, json.dumps(note).encode())
            for number in range(1, len(self.outcome.cuts) + 1):
                self._letter(number)  # (5)
                self.watch.progress(number, len(self.outcome.cuts))
                if self.watch.stopping():
                    raise StoppedError("got an interrupt")
            os.sync()
            self._list(PAGES, self._pages())  # (6)
            self._list(LETTERS, self._letters())

    def _note(self) -> dict[str, object]:
        """Give what tells this cut from others."""
        with self.job.spool.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        own = {"by": type(self.job.by).__name__, **asdict(self.job.by)}
        takes = [[take.name, take.pattern] for take in self.job.takes]
        cut = {"cut": own, "front": self.job.front.value, "takes": takes}
        return {"layout": _LAYOUT, "spool": digest, **cut, "letters": len(self.outcome.cuts)}

    def _before(self) -> dict[str, object]:
        try:
            found = json.loads((self.folder.private / _NOTE).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _taken(self, note: Mapping[str, object]) -> bool:
        """Tell whether the folder holds letters or lists, and not those of this cut."""
        if self._before() == note:
            return False
        with os.scandir(self.folder.root) as entries:
            return any(_is_ours(entry.name) for entry in entries)

    def _tidy(self) -> None:
        """Take away the letters of an older, longer cut of ours; only where that is forced."""
        older = self._before().get("letters", 0)
        count = len(self.outcome.cuts)
        if self.job.force and isinstance(older, int):
            (self.folder.root / LETTERS).unlink(missing_ok=True)
            for number in range(1, older + 1):
                if name_of(number, older) != name_of(number, count) or number > count:
                    (self.folder.root / name_of(number, older)).unlink(missing_ok=True)

    def _letter(self, number: int) -> None:
        cuts = self.outcome.cuts
        cut, name = cuts[number - 1], name_of(number, len(cuts))
        made = letter_of(self.spool, cut.first, cut.last, cut.title)
        self.outcome.links += made.links
        self.outcome.fields += made.fields
        digest, there = hashlib.sha256(made.pdf).digest(), self.folder.digest(name)
        if there == digest:
            return
        replaces = there if self.job.force or self._is_torn(name, made.pdf) else None
        self.folder.write(number, digest, made.pdf)
        try:
            self.folder.publish(number, name, digest, replaces)
        except OutputTakenError:
            self.folder.discard(number, digest)
            raise OtherCutError("got a letter that was changed", path=name) from None
        self.outcome.new += 1

    def _is_torn(self, name: str, pdf: bytes) -> bool:
        """Tell whether what is there is a beginning of this letter: what a power cut leaves."""
        with suppress(OSError):
            path = self.folder.root / name
            return path.stat().st_size < len(pdf) and pdf.startswith(path.read_bytes())
        return False

    def _list(self, name: str, data: bytes) -> None:
        """Write a list; one that somebody changed since is left alone."""
        path = self.folder.root / name
        there = path.read_bytes() if path.exists() else None
        if there == data:
            return
        if there is not None and not self.job.force and not data.startswith(there):
            raise OtherCutError("got a list that was changed", path=str(path))
        self._put(path, data)

    def _put(self, path: Path, data: bytes) -> None:
        temporary = self.folder.pending / path.name
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def _letters(self) -> bytes:
        """Write the list for `coffre batch seal`: the file, and one column for each value."""
        count, names = len(self.outcome.cuts), [take.name for take in self.job.takes]
        rows: Iterator[Sequence[str]] = (
            [name_of(number, count), *(row[name] for name in names)]
            for number, row in enumerate(self.values or [{}] * count, 1)
        )
        return _csv([FILE, *names], rows)

    def _pages(self) -> bytes:
        """Write where each letter comes from."""
        count = len(self.outcome.cuts)
        rows = (
            [name_of(number, count), str(cut.first), str(cut.last), cut.title]
            for number, cut in enumerate(self.outcome.cuts, 1)
        )
        return _csv([FILE, "first", "last", "title"], rows)


def _csv(head: Sequence[str], rows: Iterator[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _is_ours(name: str) -> bool:
    return name in {LETTERS, PAGES} or (name.startswith("lettre-") and name.endswith(".pdf"))
