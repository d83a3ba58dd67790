"""What proves, for all the letters of a run, that nothing above a seal was revoked.

Rules kept here (EN 319 142-1 section 5.4, EN 319 102-1):

- for each certificate below a root, of the seal's chain and of the time-stamps', one proof: OCSP
  before a list (small), what the trust folders hold before what servers answer. OCSP counts for
  certificates that name a responder: for others validators (pyHanko) do not look at it;
- the folders are those of the settings: `authorities/*.pem`, `crl/*.crl`, `ocsp/*` (DER). A server
  is asked only where its host stands in the settings, and once for a run;
- a revoked certificate is an error even where another answer calls it good;
- a list above 256 KiB is refused: every letter would carry it;
- the whole is good until the first of its answers ends, half a day at most; then it is gathered
  anew (`Gathered.due`).

Nonces are not asked of OCSP: a whole run shares an answer, whose dates say what it is worth.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Final, Self, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from sealing.authorities.chains import UNREADABLE, chain_of
from sealing.authorities.proofs import (
    Proof,
    ProofKind,
    by_list,
    by_ocsp,
    list_addresses,
    name_of,
    ocsp_addresses,
)
from sealing.errors import SealingError
from storage.outgoing import Outgoing, OutgoingError

EMBEDDED_LIMIT: Final = 256 * 1024
LONGEST: Final = timedelta(hours=12)
_MARGIN: Final = timedelta(minutes=5)
_SHORTEST: Final = timedelta(minutes=1)
_FILE_LIMIT: Final = 20 * 1024 * 1024
_FILES_LIMIT: Final = 5_000
_KIND: Final = "application/ocsp-request"
_Read = TypeVar("_Read")


class RevocationFileError(SealingError):
    """A file of a trust folder that cannot be read. Details: `path`."""

    code: ClassVar[str] = "sealing.revocation-file"


class NoRevocationProofError(SealingError):
    """Nobody says whether a certificate is revoked. Details: `name`."""

    code: ClassVar[str] = "sealing.revocation-unknown"
    retryable: ClassVar[bool] = True


class RevocationTooLargeError(SealingError):
    """A list that would make each letter too large. Details: `name`, `size`, `limit` (KiB)."""

    code: ClassVar[str] = "sealing.revocation-too-large"


@dataclass(frozen=True, slots=True)
class Held:
    """What the trust folders hold: authorities, revocation lists, OCSP answers. Nothing proved."""

    authorities: tuple[x509.Certificate, ...] = ()
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    ocsps: tuple[bytes, ...] = ()

    @classmethod
    def read(cls, folders: Sequence[Path]) -> Self:
        """Read trust folders; raise RevocationFileError or OSError."""
        pems = _each(folders, "authorities/*.pem", x509.load_pem_x509_certificates)
        crls = _each(folders, "crl/*.crl", x509.load_der_x509_crl)
        answers = _each(folders, "ocsp/*", bytes)
        return cls(tuple(one for group in pems for one in group), tuple(crls), tuple(answers))

    def proofs(
        self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
    ) -> list[Proof]:
        """Give what is held about a certificate, OCSP first; raise RevokedCertificateError."""
        found = [by_ocsp(answer, certificate, issuer, now) for answer in self.ocsps]
        found += [by_list(crl, certificate, issuer, now) for crl in self.crls]
        return [proof for proof in found if proof is not None]

    def refuse_revoked(self, chain: Sequence[x509.Certificate], now: datetime) -> None:
        """Raise RevokedCertificateError for a chain of which something held says so."""
        for certificate, issuer in pairwise(chain_of(chain[0], (*chain[1:], *self.authorities))):
            self.proofs(certificate, issuer, now)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a run's letters carry: certificates and proofs (DER), and when to gather anew."""

    certificates: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    due: datetime


