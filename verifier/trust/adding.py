"""Lists that were carried by hand into the folder that Coffre keeps.

Rules kept here:

- the whole result is read as a verifier reads it before anything is published;
- lists for tests and lists for production never mix in one folder, whichever came first;
- official lists (the agency's, the European ones) must be signed under the certificates that *our*
  settings pin, not those that came with them, and not be older than those held;
- certificates are added to those held; of two lists of revocations under one name the newer stays,
  and so with lists of letters taken back, of one address and signer: the caller has them proved
  (`status_proof`) before anything is published;
- a bare certificate (PEM) is an authority of seals or time-stamps where it may sign others, else
  the seal of town codes: the town's own.

Files in, files out.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Final

from cryptography import x509

from verifier.errors import VerifierError
from verifier.trust.anchors import UNREADABLE, Anchors, extensions_of
from verifier.trust.kept_folder import Files
from verifier.trust.local_list import OFFICIAL, ROOTS, read_trust
from verifier.trust.refresh import (
    MANIFEST,
    accepted,
    directory_dates,
    manifest,
    pem,
    told_by,
)
from verifier.trust.status_lists import SUFFIX, StatusList, newer
from verifier.trust.trust_list import ListName, Mode, TrustList

_EUROPEAN: Final = "eu/"


class TrustModesError(VerifierError):
    """The folder holds lists for tests and those added are for production, or the reverse."""

    code: ClassVar[str] = "verifier.trust-modes"


class NoAnchorsError(VerifierError):
    """The settings pin no certificate for the official list. Details: `key`, the setting's name."""

    code: ClassVar[str] = "verifier.no-anchors"


@dataclass(frozen=True, slots=True)
class Pinned:
    """What the settings pin: for the agency's list, for the European list of lists."""

    tsl: Anchors
    lotl: Anchors


def add(held: Files, added: Files, pinned: Pinned, mode: Mode, now: datetime) -> Files:
    """Put lists into those held; raise why they cannot be.

    Raises TrustFolderError, UnsafeTrustInProductionError, TrustModesError, NoAnchorsError,
    TslSignatureError and its siblings.
    """
    read_files(added, mode)
    if held and told_by(held)["mode"] != told_by(added)["mode"]:
        raise TrustModesError("got lists of two modes for one folder")
    files = dict(held)
    for name, data in placed(added).items():
        files[name] = _joined(name, held.get(name), data)
    if OFFICIAL in added:
        if not pinned.tsl.certificates:
            problem = "got an official list, and no certificate to verify it"
            raise NoAnchorsError(problem, key="tsl_roots")
        accepted(added[OFFICIAL], pinned.tsl, now, held.get(OFFICIAL))
        files[OFFICIAL], files[ROOTS] = added[OFFICIAL], pem(pinned.tsl.certificates)
    if any(name.startswith(_EUROPEAN) for name in added):
        if not pinned.lotl.certificates:
            problem = "got European lists, and no certificate to verify them"
            raise NoAnchorsError(problem, key="lotl_signers")
        _take_european(files, held, pinned.lotl, now)
    dates, more = directory_dates(held), directory_dates(added)
    fetched = {ca: _later(dates.get(ca), more.get(ca)) for ca in {**dates, **more}}
    rows = [*told_by(held).get("lists", []), *told_by(added)["lists"]]
    files[MANIFEST] = manifest(files, Mode(told_by(added)["mode"]), fetched, rows)
    read_files(files, mode)
    return files


def _take_european(files: Files, held: Files, pinned: Anchors, now: datetime) -> None:
    # Reading them costs pyHanko: asked for only where there are any.
    from verifier.trust.eu_refresh import require_not_older  # noqa: PLC0415
    from verifier.trust.european import SIGNERS, European  # noqa: PLC0415

    files[SIGNERS] = pem(pinned.certificates)
    require_not_older(European.read(files), held, now)


def read_files(files: Mapping[str, bytes], mode: Mode, beside: Sequence[Path] = ()) -> TrustList:
    """Read files as a verifier would read their folder, with others; raise what it would."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place, data in files.items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return read_trust([folder, *beside], mode)


def certificate_files(data: bytes, mode: Mode, now: datetime) -> Files:
    """Give the trust folder of bare certificates; raise ValueError where one is none."""
    certificates = x509.load_pem_x509_certificates(data)
    digest = sha256(data).hexdigest()[:16]
    groups = {
        f"authorities/{digest}.pem": [one for one in certificates if _is_authority(one)],
        f"seals/{digest}.pem": [one for one in certificates if not _is_authority(one)],
    }
    told = {"schema_version": 1, "mode": str(mode), "lists": [_issued(now)]}
    files = {place: pem(group) for place, group in groups.items() if group}
    return {**files, MANIFEST: json.dumps(told).encode()}


def status_files(data: bytes, mode: Mode, now: datetime) -> Files:
    """Give the trust folder of one list of letters taken back; raise StatusListError."""
    return {StatusList.parse(data).place: data, MANIFEST: manifest({}, mode, {}, [_issued(now)])}


def placed(files: Mapping[str, bytes]) -> Files:
    """Give lists of letters taken back the names that their address and signer make."""
    found: Files = {}
    for name, data in files.items():
        place = StatusList.parse(data).place if name.endswith(SUFFIX) else name
        found[place] = newer(found[place], data) if place in found else data
    return found


def _issued(now: datetime) -> dict[str, str | None]:
    return {"name": str(ListName.AUTHORITIES), "issued": now.isoformat(), "expires": None}


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return extensions_of(certificate).get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
    except UNREADABLE as problem:
        raise ValueError("got a certificate that cannot be taken apart") from problem


def _joined(name: str, held: bytes | None, data: bytes) -> bytes:
    if (
        held is None
        or held == data
        or name in {MANIFEST, OFFICIAL, ROOTS}
        or name.startswith("eu/")
    ):
        return data
    if name.endswith(SUFFIX):
        return newer(held, data)
    if name.endswith(".crl"):
        ours, theirs = x509.load_der_x509_crl(held), x509.load_der_x509_crl(data)
        return data if theirs.last_update_utc > ours.last_update_utc else held
    both = [*x509.load_pem_x509_certificates(held), *x509.load_pem_x509_certificates(data)]
    return pem(list(dict.fromkeys(both)))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)
