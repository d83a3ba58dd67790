"""2D-Doc in binary form: bytes read, nothing taken for what it is not."""

import dataclasses
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.bars import bounded
from support.budget import cases
from support.twoddoc import OUR_KEY, SIGNED, reason_of, sign

from sealing.twoddoc.binary import (
    assemble,
    encode_block,
    encode_header,
    parse_header,
    read,
)
from sealing.twoddoc.conformance import dated_findings
from sealing.twoddoc.header import Form, Header, Reason, TwoDDocError
from sealing.twoddoc.message import parse
from sealing.twoddoc.signature import verify

# The example of the specification, byte for byte.
PUBLISHED = bytes.fromhex("dc047ba77b9d200f2d0a5fb3e19961b0010001")
HEADER = Header(
    version=4,
    ca_id="FR01",
    certificate_id="12345",
    issue_date=date(1969, 6, 27),
    signature_date=date(2016, 10, 5),
    doc_type="01",
    perimeter="0001",
    country="FRA",
    form=Form.BINARY,
)
[WHOLE] = [code["raw"].encode("latin-1") for code in SIGNED if code["name"] == "binary"]
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
HEADERS = st.builds(
    Header,
    version=st.just(4),
    ca_id=st.from_regex("[A-Z0-9]{4}", fullmatch=True),
    certificate_id=st.from_regex("[0-9A-F]{5}", fullmatch=True),
    issue_date=st.none() | DAYS,
    signature_date=DAYS,
    doc_type=st.from_regex("[0-9A-F]{2}", fullmatch=True),
    perimeter=st.from_regex("[0-9A-F]{4}", fullmatch=True),
    country=st.from_regex("[A-Z]{3}", fullmatch=True),
    form=st.just(Form.BINARY),
)
BLOCKS = st.lists(st.tuples(st.integers(0, 254), st.binary(max_size=300)), max_size=8)


def test_the_published_header_is_read_and_written_again():
    assert parse_header(PUBLISHED) == HEADER
    assert encode_header(HEADER) == PUBLISHED


@settings(max_examples=cases(ci=500, slow=10_000))
@given(HEADERS, BLOCKS, st.none() | st.binary(min_size=1, max_size=40))
def test_whatever_is_written_reads_back(header, blocks, annex):
    body = b"".join(encode_block(identifier, value) for identifier, value in blocks)
    unsigned = encode_header(header) + body
    raw = assemble(unsigned, bytes(63) + b"\x01", annex)
    if len(raw) > 4_096:
        return
    found = parse(raw)
    assert (found.header, found.signed) == (header, unsigned)
    told = [(int(field.di, 16), bytes.fromhex(field.raw)) for field in found.fields]
    assert told == blocks
    assert (found.annex and found.annex.raw) == annex
    assert found.encode() == raw


def test_a_length_is_written_in_three_bytes_from_255_on():
    assert encode_block(1, bytes(254))[:2] == b"\x01\xfe"
    assert encode_block(1, bytes(255))[:4] == b"\x01\xff\x00\xff"


def test_an_identifier_of_a_byte_is_never_taken_for_one_of_the_text_form():
    # 0x08 is not 08, the end of validity; 0x10 is not 10, a name.
    unsigned = encode_header(HEADER) + encode_block(8, b"0E84") + encode_block(0x10, b"X")
    found = verify(parse(assemble(unsigned, sign(unsigned))), OUR_KEY.public_key())
    assert [(one.di, one.french, one.raw) for one in found.fields()] == [
        ("0x08", "0x08", b"0E84".hex()),
        ("0x10", "0x10", b"X".hex()),
    ]
    assert found.type_entry is None
    assert list(dated_findings(found.header, found.parsed.fields, date(2026, 1, 1))) == []


@pytest.mark.parametrize(
    "change", [{"country": "FR"}, {"certificate_id": "1234"}, {"doc_type": "ZZ"}]
)
def test_a_header_of_another_form_is_not_written(change):
    with pytest.raises(TwoDDocError) as caught:
        encode_header(dataclasses.replace(HEADER, **change))
    assert caught.value.reason is Reason.HEADER_CHARSET


def test_a_binary_header_is_never_written_as_text():
    with pytest.raises(TwoDDocError):
        HEADER.encode()


def test_only_what_precedes_the_signature_is_signed():
    assert WHOLE.startswith(read(WHOLE).signed + b"\xff\x40")
    altered = WHOLE + encode_block(1, b"ADDED BY ANYONE")
    found = verify(parse(altered), OUR_KEY.public_key())
    assert "0x01" in {field.di for field in found.fields()}
    assert b"ADDED".hex() not in "".join(field.raw for field in found.fields())


@settings(max_examples=cases(ci=10_000, slow=100_000))
@given(st.binary(max_size=400))
@example(b"")
@example(b"\x01")
@example(b"\x01\xff\x00")
@bounded()
def test_any_bytes_after_the_mark_give_one_error_or_read_back(tail):
    for raw in (b"\xdc" + tail, b"\xdc\x04" + tail, PUBLISHED + tail, WHOLE + tail):
        assert reason_of(raw) in {None, *Reason}
