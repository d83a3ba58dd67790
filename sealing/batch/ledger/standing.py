"""How a mailing stands, for a process that holds no key: its ledger is read and nothing else.

`ledger` itself knows who signs; the site may not have that in memory.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, select

from sealing.batch.files.folders import Folder
from sealing.batch.ledger.rows import Counts, State
from sealing.batch.ledger.steps import BATCH, ITEM, counts_of
from storage.database import DatabaseUnavailableError, open_engine, reading


@dataclass(frozen=True, slots=True)
class Standing:
    """The ledger beside the letters of a mailing, read only."""

    folder: Folder

    def counts(self) -> Counts | None:
        """Give how it stands; None before there is anything to tell."""
        try:
            with self._read() as connection:
                batch = connection.execute(select(BATCH.c.id)).scalar()
                return None if batch is None else counts_of(connection, str(batch))
        except (FileNotFoundError, DatabaseUnavailableError):
            return None

    def sealed_file(self, line: int) -> str | None:
        """Give the name of the sealed letter of a line; None where there is none."""
        named = select(ITEM.c.file).where(ITEM.c.line == line, ITEM.c.state == State.PUBLISHED)
        try:
            with self._read() as connection:
                return connection.execute(named).scalar()
        except (FileNotFoundError, DatabaseUnavailableError):
            return None

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        if not self.folder.ledger.exists():
            raise FileNotFoundError(str(self.folder.ledger))
        engine = open_engine(f"sqlite:///{self.folder.ledger}")
        try:
            with reading(engine) as session:
                yield session.connection()
        finally:
            engine.dispose()
