"""From a passphrase to two keys: one proves who signs in, the other opens a slot.

Rules kept here:

- NFKC, then UTF-8, and nothing is trimmed: a space typed is a space meant;
- Argon2id with the parameters of the slot, whose floor is compiled in, gives a root of 64 bytes;
  HKDF splits it: the authentication key goes to the server, the slot key never does, and neither
  says anything of the other;
- a new passphrase of one's own has at least 12 characters, 5 different ones among them.
"""

import unicodedata
from dataclasses import dataclass
from typing import ClassVar, Final

from vault.crypto import kdf
from vault.crypto.keys import Secret, SlotKey
from vault.errors import VaultError
from vault.format.slot import PassphraseKdf

SHORTEST: Final = 12
FEWEST: Final = 5


class WeakPassphraseError(VaultError):
    """A new passphrase that is too easy to guess. Details: `least`, in characters."""

    code: ClassVar[str] = "account.weak-passphrase"


class AuthKey(Secret):
    """What proves a passphrase to the server, which keeps a slow hash of it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class PassphraseKeys:
    """The two halves of a passphrase's root."""

    auth: AuthKey
    slot: SlotKey


def normalise(text: str) -> bytes:
    """Give the bytes that are derived from."""
    return unicodedata.normalize("NFKC", text).encode("utf-8", "surrogatepass")


def check_new(text: str) -> None:
    """Raise WeakPassphraseError for a passphrase that is too short or too plain."""
    signs = normalise(text).decode("utf-8", "surrogatepass")
    if len(signs) < SHORTEST or len(set(signs)) < FEWEST:
        raise WeakPassphraseError(f"got {len(signs)} characters", least=SHORTEST)


def derive(text: str, parameters: PassphraseKdf) -> PassphraseKeys:
    """Derive both keys; takes about a second and 128 MiB."""
    root = kdf.argon2id(normalise(text), parameters)
    return PassphraseKeys(
        AuthKey(kdf.hkdf(root, kdf.AUTH)), SlotKey(kdf.hkdf(root, kdf.KEK_PASSPHRASE))
    )
