"""Mailings at B-T and B-LT: every letter its own time-stamp, several in flight, whatever stops."""

import random
import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from support.authorities import certomancer, tsa_holder
from support.budget import cases
from support.children import in_a_child
from support.mailings import Post, Quiet, forked, here, names, queued
from support.postgresql import postgresql_server
from support.sealers import town

from sealing.authorities.tsa import NoTokenError, TsaClient
from sealing.batch.ranges.flight import Flight
from sealing.batch.run import run
from sealing.service import levels
from sealing.service.letter import Sealer
from sealing.service.levels import Level, NoTsaError, StamperChangedError, TrustServices
from sealing.service.profile import Profile
from storage.outgoing import ServerTooSlowError
from storage.settings import TsaSettings
from verifier.checks.seal.pades import check_seals
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Mode

NAMES = names(32)
WITH_STAMP = [Level.B_T, Level.B_LT, Level.B_LTA]


@pytest.fixture
def post(tmp_path):
    made = Post(tmp_path)
    made.write(NAMES)
    return made


def play(post, level=Level.B_T, engine=here, watch=None, **changes):
    return run(post.job(profile=Profile(level=level), **changes), engine, watch or Quiet())


def require_level(post, level):
    """Require every letter sealed once, and a sample of seals at this level to our verifier."""
    post.require_exactly_once(NAMES)
    trust = read_trust([town()[1] / "trust"], Mode.TEST)
    for name in NAMES[::5]:
        [seal] = check_seals((post.out / name).read_bytes(), trust, datetime.now(UTC))
        assert seal.level == level, name
        assert all(check.has_passed for check in seal.checks), name


@pytest.fixture(scope="module")
def server():
    with postgresql_server() as server:
        yield server


def test_workers_of_several_machines_stamp_too(post, server):
    post.database = server.database()
    assert play(post, Level.B_LTA, queued).counts.sealed == len(NAMES)
    require_level(post, Level.B_LTA)


@pytest.mark.parametrize("engine", [here, forked])
@pytest.mark.parametrize("level", WITH_STAMP)
def test_each_letter_of_a_mailing_reaches_its_level(post, level, engine):
    assert play(post, level, engine).counts.sealed == len(NAMES)
    require_level(post, level)


def now(holder=None):
    """Give a true authority that knows what time it is."""

    def way(question):
        return certomancer(holder, datetime.now(UTC))(question)

    return way


class Authority:
    """An authority of the tests, which takes its time and counts who waits."""

    name = "slow"

    def __init__(self, seconds=0.0):
        """Begin with a true authority behind."""
        self.way, self.seconds = now(), seconds
        self.asked = self.waiting = self.most = 0
        self.lock = threading.Lock()

    def answer(self, question):
        """Answer after some time."""
        with self.lock:
            self.asked += 1
            self.waiting += 1
            self.most = max(self.most, self.waiting)
        try:
            time.sleep(self.seconds)
            with self.lock:
                return self.way(question)
        finally:
            with self.lock:
                self.waiting -= 1

    def close(self):
        """End nothing."""

    def after(self, count, first, then):
        """Give a way that changes after so many questions."""

        def way(question):
            return then(question) if self.asked > count else first(question)

        return way


@pytest.fixture
def authority(monkeypatch):
    made = Authority()
    monkeypatch.setattr(levels, "_authority", lambda *_: made)
    monkeypatch.setattr(levels, "TsaClient", lambda *args: TsaClient(*args, pause=lambda _: None))
    return made


def with_in_flight(post, in_flight):
    keys = post.job().bench.keys
    tsa = TsaSettings(url="demo:", in_flight=in_flight)
    return keys.__class__(keys.settings.model_copy(update={"tsa": tsa}), keys.name)


def test_while_an_authority_answers_the_next_letters_are_signed(post, authority):
    authority.seconds = 0.2
    play(post, keys=with_in_flight(post, 8))
    require_level(post, Level.B_T)
    assert 4 <= authority.most <= 8


