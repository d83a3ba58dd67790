"""The register of seals: slots, and letters taken back."""

import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from support.race import race

from sealing.proofs.document_id import LIST_SLOTS, SLOTS, Slot, document_id, slotted_id
from sealing.service import seals
from sealing.service.seals import (
    OtherReplacementError,
    Reason,
    RegisterFullError,
    SealRevokedError,
    SlotFarError,
    State,
    UnknownSealError,
)
from storage import journal
from storage.database import open_engine, reading, transaction
from storage.migrations.upgrade import SchemaError, upgrade
from storage.settings import Settings, StatusSettings
from storage.tables.seals import SealBlockRow, SealRegisterRow

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/coffre.sqlite")
    upgrade(engine)
    yield engine
    engine.dispose()


def took(engine, count=1):
    with transaction(engine) as session:
        return seals.take(session, count, NOW, os.urandom(16))


def letter(engine):
    return slotted_id(NOW, took(engine).slot_key(0))


def done(engine, act, *given):
    with transaction(engine) as session:
        return act(session, *given)


def test_blocks_follow_each_other_and_never_overlap(engine):
    blocks = [took(engine, count) for count in (1, 50, 3)]
    assert [block.first for block in blocks] == [0, 1, 51]
    assert len({block.key for block in blocks}) == 3
    with reading(engine) as session:
        assert seals.given(session) == 54


def test_blocks_taken_at_once_are_apart(engine):
    told = race(*[lambda: took(engine, 7)] * 8)
    blocks = [block for block in told if isinstance(block, seals.Block)]
    assert len(blocks) == 8
    spans = sorted((block.first, block.first + block.count) for block in blocks)
    assert all(end == begin for (_, end), (begin, _) in pairwise(spans))
    assert spans[-1][1] == 56


def test_a_block_whose_transaction_fails_was_never_given(engine):
    with pytest.raises(RuntimeError), transaction(engine) as session:
        seals.take(session, 5, NOW, os.urandom(16))
        raise RuntimeError
    assert took(engine).first == 0


def test_a_register_that_was_restored_gives_no_slot_again(engine):
    took(engine, 40)
    lost = [took(engine, 50), took(engine, LIST_SLOTS)]
    with transaction(engine) as session:  # the backup was older
        session.get_one(SealRegisterRow, 1).next = 40
        for one in lost:
            session.delete(session.get_one(SealBlockRow, one.first))
    last = lost[-1].first + lost[-1].count - 1
    out = done(engine, seals.advance, [last, 7], NOW)
    assert out == range(40, 2 * LIST_SLOTS)
    assert took(engine).first == 2 * LIST_SLOTS
    with reading(engine) as session:
        assert journal.check(session).n == 1


