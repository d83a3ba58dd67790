"""Mailings whose letters lead to their state: one slot for each, whichever engine seals them."""

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from support.mailings import Post, Quiet, forked, here, names, queued
from support.postgresql import postgresql_server
from support.sealers import town

from sealing.batch.files.folders import Folder
from sealing.batch.ledger.place import open_ledger
from sealing.batch.ranges.keys import Keys
from sealing.batch.run import run
from sealing.proofs.document_id import parse_written, slot_of
from sealing.service import seals
from sealing.service.seals import Reason, State
from storage.database import open_engine, reading, transaction
from storage.migrations.upgrade import SchemaError, upgrade
from storage.settings import Settings, StatusSettings

NAMES = names(8)
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
WRITTEN = re.compile(rb"/COFR_DocumentId ?\(([0-9A-F]{32})\)")


@pytest.fixture(scope="module")
def server():
    with postgresql_server() as server:
        yield server


@pytest.fixture(params=["beside", "shared"])
def post(tmp_path, request):
    """Give a mailing whose ledger is beside its letters, and one whose ledger machines share."""
    shared = request.param == "shared"
    made = Post(tmp_path, request.getfixturevalue("server").database() if shared else None)
    made.write(NAMES)
    engine = open_engine(settings_of(made).database_url)
    settings_of(made).data.mkdir()
    upgrade(engine)
    engine.dispose()
    return made


def settings_of(post):
    status = StatusSettings(address="https://ville.example/statuts")
    found = Settings.load(town()[1] / "coffre.toml", database=post.database)
    return found.model_copy(update={"status": status, "data": post.folder / "data"})


def job(post, **changes):
    return post.job(keys=Keys(settings_of(post), "seal-p256"), **changes)


def play(post, engine=here, **changes):
    outcome = run(job(post, **changes), engine, Quiet())
    assert outcome.halted is None
    return outcome


def add(post, more):
    """Add letters to the list; those that are there stay as they are."""
    pdf = (post.letters / NAMES[0]).read_bytes()
    for name in more:
        path = post.letters / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pdf + b"%" + name.encode() + b"\n")
    with post.listing.open("a") as file:
        file.writelines(f"{name}\n" for name in more)


def slots(post):
    """Give the slot of each letter, as its file says it; the journal must say the same."""
    found = {}
    for row in post.journal():
        [written] = WRITTEN.findall((post.out / row["file"]).read_bytes())
        identifier = parse_written(written.decode())
        assert identifier == UUID(row["id"])
        found[row["file"]] = slot_of(identifier)
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_every_letter_has_a_slot_of_its_own_that_its_register_knows(post, workers):
    engine = forked if post.database is None else queued
    play(post, engine, workers=workers)
    assert sorted(slots(post).values()) == list(range(8))
    with seals.register(settings_of(post)) as database:
        for row in post.journal():
            with reading(database) as session:
                assert seals.standing(session, UUID(row["id"])).state is State.CURRENT
        with transaction(database) as session:
            seals.revoke(session, UUID(post.journal()[0]["id"]), Reason.WITHDRAWN, NOW)
            assert len(seals.taken_back(session, range(8))) == 1


def test_a_rerun_takes_nothing_and_more_letters_take_more(post):
    play(post)
    before = slots(post)
    play(post)
    assert slots(post) == before
    more = [f"more{n}.pdf" for n in range(3)]
    add(post, more)
    play(post)
    after = slots(post)
    assert {name: after[name] for name in NAMES} == before
    assert sorted(after[name] for name in more) == [8, 9, 10]


def test_a_letter_that_changed_gets_another_slot_for_the_first_may_be_out(post):
    play(post)
    before = slots(post)
    (post.letters / "00001.pdf").write_bytes((post.letters / "00002.pdf").read_bytes() + b"%new\n")
    play(post)
    after = slots(post)
    assert {name for name in NAMES if after[name] != before[name]} == {"00001.pdf"}
    assert after["00001.pdf"] == 8


def test_a_letter_that_is_gone_and_sealed_again_by_force_gets_another_slot(post):
    play(post)
    before = slots(post)
    (post.out / "00001.pdf").unlink()
    play(post, force=True)
    assert slots(post)["00001.pdf"] == 8
    assert {**slots(post), "00001.pdf": None} == {**before, "00001.pdf": None}


def test_a_seal_that_was_lost_before_it_was_published_leaves_its_slot_to_the_next(post):
    play(post)
    before, [row] = slots(post), [row for row in post.journal() if row["file"] == "00001.pdf"]
    ledger = open_ledger(Folder(post.out), post.database)
    (post.out / "00001.pdf").unlink()
    [n] = [entry.n for entry in ledger.entries() if entry.file == "00001.pdf"]
    ledger.back_to_planned([(n, bytes.fromhex(row["sha256_out"]))])
    ledger.close()
    play(post)
    assert slots(post) == before
    [again] = [row for row in post.journal() if row["file"] == "00001.pdf"]
    assert again["id"] != row["id"]


def test_a_trial_takes_no_slot(post):
    play(post, trial=True)
    with seals.register(settings_of(post)) as database, reading(database) as session:
        assert seals.given(session) == 0


def test_a_mailing_begun_by_a_program_of_before_goes_on(tmp_path):
    post = Post(tmp_path)
    post.write(NAMES[:4])
    run(post.job(), here, Quiet())
    assert set(slots(post).values()) == {None}
    engine = open_engine(f"sqlite:///{Folder(post.out).ledger}")
    with engine.begin() as connection:
        for table in ("batch_slot", "batch_block"):
            connection.execute(text(f"DROP TABLE {table}"))
    engine.dispose()
    data = settings_of(post).data
    data.mkdir()
    engine = open_engine(settings_of(post).database_url)
    upgrade(engine)
    engine.dispose()
    add(post, NAMES[4:])
    play(post)
    found = slots(post)
    assert {found[name] for name in NAMES[:4]} == {None}
    assert sorted(found[name] for name in NAMES[4:]) == [0, 1, 2, 3]


def test_a_register_that_is_not_there_stops_the_run_before_anything_is_made(tmp_path):
    post = Post(tmp_path)
    post.write(NAMES)
    with pytest.raises(SchemaError):
        play(post)
    assert not post.out.exists()
