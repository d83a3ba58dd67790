"""Bring a database to a revision, from Python and without a settings file.

Rules kept here:

- a revision is applied in one transaction: an interrupted upgrade has changed nothing;
- `check` compares the tables of the program with the database, so that no column is born
  without its revision.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine

from storage.database import told
from storage.errors import CoffreError

_HERE = Path(__file__).parent


class SchemaError(CoffreError):
    """The database is not at the revision of this program. Details: `got`, `expected`."""

    code: ClassVar[str] = "database.schema"


@dataclass(frozen=True, slots=True)
class Revisions:
    """Where a database stands (None: it is empty), and where this program wants it."""

    current: str | None
    head: str


def revisions(engine: Engine) -> Revisions:
    """Compare the database with the program; changes nothing."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with told(), engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return Revisions(current, str(head))


def require_head(engine: Engine) -> None:
    """Raise SchemaError unless the database is at the program's own revision."""
    found = revisions(engine)
    if found.current != found.head:
        raise SchemaError(
            f"got revision {found.current}, expected {found.head}",
            got=found.current or "-",
            expected=found.head,
        )


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply what is missing up to `revision`; SchemaError when the database is a later one's."""
    _run(engine, lambda config: command.upgrade(config, revision))


def downgrade(engine: Engine, revision: str) -> None:
    """Go back to `revision` (`base`: nothing left)."""
    _run(engine, lambda config: command.downgrade(config, revision))


def check(engine: Engine) -> None:
    """Raise SchemaError when tables and revisions of the program differ."""
    _run(engine, command.check)


def _run(engine: Engine, what: Callable[[Config], None]) -> None:
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        try:
            what(config)
        except CommandError as error:
            found = MigrationContext.configure(connection).get_current_revision()
            head = str(ScriptDirectory.from_config(config).get_current_head())
            raise SchemaError(str(error), got=found or "-", expected=head) from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config
