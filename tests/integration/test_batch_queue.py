"""Several machines on one mailing: what only a shared database, and workers elsewhere, can meet."""

import errno
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from support.budget import cases
from support.mailings import Post, Quiet, names, queued
from support.postgresql import postgresql_server
from support.sealers import town

from sealing.batch.engine import HaltedError
from sealing.batch.files.folders import BusyError, Folder
from sealing.batch.ledger.leases import Leases
from sealing.batch.ledger.place import NoSharedDatabaseError, open_ledger, running
from sealing.batch.queue import engine as queue_engine
from sealing.batch.queue import procrastinate_engine, work_order
from sealing.batch.queue.rows import announced
from sealing.batch.queue.volunteers import Volunteers
from sealing.batch.queue.work_order import OtherWorkerError
from sealing.batch.ranges.work import Bench, RangeWork
from sealing.batch.run import run
from sealing.errors import SealingError
from storage.database import open_engine
from storage.errors import ConfigurationError
from storage.migrations.upgrade import SchemaError
from storage.settings import Settings


@pytest.fixture(scope="module")
def server():
    with postgresql_server() as server:
        yield server


@pytest.fixture
def post(tmp_path, server):
    return Post(tmp_path, server.database())


@pytest.fixture
def hasty(monkeypatch):
    """Notice in a second or two that a machine is gone, not in half a minute."""
    monkeypatch.setattr(procrastinate_engine, "_HEARTBEAT", 0.3)
    monkeypatch.setattr(procrastinate_engine, "_STALLED", 1.5)
    monkeypatch.setattr(queue_engine, "_CHECK", 0.5)


def volunteers(post: Post, wanted: int = 1) -> Volunteers:
    """Give workers of another machine: same folders, its own settings."""
    settings = Settings.load(town()[1] / "coffre.toml", database=post.database)
    return Volunteers(settings, lambda *_: None, wanted, method="fork")


@contextmanager
def elsewhere(post: Post, wanted: int = 1) -> Iterator[int]:
    """Have another machine lend its workers: a group of processes, ended as a machine that dies."""
    pid = os.fork()
    if not pid:
        os.setsid()
        try:
            crew = volunteers(post, wanted)
            crew.open()
            while crew.step(0.2).halted is None:
                pass
        finally:
            os._exit(0)
    try:
        yield pid
    finally:
        for end in (lambda: os.killpg(pid, signal.SIGKILL), lambda: os.kill(pid, signal.SIGKILL)):
            try:
                end()
            except ProcessLookupError:
                continue
            break
        os.waitpid(pid, 0)


@contextmanager
def who_sealed(post: Post, monkeypatch) -> Iterator[list[int]]:
    """Note which process seals each letter; the list is filled at the end."""
    log, found = post.folder / "who", list[int]()
    true = RangeWork.begin

    def noting(self, letter):
        with log.open("a") as file:
            file.write(f"{os.getpgrp()}\n")
        return true(self, letter)

    log.touch()
    with monkeypatch.context() as patched:
        patched.setattr(RangeWork, "begin", noting)
        yield found
    found += map(int, log.read_text().split())


@pytest.mark.timeout(600)
def test_postgresql_restarted_under_way_loses_nothing(post, server):
    moments = random.Random(7)  # noqa: S311 - a replayable choice of moments
    left = cases(ci=3, slow=20, fast=2)
    wanted = names(left * 250)
    post.write(wanted)

    def restart(counts, _standing):
        nonlocal left
        if left and counts.sealed > 40 and moments.random() < 0.5:
            left -= 1
            server.stop()
            time.sleep(moments.uniform(0, 2))
            server.start()

    outcome = run(post.job(), queued, Quiet(on_step=restart))
    assert (outcome.halted, outcome.counts.sealed, left) == (None, len(wanted), 0)
    post.require_exactly_once(wanted)


def test_workers_of_another_machine_do_their_part(post, monkeypatch):
    wanted = names(600)
    post.write(wanted)
    with who_sealed(post, monkeypatch) as groups, elsewhere(post, 2) as pid:
        assert run(post.job(workers=1), queued, Quiet()).counts.sealed == 600
    assert 0 < groups.count(pid) < 600
    assert len(groups) == 600, "no letter was sealed twice"
    post.require_exactly_once(wanted)


