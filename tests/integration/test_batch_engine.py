"""The contract of every engine: whatever dies, each letter is sealed exactly once."""

import os
import random
import signal
import time
from typing import Any

import pytest
from support.budget import cases
from support.children import in_a_child
from support.mailings import Post, Quiet, apart, forked, names, queued, queued_apart
from support.postgresql import postgresql_server

from sealing.batch.engine import HaltedError, Standing, WorkersDieError
from sealing.batch.files.folders import BusyError
from sealing.batch.job import Failures, Job, Wish
from sealing.batch.local_pool import LocalPool
from sealing.batch.ranges.work import Bench, RangeWork
from sealing.batch.run import run

ENGINES = [forked, queued]
# Until about when something happens in a run: the queue takes longer to be ready.
LATEST = {forked: 0.5, queued: 1.5}
# Of the run, and as many of single workers: 50 in all.
KILLS = {forked: 15, queued: 10}
APART = {forked: apart, queued: queued_apart}


@pytest.fixture(scope="module")
def server():
    with postgresql_server() as server:
        yield server


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.__name__)
def engine(request, post):
    if request.param is queued:
        post.database = request.getfixturevalue("server").database()
    return request.param


@pytest.fixture
def post(tmp_path):
    return Post(tmp_path)


def test_a_mailing_is_sealed_once_and_a_second_run_has_nothing_to_do(post, engine):
    post.write(names(60))
    first = run(post.job(), engine, Quiet())
    assert (first.counts.sealed, first.new, first.halted) == (60, 60, None)
    post.require_exactly_once(names(60))
    before = post.journal()
    second = run(post.job(), engine, Quiet())
    assert (second.counts.sealed, second.new) == (60, 0)
    assert post.journal() == before


def test_the_workers_of_the_command_seal_as_well(post, engine):
    post.write(names(3), coded=True)
    outcome = run(post.job(coded=True), APART[engine], Quiet())
    assert outcome.counts.sealed == 3
    post.require_exactly_once(names(3))


@pytest.mark.timeout(900)
def test_kill_9_of_the_run_and_its_workers_at_any_moment(post, engine):
    moments = random.Random(5)  # noqa: S311 - a replayable choice of moments
    count = cases(ci=KILLS[engine], slow=100, fast=4)
    wanted = names(count * 30)
    post.write(wanted)
    for _ in range(count):
        in_a_child(lambda: run(post.job(), engine, Quiet()), moments.uniform(0.02, LATEST[engine]))
    run(post.job(), engine, Quiet())
    post.require_exactly_once(wanted)


@pytest.mark.timeout(900)
def test_kill_9_of_single_workers_at_any_moment(post, engine):
    moments = random.Random(6)  # noqa: S311 - a replayable choice of moments
    count = left = cases(ci=KILLS[engine], slow=100, fast=4)
    pools: list[Any] = []

    def watched(job: Job) -> Any:
        pools.append(engine(job))
        return pools[-1]

    def kill_one(_counts: object, _standing: Standing) -> None:
        nonlocal left
        pids = [pid for pool in pools for pid in pool.pids]
        if left and pids and moments.random() < 0.5:
            time.sleep(moments.uniform(0, 0.3))
            os.kill(moments.choice(pids), signal.SIGKILL)
            left -= 1

    letters = 0
    while left:
        letters += count * 40
        post.write(names(letters))
        halted = run(post.job(), watched, Quiet(on_step=kill_one)).halted
        # Where chance kills them again and again before they have sealed, a run may give up.
        assert halted is None or isinstance(halted, WorkersDieError)
    # A letter on which three were killed by chance has failed, and is tried again.
    while run(post.job(), engine, Quiet()).counts.failed:
        pass
    post.require_exactly_once(names(letters))


def test_an_orphan_worker_ends_and_the_next_run_waits_for_it(post, engine):
    wanted = names(400)
    post.write(wanted)
    pid = os.fork()
    if not pid:
        try:
            run(post.job(), engine, Quiet())
        finally:
            os._exit(0)
    while not (post.out / "00001.pdf").exists():
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)  # the run alone: its workers go on with the letter in hand
    os.waitpid(pid, 0)
    while not ran(post, engine):
        time.sleep(0.05)
    post.require_exactly_once(wanted)


def ran(post, engine):
    """Run; what was forked from a run holds the lock of that run too, as nothing else does."""
    try:
        run(post.job(), engine, Quiet())
    except BusyError:
        return False
    return True


def test_a_second_run_on_the_same_folder_is_refused_while_the_first_one_works(post, engine):
    post.write(names(30))
    refused: list[BaseException] = []

    def again(_counts: object, _standing: object) -> None:
        if not refused:
            with pytest.raises(BusyError) as caught:
                run(post.job(), engine, Quiet())
            refused.append(caught.value)

    run(post.job(), engine, Quiet(on_step=again))
    assert refused
    post.require_exactly_once(names(30))


