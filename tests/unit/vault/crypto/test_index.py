"""The index, before a server that goes back, forks, drops, swaps or invents."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.keys_json import published, raw

from vault.crypto import index, kdf, wrap
from vault.crypto.index import (
    ForkError,
    Grant,
    IndexChainError,
    Meta,
    Operation,
    Owner,
    Put,
    Remove,
    RollbackError,
    SlotAdded,
    SlotUnlistedError,
    Withdraw,
)
from vault.crypto.keys import MasterKey, SigningSeed
from vault.format import canonical
from vault.format.index_head import HEAD_0, HeadError, HeadSignatureError, Position

SEED = SigningSeed(bytes(32))
ACCOUNT = bytes(range(16))
OWNER = Owner(ACCOUNT, index.index_key(MasterKey(bytes(32))), SEED.public())
START = Position()
DOC, OTHER = b"d" * 16, b"e" * 16


def put(doc=DOC, version=1, blob=b"b", metadata=b"m"):
    """Give a put, its digests made of one letter."""
    return Put(doc, version, blob * 16, 4128, b"s" * 32, b"f" * 32, b"h" * 32, metadata * 32)


def history(*acts, seed=SEED, owner=OWNER):
    """Give the sealed operations of these acts."""
    at, sealed = START, []
    for number, act in enumerate(acts):
        sealed.append(
            index.seal(owner, seed, at, Operation(1_795_176_000 + number, b"v" * 16, act))
        )
        at = Position(sealed[-1].n, sealed[-1].head)
    return sealed


def read(sealed, remembered=START, owner=OWNER):
    """Read a history as a server gives it."""
    signature = sealed[-1].signature if sealed else b""
    return index.replay(owner, [each.op_ct for each in sealed], signature, remembered)


GOOD = (
    SlotAdded(b"k" * 16, 1),
    put(),
    put(version=2, blob=b"c"),
    Meta(DOC, 1, b"n" * 32),
    Grant(b"j" * 16, "https://portal.example/canteen", b"g" * 32),
    put(OTHER, blob=b"x"),
    Withdraw(b"j" * 16, b"w" * 32),
    Remove(OTHER),
)
SEALED = history(*GOOD)

digests, ids = st.binary(min_size=32, max_size=32), st.binary(min_size=16, max_size=16)
numbers, texts = st.integers(0, 2**40), st.text(st.characters(exclude_categories=["Cs"]))
acts = st.one_of(
    st.builds(Put, ids, numbers, ids, numbers, digests, digests, digests, digests),
    st.builds(Meta, ids, numbers, digests),
    st.builds(Remove, ids),
    st.builds(Grant, ids, texts, digests),
    st.builds(Withdraw, ids, digests),
    st.builds(SlotAdded, ids, numbers),
)


@given(st.builds(Operation, numbers, ids, acts))
def test_an_operation_reads_back_and_its_length_is_a_multiple_of_512(operation):
    assert len(operation.encode()) % 512 == 0
    assert Operation.parse(operation.encode()) == operation


def test_the_published_operation_chains_and_opens_under_its_key():
    vectors, umk = published("index"), published("umk")
    seed = SigningSeed(raw(vectors["sign_seed"]))
    key = index.index_key(MasterKey(raw(published("slot")["umk"])))
    assert key.secret == raw(umk["k_index"])
    owner = Owner(vectors["account"], key, seed.public())
    binding = index._binding(owner.account, START)
    assert binding == vectors["aad"].encode()
    plain = wrap.unwrap(key, kdf.WRAP_OPERATION, raw(vectors["op_ct"]), binding)
    assert canonical.decode_padded(plain, 512)["kind"] == "device"
    with pytest.raises(IndexChainError):  # the head and signature are good; the kind is not read
        index.replay(owner, [raw(vectors["op_ct"])], raw(vectors["signature"]), START)


def test_a_history_is_read_whole():
    found = read(SEALED)
    assert found.position == Position(8, SEALED[-1].head)
    assert [each.version for each in found.documents[DOC]] == [1, 2]
    assert found.documents[DOC][0].metadata == b"n" * 32
    assert found.documents[DOC][0].stored.blob_id == b"b" * 16
    assert found.documents[OTHER] == []
    assert found.grants.keys() == found.withdrawn.keys() == {b"j" * 16}
    found.check_slot(b"k" * 16, 1)


def test_an_empty_index_is_read_by_who_remembers_nothing():
    assert read([]).position == START == Position(0, HEAD_0)


def test_a_slot_that_the_index_does_not_list_is_refused():
    for slot, epoch in ((b"z" * 16, 1), (b"k" * 16, 2)):
        with pytest.raises(SlotUnlistedError):
            read(SEALED).check_slot(slot, epoch)


def test_a_client_that_remembers_accepts_what_passes_through():
    for each in SEALED:
        assert read(SEALED, Position(each.n, each.head)).position.n == 8


def test_a_server_that_goes_back_is_seen():
    remembered = Position(8, SEALED[-1].head)
    for count in range(8):
        with pytest.raises(RollbackError):
            read(SEALED[:count], remembered)


def test_a_server_that_forks_is_seen():
    """The other device was shown another operation 3, honestly signed."""
    other = history(*GOOD[:2], Remove(DOC), *GOOD[4:5])
    assert read(other).position.n == 4
    for each in (SEALED[2], SEALED[3]):
        with pytest.raises(ForkError):
            read(other, Position(each.n, each.head))


@settings(max_examples=40)
@given(st.integers(0, 6), st.integers(0, 7))
def test_operations_dropped_repeated_or_swapped_are_seen(one, other):
    dropped = SEALED[:one] + SEALED[one + 1 :]
    repeated = [*SEALED[:one], SEALED[one], *SEALED[one:]]
    swapped = list(SEALED)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    for wrong in (dropped, repeated, *([swapped] if one != other else [])):
        with pytest.raises(HeadSignatureError):
            index.replay(OWNER, [each.op_ct for each in wrong], SEALED[-1].signature, START)


def test_every_change_to_an_operation_is_seen():
    pick = random.Random(9)  # noqa: S311
    for _ in range(200):
        cts = [bytearray(each.op_ct) for each in SEALED]
        which = pick.randrange(len(cts))
        cts[which][pick.randrange(len(cts[which]))] ^= 1 << pick.randrange(8)
        with pytest.raises(HeadSignatureError):
            index.replay(OWNER, [bytes(ct) for ct in cts], SEALED[-1].signature, START)


def test_an_index_signed_by_another_or_of_another_account_is_refused():
    thief = SigningSeed.generate()
    with pytest.raises(HeadSignatureError):
        read(history(*GOOD, seed=thief))
    elsewhere = Owner(bytes(16), OWNER.key, OWNER.public_key)
    with pytest.raises(HeadSignatureError):
        read(SEALED, owner=elsewhere)
    with pytest.raises(HeadError):
        index.replay(OWNER, [SEALED[0].op_ct], b"", START)


def test_an_index_under_another_key_is_refused():
    stranger = Owner(ACCOUNT, index.index_key(MasterKey(b"\1" * 32)), OWNER.public_key)
    with pytest.raises(IndexChainError):
        read(SEALED, owner=stranger)


@pytest.mark.parametrize(
    "acts",
    [
        pytest.param([put(version=2)], id="a second version without a first"),
        pytest.param([put(), put(blob=b"c")], id="version 1 twice"),
        pytest.param([put(), put(version=2)], id="an object's name used twice"),
        pytest.param([put(), put(OTHER)], id="an object's name used by two documents"),
        pytest.param([Meta(DOC, 1, b"n" * 32)], id="metadata of nothing"),
        pytest.param([put(), Meta(DOC, 2, b"n" * 32)], id="metadata of an absent version"),
        pytest.param([put(), Meta(DOC, 0, b"n" * 32)], id="metadata of version 0"),
        pytest.param([Remove(DOC)], id="removing nothing"),
        pytest.param([put(), Remove(DOC), Remove(DOC)], id="removing twice"),
        pytest.param([put(), Remove(DOC), put(blob=b"c")], id="a name that comes back"),
        pytest.param([GOOD[4], GOOD[4]], id="one grant twice"),
        pytest.param([GOOD[6]], id="withdrawing nothing"),
        pytest.param([GOOD[4], GOOD[6], GOOD[6]], id="withdrawing twice"),
        pytest.param([GOOD[0], GOOD[0]], id="one slot twice"),
    ],
)
def test_operations_that_contradict_each_other_stop_the_reading(acts):
    with pytest.raises(IndexChainError):
        read(history(*acts))


MEMBERS = canonical.decode_padded(Operation(1, b"v" * 16, put()).encode(), 512)


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({**MEMBERS, "kind": "burn"}, id="an unknown kind"),
        pytest.param({**MEMBERS, "v": 2}, id="another format"),
        pytest.param({**MEMBERS, "more": "x"}, id="a member too many"),
        pytest.param({k: v for k, v in MEMBERS.items() if k != "fkc"}, id="no commitment"),
        pytest.param({k: v for k, v in MEMBERS.items() if k != "at"}, id="no time"),
        pytest.param({**MEMBERS, "sha256": "AAAA"}, id="a short digest"),
        pytest.param({**MEMBERS, "size": "1"}, id="a size as text"),
        pytest.param({**MEMBERS, "size": -1}, id="a negative size"),
        pytest.param({**MEMBERS, "kind": ["put"]}, id="a kind that is no text"),
    ],
)
def test_an_operation_in_another_form_is_refused(members):
    with pytest.raises(IndexChainError):
        Operation.parse(canonical.encode_padded(members, 512))


def test_an_operation_with_other_padding_is_refused():
    data = Operation(1, b"v" * 16, put()).encode()
    for wrong in (data.rstrip(), data + b" " * 512, data[:-1] + b"\n"):
        with pytest.raises(IndexChainError):
            Operation.parse(wrong)
