"""From the agency's list to a trust folder: fetch, check, keep, say how old.

The steps, in order (`verifier/DESIGN.md`, "Trust lists"):

1. the official list: fetched, verified under the pinned certificates, not older than the one held,
   not of tomorrow; without it nothing is changed;
2. the directory of each authority in accord: its certificates are added to those held, for a code
   signed under a certificate that is no longer published stays good;
3. each authority's lists of revocations: never replaced by an older one;
4. the manifest: when each directory was fetched, when each list was issued.

Rules kept here:

- an address comes from the settings or from a verified document, and is given to a `fetch` that
  refuses hosts that the settings do not name;
- one list that fails leaves what was held of it, and its date: its age tells; the others go on;
- files in, files out: nothing is written here (`kept_folder.publish` does).

No clock: `now` is given.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar, Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from storage.errors import CoffreError
from verifier.errors import VerifierError
from verifier.trust.anchors import Anchors
from verifier.trust.ants_list import AntsList, ListedAuthority, read_tsl
from verifier.trust.authority_directory import (
    RevocationListError,
    read_directory,
    read_revocations,
    revocation_addresses,
)
from verifier.trust.kept_folder import Files
from verifier.trust.local_list import OFFICIAL, ROOTS
from verifier.trust.trust_list import ListName, Mode, is_list_of

Fetch: TypeAlias = Callable[[str], bytes]
AHEAD: Final = timedelta(days=1)
_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
MANIFEST: Final = "manifest.json"


class TslOlderError(VerifierError):
    """The list is older than the one held. Details: `got`, `held` (sequence numbers)."""

    code: ClassVar[str] = "verifier.tsl-older"


class TslOfTomorrowError(VerifierError):
    """The list says that it was issued later than now. Details: `issued`."""

    code: ClassVar[str] = "verifier.tsl-of-tomorrow"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the official list is, whom it must be signed by, and what the folder is for."""

    address: str
    anchors: Anchors
    mode: Mode


@dataclass(frozen=True, slots=True)
class Step:
    """One list that was asked for. `count`: certificates or revocations; `error`: why it failed."""

    name: ListName
    authority: str
    count: int = 0
    left_aside: int = 0
    error: CoffreError | None = None


@dataclass(slots=True)
class Refreshed:
    """The new folder, as far as it went, and what happened to each list."""

    files: Files
    steps: list[Step] = field(default_factory=list)

    @property
    def failed(self) -> list[Step]:
        """List the steps that left what was held."""
        return [step for step in self.steps if step.error is not None]


def refresh(
    held: Files, source: Source, fetch: Fetch, now: datetime, told: Callable[[Step], None]
) -> Refreshed:
    """Renew a folder's official lists; raise what keeps the list itself from being had."""
    data = fetch(source.address)  # (1)
    official = accepted(data, source.anchors, now, held.get(OFFICIAL))
    files = {**held, OFFICIAL: data, ROOTS: pem(source.anchors.certificates)}
    result = Refreshed(files)
    dates = directory_dates(held)
    fetched = {one.ca_id: dates.get(one.ca_id) for one in official.authorities if not one.withdrawn}

    def done(step: Step) -> None:
        result.steps.append(step)
        told(step)

    done(Step(ListName.TSL, "", len(official.authorities)))
    for authority in (one for one in official.authorities if not one.withdrawn):
        step = _directory(authority, files, fetch)  # (2)
        if step.error is None:
            fetched[authority.ca_id] = now
        done(step)
        for one in _revocations(authority, files, fetch, now):  # (3)
            done(one)
    rows = told_by(held).get("lists", [])
    files[MANIFEST] = manifest(files, source.mode, fetched, rows)  # (4)
    return result


def accepted(data: bytes, anchors: Anchors, now: datetime, held: bytes | None) -> AntsList:
    """Verify a list that arrives, beside the one held; raise why it is not taken."""
    official = read_tsl(data, anchors)
    if official.issued > now + AHEAD:
        day = official.issued.date().isoformat()
        raise TslOfTomorrowError(f"got a list of {day}", issued=day)
    if held is not None and held != data:
        ours = read_tsl(held, anchors)
        if (official.sequence, official.issued) < (ours.sequence, ours.issued):
            got, kept = official.sequence, ours.sequence
            raise TslOlderError(f"got list {got}, held {kept}", got=got, held=kept)
    return official


