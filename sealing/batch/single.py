"""One letter at a time, by the work and the ledger of mailings, with keys that stay open.

Rules kept here:

- the letters of the API are one mailing that never ends: each is a row of its ledger, planned,
  sealed and published by `ranges`, so that a kill at any moment leaves it sealed once;
- asked again, a letter that is settled is told as it stands; one that failed is planned anew;
- keys are opened once for each signer, level and kind of code, and again every ten minutes: a
  certificate that has ended, or was revoked meanwhile, is seen then; what their level adds is made
  anew once it has aged;
- every page is looked at, every code read back and compared with its page.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from sealing.batch.files.folders import Folder
from sealing.batch.files.source import Source
from sealing.batch.ledger.ledger import CHUNK, Ledger
from sealing.batch.ledger.rows import State
from sealing.batch.ledger.slots import allot_registered, forget_blocks
from sealing.batch.ledger.steps import BATCH, ITEM, UNSETTLED, lock, recount
from sealing.batch.plan import Planned, Range, content_of, key_of
from sealing.batch.queue.work_order import options_of
from sealing.batch.ranges.keys import Keys
from sealing.batch.ranges.publishing import publish
from sealing.batch.ranges.work import Bench, Check, RangeWork
from sealing.service.codes import Order, TownCodeOrder, TwoDDocOrder
from sealing.service.levels import Level
from sealing.service.profile import Profile
from sealing.signers.registry import limited
from sealing.twoddoc.conformance import require_town_type
from storage.settings import Settings

OPTIONS: Final = '{"letters": "one by one"}'
REOPENED: Final = 600.0
_LINE: Final = 1
_READING: Final = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A letter to seal: its file below the source, what its code says, how, by whom.

    `allowed`: the signers that may sign it or its code; all where empty.
    """

    file: str
    sha256: bytes
    order: Order | None
    profile: Profile
    signer: str | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settling:
    """How a letter stands once it was worked on; `error` and `details` as the ledger has them."""

    state: State
    seal: str | None
    sha256_out: bytes | None
    error: str | None
    details: str | None


@dataclass(frozen=True, slots=True)
class _Need:
    """Which keys a letter wants: by name, P-256 for a town code, the signer of a 2D-Doc type."""

    name: str | None
    town: bool
    types: tuple[str, ...]
    level: Level
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Opened:
    """Keys that are open, and since when."""

    work: RangeWork
    stack: ExitStack
    since: float


