"""The committing wrap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.keys_json import published, raw

from vault.crypto import kdf, wrap
from vault.crypto.keys import IndexKey, MasterKey, SlotKey
from vault.crypto.wrap import WrapError

KEY = MasterKey(bytes(32))
WRAPPED = wrap.wrap(KEY, kdf.WRAP_SLOT, b"plain", b"binding")


@given(st.binary(max_size=600), st.binary(max_size=100))
def test_a_wrap_opens_to_what_was_closed(plain, binding):
    wrapped = wrap.wrap(KEY, kdf.WRAP_SLOT, plain, binding)
    assert len(wrapped) == len(plain) + wrap.OVERHEAD
    assert wrap.unwrap(KEY, kdf.WRAP_SLOT, wrapped, binding) == plain


def test_the_published_wraps_are_ours_to_the_byte():
    passphrase, slot, index, umk = (
        published(part) for part in ("passphrase", "slot", "index", "umk")
    )
    key, binding = SlotKey(raw(passphrase["kek"])), slot["aad"].encode()
    wrapped = raw(slot["wrapped"])
    assert wrap.unwrap(key, kdf.WRAP_SLOT, wrapped, binding) == raw(slot["umk"])
    bound = binding, raw(slot["salt"])
    assert wrap._close(key, kdf.WRAP_SLOT, raw(slot["umk"]), bound) == wrapped
    index_key, plain = IndexKey(raw(umk["k_index"])), index["op"].encode()
    op_ct, binding = raw(index["op_ct"]), index["aad"].encode()
    assert wrap.unwrap(index_key, kdf.WRAP_OPERATION, op_ct, binding) == plain
    bound = binding, raw(index["salt"])
    assert wrap._close(index_key, kdf.WRAP_OPERATION, plain, bound) == op_ct


def test_another_key_label_or_binding_opens_nothing_and_says_the_same():
    said = set()
    for key, label, binding in (
        (MasterKey(b"\1" * 32), kdf.WRAP_SLOT, b"binding"),
        (KEY, kdf.WRAP_BUNDLE, b"binding"),
        (KEY, kdf.WRAP_SLOT, b"other"),
    ):
        with pytest.raises(WrapError) as caught:
            wrap.unwrap(key, label, WRAPPED, binding)
        said.add(str(caught.value))
    assert len(said) == 1


def test_every_bit_of_a_wrap_counts():
    for bit in range(len(WRAPPED) * 8):
        changed = bytearray(WRAPPED)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(WrapError):
            wrap.unwrap(KEY, kdf.WRAP_SLOT, bytes(changed), b"binding")


@pytest.mark.parametrize("end", [0, 1, 33, 65, wrap.OVERHEAD - 1, len(WRAPPED) - 1])
def test_a_wrap_cut_short_opens_nothing(end):
    with pytest.raises(WrapError):
        wrap.unwrap(KEY, kdf.WRAP_SLOT, WRAPPED[:end], b"binding")


def test_the_commitment_decides_before_the_cipher():
    """A ciphertext sealed under another cipher key, with the right tag, is not even tried."""
    other = wrap.wrap(MasterKey(b"\1" * 32), kdf.WRAP_SLOT, b"plain", b"binding")
    mixed = WRAPPED[:1] + other[1:33] + WRAPPED[33:65] + other[65:]
    for key in (KEY, MasterKey(b"\1" * 32)):
        with pytest.raises(WrapError):
            wrap.unwrap(key, kdf.WRAP_SLOT, mixed, b"binding")
