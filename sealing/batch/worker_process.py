"""A worker of this machine: a process with a pipe to whoever began it, and a number in hand.

Rules kept here:

- a word by the pipe, or its end, means that the worker must finish what it has in hand and leave;
- nothing but plain values is shared: no lock that a killed process could keep;
- a worker does not hear Ctrl-C, which a terminal sends to all. What it prints goes to its own log.

Begun by `forkserver`: the libraries are loaded once, and nothing of the parent is inherited.
"""

import multiprocessing
import os
import select
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, Self

FORKSERVER: Final = "forkserver"


@dataclass(frozen=True, slots=True)
class WorkerSide:
    """A worker's own side: it tells what it has in hand, and hears whether it must leave."""

    pipe: Connection
    value: Any

    def hold(self, number: int) -> None:
        """Say what is in hand, by its number; 0 for nothing."""
        self.value.value = number

    def leaving(self) -> bool:
        """Tell whether this worker must leave: a word from whoever began it, or their end."""
        return bool(select.select([self.pipe.fileno()], [], [], 0)[0])

    def say(self, what: object) -> None:
        """Say something; nobody may be there to hear it."""
        with suppress(OSError):
            self.pipe.send(what)


Duty = Callable[[WorkerSide], None]


@dataclass(slots=True)
class WorkerProcess:
    """A worker as whoever began it sees it; further members have defaults."""

    process: BaseProcess
    pipe: Connection
    value: Any

    @classmethod
    def begun(
        cls, duty: Duty, log: Path | None, method: str, preloaded: Sequence[str] = ()
    ) -> Self:
        """Begin a process with a duty, which must be picklable; raise OSError."""
        context: Any = multiprocessing.get_context(method)
        if method == FORKSERVER:
            context.set_forkserver_preload(list(preloaded))
        ours, theirs = context.Pipe()
        value = context.RawValue("q", 0)
        process = context.Process(target=_serve, args=(theirs, ours, value, duty, log), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours, value)

    @property
    def pid(self) -> int:
        """Give its number."""
        return self.process.pid or 0

    @property
    def hand(self) -> int:
        """Give the number of what it has in hand; 0 for nothing."""
        return int(self.value.value)

    def say(self, what: object) -> None:
        """Say something to it; if it died, its end is heard of next."""
        with suppress(OSError):
            self.pipe.send(what)

    def bury(self) -> None:
        """Wait for its end, and close what is left."""
        self.pipe.close()
        self.process.join()
        self.process.close()


def _serve(
    pipe: Connection,
    other: Connection,
    value: Any,  # noqa: ANN401 - of ctypes
    duty: Duty,
    log: Path | None,
) -> None:
    """Be a worker: what its process runs."""
    other.close()  # the other's end: while anybody else holds it, its death is not heard of
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _print_to(log)
    duty(WorkerSide(pipe, value))


def _print_to(log: Path | None) -> None:
    if log is None:
        return
    with suppress(OSError):
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(handle, 2)
        os.close(handle)
