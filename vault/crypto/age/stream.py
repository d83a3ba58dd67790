"""Payload of an age file: nonce, then chunks of 64 KiB.

Rules kept here (age v1, STREAM):

- nonce of 16 bytes; key HKDF(file key, salt nonce, `payload`); ChaCha20-Poly1305 per chunk, its
  nonce a counter of 11 bytes, then 1 for the last chunk and 0 for the others;
- every chunk but the last is full; the last is empty only when the whole plaintext is;
- a chunk leaves the decoder once its own tag is proved. **Only the normal return of `decrypt`
  proves the end**: whoever shows, forwards or signs what came before it can be made to believe a
  beginning;
- a reader that starts anywhere first proves the last chunk, hence the length.

Files are read and written through buffers that are reused: no piece is copied twice.
"""

import secrets
from typing import ClassVar, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from vault.crypto import kdf
from vault.crypto.keys import FileKey
from vault.errors import VaultError
from vault.format.header import HeaderError
from vault.format.sizes import CHUNK, ENCRYPTED_CHUNK, NONCE, TAG, chunk_offset, plain_length

_BATCH: Final = 4
_LAST: Final = b"\x01"
_NOT_LAST: Final = b"\x00"


class Source(Protocol):
    """Where bytes come from; a short read is no end, an empty one is."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the beginning of the buffer, and give how many bytes were written to it."""


class Sink(Protocol):
    """Where bytes go, all of them at each call."""

    def write(self, data: memoryview, /) -> object:
        """Take the bytes; the buffer is reused afterwards."""


class Seekable(Source, Protocol):
    """A source where one can start anywhere."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go there, and give the place."""


class PayloadError(VaultError):
    """The payload is damaged, cut short, longer than its end, or not under this file key."""

    code: ClassVar[str] = "age.payload"


