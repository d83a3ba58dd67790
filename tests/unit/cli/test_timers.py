"""Duties by the clock are done, told, and tried again when they fail."""

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from support.person import Parcel
from support.safe import NOW, Safe

from cli import timers
from cli.observe import Log
from cli.wiring import assemble
from sealing.service import api_keys, commissions, settling
from sealing.service.api_keys import Terms
from sealing.service.commissions import Asked, Kind, Outcome, State
from sealing.service.retention import Keeping
from sealing.service.storeroom import Storeroom
from storage.database import transaction
from storage.settings import Settings
from vault.service.uploads import ORPHAN_AGE
from vault.web.session import Site


@pytest.fixture
def safe(tmp_path):
    safe = Safe(tmp_path)
    yield safe
    safe.engine.dispose()


def site_of(safe: Safe, folder: object, late: timedelta) -> Site:
    parts = assemble(Settings(data=folder), "http://127.0.0.1")
    parts.site.engine.dispose()
    return replace(parts.site, engine=safe.engine, store=safe.store, clock=lambda: NOW + late)


def turn(site: Site) -> list[tuple[str, str]]:
    stream = io.StringIO()
    timers.turn(site, Log(stream))
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [(line["event"], line["duty"]) for line in told]


def test_what_nobody_used_in_a_day_is_deleted_and_what_is_used_stays(safe, tmp_path):
    jeanne = safe.person("jeanne")
    used, _ = safe.stored(jeanne)
    orphan = Parcel()
    safe.announce(jeanne, orphan)
    orphan.arrive(safe.store)
    assert turn(site_of(safe, tmp_path / "data", ORPHAN_AGE)) == []
    late = site_of(safe, tmp_path / "data", ORPHAN_AGE + timedelta(seconds=1))
    assert turn(late) == [("duty.done", "orphans"), ("duty.done", "burials")]
    assert set(safe.store.objects) == {used.blob_id}
    assert turn(late) == []


def test_a_duty_that_fails_is_told_and_the_others_are_done(safe, tmp_path, monkeypatch):
    def fails(*_: object) -> int:
        raise OSError("no")

    jeanne = safe.person("jeanne")
    orphan = Parcel()
    safe.announce(jeanne, orphan)
    monkeypatch.setattr(safe.store, "sweep", fails)
    late = site_of(safe, tmp_path / "data", ORPHAN_AGE * 2)
    assert turn(late) == [
        ("duty.done", "orphans"),
        ("duty.done", "burials"),
        ("duty.failed", "leftovers"),
    ]


def test_letters_sealed_for_applications_are_erased_in_their_time(safe, tmp_path):
    room, keeping = Storeroom(tmp_path / "sealing"), Keeping(timedelta(days=7), timedelta(hours=24))
    room.make()
    with transaction(safe.engine) as session:
        key = api_keys.add(session, Terms("etat-civil"), NOW).key
        asked = Asked(Kind.LETTER, "one", b"", "{}", "B-B", 1, 1)
        found = commissions.take(session, key, commissions.new_id(), asked, NOW)
        settling.settle(session, found.id, Outcome(State.SEALED), NOW)
    room.sealed_letter(found.id).write_bytes(b"a letter")
    duty = timers.sealed_letters(room, keeping)
    assert duty(site_of(safe, tmp_path / "data", timedelta(days=6))) == 0
    assert room.sealed_letter(found.id).exists()
    assert duty(site_of(safe, tmp_path / "data", timedelta(days=7, seconds=1))) == 1
    assert not room.sealed_letter(found.id).exists()
