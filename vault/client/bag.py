"""Leaving with everything: a BagIt bag (RFC 8493) that opens without us.

Rules kept here:

- `data/documents/ID.VERSION.age` is a standard age file: header, then payload as it is stored;
  inside is a tar of one member. Each is proved on its way (length, SHA-256, header, commitment);
- `data/key.age` is the identity that opens them, under a passphrase, as `age -p` writes it;
- post-quantum by default: the owner's own headers and identity. `legacy`: one new X25519 identity
  and headers for it, for programs that know no other; **it voids the post-quantum protection of
  that copy**, and such a header never goes to a server;
- titles and names are in `metadata.json.age`; `index.json` and `receipts.json` are in clear and say
  what the server sees, no more;
- the bag is written beside its place and renamed once it is whole; nobody else may read it.
"""

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, ClassVar, Final

from vault.client import documents, open_export
from vault.client.check import open_header
from vault.client.documents import ADDED, Found, Listed
from vault.client.private_files import nameless
from vault.client.safe import Safe
from vault.crypto.age import file as age
from vault.crypto.age.detached import write_header
from vault.crypto.age.scrypt import Passphrase
from vault.crypto.age.x25519 import X25519Identity
from vault.crypto.index import Put
from vault.errors import VaultError
from vault.format.canonical import to_base64url

BAGIT: Final = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
SCRIPT: Final = "ouvrir.py"
README: Final = """Votre coffre, exporté le {date}.

Les documents sont des fichiers age (https://age-encryption.org), {kind}.
Ils s'ouvrent avec la clé key.age, elle-même fermée par la phrase secrète choisie à l'export.

    python3 ouvrir.py                      vérifie que rien n'a changé
    python3 ouvrir.py --liste              dit les titres et les noms
    python3 ouvrir.py --extraire DOSSIER   ouvre tout

Sans ce script : age -d -i key.age documents/FICHIER.age | tar x
Sans age : coffre age decrypt -i key.age documents/FICHIER.age | tar x
"""
_HYBRID: Final = "post-quantiques : age 1.3 ou plus récent"
_CLASSIC: Final = "de forme ancienne (X25519) : tout programme age"
_PIECE: Final = 1 << 20


class BagExistsError(VaultError):
    """Something stands where the bag would be. Details: `path`."""

    code: ClassVar[str] = "export.exists"


@dataclass(frozen=True, slots=True)
class Options:
    """How to export: the passphrase of `key.age`, the older form, when."""

    passphrase: Passphrase = field(repr=False)
    legacy: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class Bagged:
    """What an export wrote."""

    documents: int
    octets: int


def export(safe: Safe, out: Path, options: Options) -> Bagged:
    """Write every version of every document, and all that is known of them, to a new folder.

    Raises BagExistsError, OSError, and the errors of whatever is not as the index says.
    """
    if out.exists():
        raise BagExistsError("got something in the place of the bag", path=str(out))
    with _whole_folder(out) as folder:
        identity = X25519Identity.generate() if options.legacy else safe.keys.seeds.pq
        bag = _Bag(folder)
        listed = []
        for put in [put for versions in safe.index.documents.values() for put in versions]:
            found = documents.find_version(safe, put)
            header = _header(safe, found, identity if options.legacy else None)
            _add_document(bag, safe, found, header)
            listed.append(found.listed)
        for name, plain, recipient in (
            ("key.age", f"{identity.encode()}\n".encode(), options.passphrase),
            ("metadata.json.age", _metadata(listed), identity.recipient()),
        ):
            with bag.adding(name) as sink:
                age.encrypt([recipient], io.BytesIO(plain), sink)
        for name, data in _clear_files(safe, options).items():
            with bag.adding(name) as sink:
                sink.write(data)
        return bag.close(options.now, len(listed))


class _Digested:
    """A file of the bag, counted and digested as it is written."""

    def __init__(self, file: BinaryIO) -> None:
        self.sha256 = hashlib.sha256()
        self.length = 0
        self._file = file

    def write(self, data: memoryview | bytes, /) -> None:
        self.sha256.update(data)
        self.length += len(data)
        self._file.write(data)


