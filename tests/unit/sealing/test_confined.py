"""Work in the process beside this one: what it may take, and what is heard of it."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from support import confined as work

from sealing import confined
from sealing.confined import Limits, run
from sealing.errors import PageOutOfRangeError, PdfTooHeavyError, PdfUnreadableError


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Wait for less than a town does."""
    monkeypatch.setattr(confined, "DEFAULT", Limits(processor=1, memory=64 << 20))


def test_one_process_does_the_work_of_all_and_is_not_this_one():
    first, second = run(work.whoami), run(work.whoami)
    assert first == second != b"%d" % os.getpid()


@pytest.mark.parametrize("heavy", [work.spin, work.gorge])
def test_what_takes_too_much_is_refused_and_the_next_is_served(heavy):
    with pytest.raises(PdfTooHeavyError):
        run(heavy)
    assert run(os.urandom, 0) == b""


def test_what_hangs_without_working_is_refused(monkeypatch):
    monkeypatch.setattr(confined, "DEFAULT", Limits(clock=0.2))
    with pytest.raises(PdfTooHeavyError):
        run(work.doze)


def test_the_time_of_one_file_is_not_taken_from_the_next():
    for _ in range(3):
        assert run(work.busy, 0.6) == b""


def test_a_file_that_ends_every_process_is_refused():
    with pytest.raises(PdfUnreadableError):
        run(work.die)
    assert run(os.urandom, 0) == b""


def test_a_process_that_somebody_ended_is_begun_anew():
    os.kill(int(run(work.whoami)), signal.SIGKILL)
    assert run(os.urandom, 0) == b""


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_stops_a_run_does_not_stop_the_letter_in_hand(asked):
    found = run(work.whoami)
    os.kill(int(found), asked)
    assert run(work.whoami) == found


def test_an_error_of_ours_comes_back_as_itself():
    with pytest.raises(PageOutOfRangeError) as caught:
        run(work.complain)
    assert caught.value.details == {"page": 3, "pages": 2}


def test_a_fault_of_ours_is_told_and_no_verdict_on_the_file():
    with pytest.raises(RuntimeError, match="KeyError"):
        run(work.err)


def test_it_can_write_no_file(tmp_path):
    with pytest.raises(RuntimeError, match="OSError"):
        run(work.try_to_write, str(tmp_path / "x"))
    assert (tmp_path / "x").stat().st_size == 0


def test_beside_other_threads_it_is_a_fresh_interpreter():
    confined._KEEPER.end()
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        assert len(run(os.urandom, 4)) == 4
        child = confined._KEEPER.child
        assert child is not None
        assert isinstance(child.process, subprocess.Popen)
    finally:
        stop.set()
        other.join()
        confined._KEEPER.end()


def test_it_ends_with_its_process_however_that_ends():
    program = (
        "import os; from sealing.confined import run, _KEEPER; run(os.urandom, 1);"
        "print(_KEEPER.child.process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(int(told.stdout), 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError("the process beside lives on")


def test_a_fork_of_this_process_has_one_of_its_own():
    mine = run(work.whoami)
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(writer, run(work.whoami))
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        assert told.read() not in {b"", mine}
    assert run(work.whoami) == mine
