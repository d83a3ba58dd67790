"""One round of a watched folder: all that is taken is sealed, and put away.

Rules kept here:

- what is taken is a list of a mailing that goes on for ever: `run.py` seals it. Letters of one list
  have the same columns, so that what a letter means does not depend on its neighbours;
- a line that is wrong is refused by itself, and the others are sealed; where no line can be blamed
  all of that list are refused: nothing goes round for ever;
- the ledger alone says what is sealed or refused; what failed is tried three times.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from sealing.batch.engine import Engine, Standing
from sealing.batch.files.letters_csv import FILE, TWODDOC, LetterList, LineError, ListError
from sealing.batch.files.source import FileMissingError, FileNameError
from sealing.batch.job import Job, Outcome, Wish
from sealing.batch.ledger.intake import ListRefusedError, Reading
from sealing.batch.ledger.ledger import Ledger
from sealing.batch.ledger.rows import Counts, State
from sealing.batch.plan import NoCodeError
from sealing.batch.run import run
from sealing.batch.watch.tray import Letter, Tray
from storage.errors import CoffreError

MOST: Final = 500
_TRIES: Final = 3


class Watcher(Protocol):
    """Who watches: told of every letter, and may end it."""

    def sealed(self, letter: Letter) -> None:
        """Hear of a letter that is sealed and put away."""

    def refused(self, name: str, error: CoffreError) -> str:
        """Hear of one that is not; give the words that go beside it."""

    def again(self, name: str, before: str) -> str:
        """Hear of one that was seen to under a name before; give the words beside it."""

    def passes(self, error: Exception) -> bool:
        """Tell whether what stopped all letters may pass by itself."""

    def waits(self, error: Exception, seconds: float) -> None:
        """Hear what is waited for."""

    def pause(self, seconds: float) -> None:
        """Let some time pass, less where an end is wanted."""

    def wish(self) -> Wish:
        """Tell what is wanted."""


@dataclass(slots=True)
class Tally:
    """What a watching came to."""

    sealed: int = 0
    refused: int = 0
    again: int = 0


@dataclass(slots=True)
class _Round:
    """Watches one run: keeps the lines that are wrong, passes on what is wanted."""

    watcher: Watcher
    wrong_lines: list[LineError] = field(default_factory=list)

    def wrong(self, line: LineError) -> None:
        """Hear of a wrong line."""
        self.wrong_lines.append(line)

    def reading(self, lines: int, of: int) -> None:
        """Hear how many lines are read: they are few."""

    def read(self, listed: LetterList, found: Reading, counts: Counts) -> None:
        """Hear that the list is good."""

    def progress(self, counts: Counts, standing: Standing) -> None:
        """Hear how it goes."""

    def wish(self) -> Wish:
        """Tell what is wanted."""
        return self.watcher.wish()


@dataclass(slots=True)
class Rounds:
    """Seals what is taken. `once`: nothing is tried again."""

    job: Job
    tray: Tray
    ledger: Ledger
    engine: Callable[[Job], Engine]
    watcher: Watcher
    once: bool = False
    tally: Tally = field(default_factory=Tally)
    tries: Counter[str] = field(default_factory=Counter)

    def seal(self) -> bool:
        """Have all that is taken sealed; tell whether anything was settled."""
        groups: defaultdict[tuple[str, ...], list[Letter]] = defaultdict(list)
        settled = 0
        for letter in self.tray.letters():
            if not _is_listable(letter.name):
                self._refuse(letter, FileNameError("got a name that lists cannot hold"))
                settled += 1
                continue
            own = {*letter.companion.values, *({TWODDOC} if letter.companion.twoddoc else ())}
            groups[tuple(sorted(own))].append(letter)
        for columns, letters in groups.items():
            if self.watcher.wish() is Wish.GO_ON:
                settled += self._group(columns, letters)
        return settled > 0

    def _group(self, columns: Sequence[str], letters: list[Letter]) -> int:
        """Have letters of one kind sealed; give how many are settled."""
        codes = self.job.codes
        if columns and TWODDOC not in columns and codes.twoddoc is None and codes.town is None:
            error = NoCodeError("got values", names=", ".join(columns)[:200])
            return self._refuse_all(letters, error)
        listed, refused = letters, 0
        while listed and self.watcher.wish() is Wish.GO_ON:
            put(self.job.letters, _list(columns, listed))
            seen = _Round(self.watcher)
            try:
                outcome = run(self.job, self.engine, seen)
            except ListRefusedError:
                wrong = {line.file: line.error for line in seen.wrong_lines}
                names = wrong.keys() & {letter.name for letter in listed}
                if not names:  # lines that name nobody: all of them are in doubt
                    return refused + self._refuse_all(listed, seen.wrong_lines[0].error)
                for letter in listed:
                    if letter.name in names:
                        self._refuse(letter, wrong[letter.name])
                refused += len(names)
                listed = [letter for letter in listed if letter.name not in names]
                continue
            except ListError as error:
                return refused + self._refuse_all(listed, error)
            finally:
                self.job.letters.unlink(missing_ok=True)
            settled = self._put_away(listed)
            self._require_whole(outcome)
            return settled + refused
        return refused

    @staticmethod
    def _require_whole(outcome: Outcome) -> None:
        if outcome.halted is not None:
            raise outcome.halted

    def _put_away(self, letters: Sequence[Letter]) -> int:
        """Put away what the ledger settled; give how many."""
        settled = 0
        for chunk in _chunks(letters):
            found = self.ledger.named([letter.name for letter in chunk])
            for letter in chunk:
                entry = found.get(letter.name)
                if entry is None:
                    continue
                if entry.state is State.PUBLISHED:
                    self.tray.finish(letter)
                    self.tally.sealed += 1
                    self.watcher.sealed(letter)
                elif entry.state is State.REFUSED or self._tried(letter):
                    self._refuse(letter, entry.trouble)
                else:
                    continue
                settled += 1
        return settled

    def _tried(self, letter: Letter) -> bool:
        """Count a letter that failed; tell whether it failed often enough."""
        self.tries[letter.name] += 1
        return self.tries[letter.name] >= _TRIES or self.once

    def _refuse_all(self, letters: Sequence[Letter], error: CoffreError) -> int:
        """Refuse letters for one reason; give how many."""
        for letter in letters:
            self._refuse(letter, error)
        return len(letters)

    def _refuse(self, letter: Letter, error: CoffreError) -> None:
        self.tries.pop(letter.name, None)
        if isinstance(error, FileMissingError) or error.reported == FileMissingError.code:
            self.tray.forget(letter)
            return
        self.tally.refused += 1
        self.tray.refuse(letter, self.watcher.refused(letter.asked, error))


def _list(columns: Sequence[str], letters: Sequence[Letter]) -> bytes:
    """Write the list of letters whose companions have these columns."""
    text = io.StringIO()
    # The comma is what a reader tries first: whatever else stands in names, `file` is found.
    writer = csv.writer(text, delimiter=",", lineterminator="\n")
    writer.writerow([FILE, *columns])
    for letter in letters:
        own = {**letter.companion.values, TWODDOC: letter.companion.twoddoc}
        writer.writerow([letter.name, *(" ".join(own[name].split()) for name in columns)])
    return text.getvalue().encode("utf-8-sig")


def _is_listable(name: str) -> bool:
    # Whoever has the folder may put a file there himself.
    return name.isprintable() and name == name.strip()


def _chunks(letters: Sequence[Letter]) -> Iterator[Sequence[Letter]]:
    for first in range(0, len(letters), MOST):
        yield letters[first : first + MOST]


def put(path: Path, data: bytes) -> None:
    """Write a small file whole."""
    temporary = path.with_suffix(".new")
    temporary.write_bytes(data)
    temporary.replace(path)
