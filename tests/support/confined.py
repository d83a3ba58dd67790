"""Work for the process beside the sealing one; and doing it here, where a test looks into it."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sealing.errors import PageOutOfRangeError


def here(work: Callable[..., bytes], *args: Any) -> bytes:
    """Do the work in this process, without bounds; in place of `sealing.confined.run`."""
    return work(*args)


def spin() -> bytes:
    """Never come to an end."""
    while True:
        pass


def doze() -> bytes:
    """Do nothing for an hour."""
    time.sleep(3_600)
    return b""


def busy(seconds: float) -> bytes:
    """Work for some seconds of the processor."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return b""


def gorge() -> bytes:
    """Take more memory than is allowed, and touch none of it."""
    return b"%d" % len(bytes(1 << 30))


def die() -> bytes:
    """Die as by a fault of a library."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return b""


def complain() -> bytes:
    """Raise an error of ours."""
    raise PageOutOfRangeError("got page 3 of 2", page=3, pages=2)


def err() -> bytes:
    """Raise what is no error of ours."""
    raise KeyError("rien")


def whoami() -> bytes:
    """Give the number of the process."""
    return b"%d" % os.getpid()


def try_to_write(path: str) -> bytes:
    """Write a file."""
    return b"%d" % Path(path).write_bytes(b"x")
