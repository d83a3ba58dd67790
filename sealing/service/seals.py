"""The register of seals: slots given in blocks, letters taken back.

Rules kept here (`sealing/DESIGN.md`, "Status list"):

- slots are given in blocks, one after the other, in one transaction each; none is given twice,
  whatever becomes of its block;
- nothing is kept of a letter until it is taken back: its identifier proves itself, by the key of
  its block, to be one that this register gave. What was mistyped or made up is refused, so nobody
  else's letter is hit;
- a database that was restored does not know what was given since: it goes on in a list of which no
  slot can have been, and says in the journal from where. Slots are never taken back;
- a letter is revoked, or superseded by another; both are for good. What is superseded may still be
  revoked, never the reverse. The same order again changes nothing and is told as done;
- the reason is one of a closed list: no free text, which would be about a person one day.

A function takes the caller's transaction and `now`.
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from sealing.errors import SealingError
from sealing.proofs.document_id import (
    KEY_BYTES,
    LIST_SLOTS,
    SLOTS,
    Slot,
    SlotKey,
    is_of_block,
    slot_of,
)
from storage.database import open_engine, transaction
from storage.journal import Entry, Event, append
from storage.migrations.upgrade import require_head
from storage.settings import Settings
from storage.tables.seals import SealBlockRow, SealRegisterRow, SealStateRow


class UnknownSealError(SealingError):
    """No letter of this register bears such an identifier. Details: `id`."""

    code: ClassVar[str] = "sealing.seal-unknown"


class SealRevokedError(SealingError):
    """A revoked letter cannot be superseded, nor take the place of another. Details: `id`."""

    code: ClassVar[str] = "sealing.seal-revoked"


class OtherReplacementError(SealingError):
    """The letter was superseded by another one, or by itself. Details: `id`, `by`."""

    code: ClassVar[str] = "sealing.seal-other-replacement"


class RegisterFullError(SealingError):
    """Every slot of the register was given."""

    code: ClassVar[str] = "sealing.register-full"


class SlotFarError(SealingError):
    """A slot that no letter of this register can have. Details: `slot`, `next`."""

    code: ClassVar[str] = "sealing.slot-far"


class State(StrEnum):
    """What the issuer says of a letter."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"


class Reason(StrEnum):
    """Why a letter was taken back."""

    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    WRONG_CONTENT = "wrong-content"
    WRONG_RECIPIENT = "wrong-recipient"


# Lists that may be left out at once: a slip in an identifier must not use the register up.
_FURTHEST: Final = 64 * LIST_SLOTS
MARKS: Final = {State.CURRENT: 0, State.REVOKED: 1, State.SUPERSEDED: 2}


@dataclass(frozen=True, slots=True)
class Block:
    """Slots that were given at once."""

    first: int
    count: int
    key: bytes = field(repr=False)

    def slot_key(self, number: int) -> SlotKey:
        """Give one of its slots, counted from 0; raise ValueError."""
        if not 0 <= number < self.count:
            raise ValueError(f"got slot {number} of {self.count}")
        return SlotKey(Slot(self.first + number), self.key)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a letter stands. `changed`: by the act that is answered."""

    identifier: UUID
    slot: Slot
    state: State
    reason: Reason | None = None
    replaced_by: UUID | None = None
    at: datetime | None = None
    changed: bool = False


@contextmanager
def register(settings: Settings) -> Iterator[Engine]:
    """Open the installation's database, which holds the register.

    Raises SchemaError where it is not at this program's revision, DatabaseUnavailableError.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    try:
        require_head(engine)
        yield engine
    finally:
        engine.dispose()


def take(session: Session, count: int, now: datetime, randomness: bytes) -> Block:
    """Give a block of slots; `randomness` is 16 random bytes. Raises RegisterFullError."""
    if count < 1 or len(randomness) != KEY_BYTES:
        raise ValueError(f"got {count} slots and a key of {len(randomness)} bytes")
    counter = session.exec(select(SealRegisterRow).with_for_update()).one()
    if counter.next + count > SLOTS:
        raise RegisterFullError(f"got {count} slots, {SLOTS - counter.next} left")
    block = Block(counter.next, count, randomness)
    session.add(SealBlockRow(first=block.first, count=count, key=block.key, taken_at=now))
    counter.next += count
    session.add(counter)
    session.flush()
    return block


def take_now(settings: Settings, count: int, now: datetime) -> Block:
    """Give a block in a transaction of its own; raise what `register` and `take` do."""
    with register(settings) as engine, transaction(engine) as session:
        return take(session, count, now, os.urandom(KEY_BYTES))


def slot_for_one(settings: Settings, now: datetime) -> SlotKey | None:
    """Give a slot for a single letter; None where the settings publish no list."""
    return None if settings.status.address is None else take_now(settings, 1, now).slot_key(0)


