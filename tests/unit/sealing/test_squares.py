"""Our own symbols, against ppf-datamatrix, module for module, and against zxing-cpp."""

import random
import string

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from ppf.datamatrix import DataMatrix
from support.budget import cases
from support.twoddoc import shared_codes

from sealing.marks import datamatrix
from sealing.marks.c40 import codewords, mixed_codewords
from sealing.marks.squares import CAPACITIES as OURS
from sealing.marks.squares import modules

SIDES = [*range(10, 27, 2), *range(32, 53, 4), *range(64, 105, 8), 120, 132, 144]
CAPACITIES = [3, 5, 8, 12, 18, 22, 30, 36, 44, 62, 86, 114, 144, 174, 204, 280, 368, 456, 576, 696]
CAPACITIES += [816, 1050, 1304, 1558]
USUAL = string.ascii_uppercase + string.digits
CHARACTERS = ["".join(map(chr, range(128))), USUAL, USUAL * 20 + " /\x1d\x1e\x1f"]


def texts(seed, count, longest):
    dice = random.Random(seed)  # noqa: S311 - any texts
    for _ in range(count):
        characters = dice.choice(CHARACTERS)
        yield "".join(dice.choices(characters, k=dice.randint(1, longest)))


def texts_with_numbers():
    """Give texts as codes have them, numbers in them, up to the third size above one region."""
    alphabets = st.sampled_from([string.digits, "0123456789/,.\x1d", USUAL, USUAL + "\x1d -"])
    pieces = st.tuples(alphabets, st.integers(1, 24), st.randoms(use_true_random=False))
    drawn = st.lists(pieces.map(lambda one: "".join(one[2].choices(one[0], k=one[1]))), min_size=1)
    return drawn.map("".join)


def misplaced_by_ppf(text):
    """Tell texts where ppf-datamatrix pads with 0, which is no codeword, in place of 254."""
    size = len(codewords(text))
    capacity = next(one for one in CAPACITIES if one >= size)
    return any(149 * place % 253 == 124 for place in range(size + 2, capacity + 1))


def in_ppf(text):
    return b"".join(bytes(row) for row in DataMatrix(text, codecs=["C40"]).matrix)


def test_the_codewords_are_those_of_ppf_datamatrix():
    for text in texts(1, cases(ci=10_000, slow=100_000, fast=2_000), 300):
        assert codewords(text) == text.encode("datamatrix.C40"), repr(text)


def test_the_modules_are_those_of_ppf_datamatrix():
    tried = 0
    for text in texts(2, cases(ci=3_000, slow=20_000, fast=150), 350):
        if not misplaced_by_ppf(text):
            assert modules(codewords(text)) == in_ppf(text), repr(text)
            tried += 1
    assert tried > cases(ci=3_000, slow=20_000, fast=150) // 2


@pytest.mark.parametrize(("side", "capacity"), list(zip(SIDES, CAPACITIES, strict=True)))
def test_each_square_is_filled_to_its_last_codeword(side, capacity):
    letters = capacity * 3 // 2
    text = next("A" * n for n in range(letters, 0, -1) if len(codewords("A" * n)) <= capacity)
    found = modules(codewords(text))
    assert len(found) == side**2
    assert found == in_ppf(text)
    assert len(modules(bytes([66] * capacity))) == side**2


def test_one_codeword_more_takes_the_next_square_and_none_is_above_the_largest():
    for capacity, side in zip(CAPACITIES, SIDES[1:], strict=False):
        assert len(modules(bytes([66] * (capacity + 1)))) == side**2
    with pytest.raises(ValueError, match="1559 codewords"):
        modules(bytes([66] * 1_559))


def test_correction_repairs_damage_so_that_another_reader_finds_the_text():
    text = "DC04" + USUAL * 6
    made = datamatrix.symbol(text.encode(), strict_c40=True)
    for y in range(3, 9):
        hurt = bytearray(made.cells)
        start = y * made.modules
        hurt[start + 3 : start + 12] = bytes(9)
        datamatrix.check_symbol(datamatrix.Symbol(bytes(hurt)), text.encode())


def test_padding_never_holds_zero_which_is_no_codeword():
    text = next(one for one in texts(3, 1_000, 40) if misplaced_by_ppf(one))
    assert modules(codewords(text)) != in_ppf(text)
    datamatrix.check_symbol(datamatrix.Symbol(modules(codewords(text))), text.encode())


def test_mixed_no_shared_code_takes_a_larger_square_than_with_another_encoder():
    format_ = zxingcpp.BarcodeFormat.DataMatrix
    texts_of_codes = [one["raw"] for one in shared_codes() if one["raw"].isascii()]
    assert len(texts_of_codes) > 50
    for text in texts_of_codes:
        other = zxingcpp.create_barcode(text, format_, force_square=True)
        side = other.to_image(scale=1, add_quiet_zones=False).shape[0]
        assert datamatrix.symbol(text.encode()).modules <= side, repr(text)


def test_mixed_a_long_number_is_two_digits_a_codeword():
    number = "12345678901234567890"
    mixed = mixed_codewords(f"ABCDEF{number}GHIJKLMNO", ())
    assert bytes(130 + int(number[at : at + 2]) for at in range(0, 20, 2)) in mixed
    assert len(mixed) < len(codewords(f"ABCDEF{number}GHIJKLMNO"))


@pytest.mark.parametrize(
    ("numbers", "spared"),
    [
        ("1" * 18, 1),
        ("1" * 17, 0),
        ("\x1d" * 9, 1),
        ("\x1d" * 8, 0),
        ("1" * 18 + "AB" + "1" * 6, 2),
    ],
    ids=["18 digits", "17 digits", "9 separators", "8 separators", "two letters between"],
)
def test_mixed_numbers_leave_c40_once_they_are_long_enough_to_spare_a_codeword(numbers, spared):
    text = "ABC" * 20 + numbers + "DEFGHI" * 10
    assert len(codewords(text)) - len(mixed_codewords(text, ())) == spared


@pytest.mark.parametrize(("text", "end"), [("A" * 30, b""), ("A" * 31, b"B")], ids=["a", "c"])
def test_mixed_the_way_out_of_c40_is_left_out_where_the_square_is_then_full(text, end):
    assert len(mixed_codewords(text, ())) == 22 + len(end)
    full = mixed_codewords(text, {21 + len(end)})
    assert full == mixed_codewords(text, ())[:21] + end


@settings(max_examples=cases(ci=1_000, slow=100_000), deadline=None)
@given(texts_with_numbers())
def test_mixed_every_text_reads_back_and_is_never_longer_than_in_c40_alone(text):
    assert len(mixed_codewords(text, OURS)) <= len(codewords(text))
    assert datamatrix.symbol(text.encode()).modules > 0
