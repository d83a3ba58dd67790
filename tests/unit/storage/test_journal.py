"""The audit journal holds together or says where it breaks."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from storage.database import open_engine, reading, transaction
from storage.journal import Entry, Event, JournalBrokenError, Tail, append, check
from storage.migrations.upgrade import upgrade

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACCOUNT = "WmdH4-dQDdbKxHfyCcn7Yw"


class Sudden(Exception):  # noqa: N818 - not an error of ours
    """Anything that may happen in a transaction."""


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/coffre.sqlite")
    upgrade(engine)
    with transaction(engine) as session:
        for i in range(5):
            append(session, Entry(Event.DOCUMENT_PUT, NOW + timedelta(seconds=i), ACCOUNT, f"d{i}"))
    yield engine
    engine.dispose()


def test_an_untouched_journal_gives_its_end(engine):
    with reading(engine) as session:
        tail = check(session)
    assert tail.n == 5
    with transaction(engine) as session:
        assert append(session, Entry(Event.SESSION_OPENED, NOW)).n == 6
    with reading(engine) as session:
        assert check(session).digest != tail.digest


def test_an_empty_journal_holds(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/empty.sqlite")
    upgrade(engine)
    with reading(engine) as session:
        assert check(session) == Tail(0, bytes(32))
    engine.dispose()


def test_what_was_not_committed_is_not_told(engine):
    def fail(session: Session) -> None:
        append(session, Entry(Event.ACCOUNT_OPENED, NOW, ACCOUNT))
        raise Sudden

    with pytest.raises(Sudden), transaction(engine) as session:
        fail(session)
    with reading(engine) as session:
        assert check(session).n == 5


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ("UPDATE journal SET event = 'document.removed' WHERE n = 2", 2),
        ("UPDATE journal SET account = NULL WHERE n = 3", 3),
        ("UPDATE journal SET at = '2026-11-21 13:00:00.000000' WHERE n = 1", 1),
        ("UPDATE journal SET subject = 'd9' WHERE n = 5", 5),
        ("DELETE FROM journal WHERE n = 3", 3),
        ("DELETE FROM journal WHERE n = 5", 5),
        ("DELETE FROM journal WHERE n = 1", 1),
        ("UPDATE journal SET n = n + 10 WHERE n = 5", 5),
        ("UPDATE journal_tail SET n = 4", 6),
    ],
)
def test_a_changed_or_missing_row_is_found(engine, change, row):
    with engine.begin() as connection:
        connection.execute(text(change))
    with reading(engine) as session, pytest.raises(JournalBrokenError) as caught:
        check(session)
    assert caught.value.details["n"] == row
