"""The database: durable, foreign keys, one transaction, one revision."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import Session, select

from storage.database import (
    DatabaseFullError,
    DatabaseUnavailableError,
    DatabaseUrlError,
    open_engine,
    reading,
    transaction,
)
from storage.errors import ConfigurationError
from storage.migrations.upgrade import (
    SchemaError,
    check,
    downgrade,
    require_head,
    revisions,
    upgrade,
)
from storage.tables.people import Attempts, Slot

NOW = datetime(2026, 11, 21, 12, 30, 15, 123456, tzinfo=UTC)


ROWS = """
INSERT INTO account VALUES
  ('a', 'jeanne', '$argon2id$', 1, x'01', 'age1pq1', x'02', 0, x'00', '2026-11-21 12:00:00');
INSERT INTO slot VALUES ('a', 's', 'passphrase', 1, x'01', '2026-11-21 12:00:00');
INSERT INTO upload VALUES
  ('b', 'a', 2147483648, x'00', x'00', 'used', '2026-11-21 12:00:00');
INSERT INTO document VALUES ('a', 'd', '2026-11-21 12:00:00', NULL);
INSERT INTO version VALUES ('a', 'd', 1, 'b', x'01', x'02', '2026-11-21 12:00:00')
"""

BATCHES = """
INSERT INTO batch VALUES ('m', '{}', '2026-11-21 12:00:00', 1, 1, 0, 0, 0, 0, 0, NULL, NULL);
INSERT INTO batch_item (batch, line, reading, file, key, sha256_in, state)
  VALUES ('m', 2, 1, 'a.pdf', x'01', x'02', 'planned')
