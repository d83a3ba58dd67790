"""A function in a child process with little left to it: for what hostile files may do to a parser.

What the child is limited to, by the kernel:

- 10 seconds of processor and 30 of clock, 512 MiB above what it holds when it begins;
- it inherits no descriptor but the pipe of its answer, and can open none: no file, no socket. Input
  and output are `/dev/null`; it can write no file and leave no core;
- its answer is bytes of at most 32 MiB. They are never unpickled: a parser that was taken over
  could otherwise take over its parent.

What it is not limited to: it runs under the same user, may read the memory that it was forked
with, and signal this user's processes; a child that runs as root can lift its limits. Where the
system offers none (`resource` absent or ignored), only the clock is left.

The child is forked when the process has one thread (milliseconds); else, for forking others' locks
is unsafe, it is a fresh interpreter that never imports the caller's program (its imports, each
time). A typed error of ours comes back as itself; whatever else ends the child becomes one typed
error, never an answer.
"""

import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import ClassVar, Final, NoReturn, Protocol

from verifier.errors import VerifierError

_ANSWER: Final = b"A"
_ERROR: Final = b"E"
_MEMORY: Final = b"M"
_LENGTH: Final = 8
_CHUNK: Final = 1 << 20
_FRESH: Final = "from verifier.reading.sandbox import fresh; fresh()"


class ReadingStoppedError(VerifierError):
    """Reading had to be stopped; children say why."""

    code: ClassVar[str] = "verifier.reading-stopped"


class ReadingTooLongError(ReadingStoppedError):
    """The time of reading was over. Details: `seconds`."""

    code: ClassVar[str] = "verifier.reading-too-long"


class ReadingTooHeavyError(ReadingStoppedError):
    """The memory of reading, or the size of its answer, was used up. Details: `limit` (MiB)."""

    code: ClassVar[str] = "verifier.reading-too-heavy"


class ReadingCrashedError(ReadingStoppedError):
    """The child died: a fault of a parser, met by accident or on purpose."""

    code: ClassVar[str] = "verifier.reading-crashed"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use: seconds of processor and clock, bytes of memory and answer."""

    processor: int = 10
    clock: float = 30.0
    memory: int = 512 << 20
    answer: int = 32 << 20


DEFAULT: Final = Limits()


Work = Callable[..., bytes]
Prepare = Callable[[], None]
_Steps = tuple[Prepare | None, Work]


def run(
    function: Work,
    *args: bytes | str,
    limits: Limits = DEFAULT,
    prepare: Prepare | None = None,
) -> bytes:
    """Run a module's function in a child and give its answer.

    `prepare` is a module's function too: it loads what the child could no longer open.
    Raises what the function raised if it is a VerifierError, else a ReadingStoppedError.
    """
    reader, writer = os.pipe()
    try:
        start = _forked if threading.active_count() == 1 else _interpreter
        try:
            child = start(writer, limits, (prepare, function), args)
        finally:
            os.close(writer)
        try:
            frame = _received(reader, limits)
        finally:
            # One that is ending already keeps the exit code of its own end.
            child.kill()
            exit_code = child.wait()
    finally:
        os.close(reader)
    length = int.from_bytes(frame[:_LENGTH], "big")
    if len(frame) <= _LENGTH or len(frame) != _LENGTH + length:
        raise _ended(exit_code, limits)
    return _opened(frame[_LENGTH:], limits)


class _Child(Protocol):
    def kill(self) -> None:
        """End it at once."""

    def wait(self) -> int:
        """Wait for its end; a negative exit code is a signal's."""


@dataclass(frozen=True, slots=True)
class _Fork:
    pid: int

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def _forked(writer: int, limits: Limits, steps: _Steps, args: tuple[bytes | str, ...]) -> _Child:
    pid = os.fork()
    if not pid:
        _work(writer, limits, steps, args)
    return _Fork(pid)


