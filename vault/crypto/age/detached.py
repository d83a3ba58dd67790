"""Header without its payload: one payload, one header per grantee, one file key for ever.

Rules kept here:

- header then payload is an age file; headers of one payload may live apart from it;
- hybrid and classic stanzas are never mixed for one file key: one X25519 header voids the
  post-quantum protection of the document; a passphrase stands alone in its header;
- each known stanza must have its shape, whoever it is for, before anything is opened;
- the caller says which kinds it allows: a document of a safe has hybrid stanzas only;
- fkc, the file key's commitment, is bound to the object's name: one object opening to two
  documents under two file keys is seen (ChaCha20-Poly1305 does not commit to its key).
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Final

from vault.crypto import kdf
from vault.crypto.age import header_mac, mlkem768x25519, scrypt, x25519
from vault.crypto.age.mlkem768x25519 import HybridIdentity, HybridRecipient
from vault.crypto.age.scrypt import Passphrase
from vault.crypto.age.x25519 import X25519Identity, X25519Recipient
from vault.crypto.keys import FileKey
from vault.errors import VaultError
from vault.format.header import Header, HeaderError, Stanza

Recipient = HybridRecipient | X25519Recipient | Passphrase
Identity = HybridIdentity | X25519Identity | Passphrase

HYBRID_ONLY: Final = frozenset({mlkem768x25519.KIND})
KEYS_ONLY: Final = frozenset({mlkem768x25519.KIND, x25519.KIND})
PASSPHRASE_ONLY: Final = frozenset({scrypt.KIND})
BLOB_ID_LENGTH: Final = 16
_SHAPES: Final[Mapping[str, Callable[[Stanza], object]]] = {
    mlkem768x25519.KIND: mlkem768x25519.read_enc,
    x25519.KIND: x25519.read_share,
    scrypt.KIND: scrypt.read_cost,
}


class MixedRecipientsError(VaultError):
    """Recipients of different strength were asked for one file key."""

    code: ClassVar[str] = "age.mixed-recipients"


class NoRecipientError(VaultError):
    """Nobody was named who could open the file."""

    code: ClassVar[str] = "age.no-recipient"


class NoMatchError(VaultError):
    """None of the identities opens this header."""

    code: ClassVar[str] = "age.no-match"


class BadPassphraseError(NoMatchError):
    """The header is for a passphrase, and not for this one."""

    code: ClassVar[str] = "age.bad-passphrase"


class StanzaRefusedError(VaultError):
    """The header holds a kind of stanza that is not allowed here."""

    code: ClassVar[str] = "age.stanza-refused"


class CommitmentError(VaultError):
    """The file key is not the one that the object was committed to."""

    code: ClassVar[str] = "age.file-key-commitment"


def write_header(file_key: FileKey, recipients: Iterable[Recipient]) -> Header:
    """Give a header that opens to the file key for each recipient.

    Raises NoRecipientError or MixedRecipientsError.
    """
    asked = tuple(recipients)
    if not asked:
        raise NoRecipientError("got no recipient")
    kinds = {type(recipient) for recipient in asked}
    if len(kinds) != 1:
        raise MixedRecipientsError(f"got recipients of {len(kinds)} kinds, expected one")
    if kinds == {Passphrase} and len(asked) != 1:
        raise MixedRecipientsError(f"got {len(asked)} passphrases, expected one")
    return header_mac.sign(tuple(recipient.wrap(file_key) for recipient in asked), file_key)


def open_header(
    header: Header, identities: Iterable[Identity], allowed: frozenset[str] | None = None
) -> FileKey:
    """Give the file key that the header was written under.

    `allowed` names the kinds of stanza of this context; None is every kind, the unknown ones too.
    Raises StanzaRefusedError, HeaderError, NoMatchError, BadPassphraseError or HeaderMacError.
    """
    _check_stanzas(header, allowed)
    keys = tuple(identities)
    opened = (identity.unwrap(stanza) for stanza in header.stanzas for identity in keys)
    file_key = next((key for key in opened if key is not None), None)
    if file_key is None:
        if header.stanzas[0].kind == scrypt.KIND:
            raise BadPassphraseError("got a passphrase that does not open this header")
        raise NoMatchError(f"got no identity for any of {len(header.stanzas)} stanzas")
    header_mac.check(header, file_key)
    return file_key


def commitment(file_key: FileKey, blob_id: bytes) -> bytes:
    """Give fkc: 32 public bytes that name the file key of one object and say nothing of it."""
    if len(blob_id) != BLOB_ID_LENGTH:
        raise CommitmentError(f"got an object name of {len(blob_id)} bytes, not {BLOB_ID_LENGTH}")
    return kdf.hkdf(file_key.secret, kdf.FILE_KEY_COMMITMENT, salt=blob_id)


def check_commitment(file_key: FileKey, blob_id: bytes, expected: bytes) -> None:
    """Raise CommitmentError unless the object was committed to this file key."""
    if not hmac.compare_digest(commitment(file_key, blob_id), expected):
        raise CommitmentError("got a header that opens to another file key than the object's")


def _check_stanzas(header: Header, allowed: frozenset[str] | None) -> None:
    kinds = [stanza.kind for stanza in header.stanzas]
    if allowed is not None and not allowed.issuperset(kinds):
        raise StanzaRefusedError(f"got a stanza of a kind other than {sorted(allowed)}")
    if scrypt.KIND in kinds and len(kinds) != 1:
        raise HeaderError("got a passphrase stanza that is not alone")
    for stanza in header.stanzas:
        if (shape := _SHAPES.get(stanza.kind)) is not None:
            shape(stanza)
