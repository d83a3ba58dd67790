"""The states of a request and of a grant, and the only ways from one to the next.

Rules kept here:

- a class for each state: a step takes the state that it starts from and gives the next; whatever
  else is asked raises, changes nothing, and is told (409);
- a use is counted by `collect`, and by nothing else; a grant has one;
- collecting twice, too late or after a withdrawal are three errors, since the service does three
  different things next. Answering a request that ended is one;
- a grant that was never collected becomes void by withdrawal or by time; nothing left the vault.

Values without clock or table: `consent.service` keeps them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, TypeAlias, assert_never

from consent.errors import ConsentError

WAITING: Final = timedelta(hours=72)
"""How long a grant waits to be collected."""


class IllegalTransitionError(ConsentError):
    """The state does not allow this step; nothing was changed. Details: `state`."""

    code: ClassVar[str] = "illegal-transition"


class GrantUsedError(IllegalTransitionError):
    """The one use of the grant was taken."""

    code: ClassVar[str] = "grant-used"


class GrantExpiredError(IllegalTransitionError):
    """The time of the grant has passed without a collection."""

    code: ClassVar[str] = "grant-expired"


class GrantWithdrawnError(IllegalTransitionError):
    """The person took the grant back before it was collected."""

    code: ClassVar[str] = "grant-withdrawn"


class RequestClosedError(IllegalTransitionError):
    """The request was answered, refused or cancelled, or its time has passed."""

    code: ClassVar[str] = "request-closed"


@dataclass(frozen=True, slots=True)
class Pushed:
    """A request that waits for an answer."""

    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that a grant answered."""


@dataclass(frozen=True, slots=True)
class Declined:
    """A request that the person refused; the service is not told."""

    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A request that the service took back."""


RequestState: TypeAlias = Pushed | Answered | Declined | Cancelled


def answer(state: RequestState, now: datetime) -> Answered:
    """Take a grant; raise RequestClosedError."""
    _waiting(state, now)
    return Answered()


def decline(state: RequestState, now: datetime) -> Declined:
    """Take the person's refusal; raise RequestClosedError."""
    return Declined(_waiting(state, now).expires_at)


def cancel(state: RequestState, now: datetime) -> Cancelled:
    """Let the service take its request back; raise RequestClosedError when it was answered.

    A refused one is cancelled like one that waits: the service cannot tell.
    """
    match state:
        case Pushed(expires_at) | Declined(expires_at) if now < expires_at:
            return Cancelled()
        case _:
            raise RequestClosedError("got a cancellation too late", state=name_of(state))


def _waiting(state: RequestState, now: datetime) -> Pushed:
    if not isinstance(state, Pushed) or now >= state.expires_at:
        raise RequestClosedError("got an answer to a request that does not wait")
    return state


@dataclass(frozen=True, slots=True)
class Ready:
    """A grant that waits for its collection, until `collect_by`."""

    collect_by: datetime


@dataclass(frozen=True, slots=True)
class Collected:
    """A grant whose use was taken."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Receipted:
    """The service acknowledged what it got."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Rejected:
    """The service refused what it got; the use stays counted."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Void: the person took the grant back, and nothing left the vault."""


@dataclass(frozen=True, slots=True)
class Lapsed:
    """Void: nobody came in time."""


GrantState: TypeAlias = Ready | Collected | Receipted | Rejected | Withdrawn | Lapsed


def accept(expires_at: datetime, now: datetime) -> Ready:
    """Begin a grant; raise GrantExpiredError when its end has passed."""
    if now >= expires_at:
        raise GrantExpiredError("got a grant whose end has passed", state="ready")
    return Ready(min(expires_at, now + WAITING))


def collect(state: GrantState, now: datetime) -> Collected:
    """Take the use for the service.

    Raises GrantUsedError, GrantExpiredError or GrantWithdrawnError.
    """
    match state:
        case Ready(collect_by) if now < collect_by:
            return Collected(now)
        case Ready() | Lapsed():
            raise GrantExpiredError("got a collection too late", state=name_of(state))
        case Collected() | Receipted() | Rejected():
            raise GrantUsedError("got a second collection", state=name_of(state))
        case Withdrawn():
            raise GrantWithdrawnError("got a collection after the withdrawal", state="withdrawn")
        case _:
            assert_never(state)


def acknowledge(state: GrantState, *, accepted: bool) -> Receipted | Rejected:
    """Take a receipt; raise IllegalTransitionError unless one is awaited."""
    if not isinstance(state, Collected):
        raise IllegalTransitionError("got a receipt that is not awaited", state=name_of(state))
    return Receipted(state.at) if accepted else Rejected(state.at)


def withdraw(state: GrantState) -> Withdrawn:
    """Take the person's withdrawal; raise IllegalTransitionError unless it waits."""
    if not isinstance(state, Ready):
        raise IllegalTransitionError("got a withdrawal too late", state=name_of(state))
    return Withdrawn()


def lapse(state: GrantState, now: datetime) -> GrantState:
    """Let time pass: a grant that waited long enough is void, any other stays what it is."""
    return Lapsed() if isinstance(state, Ready) and now >= state.collect_by else state


def name_of(state: RequestState | GrantState) -> str:
    """Give the name of a state, as tables and screens have it."""
    return type(state).__name__.lower()
