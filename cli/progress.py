"""Long work, told while it goes on, and ended in order.

Rules kept here:

- on a terminal, a bar; elsewhere a line every ten seconds: done, failed, rate, time left;
- the rate is that of the last fifteen seconds: an estimate follows a machine that gets busy; while
  there is none, nothing is said of it;
- the first Ctrl-C (or SIGTERM) asks for an end in order, the second for one at once. Handlers are
  those of the main thread, and go back to what they were.
"""

import signal
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final

from cli.output import Output
from storage.language import N_

_EVERY: Final = 10.0
_WINDOW: Final = 15.0
_MINUTE: Final = 60
_MANY: Final = 10


@dataclass(slots=True)
class Interrupts:
    """How often the person asked for an end."""

    count: int = 0


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Count Ctrl-C instead of ending at once."""
    asked = Interrupts()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        asked.count += 1

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {kind: signal.signal(kind, ask) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


@dataclass(slots=True)
class Progress:
    """Tells how far a work of `total` items is; `done` counts those that failed or are refused too.

    `doing`: what is done to them, where that does not go without saying; then nothing fails.
    """

    output: Output
    total: int
    already: int
    doing: str = ""
    _seen: deque[tuple[float, int]] = field(default_factory=deque)
    _told: float = field(default_factory=time.monotonic)
    _bar: Any = None

    def show(self, done: int, failed: int = 0, refused: int = 0) -> None:
        """Tell where the work stands."""
        now = time.monotonic()
        self._seen.append((now, done))
        while now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()
        if self.output.stderr.isatty():
            self._draw(done, failed, refused)
        elif now - self._told >= _EVERY:
            self._told = now
            self.output.say(self.line(done, failed, refused))

    def line(self, done: int, failed: int = 0, refused: int = 0) -> str:
        """Write where the work stands: done, refused, failed; rate and time left, once known."""
        tr, rate = self.output.tr, self.rate
        told = tr(N_("{done} sur {total} (refus : {refused}, échecs : {failed})"))
        if self.doing:
            told = tr(N_("{doing} : {done} sur {total}"))
        words = {"done": done, "total": self.total, "failed": failed, "refused": refused}
        told = told.format(**words, doing=self.doing)
        if not rate:
            return told
        pace = tr(N_("{told}, {rate}/s, reste {left}"))
        return pace.format(told=told, rate=paced(rate), left=duration((self.total - done) / rate))

    @property
    def rate(self) -> float:
        """Give how many items are done in a second, of late."""
        if not self._seen:
            return 0.0
        (first, before), (last, after) = self._seen[0], self._seen[-1]
        return (after - before) / (last - first) if last > first else 0.0

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _draw(self, done: int, failed: int, refused: int) -> None:
        if self._bar is None:
            self._bar = _bar(self.output)
            self._bar.start()
            self._bar.add_task("", total=self.total, completed=self.already)
        task, line = self._bar.task_ids[0], self.line(done, failed, refused)
        self._bar.update(task, completed=done, description=line, refresh=True)


def duration(seconds: float) -> str:
    """Write a time as people say it."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    minutes = round(seconds / _MINUTE)
    if minutes < _MINUTE:
        return f"{minutes} min"
    return f"{minutes // _MINUTE} h {minutes % _MINUTE:02}"


def paced(rate: float) -> str:
    """Write how many of something there are in a second: with a tenth, where they are few."""
    return f"{rate:.0f}" if rate >= _MANY else f"{rate:.1f}"


def _bar(output: Output) -> Any:  # noqa: ANN401 - rich is loaded on a terminal alone
    from rich.console import Console  # noqa: PLC0415 - only where it is shown
    from rich.progress import BarColumn, TextColumn  # noqa: PLC0415 - as above
    from rich.progress import Progress as Bar  # noqa: PLC0415 - as above

    columns = (BarColumn(bar_width=24), TextColumn("{task.description}", markup=False))
    console = Console(file=output.stderr)
    return Bar(*columns, console=console, auto_refresh=False, transient=True)