@pytest.mark.timeout(300)
def test_a_machine_that_dies_whole_leaves_its_letters_to_the_others(post, monkeypatch, hasty):
    del hasty
    wanted = names(400)
    post.write(wanted)
    with who_sealed(post, monkeypatch) as groups, elsewhere(post, 2) as pid:

        def die(_counts, _standing):
            if str(pid) in (post.folder / "who").read_text().split():
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)

        outcome = run(post.job(workers=1), queued, Quiet(on_step=die))
    assert (outcome.halted, outcome.counts.sealed) == (None, 400)
    assert 0 < groups.count(pid) < 400
    post.require_exactly_once(wanted)


@pytest.mark.timeout(300)
def test_a_worker_that_comes_back_to_a_range_of_another_changes_nothing(post, hasty):
    """It stands still until its lease is over and its letters are sealed; then it goes on."""
    del hasty
    wanted = names(400)
    post.write(wanted)
    engines, still = list[Any](), list[int]()

    def watched(job):
        engines.append(queued(job))
        return engines[0]

    def stand_still(counts, _standing):
        if not still and counts.sealed:
            still.append(engines[0].pids[0])
            os.kill(still[0], signal.SIGSTOP)
        elif still and not counts.waiting:  # others sealed what it had in hand
            with suppress(ProcessLookupError):
                os.kill(still[0], signal.SIGCONT)

    outcome = run(post.job(), watched, Quiet(on_step=stand_still))
    assert still
    assert (outcome.halted, outcome.counts.sealed, outcome.counts.settled) == (None, 400, 400)
    post.require_exactly_once(wanted)


def test_a_second_run_on_another_machine_is_refused_while_the_first_one_works(post, monkeypatch):
    """The lock of the folder does not reach it: that of the database does."""
    post.write(names(200))
    refused: list[BusyError] = []

    def again(_counts, _standing):
        if not refused:
            with monkeypatch.context() as patched:
                patched.setattr(Folder, "held", lambda _self: nullcontext())
                with pytest.raises(BusyError) as caught:
                    run(post.job(), queued, Quiet())
            refused.append(caught.value)
            ledger = open_ledger(Folder(post.out), post.database)
            assert running(Folder(post.out), ledger)
            ledger.close()

    assert run(post.job(), queued, Quiet(on_step=again)).counts.sealed == 200
    assert refused
    post.require_exactly_once(names(200))


def test_a_run_that_lost_its_mailing_to_another_by_a_restart_leaves(post, server):
    post.write(names(400))
    others: list[Leases] = []

    def robbed(_counts, _standing):
        if not others:
            server.stop()
            server.start()
            [row] = announced(engine)
            others.append(Leases(engine))
            assert others[0].take(f"run {row.batch}", patience=10)

    engine = open_engine(post.database)
    with pytest.raises(BusyError):
        run(post.job(), queued, Quiet(on_step=robbed))
    others[0].close()
    engine.dispose()
    assert run(post.job(), queued, Quiet()).counts.sealed == 400
    post.require_exactly_once(names(400))


def test_nothing_of_a_person_is_in_the_queue_or_in_the_order(post):
    post.write(names(300), coded=True)
    seen: list[str] = []
    engine = open_engine(post.database)

    def look(_counts, _standing):
        with engine.connect() as connection:
            jobs = connection.execute(
                text("SELECT args FROM coffre_queue.procrastinate_jobs")
            ).scalars()
            assert all(set(args) == {"first", "last"} for args in jobs.all())
            for table in ("coffre_queue.procrastinate_jobs", "coffre_queue.procrastinate_events"):
                rows = connection.execute(text(f"SELECT t::text FROM {table} t"))  # noqa: S608
                seen.extend(rows.scalars())
        seen.extend(row.order for row in announced(engine))

    run(post.job(coded=True), queued, Quiet(on_step=look))
    engine.dispose()
    told = "".join(seen)
    assert "seal-p256" in told
    assert not [word for word in ("DUPONT", "00001.pdf", "PRIVATE", "key.pem") if word in told]