@dataclass(slots=True)
class SingleLetters:
    """The letters of one folder, sealed one by one by the process that holds it.

    `clock` counts seconds: keys are opened anew once they were open for `REOPENED`. `in_hand` hears
    when a letter is begun, and when none is in hand any more.
    """

    settings: Settings
    source: Source
    folder: Folder
    ledger: Ledger
    check: Check
    clock: Callable[[], float] = time.monotonic
    in_hand: Callable[[bool], None] = lambda _full: None
    _open: dict[_Need, _Opened] = field(default_factory=dict)

    def close(self) -> None:
        """Give the keys back."""
        for need in list(self._open):
            self._give_back(need)

    def put_in_order(self) -> None:
        """Publish the seals that count, and drop the files of those that do not.

        Raises OSError, DatabaseUnavailableError.
        """
        for wanted in self.ledger.ranges(CHUNK):
            made = [row for row in self.ledger.waiting(wanted) if row.state is State.SEALED]
            self.ledger.commit((), publish(made, self.ledger, self.folder))
        self.folder.sweep()

    def seal(self, wanted: Wanted) -> Settling:
        """Seal a letter, or tell how it was settled.

        Raises what is wrong for every letter: DatabaseUnavailableError, OSError, a SignerError,
        ConfigurationError, or what a level's authorities do; the keys are then opened anew for
        the next one. Raises TypeNotForTownsError too.
        """
        need = _need(wanted)
        work = self._opened(need)
        work.bench = replace(work.bench, profile=wanted.profile)
        content = content_of(wanted.order)
        options = options_of(work.sealer, wanted.profile).encode()
        key = key_of(wanted.sha256, wanted.file, content, options)
        planned = Planned(_LINE, wanted.file, key, wanted.sha256, content)
        n = self.ledger.write(lambda connection: _plan(connection, self.ledger.batch, planned))
        allot_registered(self.ledger, self.settings)
        try:
            work.work(Range(n, n), _Hand(self.in_hand))
        except BaseException:
            self._give_back(need)
            raise
        finally:
            self.in_hand(False)  # noqa: FBT003 - one truth is all that it hears
        return self.ledger.read(lambda connection: _standing(connection, n))

    def forget(self, is_gone: Callable[[str], bool]) -> int:
        """Drop the rows of letters that are erased; give how many."""

        def act(connection: Connection) -> int:
            lock(connection, self.ledger.batch)
            found = select(ITEM.c.n, ITEM.c.file).where(ITEM.c.batch == self.ledger.batch)
            gone = [row.n for row in connection.execute(found).all() if is_gone(row.file)]
            for n in gone:
                connection.execute(delete(ITEM).where(ITEM.c.n == n))
            forget_blocks(connection, self.ledger.batch)
            recount(connection, self.ledger.batch)
            return len(gone)

        return self.ledger.write(act)

    def _opened(self, need: _Need) -> RangeWork:
        now = self.clock()
        if need in self._open and now - self._open[need].since >= REOPENED:
            self._give_back(need)
        if need not in self._open:
            settings = limited(self.settings, need.allowed)
            keys = Keys(settings, need.name, town=need.town, types=need.types)
            profile = Profile(level=need.level)
            bench = Bench(self.source, self.folder, keys, profile, self.check, every=1)
            with ExitStack() as stack:
                work = stack.enter_context(bench.opened())
                self._open[need] = _Opened(work, stack.pop_all(), now)
        return self._open[need].work

    def _give_back(self, need: _Need) -> None:
        self._open.pop(need).stack.close()


class _Hand:
    """A hand that never stops: a letter is finished once it is begun."""

    at_once = 1

    def __init__(self, tell: Callable[[bool], None]) -> None:
        self._tell = tell

    def at(self, n: int) -> None:
        """Say whether a letter is in hand."""
        self._tell(n > 0)

    def stopping(self) -> bool:
        """Never."""
        return False


def _need(wanted: Wanted) -> _Need:
    match wanted.order:
        case TwoDDocOrder(doc_type=kind):
            types: tuple[str, ...] = (require_town_type(kind).code,)
        case _:
            types = ()
    town = isinstance(wanted.order, TownCodeOrder)
    return _Need(wanted.signer, town, types, wanted.profile.level, wanted.allowed)


def _plan(connection: Connection, batch: str, planned: Planned) -> int:
    """Write a letter in the ledger, unless it is there; give its number."""
    lock(connection, batch)
    same = (ITEM.c.batch == batch, ITEM.c.file == planned.file)
    row = connection.execute(select(ITEM.c.n, ITEM.c.state).where(*same)).one_or_none()
    values = {"key": planned.key, "content": planned.content, "state": State.PLANNED}
    if row is None:
        fixed = {"batch": batch, "file": planned.file, "sha256_in": planned.sha256_in}
        new = insert(ITEM).values(line=_LINE, reading=_READING, **fixed, **values)
        n = connection.execute(new.returning(ITEM.c.n)).scalar_one()
        grown = update(BATCH).where(BATCH.c.id == batch).values(letters=BATCH.c.letters + 1)
        connection.execute(grown)
        return int(n)
    if row.state == State.FAILED:
        connection.execute(update(ITEM).where(ITEM.c.n == row.n).values(**values, **UNSETTLED))
        recount(connection, batch)
    return int(row.n)


def _standing(connection: Connection, n: int) -> Settling:
    row = connection.execute(select(ITEM).where(ITEM.c.n == n)).one()
    return Settling(State(row.state), row.seal, row.sha256_out, row.error, row.details)
