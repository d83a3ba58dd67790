"""Where the ledger of a mailing lies: beside its letters, or in a database of several machines.

Rules kept here:

- a mailing stays where it began: `.coffre/ledger.sqlite3` is the ledger, or `.coffre/shared` names
  the rows of the database that the settings name;
- one run a folder: a lock of the folder, and one of the database where the ledger is shared. Who
  loses the latter by a restart takes it again before anybody else, or leaves;
- a shared database must be PostgreSQL, at this program's revision: `coffre db upgrade`.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final

from sqlalchemy import Engine, delete

from sealing.batch.files.folders import BusyError, Folder
from sealing.batch.ledger.leases import Leases, run_of, workers_of
from sealing.batch.ledger.ledger import Ledger, LedgerError, NoMailingError
from sealing.batch.ledger.steps import BATCH
from sealing.errors import SealingError
from storage.database import DatabaseUnavailableError, open_engine
from storage.errors import ConfigurationError
from storage.migrations.upgrade import require_head

_RUN_PATIENCE: Final = 3.0
_WORKERS_PATIENCE: Final = 20.0
_LONGEST_NAME: Final = 22


class NoSharedDatabaseError(ConfigurationError):
    """The settings name no PostgreSQL, which workers of several machines need."""

    code: ClassVar[str] = "configuration.no-shared-database"


class OtherEngineError(SealingError):
    """The mailing began with the other engine. Details: `path`, `engine`."""

    code: ClassVar[str] = "batch.other-engine"


@dataclass(frozen=True, slots=True)
class Holding:
    """The ledger of a run that holds its folder, and its mailing if that is shared."""

    ledger: Ledger
    leases: Leases | None = None
    path: str = ""

    def forget(self) -> None:
        """Forget a shared mailing of which nothing was planned."""
        if self.leases is not None:
            own = delete(BATCH).where(BATCH.c.id == self.ledger.batch)
            self.ledger.write(lambda connection: connection.execute(own))

    def keep(self) -> None:
        """Hold on; raise BusyError where another run took a mailing that a restart set free."""
        if self.leases is None or self.leases.keep():
            return
        try:
            taken = self.leases.take(run_of(self.ledger.batch))
        except DatabaseUnavailableError:
            return  # nobody else can take it either
        if not taken:
            raise BusyError("got a mailing that another run took", path=self.path)


def shared_engine(database: str | None) -> Engine:
    """Open the database of several machines.

    Raises NoSharedDatabaseError, MissingExtraError, SchemaError or DatabaseUnavailableError.
    """
    engine = open_engine(database) if database else None
    if engine is None or engine.dialect.name != "postgresql":
        raise NoSharedDatabaseError("got no PostgreSQL")
    with kept(engine):
        require_head(engine)
    return engine


@contextmanager
def kept(engine: Engine) -> Iterator[None]:
    """Let go of a database that is not used after all."""
    try:
        yield
    except BaseException:
        engine.dispose()
        raise


def open_ledger(folder: Folder, database: str | None) -> Ledger:
    """Open the ledger of a mailing, wherever it lies.

    Raises NoMailingError, LedgerError, or what `shared_engine` does.
    """
    if not folder.shared.exists():
        return Ledger.open(folder.ledger)
    batch, engine = batch_of(folder), shared_engine(database)
    with kept(engine):
        return Ledger.shared(engine, batch, folder.shared)


def require_same_engine(folder: Folder, database: str | None) -> None:
    """Raise OtherEngineError where the mailing began with the other engine."""
    other = folder.shared if database is None else folder.ledger
    if other.exists():
        engine = "queue" if database is None else "local"
        raise OtherEngineError("got the other engine", path=str(folder.root), engine=engine)


def batch_of(folder: Folder) -> str:
    """Read which rows are this folder's; raise NoMailingError or LedgerError."""
    try:
        name = folder.shared.read_text("ascii").strip()
    except FileNotFoundError:
        raise NoMailingError("got no ledger", path=str(folder.root)) from None
    except ValueError:
        name = ""
    if len(name) != _LONGEST_NAME:
        raise LedgerError("got no name of a mailing", path=str(folder.shared))
    return name


def running(folder: Folder, ledger: Ledger) -> bool:
    """Tell whether a run is at work; raise OSError or DatabaseUnavailableError."""
    if not folder.shared.exists():
        return folder.busy()
    with closing(Leases(ledger.engine)) as leases:
        return leases.held(run_of(ledger.batch))


@contextmanager
def held(folder: Folder, options: str, now: datetime, database: str | None) -> Iterator[Holding]:
    """Hold a folder and open its ledger, made if there is none; `database`: a shared one.

    Raises BusyError, LedgerError, OSError, or what `shared_engine` does.
    """
    with folder.held():
        if database is None:
            with closing(Ledger.create(folder.ledger, options, now)) as ledger:
                yield Holding(ledger)
            return
        with closing(_begun(folder, options, now, database)) as ledger:
            leases = Leases(ledger.engine)
            try:
                _hold(leases, ledger.batch, folder.root)
                yield Holding(ledger, leases, str(folder.root))
            finally:
                leases.close()


def _begun(folder: Folder, options: str, now: datetime, database: str) -> Ledger:
    """Open the rows of a folder, made if there are none."""
    if folder.shared.exists():
        return open_ledger(folder, database)
    ledger = Ledger.share(shared_engine(database), options, now)
    named = folder.shared.with_suffix(".new")
    named.write_text(f"{ledger.batch}\n", "ascii")
    named.replace(folder.shared)
    return ledger


def _hold(leases: Leases, batch: str, root: Path) -> None:
    """Be the only run, once the workers of a run that is gone have left; raise BusyError."""
    workers = workers_of(batch)
    if not leases.take(run_of(batch), patience=_RUN_PATIENCE):
        raise BusyError("got a mailing held by another run", path=str(root))
    if not leases.take(workers, patience=_WORKERS_PATIENCE):
        raise BusyError("got workers of another run", path=str(root))
    leases.give_back(workers)
