"""Key slots, as the server reads them."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.shared import shared

from vault.format.slot import (
    HelpersKdf,
    KdfFloorError,
    KitKdf,
    PasskeyKdf,
    PassphraseKdf,
    Slot,
    SlotError,
    SlotName,
)

WRAPPED = b"\x01" + bytes(range(112))
SALT = bytes(range(16))
NAME = SlotName(bytes(16), b"s" * 16, 1, PassphraseKdf(SALT))
SLOT = Slot(NAME, WRAPPED)
JSON = json.loads(SLOT.encode())

ids = st.binary(min_size=16, max_size=16)
kdfs = st.one_of(
    st.builds(PassphraseKdf, ids, st.integers(131_072, 2_097_152), st.integers(3, 64), st.just(1)),
    st.builds(PasskeyKdf, st.binary(min_size=1, max_size=1023)),
    st.builds(KitKdf, ids),
    st.lists(st.binary(min_size=32, max_size=32), min_size=3, max_size=3, unique=True).map(
        lambda shares: HelpersKdf((shares[0], shares[1], shares[2]))
    ),
)
names = st.builds(SlotName, ids, ids, st.integers(1, 2**31 - 1), kdfs)
wraps = st.binary(min_size=112, max_size=112).map(lambda body: b"\x01" + body)


@given(st.builds(Slot, names, wraps))
def test_a_slot_reads_back_as_it_was_written(slot):
    assert Slot.parse(slot.encode()) == slot
    assert slot.commitment == slot.wrapped[33:65]


def test_the_published_binding_is_ours():
    vectors = json.loads(shared("design/schemas/vectors/keys.json").read_text("utf-8"))
    binding = vectors["slot"]["aad"].encode()
    members = {**json.loads(binding), "wrapped": vectors["slot"]["wrapped"].rstrip("=")}
    members["wrapped"] = members["wrapped"].replace("+", "-").replace("/", "_")
    slot = Slot.parse(json.dumps(members, sort_keys=True, separators=(",", ":")).encode())
    assert slot.name.binding() == binding
    assert slot.wrapped == base64.b64decode(vectors["slot"]["wrapped"])


@given(names, names)
def test_two_names_are_never_bound_alike(one, other):
    assert (one == other) == (one.binding() == other.binding())


def changed(**members: object) -> dict[str, object]:
    return {**JSON, **members}


def kdf(**members: object) -> dict[str, object]:
    return changed(kdf={**JSON["kdf"], **members})


@pytest.mark.parametrize(
    "members",
    [
        pytest.param(kdf(m=131_071), id="memory below the floor"),
        pytest.param(kdf(m=2_097_153), id="memory that no client has"),
        pytest.param(kdf(t=2), id="too few passes"),
        pytest.param(kdf(t=65), id="passes without end"),
        pytest.param(kdf(p=2), id="lanes that the browser cannot do"),
        pytest.param(kdf(p=0), id="no lane"),
    ],
)
def test_a_derivation_out_of_bounds_is_refused_and_named(members):
    with pytest.raises(KdfFloorError):
        Slot.parse(json.dumps(members, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    "members",
    [
        pytest.param(kdf(alg="argon2i"), id="another algorithm"),
        pytest.param(kdf(alg="scrypt"), id="an algorithm of age"),
        pytest.param(kdf(extra=1), id="a member that a passphrase slot has not"),
        pytest.param(changed(kdf={"alg": "argon2id"}), id="parameters are missing"),
        pytest.param(changed(kdf=[]), id="parameters that are no object"),
        pytest.param(kdf(m="131072"), id="a number as text"),
        pytest.param(kdf(m=None), id="nothing"),
        pytest.param(kdf(salt="AAAA"), id="a salt of 3 bytes"),
        pytest.param(kdf(salt=1), id="a salt that is no text"),
        pytest.param(changed(type="kit"), id="the parameters of another type"),
        pytest.param(changed(type="magic"), id="an unknown type"),
        pytest.param(
            changed(type="helpers", kdf={"alg": "shamir", "shares": "AAAA"}),
            id="shares are no list",
        ),
        pytest.param(changed(type="helpers", kdf={"alg": "shamir", "shares": []}), id="no share"),
        pytest.param(
            changed(type="helpers", kdf={"alg": "shamir", "shares": ["A" * 43] * 3}),
            id="three times one share",
        ),
        pytest.param(
            changed(type="passkey", kdf={"alg": "prf", "credential": ""}), id="no credential"
        ),
        pytest.param(
            changed(type="kit", kdf={"alg": "kit", "id": "AAAA"}), id="a kit identifier of 3 bytes"
        ),
        pytest.param(changed(account="AAAA"), id="an account of 3 bytes"),
        pytest.param(changed(slot="AAAA"), id="an identifier of 3 bytes"),
        pytest.param(changed(epoch=0), id="epoch 0"),
        pytest.param(changed(epoch=2**31), id="an epoch out of bounds"),
        pytest.param(changed(epoch="1"), id="an epoch as text"),
        pytest.param(changed(wrapped="AQ"), id="a short wrap"),
        pytest.param(changed(wrapped=JSON["wrapped"] + "AAAA"), id="a long wrap"),
        pytest.param(changed(wrapped="Ag" + JSON["wrapped"][2:]), id="a wrap of version 2"),
        pytest.param(changed(note="x"), id="one member too many"),
        pytest.param(
            {name: JSON[name] for name in JSON if name != "epoch"}, id="one member too few"
        ),
        pytest.param([], id="a list"),
    ],
)
def test_what_is_no_slot_is_refused(members):
    with pytest.raises(SlotError):
        Slot.parse(json.dumps(members, sort_keys=True, separators=(",", ":")).encode())


def test_a_second_encoding_of_a_slot_is_refused():
    for data in (
        json.dumps(JSON).encode(),
        SLOT.encode() + b" ",
        SLOT.encode().replace(b'{"account"', b'{"account":"x","account"', 1),
        b"\xff" + SLOT.encode(),
    ):
        with pytest.raises(SlotError):
            Slot.parse(data)
