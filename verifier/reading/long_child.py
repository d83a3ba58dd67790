"""A child process that answers many questions, one after the other, with little left to it.

As `sandbox`: no descriptor but its two pipes, no file, no socket, nothing written. Memory is
bounded for its whole life, processor and clock for each question. What differs, and for whom it is:

- one child answers for many files, so that a file costs no process: what a question leaves in its
  memory is there at the next one. So it is for parsers that cannot be taken over by what they read
  (Python, Rust), never for those written in C, which have a child for each file (`sandbox`);
- a question that it does not answer ends it; the next one begins another;
- an answer that says so is its last: it holds more memory than it should.

It does not hear Ctrl-C, and ends when its parent does.
"""

import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from math import ceil
from time import monotonic, process_time
from typing import Final, NoReturn, Self

from verifier.reading.sandbox import (
    Limits,
    ReadingCrashedError,
    ReadingTooHeavyError,
    ReadingTooLongError,
    give_up,
)

_MORE: Final = b"M"
_LAST: Final = b"L"
_HEAVY: Final = b"H"
_LENGTH: Final = 8
_CHUNK: Final = 1 << 20
_FRESH: Final = "from verifier.reading.long_child import fresh; fresh()"

# What a child answers by: a question, and what it is about -> the answer, whether it is the last.
Answers = Callable[[bytes, bytes], tuple[bytes, bool]]
# What makes it, in the child, while it may still open files.
Begin = Callable[[], Answers]
# A module's function that does, by what was written down for it.
Prepare = Callable[[bytes], Answers]


