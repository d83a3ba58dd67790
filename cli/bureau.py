"""What both processes that seal for applications work with, and how they speak with the site.

Rules kept here:

- what is to be done stands in the database; a line of JSON on standard input says that there is
  something new, one on standard output that something was settled;
- standard input at its end means that the site is gone;
- what is the application's fault refuses its commission; whatever else goes wrong fails it: the
  operator, an authority or time may put it right.
"""

import json
import os
import select
import sys
import traceback
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from sealing.batch.ledger.rows import details_of
from sealing.batch.ranges.work import Check
from sealing.marks.placement import Wish
from sealing.service import settling
from sealing.service.commissions import Commission, Kind, Outcome, State
from sealing.service.levels import Level
from sealing.service.profile import Profile
from sealing.service.storeroom import FULL, NoRoomError, Storeroom
from sealing.signers.registry import UnknownSignerError
from sealing.towncode.signature import KeyNotAllowedError
from sealing.twoddoc.conformance import TypeNotForTownsError
from sealing.twoddoc.emission import Emission
from sealing.web.models import Order as Asked
from storage.database import DatabaseFullError, reading, transaction
from storage.errors import CoffreError
from storage.settings import Settings

_OURS: Final = "coffre.fault"
_DISK: Final = "office.disk"
# What is the application's to put right; the rest is the operator's, or passes.
_REFUSALS: Final = (TypeNotForTownsError, KeyNotAllowedError)


@dataclass(frozen=True, slots=True)
class Bureau:
    """What both processes work with; `address` is printed beside town codes."""

    settings: Settings
    engine: Engine
    room: Storeroom
    check: Check
    address: str | None

    def profile(self, order: Asked) -> Profile:
        """Give how letters of an order are sealed."""
        wish = Wish(order.place.page, order.place.corner)
        strict, level = self.settings.strict_c40, Level(order.level)
        emission = Emission(fold=order.fold)
        return Profile(wish, emission, self.address, strict_c40=strict, level=level)

    def settle(self, found: Commission, outcome: Outcome) -> Commission:
        """Say how a commission ended."""
        with transaction(self.engine) as session:
            return settling.settle(session, found.id, outcome, datetime.now(UTC))

    def to_do(self, kind: Kind) -> list[Commission]:
        """List what waits."""
        with reading(self.engine) as session:
            return settling.to_do(session, kind)

    def get(self, identifier: str) -> Commission | None:
        """Give a commission as it stands."""
        with reading(self.engine) as session:
            return settling.get(session, identifier)


@dataclass(slots=True)
class Line:
    """The two pipes: what the site says, and what it is told. `over`: the site is gone.

    No thread listens: a process with one thread alone forks in milliseconds, and each letter is
    compared with its code in a forked child (`verifier.reading.sandbox`).
    """

    source: int
    sink: int
    over: bool = False
    stopped: set[str] = field(default_factory=set)
    _said: deque[str] = field(default_factory=deque)
    _rest: bytes = b""

    def tell(self, **words: str | float | bool) -> None:
        """Tell the site; one that is gone hears nothing."""
        try:
            os.write(self.sink, json.dumps(words).encode() + b"\n")
        except OSError:
            self.over = True

    def next(self, seconds: float) -> str | None:
        """Give the next commission that was told of, or None when none was in so many seconds."""
        if not self._said:
            self.listen(seconds)
        return self._said.popleft() if self._said else None

    def listen(self, seconds: float = 0.0) -> None:
        """Hear what was said, waiting at most so long for it."""
        if self.over or not select.select([self.source], [], [], seconds)[0]:
            return
        piece = os.read(self.source, 1 << 16)
        self.over = not piece
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            words = json.loads(line)
            if "stop" in words:
                self.stopped.add(words["stop"])
            else:
                self._said.append(words["do"])


def outcome_of(error: Exception, *, named: bool) -> Outcome:
    """Give how a commission ends by an error; `named`: its application, or its key, says who signs.

    Where neither does, a signer that is missing is the operator's to put right.
    """
    match error:
        case CoffreError():
            refused = isinstance(error, _REFUSALS) or (
                named and isinstance(error, UnknownSignerError)
            )
            state = State.REFUSED if refused else State.FAILED
            code = error.reported or error.code
            if code == DatabaseFullError.code:
                code = NoRoomError.code
            return Outcome(state, error=code, details=details_of(error))
        case OSError(errno=number):
            return Outcome(State.FAILED, error=NoRoomError.code if number in FULL else _DISK)
        case _:
            _print(error)
            return Outcome(State.FAILED, error=_OURS)


def _print(error: Exception) -> None:
    """Write a fault of ours in our log: its class and its place, never its message."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    sys.stderr.write(f"{type(error).__name__} {place}\n")
    sys.stderr.flush()
