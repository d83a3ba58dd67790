"""A person's device as the server meets it: right forms, right signatures, opaque contents.

What only a client may open is random bytes here: the server cannot tell, and must not need to.
"""

import hashlib
import random
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.blobs.port import Announced, BlobId, BlobStore, put
from vault.format import directory_entry, index_head
from vault.format.canonical import from_base64url, to_base64url
from vault.format.header import Header, Stanza, to_base64
from vault.format.signed_message import MessageSigner, PublicKey
from vault.format.slot import WRAPPED_LENGTH, PassphraseKdf, Slot, SlotName
from vault.service.accounts import Enrolment
from vault.service.documents import Change, DocumentId, Operation, Put, Remove, Step
from vault.service.sign_in import AccountId
from vault.service.uploads import Announcement

BECH32 = "023456789acdefghjklmnpqrstuvwxyz"
SMALLEST_OBJECT = 4096 + 32


def new_id() -> str:
    """Draw 128 bits."""
    return to_base64url(secrets.token_bytes(16))


def opaque(blocks: int = 1) -> bytes:
    """Give what looks like a closed wrap of that many blocks of 512 bytes."""
    return b"\x01" + secrets.token_bytes(80 + 512 * blocks)


def hybrid_header(stanzas: int = 1) -> bytes:
    """Give a header with post-quantum stanzas that nobody can open."""
    made = Stanza(("mlkem768x25519", to_base64(secrets.token_bytes(1120))), secrets.token_bytes(32))
    return Header((made,) * stanzas, secrets.token_bytes(32)).encode()


def classic_header() -> bytes:
    """Give a header with an X25519 stanza."""
    stanza = Stanza(("X25519", to_base64(secrets.token_bytes(32))), secrets.token_bytes(32))
    return Header((stanza,), secrets.token_bytes(32)).encode()


@dataclass
class Parcel:
    """An object and what a device announces of it."""

    content: bytes = field(default_factory=lambda: secrets.token_bytes(SMALLEST_OBJECT))
    blob_id: BlobId = field(default_factory=lambda: BlobId(new_id()))
    fkc: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def announced(self) -> Announced:
        """Size and SHA-256."""
        return Announced(len(self.content), hashlib.sha256(self.content).digest())

    @property
    def announcement(self) -> Announcement:
        """What `uploads.announce` takes."""
        return Announcement(self.blob_id, self.announced, self.fkc)

    def arrive(self, store: BlobStore) -> None:
        """Put the object into a store."""
        put(store, self.blob_id, self.announced, [self.content])


@dataclass
class Person:
    """One account's device: its keys, and the end of its index."""

    login: str = "jeanne"
    raw: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    auth_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    signing: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    n: int = 0
    head: bytes = index_head.HEAD_0

    @property
    def account(self) -> AccountId:
        """The account's identifier."""
        return AccountId(to_base64url(self.raw))

    @property
    def signer(self) -> MessageSigner:
        """The device's signing key."""
        key = PublicKey(self.signing.public_key().public_bytes_raw())
        return MessageSigner(key, self.signing.sign)

    def slot(self) -> Slot:
        """Make the passphrase slot."""
        name = SlotName(self.raw, secrets.token_bytes(16), 1, PassphraseKdf(self.salt))
        return Slot(name, b"\x01" + secrets.token_bytes(WRAPPED_LENGTH - 1))

    def entry(self) -> str:
        """Sign the first directory entry."""
        letters = random.Random(self.raw)  # noqa: S311 - a recipient that nobody holds
        recipient = "age1pq1" + "".join(letters.choices(BECH32, k=1952))
        statement = directory_entry.Statement(self.raw, recipient, self.signer.key)
        return directory_entry.issue(statement, self.signer)

    def enrolment(self) -> Enrolment:
        """Make all that opens an account."""
        return Enrolment(
            account=self.account,
            login=self.login,
            auth_key=self.auth_key,
            slots=(self.slot(),),
            bundle=opaque(),
            directory=self.entry(),
        )

    def step(self, change: Change = None) -> Step:
        """Make the next operation, and go on from it."""
        content = opaque()
        self.n += 1
        self.head = index_head.next_head(self.raw, self.head, self.n, content)
        signature = self.signing.sign(index_head.signed_bytes(self.raw, self.n, self.head))
        return Step(Operation(self.n, content, self.head, signature), change)

    def put(self, parcel: Parcel, document: str | None = None, version: int = 1) -> Step:
        """Make the operation that adds a version."""
        put_it = Put(
            DocumentId(document or new_id()), version, parcel.blob_id, hybrid_header(), opaque()
        )
        return self.step(put_it)

    def remove(self, document: str) -> Step:
        """Make the operation that removes a document."""
        return self.step(Remove(DocumentId(document)))


def raw_id(text: str) -> bytes:
    """Give the bytes of an identifier."""
    return from_base64url(text, 16)
