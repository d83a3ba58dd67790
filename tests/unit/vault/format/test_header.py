"""Headers of age files."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.budget import cases

from vault.format.header import (
    MAX_HEADER,
    MAX_STANZAS,
    Header,
    HeaderError,
    Stanza,
    header_end,
    mac_input,
)

MAC = bytes(range(32))
HEADER = Header((Stanza(("X25519", "share"), b"b" * 32),), MAC)
DATA = HEADER.encode()
MAC_LINE = b"--- AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
V1 = b"age-encryption.org/v1\n"
A = b"-> a\n\n"

arguments = st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8),
    min_size=1,
    max_size=4,
).map(tuple)
stanzas = st.builds(Stanza, arguments, st.binary(max_size=150))
headers = st.builds(
    Header,
    st.lists(stanzas, min_size=1, max_size=MAX_STANZAS).map(tuple),
    st.binary(min_size=32, max_size=32),
)


@given(headers, st.binary(max_size=64))
def test_a_header_reads_back_as_it_was_written_whatever_follows_it(header, payload):
    data = header.encode()
    end = header_end(data + payload)
    assert end == len(data)
    assert Header.parse(data) == header
    assert data.startswith(mac_input(header.stanzas))


@given(headers)
def test_the_beginning_of_a_header_asks_for_more(header):
    data = header.encode()
    for end in range(0, len(data), max(1, len(data) // 40)):
        assert header_end(data[:end]) is None


@given(st.lists(st.sampled_from([V1, A, b"-> b c\nQUI\n", MAC_LINE, b"\n", b"--- "])).map(b"".join))
def test_whatever_parses_is_written_back_as_the_same_bytes(data):
    try:
        header = Header.parse(data)
    except HeaderError:
        return
    assert header.encode() == data


@given(st.integers(0, len(DATA) - 1), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_is_the_encoding_of_what_is_read(at, value):
    data = DATA[:at] + bytes([value]) + DATA[at + 1 :]
    try:
        header = Header.parse(data)
    except HeaderError:
        return
    assert header.encode() == data


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(V1, id="a version line alone"),
        pytest.param(V1 + MAC_LINE, id="no stanza"),
        pytest.param(V1 + A, id="no MAC"),
        pytest.param(V1 + A * (MAX_STANZAS + 1) + MAC_LINE, id="a stanza too many"),
        pytest.param(V1 + A + MAC_LINE[:-1], id="no end of line"),
        pytest.param(V1 + A + MAC_LINE + b"\n", id="an empty line after the MAC"),
        pytest.param(V1 + A + MAC_LINE * 2, id="two MACs"),
        pytest.param(V1 + A + b"---\n", id="an empty MAC line"),
        pytest.param(V1 + A + b"--- AAAA\n", id="a short MAC"),
        pytest.param(V1 + A + MAC_LINE.replace(b"--- ", b"---"), id="no space before the MAC"),
        pytest.param(V1 + A + MAC_LINE.replace(b"--- ", b"---  "), id="two spaces"),
        pytest.param(V1 + A + MAC_LINE.replace(b"h8", b"h9"), id="spare bits in the MAC"),
        pytest.param(V1 + A.replace(b"\n", b"\r\n") + MAC_LINE, id="CRLF"),
        pytest.param(V1 + b"-> \n\n" + MAC_LINE, id="no type"),
        pytest.param(V1 + b"->\n\n" + MAC_LINE, id="not even a space"),
        pytest.param(V1 + b"-> a  b\n\n" + MAC_LINE, id="an empty argument"),
        pytest.param(V1 + "-> é\n\n".encode() + MAC_LINE, id="an argument that is not ASCII"),
        pytest.param(V1 + b"-> a\tb\n\n" + MAC_LINE, id="a tab"),
        pytest.param(V1 + b"-> a\n" + MAC_LINE, id="no body"),
        pytest.param(V1 + b"-> a\nAA==\n" + MAC_LINE, id="padding"),
        pytest.param(V1 + b"-> a\nA\n" + MAC_LINE, id="one character"),
        pytest.param(V1 + b"-> a\nAB\n" + MAC_LINE, id="spare bits"),
        pytest.param(V1 + b"-> a\nA-A_\n" + MAC_LINE, id="another alphabet"),
        pytest.param(V1 + b"-> a\n" + b"A" * 65 + b"\n\n" + MAC_LINE, id="a long line"),
        pytest.param(V1 + b"-> a\n" + b"A" * 64 + b"\n" + MAC_LINE, id="no short last line"),
        pytest.param(V1.replace(b"v1", b"v2") + A + MAC_LINE, id="another version"),
        pytest.param(b" " + V1 + A + MAC_LINE, id="a space first"),
        pytest.param(
            V1 + b"-> a\n" + b"A" * 64 * 1200 + b"\n" + MAC_LINE, id="more bytes than we read"
        ),
    ],
)
def test_what_is_no_header_is_refused(data):
    with pytest.raises(HeaderError):
        Header.parse(data)


def test_a_header_without_end_is_refused_before_it_is_read_to_its_end():
    with pytest.raises(HeaderError):
        header_end(V1 + b"A" * MAX_HEADER)
    with pytest.raises(HeaderError):
        header_end(V1 + b"A" * MAX_HEADER + MAC_LINE)
    with pytest.raises(HeaderError):
        header_end(b"PK\x03\x04")


def test_what_has_no_encoding_cannot_be_built():
    for wrong in (
        lambda: Stanza((), b""),
        lambda: Stanza(("",), b""),
        lambda: Stanza(("a b",), b""),
        lambda: Stanza(("a\nb",), b""),
        lambda: Header((), MAC),
        lambda: Header(HEADER.stanzas * 21, MAC),
        lambda: Header(HEADER.stanzas, MAC[:-1]),
    ):
        with pytest.raises(HeaderError):
            wrong()


def test_hostile_headers_end_in_one_typed_error_or_in_their_own_encoding():
    pick = random.Random(20)  # noqa: S311
    pieces = [V1, A, MAC_LINE, b"-> ", b"\n", b"---", b" ", b"A" * 64, b"\r", b"\xff", DATA]
    for _ in range(cases(ci=10_000, slow=100_000, fast=1_000)):
        data = V1 * pick.randint(0, 1) + b"".join(pick.choices(pieces, k=pick.randint(0, 9)))
        try:
            assert Header.parse(data).encode() == data
        except HeaderError:
            continue