def gather(
    chains: Sequence[Sequence[x509.Certificate]], held: Held, door: Outgoing, now: datetime
) -> Gathered:
    """Gather one proof for each certificate below a root, and the certificates, roots included.

    The roots prove nothing by being there: they are what later readers look for first.
    Raises RevokedCertificateError, NoRevocationProofError, RevocationTooLargeError.
    """
    links: dict[tuple[x509.Certificate, x509.Certificate], None] = {}
    for chain in chains:
        whole = chain_of(chain[0], (*chain[1:], *held.authorities))
        if len(whole) == 1:
            name = name_of(whole[0])
            raise NoRevocationProofError(f"got {name} without its authority", name=name)
        links |= dict.fromkeys(pairwise(whole))
    proofs = [_proof(below, above, (held, door), now) for below, above in links]
    first = min(proof.due for proof in proofs)
    certificates = [*(one for link in links for one in link), *_responders(proofs)]
    return Gathered(
        _once(one.public_bytes(Encoding.DER) for one in certificates),
        _once(proof.der for proof in proofs if proof.kind is ProofKind.OCSP),
        _once(proof.der for proof in proofs if proof.kind is ProofKind.CRL),
        max(min(first - _MARGIN, now + LONGEST), now + _SHORTEST),
    )


def _responders(proofs: Iterable[Proof]) -> Iterator[x509.Certificate]:
    """Give the certificates that OCSP answers carry: readers want proof that they existed too."""
    for proof in proofs:
        if proof.kind is ProofKind.OCSP:
            yield from ocsp.load_der_ocsp_response(proof.der).certificates


def _once(values: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(values))


def _proof(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    sources: tuple[Held, Outgoing],
    now: datetime,
) -> Proof:
    """Find the proof for one certificate: OCSP held, OCSP asked, list held, list fetched."""
    held, door = sources
    known = held.proofs(certificate, issuer, now)
    found = None
    if any(ocsp_addresses(certificate)):
        found = _first(known, ProofKind.OCSP) or _asked(certificate, issuer, door, now)
    found = found or _first(known, ProofKind.CRL) or _fetched(certificate, issuer, door, now)
    name = name_of(certificate)
    if found is None:
        raise NoRevocationProofError(f"got no answer about {name}", name=name)
    size = len(found.der)
    if size > EMBEDDED_LIMIT:
        told = {"size": size >> 10, "limit": EMBEDDED_LIMIT >> 10}
        raise RevocationTooLargeError(f"got a list of {size} bytes", name=name, **told)
    return found


def _first(proofs: Sequence[Proof], kind: ProofKind) -> Proof | None:
    return next((proof for proof in proofs if proof.kind is kind), None)


def _asked(
    certificate: x509.Certificate, issuer: x509.Certificate, door: Outgoing, now: datetime
) -> Proof | None:
    """Ask the responders that a certificate names, where the settings allow it."""
    builder = ocsp.OCSPRequestBuilder()
    # SHA-1 names the certificate here, and proves nothing: every responder knows it (RFC 5019).
    builder = builder.add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    question = builder.build().public_bytes(Encoding.DER)
    for address in ocsp_addresses(certificate):
        with contextlib.suppress(OutgoingError):
            with contextlib.closing(door.line(address)) as line:
                answer = line.ask(question, _KIND)
            if proof := by_ocsp(answer, certificate, issuer, now):
                return proof
    return None


def _fetched(
    certificate: x509.Certificate, issuer: x509.Certificate, door: Outgoing, now: datetime
) -> Proof | None:
    """Fetch the lists that a certificate names, where the settings allow it."""
    for address in list_addresses(certificate):
        with contextlib.suppress(OutgoingError, *UNREADABLE):
            crl = x509.load_der_x509_crl(door.fetch(address))
            if proof := by_list(crl, certificate, issuer, now):
                return proof
    return None


def _each(folders: Sequence[Path], pattern: str, read: Callable[[bytes], _Read]) -> list[_Read]:
    return [_parsed(path, read) for path in _listed(folders, pattern)]


def _listed(folders: Sequence[Path], pattern: str) -> Iterator[Path]:
    for folder in folders:
        found = sorted(folder.glob(pattern))
        if len(found) > _FILES_LIMIT:
            raise RevocationFileError(f"got {len(found)} files", path=str(folder))
        yield from found


def _parsed(path: Path, read: Callable[[bytes], _Read]) -> _Read:
    with path.open("rb") as file:
        content = file.read(_FILE_LIMIT + 1)
    if len(content) > _FILE_LIMIT:
        raise RevocationFileError(f"got more than {_FILE_LIMIT} bytes", path=str(path))
    try:
        return read(content)
    except (*UNREADABLE, RecursionError) as error:
        raise RevocationFileError(f"got {type(error).__name__}", path=str(path)) from error
