"""Recipients and identities as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.format import bech32
from vault.format.bech32 import Bech32Error

prefixes = st.text(st.characters(codec="ascii", categories=["Ll", "Nd", "Pd"]), min_size=1)
TEXT = bech32.encode("age", bytes(range(32)))


@given(prefixes, st.binary(max_size=1500))
def test_data_reads_back_in_either_case(prefix, data):
    text = bech32.encode(prefix, data)
    assert bech32.decode(text) == (prefix, data)
    assert bech32.decode(text.upper()) == (prefix, data)


LONG = "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio"
GROUPS = "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d"


@pytest.mark.parametrize(
    ("text", "prefix", "data"),
    [
        ("A12UEL5L", "a", ""),
        (f"{LONG}1tt5tgs", LONG, ""),
        ("split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "split", GROUPS),
    ],
    ids=["upper case", "long", "split"],
)
def test_the_examples_of_bip_173_are_read(text, prefix, data):
    assert bech32.decode(text) == (prefix, bytes.fromhex(data))
    assert bech32.encode(prefix, bytes.fromhex(data)) == text.lower()


@given(st.integers(0, len(TEXT) - 1), st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l1bio é"))
def test_one_wrong_character_is_always_seen(at, sign):
    changed = TEXT[:at] + sign + TEXT[at + 1 :]
    if changed == TEXT:
        return
    with pytest.raises(Bech32Error):
        bech32.decode(changed)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("age", id="no separator"),
        pytest.param("1qzzfhee", id="no prefix"),
        pytest.param("age1", id="no checksum"),
        pytest.param(TEXT[:-1], id="cut short"),
        pytest.param(TEXT + "q", id="one more"),
        pytest.param("AGE" + TEXT[3:], id="mixed case"),
        pytest.param("\x20" + TEXT, id="a space"),
        pytest.param("é" + TEXT, id="a prefix that is not ASCII"),
        pytest.param("\u017f" + TEXT, id="a letter whose upper case is ASCII"),
        pytest.param("a" * 5000, id="more characters than we read"),
        pytest.param("a1lqfn3a", id="BIP 350's checksum"),
    ],
)
def test_what_is_no_bech32_is_refused(text):
    with pytest.raises(Bech32Error):
        bech32.decode(text)


def test_spare_bits_must_be_zero_and_no_group_may_be_idle():
    for groups in ([31], [0], [0, 1], [0] * 3):
        check = bech32._polymod([*bech32._expand("a"), *groups, *[0] * 6]) ^ 1
        coded = [*groups, *[check >> 5 * (5 - at) & 31 for at in range(6)]]
        text = "a1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[group] for group in coded)
        with pytest.raises(Bech32Error):
            bech32.decode(text)


@pytest.mark.parametrize("prefix", ["", "Age", "a b", "é"])
def test_a_prefix_without_encoding_is_refused(prefix):
    with pytest.raises(Bech32Error):
        bech32.encode(prefix, b"")


def test_no_error_repeats_what_may_be_a_secret():
    for text in (TEXT[:-1], TEXT + "1", TEXT.replace("q", "b")):
        with pytest.raises(Bech32Error) as caught:
            bech32.decode(text)
        assert text[5:12] not in str(caught.value)
