"""Has the issuer taken the letter back? Its own lists are asked, never its server.

The lines, in their order (`verifier/DESIGN.md`, "Letters taken back"):

1. the identifier leads to a slot: list and place; one without is unknown, and so it stays;
2. a list speaks for a letter when its signer has the organisation and the authority of the seal or
   town code; for a 2D-Doc, whose authorities sign no list, the organisation;
3. it is proved: its signature, a chain to an authority of the trust folder, valid on the day of the
   list, none of it revoked, a key made for such lists and for nothing else (`status_proof`);
4. of the lists of one address the newest is asked; of several addresses the worst answer counts;
5. the state: revoked and superseded are for good, so a list of any age tells them;
6. nothing said, and the list in force: current. A list past its end, too old, of tomorrow, or whose
   own revocations nobody can check, that nothing proves any more, or of other numbers alone: try
   later, never silently valid.

Unsure, never failed: the seal is genuine, its issuer took it back. A list has no date for a state:
the date told is the list's. No clock, no network: hours are given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

from sealing.proofs.document_id import list_of, slot_of
from sealing.proofs.status_list import NoSlotError, ParsedStatusList, Slots
from verifier.check import Check, SubIndication
from verifier.checks.identity import issuer_of
from verifier.trust.status_lists import StatusList, organisation_of
from verifier.trust.status_proof import chain_of_list, is_proved
from verifier.trust.trust_list import NotRevoked, TrustList
from verifier.verdict import Issuer, Named, SealState, Status

_NAME: Final = "file.status"
_AHEAD: Final = timedelta(days=1)
_REVOKED: Final = 1
_SUPERSEDED: Final = 2
# The worst first.
_REASONS: Final = (
    "status-revoked",
    "status-superseded",
    "status-unclear",
    "status-no-slot",
    "status-no-list",
    "status-list-unproved",
    "status-list-unchecked",
    "status-list-of-tomorrow",
    "status-list-too-old",
    "status-current",
)
_STATES: Final = {
    "status-revoked": SealState.REVOKED,
    "status-superseded": SealState.SUPERSEDED,
    "status-current": SealState.CURRENT,
}
_WORST: Final = (SealState.REVOKED, SealState.SUPERSEDED, SealState.UNKNOWN, SealState.CURRENT)
_FOR_GOOD: Final = frozenset({"status-revoked", "status-superseded", "status-unclear"})


@dataclass(frozen=True, slots=True)
class Hours:
    """The moment to judge at, and today."""

    moment: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one letter; `issued` is the date of the list that says it."""

    reason: str
    issued: datetime | None = None

    @property
    def state(self) -> SealState:
        """Give the state that follows."""
        return _STATES.get(self.reason, SealState.UNKNOWN)

    @property
    def check(self) -> Check:
        """Give the answer as a check of the file."""
        told: dict[str, str | int] = {}
        if self.issued is not None:
            told = {"at": self.issued.isoformat(), "day": f"{self.issued:%d/%m/%Y}"}
        if self.state is SealState.CURRENT:
            return Check.passed(_NAME, self.reason, **told)
        sub = SubIndication.GENERIC if self.reason in _FOR_GOOD else SubIndication.TRY_LATER
        return Check.unsure(_NAME, self.reason, sub, **told)


@dataclass(frozen=True, slots=True)
class _Proved:
    """A list whose signature and chain hold. `checked`: lists of revocations in force say so."""

    kept: StatusList
    slots: Slots
    checked: bool


def check_status(
    named: Sequence[Named], trust: TrustList, hours: Hours
) -> tuple[Status, tuple[Check, ...]]:
    """Ask the lists about every letter that the proofs of a file name."""
    letters: dict[UUID, list[Issuer]] = {}
    for one in named:
        letters.setdefault(one.identifier, []).append(one.issuer)
    answers = [_answer(letter, issuers, trust, hours) for letter, issuers in letters.items()]
    known = list(dict.fromkeys(answer for answer in answers if answer is not None))
    states = {SealState.UNKNOWN if answer is None else answer.state for answer in answers}
    state = next((one for one in _WORST if one in states), SealState.UNKNOWN)
    dates = [one.issued for one in known if one.issued is not None and one.state is state]
    return Status(state, min(dates, default=None)), tuple(answer.check for answer in known)


def _answer(
    letter: UUID, issuers: Sequence[Issuer], trust: TrustList, hours: Hours
) -> Answer | None:
    """Ask about one letter; None where no list names its issuer."""
    slot = slot_of(letter)  # (1)
    if slot is None:
        return None
    number, place = list_of(slot)
    claimed = [one for one in trust.status_lists if _claims(one, issuers)]
    own = [one for one in claimed if one.number == number]
    proved = [found for one in own for found in _proved(one, issuers, trust, hours)]
    if not proved:
        others = (one for one in claimed if one.number != number)
        if not own and any(any(_proved(one, issuers, trust, hours)) for one in others):
            return Answer("status-no-list")  # its issuer has lists: this one is missing
        return Answer("status-list-unproved") if claimed else None
    newest: dict[str, datetime] = {}
    for found in proved:
        kept = found.kept
        newest[kept.address] = max(kept.issued, newest.get(kept.address, kept.issued))
    last = (one for one in proved if one.kept.issued == newest[one.kept.address])  # (4)
    said = [_said(found, place, trust, hours) for found in last]
    return min(said, key=lambda answer: _REASONS.index(answer.reason))


def _claims(one: StatusList, issuers: Sequence[Issuer]) -> bool:
    """Tell whether a list names the organisation of a letter; proves nothing."""
    name, _ = organisation_of(one.certificates[0])
    return bool(name) and any(name == issuer.organisation for issuer in issuers)


def _speaks(signer: Issuer, holder: Issuer) -> bool:
    """Tell whether who signed a list is who sealed the letter."""
    if not signer.organisation or signer.organisation != holder.organisation:
        return False
    if holder.authority is None:
        return not (signer.number and holder.number) or signer.number == holder.number
    return signer.authority == holder.authority != b"" and signer.number == holder.number


def _proved(
    one: StatusList, issuers: Sequence[Issuer], trust: TrustList, hours: Hours
) -> Iterator[_Proved]:
    """Prove a list and read its slots; nothing where it does not hold, or speaks for others."""
    chain = chain_of_list(one, trust)
    signer = issuer_of(chain)
    if not any(_speaks(signer, holder) for holder in issuers):  # (2)
        return
    if not is_proved(one, chain, trust, hours.moment):  # (3)
        return
    states = [trust.revocation(below, high, hours.moment) for below, high in pairwise(chain)]
    checked = all(isinstance(state, NotRevoked) for state in states)
    yield _Proved(one, ParsedStatusList.parse(one.token).claims.slots, checked)


def _said(one: _Proved, place: int, trust: TrustList, hours: Hours) -> Answer:
    """Say what a proved list says of a place, and whether that still counts."""
    issued = one.kept.issued
    try:
        mark = one.slots.state(place)
    except NoSlotError:
        return Answer("status-no-slot", issued)
    if mark:  # (5)
        told = {_REVOKED: "status-revoked", _SUPERSEDED: "status-superseded"}
        return Answer(told.get(mark, "status-unclear"), issued)
    if not one.checked:  # (6)
        return Answer("status-list-unchecked", issued)
    if issued > hours.now + _AHEAD:
        return Answer("status-list-of-tomorrow", issued)
    due = issued + trust.limits.directory
    if hours.moment > min(one.kept.expires or due, due):
        return Answer("status-list-too-old", issued)
    return Answer("status-current", issued)