def encrypt(file_key: FileKey, source: Source, sink: Sink) -> None:
    """Write the payload of all that the source gives: nonce and chunks."""
    nonce = secrets.token_bytes(NONCE)
    sink.write(memoryview(nonce))
    cipher = _cipher(file_key, nonce)
    # One byte more than a batch: it tells whether a full chunk is the last.
    plain = memoryview(bytearray(_BATCH * CHUNK + 1))
    sealed = memoryview(bytearray(_BATCH * ENCRYPTED_CHUNK))
    index, held = 0, fill(source, plain)
    while held == len(plain):
        sink.write(sealed[: _seal(cipher, index, plain[:-1], sealed)])
        plain[0], index = plain[-1], index + _BATCH
        held = 1 + fill(source, plain[1:])
    chunks = max(1, -(-held // CHUNK))
    full = (chunks - 1) * CHUNK
    length = _seal(cipher, index, plain[:full], sealed)
    last = sealed[length : length + held - full + TAG]
    cipher.encrypt_into(_nonce(index + chunks - 1, _LAST), plain[full:held], None, last)
    sink.write(sealed[: length + len(last)])


def decrypt(file_key: FileKey, source: Source, sink: Sink) -> None:
    """Write the plaintext, chunk by proved chunk; raise PayloadError at the first fault.

    What the sink got before an error is authentic and may be incomplete: it is to be discarded.
    """
    nonce = bytearray(NONCE)
    if fill(source, memoryview(nonce)) != NONCE:
        raise HeaderError("got the end of the file before the payload's nonce")
    chunks = _Chunks(_cipher(file_key, bytes(nonce)))
    buffer = memoryview(bytearray(_BATCH * ENCRYPTED_CHUNK))
    plain = memoryview(bytearray(_BATCH * CHUNK))
    while True:
        held, ready = fill(source, buffer), 0
        try:
            for at in range(0, held, ENCRYPTED_CHUNK):
                piece = buffer[at : min(at + ENCRYPTED_CHUNK, held)]
                ready += chunks.open(piece, plain[ready:])
            if held < len(buffer):
                chunks.check_ended()
                return
        finally:
            sink.write(plain[:ready])


def read_range(file_key: FileKey, source: Seekable, start: int, length: int) -> bytes:
    """Give `length` bytes of plaintext from `start`, fewer at the end; raise PayloadError.

    The last chunk is proved first, hence the length; it does not prove the chunks in between.
    """
    nonce = bytearray(NONCE)
    total = plain_length(source.seek(0, 2))
    source.seek(0)
    fill(source, memoryview(nonce))
    cipher = _cipher(file_key, bytes(nonce))
    last = max(0, -(-total // CHUNK) - 1)
    end = min(start + length, total)
    tail = _read_chunk(cipher, source, last, _LAST)
    if start >= end:
        return b""
    first = start // CHUNK
    pieces = [
        tail if index == last else _read_chunk(cipher, source, index, _NOT_LAST)
        for index in range(first, (end - 1) // CHUNK + 1)
    ]
    return b"".join(pieces)[start - first * CHUNK : end - first * CHUNK]


def fill(source: Source, buffer: memoryview) -> int:
    """Read until the buffer is full or the source ends; give how much was read."""
    held = 0
    while held < len(buffer):
        got = source.readinto(buffer[held:])
        if got is None:
            raise BlockingIOError("a source that does not wait cannot be read to its end")
        if got == 0:
            break
        held += got
    return held


class _Chunks:
    """Which chunk comes next, and whether the last was seen."""

    def __init__(self, cipher: ChaCha20Poly1305) -> None:
        self._cipher = cipher
        self._index = 0
        self._ended = False

    def open(self, piece: memoryview, into: memoryview) -> int:
        """Open one chunk as the next; give the length of its plaintext."""
        if self._ended:
            raise PayloadError("got bytes after the last chunk")
        length = len(piece) - TAG
        if length < 0 or (length == 0 and self._index):
            raise PayloadError("got a last chunk that is cut short or empty")
        self._ended = not (length == CHUNK and self._opens(_NOT_LAST, piece, into))
        if self._ended and not self._opens(_LAST, piece, into):
            raise PayloadError(f"got chunk {self._index} with a wrong tag")
        self._index += 1
        return length

    def check_ended(self) -> None:
        """Raise PayloadError unless the last chunk was seen."""
        if not self._ended:
            raise PayloadError("got the end of the file before the last chunk")

    def _opens(self, flag: bytes, piece: memoryview, into: memoryview) -> bool:
        out = into[: len(piece) - TAG]
        try:
            self._cipher.decrypt_into(_nonce(self._index, flag), piece, None, out)
        except InvalidTag:
            return False
        return True


def _seal(cipher: ChaCha20Poly1305, index: int, plain: memoryview, into: memoryview) -> int:
    """Seal full chunks, none of them the last; give the length of what they make."""
    chunks = len(plain) // CHUNK
    for at in range(chunks):
        piece = plain[at * CHUNK : (at + 1) * CHUNK]
        out = into[at * ENCRYPTED_CHUNK : (at + 1) * ENCRYPTED_CHUNK]
        cipher.encrypt_into(_nonce(index + at, _NOT_LAST), piece, None, out)
    return chunks * ENCRYPTED_CHUNK


def _read_chunk(cipher: ChaCha20Poly1305, source: Seekable, index: int, flag: bytes) -> bytes:
    buffer = bytearray(ENCRYPTED_CHUNK)
    source.seek(chunk_offset(index))
    held = fill(source, memoryview(buffer))
    try:
        return cipher.decrypt(_nonce(index, flag), memoryview(buffer)[:held], None)
    except InvalidTag as error:
        raise PayloadError(f"got chunk {index} with a wrong tag") from error


def _nonce(index: int, flag: bytes) -> bytes:
    return index.to_bytes(11, "big") + flag


def _cipher(file_key: FileKey, nonce: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(kdf.hkdf(file_key.secret, kdf.AGE_PAYLOAD, salt=nonce))
