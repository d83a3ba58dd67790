"""A mailing in one archive (ZIP): the list and its letters, taken out within limits.

Rules kept here:

- what really comes out is counted, whatever the archive says of itself: bytes of a letter, of all,
  and not more than a hundred times what the archive weighs;
- names obey `source`: nothing climbs, nothing is absolute, no two are the same;
- links, encrypted entries and packings other than deflate are refused; folders say nothing;
- an archive of another shape, or cut, is refused whole.

`letters.csv` at its root is the list, unless the list came by itself.
"""

import hashlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar, Final

from sealing.batch.files.source import MAX_BYTES, FileNameError, Source
from sealing.errors import SealingError

LISTING: Final = "letters.csv"
MAX_ENTRIES: Final = 50_000
_MAX_DIRECTORY: Final = 32 << 20
_RATIO: Final = 100
_FREE: Final = 1 << 20
_PIECE: Final = 1 << 16
_END: Final = b"PK\5\6"
_END_LENGTH: Final = 22
_OTHER_END: Final = b"PK\6\7"
_OTHER_LENGTH: Final = 20
_TAIL: Final = _OTHER_LENGTH + _END_LENGTH + 65_535
_ENCRYPTED: Final = 1
_PACKINGS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class ArchiveError(SealingError):
    """The archive cannot be taken out whole. Details: `why`."""

    code: ClassVar[str] = "batch.archive"


@dataclass(slots=True)
class _Meter:
    """How many bytes may still come out, of all; how many of one letter."""

    left: int
    most: int

    def take(self, piece: bytes) -> None:
        self.left -= len(piece)
        if self.left < 0:
            raise ArchiveError("got more than may come out", why="too-large")


def unpack(
    archive: Path, letters: Path, listing: Path, limit: int, most: int = MAX_BYTES
) -> dict[str, bytes]:
    """Take an archive out; give the SHA-256 of each letter by its name, and of the list.

    The list goes to `listing` unless there is one; `limit` bytes come out at most, and `most` for
    one letter. Raises ArchiveError or OSError.
    """
    _require_small_directory(archive)
    meter = _Meter(min(limit, archive.stat().st_size * _RATIO + _FREE), min(most, MAX_BYTES))
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            for entry in _entries(opened):
                name = _name(entry)
                if name in found:
                    raise ArchiveError("got a name twice", why="twice")
                is_list = name == LISTING and not listing.exists()
                path = listing if is_list else letters / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(entry) as source:
                    found[name] = _write(source, path, meter)
    except _UNREADABLE as error:
        raise ArchiveError("got an archive that cannot be read", why="format") from error
    except (FileExistsError, NotADirectoryError) as error:
        raise ArchiveError("got a name that is a folder's too", why="twice") from error
    return found


def _entries(opened: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    entries = opened.infolist()
    if len(entries) > MAX_ENTRIES:
        raise ArchiveError(f"got {len(entries)} entries", why="too-many")
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if entry.is_dir():
            continue
        if kind not in {0, stat.S_IFREG}:
            raise ArchiveError("got a link or a device", why="link")
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _PACKINGS:
            raise ArchiveError("got an entry that is encrypted or packed otherwise", why="packing")
        yield entry


def _name(entry: zipfile.ZipInfo) -> str:
    try:
        return Source(Path()).name(entry.filename)
    except FileNameError as error:
        raise ArchiveError("got a name that no letter may have", why="name") from error


def _write(source: IO[bytes], path: Path, meter: _Meter) -> bytes:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        while piece := source.read(_PIECE):
            meter.take(piece)
            size += len(piece)
            if size > meter.most:
                raise ArchiveError("got a letter that is too large", why="too-large")
            digest.update(piece)
            file.write(piece)
    return digest.digest()


def _require_small_directory(archive: Path) -> None:
    """Look at the archive's end before its directory is read into memory whole."""
    with archive.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_LENGTH:
        raise ArchiveError("got no end of an archive", why="format")
    if at >= _OTHER_LENGTH and tail[at - _OTHER_LENGTH :].startswith(_OTHER_END):
        raise ArchiveError("got a directory that ZIP64 describes", why="too-many")
    count = int.from_bytes(tail[at + 10 : at + 12], "little")
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    if count > MAX_ENTRIES or length > _MAX_DIRECTORY:
        raise ArchiveError(f"got {count} entries", why="too-many")
