"""A document, to and from its object: the names that others call.

Rules kept here:

- a version has a new object name and a new file key, drawn here: no caller brings its own;
- what opens it is a hybrid stanza and nothing else; a header for another person is written for the
  same file key, once that key is the one that the object was committed to;
- opening follows one order: the header's SHA-256, the file key and its commitment, then the
  payload, whose length and SHA-256 are compared before the end is trusted, then the tar, then the
  content's name and SHA-256;
- whatever fails, what was written to a sink that can be cut is taken back.

(1) tar, filled to its class · (2) payload under a new file key · (3) header for the owner.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from vault.crypto import tar
from vault.crypto.age import detached, stream
from vault.crypto.age.detached import HYBRID_ONLY, open_header, write_header
from vault.crypto.age.file import taken_back_on_failure
from vault.crypto.age.mlkem768x25519 import HybridIdentity, HybridRecipient
from vault.crypto.age.stream import Sink, Source
from vault.crypto.index import StoredObject
from vault.crypto.keys import FileKey
from vault.crypto.tar import TarError
from vault.errors import VaultError
from vault.format.header import Header
from vault.format.sizes import BLOCK

_HEADER_BLOCKS: Final = 3 * BLOCK


class SourceLengthError(VaultError):
    """The file changed while it was read: its length is not the one that was told."""

    code: ClassVar[str] = "document.source-length"


class HeaderDigestError(VaultError):
    """The header is not the one that the index or the grant names."""

    code: ClassVar[str] = "document.header-digest"


class CiphertextDigestError(VaultError):
    """The object is not the one that the index or the grant names."""

    code: ClassVar[str] = "document.ciphertext-digest"


class ContentDigestError(VaultError):
    """The content or its name is not the one that the metadata or the grant names."""

    code: ClassVar[str] = "document.content-digest"


@dataclass(frozen=True, slots=True)
class EncryptedDocument:
    """What encryption gives beside the payload."""

    stored: StoredObject
    header: bytes
    name: str
    length: int
    content_sha256: bytes


@dataclass(frozen=True, slots=True)
class ExpectedDocument:
    """What the signed index and the metadata, or the grant, say of a document."""

    stored: StoredObject
    header_sha256: bytes
    name: str
    content_sha256: bytes


def encrypt_document(
    name: str, length: int, source: Source, sink: Sink, recipient: HybridRecipient
) -> EncryptedDocument:
    """Write the payload of a new version; `source` gives exactly `length` bytes of content.

    Raises SourceLengthError. The name is cleaned first.
    """
    file_key, blob_id = FileKey.generate(), secrets.token_bytes(detached.BLOB_ID_LENGTH)
    clean = tar.clean_name(name)
    plain, payload = _TarSource(clean, length, source), _DigestSink(sink)
    stream.encrypt(file_key, plain, payload)
    plain.check_ended()
    stored = StoredObject(
        blob_id,
        payload.length,
        payload.sha256.digest(),
        detached.commitment(file_key, blob_id),
    )
    header = write_header(file_key, [recipient]).encode()
    return EncryptedDocument(stored, header, clean, length, plain.sha256.digest())


def decrypt_document(
    expected: ExpectedDocument,
    header: bytes,
    identities: Sequence[HybridIdentity],
    source: Source,
    sink: Sink,
) -> None:
    """Write the content of a document; the normal return proves it whole and as expected.

    Raises HeaderDigestError, the errors of `detached`, PayloadError, CiphertextDigestError,
    TarError or ContentDigestError.
    """
    if not hmac.compare_digest(hashlib.sha256(header).digest(), expected.header_sha256):
        raise HeaderDigestError("got another header than the one that is named")
    file_key = _file_key(header, identities, expected.stored)
    payload = _DigestSource(source, expected.stored.size)
    with taken_back_on_failure(sink):
        content = _TarSink(sink)
        stream.decrypt(file_key, payload, content)
        payload.check(expected.stored)
        content.check_ended()
        if content.name != expected.name:
            raise ContentDigestError("got a content of another name")
        if not hmac.compare_digest(content.sha256.digest(), expected.content_sha256):
            raise ContentDigestError("got another content than the one that is named")


def share_document(
    stored: StoredObject,
    header: bytes,
    identities: Sequence[HybridIdentity],
    recipient: HybridRecipient,
) -> bytes:
    """Give a header that opens the same object for another person; the payload is not touched."""
    return write_header(_file_key(header, identities, stored), [recipient]).encode()


def _file_key(header: bytes, identities: Sequence[HybridIdentity], stored: StoredObject) -> FileKey:
    file_key = open_header(Header.parse(header), identities, HYBRID_ONLY)
    detached.check_commitment(file_key, stored.blob_id, stored.fkc)
    return file_key


class _TarSource:
    """Gives the tar of a content, filled to its class, and counts the content."""

    def __init__(self, name: str, length: int, source: Source) -> None:
        self.sha256 = hashlib.sha256()
        self._start = tar.member_header(name, length)
        self._left = length
        self._source = source
        self._fill = tar.total_length(name, length) - len(self._start) - length

    def readinto(self, buffer: memoryview, /) -> int:
        if self._start:
            got = min(len(buffer), len(self._start))
            buffer[:got], self._start = self._start[:got], self._start[got:]
            return got
        if self._left:
            return self._content(buffer[: self._left])
        got = min(len(buffer), self._fill)
        buffer[:got] = bytes(got)
        self._fill -= got
        return got

    def check_ended(self) -> None:
        """Raise SourceLengthError when the source has more to give."""
        if stream.fill(self._source, memoryview(bytearray(1))):
            raise SourceLengthError("got more content than was told")

    def _content(self, buffer: memoryview) -> int:
        got = stream.fill(self._source, buffer)
        if got != len(buffer):
            raise SourceLengthError(f"got {self._left - got} bytes less than was told")
        self.sha256.update(buffer)
        self._left -= got
        return got


class _DigestSink:
    """Counts and digests what goes through."""

    def __init__(self, sink: Sink) -> None:
        self.sha256 = hashlib.sha256()
        self.length = 0
        self._sink = sink

    def write(self, data: memoryview, /) -> None:
        self.sha256.update(data)
        self.length += len(data)
        self._sink.write(data)


class _DigestSource:
    """Digests what goes through, and stops where the object should have ended."""

    def __init__(self, source: Source, size: int) -> None:
        self._sha256 = hashlib.sha256()
        self._length = 0
        self._size = size
        self._source = source

    def readinto(self, buffer: memoryview, /) -> int:
        got = stream.fill(self._source, buffer)
        self._sha256.update(buffer[:got])
        self._length += got
        if self._length > self._size:
            raise CiphertextDigestError(f"got an object of more than {self._size} bytes")
        return got

    def check(self, stored: StoredObject) -> None:
        """Raise CiphertextDigestError unless what went through is this object."""
        same = hmac.compare_digest(self._sha256.digest(), stored.sha256)
        if self._length != stored.size or not same:
            raise CiphertextDigestError("got another object than the one that is named")


class _TarSink:
    """Takes the tar, lets the content through, and checks that all else is as we write it."""

    def __init__(self, sink: Sink) -> None:
        self.sha256 = hashlib.sha256()
        self.name: str | None = None
        self._sink = sink
        self._start = b""
        self._left = self._fill = 0

    def write(self, data: memoryview, /) -> None:
        rest = data if self.name is not None else self._header(data)
        content, zeros = rest[: self._left], rest[self._left :]
        if content:
            self.sha256.update(content)
            self._left -= len(content)
            self._sink.write(content)
        if bytes(zeros).count(0) != len(zeros):
            raise TarError("got something after the content")
        self._fill -= len(zeros)

    def check_ended(self) -> None:
        """Raise TarError unless the whole length of the class was there."""
        if self.name is None or self._left or self._fill:
            raise TarError("got a plaintext of another length than its class")

    def _header(self, data: memoryview) -> memoryview:
        self._start += data
        found = tar.read_header(self._start[:_HEADER_BLOCKS])
        if found is None:
            return memoryview(b"")
        self.name, self._left, at = found
        self._fill = tar.total_length(self.name, self._left) - at - self._left
        return memoryview(self._start)[at:]
