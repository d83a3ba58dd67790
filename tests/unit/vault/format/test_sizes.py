"""Padded classes and ciphertext lengths."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.shared import shared

from vault.format import sizes
from vault.format.sizes import SizeError

LENGTHS = st.integers(0, 2**33)


def test_the_published_classes_are_ours():
    vectors = json.loads(shared("design/schemas/vectors/keys.json").read_text("utf-8"))
    assert len(vectors["padding"]) == 11
    for case in vectors["padding"]:
        assert sizes.padded_length(case["length"]) == case["padded"]


@given(LENGTHS)
def test_a_class_holds_its_length_is_a_class_itself_and_costs_at_most_6_2_percent(length):
    padded = sizes.padded_length(length)
    assert length <= padded
    assert padded % 512 == 0
    assert sizes.padded_length(padded) == padded
    assert padded <= max(4096, length * 1.062 + 512)


@given(LENGTHS, LENGTHS)
def test_a_longer_plaintext_is_never_in_a_smaller_class(one, other):
    short, long = sorted((one, other))
    assert sizes.padded_length(short) <= sizes.padded_length(long)


@given(LENGTHS)
def test_the_length_of_a_payload_gives_back_that_of_its_plaintext(length):
    assert sizes.plain_length(sizes.payload_length(length)) == length


@pytest.mark.parametrize(
    ("plain", "payload"),
    [(0, 32), (1, 33), (65_536, 65_568), (65_537, 65_585), (131_072, 131_120)],
)
def test_overhead_is_a_nonce_and_a_tag_per_chunk(plain, payload):
    assert sizes.payload_length(plain) == payload


@pytest.mark.parametrize(
    "payload", [-1, 0, 15, 16, 31, 65_569, 65_584, 131_121], ids="{} bytes".format
)
def test_a_length_that_no_payload_has_is_refused(payload):
    with pytest.raises(SizeError):
        sizes.plain_length(payload)


def test_an_object_whose_plaintext_is_not_padded_is_refused():
    sizes.check_object_length(sizes.payload_length(4608))
    with pytest.raises(SizeError):
        sizes.check_object_length(sizes.payload_length(4609))


def test_a_chunk_begins_after_the_nonce_and_the_chunks_before_it():
    assert [sizes.chunk_offset(k) for k in range(3)] == [16, 65_568, 131_120]
    for wrong in (sizes.chunk_offset, sizes.padded_length, sizes.payload_length):
        with pytest.raises(SizeError):
            wrong(-1)
