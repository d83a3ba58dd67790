"""Who may bring letters now: each service its share of the places, each sender a least speed.

Rules kept here:

- of the places where requests bring letters (`storeroom.MOST_ARRIVALS`), one service has a quarter
  and never less than two, over all its keys: whatever it sends, however slowly, others come in;
- a place is not held by nothing: who pauses for half a minute, or stays below 4 KiB/s once a minute
  was waited for, is cut off. Time that our own disk takes is not counted.

Held in this process alone, which is the only one that takes letters.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar, Final

from sealing.errors import SealingError
from sealing.service.storeroom import MOST_ARRIVALS

PAUSE: Final = 30.0
GRACE: Final = 60.0
LEAST_RATE: Final = 4 << 10
_QUARTER: Final = 4
_LEAST: Final = 2


class ShareTakenError(SealingError):
    """The service brings as many letters at once as it may. Details: `limit`."""

    code: ClassVar[str] = "api-key.busy"
    retryable: ClassVar[bool] = True


@dataclass(slots=True)
class Entrance:
    """Where requests come in; `places` in all."""

    places: int = MOST_ARRIVALS
    _held: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> int:
        """Give how many places one service may hold."""
        return max(_LEAST, self.places // _QUARTER)

    @contextmanager
    def place(self, service: str) -> Iterator[None]:
        """Hold a place for a service; raise ShareTakenError."""
        if self._held[service] >= self.share:
            raise ShareTakenError("got one more than a share", limit=self.share)
        self._held[service] += 1
        try:
            yield
        finally:
            self._held[service] -= 1
            self._held += Counter()  # services that hold nothing are forgotten


@dataclass(slots=True)
class Pace:
    """How a body has come so far: bytes, and the seconds for which they were awaited."""

    came: int = 0
    waited: float = 0.0

    def patience(self) -> float:
        """Give for how many seconds the next piece is awaited; nought or less for one too slow."""
        return min(PAUSE, GRACE + self.came / LEAST_RATE - self.waited)
