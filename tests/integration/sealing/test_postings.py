"""Mailings of the API in their own process: what a disk refuses puts one off, and ends nothing."""

import io
import json
import os
from datetime import UTC, datetime, timedelta

from support.disks import small_disk
from support.letters import letter

from cli.bureau import Line
from cli.output import Output
from cli.postings import _Posting
from sealing.service import api_keys, commissions, settling
from sealing.service.api_keys import Terms
from sealing.service.commissions import Asked, Kind, State
from storage.database import transaction

OUTPUT = Output("fr", io.StringIO(), io.StringIO())


def posting(bureau, listing: str, age: timedelta = timedelta(0)) -> _Posting:
    """Take a mailing of one letter on."""
    now, identifier = datetime.now(UTC) - age, commissions.new_id()
    room = bureau.room.mailing(identifier)
    room.letters.mkdir(parents=True)
    (room.letters / "a.pdf").write_bytes(letter())
    room.listing.write_text(listing)
    with transaction(bureau.engine) as session:
        key = api_keys.add(session, Terms("etat-civil"), now).key
        asked = Asked(Kind.MAILING, "once", b"", json.dumps({}), "B-B", 1, 1)
        found = commissions.take(session, key, identifier, asked, now)
    line = Line(os.pipe()[0], os.open(os.devnull, os.O_WRONLY))
    return _Posting(bureau, line, found, OUTPUT)


def state_of(one: _Posting) -> tuple[State, str | None]:
    found = one.bureau.get(one.found.id)
    assert found is not None
    return found.state, found.outcome.error


def test_wrong_lines_that_cannot_be_written_put_the_mailing_off(bureau):
    one = posting(bureau, "file\nb.pdf\n")
    one.room.wrong_lines.mkdir()
    assert not one.carry_out()
    assert state_of(one) == (State.WAITING, "office.disk")
    one.room.wrong_lines.rmdir()
    assert one.carry_out()
    assert state_of(one) == (State.REFUSED, "batch.list-refused")


def test_a_mailing_put_off_for_as_long_as_results_are_kept_failed(bureau):
    one = posting(bureau, "file\nb.pdf\n", timedelta(days=8))
    one.room.wrong_lines.mkdir()
    assert one.carry_out()
    assert state_of(one) == (State.FAILED, "office.disk")


def test_a_mailing_on_which_three_processes_died_failed(bureau):
    one = posting(bureau, "file\na.pdf\n")
    for _ in range(3):
        with transaction(bureau.engine) as session:
            settling.begin(session, one.found.id)
    assert one.carry_out()
    assert state_of(one) == (State.FAILED, "batch.worker-died")


def test_a_ledger_that_cannot_grow_puts_the_mailing_off_as_a_full_disk_does(bureau):
    one = posting(bureau, "file\na.pdf\n")
    one.room.sealed.mkdir()
    with small_disk(one.room.sealed, "4k"):
        (one.room.sealed / ".coffre").mkdir()
        (one.room.sealed / ".coffre" / "ballast").write_bytes(b"x")
        assert not one.carry_out()
        assert state_of(one) == (State.WAITING, "office.no-room")
    assert one.carry_out()
    assert state_of(one) == (State.SEALED, None)


def test_wrong_lines_are_there_whole_or_not_at_all(bureau):
    one = posting(bureau, "file\nb.pdf\n")
    with small_disk(one.room.root, "64k"):
        one.room.letters.mkdir()
        one.room.listing.write_text("file\n" + "\n".join(f"absent-{n}.pdf" for n in range(900)))
        assert not one.carry_out()
        assert state_of(one) == (State.WAITING, "office.no-room")
        assert not one.room.wrong_lines.exists()
    assert one.carry_out()
    assert state_of(one) == (State.REFUSED, "batch.list-refused")
