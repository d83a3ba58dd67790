"""DER written and taken apart, against another library."""

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from sealing.der import OCTET_STRING, SEQUENCE, DerError, der, integer, oid, one, values


@given(st.integers(0, 2**200))
def test_whole_numbers_are_written_as_the_other_library_does(number):
    assert integer(number) == core.Integer(number).dump()
    assert one(integer(number)).number() == number


@pytest.mark.parametrize(
    "dotted", ["1.2.840.113549.1.7.2", "2.16.840.1.101.3.4.2.1", "0.4.0.1862.1.1", "2.999.1", "1.3"]
)
def test_object_identifiers_are_written_as_the_other_library_does(dotted):
    assert oid(dotted) == core.ObjectIdentifier(dotted).dump()


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_what_is_written_is_taken_apart_again(parts):
    written = [der(OCTET_STRING, part) for part in parts]
    assert written == [core.OctetString(part).dump() for part in parts]
    found = values(one(der(SEQUENCE, *written)).of(SEQUENCE).content)
    assert [value.content for value in found] == parts
    assert [value.encoded for value in found] == written


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x04", "no length"),
        (b"\x04\x05abc", "cut short"),
        (b"\x04\x81\x05abcde", "a length that could be shorter"),
        (b"\x04\x82\x00\x80" + bytes(128), "a length with a zero in front"),
        (b"\x30\x80\x00\x00", "no definite length"),
        (b"\x04\x85\x00\x00\x00\x00\x01a", "a length of five bytes"),
        (b"\x1f\x81\x01\x00", "a tag of two bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_der_is_refused(data, why):
    with pytest.raises(DerError):
        values(data)
    assert why


@pytest.mark.parametrize("data", [b"", b"\x05\x00\x05\x00", b"\x05\x00\x00"])
def test_one_value_is_one_and_nothing_else(data):
    with pytest.raises(ValueError, match="value"):
        one(data)


def test_another_tag_than_expected_is_refused():
    with pytest.raises(DerError):
        one(b"\x05\x00").of(SEQUENCE)
    with pytest.raises(DerError):
        one(b"\x05\x00").number()


@given(st.binary(max_size=80))
def test_whatever_comes_is_read_whole_or_refused(data):
    try:
        found = values(data)
    except DerError:
        return
    assert b"".join(value.encoded for value in found) == data
