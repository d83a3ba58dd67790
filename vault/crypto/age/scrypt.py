"""scrypt stanza: a passphrase, for `coffre age` and the key of an export only.

Rules kept here (age v1):

- `-> scrypt salt log2N`, salt of 16 bytes, body of 32, alone in its header;
- log2N is written without sign or leading zero, and is at most 22: above, reading would cost more
  memory than a machine has, whoever asks;
- a header with it is refused on line: the server would try passphrases at leisure.

The passphrase is taken as UTF-8, as it is, and bytes of the environment that are no UTF-8 as they
are: other programs do no more.
"""

import re
import secrets
from dataclasses import dataclass, field
from typing import ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from vault.crypto import kdf
from vault.crypto.keys import FileKey
from vault.errors import VaultError
from vault.format.header import HeaderError, Stanza, from_base64, to_base64

KIND: Final = "scrypt"
SALT_LENGTH: Final = 16
BODY_LENGTH: Final = 32
LOG_N: Final = 18
LOG_N_LIMIT: Final = 22
_NONCE: Final = bytes(12)
_NUMBER: Final = re.compile(r"[1-9][0-9]?")


class EmptyPassphraseError(VaultError):
    """Nothing was given as a passphrase."""

    code: ClassVar[str] = "age.passphrase-empty"


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Who can open and what opens: a passphrase, at a cost of 2^`log_n`."""

    text: str = field(repr=False)
    log_n: int = LOG_N

    def __post_init__(self) -> None:
        """Refuse an empty passphrase and a cost that nobody would read."""
        if not self.text:
            raise EmptyPassphraseError("got an empty passphrase")
        if not 1 <= self.log_n <= LOG_N_LIMIT:
            raise HeaderError(f"got a work factor of {self.log_n}, expected 1 to {LOG_N_LIMIT}")

    def wrap(self, file_key: FileKey) -> Stanza:
        """Give a stanza that opens to this file key."""
        salt = secrets.token_bytes(SALT_LENGTH)
        body = self._cipher(salt, self.log_n).encrypt(_NONCE, file_key.secret, None)
        return Stanza((KIND, to_base64(salt), str(self.log_n)), body)

    def unwrap(self, stanza: Stanza) -> FileKey | None:
        """Give the file key, None when the passphrase is another; raise HeaderError."""
        if stanza.kind != KIND:
            return None
        cipher = self._cipher(*read_cost(stanza))
        try:
            return FileKey(cipher.decrypt(_NONCE, stanza.body, None))
        except InvalidTag:
            return None

    def _cipher(self, salt: bytes, log_n: int) -> ChaCha20Poly1305:
        derivation = Scrypt(kdf.AGE_SCRYPT + salt, length=32, n=1 << log_n, r=8, p=1)
        return ChaCha20Poly1305(derivation.derive(self.text.encode("utf-8", "surrogateescape")))


def read_cost(stanza: Stanza) -> tuple[bytes, int]:
    """Give salt and log2N of a scrypt stanza; raise HeaderError when it has another shape."""
    if len(stanza.arguments) != 3 or len(stanza.body) != BODY_LENGTH:  # noqa: PLR2004
        raise HeaderError("got a scrypt stanza of another shape")
    _, coded, number = stanza.arguments
    salt = from_base64(coded)
    if len(salt) != SALT_LENGTH:
        raise HeaderError(f"got a salt of {len(salt)} bytes, expected {SALT_LENGTH}")
    if not _NUMBER.fullmatch(number) or int(number) > LOG_N_LIMIT:
        raise HeaderError(f"got a work factor that is not from 1 to {LOG_N_LIMIT}")
    return salt, int(number)
