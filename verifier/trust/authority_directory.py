"""What a 2D-Doc authority publishes: the certificates that it issued, and those that it revoked.

Rules kept here (RFC 4387, RFC 5280; 2D-Doc, trust):

- a directory is one certificate (DER), or a multipart of `application/pkix-cert` parts between
  boundaries `End`;
- a certificate counts when its issuer's common name is the authority, its own is four capitals or
  digits, and a key that the list accords to the authority signed it; others are left aside and
  counted, a directory without any good one is refused;
- keys and usages are not judged here: a certificate with a wrong key must be found to be named;
- a list of revocations counts when a key of the authority signed it, says when the next is due, and
  is not of tomorrow;
- addresses of such lists are read here and followed by nobody without leave.

Bytes in, values out.
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from verifier.errors import VerifierError
from verifier.trust.anchors import UNREADABLE, extensions_of
from verifier.trust.trust_list import is_list_of, issuer_name, signer_among, subject_name

DIRECTORY_LIMIT: Final = 10 * 1024 * 1024
PARTS_LIMIT: Final = 5_000
_ADDRESSES_LIMIT: Final = 4
_BOUNDARY: Final = re.compile(rb"(?:\A|\r?\n)--End(?:--)?[ \t]*(?:\r?\n|\Z)")
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_KIND: Final = re.compile(rb"(?im)^content-type:[ \t]*application/pkix-cert[ \t]*\r?(?:;|$)")
_NAME: Final = re.compile("[A-Z0-9]{4}")
_AHEAD: Final = timedelta(days=1)


class DirectoryError(VerifierError):
    """What an authority publishes holds no certificate of its own. Details: `ca`, `why`."""

    code: ClassVar[str] = "verifier.directory"


class RevocationListError(VerifierError):
    """A list of revocations is not one of the authority in force. Details: `ca`, `why`."""

    code: ClassVar[str] = "verifier.revocation-list"


@dataclass(frozen=True, slots=True)
class Directory:
    """The certificates of an authority by name; `left_aside`: parts that were none of them."""

    leaves: dict[str, tuple[x509.Certificate, ...]]
    left_aside: int

    @property
    def count(self) -> int:
        """Count the certificates."""
        return sum(len(own) for own in self.leaves.values())


def read_directory(data: bytes, ca_id: str, authorities: Sequence[x509.Certificate]) -> Directory:
    """Read what an authority publishes; raise DirectoryError."""
    if len(data) > DIRECTORY_LIMIT:
        raise _no_directory(ca_id, "too large")
    leaves: dict[str, tuple[x509.Certificate, ...]] = {}
    left_aside = 0
    for number, part in enumerate(_parts(data)):
        if number >= PARTS_LIMIT:
            raise _no_directory(ca_id, "too many certificates")
        certificate = _certificate(part)
        if certificate is None or not _is_own(certificate, ca_id, authorities):
            left_aside += 1
            continue
        name = subject_name(certificate, NameOID.COMMON_NAME)
        leaves[name] = tuple(dict.fromkeys((*leaves.get(name, ()), certificate)))
    if not leaves:
        raise _no_directory(ca_id, "no certificate of this authority")
    return Directory(leaves, left_aside)


def read_revocations(
    data: bytes, ca_id: str, authorities: Sequence[x509.Certificate], now: datetime
) -> x509.CertificateRevocationList:
    """Read a list of revocations (DER or PEM); raise RevocationListError."""
    pem = data.lstrip().startswith(b"-----BEGIN")
    try:
        crl = x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)
        due = crl.next_update_utc
        issued = crl.last_update_utc
    except UNREADABLE as error:
        raise _no_list(ca_id, "unreadable") from error
    if not any(is_list_of(crl, authority) for authority in authorities):
        raise _no_list(ca_id, "not signed by the authority")
    if due is None or issued > now + _AHEAD:
        raise _no_list(ca_id, "dates that cannot be")
    return crl


def revocation_addresses(leaves: Sequence[x509.Certificate]) -> list[str]:
    """List the addresses where an authority says that it revokes, the newest certificate's first.

    At most four, http and https alone.
    """
    newest_first = sorted(leaves, key=lambda one: one.not_valid_before_utc, reverse=True)
    found = dict.fromkeys(address for one in newest_first for address in _addresses(one))
    return list(found)[:_ADDRESSES_LIMIT]


def _addresses(certificate: x509.Certificate) -> Iterator[str]:
    try:
        told = extensions_of(certificate)
        points = told.get_extension_for_class(x509.CRLDistributionPoints).value
    except UNREADABLE:
        return
    for point in points:
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith("http"):
                yield name.value


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield each certificate's bytes, whatever they are worth."""
    pieces = _BOUNDARY.split(data)
    if len(pieces) == 1:
        yield data
        return
    for piece in pieces[1:]:
        end = _HEAD_END.search(piece)
        if end is not None and _KIND.search(piece[: end.start()]):
            yield piece[end.end() :]


def _certificate(part: bytes) -> x509.Certificate | None:
    with warnings.catch_warnings():
        # What the library will refuse one day is judged here by who signed it.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            return x509.load_der_x509_certificate(part)
        except UNREADABLE:
            return None


def _is_own(
    certificate: x509.Certificate, ca_id: str, authorities: Sequence[x509.Certificate]
) -> bool:
    try:
        names = subject_name(certificate, NameOID.COMMON_NAME), issuer_name(certificate)
    except UNREADABLE:
        return False
    if names[0] == ca_id or _NAME.fullmatch(names[0]) is None or names[1] != ca_id:
        return False
    return signer_among(authorities, certificate) is not None


def _no_directory(ca_id: str, why: str) -> DirectoryError:
    return DirectoryError(f"got for {ca_id}: {why}", ca=ca_id, why=why)


def _no_list(ca_id: str, why: str) -> RevocationListError:
    return RevocationListError(f"got for {ca_id}: {why}", ca=ca_id, why=why)
