"""An event loop without descriptors, for coroutines that wait for nothing.

pyHanko is written for the network; here it fetches nothing, so that its coroutines never wait. The
usual loop opens a selector and a pair of sockets all the same, which a limited child may not.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


class _Loop(asyncio.BaseEventLoop):
    """A loop that is its own selector, and never has anything to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = self

    def select(self, timeout: float | None) -> list[Any]:
        """Give what is ready: nothing ever is."""
        if timeout is None:
            raise RuntimeError("got a coroutine that waits")
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        del event_list

    def _write_to_self(self) -> None:
        """Wake nobody: there is one thread."""


def finished(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end; raise what it raises, or RuntimeError if it waits."""
    loop = _Loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()
