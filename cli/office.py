"""The process that seals single letters for applications: its keys are open, and stay here.

Rules kept here:

- what is to be done stands in the database; a line on standard input says that there is something
  new, a line on standard output that something was settled. So a kill loses nothing: the next
  process reads what waits, and the ledger tells what is sealed;
- standard input at its end means that the site is gone: the letter in hand is finished, and we
  leave;
- the site hears when a letter is in hand, and ends us where it stays there;
- a letter on which a process died is counted before it is begun again, and refused at the third;
- what an authority or a token refuses now may be asked again: the letter failed, its file stays;
- a fault of ours settles its letter as failed, is written in our log, and stops nothing.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cli.bureau import Bureau, Line, outcome_of
from sealing.batch.files.folders import BusyError, Folder
from sealing.batch.files.source import Source
from sealing.batch.ledger.place import Holding, held
from sealing.batch.ledger.rows import State as LetterState
from sealing.batch.single import OPTIONS, SingleLetters, Wanted
from sealing.service import commissions, retention, settling
from sealing.service.codes import Order, TownCodeOrder, TwoDDocOrder
from sealing.service.commissions import DEATHS, OPEN, Commission, Kind, Outcome, State
from sealing.service.storeroom import name_of
from sealing.signers.token_libraries import rest
from sealing.web.models import SealWork
from storage.database import DatabaseFullError, DatabaseUnavailableError, reading, transaction

TURN: Final = 5.0
_PATIENCE: Final = 60.0
_PAUSE: Final = 0.1
_DIED: Final = "batch.worker-died"
_STATES: Final = {
    LetterState.PUBLISHED: State.SEALED,
    LetterState.REFUSED: State.REFUSED,
    LetterState.FAILED: State.FAILED,
}


def seal_letters(bureau: Bureau, line: Line) -> None:
    """Seal single letters until the site is gone."""
    with _letters(bureau) as letters:
        letters.in_hand = lambda full: line.tell(hand=full)
        desk = _Desk(bureau, line, letters)
        line.tell(ready=True)
        desk.look(again=True)
        while not line.over:
            identifier = line.next(TURN)
            if identifier is not None:
                desk.serve(identifier)
            elif not line.over:
                rest()  # a token's sessions are others' while nobody asks
                desk.look(again=False)


@contextmanager
def _letters(bureau: Bureau) -> Iterator[SingleLetters]:
    """Hold the folder of single letters; wait for a process before us to leave it."""
    folder = Folder(bureau.room.letters_out, durable=True)
    folder.make()
    with ExitStack() as stack:
        ledger = _held(folder, stack).ledger
        source = Source(bureau.room.letters_in.resolve())
        letters = SingleLetters(bureau.settings, source, folder, ledger, bureau.check)
        stack.enter_context(closing(letters))
        letters.put_in_order()
        yield letters


def _held(folder: Folder, stack: ExitStack) -> Holding:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return stack.enter_context(held(folder, OPTIONS, datetime.now(UTC), None))
        except BusyError:
            if time.monotonic() >= until:
                raise
        time.sleep(_PAUSE)


@dataclass(slots=True)
class _Desk:
    """Seals one letter after the other."""

    bureau: Bureau
    line: Line
    letters: SingleLetters

    def look(self, *, again: bool) -> None:
        """Seal what waits in the database, told of or not; forget what is erased."""
        try:
            for found in self.bureau.to_do(Kind.LETTER):
                if self.line.over:
                    return
                self._seal(found, again=again)
            with reading(self.bureau.engine) as session:
                kept = {name_of(each) for each in retention.kept(session)}
            self.letters.forget(lambda file: file not in kept)
        except DatabaseUnavailableError:
            pass  # looked for again at the next turn

    def serve(self, identifier: str) -> None:
        """Seal a letter that was told of, and say that it is settled."""
        try:
            found = self.bureau.get(identifier)
            if found is not None:
                self._seal(found, again=False)
        except DatabaseUnavailableError:
            pass
        self.line.tell(news=identifier)

    def _seal(self, found: Commission, *, again: bool) -> None:
        if found.state not in OPEN:
            return
        if again:
            with transaction(self.bureau.engine) as session:
                attempts = settling.begin(session, found.id)
            if attempts >= DEATHS:
                self._end(found, Outcome(State.REFUSED, error=_DIED))
                return
        outcome = self._outcome(found)
        if outcome is not None:
            self._end(found, outcome)
        if again:
            self.line.tell(news=found.id)

    def _outcome(self, found: Commission) -> Outcome | None:
        """Seal a letter; give how it ended, None where that is not known yet."""
        order = SealWork.model_validate_json(found.work_order or "{}")
        try:
            settled = self.letters.seal(self._wanted(found, order))
        except DatabaseFullError as error:
            return outcome_of(error, named=order.is_named)
        except DatabaseUnavailableError:
            return None
        except Exception as error:  # noqa: BLE001 - a fault of ours stops no other letter
            return outcome_of(error, named=order.is_named)
        if settled.state not in _STATES:
            return None
        state = _STATES[settled.state]
        return Outcome(state, settled.seal, settled.sha256_out, settled.error, settled.details)

    def _wanted(self, found: Commission, order: SealWork) -> Wanted:
        path = self.bureau.room.letter(found.id)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        code = _code(order)
        return Wanted(
            path.name, digest, code, self.bureau.profile(order), order.signer, order.signers
        )

    def _end(self, found: Commission, outcome: Outcome) -> None:
        """Write down how a letter ended; its file as it came is not needed any more."""
        ended = self.bureau.settle(found, outcome)
        if ended.state in commissions.ENDED:
            self.bureau.room.erase(found.id)
        elif ended.state is not State.FAILED:
            self.bureau.room.letter(found.id).unlink(missing_ok=True)


def _code(order: SealWork) -> Order | None:
    """Give what the code of a letter is to say."""
    code = order.code
    if code is None:
        return None
    if code.kind == "twoddoc":
        return TwoDDocOrder(code.type, code.fields)
    return TownCodeOrder(code.type, code.fields)