@pytest.mark.parametrize("wish", [Wish.STOP, Wish.KILL])
def test_a_run_that_is_stopped_is_taken_up_again(post, engine, wish):
    wanted = names(2_000)  # more than a fast machine seals between two looks
    post.write(wanted)
    watch = Quiet()

    def stop(counts, _standing: object) -> None:
        if counts.sealed:
            watch.wanted = wish

    watch.on_step = stop
    stopped = run(post.job(), engine, watch)
    assert stopped.stopped
    assert 0 < stopped.counts.sealed < 2_000
    told = post.journal()
    assert len(told) == stopped.counts.settled
    outcome = run(post.job(), engine, Quiet())
    assert outcome.counts.sealed == 2_000
    assert post.journal()[: len(told)] == told
    post.require_exactly_once(wanted)


def test_too_many_failures_stop_the_run(post, engine):
    post.write(names(400))
    for name in names(400)[:40]:
        (post.letters / name).write_bytes(b"no PDF")
    outcome = run(post.job(failures=Failures(most=5), workers=1), engine, Quiet())
    assert outcome.too_many
    assert outcome.counts.refused > 5
    assert outcome.counts.waiting
    share = run(post.job(failures=Failures(percent=50), workers=1), engine, Quiet())
    assert not share.too_many
    assert (share.counts.refused, share.counts.sealed) == (40, 360)


def test_a_run_that_seals_nothing_stops(post, engine):
    post.write(names(400))
    whole = {name: (post.letters / name).read_bytes() for name in names(400)}
    for name in whole:
        (post.letters / name).write_bytes(b"no PDF")
    barren = Failures(barren=50)
    outcome = run(post.job(failures=barren, workers=1), engine, Quiet())
    assert (outcome.too_many, outcome.counts.sealed) == (True, 0)
    assert outcome.counts.refused >= 50
    for name, letter in whole.items():
        (post.letters / name).write_bytes(letter)
    again = run(post.job(failures=barren, workers=1), engine, Quiet())
    assert (again.too_many, again.counts.sealed) == (False, 400)


def test_a_letter_that_kills_its_workers_fails_alone(post, engine, monkeypatch):
    post.write(names(60))
    true = RangeWork.begin

    def deadly(self, letter):
        if letter.file == "00007.pdf":
            os.kill(os.getpid(), signal.SIGKILL)
        return true(self, letter)

    with monkeypatch.context() as patched:
        patched.setattr(RangeWork, "begin", deadly)  # inherited by the workers, which are forked
        outcome = run(post.job(), engine, Quiet())
    assert (outcome.counts.sealed, outcome.counts.failed) == (59, 1)
    [row] = [row for row in post.journal() if row["state"] == "failed"]
    assert (row["file"], row["error"]) == ("00007.pdf", "batch.worker-died")
    assert run(post.job(), engine, Quiet()).counts.sealed == 60
    post.require_exactly_once(names(60))


def test_a_letter_that_its_workers_never_finish_fails_alone(post, monkeypatch):
    post.write(names(30))
    true = RangeWork.begin

    def endless(self, letter):
        while letter.file == "00007.pdf":
            time.sleep(1)
        return true(self, letter)

    def impatient(job):
        return LocalPool(job.workers, None, method="fork", patience=1.0)

    with monkeypatch.context() as patched:
        patched.setattr(RangeWork, "begin", endless)  # inherited by the workers, which are forked
        outcome = run(post.job(), impatient, Quiet())
    assert (outcome.counts.sealed, outcome.counts.failed) == (29, 1)
    [row] = [row for row in post.journal() if row["state"] == "failed"]
    assert (row["file"], row["error"]) == ("00007.pdf", "batch.worker-died")


def test_what_is_wrong_for_every_letter_halts_them_all_with_its_own_code(post, engine):
    post.write(names(60))

    def engine_without_keys(asked: Job) -> Any:
        # The settings lose their signers between the checks and the workers' start.
        missing = asked.bench.keys.settings.model_copy(update={"signers": {}})
        object.__setattr__(asked.bench.keys, "settings", missing)
        return engine(asked)

    outcome = run(post.job(), engine_without_keys, Quiet())
    assert isinstance(outcome.halted, HaltedError)
    assert outcome.halted.reported == "sealing.signer-unknown"
    assert outcome.halted.details == {"name": "seal-p256"}
    assert outcome.counts.sealed == 0


def test_workers_that_die_at_once_stop_the_pool(post, engine, monkeypatch):
    post.write(names(60))
    with monkeypatch.context() as patched:
        patched.setattr(Bench, "opened", lambda _self: os._exit(1))
        outcome = run(post.job(), engine, Quiet())
    assert outcome.halted is not None
    assert type(outcome.halted).__name__ == "WorkersDieError"
    run(post.job(), engine, Quiet())
    post.require_exactly_once(names(60))
