"""MAC of a header under its file key.

Rules kept here (age v1):

- HMAC-SHA-256 under HKDF(file key, `header`), over every byte from the version line to `---`;
- checked in constant time, after a stanza gave the file key and before the payload is touched.

The MAC covers the stanzas only: the payload's nonce and bytes are outside, which is why a document
is also named by its SHA-256.
"""

import hmac
from typing import ClassVar

from vault.crypto import kdf
from vault.crypto.keys import FileKey
from vault.errors import VaultError
from vault.format.header import Header, Stanza, mac_input


class HeaderMacError(VaultError):
    """A stanza gave a file key, and the header was not written under it."""

    code: ClassVar[str] = "age.header-mac"


def sign(stanzas: tuple[Stanza, ...], file_key: FileKey) -> Header:
    """Give the header of these stanzas under the file key that they hold."""
    return Header(stanzas, _mac(stanzas, file_key))


def check(header: Header, file_key: FileKey) -> None:
    """Raise HeaderMacError unless the header was written under this file key."""
    if not hmac.compare_digest(_mac(header.stanzas, file_key), header.mac):
        raise HeaderMacError("got a header whose MAC is not that of its file key")


def _mac(stanzas: tuple[Stanza, ...], file_key: FileKey) -> bytes:
    key = kdf.hkdf(file_key.secret, kdf.AGE_HEADER)
    return hmac.digest(key, mac_input(stanzas), "sha256")
