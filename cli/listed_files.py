"""Which files a command is asked to look at: those that are named, and those below named folders.

Rules kept here:

- a folder stands for the PDFs and pictures below it, by their names' endings, in the order of their
  paths; links to folders are not followed;
- hidden files and files of another kind are left out and counted; evidence records are neither,
  they are of the file beside which they lie;
- a folder that cannot be opened is listed itself: whoever reads it says so.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sealing.proofs.evidence_record import SUFFIX

ENDINGS: Final = frozenset({".pdf", ".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True)
class ListedFiles:
    """The files in their order, how many others were left out, and whether a folder was named."""

    paths: tuple[Path, ...]
    others: int = 0
    in_folders: bool = False


def listed(arguments: Sequence[Path]) -> ListedFiles:
    """List the files that arguments stand for."""
    named = set(arguments)
    paths: list[Path] = []
    others, in_folders = 0, False
    for path in arguments:
        if path.is_dir():
            in_folders = True
            found = list(_below(path))
            paths += [one for one in found if _is_ours(one)]
            others += sum(not _is_ours(one) and one.suffix != SUFFIX for one in found)
        elif path.suffix != SUFFIX or path.with_suffix("") not in named:
            paths.append(path)
    return ListedFiles(tuple(paths), others, in_folders)


def _below(folder: Path) -> Iterator[Path]:
    """Give every file below a folder, and every folder that cannot be opened, sorted."""
    closed: list[OSError] = []
    found = [
        Path(place, name)
        for place, _, names in os.walk(folder, onerror=closed.append)
        for name in names
    ]
    found += [Path(str(error.filename)) for error in closed]
    return iter(sorted(found))


def _is_ours(path: Path) -> bool:
    if path.is_dir():
        return True
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".")
