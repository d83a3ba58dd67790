"""A mailing's sealed letters in one archive (ZIP), written as it is sent, not before.

PDFs are packed already: they are stored, not deflated.
"""

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from sealing.batch.files.folders import Folder

_PIECE: Final = 1 << 18


class _Sink:
    """A file that cannot be gone back in: what is written to it is taken away again."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        self._length += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._length

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Nothing is open."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def files_of(folder: Folder) -> Iterator[tuple[str, Path]]:
    """Give the files of a mailing that are not our own, by their names in the archive."""
    for path in sorted(folder.root.rglob("*")):
        if path.is_file() and folder.private not in path.parents:
            yield path.relative_to(folder.root).as_posix(), path


def zipped(files: Iterable[tuple[str, Path]]) -> Iterator[bytes]:
    """Give an archive, piece by piece."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, path in files:
            entry = zipfile.ZipInfo.from_file(path, name)
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
                    yield sink.taken()
    yield sink.taken()
