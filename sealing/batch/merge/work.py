"""Make one range of letters: the work of each process of a mail merge.

Rules kept here (numbers of `merge.py`):

4. a letter is made whole, flushed to the disk under a temporary name, counted in the ledger every
   25 letters, then gets its final name: what a kill leaves is made again, or named as it is;
5. a letter that cannot be made is refused with its reason, and the others go on. What is wrong
   for all (a full disk, no WeasyPrint) stops the run.

Nothing here looks at the data: the ledger holds the values of the letters that wait.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from uuid import UUID

from sealing.batch.engine import Hand
from sealing.batch.files.folders import Folder
from sealing.batch.ledger.ledger import Ledger
from sealing.batch.ledger.place import open_ledger
from sealing.batch.ledger.rows import Sealed, Settled, State, Waiting
from sealing.batch.merge.design import Design
from sealing.batch.merge.form import FormDesign
from sealing.batch.merge.html import HtmlDesign
from sealing.batch.plan import Range
from sealing.batch.ranges.publishing import not_sealed, publish
from sealing.batch.ranges.work import COMMIT
from storage.database import DatabaseUnavailableError
from storage.errors import CoffreError, ConfigurationError

_PDF: Final = b"%PDF-"


@dataclass(frozen=True, slots=True)
class Press:
    """All that a worker needs to open, in plain values: it travels to other processes."""

    template: Path
    columns: tuple[str, ...]
    folder: Folder

    def design(self) -> Design:
        """Open the template, by what it is; raise a MergeError, ConfigurationError or OSError."""
        with self.template.open("rb") as file:
            is_pdf = _PDF in file.read(1024)
        kind = FormDesign if is_pdf else HtmlDesign
        return kind.open(self.template, frozenset(self.columns))

    @contextmanager
    def opened(self) -> Iterator["PressWork"]:
        """Open template and ledger for many ranges; raise CoffreError or OSError."""
        with self.folder.joined(), closing(open_ledger(self.folder, None)) as ledger:
            yield PressWork(self.folder, self.design(), ledger)


@dataclass(slots=True)
class PressWork:
    """A worker with its template open."""

    folder: Folder
    design: Design
    ledger: Ledger
    done: list[Settled] = field(default_factory=list)
    made: list[tuple[Waiting, Sealed]] = field(default_factory=list)
    seen: int = 0

    def work(self, wanted: Range, hand: Hand) -> None:
        """Make what of a range is not made yet, and commit it.

        Raises DatabaseUnavailableError, OSError, or what is wrong for every letter.
        """
        try:
            for letter in self.ledger.waiting(wanted):
                if hand.stopping():
                    break
                hand.at(letter.n)
                if letter.state is State.SEALED:
                    self.done += publish([letter], self.ledger, self.folder)
                else:
                    self._make(letter)
                hand.at(0)
                self.seen += 1
                if self.seen % COMMIT == 0:
                    self._commit()
        except BaseException:
            # What is done is done: only the fault itself must be told.
            with suppress(OSError, DatabaseUnavailableError):
                self._close()
            raise
        self._close()

    def _make(self, letter: Waiting) -> None:
        """Make a letter, and write it under its temporary name."""
        try:
            pdf = self.design.make(json.loads(letter.content))
        except ConfigurationError:
            raise
        except CoffreError as error:
            self.done.append(not_sealed(letter.n, error))
            return
        digest = hashlib.sha256(pdf).digest()
        self.folder.write(letter.n, digest, pdf)
        # No seal here: the ledger wants a name for what was made, and the digest is one.
        made = Sealed(letter.n, letter.key, UUID(bytes=digest[:16]), digest)
        self.made.append((letter, made))

    def _commit(self) -> None:
        """Have these letters count, then give them their names."""
        counting = self.ledger.commit([row for _, row in self.made], self.done)
        self.done = []
        letters = []
        for letter, row in self.made:
            if row.n in counting:
                state = State.SEALED
                named = replace(letter, content="", state=state, seal=row.seal)
                letters.append(replace(named, sha256_out=row.sha256_out))
            else:  # another plan was first
                self.folder.discard(row.n, row.sha256_out)
        self.made = []
        self.done = publish(letters, self.ledger, self.folder)

    def _close(self) -> None:
        self._commit()
        self.ledger.commit((), self.done)
        self.done = []
