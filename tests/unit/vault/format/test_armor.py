"""The text form of an age file; hostile forms are in the published test kit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.format import armor
from vault.format.armor import ArmorError, Encoder, decode, is_armored

FIRST, LAST = armor.FIRST_LINE + b"\n", armor.LAST_LINE + b"\n"


def written(pieces: list[bytes]) -> bytes:
    """Give the armored text of the pieces."""
    encoder = Encoder()
    return b"".join(encoder.feed(piece) for piece in pieces) + encoder.finish()


@given(st.lists(st.binary(max_size=200)), st.integers(1, 100))
def test_bytes_read_back_whatever_the_pieces(pieces, size):
    text = written(pieces)
    cut = [text[at : at + size] for at in range(0, len(text), size)]
    assert b"".join(decode(cut)) == b"".join(pieces)
    assert b"".join(decode([text.replace(b"\n", b"\r\n")])) == b"".join(pieces)
    assert is_armored(text)


def test_lines_have_64_columns_and_the_last_is_never_empty():
    text = written([bytes(48 * 3)])
    assert text == FIRST + (b"A" * 64 + b"\n") * 3 + LAST


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\n" * 1025 + FIRST + LAST, id="white space without end before"),
        pytest.param(FIRST + LAST + b"\n" * 1025, id="white space without end after"),
        pytest.param(FIRST + LAST + b" " * 5000, id="spaces without end after"),
        pytest.param(FIRST + LAST + FIRST + LAST, id="two files"),
        pytest.param(FIRST + b"A" * 100_000, id="a line without end"),
        pytest.param(FIRST + "é\n".encode() + LAST, id="not ASCII"),
        pytest.param(FIRST + b"AA==\nAAAA\n" + LAST, id="a line after the padding"),
        pytest.param(FIRST + b"AAAA\n-----END-----\n", id="another last line"),
        pytest.param(FIRST + b"AAAA", id="no last line"),
        pytest.param(FIRST[:-1] + b"\r\r\n" + LAST, id="two returns"),
    ],
)
def test_what_is_no_armor_is_refused(text):
    with pytest.raises(ArmorError):
        b"".join(decode([text]))


def test_a_binary_file_is_not_taken_for_armor():
    assert not is_armored(b"age-encryption.org/v1\n")
    assert not is_armored(b"")
    assert is_armored(b" \r\n" + FIRST)
