"""Questions to other machines that must end in time, whatever the other side does.

Rules kept here:

- a library's time-out is per read: a server that drops a byte now and then would never meet it. So
  when the time is over, the sockets in use are ended under their reader;
- one thread watches for all the questions of a door, and goes when none is left: a thread for each
  would cost more than the question;
- every deadline of a watchman is as long as the others: the oldest is the first to end.
"""

import contextlib
import socket
import threading
from collections import deque
from time import monotonic, sleep


class Deadline:
    """The time of one question. `sockets` are those in use; they may change meanwhile."""

    def __init__(self, seconds: float, sockets: list[socket.socket]) -> None:
        """Begin now."""
        self._end = monotonic() + seconds
        self._sockets = sockets
        self.is_kept = False

    @property
    def left(self) -> float:
        """Give the seconds left, a little above zero at least."""
        return max(0.001, self._end - monotonic())

    @property
    def is_over(self) -> bool:
        """Tell whether the time is over."""
        return monotonic() >= self._end

    def stop(self) -> None:
        """End the sockets in use."""
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                # Not the method of a TLS socket, which forgets its state under its reader.
                socket.socket.shutdown(one, socket.SHUT_RDWR)


class Watchman:
    """Ends the questions that are late."""

    def __init__(self) -> None:
        """Begin with nothing to watch."""
        self._lock = threading.Lock()
        self._waiting: deque[Deadline] = deque()
        self._is_awake = False

    def watch(self, deadline: Deadline) -> None:
        """Watch a deadline until it is kept, or over."""
        with self._lock:
            self._waiting.append(deadline)
            if not self._is_awake:
                self._is_awake = True
                threading.Thread(target=self._stand, daemon=True).start()

    def _stand(self) -> None:
        while (first := self._first()) is not None:
            sleep(first.left)
            if first.is_over and not first.is_kept:
                first.stop()
                first.is_kept = True

    def _first(self) -> Deadline | None:
        """Give the oldest that is not kept yet; with none, the watch ends."""
        with self._lock:
            while self._waiting and self._waiting[0].is_kept:
                self._waiting.popleft()
            self._is_awake = bool(self._waiting)
            return self._waiting[0] if self._waiting else None