@pytest.mark.timeout(300)
def test_no_more_sessions_of_a_key_are_open_than_there_are(post, monkeypatch, server):
    """Five workers of two machines, two sessions; workers are killed, the database restarts."""
    wanted = names(500)
    post.write(wanted)
    sessions = post.folder / "sessions"
    sessions.mkdir()
    most = post.folder / "most"
    opened = Bench.opened

    @contextmanager
    def counted(self):
        with opened(self) as worker:
            mine = sessions / str(os.getpid())
            mine.touch()
            with most.open("a") as file:
                file.write(f"{len(alive(sessions))}\n")
            try:
                yield worker
            finally:
                mine.unlink()

    acts, slow, seal = [1, 2, 3], post.folder / "slow", RangeWork.begin

    def slowly(self, letter):
        if slow.exists():
            time.sleep(6)  # a letter in hand, while its worker has lost its seat
        return seal(self, letter)

    def disturb(counts, _standing):
        slow.unlink(missing_ok=True)
        living = alive(sessions)
        if acts and living and counts.sealed > 100 * (4 - len(acts)):
            if acts.pop() == 2:
                slow.touch()
                server.stop()
                server.start()
            else:
                with suppress(ProcessLookupError):
                    os.kill(living[0], signal.SIGKILL)

    monkeypatch.setattr(Bench, "opened", counted)
    monkeypatch.setattr(RangeWork, "begin", slowly)
    with elsewhere(post, 2):
        outcome = run(post.job(workers=3, sessions=2), queued, Quiet(on_step=disturb))
    assert (outcome.halted, outcome.counts.sealed) == (None, 500)
    counts = [int(line) for line in most.read_text().split()]
    assert max(counts) == 2
    assert len(counts) > 2
    post.require_exactly_once(wanted)


@pytest.mark.parametrize("other", ["certificate", "folder", "options"])
def test_a_machine_that_would_make_other_seals_refuses_and_the_run_goes_on(
    post, monkeypatch, other
):
    post.write(names(300))
    crew, met = volunteers(post), list[Exception]()
    if other == "certificate":
        signers = crew.settings.signers
        changed = signers | {"seal-p256": signers["seal-rsa"]}
        crew.settings = crew.settings.model_copy(update={"signers": changed})
    crew.open()

    def join(_counts, _standing):
        with monkeypatch.context() as patched:
            if other == "folder":
                patched.setattr(Path, "is_dir", lambda path: "in" not in path.parts)
            elif other == "options":
                patched.setattr(work_order, "options_of", lambda *_: "of another version")
            while not met:
                halted = crew.step(0.1).halted
                met.extend([halted] if halted else [])

    outcome = run(post.job(workers=1), queued, Quiet(on_step=join))
    crew.close()
    assert isinstance(met[0], HaltedError)
    assert met[0].reported == OtherWorkerError.code
    assert (outcome.halted, outcome.counts.sealed) == (None, 300)
    post.require_exactly_once(names(300))


def alive(folder):
    """Give the processes that left their number in a folder, and live."""
    return [int(path.name) for path in folder.iterdir() if lives(path.name)]


