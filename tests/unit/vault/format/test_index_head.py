"""Heads of the index, as the server checks them."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from support.shared import shared

from vault.format import index_head
from vault.format.index_head import HEAD_0, HeadError, HeadSignatureError

ACCOUNT = bytes(range(16))
OWNER = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = OWNER.public_key().public_bytes_raw()
HEAD_1 = index_head.next_head(ACCOUNT, HEAD_0, 1, b"first")
SIGNATURE_1 = OWNER.sign(index_head.signed_bytes(ACCOUNT, 1, HEAD_1))


def test_the_published_head_and_signature_are_ours():
    vectors = json.loads(shared("design/schemas/vectors/keys.json").read_text("utf-8"))
    index = {
        name: base64.b64decode(text)
        for name, text in vectors["index"].items()
        if name not in ("op", "aad")
    }
    account = base64.b64decode(vectors["account"])
    assert index["head_0"] == HEAD_0
    assert index_head.next_head(account, HEAD_0, 1, index["op_ct"]) == index["head_1"]
    owner = Ed25519PrivateKey.from_private_bytes(index["sign_seed"])
    assert owner.sign(index_head.signed_bytes(account, 1, index["head_1"])) == index["signature"]
    index_head.verify(
        owner.public_key().public_bytes_raw(), account, 1, index["head_1"], index["signature"]
    )


def test_a_head_depends_on_account_counter_predecessor_and_operation():
    heads = {
        HEAD_1,
        index_head.next_head(bytes(16), HEAD_0, 1, b"first"),
        index_head.next_head(ACCOUNT, HEAD_0, 1, b"other"),
        index_head.next_head(ACCOUNT, HEAD_0, 2, b"first"),
        index_head.next_head(ACCOUNT, HEAD_1, 2, b"first"),
    }
    assert len(heads) == 5


@pytest.mark.parametrize(
    ("account", "n", "head"),
    [
        pytest.param(bytes(16), 1, HEAD_1, id="another account"),
        pytest.param(ACCOUNT, 2, HEAD_1, id="another counter"),
        pytest.param(ACCOUNT, 1, bytes(32), id="another head"),
    ],
)
def test_a_signature_is_for_one_account_counter_and_head(account, n, head):
    index_head.verify(PUBLIC, ACCOUNT, 1, HEAD_1, SIGNATURE_1)
    with pytest.raises(HeadSignatureError):
        index_head.verify(PUBLIC, account, n, head, SIGNATURE_1)


@given(st.integers(0, 511))
def test_a_bit_changed_in_the_signature_is_seen(bit):
    changed = bytearray(SIGNATURE_1)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(HeadSignatureError):
        index_head.verify(PUBLIC, ACCOUNT, 1, HEAD_1, bytes(changed))


def test_another_owner_s_key_or_none_at_all_is_refused():
    for key in (bytes(32), Ed25519PrivateKey.generate().public_key().public_bytes_raw()):
        with pytest.raises(HeadSignatureError):
            index_head.verify(key, ACCOUNT, 1, HEAD_1, SIGNATURE_1)


@pytest.mark.parametrize(
    "arguments",
    [
        (b"short", HEAD_0, 1, b""),
        (ACCOUNT, b"short", 2, b""),
        (ACCOUNT, HEAD_0, 0, b""),
        (ACCOUNT, HEAD_0, -1, b""),
        (ACCOUNT, HEAD_0, 2**63, b""),
        (ACCOUNT, HEAD_1, 1, b""),
    ],
)
def test_a_part_without_its_form_is_refused(arguments):
    with pytest.raises(HeadError):
        index_head.next_head(*arguments)


def test_keys_and_signatures_have_one_length():
    with pytest.raises(HeadError):
        index_head.verify(PUBLIC[:-1], ACCOUNT, 1, HEAD_1, SIGNATURE_1)
    with pytest.raises(HeadError):
        index_head.verify(PUBLIC, ACCOUNT, 1, HEAD_1, SIGNATURE_1 + b"\0")
