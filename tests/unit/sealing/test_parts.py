"""One code over several symbols."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.bars import bounded
from support.budget import cases
from support.twoddoc import SETS, reason_of

from sealing.twoddoc.header import Form, Reason, TwoDDocError
from sealing.twoddoc.message import parse, parse_set
from sealing.twoddoc.parts import (
    MAX_PART,
    Part,
    PartMissingError,
    PartsError,
    cut,
    is_part,
    join,
    set_of,
)

CODE = b"DC04FR0000011E3F1E3F0001FR10MAIRIE\x1d\x1fABC"
CUT = cut(CODE, 3, b"7K2")
WHOLE = [one for one in SETS if one["joined"] is not None]
NAMES = {
    Form.TEXT: st.from_regex(rb"[A-Z0-9]{3}", fullmatch=True),
    Form.BINARY: st.binary(min_size=2, max_size=2),
}


def symbols_of(row):
    return [symbol.encode("latin-1") for symbol in row["symbols"]]


@pytest.mark.parametrize("row", WHOLE, ids=lambda row: row["name"])
def test_the_parts_of_a_code_are_that_code(row):
    whole = row["joined"].encode("latin-1")
    assert join(symbols_of(row)) == whole
    assert parse_set(symbols_of(row)) == parse(whole)


@pytest.mark.parametrize("row", [r for r in SETS if r not in WHOLE], ids=lambda row: row["name"])
def test_parts_that_make_no_code_say_why(row):
    with pytest.raises(TwoDDocError) as caught:
        parse_set(symbols_of(row))
    assert caught.value.reason == row["error"], row["why"]
    if row["missing"]:
        assert isinstance(caught.value, PartMissingError)
        assert list(caught.value.missing) == row["missing"]
        assert caught.value.retryable
    else:
        assert not caught.value.retryable


def test_a_part_alone_is_read_as_a_set_that_is_not_whole():
    with pytest.raises(PartMissingError) as caught:
        parse(CUT[1])
    assert caught.value.missing == (1, 3)


@pytest.mark.parametrize(
    ("symbols", "why"),
    [
        ([], "nothing was scanned"),
        ([CODE], "a whole code is not a part"),
        ([b"E7K200x"], "a set of one does not exist"),
        ([b"E7K231x"], "index 3 in a set of two"),
        ([b"e7k202x"], "lower case is not in the set"),
        ([b"\xee\x00\x01"], "no byte of index and count"),
        ([b"\xee\x00\x01\x00x"], "17 parts"),
        ([b"\xee\x00\x01\x1fx", b"\xee\x00\x01\x2fx"], "index 2 in a set of two"),
        ([CUT[0], CUT[1], b"E7K322z"], "a part of another set"),
        ([CUT[0], CUT[1], b"E7K233z"], "another count"),
        ([CUT[0], b"E7K202other"], "two contents under one index"),
        ([CUT[0], b"\xee7K\x1e"], "a part of the other form"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_one_code_is_refused(symbols, why):
    with pytest.raises(PartsError) as caught:
        join(symbols)
    assert (caught.value.reason, caught.value.retryable) == (Reason.SET_MISMATCH, False), why


def test_a_symbol_longer_than_a_code_is_no_part():
    assert not is_part(CUT[0] + bytes(MAX_PART))
    with pytest.raises(TwoDDocError) as caught:
        parse(CUT[0] + bytes(MAX_PART))
    assert caught.value.reason is Reason.TOO_LONG


def test_a_joined_code_is_longer_than_one_symbol_and_no_longer_than_64_kib():
    header = b"DC04FR00TEST265C265C000107"
    body = b"".join(b"ZZ" + b"A" * 500 + b"\x1d" for _ in range(100))
    code = header + body + b"\x1f" + b"A" * 103
    with pytest.raises(TwoDDocError) as caught:
        parse(code)
    assert caught.value.reason is Reason.TOO_LONG
    assert len(parse_set(cut(code, 16, b"ABC")).fields) == 100
    most = [Part(Form.TEXT, b"ABC", index, 16, b"D" * 4_090).encode() for index in range(16)]
    assert len(join(most)) < 64 * 1024, "sixteen symbols as long as they may be stay below"


@settings(max_examples=cases(ci=500, slow=10_000))
@given(st.data(), st.sampled_from(Form), st.integers(2, 16), st.binary(min_size=16, max_size=500))
def test_a_code_that_was_cut_joins_whatever_the_order_and_the_repeats(data, form, count, code):
    name = data.draw(NAMES[form])
    symbols = cut(code, count, name, form)
    assert {set_of(symbol) for symbol in symbols} == {(form, name)}
    scanned = data.draw(st.permutations(symbols + symbols[:3]))
    assert join(scanned) == code
    lost = data.draw(st.integers(0, count - 1))
    with pytest.raises(PartMissingError) as caught:
        join([symbol for place, symbol in enumerate(symbols) if place != lost])
    assert caught.value.missing == (lost + 1,)


STARTS = st.sampled_from([b"", b"E7K2", b"\xee\x00\x01"])


@settings(max_examples=cases(ci=10_000, slow=100_000))
@given(st.lists(st.builds(bytes.__add__, STARTS, st.binary(max_size=40)), max_size=6))
@bounded()
def test_any_symbols_join_or_give_one_error(symbols):
    try:
        joined = join(symbols)
    except PartsError:
        joined = None
    assert joined is None or all(map(is_part, symbols))
    for symbol in symbols:
        assert reason_of(symbol) in {None, *Reason}