def _interpreter(
    writer: int, limits: Limits, steps: _Steps, args: tuple[bytes | str, ...]
) -> _Child:
    order = {
        "writer": writer,
        "limits": asdict(limits),
        "steps": [step and [step.__module__, step.__qualname__] for step in steps],
        "args": [one if isinstance(one, str) else [b64encode(one).decode()] for one in args],
    }
    child = subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, "-c", _FRESH],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(writer,),
    )
    if child.stdin is not None:
        try:
            with child.stdin as stdin:
                stdin.write(json.dumps(order).encode())
        except BrokenPipeError:
            # It died at once: its end tells the rest.
            return child
    return child


def _received(reader: int, limits: Limits) -> bytes:
    """Take what the child writes, to its end; raise for too much or too late."""
    end = monotonic() + limits.clock
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    parts: list[bytes] = []
    size = 0
    while True:
        if not poll.poll(max(0.0, end - monotonic()) * 1000):
            raise _too_long(limits)
        part = os.read(reader, _CHUNK)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > limits.answer:
            raise _too_heavy(limits)


def _ended(exit_code: int | None, limits: Limits) -> ReadingStoppedError:
    if exit_code is not None and -exit_code in (signal.SIGXCPU, signal.SIGKILL):
        return _too_long(limits)
    return ReadingCrashedError(f"got a child that ended with {exit_code}, expected an answer")


def _opened(frame: bytes, limits: Limits) -> bytes:
    """Take the answer out of its frame, or raise the error that it tells."""
    kind, content = frame[:1], frame[1:]
    if kind == _ANSWER:
        return content
    if kind == _MEMORY:
        raise _too_heavy(limits)
    try:
        code, message, details = json.loads(content)
        known = {error.code: error for error in _errors_below(VerifierError)}
        error = known[code](message, **details)
    except (ValueError, KeyError, TypeError) as problem:
        raise ReadingCrashedError("got an answer of no known form") from problem
    raise error


def _too_long(limits: Limits) -> ReadingTooLongError:
    return ReadingTooLongError("got no answer in time", seconds=limits.processor)


def _too_heavy(limits: Limits) -> ReadingTooHeavyError:
    return ReadingTooHeavyError("got no answer in the memory given", limit=limits.memory >> 20)


def _errors_below(root: type[VerifierError]) -> Iterator[type[VerifierError]]:
    for child in root.__subclasses__():
        yield child
        yield from _errors_below(child)


# --- in the child ---


def fresh() -> None:
    """Take an order from the standard input and carry it out: the whole life of a fresh child."""
    order = json.loads(sys.stdin.buffer.read())
    prepare, function = (
        name and getattr(import_module(name[0]), name[1]) for name in order["steps"]
    )
    args = tuple(one if isinstance(one, str) else b64decode(one[0]) for one in order["args"])
    _work(order["writer"], Limits(**order["limits"]), (prepare, function), args)


def _work(writer: int, limits: Limits, steps: _Steps, args: tuple[bytes | str, ...]) -> NoReturn:
    """Give up everything, work, answer, and end without any word of Python's."""
    status = 1
    prepare, function = steps
    try:
        if prepare is not None:
            prepare()
        give_up([writer], limits)
        resource.setrlimit(resource.RLIMIT_CPU, (limits.processor, limits.processor))
        frame = _framed(function, args)
        rest = memoryview(len(frame).to_bytes(_LENGTH, "big") + frame)
        while rest:
            rest = rest[os.write(writer, rest) :]
        status = 0
    finally:
        os._exit(status)


def _framed(function: Work, args: tuple[bytes | str, ...]) -> bytes:
    try:
        return _ANSWER + function(*args)
    except VerifierError as error:
        return _ERROR + json.dumps([error.code, str(error), error.details]).encode()
    except MemoryError:
        return _MEMORY


def give_up(kept: Sequence[int], limits: Limits) -> None:
    """Give up every descriptor but some, and all limits but that of the processor."""
    memory = _size() + limits.memory
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    last = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    for before, after in pairwise([2, *sorted(kept), last]):
        os.closerange(before + 1, after)
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        # What is open stays open; nothing more can be: no file, no socket.
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def _size() -> int:
    """Count the bytes of address space that the child begins with."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (OSError, ValueError):
        return 2 << 30
    return pages * resource.getpagesize()
