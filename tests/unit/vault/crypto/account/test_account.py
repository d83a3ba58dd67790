"""How a person gets in: passphrase, slots, identity, before a server that cheats."""

from dataclasses import replace

import pytest
from support.keys_json import published, raw

from vault.crypto import kdf, wrap
from vault.crypto.account import identity_bundle, passphrase, slots
from vault.crypto.account.identity_bundle import (
    BundleError,
    IdentityBundle,
    IdentityMismatchError,
    PublicIdentity,
    Seeds,
)
from vault.crypto.account.passphrase import WeakPassphraseError
from vault.crypto.account.slots import SlotNotOpenedError
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.crypto.keys import MasterKey, SlotKey
from vault.format import canonical
from vault.format.slot import KitKdf, PasskeyKdf, PassphraseKdf, Slot, SlotName

ACCOUNT = bytes(range(16))
MASTER, KEY = MasterKey(b"m" * 32), SlotKey(b"k" * 32)
NAME = SlotName(ACCOUNT, b"s" * 16, 1, PassphraseKdf(b"salt" * 4))
SLOT = slots.close_slot(MASTER, KEY, NAME)


def test_the_published_passphrase_gives_its_two_keys():
    vectors = published("passphrase")
    keys = passphrase.derive(vectors["text"], PassphraseKdf(raw(vectors["salt"])))
    assert keys.auth.secret == raw(vectors["auth_key"])
    assert keys.slot.secret == raw(vectors["kek"])


def test_the_published_passkey_and_kit_give_their_keys():
    passkey, kit = published("passkey"), published("kit")
    assert slots.prf_input(passkey["account"]) == raw(passkey["prf_input"])
    output, credential = raw(passkey["prf_output"]), raw(passkey["credential_id"])
    assert slots.passkey_key(output, credential).secret == raw(passkey["kek"])
    assert slots.kit_key(raw(kit["code"]), raw(kit["id"])).secret == raw(kit["kek"])


def test_the_published_slot_opens_to_its_master_key():
    vectors = published("slot")
    members = {**canonical.decode(vectors["aad"].encode())}
    members["wrapped"] = canonical.to_base64url(raw(vectors["wrapped"]))
    slot = Slot.parse(canonical.encode(members))
    key = SlotKey(raw(published("passphrase")["kek"]))
    assert slots.open_slot(slot, key, vectors["account"]).secret == raw(vectors["umk"])


def test_the_published_seed_gives_its_recipient_and_fingerprint():
    vectors = published("identity")
    recipient = HybridIdentity(raw(vectors["seed"])).recipient()
    assert recipient.encode() == vectors["recipient"]
    assert recipient.fingerprint() == raw(vectors["fingerprint"])


def test_a_passphrase_is_the_same_however_its_accents_are_typed_and_is_never_trimmed():
    assert passphrase.normalise("e\u0301te\u0301") == passphrase.normalise("été") == "été".encode()
    assert passphrase.normalise("\ufb01n") == b"fin"
    assert passphrase.normalise(" a ") == b" a "


@pytest.mark.parametrize("text", ["", "court", "onze signes", "aaaaaaaaaaaaaaaa", "abababababab"])
def test_a_new_passphrase_that_is_easy_to_guess_is_refused(text):
    with pytest.raises(WeakPassphraseError):
        passphrase.check_new(text)


def test_a_new_passphrase_of_several_words_is_accepted():
    passphrase.check_new("café trèfle nuage brique sol pente")


def test_a_slot_opens_to_the_account_s_key():
    assert slots.open_slot(Slot.parse(SLOT.encode()), KEY, ACCOUNT) == MASTER


OTHER_NAMES = {
    "another account": replace(NAME, account=bytes(16)),
    "another slot": replace(NAME, slot=b"t" * 16),
    "another epoch": replace(NAME, epoch=2),
    "another salt": replace(NAME, kdf=PassphraseKdf(bytes(16))),
    "a dearer derivation": replace(NAME, kdf=PassphraseKdf(b"salt" * 4, 262_144)),
    "another kind": replace(NAME, kdf=KitKdf(b"salt" * 4)),
    "a passkey": replace(NAME, kdf=PasskeyKdf(b"salt" * 4)),
}