"""
QUEUE = """
INSERT INTO batch_queue VALUES ('m', 'r', '{}', NULL);
INSERT INTO batch_death VALUES (1, 'm', 1)
"""


class Sudden(Exception):  # noqa: N818 - not an error of ours
    """Anything that may happen in a transaction."""


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/coffre.sqlite")
    upgrade(engine)
    yield engine
    engine.dispose()


def test_what_was_committed_survives_a_power_cut_and_keys_are_enforced(engine):
    with reading(engine) as session:
        wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
        assert {
            name: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted
        } == wanted


def test_a_row_that_points_nowhere_is_refused(engine):
    lost = Slot(account="A" * 22, id="B", type="kit", epoch=1, content=b"", created_at=NOW)
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.add(lost)


def test_a_transaction_that_raises_leaves_nothing(engine):
    def fail(session: Session) -> None:
        session.add(Attempts(key=b"k", count=1, last_at=NOW))
        session.flush()
        raise Sudden

    with pytest.raises(Sudden), transaction(engine) as session:
        fail(session)
    with reading(engine) as session:
        assert session.exec(select(Attempts)).all() == []


def test_an_instant_comes_back_aware_and_equal_whatever_its_zone(engine):
    paris = timezone(timedelta(hours=1))
    with transaction(engine) as session:
        session.add(Attempts(key=b"k", count=1, last_at=NOW.astimezone(paris)))
    with reading(engine) as session:
        found = session.exec(select(Attempts)).one().last_at
    assert found == NOW
    assert found.utcoffset() == timedelta(0)


def test_a_naive_instant_is_refused(engine):
    with pytest.raises(StatementError, match="naive"), transaction(engine) as session:
        session.add(Attempts(key=b"k", count=1, last_at=NOW.replace(tzinfo=None)))


def test_a_writer_holds_the_lock_from_its_beginning_and_readers_pass(tmp_path, engine):
    other = sqlite3.connect(tmp_path / "coffre.sqlite", timeout=0)
    with transaction(engine) as session:
        session.exec(select(Attempts)).all()
        assert other.execute("SELECT count(*) FROM attempts").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO attempts VALUES (x'00', 1, '2026-01-01')")
    other.close()


def test_a_database_that_cannot_be_opened_is_a_retryable_error_of_ours(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/absent/coffre.sqlite")
    with pytest.raises(DatabaseUnavailableError) as caught, transaction(engine):
        pass
    assert caught.value.retryable


def test_a_disk_that_is_full_is_told_from_a_database_that_is_away(engine):
    with reading(engine) as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar()
    with pytest.raises(DatabaseFullError) as caught, transaction(engine) as session:
        session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
        session.connection().exec_driver_sql("CREATE TABLE large AS SELECT zeroblob(1000000)")
    assert (caught.value.code, caught.value.retryable) == ("database.full", True)


@pytest.mark.parametrize("url", ["", "coffre.sqlite", "mysql://localhost/coffre", "oracle://x"])
def test_an_address_that_we_cannot_open_is_a_configuration_error(url):
    with pytest.raises(DatabaseUrlError) as caught:
        open_engine(url)
    assert isinstance(caught.value, ConfigurationError)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_postgresql_takes_the_one_driver(scheme):
    try:
        address = f"{scheme}://coffre@localhost/coffre"
        assert open_engine(address).url.drivername == "postgresql+psycopg"
    except DatabaseUrlError:
        pytest.fail("an address of PostgreSQL was refused")


def test_tables_and_revisions_are_the_same(engine):
    check(engine)


def test_a_table_without_its_revision_is_noticed(engine):
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE attempts ADD COLUMN forgotten INTEGER"))
    with pytest.raises(SchemaError):
        check(engine)


def test_an_upgrade_is_told_from_an_empty_database_and_again_is_harmless(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/new.sqlite")
    assert revisions(engine).current is None
    with pytest.raises(SchemaError):
        require_head(engine)
    upgrade(engine)
    upgrade(engine)
    require_head(engine)
    engine.dispose()


def test_revision_0001_takes_rows_and_goes_back_to_nothing(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/new.sqlite")
    upgrade(engine, "0001")
    with engine.begin() as connection:
        for statement in ROWS.split(";"):
            connection.execute(text(statement))
    downgrade(engine, "base")
    with engine.connect() as connection:
        left = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        assert [name for (name,) in left] == ["alembic_version"]
    upgrade(engine)
    engine.dispose()


def test_revision_0003_takes_rows_and_goes_back_to_the_one_before(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/new.sqlite")
    upgrade(engine, "0003")
    with engine.begin() as connection:
        for statement in BATCHES.split(";"):
            connection.execute(text(statement))
    with pytest.raises(IntegrityError, match="UNIQUE"), engine.begin() as connection:
        connection.execute(text(BATCHES.split(";")[1].replace("'a.pdf'", "'b.pdf'")))
    downgrade(engine, "0002")
    with engine.connect() as connection:
        left = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        assert not {"batch", "batch_item"} & {name for (name,) in left}
    upgrade(engine)
    engine.dispose()


def test_revision_0004_takes_rows_and_goes_back_to_the_one_before(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/new.sqlite")
    upgrade(engine, "0004")
    with engine.begin() as connection:
        for statement in [*BATCHES.split(";"), *QUEUE.split(";")]:
            connection.execute(text(statement))
        connection.execute(text("DELETE FROM batch_item"))
        left = connection.execute(text("SELECT count(*) FROM batch_death")).scalar()
        assert left == 0  # a death is forgotten with its letter
    downgrade(engine, "0003")
    with engine.connect() as connection:
        left = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        tables = {name for (name,) in left}
        assert "batch_item" in tables
        assert not {"batch_queue", "batch_death"} & tables
    upgrade(engine)
    engine.dispose()


SEALS = """INSERT INTO seal_blocks VALUES (0, 10, x'00', '2026-11-21');
INSERT INTO seal_states VALUES (4000000000, '0198f3a2-b7c4-8000-8000-000000000000', 'revoked',
 'withdrawn', NULL, '2026-11-21');
INSERT INTO batch_block SELECT 0, id, 10, x'00' FROM batch;
INSERT INTO batch_slot SELECT n, 4000000000 FROM batch_item"""


def test_revision_0005_takes_rows_and_goes_back_to_the_one_before(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/new.sqlite")
    upgrade(engine, "0005")
    with engine.begin() as connection:
        for statement in [*BATCHES.split(";"), *SEALS.split(";")]:
            connection.execute(text(statement))
        connection.execute(text("DELETE FROM batch_item"))
        assert connection.execute(text("SELECT count(*) FROM batch_slot")).scalar() == 0
        assert connection.execute(text("SELECT next FROM seal_register")).all() == [(0,)]
    downgrade(engine, "0004")
    with engine.connect() as connection:
        left = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        tables = {name for (name,) in left}
        assert "batch_death" in tables
        assert not {name for name in tables if name.startswith("seal_")}
        assert not {"batch_block", "batch_slot"} & tables
    upgrade(engine)
    engine.dispose()


def test_a_database_of_a_later_program_is_refused(engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError) as caught:
        upgrade(engine)
    assert caught.value.details == {"got": "9999", "expected": "0006"}


def test_an_upgrade_that_is_interrupted_has_changed_nothing(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/new.sqlite")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE share (id INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        upgrade(engine)
    with engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        assert [name for (name,) in names] == ["share"]
    engine.dispose()
