"""Whole age file, streamed: header, then payload.

Rules kept here:

- one new file key per file, drawn here: no caller brings its own;
- nothing of the payload is read before the header's MAC is proved;
- when `decrypt` fails, what it wrote is taken back from a sink that can be cut; from one that
  cannot (a pipe), what came out is authentic and incomplete;
- memory does not grow with the file.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from vault.crypto.age import stream
from vault.crypto.age.detached import Identity, Recipient, open_header, write_header
from vault.crypto.age.mlkem768x25519 import HybridIdentity, HybridRecipient
from vault.crypto.age.stream import Sink, Source
from vault.crypto.age.x25519 import X25519Identity, X25519Recipient
from vault.crypto.keys import FileKey
from vault.format import armor
from vault.format.header import MAX_HEADER, Header, HeaderError, header_end

_PIECE = 4_096
_ARMOR_PIECE = 65_536


class RestSource:
    """A source of which the beginning was already read."""

    def __init__(self, start: bytes, source: Source) -> None:
        """Give `start` again, then the rest."""
        self._start = memoryview(start)
        self._source = source

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill from the beginning, then from the source."""
        if not self._start:
            return self._source.readinto(buffer)
        got = min(len(buffer), len(self._start))
        buffer[:got], self._start = self._start[:got], self._start[got:]
        return got


class ArmorSource:
    """A source of armored text, read as the bytes that it holds; raises ArmorError."""

    def __init__(self, source: Source) -> None:
        """Read text from `source`."""
        self._pieces = armor.decode(_pieces(source))
        self._rest = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill from the lines."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        got = min(len(buffer), len(self._rest))
        buffer[:got], self._rest = self._rest[:got], self._rest[got:]
        return got


class ArmorSink:
    """A sink that writes bytes as armored text; `finish` writes the end."""

    def __init__(self, sink: Sink) -> None:
        """Write text to `sink`."""
        self._encoder = armor.Encoder()
        self._sink = sink

    def write(self, data: memoryview, /) -> None:
        """Write the lines that are complete."""
        self._sink.write(memoryview(self._encoder.feed(data)))

    def finish(self) -> None:
        """Write the last lines."""
        self._sink.write(memoryview(self._encoder.finish()))


def encrypt(recipients: Iterable[Recipient], source: Source, sink: Sink) -> None:
    """Write an age file that each recipient opens alone; raise MixedRecipientsError."""
    file_key = FileKey.generate()
    sink.write(memoryview(write_header(file_key, recipients).encode()))
    stream.encrypt(file_key, source, sink)


def decrypt(
    identities: Iterable[Identity],
    source: Source,
    sink: Sink,
    allowed: frozenset[str] | None = None,
) -> None:
    """Write the plaintext of an age file; the normal return proves that it is whole.

    `allowed` is that of `detached.open_header`, whose errors are raised before anything is
    written; PayloadError after, once the sink was cut back, where it can be.
    """
    header, payload = read_header(source)
    decrypt_payload(open_header(header, identities, allowed), payload, sink)


def decrypt_payload(file_key: FileKey, payload: Source, sink: Sink) -> None:
    """Write the plaintext of what follows a header; on failure, take back what was written."""
    with taken_back_on_failure(sink):
        stream.decrypt(file_key, payload, sink)


@contextmanager
def taken_back_on_failure(sink: Sink) -> Iterator[None]:
    """When the block fails, cut the sink back to where it was, if it can be cut."""
    file = sink if isinstance(sink, io.IOBase) and sink.seekable() else None
    start = file.tell() if file is not None else 0
    try:
        yield
    except BaseException:
        if file is not None:
            file.seek(start)
            file.truncate()
        raise


def read_header(source: Source) -> tuple[Header, Source]:
    """Give the header of an age file and the source of its payload; raise HeaderError."""
    data, piece = b"", memoryview(bytearray(_PIECE))
    while (end := header_end(data)) is None:
        got = stream.fill(source, piece[: max(1, min(_PIECE, MAX_HEADER + 1 - len(data)))])
        if got == 0:
            raise HeaderError("got the end of the file in the header")
        data += piece[:got]
    return Header.parse(data[:end]), RestSource(data[end:], source)


def binary(source: Source) -> Source:
    """Give the binary form of an age file, whichever form the source holds."""
    piece = memoryview(bytearray(_PIECE))
    start = bytes(piece[: stream.fill(source, piece)])
    rest = RestSource(start, source)
    return ArmorSource(rest) if armor.is_armored(start) else rest


def parse_recipient(text: str) -> HybridRecipient | X25519Recipient:
    """Read a recipient of either kind; raise Bech32Error."""
    if text.startswith("age1pq1"):
        return HybridRecipient.parse(text)
    return X25519Recipient.parse(text)


def parse_identity(text: str) -> HybridIdentity | X25519Identity:
    """Read an identity of either kind; raise Bech32Error."""
    if text.startswith("AGE-SECRET-KEY-PQ-1"):
        return HybridIdentity.parse(text)
    return X25519Identity.parse(text)


def _pieces(source: Source) -> Iterator[bytes]:
    piece = memoryview(bytearray(_ARMOR_PIECE))
    while got := stream.fill(source, piece):
        yield bytes(piece[:got])
