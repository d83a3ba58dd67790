"""Seal one range: the work that every engine's workers do.

Steps, by the numbers of `sealing/DESIGN.md`, "Mailings":

4. a seal that was made and not published is published now, if its file is still there;
5. each letter is read again (it must be what was planned), sealed, and written under a temporary
   name; the first letter and every two-hundredth are samples: their page is looked at, their code
   read back, and the whole is checked;
6. every 25 letters the ledger says which seals count;
7. these files get their final names;
8. with the next commit the ledger says that they have them.

A kill between any two instructions leaves a letter before (6), to be sealed again, its temporary
file without effect; or after (6), to be published as it is. So each letter is published once.

A letter that cannot be sealed is refused, or fails where trying again may help; what is wrong for
every letter (no room, no signer, no ledger) is raised, after what is done has been committed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import ClassVar, Final

from sealing import confined
from sealing.batch.engine import AT_ONCE, Hand
from sealing.batch.files.folders import Folder
from sealing.batch.files.source import Source
from sealing.batch.ledger.ledger import Ledger
from sealing.batch.ledger.place import open_ledger
from sealing.batch.ledger.rows import Sealed, Settled, State, Waiting
from sealing.batch.ledger.slots import SlotKeys
from sealing.batch.plan import FATAL, Range, order_from
from sealing.batch.ranges.flight import Begun, Flight, Signed
from sealing.batch.ranges.keys import Keys
from sealing.batch.ranges.publishing import not_sealed, publish
from sealing.errors import SealingError
from sealing.marks.readback import PageChangedError, UnreadableMarkError
from sealing.pades.seal import SealedPdf
from sealing.service.codes import Order
from sealing.service.letter import (
    Letter,
    SealedLetter,
    Sealer,
    UnfinishedLetter,
    letter_steps,
)
from sealing.service.levels import Level, TrustServices
from sealing.service.places import LayoutDiffersError, Places
from sealing.service.profile import Profile
from sealing.service.steps import together
from sealing.signers.token_libraries import rest
from storage.database import DatabaseUnavailableError
from storage.errors import CoffreError

COMMIT: Final = AT_ONCE
# Letters that are signed together: those of a commit, and no more of their bytes than this.
TOGETHER_BYTES: Final = 2 * 1024 * 1024
SAMPLE: Final = 200
_RANDOM: Final = 10

Check = Callable[[SealedLetter, Sealer, Order | None], None]


class LetterChangedError(SealingError):
    """The file is not the one that was planned: it changed since the list was read."""

    code: ClassVar[str] = "batch.letter-changed"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Bench:
    """All that a worker needs to open, in plain values: it travels to other processes.

    `every`: one in how many letters is a sample, checked by `check` as well; `same_layout`: the
    operator vouches that every letter has the layout of the first.
    """

    source: Source
    folder: Folder
    keys: Keys
    profile: Profile
    check: Check | None = None
    every: int = SAMPLE
    same_layout: bool = False

    @contextmanager
    def opened(self) -> "Iterator[RangeWork]":
        """Open keys and ledger for many ranges; raise CoffreError or OSError."""
        with (
            self.folder.joined(),
            closing(self.keys.services(self.profile.level)) as services,
            Flight.opened(self._at_once()) as flight,
        ):
            places = Places(same_layout=self.same_layout)
            try:
                sealer = replace(self.keys.open(services, datetime.now(UTC)), places=places)
                with closing(open_ledger(self.folder, self.keys.settings.database)) as ledger:
                    yield RangeWork(self, sealer, ledger, services, flight, SlotKeys(ledger))
            finally:
                confined.rest()
                rest()

    def _at_once(self) -> int:
        """Give how many letters of one worker may wait for a time-stamp."""
        return 1 if self.profile.level is Level.B_B else self.keys.settings.tsa.in_flight


@dataclass(slots=True)
class RangeWork:
    """A worker with its keys at hand. What helps over many letters is kept here.

    `wary`: a letter disagreed with its page, and all are samples since.
    """

    bench: Bench
    sealer: Sealer
    ledger: Ledger
    services: TrustServices
    flight: Flight
    slots: SlotKeys
    wary: bool = False
    done: list[Settled] = field(default_factory=list)

    def work(self, wanted: Range, hand: Hand) -> None:
        """Seal what of a range is not sealed yet, and commit it.

        Raises DatabaseUnavailableError, OSError, or what is wrong for every letter.
        """
        self._renew()
        group = _Group(self, hand)
        try:
            for letter in self.ledger.waiting(wanted):
                if hand.stopping():
                    break
                hand.at(letter.n)
                if letter.state is State.SEALED:
                    self.done += publish([letter], self.ledger, self.bench.folder)  # (4)
                else:
                    group.add(letter)  # (5)
                hand.at(0)
                if group.full:
                    group.commit()
            else:
                group.sign_all()
            group.land_all()
            hand.at(0)
        except BaseException:
            self.flight.give_up()
            # What is done is done: only the fault itself must be told.
            with suppress(OSError, DatabaseUnavailableError):
                self._close(group)
            raise
        self._close(group)

    def _close(self, group: "_Group") -> None:
        group.commit()
        self.ledger.commit((), self.done)  # (8)
        self.done = []

    def _renew(self) -> None:
        """Make anew what seals carry, once it has aged."""
        if self.sealer.is_due(datetime.now(UTC)):
            additions = self.services.additions(self.sealer.seal.chain)
            self.sealer = self.sealer.renewed(additions)

    def begin(self, letter: Waiting) -> Begun:
        """Read one letter, ready to be signed; raise CoffreError."""
        order = order_from(letter.content)
        every = 1 if self.wary else self.bench.every
        sample = letter.n % every == 1 % every
        slot = self.slots.of(letter.slot)
        found = Letter(self.bench.source.read(letter.file), order, sample, slot)
        if found.source.sha256 != letter.sha256_in:
            raise LetterChangedError("got other bytes than those that were planned")
        now, randomness = datetime.now(UTC), os.urandom(_RANDOM)
        steps = letter_steps(found, self.sealer, self.bench.profile, now, randomness)
        return Begun(letter, order, sample, len(found.pdf), steps)

    def finish(self, signed: Signed, stamped: SealedPdf) -> SealedLetter:
        """Finish and check one letter; raise CoffreError."""
        sealed = signed.letter.finish(stamped)
        if signed.sample and self.bench.check is not None:
            self.bench.check(sealed, self.sealer, signed.order)
        return sealed


@dataclass(slots=True)
class _Group:
    """Letters on their way from read to published: 25 at a time are signed and count together."""

    range_work: RangeWork
    hand: Hand
    sealed: list[tuple[Waiting, Sealed]] = field(default_factory=list)
    seen: int = 0
    begun: list[Begun] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return self.seen >= COMMIT

    def add(self, letter: Waiting) -> None:
        """Read a letter; sign those that were read once they are enough."""
        try:
            self.begun.append(self.range_work.begin(letter))
        except CoffreError as error:
            self._failed(letter, error)
        read = sum(one.size for one in self.begun)
        if len(self.begun) >= self.hand.at_once or read >= TOGETHER_BYTES:
            self.sign_all()

    def sign_all(self) -> None:
        """Sign the letters that were read; those that waited long enough land."""
        work, (begun, self.begun) = self.range_work, (self.begun, [])
        for one, outcome in zip(begun, self._signed(begun), strict=True):
            if work.wary and not one.sample:
                # A letter before it disagreed with its page: this one is looked at too.
                self._leave(replace(one, sample=True), self._again(one.row))
            else:
                self._leave(one, outcome)

    def _again(self, letter: Waiting) -> UnfinishedLetter | CoffreError:
        try:
            [outcome] = self._signed([self.range_work.begin(letter)])
        except CoffreError as error:
            return error
        return outcome

    def _signed(self, begun: list[Begun]) -> list[UnfinishedLetter | CoffreError]:
        return together([one.steps for one in begun], lambda at: self.hand.at(begun[at].row.n))

    def _leave(self, begun: Begun, outcome: UnfinishedLetter | CoffreError) -> None:
        """Have a signed letter stamped, or settle it as it came out."""
        work = self.range_work
        if isinstance(outcome, CoffreError):
            self._failed(begun.row, outcome)
            work.wary |= isinstance(outcome, LayoutDiffersError)
            return
        if work.flight.is_full:
            self.land()
        work.flight.leave(Signed(begun.row, begun.order, outcome, begun.sample))
        if work.flight.most == 1:
            self.land()

    def land_all(self) -> None:
        """Have every letter land."""
        while not self.range_work.flight.is_empty:
            self.land()
            if self.full:
                self.commit()

    def land(self) -> None:
        """Write the letter that lands next under its temporary name."""
        work = self.range_work
        signed = work.flight.next()
        self.hand.at(signed.row.n)
        try:
            made = work.finish(signed, work.flight.land())
        except CoffreError as error:
            self._failed(signed.row, error)
            # What a sample shows may be so of the letters beside it.
            work.wary |= signed.sample or isinstance(error, UnreadableMarkError | PageChangedError)
            return
        self.seen += 1
        digest, row = made.sealed.sha256, signed.row
        work.bench.folder.write(row.n, digest, *made.sealed.pieces)
        self.sealed.append((row, Sealed(row.n, row.key, made.document_id, digest)))

    def _failed(self, letter: Waiting, error: CoffreError) -> None:
        """Settle a letter that is not sealed; what is wrong for all is raised."""
        if isinstance(error, (*FATAL, DatabaseUnavailableError)):
            raise error
        self.seen += 1
        self.range_work.done.append(not_sealed(letter.n, error))

    def commit(self) -> None:
        """Have these seals count, then publish them."""
        work, rows = self.range_work, [row for _, row in self.sealed]
        self.seen = 0
        counting = work.ledger.commit(rows, work.done)  # (6), and (8) of the group before
        work.done = []
        letters = []
        for letter, row in self.sealed:
            if row.n in counting:
                sealed = replace(letter, content="", state=State.SEALED)
                letters.append(replace(sealed, seal=row.seal, sha256_out=row.sha256_out))
            else:  # another worker, or another plan, was first
                work.bench.folder.discard(row.n, row.sha256_out)
        self.sealed = []
        work.done = publish(letters, work.ledger, work.bench.folder)  # (7)