class _Bag:
    """A bag being filled: its manifest grows with it."""

    def __init__(self, folder: Path) -> None:
        (folder / "data").mkdir(mode=0o700)
        self._folder = folder
        self._manifest: list[str] = []
        self._octets = 0

    @contextmanager
    def adding(self, name: str) -> Iterator[_Digested]:
        """Write one file of the payload."""
        path = f"data/{name}"
        with _private_file(self._folder / path) as file:
            digested = _Digested(file)
            yield digested
        self._manifest.append(f"{digested.sha256.hexdigest()}  {path}\n")
        self._octets += digested.length

    def close(self, now: datetime, count: int) -> Bagged:
        """Write the tag files."""
        info = f"Bagging-Date: {now.date()}\nPayload-Oxum: {self._octets}.{len(self._manifest)}\n"
        tags = {
            "bagit.txt": BAGIT,
            "bag-info.txt": f"{info}Bag-Software-Agent: coffre\n",
            "manifest-sha256.txt": "".join(self._manifest),
        }
        digests = {name: hashlib.sha256(text.encode()) for name, text in tags.items()}
        tags["tagmanifest-sha256.txt"] = "".join(
            f"{digest.hexdigest()}  {name}\n" for name, digest in digests.items()
        )
        for name, text in tags.items():
            with _private_file(self._folder / name) as file:
                file.write(text.encode())
        return Bagged(count, self._octets)


def _header(safe: Safe, found: Found, legacy: object) -> bytes:
    """Give the header of a copy, once the owner's own is proved."""
    file_key = open_header(safe, found.listed.put, found.header)
    if not isinstance(legacy, X25519Identity):
        return found.header
    return write_header(file_key, [legacy.recipient()]).encode()


def _add_document(bag: _Bag, safe: Safe, found: Found, header: bytes) -> None:
    with nameless(safe.home.folder) as payload:
        documents.fetch_object(safe, found.listed.put.stored, found.link, payload)
        with bag.adding(_file_name(found.listed.put)) as sink:
            sink.write(header)
            while piece := payload.read(_PIECE):
                sink.write(piece)


def _file_name(put: Put) -> str:
    return f"documents/{to_base64url(put.doc)}.{put.version}.age"


def _metadata(listed: list[Listed]) -> bytes:
    rows = [
        {
            "file": _file_name(each.put),
            "id": each.id,
            "version": each.put.version,
            "title": each.metadata.title,
            "name": each.metadata.name,
            "type": each.metadata.type,
            "media_type": each.metadata.kind,
            "size": each.metadata.size,
            "content_sha256": each.metadata.content_sha256.hex(),
            "added": each.metadata.dates.get(ADDED, ""),
            "dates": dict(each.metadata.dates),
            "tags": list(each.metadata.tags),
        }
        for each in listed
    ]
    return _json({"v": 1, "documents": rows})


def _clear_files(safe: Safe, options: Options) -> dict[str, bytes]:
    position = safe.index.position
    rows = [
        {
            "file": _file_name(put),
            "id": to_base64url(put.doc),
            "version": put.version,
            "blob_id": to_base64url(put.blob_id),
            "size": put.size,
            "sha256": put.sha256.hex(),
            "fkc": put.fkc.hex(),
            "header_sha256": put.header.hex(),
            "metadata_sha256": put.metadata.hex(),
        }
        for versions in safe.index.documents.values()
        for put in versions
    ]
    index = {
        "v": 1,
        "account": to_base64url(safe.account),
        "server": safe.http.server,
        "n": position.n,
        "head": position.head.hex(),
        "versions": rows,
    }
    receipts = safe.home.seen.receipts(safe.account)
    date = options.now.astimezone(UTC).strftime("%d/%m/%Y")
    text = README.format(date=date, kind=_CLASSIC if options.legacy else _HYBRID)
    return {
        "index.json": _json(index),
        "receipts.json": _json({"v": 1, "receipts": receipts}),
        "LISEZ-MOI.txt": text.encode(),
        SCRIPT: Path(open_export.__file__).read_bytes(),
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


@contextmanager
def _private_file(path: Path) -> Iterator[BinaryIO]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _whole_folder(out: Path) -> Iterator[Path]:
    """Fill a folder beside its place, and give it its name only when it is whole."""
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield folder
        try:
            folder.rename(out)
        except OSError as error:
            raise BagExistsError("got something in the place of the bag", path=str(out)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
