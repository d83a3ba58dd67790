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
from functools import partial
from typing import ClassVar, Final

from sealing.batch.engine import Hand
from sealing.batch.folders import Folder
from sealing.batch.ledger import Ledger
from sealing.batch.ledger_place import open_ledger
from sealing.batch.plan import FATAL, Range, order_from
from sealing.batch.rows import Sealed, Settled, State, Waiting
from sealing.batch.source import Source
from sealing.errors import SealingError
from sealing.marks.readback import UnreadableMarkError
from sealing.service.codes import Order
from sealing.service.letter import Letter, SealedLetter, Sealer, seal_letter
from sealing.service.levels import Level, TrustServices
from sealing.service.places import LayoutDiffersError, Places
from sealing.service.profile import Profile
from sealing.signers.port import SEAL, TWODDOC
from sealing.signers.registry import signer, town_signer
from sealing.signers.token_libraries import rest
from storage.database import DatabaseUnavailableError
from storage.errors import CoffreError
from storage.settings import Settings

COMMIT: Final = 25
SAMPLE: Final = 200
_RANDOM: Final = 10

Check = Callable[[SealedLetter, Sealer, Order | None], None]


class LetterChangedError(SealingError):
    """The file is not the one that was planned: it changed since the list was read."""

    code: ClassVar[str] = "batch.letter-changed"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Keys:
    """Which signers a mailing needs: the seal's by name, P-256 for town codes, 2D-Doc types."""

    settings: Settings
    name: str | None = None
    town: bool = False
    types: tuple[str, ...] = ()

    def open(self, now: datetime) -> Sealer:
        """Open them at level B-B.

        Raises a SignerError, ConfigurationError, RevokedCertificateError or OSError.
        """
        codes = {kind: signer(self.settings, f"{TWODDOC}{kind}", now) for kind in self.types}
        opened = town_signer if self.town else partial(signer, use=SEAL)
        seal = opened(self.settings, now=now, name=self.name)
        with closing(TrustServices(self.settings, Level.B_B, lambda: now)) as services:
            return Sealer.ready(seal, codes, services.additions(seal.chain))


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
        with self.folder.joined():
            places = Places(same_layout=self.same_layout)
            sealer = replace(self.keys.open(datetime.now(UTC)), places=places)
            try:
                with closing(open_ledger(self.folder, self.keys.settings.database)) as ledger:
                    yield RangeWork(self, sealer, ledger)
            finally:
                rest()


@dataclass(slots=True)
class RangeWork:
    """A worker with its keys at hand. What helps over many letters is kept here.

    `wary`: a letter disagreed with its page, and all are samples since.
    """

    bench: Bench
    sealer: Sealer
    ledger: Ledger
    wary: bool = False
    done: list[Settled] = field(default_factory=list)

    def work(self, wanted: Range, hand: Hand) -> None:
        """Seal what of a range is not sealed yet, and commit it.

        Raises DatabaseUnavailableError, OSError, or what is wrong for every letter.
        """
        group = _Group(self)
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
        except BaseException:
            # What is done is done: only the fault itself must be told.
            with suppress(OSError, DatabaseUnavailableError):
                self._close(group)
            raise
        self._close(group)

    def _close(self, group: "_Group") -> None:
        group.commit()
        self.ledger.commit((), self.done)  # (8)
        self.done = []

    def seal(self, letter: Waiting) -> SealedLetter:
        """Seal one letter; raise CoffreError."""
        order = order_from(letter.content)
        every = 1 if self.wary else self.bench.every
        sample = letter.n % every == 1 % every
        found = Letter(self.bench.source.read(letter.file), order, sample)
        if found.source.sha256 != letter.sha256_in:
            raise LetterChangedError("got other bytes than those that were planned")
        now, randomness = datetime.now(UTC), os.urandom(_RANDOM)
        try:
            sealed = seal_letter(found, self.sealer, self.bench.profile, now, randomness)
        except (UnreadableMarkError, LayoutDiffersError):
            self.wary = True
            raise
        if sample and self.bench.check is not None:
            try:
                self.bench.check(sealed, self.sealer, order)
            except CoffreError:
                self.wary = True
                raise
        return sealed


@dataclass(slots=True)
class _Group:
    """Up to 25 letters on their way from sealed to published."""

    range_work: RangeWork
    sealed: list[tuple[Waiting, Sealed]] = field(default_factory=list)
    seen: int = 0

    @property
    def full(self) -> bool:
        return self.seen >= COMMIT

    def add(self, letter: Waiting) -> None:
        """Seal a letter and write it under its temporary name."""
        self.seen += 1
        try:
            made = self.range_work.seal(letter)
        except CoffreError as error:
            if isinstance(error, (*FATAL, DatabaseUnavailableError)):
                raise
            self.range_work.done.append(not_sealed(letter.n, error))
            return
        digest = made.sealed.sha256
        self.range_work.bench.folder.write(letter.n, digest, *made.sealed.pieces)
        self.sealed.append((letter, Sealed(letter.n, letter.key, made.document_id, digest)))

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


def publish(letters: list[Waiting], ledger: Ledger, folder: Folder) -> list[Settled]:
    """Give sealed letters their final names; give what the ledger has to know.

    A seal whose file is lost goes back to planned. Raises OSError, DatabaseUnavailableError.
    """
    settled, names, lost = [], [], []
    for letter in letters:
        digest = letter.sha256_out or b""
        try:
            folder.publish(letter.n, letter.file, digest, letter.replaces)
        except SealingError as error:
            if error.retryable:
                lost.append((letter.n, digest))
            else:
                settled.append(not_sealed(letter.n, error, digest))
                folder.discard(letter.n, digest)
            continue
        names.append(letter.file)
        settled.append(Settled(letter.n, State.PUBLISHED, None, datetime.now(UTC), digest))
    if folder.durable:
        folder.flush(names)
    if lost:
        ledger.back_to_planned(lost)
    return settled


def not_sealed(n: int, error: CoffreError, sha256_out: bytes | None = None) -> Settled:
    """Settle a letter that could not be sealed: failed where trying again may help."""
    state = State.FAILED if error.retryable else State.REFUSED
    return Settled(n, state, error, datetime.now(UTC), sha256_out)
