"""The same code on PostgreSQL: revisions, the whole safe, and writers at once."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import text
from support.person import Parcel, new_id
from support.postgresql import postgresql
from support.safe import NOW, Safe

from storage.database import open_engine, reading, transaction
from storage.errors import CoffreError
from storage.journal import Entry, Event, append, check
from storage.migrations.upgrade import check as compare
from storage.migrations.upgrade import downgrade, upgrade
from vault.service import documents, uploads
from vault.service.documents import DocumentId, IndexConflictError


@pytest.fixture(scope="module")
def server():
    with postgresql() as address:
        yield address


@pytest.fixture
def safe(server, tmp_path):
    name = f"coffre_{new_id().lower().replace('-', '_')}"
    admin = open_engine(server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    engine = open_engine(server)
    engine.dispose()
    safe = Safe(tmp_path, open_engine(engine.url.set(database=name).render_as_string()))
    yield safe
    with reading(safe.engine) as session:
        check(session)
    safe.engine.dispose()


def test_tables_and_revisions_are_the_same_and_go_back_to_nothing(safe):
    compare(safe.engine)
    safe.person("jeanne")
    downgrade(safe.engine, "base")
    with safe.engine.connect() as connection:
        left = connection.execute(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        )
        assert [name for (name,) in left] == ["alembic_version"]
    upgrade(safe.engine)


def test_a_document_lives_and_dies_there_too(safe):
    jeanne = safe.person("jeanne")
    parcel, document = safe.stored(jeanne)
    with reading(safe.engine) as session:
        [view] = documents.versions(session, jeanne.account, document)
    assert (view.blob_id, view.content, view.created_at) == (parcel.blob_id, parcel.announced, NOW)
    safe.take(jeanne, jeanne.remove(document))
    with transaction(safe.engine) as session:
        assert uploads.bury(session, safe.store, NOW) == 1
    assert safe.pages(jeanne) == ()


def at_once(*acts) -> list[str]:
    """Do everything at the same moment; give how each ended."""
    start, ends = Barrier(len(acts)), []

    def run(act) -> None:
        start.wait()
        try:
            act()
        except CoffreError as error:
            ends.append(error.code)
        else:
            ends.append("done")

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ends)


def test_of_two_operations_at_once_exactly_one_is_taken(safe):
    jeanne = safe.person("jeanne")
    for _ in range(20):
        n, head = jeanne.n, jeanne.head
        steps = []
        for _ in range(2):
            jeanne.n, jeanne.head = n, head
            steps.append(jeanne.step())
        ends = at_once(*(lambda step=step: safe.take(jeanne, step) for step in steps))
        assert ends == ["done", IndexConflictError.code]
        with reading(safe.engine) as session:
            [won] = documents.operations(session, jeanne.account, n, 10)
        jeanne.head = won.head


def test_of_two_accounts_at_once_with_one_login_exactly_one_opens(safe):
    for turn in range(5):
        login = f"jeanne{turn}"
        ends = at_once(lambda: safe.person(login), lambda: safe.person(login))  # noqa: B023
        assert ends == ["account.login-taken", "done"]


def test_an_orphan_is_swept_or_named_and_never_both(safe):
    jeanne = safe.person("jeanne")
    for _ in range(10):
        parcel = Parcel()
        safe.announce(jeanne, parcel)
        parcel.arrive(safe.store)
        late = NOW + uploads.ORPHAN_AGE * 2
        n, head = jeanne.n, jeanne.head
        step = jeanne.put(parcel, DocumentId(new_id()))

        def sweep() -> None:
            with transaction(safe.engine) as session:
                uploads.condemn_orphans(session, late)  # noqa: B023
            with transaction(safe.engine) as session:
                uploads.bury(session, safe.store, late)  # noqa: B023

        ends = at_once(sweep, lambda step=step: safe.take(jeanne, step))
        named = ends == ["done", "done"]
        assert named or ends == ["done", "upload.not-found"]
        with transaction(safe.engine) as session:
            uploads.bury(session, safe.store, late)  # what was locked a moment ago
        assert (parcel.blob_id in safe.store.objects) is named
        if not named:
            jeanne.n, jeanne.head = n, head


def test_the_chain_of_the_journal_has_no_gap_under_many_writers(safe):
    def write() -> None:
        for _ in range(20):
            with transaction(safe.engine) as session:
                append(session, Entry(Event.SESSION_OPENED, NOW))

    assert at_once(*[write] * 4) == ["done"] * 4
    with reading(safe.engine) as session:
        assert check(session).n == 80
