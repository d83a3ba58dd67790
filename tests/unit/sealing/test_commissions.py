"""What services ask: taken once, told once, kept for a time and then erased."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from sealing.service import api_keys, commissions, retention, settling
from sealing.service.api_keys import Terms
from sealing.service.commissions import (
    Asked,
    CommissionNotFoundError,
    DailyLimitError,
    KeyReusedError,
    Kind,
    Outcome,
    State,
    new_id,
)
from sealing.service.levels import Level
from sealing.service.retention import REMEMBERED, Keeping
from sealing.service.storeroom import Storeroom
from sealing.web.models import Order
from sealing.web.problems import ROWS, told
from storage.database import open_engine, transaction
from storage.migrations.upgrade import upgrade

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
SEALED = Outcome(State.SEALED, "seal", b"digest")
KEEPING = Keeping(timedelta(days=7), timedelta(hours=24))


@pytest.fixture
def session(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/coffre.sqlite")
    upgrade(engine)
    with transaction(engine) as session:
        yield session
    engine.dispose()


def key_of(session, service="etat-civil", letters=5):
    return api_keys.add(session, Terms(service, letters_a_day=letters), NOW).key


def asked(repeat_key="one", content=b"a", letters=1):
    return Asked(Kind.LETTER, repeat_key, content, "what to do", "B-B", letters, 10)


def take(session, key, *given, **named):
    return commissions.take(session, key, new_id(), asked(*given, **named), NOW)


def test_the_same_request_is_one_commission(session):
    key = key_of(session)
    first = take(session, key)
    assert take(session, key).id == first.id
    assert take(session, key, "two").id != first.id
    assert take(session, key_of(session, "voirie")).id != first.id
    with pytest.raises(KeyReusedError):
        take(session, key, "one", b"b")


def test_a_key_is_free_again_where_nothing_was_sealed(session):
    key = key_of(session)
    first = take(session, key)
    settling.settle(session, first.id, Outcome(State.REFUSED, error="x"), NOW)
    assert take(session, key).id == first.id
    second = take(session, key, "one", b"b")
    assert second.id != first.id
    settling.settle(session, second.id, SEALED, NOW)
    with pytest.raises(KeyReusedError):
        take(session, key)


def test_what_failed_is_tried_again_and_what_is_sealed_never(session):
    key = key_of(session)
    first = take(session, key)
    failed = settling.settle(session, first.id, Outcome(State.FAILED, error="x"), NOW)
    assert failed.work_order == "what to do"
    assert commissions.take_up(session, first.id).state is State.WAITING
    sealed = settling.settle(session, first.id, SEALED, NOW)
    assert (sealed.state, sealed.work_order) == (State.SEALED, None)
    assert commissions.take_up(session, first.id).state is State.SEALED
    again = settling.settle(session, first.id, Outcome(State.FAILED), NOW)
    assert again.outcome == sealed.outcome


def test_letters_of_a_day_are_counted_but_for_those_refused(session):
    key = key_of(session, letters=2)
    refused = take(session, key)
    settling.settle(session, refused.id, Outcome(State.REFUSED), NOW)
    take(session, key, "two")
    take(session, key, "three")
    with pytest.raises(DailyLimitError):
        take(session, key, "four")
    with pytest.raises(DailyLimitError):
        take(session, key_of(session, letters=2), "five")
    later = NOW + timedelta(days=1, seconds=1)
    again = commissions.take(session, key, new_id(), asked("four"), later)
    assert again.state is State.WAITING


def test_another_s_commission_is_not_found(session):
    mine = take(session, key_of(session))
    for key, kind in ((key_of(session, "voirie"), Kind.LETTER), (key_of(session), Kind.MAILING)):
        with pytest.raises(CommissionNotFoundError):
            commissions.of_service(session, key, mine.id, kind)


def test_results_end_a_week_after_they_were_settled_or_a_day_after_they_were_taken(session):
    key = key_of(session)
    left, fetched, waiting = (take(session, key, name) for name in ("a", "b", "c"))
    for each in (left, fetched):
        settling.settle(session, each.id, SEALED, NOW)
    commissions.collected(session, fetched.id, NOW)
    assert retention.expire(session, KEEPING, NOW + timedelta(hours=23)) == []
    assert retention.expire(session, KEEPING, NOW + timedelta(hours=25)) == [fetched.id]
    assert retention.expire(session, KEEPING, NOW + timedelta(days=8)) == [left.id]
    assert retention.kept(session) == {waiting.id}
    assert take(session, key, "a").state is State.ERASED
    assert retention.forget(session, NOW + REMEMBERED) == 0
    assert retention.forget(session, NOW + REMEMBERED + timedelta(seconds=1)) == 2


def test_a_dropped_commission_is_not_sealed_any_more(session):
    one = take(session, key_of(session))
    assert retention.drop(session, one.id, NOW).state is State.CANCELLED
    assert settling.settle(session, one.id, SEALED, NOW).state is State.CANCELLED
    assert not settling.progress(session, one.id, 3)


def test_what_nobody_names_is_swept_once_it_is_old(tmp_path):
    room, kept, stray = Storeroom(tmp_path / "sealing"), new_id(), new_id()
    room.make()
    known = frozenset({kept})
    for identifier in (kept, stray):
        room.letter(identifier).write_bytes(b"x")
        room.sealed_letter(identifier).write_bytes(b"x")
        room.mailing(identifier).letters.mkdir(parents=True)
    arrival = room.arrival()
    assert room.sweep(known, known, 3600) == 0
    for path in (*room.letters_in.iterdir(), *room.letters_out.iterdir(), arrival):
        os.utime(path, (1, 1))
    for path in (*room.mailings.glob("*/in"), *room.mailings.iterdir()):
        os.utime(path, (1, 1))
    assert room.sweep(known, known, 3600) == 4
    assert room.letter(kept).exists()
    assert room.mailing(kept).letters.exists()
    assert not arrival.exists()
    os.utime(room.letter(kept), (1, 1))
    assert room.sweep(known, frozenset(), 3600) == 2
    assert room.sealed_letter(kept).exists()
    room.letter(kept).write_bytes(b"x")
    room.mailing(kept).letters.mkdir()
    room.erase(kept)
    assert not any(path.is_file() for path in room.root.rglob("*"))
    assert room.root.stat().st_mode & 0o077 == 0


def test_the_levels_of_the_api_are_those_that_are_made():
    schema = Order.model_json_schema()["properties"]["level"]
    assert schema["enum"] == [str(level) for level in Level]


def test_a_reason_without_a_row_is_told_by_one_of_two():
    refused = told(Outcome(State.REFUSED, error="some.thing"))
    failed = told(Outcome(State.FAILED, error="some.thing"))
    assert (refused.code, failed.code) == ("seal.refused", "seal.failed")
    assert refused.details == failed.details == {"reason": "some.thing"}
    assert not refused.retryable
    assert failed.retryable
    known = told(
        Outcome(State.REFUSED, error="twoddoc.emission", details='{"parts": [["10", "x"]]}')
    )
    assert (known.reported, known.parts) == ("twoddoc.emission", (("10", "x"),))
    assert known.reported in ROWS
