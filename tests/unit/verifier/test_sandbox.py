"""A function in a child process: what it may not do, and what its end becomes."""

import _socket
import ctypes
import os
import threading
import time
from pathlib import Path

import pytest

from verifier.errors import VerifierError
from verifier.reading.sandbox import (
    Limits,
    ReadingCrashedError,
    ReadingTooHeavyError,
    ReadingTooLongError,
    run,
)
from verifier.reading.sniff import FileTooLargeError

SHORT = Limits(processor=1, clock=5.0)


def echo(data: bytes, text: str) -> bytes:
    return data + text.encode()


def tries_everything() -> bytes:
    """Try what a parser that was taken over would, and tell what worked."""
    worked = []
    for name, act in (
        ("file", lambda: Path(__file__).read_bytes()),
        ("write", lambda: Path(os.devnull).write_text("x")),
        # Not `socket.socket`: the tests close that one themselves.
        ("socket", _socket.socket),
        ("pipe", os.pipe),
        ("child", lambda: os.write(2, b"")),
    ):
        try:
            act()
        except OSError:
            continue
        worked.append(name)
    return " ".join(worked).encode()


def open_descriptors() -> bytes:
    """List the descriptors that are open."""
    found = []
    for number in range(256):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return repr(len(found)).encode()


def crash() -> bytes:
    ctypes.string_at(0)
    return b"alive"


def spin() -> bytes:
    while True:
        pass


def wait() -> bytes:
    time.sleep(60)
    return b"late"


def fill_memory() -> bytes:
    return bytes(2 << 30)[:1]


def talk_too_much() -> bytes:
    return bytes(40 << 20)


def fail_with_a_fault() -> bytes:
    raise KeyError("ours")


def fail_with_our_error() -> bytes:
    raise FileTooLargeError("got 7", limit=7)


def leave() -> bytes:
    os._exit(0)


def in_a_thread(work):
    """Call from a process of two threads, where forking is unsafe."""
    told: list[object] = []

    def call():
        try:
            told.append(work())
        except VerifierError as error:
            told.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    [one] = told
    if isinstance(one, VerifierError):
        raise one
    return one


@pytest.fixture(params=["forked", "fresh"])
def road(request):
    """Take both ways of making a child."""
    return in_a_thread if request.param == "fresh" else lambda work: work()


def test_an_answer_comes_back_whole(road):
    data = os.urandom(3 << 20)
    assert road(lambda: run(echo, data, "é")) == data + "é".encode()


def test_the_child_opens_no_file_and_no_socket(road):
    assert road(lambda: run(tries_everything)) == b"child"


def test_the_child_inherits_nothing_but_its_answer(road):
    kept = [Path(os.devnull).open() for _ in range(5)]  # noqa: SIM115 - held open on purpose
    assert road(lambda: run(open_descriptors)) == b"4"
    for one in kept:
        one.close()


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (crash, ReadingCrashedError),
        (leave, ReadingCrashedError),
        (fail_with_a_fault, ReadingCrashedError),
        (spin, ReadingTooLongError),
        (fill_memory, ReadingTooHeavyError),
        (talk_too_much, ReadingTooHeavyError),
        (fail_with_our_error, FileTooLargeError),
    ],
)
def test_each_end_of_a_child_is_one_typed_error(road, function, error):
    with pytest.raises(error) as caught:
        road(lambda: run(function, limits=SHORT))
    assert type(caught.value) is error


def test_a_child_that_only_waits_is_ended_by_the_clock():
    with pytest.raises(ReadingTooLongError):
        run(wait, limits=Limits(clock=0.3))


def test_an_error_of_ours_keeps_its_details():
    with pytest.raises(FileTooLargeError) as caught:
        run(fail_with_our_error)
    assert (str(caught.value), caught.value.details) == ("got 7", {"limit": 7})


def test_no_child_and_no_descriptor_is_left_behind():
    from support.children import children  # noqa: PLC0415 - a fresh child imports this file alone

    before = children(), len(list(Path("/proc/self/fd").iterdir()))
    for function in (crash, spin, leave, talk_too_much):
        with pytest.raises(VerifierError):
            run(function, limits=SHORT)
    assert (children(), len(list(Path("/proc/self/fd").iterdir()))) == before