@pytest.mark.parametrize("name", OTHER_NAMES.values(), ids=OTHER_NAMES)
def test_a_wrap_moved_under_another_name_does_not_open(name):
    with pytest.raises(SlotNotOpenedError):
        slots.open_slot(Slot(name, SLOT.wrapped), KEY, name.account)


def test_wraps_of_two_slots_swapped_do_not_open():
    other = slots.close_slot(MASTER, SlotKey(b"o" * 32), replace(NAME, slot=b"t" * 16))
    for name, wrapped in ((NAME, other.wrapped), (other.name, SLOT.wrapped)):
        for key in (KEY, SlotKey(b"o" * 32)):
            with pytest.raises(SlotNotOpenedError):
                slots.open_slot(Slot(name, wrapped), key, ACCOUNT)


def test_another_account_s_slot_is_refused_even_when_the_key_opens_it():
    name = replace(NAME, account=bytes(16))
    slot = slots.close_slot(MASTER, KEY, name)
    assert slots.open_slot(slot, KEY, bytes(16)) == MASTER
    with pytest.raises(SlotNotOpenedError):
        slots.open_slot(slot, KEY, ACCOUNT)


def test_a_wrong_passphrase_and_a_changed_slot_say_the_same():
    changed = Slot(NAME, SLOT.wrapped[:-1] + bytes([SLOT.wrapped[-1] ^ 1]))
    said = set()
    for slot, key in ((SLOT, SlotKey(bytes(32))), (changed, KEY)):
        with pytest.raises(SlotNotOpenedError) as caught:
            slots.open_slot(slot, key, ACCOUNT)
        said.add(str(caught.value))
    assert len(said) == 1


def test_outputs_and_codes_have_one_length():
    with pytest.raises(SlotNotOpenedError):
        slots.passkey_key(bytes(31), b"c")
    with pytest.raises(SlotNotOpenedError):
        slots.kit_key(bytes(19), bytes(16))


SEEDS = Seeds.generate()
BUNDLE = IdentityBundle(SEEDS, (Seeds.generate(), Seeds.generate()))
WRAPPED = identity_bundle.close_bundle(MASTER, ACCOUNT, 3, BUNDLE)


def test_a_bundle_opens_to_its_seeds_and_the_former_ones():
    assert identity_bundle.open_bundle(MASTER, ACCOUNT, 3, WRAPPED) == BUNDLE


def test_a_bundle_of_another_key_account_or_epoch_does_not_open():
    for master, account, epoch in (
        (MasterKey(bytes(32)), ACCOUNT, 3),
        (MASTER, bytes(16), 3),
        (MASTER, ACCOUNT, 2),
    ):
        with pytest.raises(BundleError):
            identity_bundle.open_bundle(master, account, epoch, WRAPPED)


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({}, id="nothing"),
        pytest.param({**SEEDS.to_json()}, id="no former seeds"),
        pytest.param({**SEEDS.to_json(), "former": "x"}, id="former seeds that are no list"),
        pytest.param({**SEEDS.to_json(), "former": [{}]}, id="former seeds that are empty"),
        pytest.param({**SEEDS.to_json(), "former": [], "pq_seed": "AA"}, id="a short seed"),
        pytest.param({**SEEDS.to_json(), "former": [], "more": "x"}, id="a member too many"),
    ],
)
def test_a_bundle_in_another_form_is_refused(members):
    binding = identity_bundle._binding(ACCOUNT, 1)
    wrapped = wrap.wrap(MASTER, kdf.WRAP_BUNDLE, canonical.encode(members), binding)
    with pytest.raises(BundleError):
        identity_bundle.open_bundle(MASTER, ACCOUNT, 1, wrapped)


def test_public_keys_that_the_server_invents_are_refused():
    identity_bundle.check_public(SEEDS, SEEDS.public())
    stranger = Seeds.generate().public()
    for shown in (
        PublicIdentity(stranger.recipient, SEEDS.sign.public()),
        PublicIdentity(SEEDS.pq.recipient(), stranger.signing_key),
    ):
        with pytest.raises(IdentityMismatchError):
            identity_bundle.check_public(SEEDS, shown)


def test_secrets_of_a_bundle_do_not_print():
    assert canonical.to_base64url(SEEDS.pq.secret) not in repr(BUNDLE)
    assert repr(SEEDS.pq.secret) not in repr(BUNDLE)
