"""Questions that must end in time, and one thread that watches for all of them."""

import socket
import threading
from contextlib import closing

import pytest

from storage.deadlines import Deadline, Watchman


@pytest.fixture(name="ends")
def _ends():
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        ours.settimeout(20)
        yield ours, theirs


def watching():
    return [one for one in threading.enumerate() if one.name.endswith("(_stand)")]


def test_a_question_that_is_late_is_ended_under_its_reader(ends):
    ours, _ = ends
    deadline = Deadline(0.05, [ours])
    Watchman().watch(deadline)
    # Nobody writes: without the watchman this waits for the socket's own 20 seconds.
    assert ours.recv(1) == b""
    assert deadline.is_over


def test_a_question_that_was_answered_is_left_alone(ends):
    ours, theirs = ends
    watchman = Watchman()
    kept, late = Deadline(0.05, [ours]), Deadline(0.05, [])
    for each in (kept, late):
        watchman.watch(each)
    kept.is_kept = True
    for thread in watching():
        thread.join(20)
    assert late.is_over
    theirs.sendall(b"x")
    assert ours.recv(1) == b"x"


def test_one_thread_watches_for_all_and_goes(ends):
    ours, _ = ends
    watchman, before = Watchman(), set(watching())
    deadlines = [Deadline(0.2, [ours]) for _ in range(50)]
    for each in deadlines:
        watchman.watch(each)
    [thread] = set(watching()) - before
    thread.join(20)
    assert not thread.is_alive()
    assert all(each.is_kept for each in deadlines)
    again = Deadline(0.01, [])
    watchman.watch(again)
    for later in set(watching()) - before:
        later.join(20)
    assert again.is_kept


def test_a_socket_that_is_gone_already_stops_nobody(ends):
    ours, _ = ends
    gone, other = socket.socketpair()
    for end in (gone, other):
        end.close()
    Deadline(0.01, [gone, ours]).stop()
    assert ours.recv(1) == b""
