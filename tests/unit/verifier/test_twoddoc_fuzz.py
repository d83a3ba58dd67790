"""Damaged and altered 2D-Docs: one error or one verdict, and none passes but the original."""

import random
from collections.abc import Iterator
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from support.bars import bounded
from support.budget import cases
from support.shared_trust import shared_trust
from support.twoddoc import OUR_CODES, SETS, reason_of, shared_codes
from support.twoddoc_pki import NOW

from sealing.twoddoc.header import NotTwoDDocError, Reason
from sealing.twoddoc.message import parse
from sealing.twoddoc.values import ValueInvalidError, base32_decode, base32_encode
from verifier.check import Indication
from verifier.checks.codes.twoddoc import check_symbols
from verifier.trust.trust_list import Mode, TrustList

COUNT = cases(ci=4_000, slow=100_000)
OURS = [code["raw"].encode("latin-1") for code in OUR_CODES]
PARTS = [symbol.encode("latin-1") for row in SETS for symbol in row["symbols"]]
# A code and a place in it, told by a number above any length: drawn at once, which is quicker.
PIECES = st.tuples(st.sampled_from([*OURS, *PARTS]), st.integers(0, 1 << 16))


@cache
def trust() -> TrustList:
    return shared_trust(Mode.TEST)


def passes(raw: bytes, *, repair: bool = False) -> bool:
    """Tell whether a code is believed; any exception but "no 2D-Doc" leaves."""
    try:
        with bounded():
            verdict = check_symbols([raw], trust(), NOW, repair=repair).verdict
    except NotTwoDDocError:
        return False
    return verdict.conclusion.indication is Indication.TOTAL_PASSED


def same_signed(raw: bytes, changed: bytes) -> bool:
    """Tell whether the change lies in the annex alone, which nobody signed."""
    first, second = parse(raw), parse(changed)
    signed = first.signed == second.signed and first.signature == second.signature
    return signed and first.annex is not None


def altered(raws: list[bytes], chance: random.Random) -> Iterator[tuple[bytes, bytes]]:
    """Give COUNT pairs of a code and what became of it: a prefix, or one flipped bit."""
    places = [(raw, place) for raw in raws for place in range(len(raw))]
    everything = [(raw, place, bit) for raw, place in places for bit in (None, *range(8))]
    for raw, place, bit in chance.sample(everything, min(COUNT, len(everything))):
        if bit is None:
            yield raw, raw[:place]
        else:
            yield raw, raw[:place] + bytes([raw[place] ^ (1 << bit)]) + raw[place + 1 :]


def test_no_prefix_and_no_flipped_bit_of_a_shared_code_passes_but_the_original():
    # The forged ones were made of a good one: a bit flipped back would give that good one.
    told = [code for code in shared_codes() if code["expected_signature"] != "invalid"]
    raws = [code["raw"].encode("latin-1") for code in told]
    assert sum(map(passes, raws)) > 40
    for raw, changed in altered(raws, random.Random(20261121)):  # noqa: S311 - a fixed choice
        for repair in (False, True):
            if passes(changed, repair=repair):
                assert same_signed(raw, changed), changed


@settings(max_examples=COUNT)
@given(PIECES, PIECES, st.binary(max_size=8))
@bounded()
def test_codes_put_together_from_pieces_give_one_error_or_read_back(before, behind, between):
    (raw, first), (other, second) = before, behind
    made = raw[: first % (len(raw) + 1)] + between + other[second % (len(other) + 1) :]
    for repair in (False, True):
        assert reason_of(made, repair=repair) in {None, *Reason}


@settings(max_examples=COUNT)
@given(st.binary(max_size=400), st.sampled_from([b"", b"DC01", b"DC02FR000001", b"DC04FR000001"]))
@bounded()
def test_any_bytes_after_a_version_give_one_error_or_read_back(tail, start):
    for repair in (False, True):
        assert reason_of(start + tail, repair=repair) in {None, *Reason}
    header = b"DC01FR000001125E125C00"
    assert reason_of(header + tail) in {None, *Reason}
    assert reason_of(header + tail + bytes(64), repair=True) in {None, *Reason}


@settings(max_examples=COUNT)
@given(st.text("ABCZ2347=018 a\x1f", max_size=220))
@bounded()
def test_any_text_is_canonical_base32_or_refused(text):
    try:
        content = base32_decode(text)
    except ValueInvalidError:
        return
    assert base32_encode(content) == text
