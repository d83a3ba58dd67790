"""Work on a stranger's PDF in a process beside this one, with little time and memory for it.

What libraries make of a file has no bound that they keep: a page of 2 KiB can be drawn for hours, a
picture inflate to gigabytes. So whoever draws, or reads a file whole, does it here.

Rules kept here:

- of one file: 5 seconds of processor, 60 of clock, 512 MiB above what the process holds when the
  work begins; beyond that the file is refused (`PdfTooHeavyError`) and the process ended;
- the process is begun once and serves file after file, one at a time, whoever of this process's
  threads asks; it ends with this process;
- what it answers is bytes, never unpickled; an error of ours comes back as itself;
- one that is gone without a word is begun anew, once a file: it may be no fault of the file's.

The process is forked while this one has a single thread (milliseconds); else, for forking others'
locks is unsafe, it is a fresh interpreter. It holds no descriptor but two pipes and `/dev/null` and
can write no file; it runs as the same user, and forked may read what its parent had in memory.
"""

import atexit
import gc
import json
import os
import pickle
import resource
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from math import ceil
from pathlib import Path
from time import monotonic
from typing import Final, NoReturn

from sealing.errors import PdfTooHeavyError, PdfUnreadableError
from storage.errors import CoffreError

_ANSWER: Final = b"A"
_ERROR: Final = b"E"
_HEAVY: Final = b"M"
_LENGTH: Final = 8
_CHUNK: Final = 1 << 20
_FRESH: Final = "from sealing.confined import fresh; fresh()"

Work = Callable[..., bytes]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the work on one file may use: seconds of processor and clock, bytes of memory."""

    processor: int = 5
    clock: float = 60.0
    memory: int = 512 << 20


DEFAULT: Final = Limits()


def run(work: Work, *args: object) -> bytes:
    """Have a module's function do its work on one file, and give its answer.

    Raises PdfTooHeavyError, PdfUnreadableError where nothing survives the file, or the CoffreError
    that the function raised.
    """
    limits = DEFAULT
    order = pickle.dumps((work.__module__, work.__qualname__, args, limits))
    with _KEEPER.lock:
        frame = _KEEPER.asked(order, limits) or _KEEPER.asked(order, limits)
    if frame is None:
        raise PdfUnreadableError("got a file that ends whoever reads it")
    if frame[:1] == _ANSWER:
        return frame[1:]
    if frame[:1] == _HEAVY:
        raise _too_heavy(limits)
    code, message, details = json.loads(frame[1:])
    known = {error.code: error for error in _errors_below(CoffreError)}
    raise known[code](message, **details) if code in known else RuntimeError(message)


def rest() -> None:
    """End the process, if there is one: what comes later begins it anew."""
    with _KEEPER.lock:
        _KEEPER.end()


def _too_heavy(limits: Limits) -> PdfTooHeavyError:
    told = {"seconds": limits.processor, "limit": limits.memory >> 20}
    return PdfTooHeavyError("got a file that takes too much time or memory", **told)


def _errors_below(root: type[CoffreError]) -> Iterator[type[CoffreError]]:
    yield root
    for child in root.__subclasses__():
        yield from _errors_below(child)


@dataclass(frozen=True, slots=True)
class _Fork:
    pid: int

    def wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


_Process = _Fork | subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class _Child:
    """The process: orders go in by one pipe, answers come by the other."""

    process: _Process
    orders: int
    answers: int

    @classmethod
    def begun(cls) -> "_Child":
        taken, orders = os.pipe()
        answers, given = os.pipe()
        try:
            start = _forked if threading.active_count() == 1 else _interpreter
            return cls(start(taken, given), orders, answers)
        finally:
            os.close(taken)
            os.close(given)

    def asked(self, order: bytes, clock: float) -> bytes | None:
        """Give the answer; None from one that is gone. Raises TimeoutError."""
        try:
            rest = memoryview(len(order).to_bytes(_LENGTH, "big") + order)
            while rest:
                rest = rest[os.write(self.orders, rest) :]
            return _received(self.answers, monotonic() + clock)
        except (EOFError, BrokenPipeError):
            return None

    def end(self) -> int:
        """End it; give how it ended: by itself, where it had done so already."""
        os.close(self.orders)
        os.close(self.answers)
        os.kill(self.process.pid, signal.SIGKILL)
        return self.process.wait()


@dataclass(slots=True)
class _Keeper:
    """Who has the process begun, and ended."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    child: _Child | None = None

    def asked(self, order: bytes, limits: Limits) -> bytes | None:
        """Give the answer to an order; None where the process is gone for no known reason."""
        self.child = self.child or _Child.begun()
        try:
            frame = self.child.asked(order, limits.clock)
        except TimeoutError as error:
            self.end()
            raise _too_heavy(limits) from error
        except BaseException:
            # Whatever comes later on this pipe would be taken for the next answer.
            self.end()
            raise
        if frame is None and -self.end() == signal.SIGXCPU:
            raise _too_heavy(limits)
        if frame is not None and frame[:1] == _HEAVY:
            self.end()
        return frame

    def end(self) -> int:
        """End the process, if there is one."""
        child, self.child = self.child, None
        return 0 if child is None else child.end()

    def forget(self) -> None:
        """Leave the process to the one that forked us."""
        child, self.child, self.lock = self.child, None, threading.Lock()
        if child is not None:
            os.close(child.orders)
            os.close(child.answers)


