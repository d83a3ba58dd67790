"""Town codes made to harm: one typed error, and no changed code verifies."""

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.bars import bounded
from support.budget import cases
from support.towncode import VALID, claims, code_of, public_key
from support.twoddoc_pki import Authority

from sealing import base32
from sealing.towncode.emission import EmissionError, claims_of
from sealing.towncode.errors import CutShortError, TownCodeError
from sealing.towncode.frame import MAX_BYTES, is_beginning
from sealing.towncode.message import MAX_LENGTH, parse
from sealing.towncode.signature import SignatureInvalidError, verify

# Six tests: 12,000 inputs in all for the parser.
MANY = settings(max_examples=cases(ci=2_000, slow=100_000), deadline=None)
RAW = VALID[0]["raw"].encode()
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
COSE = base32.decode(RAW[4:].decode())
LEAF = Authority("TOWN").leaf()


def only_typed_errors(raw: bytes) -> None:
    """Read whatever it is; what reads is written again alike, and verifies only if it is whole."""
    for repair in (False, True):
        try:
            parsed = parse(raw, repair=repair)
        except TownCodeError:
            continue
        assert repair or parsed.encode() == raw
        if parsed.encode() != RAW:
            with pytest.raises(SignatureInvalidError):
                verify(parsed, public_key())


def text_of(cose: bytes) -> bytes:
    """Give the text of a message."""
    return b"CV1:" + base32.encode(cose).encode()


@given(st.binary(max_size=700))
@MANY
@bounded()
def test_random_bytes(raw):
    only_typed_errors(raw)
    only_typed_errors(b"CV1:" + raw)
    only_typed_errors(text_of(raw))


@given(st.data())
@MANY
@bounded()
def test_mutated_codes(data):
    cose = bytearray(COSE)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(cose) - 1)))
        match data.draw(st.integers(0, 3)):
            case 0:
                cose[at : at + 1] = bytes([data.draw(st.integers(0, 255))])
            case 1:
                del cose[at : at + data.draw(st.integers(1, 4))]
            case 2:
                cose[at:at] = data.draw(st.binary(min_size=1, max_size=9))
            case _:
                cose = cose[: max(at, 1)]
    only_typed_errors(text_of(bytes(cose)))


@given(st.data())
@MANY
@bounded()
def test_mutated_texts(data):
    at = data.draw(st.integers(0, len(RAW) - 1))
    only_typed_errors(RAW[:at] + data.draw(st.binary(max_size=3)) + RAW[at + 1 :])


ITEMS = st.recursive(
    st.integers(-(2**70), 2**70)
    | st.binary(max_size=20)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.floats()
    | st.booleans()
    | st.none(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.integers(-70_000, 70_000) | st.text(max_size=3), inner, max_size=4)
        | st.builds(cbor2.CBORTag, st.integers(50_000, 60_000), inner)
    ),
    max_leaves=12,
)


@given(ITEMS, st.sampled_from(["whole", "protected", "payload", "content"]))
@MANY
@bounded()
def test_other_items_in_each_place(item, place):
    message = cbor2.loads(COSE)
    parts = list(message.value)
    if place == "protected":
        parts[0] = cbor2.dumps(item, canonical=True)
    elif place == "payload":
        parts[2] = cbor2.dumps(item, canonical=True)
    elif place == "content":
        parts[2] = cbor2.dumps({6: 1, 7: bytes(16), -65537: item}, canonical=True)
    whole = item if place == "whole" else cbor2.CBORTag(18, parts)
    only_typed_errors(text_of(cbor2.dumps(whole, canonical=True)))


ODD_HEADS = """
81 a101 d2 c1 d823 c482 9f bf 5f 7f ff 1f 1801 f5 f6 f7 f97e00 fb0000000000000000
9bffffffffffffffff bb0f0f0f0f0f0f0f0f 5bffffffffffffffff 7affffffff
"""
HEADS = st.sampled_from([bytes.fromhex(head) for head in ODD_HEADS.split()])


@given(st.lists(HEADS, max_size=150), st.binary(max_size=20))
@MANY
@bounded()
def test_deep_nesting_huge_lengths_indefinite_lengths_and_tags(heads, tail):
    item = b"".join(heads) + tail
    only_typed_errors(text_of(item))
    head = b"\x59" + len(item).to_bytes(2, "big")
    only_typed_errors(
        text_of(b"\xd2\x84" + head + item + b"\xa0" + head + item + b"\x58\x40" + bytes(64))
    )


@given(
    st.dictionaries(st.text(max_size=70), st.text(max_size=300), max_size=26), st.text(max_size=70)
)
@MANY
def test_what_is_issued_reads_back_and_what_is_not_is_refused_before_signing(values, doc_type):
    try:
        told = claims_of(doc_type, values, claims().issued_at, bytes(16))
    except EmissionError:
        return
    raw = code_of(LEAF, told)
    assert len(raw) <= MAX_LENGTH
    proved = verify(parse(raw), LEAF.certificate.public_key())
    assert proved.parsed.claims == told
    assert proved.findings == ()


def test_no_bit_of_a_code_can_change_without_being_noticed():
    for place in range(len(RAW)):
        for bit in range(8):
            raw = RAW[:place] + bytes([RAW[place] ^ 1 << bit]) + RAW[place + 1 :]
            only_typed_errors(raw)
    for place in range(len(COSE)):
        for bit in range(8):
            only_typed_errors(
                text_of(COSE[:place] + bytes([COSE[place] ^ 1 << bit]) + COSE[place + 1 :])
            )


def test_every_beginning_of_a_code_asks_for_its_end():
    for code in VALID:
        raw = code["raw"].encode()
        for end in range(4, len(raw)):
            with pytest.raises(CutShortError):
                parse(raw[:end])
            with pytest.raises(CutShortError):
                parse(raw[:end] + b"\r\n", repair=True)


@given(st.integers(0, MAX_BYTES), st.data())
@MANY
def test_a_text_is_a_beginning_where_something_completes_it_and_only_there(size, data):
    payload = data.draw(st.binary(min_size=size, max_size=size))
    cose = b"\xd2\x84" + COSE[2:19] + b"\xa0" + cbor2.dumps(payload) + b"\x58\x40" + bytes(64)
    text = base32.encode(cose).encode()
    end = data.draw(st.integers(0, len(text)))
    # Beyond the limit, the first 34 characters are still those of a shorter code.
    last = len(text) - 1 if len(cose) <= MAX_BYTES else 34
    assert is_beginning(text[:end]) is (end <= last)
    at = data.draw(st.integers(0, 16))
    other = bytes([data.draw(st.sampled_from(sorted(set(LETTERS) - {text[at]})))])
    assert not is_beginning(text[:at] + other + text[at + 1 : end]), "no code begins so"
