"""The database: SQLite by default, PostgreSQL by another address, one way to use both.

Rules kept here:

- one transaction per request or command: `transaction` commits at its end or leaves nothing;
- on SQLite a writing transaction takes the write lock at its beginning (`BEGIN IMMEDIATE`): what
  it reads cannot change before it writes. On PostgreSQL services lock the row they decide on
  (`with_for_update`), which SQLite ignores;
- SQLite runs in WAL mode with `synchronous=FULL`: what was committed survives a power cut;
- foreign keys are enforced, and a busy database is waited for, then told apart from a broken one,
  and from one whose disk is full.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from storage.errors import CoffreError, ConfigurationError, MissingExtraError

BUSY_SECONDS = 5
_READING = "coffre_reading"
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_DISK_FULL = "53100"  # PostgreSQL
_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


class DatabaseUnavailableError(CoffreError):
    """The database does not answer or is busy; nothing of the transaction was kept."""

    code: ClassVar[str] = "database.unavailable"
    retryable: ClassVar[bool] = True


class DatabaseFullError(DatabaseUnavailableError):
    """The database cannot grow: its disk is full; nothing of the transaction was kept."""

    code: ClassVar[str] = "database.full"


class DatabaseUrlError(ConfigurationError):
    """The address of the database is not one that we can open. Details: `scheme`."""

    code: ClassVar[str] = "configuration.database"


def open_engine(url: str) -> Engine:
    """Give the engine of `sqlite:///PATH` or `postgresql://…`.

    Raises DatabaseUrlError, or MissingExtraError where PostgreSQL's driver is absent. Nothing is
    connected yet.
    """
    try:
        parsed = make_url(url)
        scheme = parsed.get_backend_name()
    except ArgumentError as error:
        raise DatabaseUrlError("got an address without a scheme", scheme="") from error
    if scheme not in _DRIVERS:
        raise DatabaseUrlError(f"got {scheme}, expected sqlite or postgresql", scheme=scheme)
    parsed = parsed.set(drivername=_DRIVERS[scheme])
    try:
        if scheme == "sqlite":
            return _sqlite(create_engine(parsed, connect_args={"timeout": BUSY_SECONDS}))
        return create_engine(parsed, pool_pre_ping=True)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise MissingExtraError("got no driver for PostgreSQL", extra="postgres") from error


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Give a session that commits when the block ends, and keeps nothing when it raises."""
    with told(), Session(engine) as session, session.begin():
        session.connection()  # the write lock is taken here, before anything is read
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Give a session that waits for no writer and never commits."""
    with told(), Session(engine.execution_options(**{_READING: True})) as session:
        yield session


@contextmanager
def told() -> Iterator[None]:
    """Turn a database that does not answer into DatabaseUnavailableError, or its child."""
    try:
        yield
    except DBAPIError as error:
        if not isinstance(error, OperationalError) and not error.connection_invalidated:
            raise
        unavailable = DatabaseFullError if _is_full(error.orig) else DatabaseUnavailableError
        raise unavailable(f"got {type(error.orig).__name__}") from error


def _is_full(error: BaseException | None) -> bool:
    """Tell a full disk by the codes of SQLite and of PostgreSQL."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) in _FULL
    return getattr(error, "sqlstate", None) == _DISK_FULL


def _sqlite(engine: Engine) -> Engine:
    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # The driver would begin transactions by itself, late and deferred.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        only_reads = connection.get_execution_options().get(_READING)
        connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")

    return engine