@dataclass(slots=True)
class LongChild:
    """The parent's side. `asked` counts the questions answered; `last`: it answers no more."""

    pid: int
    asks: int
    hears: int
    limits: Limits
    process: subprocess.Popen[bytes] | None = None
    asked: int = 0
    last: bool = False

    @classmethod
    def forked(cls, begin: Begin, limits: Limits) -> Self:
        """Begin a child that holds what this process holds; for a process of one thread."""
        with _pipes() as (theirs, (asks, hears)):
            pid = os.fork()
            if not pid:
                _live(theirs, limits, begin)
        return cls(pid, asks, hears, limits)

    @classmethod
    def fresh(cls, prepare: Prepare, written: bytes, limits: Limits) -> Self:
        """Begin a child in a fresh interpreter; `prepare` is a module's function."""
        with _pipes() as (theirs, (asks, hears)):
            process = _interpreter(theirs, limits, prepare)
        child = cls(process.pid, asks, hears, limits, process)
        child._tell(written)
        return child

    def _tell(self, written: bytes) -> None:
        try:
            with suppress(BrokenPipeError):  # it died at once: the first question hears of it
                self._send(written, monotonic() + self.limits.clock)
        except BaseException:
            self.end()
            raise

    def ask(self, question: bytes, about: bytes) -> bytes:
        """Ask one question; raise a ReadingStoppedError, after which the child is gone."""
        try:
            answer = self._answer(question, about)
        except BaseException:
            self.end()
            raise
        self.asked += 1
        return answer

    def _answer(self, question: bytes, about: bytes) -> bytes:
        end = monotonic() + self.limits.clock
        try:
            with suppress(BrokenPipeError):  # it may have said why before it ended
                self._send(question, end)
                self._send(about, end)
            answer = self._frame(end)
        except EOFError as problem:
            raise self._ended() from problem
        if answer[:1] == _HEAVY:
            raise self._too_heavy(self.limits.memory)
        self.last = answer[:1] != _MORE
        return answer[1:]

    def _frame(self, end: float) -> bytes:
        length = int.from_bytes(self._received(_LENGTH, end), "big")
        if not 0 < length <= self.limits.answer:
            raise self._too_heavy(self.limits.answer)
        return self._received(length, end)

    def end(self) -> int:
        """End it at once; give its exit code, a signal's negative."""
        if not self.pid:
            return 0
        self.last = True
        os.close(self.asks)
        os.close(self.hears)
        os.kill(self.pid, signal.SIGKILL)
        # One that is ending already keeps the exit code of its own end.
        pid, self.pid = self.pid, 0
        if self.process is not None:
            return self.process.wait()
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def _ended(self) -> Exception:
        code = self.end()
        if -code in (signal.SIGXCPU, signal.SIGKILL):
            return self._too_long()
        return ReadingCrashedError(f"got a child that ended with {code}, expected an answer")

    def _too_long(self) -> ReadingTooLongError:
        return ReadingTooLongError("got no answer in time", seconds=self.limits.processor)

    def _too_heavy(self, limit: int) -> ReadingTooHeavyError:
        return ReadingTooHeavyError("got no answer of the size given", limit=limit >> 20)

    def _send(self, data: bytes, end: float) -> None:
        for part in (len(data).to_bytes(_LENGTH, "big"), data):
            rest = memoryview(part)
            while rest:
                self._wait(self.asks, select.POLLOUT, end)
                rest = rest[os.write(self.asks, rest[:_CHUNK]) :]

    def _received(self, size: int, end: float) -> bytes:
        parts: list[bytes] = []
        while size:
            self._wait(self.hears, select.POLLIN, end)
            part = os.read(self.hears, min(size, _CHUNK))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _wait(self, descriptor: int, event: int, end: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        if not poll.poll(max(0.0, end - monotonic()) * 1000):
            raise self._too_long()


@contextmanager
def _pipes() -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Give the child's ends (hears, tells), closed behind, and the parent's (asks, hears)."""
    theirs, asks = os.pipe()
    hears, tells = os.pipe()
    os.set_blocking(asks, False)
    try:
        yield (theirs, tells), (asks, hears)
    except BaseException:
        os.close(asks)
        os.close(hears)
        raise
    finally:
        os.close(theirs)
        os.close(tells)


def _interpreter(
    pipes: tuple[int, int], limits: Limits, prepare: Prepare
) -> "subprocess.Popen[bytes]":
    words = [*pipes, limits.processor, limits.clock, limits.memory, limits.answer]
    told = [prepare.__module__, prepare.__qualname__, *(str(word) for word in words)]
    return subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, "-c", _FRESH, *told],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=pipes,
    )


# --- in the child ---


def fresh() -> None:
    """Live as a fresh interpreter does, by the words of the command line."""
    module, name, hears, tells, processor, clock, memory, answer = sys.argv[1:]
    limits = Limits(int(processor), float(clock), int(memory), int(answer))
    pipes = int(hears), int(tells)
    written = _read_frame(pipes[0])
    if written is not None:
        prepare: Prepare = getattr(import_module(module), name)
        _live(pipes, limits, partial(prepare, written))


def _live(pipes: tuple[int, int], limits: Limits, begin: Begin) -> NoReturn:
    """Answer until nobody asks, and end without any word of Python's."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        answers = begin()
        give_up(pipes, limits)
        try:
            _serve(pipes, limits, answers)
        except MemoryError:
            _tell(pipes[1], _HEAVY)
        status = 0
    finally:
        os._exit(status)


def _serve(pipes: tuple[int, int], limits: Limits, answers: Answers) -> None:
    hears, tells = pipes
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    while (question := _read_frame(hears)) is not None:
        # The kernel counts whole seconds of the process's life.
        over = ceil(process_time()) + limits.processor
        soft = over if hard == resource.RLIM_INFINITY else min(over, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
        about = _read_frame(hears)
        if about is None:
            return
        answer, last = answers(question, about)
        del about
        _tell(tells, (_LAST if last else _MORE) + answer)


def _tell(descriptor: int, frame: bytes) -> None:
    rest = memoryview(len(frame).to_bytes(_LENGTH, "big") + frame)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _read_frame(descriptor: int) -> bytes | None:
    head = _read(descriptor, _LENGTH)
    return None if head is None else _read(descriptor, int.from_bytes(head, "big"))


def _read(descriptor: int, size: int) -> bytes | None:
    parts: list[bytes] = []
    while size:
        part = os.read(descriptor, min(size, _CHUNK))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def held_most() -> int:
    """Tell how many bytes this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
