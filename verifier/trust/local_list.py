"""A folder of certificates and lists, read into a `TrustList`.

Rules kept here (`cli.md`, trust folder):

- `manifest.json` says `schema_version` 1, the `mode` and the date of each list; then
  `authorities/*.pem`, `twoddoc/CA.pem`, `twoddoc/CA/CERT.pem`, `seals/*.pem`, `crl/*.crl` (DER),
  `status/*.jwt`; all but the manifest may be absent;
- where `twoddoc/tsl.xml` is there it is verified under `tsl-roots.pem`; the authorities are then
  its own, those of the folder's files count in test mode alone;
- a certificate stands under its own name: issuer CA, subject CERT; a file that says otherwise
  stops the reading, for a trust folder is ours and its faults are not a document's;
- `eu/lotl.xml` and the lists of countries beside it are verified under `eu/lotl-signers.pem`; what
  they grant is believed beside `authorities/`;
- a folder of test authorities is refused in production; elsewhere it becomes `UnsafeTestTrust`,
  whose name and banner say what it is worth;
- production folders never bring a test authority (`FR00`);
- every file has a size limit, and the folder a limit on their number.

Reading only: `refresh.py` writes such folders.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from cryptography import x509
from cryptography.x509.oid import NameOID

from sealing.proofs.status_list import MAX_BYTES as STATUS_LIMIT
from sealing.proofs.status_list import StatusListError
from sealing.towncode.signature import thumbprint
from verifier.errors import VerifierError
from verifier.trust.anchors import UNREADABLE, Anchors
from verifier.trust.merging import merged
from verifier.trust.status_lists import StatusList
from verifier.trust.trust_list import (
    Limits,
    ListName,
    Mode,
    TrustList,
    TrustListInfo,
    is_test_authority,
    issuer_name,
    subject_name,
)

if TYPE_CHECKING:
    from verifier.trust.ants_list import AntsList
    from verifier.trust.european import European

OFFICIAL: Final = "twoddoc/tsl.xml"
ROOTS: Final = "tsl-roots.pem"
LIMITS: Final = Limits()
MANIFEST_LIMIT: Final = 64 * 1024
PEM_LIMIT: Final = 256 * 1024
CRL_LIMIT: Final = 20 * 1024 * 1024
FILES_LIMIT: Final = 5_000
# The binary form names a certificate by five hexadecimal digits.
_NAME: Final = re.compile("[A-Z0-9]{4}|[0-9A-F]{5}")
_Read = TypeVar("_Read")


class TrustFolderError(VerifierError):
    """The folder is not a trust folder, or one of its files is damaged. Details: `path`, `why`."""

    code: ClassVar[str] = "verifier.trust-folder"


class NoTrustError(VerifierError):
    """No trust folder was given: nothing can be believed."""

    code: ClassVar[str] = "verifier.no-trust"


class UnsafeTrustInProductionError(VerifierError):
    """A folder of test authorities was given in production mode. Details: `path`."""

    code: ClassVar[str] = "verifier.test-trust-in-production"


@dataclass(frozen=True, slots=True)
class UnsafeTestTrust(TrustList):
    """Trust in authorities whose keys anyone may hold: for trials and demonstrations only."""

    banner: ClassVar[str] = "TEST"


def read_trust(folders: Sequence[Path], mode: Mode, limits: Limits = LIMITS) -> TrustList:
    """Read trust folders and put them together; an UnsafeTestTrust as soon as one is for tests.

    `mode` and `limits` are those of the settings. Raises TrustFolderError,
    UnsafeTrustInProductionError.
    """
    if not folders:
        raise NoTrustError("got no trust folder, expected at least one")
    trust = merged([_folder(folder.resolve(), mode, limits) for folder in folders])
    if not trust.is_test:
        return trust
    return UnsafeTestTrust(**{one.name: getattr(trust, one.name) for one in fields(trust)})


def _folder(folder: Path, mode: Mode, limits: Limits) -> TrustList:
    manifest = folder / "manifest.json"
    told, lists = _parsed(manifest, _content(manifest, MANIFEST_LIMIT), _manifest)
    if told is Mode.TEST and mode is Mode.PRODUCTION:
        raise UnsafeTrustInProductionError("got a test folder in production", path=str(folder))
    authorities: dict[str, tuple[x509.Certificate, ...]] = {}
    leaves: dict[tuple[str, str], tuple[x509.Certificate, ...]] = {}
    for path in _listed(folder / "twoddoc", "*.pem"):
        authorities[_name_of(path)] = _certificates(path, subject=path.stem)
    for path in _listed(folder / "twoddoc", "*/*.pem"):
        ca_id, name = path.parent.name, _name_of(path)
        leaves[ca_id, name] = _certificates(path, subject=name, issuer=ca_id)
    official = _official(folder)
    if official is not None:
        authorities = {} if told is Mode.PRODUCTION else authorities
        authorities |= {one.ca_id: one.certificates for one in official.authorities}
        lists = (TrustListInfo(ListName.TSL, official.issued, official.next_update), *lists)
    if told is Mode.PRODUCTION:
        authorities = {ca: own for ca, own in authorities.items() if not is_test_authority(ca)}
        leaves = {name: own for name, own in leaves.items() if not is_test_authority(name[0])}
    chain = [_certificates(path) for path in _listed(folder / "authorities", "*.pem")]
    status = tuple(_status(path) for path in _listed(folder / "status", "*.jwt"))
    european, own = _european(folder), tuple(one for group in chain for one in group)
    granted = {} if european is None else european.accorded
    vouched = {one: due for one, due in granted.items() if one not in own}
    return TrustList(
        mode=told,
        lists=(*lists, *_dated(status), *([] if european is None else [european.info])),
        twoddoc_authorities=authorities,
        twoddoc_leaves=leaves,
        authorities=(*own, *vouched),
        seals=_seals(folder),
        crls=tuple(_crl(path) for path in _listed(folder / "crl", "*.crl")),
        status_lists=status,
        accorded={**_accorded(official), **vouched},
        withdrawn=_withdrawn(official),
        european=european,
        limits=limits,
    )


def _seals(folder: Path) -> dict[bytes, tuple[x509.Certificate, ...]]:
    found: dict[bytes, tuple[x509.Certificate, ...]] = {}
    for path in _listed(folder / "seals", "*.pem"):
        for certificate in _certificates(path):
            digest = thumbprint(certificate)
            found[digest] = (*found.get(digest, ()), certificate)
    return found


def _european(folder: Path) -> "European | None":
    if not (folder / "eu").is_dir():
        return None
    # As costly to load as the official list, and as rare.
    from verifier.trust.eu_list import SIZE_LIMIT  # noqa: PLC0415
    from verifier.trust.european import European  # noqa: PLC0415

    paths = [*_listed(folder / "eu", "*.xml"), *_listed(folder / "eu", "*.pem")]
    files = {f"eu/{path.name}": _content(path, SIZE_LIMIT) for path in paths}
    try:
        return _parsed(folder / "eu", b"", lambda _: European.read(files))
    except VerifierError as problem:
        raise _fault(folder / "eu", str(problem)) from problem


def _official(folder: Path) -> "AntsList | None":
    path, roots = folder / OFFICIAL, folder / ROOTS
    if not path.exists():
        return None
    # Reading it costs the XML libraries: asked for only where there is one.
    from verifier.trust.ants_list import SIZE_LIMIT, read_tsl  # noqa: PLC0415

    content = _content(path, SIZE_LIMIT)
    pinned = tuple(_parsed(roots, _content(roots, PEM_LIMIT), x509.load_pem_x509_certificates))
    try:
        return read_tsl(content, Anchors(pinned))
    except VerifierError as problem:
        raise _fault(path, str(problem)) from problem


def _accorded(official: "AntsList | None") -> dict[x509.Certificate, datetime]:
    """Tell until when the official list vouches for its authorities."""
    if official is None:
        return {}
    return {
        certificate: official.next_update
        for one in official.authorities
        for certificate in one.certificates
    }


def _withdrawn(official: "AntsList | None") -> frozenset[str]:
    if official is None:
        return frozenset()
    return frozenset(one.ca_id for one in official.authorities if one.withdrawn)


def _manifest(content: bytes) -> tuple[Mode, tuple[TrustListInfo, ...]]:
    told: dict[str, Any] = json.loads(content)
    if told["schema_version"] != 1:
        raise ValueError(f"schema_version {told['schema_version']!r}")
    lists = tuple(
        TrustListInfo(
            ListName(row["name"]),
            _moment(row["issued"]),
            _moment(row["expires"]) if row["expires"] is not None else None,
        )
        for row in told["lists"]
        if row["name"] not in {ListName.STATUS, ListName.EUROPEAN}
    )
    return Mode(told["mode"]), lists


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} without a time zone")
    return moment


def _listed(folder: Path, pattern: str) -> list[Path]:
    found = sorted(folder.glob(pattern))
    if len(found) > FILES_LIMIT:
        raise _fault(folder, f"{len(found)} files, at most {FILES_LIMIT}")
    return found


def _certificates(
    path: Path, subject: str | None = None, issuer: str | None = None
) -> tuple[x509.Certificate, ...]:
    content = _content(path, PEM_LIMIT)
    found = tuple(_parsed(path, content, x509.load_pem_x509_certificates))
    for certificate in found:
        if subject is not None and subject_name(certificate, NameOID.COMMON_NAME) != subject:
            raise _fault(path, f"the subject is not {subject}")
        if issuer is not None and issuer_name(certificate) != issuer:
            raise _fault(path, f"the issuer is not {issuer}")
    return found


def _crl(path: Path) -> x509.CertificateRevocationList:
    return _parsed(path, _content(path, CRL_LIMIT), x509.load_der_x509_crl)


def _status(path: Path) -> StatusList:
    try:
        return StatusList.parse(_content(path, STATUS_LIMIT))
    except StatusListError as problem:
        raise _fault(
            path, f"not a list of letters taken back: {problem.details['why']}"
        ) from problem


def _dated(lists: Sequence[StatusList]) -> tuple[TrustListInfo, ...]:
    """Give the date of the oldest list of letters taken back; the manifest has none."""
    if not lists:
        return ()
    ends = min((one.expires for one in lists if one.expires), default=None)
    return (TrustListInfo(ListName.STATUS, min(one.issued for one in lists), ends),)


def _name_of(path: Path) -> str:
    if _NAME.fullmatch(path.stem) is None:
        raise _fault(path, "the name is neither 4 capitals or digits nor 5 hexadecimal digits")
    return path.stem


def _content(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as problem:
        raise _fault(path, problem.strerror or "unreadable") from problem
    if len(content) > limit:
        raise _fault(path, f"more than {limit} bytes")
    return content


def _parsed(path: Path, content: bytes, read: Callable[[bytes], _Read]) -> _Read:
    try:
        return read(content)
    except (*UNREADABLE, KeyError, RecursionError) as problem:
        raise _fault(path, f"not what it should be: {type(problem).__name__}") from problem


def _fault(path: Path, why: str) -> TrustFolderError:
    return TrustFolderError(f"got {path.name}: {why}", path=str(path), why=why)