@pytest.mark.parametrize("first", [0, 1, LIST_SLOTS - 1, LIST_SLOTS])
def test_a_register_goes_on_in_a_new_list_and_never_back(engine, first):
    with transaction(engine) as session:
        session.get_one(SealRegisterRow, 1).next = first
    out = done(engine, seals.advance, [], NOW)
    # Even from the first slot of a list: it may have been given since the backup.
    assert out == range(first, (first // LIST_SLOTS + 1) * LIST_SLOTS)
    again = done(engine, seals.advance, [0], NOW)
    assert again == range(out.stop, out.stop + LIST_SLOTS)


@pytest.mark.parametrize(
    ("first", "last", "error"),
    [
        (0, 64 * LIST_SLOTS, SlotFarError),
        (0, SLOTS - 1, SlotFarError),
        (SLOTS - 1, 0, RegisterFullError),
        (SLOTS - LIST_SLOTS, SLOTS - 1, RegisterFullError),
    ],
)
def test_a_register_is_not_used_up_by_a_slip(engine, first, last, error):
    with transaction(engine) as session:
        session.get_one(SealRegisterRow, 1).next = first
    with pytest.raises(error):
        done(engine, seals.advance, [last], NOW)
    with reading(engine) as session:
        assert seals.given(session) == first


def test_the_register_ends_at_its_last_slot(engine):
    with transaction(engine) as session:
        session.get_one(SealRegisterRow, 1).next = SLOTS - 2
    with pytest.raises(RegisterFullError):
        took(engine, 3)
    assert took(engine, 2).slot_key(1).slot == SLOTS - 1


def test_a_place_outside_its_block_is_refused(engine):
    block = took(engine, 2)
    with pytest.raises(ValueError, match="slot 2"):
        block.slot_key(2)


def test_a_letter_is_current_until_it_is_taken_back(engine):
    own, other = letter(engine), letter(engine)
    with reading(engine) as session:
        assert seals.standing(session, own).state is State.CURRENT
    told = done(engine, seals.revoke, own, Reason.WRONG_RECIPIENT, NOW)
    assert (told.state, told.reason, told.at, told.changed) == (
        "revoked",
        "wrong-recipient",
        NOW,
        True,
    )
    with reading(engine) as session:
        assert seals.standing(session, own).state is State.REVOKED
        assert seals.standing(session, other).state is State.CURRENT
        assert seals.taken_back(session, range(10)) == {0: State.REVOKED}
        assert seals.taken_back(session, range(1, 10)) == {}


def test_revoking_twice_changes_nothing_and_says_so(engine):
    own = letter(engine)
    done(engine, seals.revoke, own, Reason.WITHDRAWN, NOW)
    again = done(engine, seals.revoke, own, Reason.WRONG_CONTENT, NOW + timedelta(days=1))
    assert (again.reason, again.at, again.changed) == (Reason.WITHDRAWN, NOW, False)


def test_a_letter_is_superseded_by_another_and_may_then_be_revoked(engine):
    own, new = letter(engine), letter(engine)
    told = done(engine, seals.supersede, own, new, NOW)
    assert (told.state, told.replaced_by, told.changed) == (State.SUPERSEDED, new, True)
    assert not done(engine, seals.supersede, own, new, NOW).changed
    assert not done(engine, seals.supersede, own, None, NOW).changed
    told = done(engine, seals.revoke, own, Reason.WRONG_CONTENT, NOW)
    assert (told.state, told.replaced_by) == (State.REVOKED, new)


def test_a_replacement_may_be_named_later_and_only_once(engine):
    own, new, third = (letter(engine) for _ in range(3))
    assert done(engine, seals.supersede, own, None, NOW).replaced_by is None
    assert done(engine, seals.supersede, own, new, NOW).changed
    with pytest.raises(OtherReplacementError):
        done(engine, seals.supersede, own, third, NOW)


def test_what_cannot_be_superseded_is_refused(engine):
    own, gone = letter(engine), letter(engine)
    done(engine, seals.revoke, gone, Reason.WITHDRAWN, NOW)
    with pytest.raises(SealRevokedError):
        done(engine, seals.supersede, gone, own, NOW)
    with pytest.raises(SealRevokedError):
        done(engine, seals.supersede, own, gone, NOW)
    with pytest.raises(OtherReplacementError):
        done(engine, seals.supersede, own, own, NOW)
    with pytest.raises(UnknownSealError):
        done(engine, seals.supersede, own, document_id(NOW, bytes(10)), NOW)


def test_an_identifier_that_was_mistyped_or_made_up_hits_nobody(engine):
    block = took(engine, 100)
    own = slotted_id(NOW, block.slot_key(41))
    wrong = [UUID(int=own.int ^ 1 << bit) for bit in range(128)]
    wrong += [document_id(NOW, bytes(10)), UUID(int=0), UUID(int=(1 << 128) - 1)]
    # Of a slot that was never given, by the key of the last block.
    beyond = seals.Block(block.first, 1_000, block.key)
    wrong.append(slotted_id(NOW, beyond.slot_key(500)))
    for identifier in wrong:
        with pytest.raises(UnknownSealError):
            done(engine, seals.revoke, identifier, Reason.WITHDRAWN, NOW)
    with reading(engine) as session:
        assert seals.taken_back(session, range(1_000)) == {}


def test_two_seals_of_one_letter_share_their_slot(engine):
    place = took(engine).slot_key(0)
    first, second = slotted_id(NOW, place), slotted_id(NOW + timedelta(seconds=1), place)
    done(engine, seals.revoke, second, Reason.WITHDRAWN, NOW)
    with reading(engine) as session:
        assert seals.standing(session, first).state is State.REVOKED
        assert seals.standing(session, first).slot == Slot(0)


def test_acts_are_in_the_journal_and_repeats_are_not(engine):
    own, new = letter(engine), letter(engine)
    done(engine, seals.supersede, own, new, NOW)
    done(engine, seals.revoke, own, Reason.WITHDRAWN, NOW)
    done(engine, seals.revoke, own, Reason.WITHDRAWN, NOW)
    with reading(engine) as session:
        assert journal.check(session).n == 2


def test_letters_taken_back_at_once_are_all_taken_back(engine):
    letters = [letter(engine) for _ in range(4)]
    acts = [
        lambda one=one: done(engine, seals.revoke, one, Reason.WITHDRAWN, NOW) for one in letters
    ]
    told = race(*acts, *acts)
    found = [one for one in told if isinstance(one, seals.Standing)]
    assert sum(one.changed for one in found) == 4


def test_a_database_that_was_not_brought_up_to_date_is_refused(tmp_path):
    settings = Settings(data=tmp_path / "data")
    with pytest.raises(SchemaError), seals.register(settings):
        pass


def test_without_an_address_no_database_is_opened(tmp_path):
    settings = Settings(data=tmp_path / "data")
    assert seals.slot_for_one(settings, NOW) is None
    assert not settings.data.exists()


@pytest.mark.usefixtures("engine")
def test_a_single_letter_gets_a_place_of_its_own(tmp_path):
    status = StatusSettings(address="https://ville.example/statuts")
    settings = Settings(data=tmp_path, status=status)
    places = [seals.slot_for_one(settings, NOW) for _ in range(2)]
    assert [place and place.slot for place in places] == [0, 1]
