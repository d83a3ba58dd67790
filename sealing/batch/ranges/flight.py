"""Letters that are signed and wait for their time-stamps, several at once.

Rules kept here:

- an authority takes its time: while it answers, the next letters are signed;
- letters land in the order in which they left, each sealed or with what went wrong;
- how many are in flight has a limit, and so have their bytes. Without time-stamps, a letter lands
  at once and no thread is started.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from sealing.batch.ledger.rows import Waiting
from sealing.pades.seal import SealedPdf
from sealing.service.codes import Order
from sealing.service.letter import UnfinishedLetter
from sealing.service.steps import Steps

MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Begun:
    """A letter that was read: its row, what its code says, and the steps that sign it."""

    row: Waiting
    order: Order | None
    sample: bool
    size: int
    steps: Steps[UnfinishedLetter]


@dataclass(frozen=True, slots=True)
class Signed:
    """A letter on its way: its row, what its code says, its signed PDF, whether it is a sample."""

    row: Waiting
    order: Order | None
    letter: UnfinishedLetter
    sample: bool


@dataclass(slots=True)
class Flight:
    """The letters on their way; `most` at once. Open it by `opened`."""

    most: int
    _pool: ThreadPoolExecutor | None = None
    _waiting: deque[tuple[Signed, Future[SealedPdf] | None]] = field(default_factory=deque)
    _bytes: int = 0

    @classmethod
    @contextmanager
    def opened(cls, most: int) -> Iterator["Flight"]:
        """Open one for a worker; `most` of 1 starts no thread."""
        if most <= 1:
            yield cls(1)
            return
        with ThreadPoolExecutor(most, "stamp") as pool:
            try:
                yield cls(most, pool)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    @property
    def is_full(self) -> bool:
        """Tell whether one must land before another leaves."""
        return len(self._waiting) >= self.most or self._bytes >= MOST_BYTES

    @property
    def is_empty(self) -> bool:
        """Tell whether none is on its way."""
        return not self._waiting

    def leave(self, signed: Signed) -> None:
        """Have a letter stamped, in its own time."""
        asked = None if self._pool is None else self._pool.submit(signed.letter.stamp)
        self._waiting.append((signed, asked))
        self._bytes += signed.letter.size

    def next(self) -> Signed:
        """Give the letter that lands next."""
        return self._waiting[0][0]

    def land(self) -> SealedPdf:
        """Take the letter that lands next off the list; give its sealed file.

        Raises what its time-stamps do; it is off the list then too.
        """
        signed, asked = self._waiting.popleft()
        self._bytes -= signed.letter.size
        return signed.letter.stamp() if asked is None else asked.result()

    def give_up(self) -> None:
        """Forget all of them: they stay as the ledger has them."""
        for _, asked in self._waiting:
            if asked is not None:
                asked.cancel()
        self._waiting.clear()
        self._bytes = 0