def advance(session: Session, given_since: Iterable[int], now: datetime) -> range:
    """Go on in the next list above every slot that may have been given; give those left out.

    `given_since` are slots that the register does not know of. Raises SlotFarError,
    RegisterFullError.
    """
    counter = session.exec(select(SealRegisterRow).with_for_update()).one()
    first, last = counter.next, max((counter.next, *given_since))
    # A list further even from the first slot of one: what was given since begins there.
    after = (last // LIST_SLOTS + 1) * LIST_SLOTS
    if after > first + _FURTHEST:
        raise SlotFarError("got a slot far above the next", slot=last, next=first)
    if after >= SLOTS:
        raise RegisterFullError(f"got slot {last}, {SLOTS - first} left")
    counter.next = after
    session.add(counter)
    append(session, Entry(Event.SEAL_REGISTER_ADVANCED, now, subject=f"{first}-{after}"))
    session.flush()
    return range(first, after)


def standing(session: Session, identifier: UUID) -> Standing:
    """Tell how a letter stands; raise UnknownSealError."""
    slot = _proved(session, identifier)
    row = session.get(SealStateRow, slot)
    if row is None:
        return Standing(identifier, slot, State.CURRENT)
    by = None if row.replaced_by is None else UUID(row.replaced_by)
    return Standing(identifier, slot, State(row.state), Reason(row.reason), by, row.at)


def revoke(session: Session, identifier: UUID, reason: Reason, now: datetime) -> Standing:
    """Take a letter back; raise UnknownSealError."""
    _lock(session)
    before = standing(session, identifier)
    if before.state is State.REVOKED:
        return before
    row = SealStateRow(
        slot=before.slot,
        document_id=str(identifier),
        state=State.REVOKED,
        reason=reason,
        replaced_by=_text(before.replaced_by),
        at=now,
    )
    return _told(session, row, Event.SEAL_REVOKED)


def supersede(session: Session, identifier: UUID, by: UUID | None, now: datetime) -> Standing:
    """Have a letter replaced, by another of this register if it is named.

    Raises UnknownSealError, SealRevokedError, OtherReplacementError.
    """
    _lock(session)
    before = standing(session, identifier)
    if before.state is State.REVOKED:
        raise SealRevokedError("got a revoked letter", id=str(identifier))
    if by is not None:
        other = standing(session, by)
        if other.slot == before.slot:
            raise OtherReplacementError("got the letter itself", id=str(identifier), by=str(by))
        if other.state is State.REVOKED:
            raise SealRevokedError("got a revoked replacement", id=str(by))
    if before.state is State.SUPERSEDED and by in {None, before.replaced_by}:
        return before
    if before.replaced_by is not None:
        told = str(before.replaced_by)
        raise OtherReplacementError("got another replacement", id=str(identifier), by=told)
    row = SealStateRow(
        slot=before.slot,
        document_id=str(identifier),
        state=State.SUPERSEDED,
        reason=Reason.REPLACED,
        replaced_by=_text(by),
        at=now,
    )
    return _told(session, row, Event.SEAL_SUPERSEDED)


def given(session: Session) -> int:
    """Count the slots that were given: all of them are below this number."""
    return session.exec(select(SealRegisterRow.next)).one()


def taken_back(session: Session, slots: range) -> dict[int, State]:
    """Give the letters of some slots that were taken back."""
    wanted = col(SealStateRow.slot).between(slots.start, slots.stop - 1)
    rows = session.exec(select(SealStateRow.slot, SealStateRow.state).where(wanted))
    return {slot: State(state) for slot, state in rows}


def _lock(session: Session) -> None:
    """Have the register to oneself until the end of the transaction."""
    session.exec(select(SealRegisterRow).with_for_update()).one()


def _proved(session: Session, identifier: UUID) -> Slot:
    """Give the slot of an identifier that this register gave; raise UnknownSealError."""
    slot = slot_of(identifier)
    if slot is not None:
        below = select(SealBlockRow).where(col(SealBlockRow.first) <= slot)
        block = session.exec(below.order_by(col(SealBlockRow.first).desc()).limit(1)).first()
        if block and slot < block.first + block.count and is_of_block(identifier, block.key):
            return slot
    raise UnknownSealError("got an identifier of no letter of ours", id=str(identifier))


def _text(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)


def _told(session: Session, row: SealStateRow, event: Event) -> Standing:
    """Write a state, and the act in the journal."""
    identifier = UUID(row.document_id)
    subject = urlsafe_b64encode(identifier.bytes).rstrip(b"=").decode()
    session.merge(row)
    append(session, Entry(event, row.at, subject=subject))
    session.flush()
    by = None if row.replaced_by is None else UUID(row.replaced_by)
    state, reason = State(row.state), Reason(row.reason)
    return Standing(identifier, Slot(row.slot), state, reason, by, row.at, changed=True)
