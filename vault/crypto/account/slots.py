"""Key slots: the account's key, closed under each way to get in.

Rules kept here:

- a slot is a committing wrap of the account's key, bound to account, slot, type, derivation and
  epoch: another's slot, another derivation or an older epoch does not open;
- the account is the one that the client asked for, not the one that the answer names;
- one error whichever check failed, and it may be a wrong passphrase;
- after opening: the public keys are derived from the seeds and compared
  (`identity_bundle.check_public`), and the slot is found in the index (`Index.check_slot`).
"""

import hashlib
from typing import ClassVar, Final

from vault.crypto import kdf, wrap
from vault.crypto.keys import MasterKey, SlotKey
from vault.crypto.wrap import WrapError
from vault.errors import VaultError
from vault.format.slot import Slot, SlotName

PRF_OUTPUT: Final = 32
KIT_CODE: Final = 20


class SlotNotOpenedError(VaultError):
    """The slot does not open: another passphrase, passkey or kit, or a slot that was changed."""

    code: ClassVar[str] = "slot.not-opened"


def close_slot(master: MasterKey, key: SlotKey, name: SlotName) -> Slot:
    """Close the account's key in a slot of this name."""
    return Slot(name, wrap.wrap(key, kdf.WRAP_SLOT, master.secret, name.binding()))


def open_slot(slot: Slot, key: SlotKey, account: bytes) -> MasterKey:
    """Open a slot of this account; raise SlotNotOpenedError."""
    if slot.name.account != account:
        raise SlotNotOpenedError("got the slot of another account")
    try:
        return MasterKey(wrap.unwrap(key, kdf.WRAP_SLOT, slot.wrapped, slot.name.binding()))
    except WrapError as error:
        raise SlotNotOpenedError("got a slot that this key does not open") from error


def prf_input(account: bytes) -> bytes:
    """Give what a passkey's PRF is evaluated on."""
    return kdf.digest(kdf.PRF, account)


def passkey_key(prf_output: bytes, credential: bytes) -> SlotKey:
    """Derive the slot key of a passkey from its PRF output of 32 bytes."""
    if len(prf_output) != PRF_OUTPUT:
        raise SlotNotOpenedError(f"got a PRF output of {len(prf_output)} bytes, not {PRF_OUTPUT}")
    salt = hashlib.sha256(credential).digest()
    return SlotKey(kdf.hkdf(prf_output, kdf.KEK_PASSKEY, salt=salt))


def kit_key(code: bytes, kit_id: bytes) -> SlotKey:
    """Derive the slot key of a paper kit from its code of 20 random bytes."""
    if len(code) != KIT_CODE:
        raise SlotNotOpenedError(f"got a kit code of {len(code)} bytes, expected {KIT_CODE}")
    return SlotKey(kdf.hkdf(code, kdf.KEK_KIT, salt=kit_id))
