"""The identifier of a letter, and the slot that it may lead to."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.budget import cases

from sealing.proofs.document_id import (
    LIST_SLOTS,
    SLOTS,
    Slot,
    SlotKey,
    document_id,
    in_twoddoc,
    is_of_block,
    list_of,
    parse_bytes,
    parse_written,
    slot_of,
    slotted_id,
)

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEY = bytes(range(16))


def milliseconds(identifier):
    """Read the time as RFC 9562 writes it: the first 48 bits."""
    return int.from_bytes(identifier.bytes[:6], "big")


@given(
    st.integers(0, (1 << 47) - 1).filter(lambda one: one < 253402300799000),
    st.integers(0, SLOTS - 1),
    st.binary(min_size=16, max_size=16),
)
@settings(max_examples=cases(ci=500, slow=5_000))
def test_time_and_slot_are_read_back_from_an_identifier(since, slot, key):
    made = slotted_id(EPOCH + timedelta(milliseconds=since), SlotKey(Slot(slot), key))
    assert (made.variant, made.version) == (RFC_4122, 8)
    assert slot_of(made) == slot
    assert abs(milliseconds(made) - since) <= 1  # a float's rounding
    assert is_of_block(made, key)


def test_the_bits_stand_where_the_page_says():
    made = slotted_id(NOW, SlotKey(Slot(0xDEADBEEF), KEY))
    since = int(NOW.timestamp() * 1000)
    told = since.to_bytes(6, "big") + bytes.fromhex("deadbeef")
    check = int.from_bytes(hmac.new(KEY, told, hashlib.sha256).digest(), "big") >> 256 - 42
    bits = f"{made.int:0128b}"
    assert int(bits[:48], 2) == since
    assert int(bits[48:52], 2) == 8
    assert int(bits[64:66], 2) == 0b10
    assert int(bits[66:98], 2) == 0xDEADBEEF
    assert int(bits[52:64] + bits[98:], 2) == check
    # The same by the names that Python's library gives to the parts.
    assert made.time_low << 16 | made.time_mid == since
    assert made.time_hi_version == 0x8000 | check >> 30


def test_any_bit_that_changes_is_noticed():
    made = slotted_id(NOW, SlotKey(Slot(123_456), KEY))
    assert is_of_block(made, KEY)
    for bit in range(128):
        assert not is_of_block(UUID(int=made.int ^ 1 << bit), KEY), bit


def test_another_block_did_not_give_it():
    made = slotted_id(NOW, SlotKey(Slot(7), KEY))
    assert not is_of_block(made, KEY[::-1])


def test_an_identifier_without_a_slot_leads_nowhere_whatever_its_bits_say():
    placed = slotted_id(NOW, SlotKey(Slot(7), KEY))
    alike = UUID(int=placed.int & ~(0xF << 76) | 7 << 76)
    assert slot_of(alike) is None
    assert not is_of_block(alike, KEY)
    assert slot_of(document_id(NOW, bytes(10))) is None
    # A variant that RFC 9562 does not know.
    assert slot_of(UUID(int=placed.int | 3 << 62)) is None


def test_a_slot_is_a_list_and_a_place_there():
    assert list_of(Slot(0)) == (0, 0)
    assert list_of(Slot(LIST_SLOTS + 5)) == (1, 5)
    assert list_of(Slot(SLOTS - 1)) == (4_095, LIST_SLOTS - 1)


def test_identifiers_of_later_sort_later_whichever_their_kind():
    ids = [
        document_id(NOW, b"\xff" * 10),
        slotted_id(NOW + timedelta(milliseconds=1), SlotKey(Slot(9), KEY)),
        document_id(NOW + timedelta(milliseconds=2), bytes(10)),
    ]
    assert ids == sorted(ids)


def test_what_is_written_is_read_back_and_nothing_else():
    for made in (document_id(NOW, bytes(10)), slotted_id(NOW, SlotKey(Slot(9), KEY))):
        assert parse_written(in_twoddoc(made)) == made
        assert parse_bytes(made.bytes) == made
    written = in_twoddoc(made)
    for other in (written.lower(), written[:-1], f"{written}0", f" {written}", "INV-2026-1", ""):
        assert parse_written(other) is None
    assert parse_written(UUID(int=0).hex) is None  # neither version
    assert parse_bytes(b"short") is None


@pytest.mark.parametrize(("slot", "key"), [(-1, KEY), (SLOTS, KEY), (0, KEY[1:]), (0, KEY + b"x")])
def test_a_place_that_no_register_gives_is_refused(slot, key):
    with pytest.raises(ValueError, match="slot"):
        SlotKey(Slot(slot), key)


def test_the_key_of_a_block_is_not_shown():
    assert "key" not in repr(SlotKey(Slot(1), KEY))