def lives(pid):
    """Tell whether a process holds anything still: one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_is_wrong_for_every_letter_on_one_machine_halts_all(post, monkeypatch):
    post.write(names(600))
    here, true = os.getpgrp(), RangeWork.begin

    def full(self, letter):
        if os.getpgrp() != here:
            raise OSError(errno.ENOSPC, "No space left on device", "out")
        return true(self, letter)

    with monkeypatch.context() as patched:
        patched.setattr(RangeWork, "begin", full)
        with elsewhere(post):
            outcome = run(post.job(workers=1), queued, Quiet())
    assert isinstance(outcome.halted, OSError)
    assert outcome.halted.errno == errno.ENOSPC
    assert outcome.counts.waiting
    assert run(post.job(), queued, Quiet()).counts.sealed == 600
    post.require_exactly_once(names(600))


HOSTILE = {
    "long": "a" * 100_000,
    "not ASCII": "Œ𝄞é" * 40_000,
    "NUL": "\0" * 100_000,
    "what JSON doubles": '"\\' * 100_000,
    "half a character": "\ud800" * 100_000,
}


class HostileError(SealingError):
    """An error that says what a hostile letter would have it say."""

    code = "test.hostile"

    def __init__(self, said: str) -> None:
        """Say it everywhere."""
        super().__init__(said, **dict.fromkeys(["a", "b", "c", "d", "e"], said))
        self.parts = ((said, said),) * 30


class HostileSettingError(ConfigurationError):
    """The same, of what is wrong for all letters."""

    code = "test.hostile-setting"

    def __init__(self, said: str) -> None:
        """Say it everywhere."""
        super().__init__(said, **dict.fromkeys(["a", "b", "c", "d", "e"], said))
        self.parts = ((said, said),) * 30


def test_whatever_is_said_of_a_refused_letter_fits_its_row(post, monkeypatch):
    wanted = names(len(HOSTILE) + 1)
    post.write(wanted)
    said, true = dict(zip(wanted, HOSTILE.values(), strict=False)), RangeWork.begin

    def refused(self, letter):
        if letter.file in said:
            raise HostileError(said[letter.file])
        return true(self, letter)

    monkeypatch.setattr(RangeWork, "begin", refused)
    outcome = run(post.job(workers=1), queued, Quiet())
    assert (outcome.halted, outcome.counts.sealed) == (None, 1)
    with closing(open_ledger(Folder(post.out), post.database)) as ledger:
        entries = ledger.troubles()
    assert {entry.file for entry in entries} == set(said)
    for entry in entries:
        assert entry.error == "test.hostile"
        told = str(entry.trouble.details["a"])
        assert told
        assert set(told) <= {*said[entry.file], "\N{REPLACEMENT CHARACTER}"}


@pytest.mark.parametrize("what", ["NUL", "half a character", "what JSON doubles"])
@pytest.mark.parametrize("system", [False, True], ids=["ours", "system"])
def test_whatever_is_said_of_what_halts_a_run_fits_its_row(post, monkeypatch, what, system):
    post.write(names(3))
    said = HOSTILE[what]

    def halting(self, letter):
        del self, letter
        if system:
            raise OSError(errno.ENOSPC, said, said)
        raise HostileSettingError(said)

    monkeypatch.setattr(RangeWork, "begin", halting)
    outcome = run(post.job(workers=1), queued, Quiet())
    assert isinstance(outcome.halted, OSError if system else HaltedError)
    assert system or getattr(outcome.halted, "reported", None) == "test.hostile-setting"
    assert outcome.counts.waiting == 3


def test_workers_leave_a_run_that_is_gone_and_wait_for_the_next(post):
    wanted = names(900)
    post.write(wanted)
    with elsewhere(post, 1):
        pid = os.fork()
        if not pid:
            try:
                run(post.job(workers=1), queued, Quiet())
            finally:
                os._exit(0)
        while not (post.out / "00001.pdf").exists():
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        again = None
        while again is None:
            try:
                again = run(post.job(workers=1), queued, Quiet())
            except BusyError:  # what was forked from a run holds the lock of that run too
                time.sleep(0.1)
    assert again.counts.sealed == 900
    post.require_exactly_once(wanted)


def test_a_database_without_its_tables_or_its_queue_is_told(post, server, tmp_path):
    post.write(names(3))
    engine = open_engine(post.database)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA coffre_queue CASCADE"))
    with pytest.raises(SchemaError):
        run(post.job(), queued, Quiet())
    procrastinate_engine.prepare(engine)
    engine.dispose()
    assert run(post.job(), queued, Quiet()).counts.sealed == 3
    bare = Post(tmp_path / "bare", server.address)
    bare.write(names(3))
    with pytest.raises(SchemaError):
        run(bare.job(), queued, Quiet())
    assert not bare.out.exists()
    with pytest.raises(NoSharedDatabaseError):
        run(replace(bare.job(), shared="sqlite:///x"), queued, Quiet())
    assert not bare.out.exists()
