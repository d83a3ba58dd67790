"""Payloads read from anywhere."""

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto.age import stream
from vault.crypto.age.stream import PayloadError
from vault.crypto.keys import FileKey
from vault.format.sizes import SizeError

KEY = FileKey(bytes(16))


def payload(plain: bytes) -> bytes:
    """Give a payload under the key of these tests."""
    out = io.BytesIO()
    stream.encrypt(KEY, io.BytesIO(plain), out)
    return out.getvalue()


PLAIN = random.Random(11).randbytes(65_536 * 2 + 5)  # noqa: S311
SEALED = payload(PLAIN)
SEALED_FULL = payload(PLAIN[: 65_536 * 2])


@given(st.integers(0, len(PLAIN) + 10), st.integers(0, len(PLAIN) + 10))
def test_any_range_is_that_of_the_plaintext(start, length):
    got = stream.read_range(KEY, io.BytesIO(SEALED), start, length)
    assert got == PLAIN[start : start + length]
    got = stream.read_range(KEY, io.BytesIO(SEALED_FULL), start, length)
    assert got == PLAIN[: 65_536 * 2][start : start + length]


def test_an_empty_plaintext_has_one_empty_chunk():
    assert len(payload(b"")) == 32
    assert stream.read_range(KEY, io.BytesIO(payload(b"")), 0, 10) == b""


def test_a_payload_cut_between_chunks_is_seen_by_the_first_read_anywhere():
    with pytest.raises(PayloadError):
        stream.read_range(KEY, io.BytesIO(SEALED[: 16 + 65_552]), 0, 10)
    with pytest.raises(SizeError):
        stream.read_range(KEY, io.BytesIO(SEALED[:20]), 0, 10)


def test_a_damaged_chunk_is_refused_when_it_is_read():
    changed = bytearray(SEALED)
    changed[100] ^= 1
    assert stream.read_range(KEY, io.BytesIO(changed), 65_536, 10) == PLAIN[65_536:65_546]
    with pytest.raises(PayloadError):
        stream.read_range(KEY, io.BytesIO(changed), 0, 10)


def test_another_file_key_opens_no_chunk():
    with pytest.raises(PayloadError):
        stream.decrypt(FileKey(b"\1" * 16), io.BytesIO(SEALED), io.BytesIO())
