"""The process that seals, as the routes know it: told what waits, awaited, never entered.

The web process writes the commission, then tells the office; what became of it stands in the
database. So nothing is lost when either of them dies, and no key is in this process.
"""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Protocol, cast

from fastapi import Depends, Request

from sealing.errors import SealingError
from sealing.service.retention import Keeping
from sealing.service.storeroom import Storeroom
from sealing.web.entrance import Entrance


class OfficeAwayError(SealingError):
    """The process that seals is not there, or cannot begin."""

    code: ClassVar[str] = "office.away"
    retryable: ClassVar[bool] = True


class Office(Protocol):
    """The sealing process."""

    def require_up(self) -> None:
        """Begin the process of letters if need be; raise OfficeAwayError when it cannot work."""

    def require_mailings(self) -> None:
        """Begin the process of mailings if need be; raise OfficeAwayError when it cannot work."""

    async def letter(self, identifier: str, seconds: float) -> None:
        """Tell of a letter, and wait until it is settled, at most so long."""

    async def mailing(self, identifier: str, seconds: float) -> None:
        """Tell of a mailing, and wait until its list is checked, at most so long."""

    def cancel(self, identifier: str) -> None:
        """Tell that a mailing is to be stopped."""

    def rate(self, identifier: str) -> float | None:
        """Give the letters a second of a mailing that is being sealed."""


@dataclass(frozen=True, slots=True)
class Counter:
    """What the routes work with; a mailing weighs `most_mailing` bytes at most."""

    office: Office
    room: Storeroom
    keeping: Keeping
    most_mailing: int
    entrance: Entrance = field(default_factory=Entrance)


def counter(request: Request) -> Counter:
    """Give what the server was started with."""
    return cast("Counter", request.app.state.sealing)


AtCounter = Annotated[Counter, Depends(counter)]
