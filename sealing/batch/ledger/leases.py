"""Locks of PostgreSQL that die with the connection that holds them.

Rules kept here:

- a run holds its mailing, each of its workers is present in it, and a worker takes one of the
  numbered seats of a key before it opens it: a key has as many sessions as seats, on all machines
  together;
- nothing of this decides which seal counts: the ledger does. A lock only spares work done twice;
- a connection that is lost has lost its locks: `keep` says so, and whoever held them leaves;
- after a restart of the server seats are given only once those who lost theirs have left.
"""

import hashlib
import time
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from storage.database import told

_EVERY: Final = 0.05
_LEAVING_SECONDS: Final = 10
# A machine that is gone without a word is noticed within half a minute.
_KEEPALIVE: Final = (
    "SELECT set_config('tcp_keepalives_idle', '10', false),"
    " set_config('tcp_keepalives_interval', '5', false),"
    " set_config('tcp_keepalives_count', '3', false)"
)
_HELD: Final = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND classid = CAST(:high AS oid) AND objid = CAST(:low AS oid)"
)
_YOUNG: Final = text("SELECT now() < pg_postmaster_start_time() + make_interval(secs => :seconds)")


def run_of(batch: str) -> str:
    """Name the lock of the run of a mailing."""
    return f"run {batch}"


def workers_of(batch: str) -> str:
    """Name the lock that the workers of a mailing share."""
    return f"workers {batch}"


@dataclass(slots=True)
class Leases:
    """The locks of one process, on a connection of their own."""

    engine: Engine
    _connection: Connection | None = None

    def take(self, name: str, *, shared: bool = False, patience: float = 0.0) -> bool:
        """Take a lock, within some seconds; raise DatabaseUnavailableError."""
        how = "_shared" if shared else ""
        wanted = text(f"SELECT pg_try_advisory_lock{how}(:key)")
        until = time.monotonic() + patience
        while not self._ask(wanted, key=_key(name)):
            if time.monotonic() >= until:
                return False
            time.sleep(_EVERY)
        return True

    def give_back(self, name: str) -> None:
        """Let go of a lock that is held alone; raise DatabaseUnavailableError."""
        self._ask(text("SELECT pg_advisory_unlock(:key)"), key=_key(name))

    def take_seat(self, key: str, seats: int) -> bool:
        """Take one of the seats of a key; raise DatabaseUnavailableError."""
        if self._ask(_YOUNG, seconds=_LEAVING_SECONDS):
            return False
        return any(self.take(f"seat {key} {seat}") for seat in range(seats))

    def held(self, name: str) -> bool:
        """Tell whether anybody holds a lock; raise DatabaseUnavailableError."""
        high, low = divmod(_key(name) % (1 << 64), 1 << 32)
        return bool(self._ask(_HELD, high=high, low=low))

    def keep(self) -> bool:
        """Tell whether the connection, and with it the locks, is still there."""
        if self._connection is None:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Let go of everything."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.invalidate()
            connection.close()

    def _ask(self, what: Any, **values: object) -> object:  # noqa: ANN401 - a clause of SQLAlchemy
        with told():
            try:
                if self._connection is None:
                    opened = self.engine.connect()
                    self._connection = opened.execution_options(isolation_level="AUTOCOMMIT")
                    self._connection.execute(text(_KEEPALIVE))
                return self._connection.execute(what, values).scalar()
            except SQLAlchemyError:
                self.close()
                raise


def _key(name: str) -> int:
    digest = hashlib.sha256(f"coffre batch {name}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
