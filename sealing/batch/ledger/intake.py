"""A reading of the list, written in the ledger: all of it or nothing.

Rules kept here:

- a line whose key is known keeps its letter as it stands: that is how a run is taken up again. What
  had failed is planned once more; what was refused stays refused;
- a letter that changed since it was sealed is planned again, and its new file may replace the one
  that we made, told by its digest. Any other file at its place is a fault of the line;
- two lines may not name one file;
- letters that the list names no more are forgotten, but for those that are published; where letters
  come one list after the other (`adds`), none is;
- a letter that is planned again gets another slot: the seal before may be in somebody's hands;
- with other options than before nothing is planned over published letters, unless it is forced;
- a published letter that is gone, or was altered since, is told: it may have been sent;
- forced: whatever stands in the way may be replaced, and published letters that are gone or altered
  are sealed again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from sealing.batch.files.folders import Folder, OutputTakenError
from sealing.batch.files.letters_csv import LineError, ListEmptyError, ListError
from sealing.batch.ledger.ledger import CHUNK, Ledger
from sealing.batch.ledger.rows import Counts, State
from sealing.batch.ledger.steps import BATCH, ITEM, SLOT, UNSETTLED, counts_of, lock, recount
from sealing.batch.plan import Planned
from sealing.errors import SealingError
from storage.database import transaction

Tell = Callable[[LineError], None]

_CACHE_KIB: Final = 64 * 1024


class ListRefusedError(ListError):
    """Lines are wrong: nothing is planned. Details: `count`."""

    code: ClassVar[str] = "batch.list-refused"


class FileTwiceError(ListError):
    """Two lines name one file. Details: `line`."""

    code: ClassVar[str] = "batch.file-twice"


class OtherOptionsError(SealingError):
    """The folder holds letters sealed with other options. Details: `path`, `count`."""

    code: ClassVar[str] = "batch.other-options"


# Of the letters that are gone, so many are named.
NAMED: Final = 5


@dataclass(slots=True)
class Reading:
    """What a reading of the list found: letters read, changed since they were sealed, gone.

    `altered`: sealed letters that are no longer what was published. `missed` and `marred` name the
    first that are gone, and altered.
    """

    letters: int = 0
    wrong: int = 0
    changed: int = 0
    gone: int = 0
    altered: int = 0
    missed: list[str] = field(default_factory=list)
    marred: list[str] = field(default_factory=list)

    def mar(self, file: str) -> None:
        """Count a letter that was altered."""
        self.altered += 1
        if len(self.marred) < NAMED:
            self.marred.append(file)

    def miss(self, file: str) -> None:
        """Count a letter that is gone."""
        self.gone += 1
        if len(self.missed) < NAMED:
            self.missed.append(file)


class _TriedError(Exception):
    """Leaves the transaction of a trial, so that nothing is kept; holds what it counted."""

    def __init__(self, counts: Counts) -> None:
        super().__init__("got a trial")
        self.counts = counts


@dataclass(slots=True)
class _Intake:
    """The reading under way, in its transaction."""

    connection: Connection
    batch: str
    number: int
    folder: Folder
    rules: "Rules"
    found: Reading = field(default_factory=Reading)

    def take(self, letters: Sequence[Planned]) -> Iterator[LineError]:
        """Write some letters; give the lines that are wrong after all."""
        names = [letter.file for letter in letters]
        rows = self.connection.execute(_KNOWN, {"own": self.batch, "names": names}).mappings()
        known: dict[str, Mapping[Any, Any]] = {row["file"]: row for row in rows}
        new, kept, again = [], [], []
        for letter in letters:
            row = known.get(letter.file)
            if row is not None and row["reading"] == self.number:
                twice = FileTwiceError("got a file again", line=row["line"])
                yield LineError(letter.line, letter.file, twice)
                continue
            known[letter.file] = {"reading": self.number, "line": letter.line}
            if row is not None and row["key"] == letter.key and not self._again(row):
                kept.append({"of": row["n"], "at": letter.line, "now": self.number})
                continue
            replaces, free = self._replaced(letter.file, row)
            if not free:
                taken = OutputTakenError("got a file of others at the place")
                yield LineError(letter.line, letter.file, taken)
                continue
            values = self._values(letter, replaces)
            if row is None:
                new.append({"batch": self.batch, "file": letter.file, **values})
            else:
                again.append({"of": row["n"], **{f"new_{k}": v for k, v in values.items()}})
        self._write(new, kept, again)

    def _again(self, row: Mapping[Any, Any]) -> bool:
        """Tell whether a known letter is to be planned once more."""
        if row["state"] == State.PUBLISHED:
            file, digest = row["file"], row["sha256_out"] or b""
            if not self.folder.has(file):
                self.found.miss(file)
                return self.rules.force
            if self.folder.is_altered(file, digest, row["settled_at"]):
                self.found.mar(file)
                return self.rules.force
        return bool(row["state"] == State.FAILED)

    def _replaced(self, file: str, row: Mapping[Any, Any] | None) -> tuple[bytes | None, bool]:
        """Give the digest of the file that may be replaced, and whether the place is free."""
        ours = None
        if row is not None:
            published = row["state"] == State.PUBLISHED
            self.found.changed += published
            ours = row["sha256_out"] if published else row["replaces"]
        if not self.folder.has(file):
            return None, True
        there = self.folder.digest(file)
        return there, self.rules.force or there == ours

    def _values(self, letter: Planned, replaces: bytes | None) -> dict[str, object]:
        return {
            "line": letter.line,
            "reading": self.number,
            "replaces": replaces,
            "key": letter.key,
            "sha256_in": letter.sha256_in,
            "content": letter.content,
            "state": State.PLANNED,
        }

    def _write(self, new: list[Any], kept: list[Any], again: list[Any]) -> None:
        if new:
            self.connection.execute(insert(ITEM), new)
        if kept:
            self.connection.execute(_KEEP, kept)
        if again:
            self.connection.execute(_PLAN, again)
            self.connection.execute(_LOSE, [{"of": row["of"]} for row in again])

    def finish(self) -> None:
        """Forget what the list names no more; count."""
        if not self.rules.adds:
            absent = (ITEM.c.batch == self.batch, ITEM.c.reading < self.number)
            self.connection.execute(delete(ITEM).where(*absent, ITEM.c.state != State.PUBLISHED))
        own = BATCH.c.id == self.batch
        self.connection.execute(update(BATCH).where(own).values(readings=self.number))
        recount(self.connection, self.batch)

    def counts(self) -> Counts:
        """Give how the mailing stands within this transaction."""
        return counts_of(self.connection, self.batch)


_OF: Final = ITEM.c.n == bindparam("of")
_KNOWN: Final = select(
    *(
        ITEM.c[name]
        for name in (
            *("n", "file", "key", "state", "reading", "line"),
            *("sha256_out", "replaces", "settled_at"),
        )
    )
).where(ITEM.c.batch == bindparam("own"), ITEM.c.file.in_(bindparam("names", expanding=True)))
_KEEP: Final = update(ITEM).where(_OF).values(line=bindparam("at"), reading=bindparam("now"))
_WRITTEN: Final = ("line", "reading", "replaces", "key", "sha256_in", "content", "state")
_PLAN: Final = (
    update(ITEM).where(_OF).values(**{n: bindparam(f"new_{n}") for n in _WRITTEN}, **UNSETTLED)
)
_LOSE: Final = delete(SLOT).where(SLOT.c.n == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Rules:
    """How a list is taken in: the options of its mailing, and what may be done over."""

    options: str
    force: bool = False
    trial: bool = False
    adds: bool = False


def take_in(
    lines: Iterable[Planned | LineError], ledger: Ledger, folder: Folder, rules: Rules, tell: Tell
) -> tuple[Reading, Counts]:
    """Read a list into the ledger, telling each line that is wrong; give what it comes to.

    A trial keeps nothing. Raises ListRefusedError when a line is wrong, ListEmptyError,
    OtherOptionsError; then nothing is kept either.
    """
    counts = ledger.counts()
    if counts.options != rules.options and counts.sealed and not rules.force:
        problem = "got other options than those of the letters that are sealed"
        raise OtherOptionsError(problem, path=str(folder.root), count=counts.sealed)
    found = Reading()
    try:
        with transaction(ledger.engine) as session:
            connection = session.connection()
            if connection.dialect.name == "sqlite":
                # Keys come in no order: their index is kept in memory until the end.
                connection.execute(text(f"PRAGMA cache_size=-{_CACHE_KIB}"))
            lock(connection, ledger.batch)
            own = BATCH.c.id == ledger.batch
            number = connection.execute(select(BATCH.c.readings).where(own)).scalar_one() + 1
            connection.execute(update(BATCH).where(own).values(options=rules.options))
            intake = _Intake(connection, ledger.batch, number, folder, rules, found)
            _read(lines, intake, tell)
    except _TriedError as tried:
        return found, tried.counts
    return found, ledger.counts()


def _read(lines: Iterable[Planned | LineError], intake: _Intake, tell: Tell) -> None:
    found, source = intake.found, iter(lines)
    while chunk := list(islice(source, CHUNK)):
        letters = [item for item in chunk if isinstance(item, Planned)]
        wrong = [item for item in chunk if isinstance(item, LineError)]
        for problem in sorted([*wrong, *intake.take(letters)], key=lambda each: each.number):
            tell(problem)
            found.wrong += 1
        found.letters += len(letters)
    if found.wrong:
        raise ListRefusedError(f"got {found.wrong} wrong lines", count=found.wrong)
    if not found.letters:
        raise ListEmptyError("got no letter", path="")
    intake.finish()
    if intake.rules.trial:
        raise _TriedError(intake.counts())


def recheck(ledger: Ledger, folder: Folder, *, after: int, taken: bool = False) -> int:
    """Have letters sealed again whose files a power cut took, of those settled after a number.

    Where they may be taken away as soon as they are there (`taken`), one that is gone is not lost.
    Gives how many there are.
    """
    lost = []
    last = after
    while entries := ledger.entries(last):
        last = entries[-1].number
        lost += [
            (entry.n, entry.sha256_out or b"")
            for entry in entries
            if entry.state is State.PUBLISHED
            and (there := folder.digest(entry.file)) != entry.sha256_out
            and not (taken and there is None)
        ]
    if lost:
        ledger.back_to_planned(lost)
    return len(lost)