def test_one_in_flight_is_one_after_the_other(post, authority):
    play(post, keys=with_in_flight(post, 1))
    require_level(post, Level.B_T)
    assert authority.most == 1


def failing(_question):
    raise ServerTooSlowError("got nothing", host="tsa.example", seconds=5)


@pytest.mark.parametrize("after", [5, 24])
def test_an_authority_that_goes_away_halts_the_run_and_the_next_one_finishes(
    post, authority, after
):
    true = authority.way
    authority.way = authority.after(after, true, failing)
    outcome = play(post, keys=with_in_flight(post, 4))
    assert isinstance(outcome.halted, NoTokenError)
    assert outcome.counts.failed == outcome.counts.refused == 0
    assert outcome.counts.sealed < len(NAMES)
    for row in post.journal():
        assert (post.out / row["file"]).exists()
    authority.way = true
    assert play(post).new == len(NAMES) - outcome.counts.sealed
    require_level(post, Level.B_T)


def test_another_certificate_halts_a_run_at_b_lt_and_the_next_one_finishes(post, authority):
    true, other = authority.way, now(tsa_holder())
    authority.way = authority.after(20, true, other)
    outcome = play(post, Level.B_LT, keys=with_in_flight(post, 4))
    assert isinstance(outcome.halted, StamperChangedError)
    authority.way = true
    play(post, Level.B_LT)
    require_level(post, Level.B_LT)


def test_without_an_authority_nothing_is_begun(post):
    keys = post.job().bench.keys
    settings = keys.settings.model_copy(update={"tsa": TsaSettings()})
    with pytest.raises(NoTsaError):
        play(post, keys=keys.__class__(settings, keys.name))
    assert not post.out.exists()


def test_what_has_aged_is_made_anew_in_the_middle_of_a_run(post, monkeypatch):
    made, true = [], TrustServices.additions

    def additions(self, chain):
        made.append(1)
        return true(self, chain)

    monkeypatch.setattr(TrustServices, "additions", additions)
    monkeypatch.setattr(Sealer, "is_due", lambda _, now: now > datetime.now(UTC) - timedelta(1))
    play(post, Level.B_LT)
    assert len(made) > 2
    require_level(post, Level.B_LT)


@pytest.mark.timeout(900)
def test_kill_9_with_letters_in_flight(post):
    moments = random.Random(7)  # noqa: S311 - a replayable choice of moments
    for _ in range(cases(ci=5, slow=30, fast=2)):
        in_a_child(lambda: play(post, engine=forked), moments.uniform(0.1, 0.8))
    play(post, engine=forked)
    require_level(post, Level.B_T)


class Stub:
    """A letter that is signed; its stamp is its number."""

    def __init__(self, number, size=10):
        """Keep the number."""
        self.number, self.size = number, size

    def stamp(self):
        """Give the number, later ones sooner."""
        time.sleep(0.02 / (1 + self.number))
        return bytes([self.number])


def signed(number: int, size: int = 10) -> Any:
    return SimpleNamespace(letter=Stub(number, size))


def test_letters_land_in_the_order_in_which_they_left():
    with Flight.opened(8) as flight:
        for number in range(8):
            assert not flight.is_full
            flight.leave(signed(number))
        assert flight.is_full
        landed = []
        while not flight.is_empty:
            following: Any = flight.next()
            sealed: Any = flight.land()
            landed.append((following.letter.number, sealed))
        assert landed == [(number, bytes([number])) for number in range(8)]


def test_heavy_letters_fill_a_flight_before_their_number_does():
    with Flight.opened(8) as flight:
        flight.leave(signed(1, 40 << 20))
        assert not flight.is_full
        flight.leave(signed(2, 40 << 20))
        assert flight.is_full
        flight.land()
        assert not flight.is_full
        flight.give_up()
        assert flight.is_empty


def test_without_time_stamps_there_is_no_thread():
    before = threading.active_count()
    with Flight.opened(1) as flight:
        flight.leave(signed(3))
        assert threading.active_count() == before
        sealed: Any = flight.land()
        assert sealed == b"\3"
