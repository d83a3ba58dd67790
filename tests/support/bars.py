"""What one input may cost its reader: 2 seconds of processor, 512 MiB more than before.

The bars of every parser, held input by input. Processor time, for the machine is shared; virtual
memory, which the kernel refuses beyond the bar: both fail the test whatever the parser catches.
Meanwhile nothing is collected: after 100,000 examples, going over the test's own objects takes more
than two seconds.
"""

import gc
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SECONDS: Final = 2.0
MEMORY: Final = 512 * 1024 * 1024
_STATM: Final = Path("/proc/self/statm")


class InputTooLongError(AssertionError):
    """One input took more of the processor than any may."""


@contextmanager
def bounded(seconds: float = SECONDS) -> Iterator[None]:
    """Hold what is done here to the bars: InputTooLongError, MemoryError."""
    _, hard = before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(_STATM.read_text("ascii").split()[0]) * resource.getpagesize()
    handler = signal.signal(signal.SIGVTALRM, _stop)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, hard))
    collecting = gc.isenabled()
    gc.disable()
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if collecting:
            gc.enable()
        resource.setrlimit(resource.RLIMIT_AS, before)
        signal.signal(signal.SIGVTALRM, handler)


def _stop(*_: object) -> None:
    raise InputTooLongError(f"got no end after {SECONDS} seconds of processor")
