"""Canonical JSON and base64url."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.format import canonical
from vault.format.canonical import CanonicalError, Json

names = st.text(st.characters(max_codepoint=127), max_size=8)
values = st.recursive(
    st.text(st.characters(exclude_categories=["Cs"])) | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(names, values))
def test_an_object_reads_back_as_it_was_written(value):
    assert canonical.decode(canonical.encode(value)) == value


def test_rfc_8785_s_escapes_and_order_are_kept():
    value: Json = {"b": "€$\x0f\nA'B\"\\/\x7f", "a": [1, -5, "x"]}
    expected = r"""{"a":[1,-5,"x"],"b":"€$\u000f\nA'B\"\\/""" + "\x7f" + '"}'
    assert canonical.encode(value) == expected.encode()


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"é": 1}, id="a name that is not ASCII"),
        pytest.param({"a": True}, id="a boolean"),
        pytest.param({"a": None}, id="nothing"),
        pytest.param({"a": 1.5}, id="a float"),
        pytest.param({"a": 2**53}, id="an integer that JavaScript cannot hold"),
        pytest.param({"a": b"x"}, id="bytes"),
        pytest.param({"a": "\ud800"}, id="half of a pair"),
        pytest.param({1: "a"}, id="a name that is no text"),
    ],
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(CanonicalError):
        canonical.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'"x"',
        b"\xff",
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'{"a":1}\n',
        b'{"a":"\\u0041"}',
        b'{"a":1.0}',
        b'{"a":NaN}',
        b'{"a":-0}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' + b"[" * 20 + b"]" * 20 + b"}",
        json.dumps({"a": "\ud800"}).encode(),
    ],
    ids=lambda data: data[:16].decode("latin-1"),
)
def test_another_form_is_refused(data):
    with pytest.raises(CanonicalError):
        canonical.decode(data)


@given(st.binary())
def test_bytes_read_back_from_base64url(data):
    assert canonical.from_base64url(canonical.to_base64url(data), len(data)) == data


@pytest.mark.parametrize("text", ["A", "AA==", "AB", "A+AA", "A/AA", "A A", "AAA\n", "é", 1, None])
def test_text_that_is_not_canonical_base64url_is_refused(text):
    with pytest.raises(CanonicalError):
        canonical.from_base64url(text)


def test_a_length_that_was_told_is_kept():
    with pytest.raises(CanonicalError):
        canonical.from_base64url("AAAA", 4)