def directory_dates(files: Mapping[str, bytes]) -> dict[str, datetime | None]:
    """Tell when each directory of a folder was fetched; None: never yet."""
    told = told_by(files).get("directories", {})
    return {
        str(ca): datetime.fromisoformat(moment) if moment else None for ca, moment in told.items()
    }


def told_by(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Give what a folder's manifest says; nothing where there is none."""
    told: dict[str, Any] = json.loads(files.get(MANIFEST, b"{}"))
    return told


def pem(certificates: Sequence[x509.Certificate]) -> bytes:
    """Write certificates one after the other."""
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def manifest(
    files: Mapping[str, bytes],
    mode: Mode,
    fetched: Mapping[str, datetime | None],
    rows: Sequence[Mapping[str, Any]],
) -> bytes:
    """Write a folder's manifest: the oldest of each kind is the date of its kind.

    `rows` are those of the manifests that it replaces, for lists that nobody publishes.
    """
    kept = {row["name"]: dict(row) for row in sorted(rows, key=_age, reverse=True)}
    kept.pop(ListName.CRL, None)
    known = [moment for moment in fetched.values() if moment is not None]
    if fetched:
        # A directory that was never had is too old from the first day.
        oldest = min(known, default=_NEVER)
        due = None if len(known) == len(fetched) else oldest
        kept[ListName.TWODDOC] = _row(ListName.TWODDOC, oldest, due)
    crls = [x509.load_der_x509_crl(data) for name, data in files.items() if name.endswith(".crl")]
    if crls:
        dues = [crl.next_update_utc for crl in crls if crl.next_update_utc]
        issued = min(crl.last_update_utc for crl in crls)
        kept[ListName.CRL] = _row(ListName.CRL, issued, min(dues, default=None))
    told = {
        "schema_version": 1,
        "mode": str(mode),
        "lists": list(kept.values()),
        "directories": {ca: one and _moment(one) for ca, one in sorted(fetched.items())},
    }
    return json.dumps(told, indent=2).encode() + b"\n"


def _directory(authority: ListedAuthority, files: Files, fetch: Fetch) -> Step:
    ca_id, name = authority.ca_id, ListName.TWODDOC
    if authority.directory is None:
        return Step(name, ca_id)
    try:
        found = read_directory(fetch(authority.directory), ca_id, authority.certificates)
    except CoffreError as error:
        return Step(name, ca_id, error=error)
    for certificate_id, leaves in found.leaves.items():
        place = f"twoddoc/{ca_id}/{certificate_id}.pem"
        known = x509.load_pem_x509_certificates(files[place]) if place in files else []
        files[place] = pem(list(dict.fromkeys((*known, *leaves))))
    return Step(name, ca_id, found.count, found.left_aside)


def _revocations(
    authority: ListedAuthority, files: Files, fetch: Fetch, now: datetime
) -> Iterator[Step]:
    leaves = [
        certificate
        for name, data in files.items()
        if name.startswith(f"twoddoc/{authority.ca_id}/")
        for certificate in x509.load_pem_x509_certificates(data)
    ]
    ca_id, name = authority.ca_id, ListName.CRL
    addresses = revocation_addresses(leaves)
    if leaves and not addresses and not _has_list(authority, files):
        error = RevocationListError("got no address", ca=ca_id, why="it publishes none")
        yield Step(name, ca_id, error=error)
    for address in addresses:
        place = f"crl/{ca_id}-{sha256(address.encode()).hexdigest()[:16]}.crl"
        try:
            crl = read_revocations(fetch(address), ca_id, authority.certificates, now)
            _check_newer(crl, files.get(place), ca_id)
        except CoffreError as error:
            yield Step(name, ca_id, error=error)
            continue
        files[place] = crl.public_bytes(Encoding.DER)
        yield Step(name, ca_id, len(crl))


def _has_list(authority: ListedAuthority, files: Mapping[str, bytes]) -> bool:
    crls = [x509.load_der_x509_crl(data) for name, data in files.items() if name.endswith(".crl")]
    return any(is_list_of(crl, one) for crl in crls for one in authority.certificates)


def _check_newer(crl: x509.CertificateRevocationList, held: bytes | None, ca_id: str) -> None:
    if held and crl.last_update_utc < x509.load_der_x509_crl(held).last_update_utc:
        raise RevocationListError("got an older list", ca=ca_id, why="older than the one held")


def _age(row: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(row["issued"])


def _row(name: ListName, issued: datetime, expires: datetime | None) -> dict[str, Any]:
    due = _moment(expires) if expires is not None else None
    return {"name": str(name), "issued": _moment(issued), "expires": due}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