_KEEPER: Final = _Keeper()
atexit.register(_KEEPER.end)
os.register_at_fork(after_in_child=_KEEPER.forget)


def _forked(taken: int, given: int) -> _Process:
    pid = os.fork()
    if not pid:
        _serve(taken, given)
    return _Fork(pid)


def _interpreter(taken: int, given: int) -> _Process:
    return subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, "-c", _FRESH, str(taken), str(given)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(taken, given),
    )


def _received(pipe: int, until: float | None = None) -> bytes:
    """Take one frame; raise EOFError, or TimeoutError at a moment."""
    return _taken(pipe, int.from_bytes(_taken(pipe, _LENGTH, until), "big"), until)


def _taken(pipe: int, size: int, until: float | None) -> bytes:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    parts: list[bytes] = []
    while size:
        left = None if until is None else max(0.0, until - monotonic()) * 1000
        if not poll.poll(left):
            raise TimeoutError
        part = os.read(pipe, min(size, _CHUNK))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


# --- in the process beside ---


def fresh() -> None:
    """Serve by the pipes that the command line names: the whole life of a fresh interpreter."""
    _serve(int(sys.argv[1]), int(sys.argv[2]))


def _serve(taken: int, given: int) -> NoReturn:
    """Work order after order, and end without any word of Python's."""
    try:
        _give_up(taken, given)
        gc.freeze()  # what a fork inherits is looked at no more, and so never copied
        while True:
            module, name, args, limits = pickle.loads(_received(taken))  # noqa: S301 - our own
            work = getattr(import_module(module), name)
            _limit(limits)
            frame = _framed(work, args)
            rest = memoryview(len(frame).to_bytes(_LENGTH, "big") + frame)
            while rest:
                rest = rest[os.write(given, rest) :]
    finally:
        os._exit(0)


def _framed(work: Work, args: tuple[object, ...]) -> bytes:
    try:
        return _ANSWER + work(*args)
    except CoffreError as error:
        return _ERROR + json.dumps([error.code, str(error), error.details]).encode()
    except MemoryError:
        return _HEAVY
    except Exception as error:  # noqa: BLE001 - a fault of ours: told where somebody hears it
        return _ERROR + json.dumps([None, f"got {type(error).__name__}: {error}", {}]).encode()


def _give_up(taken: int, given: int) -> None:
    # Who stops this process lets the letter in hand be finished; the end of its pipe ends us.
    for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(asked, signal.SIG_IGN)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    first, last = sorted((taken, given))
    os.closerange(3, first)
    os.closerange(first + 1, last)
    os.closerange(last + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))


def _limit(limits: Limits) -> None:
    """Give the next file its time and memory."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = ceil(spent.ru_utime + spent.ru_stime) + limits.processor
    memory = _size() + limits.memory
    for limit, value in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory)):
        _, most = resource.getrlimit(limit)
        allowed = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(limit, (allowed, most))


def _size() -> int:
    """Count the bytes of address space that the process holds."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (OSError, ValueError):
        return 2 << 30
    return pages * resource.getpagesize()
