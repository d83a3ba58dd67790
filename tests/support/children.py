"""Children of the tests, made to be killed."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def in_a_child(act: Callable[[], object], after: float) -> None:
    """Do something in a child that is killed -9 after some time, with all its own children."""
    pid = os.fork()
    if not pid:
        os.setsid()
        try:
            act()
        finally:
            os._exit(0)
    time.sleep(after)
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(pid, signal.SIGKILL)  # it has not begun its own group yet
    os.waitpid(pid, 0)


def children():
    """Give the processes that this one started, those that ended and were not waited for too."""
    return sorted(
        pid
        for task in Path("/proc/self/task").glob("*/children")
        for pid in task.read_text("ascii").split()
    )
