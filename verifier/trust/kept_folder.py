"""The trust folder that Coffre keeps: read whole, replaced whole or not at all.

Rules kept here:

- the folder's name is a symbolic link to one version of it; a new version is written beside,
  flushed, and takes the name in one rename: a reader sees the old lists or the new, a failure
  leaves the old;
- the version before is kept for those who are still reading it, older ones are removed;
- one writer at a time;
- only the files that a trust folder may hold are read, wherever they come from (a folder, a bundle
  carried by hand), within limits on size and number;
- a folder that Coffre did not make is never replaced.

A bundle is a ZIP of these files: its names are compared with a list, never used as paths.
"""

import fcntl
import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import ClassVar, Final, TypeAlias

from verifier.errors import VerifierError

Files: TypeAlias = dict[str, bytes]

FILES_LIMIT: Final = 10_000
FILE_LIMIT: Final = 20 * 1024 * 1024
TOTAL_LIMIT: Final = 200 * 1024 * 1024
# The parts of a trust folder; nothing else is kept, and no name climbs out of it.
_NAMES: Final = re.compile(
    r"manifest\.json|tsl-roots\.pem|twoddoc/tsl\.xml"
    r"|(authorities|seals|crl|status)/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}\.(pem|crl|jwt)"
    r"|twoddoc/[A-Z0-9]{4}(/[A-Z0-9]{4})?\.pem"
    r"|eu/(lotl-signers\.pem|lotl\.xml|[A-Z]{2}\.xml)"
)


class KeptFolderError(VerifierError):
    """The folder or bundle is not one that Coffre made or can take. Details: `path`, `why`."""

    code: ClassVar[str] = "verifier.kept-folder"


def files_of(path: Path, data: bytes | None = None) -> Files:
    """Read a trust folder, or a bundle of one, by its bytes if given.

    Raises KeptFolderError or OSError.
    """
    if data is None and path.is_dir():
        return _checked(path, _of_folder(path.resolve()))
    try:
        with zipfile.ZipFile(path if data is None else BytesIO(data)) as bundle:
            return _checked(path, _of_bundle(bundle))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise _refused(path, "neither a trust folder nor a bundle of one") from error


def kept(folder: Path) -> Files:
    """Read the folder that Coffre keeps; empty when there is none yet."""
    if not folder.is_symlink() and not folder.exists():
        return {}
    return files_of(folder)


def bundle_of(files: Mapping[str, bytes]) -> bytes:
    """Put a trust folder in one file; the same files give the same bytes."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            bundle.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Be the only writer of a folder; raise KeptFolderError where Coffre did not make it."""
    if folder.exists() and not folder.is_symlink():
        raise _refused(folder, "Coffre did not make it")
    versions = _versions(folder)
    versions.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (versions / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def publish(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace the folder by these files, at once; call it while `writing`. Raises OSError."""
    versions = _versions(folder)
    before = folder.resolve() if folder.is_symlink() else None
    version = versions / f"{_last(versions) + 1:06d}"
    shutil.rmtree(version, ignore_errors=True)
    try:
        version.mkdir()
        for name, data in files.items():
            _write(version / name, data)
        for place in {version, *(path.parent for path in version.rglob("*"))}:
            _flush(place)
    except OSError:
        shutil.rmtree(version, ignore_errors=True)
        raise
    link = versions / "next"
    link.unlink(missing_ok=True)
    # Relative to where it will stand: the data folder may be moved or restored elsewhere.
    link.symlink_to(version.relative_to(versions.parent))
    link.replace(folder)
    _flush(folder.parent)
    for old in versions.glob("[0-9]*"):
        if old not in {version, before}:
            shutil.rmtree(old, ignore_errors=True)


def _versions(folder: Path) -> Path:
    return folder.absolute().parent / f".{folder.name}.versions"


def _last(versions: Path) -> int:
    return max((int(path.name) for path in versions.glob("[0-9]*") if path.is_dir()), default=0)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _checked(path: Path, found: Iterator[tuple[str, bytes]]) -> Files:
    files: Files = {}
    total = 0
    for name, data in found:
        total += len(data)
        if len(files) >= FILES_LIMIT or len(data) > FILE_LIMIT or total > TOTAL_LIMIT:
            raise _refused(path, "too large")
        files[name] = data
    if "manifest.json" not in files:
        raise _refused(path, "no manifest.json")
    return files


def _of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _NAMES.fullmatch(name) and path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                yield name, file.read(FILE_LIMIT + 1)


def _of_bundle(bundle: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    for entry in bundle.infolist():
        if _NAMES.fullmatch(entry.filename):
            # What is announced is not believed: what comes out is counted.
            with bundle.open(entry) as file:
                yield entry.filename, file.read(FILE_LIMIT + 1)


def _refused(path: Path, why: str) -> KeptFolderError:
    return KeptFolderError(f"got {path.name}: {why}", path=str(path), why=why)
