"""Whom to believe, at which date: a pure look-up in lists already read.

Rules kept here (2D-Doc, trust; RFC 5280):

- a 2D-Doc issuer is an authority (`FR03`) and a certificate (`AGR0`): the issuer's common name is
  the authority, the subject's the certificate; after a renewal several share a name;
- a certificate is found by name and proved by signature: `issuer_of` gives the authority whose
  key signed it, never one that merely bears its name;
- revocation comes from a list that the authority signed, or from a look-up given beside it (an
  OCSP answer kept earlier); a revoked certificate is revoked whatever the age of the list;
- a list older than its next update and a grace (7 days) proves nothing more; nor does none; an
  authority is accorded until the next update of the official list, without grace;
- every list has a name and a date, and its age is part of each verdict;
- `mode` is `test` or `production`, as the lists themselves say; the test authority FR00 is
  believed in `test` alone.

No disk, no network, no clock: `local_list.py` reads, callers give `now`.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Protocol, Self, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from verifier.trust.list_scope import covers
from verifier.trust.status_lists import StatusList
from verifier.verdict import ListUsed, TrustUsed


class Mode(StrEnum):
    """What the lists are for; the same words as in the settings."""

    TEST = "test"
    PRODUCTION = "production"


class ListName(StrEnum):
    """The lists that a trust folder may hold."""

    TSL = "tsl"
    TWODDOC = "twoddoc"
    AUTHORITIES = "authorities"
    CRL = "crl"
    STATUS = "status"
    EUROPEAN = "european"


@dataclass(frozen=True, slots=True)
class TrustListInfo:
    """One list: its name, when it was issued, when the next one is due (None: unsaid)."""

    name: ListName
    issued: datetime
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How old lists may be."""

    directory: timedelta = timedelta(days=30)
    crl_grace: timedelta = timedelta(days=7)

    @classmethod
    def of_days(cls, directory: int, crl_grace: int) -> Self:
        """Give the limits that the settings tell in days."""
        return cls(timedelta(days=directory), timedelta(days=crl_grace))


@dataclass(frozen=True, slots=True)
class NotRevoked:
    """A list in force says nothing against the certificate."""

    checked: datetime


@dataclass(frozen=True, slots=True)
class Revoked:
    """The certificate is on a list of its authority. `reason`: RFC 5280 name, or `unspecified`."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ListTooOld:
    """The only list is past its next update and the grace."""

    due: datetime


@dataclass(frozen=True, slots=True)
class NoList:
    """No list of this authority is there."""


Revocation: TypeAlias = NotRevoked | Revoked | ListTooOld | NoList


class RevocationSource(Protocol):
    """A look-up beside the CRLs: answers kept from elsewhere."""

    def state(
        self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
    ) -> Revocation:
        """Say what is known of a certificate; NoList for nothing."""


class QualifiedSource(Protocol):
    """What the European lists say of seals."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """Give the lists as read, by name."""

    def is_qualified_seal(
        self, chain: Sequence[x509.Certificate], moment: datetime, now: datetime
    ) -> bool | None:
        """Tell whether a seal was a qualified one at a moment; None: the lists cannot tell now."""


@dataclass(frozen=True, slots=True)
class TrustList:
    """Everything that is believed, read once, asked many times.

    `twoddoc_authorities` by authority, `twoddoc_leaves` by (authority, certificate): several of
    each may share a name. `authorities` are roots and intermediates of seals and time-stamps;
    `seals` are certificates of town codes, by the thumbprint that a code bears.
    `status_lists` are lists of letters taken back, read and not proved.
    `withdrawn` are the 2D-Doc authorities that the official list no longer accords; `accorded`
    tells until when a list vouches for an authority; `european` which seals are qualified.
    """

    mode: Mode
    lists: tuple[TrustListInfo, ...]
    twoddoc_authorities: Mapping[str, tuple[x509.Certificate, ...]] = field(default_factory=dict)
    twoddoc_leaves: Mapping[tuple[str, str], tuple[x509.Certificate, ...]] = field(
        default_factory=dict
    )
    authorities: tuple[x509.Certificate, ...] = ()
    seals: Mapping[bytes, tuple[x509.Certificate, ...]] = field(default_factory=dict)
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    status_lists: tuple[StatusList, ...] = ()
    withdrawn: frozenset[str] = frozenset()
    accorded: Mapping[x509.Certificate, datetime] = field(default_factory=dict)
    revocations: RevocationSource | None = None
    european: QualifiedSource | None = None
    limits: Limits = Limits()

    @property
    def is_test(self) -> bool:
        """Tell whether test authorities are believed: every screen then says TEST."""
        return self.mode is Mode.TEST

    def leaves(self, ca_id: str, certificate_id: str) -> tuple[x509.Certificate, ...]:
        """Give the certificates of that name, whatever their dates; empty when unknown."""
        return self.twoddoc_leaves.get((ca_id, certificate_id), ())

    def issuer_of(self, ca_id: str, leaf: x509.Certificate) -> x509.Certificate | None:
        """Give the authority certificate whose key signed the leaf; None when none did."""
        return signer_among(self.twoddoc_authorities.get(ca_id, ()), leaf)

    def revocation(
        self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
    ) -> Revocation:
        """Say what is known of a certificate: the look-up given beside first, then the CRLs."""
        if self.revocations is not None:
            answer = self.revocations.state(certificate, issuer, now)
            if not isinstance(answer, NoList):
                return answer
        answer = revocation_by_lists(self.crls, (certificate, issuer), now, self.limits.crl_grace)
        due = self.accorded.get(issuer)
        if isinstance(answer, NotRevoked) and due is not None and now > due:
            # Its authority may have been withdrawn since, and we would not know.
            return ListTooOld(due)
        return answer

    def directory_is_old(self, now: datetime) -> bool:
        """Tell whether a certificate may be missing because our directory is too old.

        Past its next update; or, where none is said, past 30 days.
        """
        return any(
            now > (one.expires or one.issued + self.limits.directory)
            for one in self.lists
            if one.name in {ListName.TSL, ListName.TWODDOC}
        )

    def used(self, names: Iterable[ListName], now: datetime) -> TrustUsed:
        """Give the lists behind a verdict, with their ages in whole days."""
        wanted = set(names)
        lists = tuple(
            ListUsed(str(one.name), one.issued, max(0, (now - one.issued).days))
            for one in self.lists
            if one.name in wanted
        )
        return TrustUsed(lists, test=self.is_test)


def signer_among(
    candidates: Sequence[x509.Certificate], certificate: x509.Certificate
) -> x509.Certificate | None:
    """Give the first candidate that issued the certificate: same name, and its key signed it."""
    return next((one for one in candidates if _issued(certificate, one)), None)


@lru_cache(maxsize=4_096)
def _issued(certificate: x509.Certificate, candidate: x509.Certificate) -> bool:
    """Tell whether one issued the other: of two certificates, byte for byte, this never changes."""
    try:
        certificate.verify_directly_issued_by(candidate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def revocation_by_lists(
    crls: Sequence[x509.CertificateRevocationList],
    pair: tuple[x509.Certificate, x509.Certificate],
    now: datetime,
    grace: timedelta,
) -> Revocation:
    """Look for a certificate in the lists of its issuer; `pair` is (certificate, issuer).

    Only lists whose signature the issuer's key verifies count; the newest says how old they are. A
    list of a part only accuses: of what is not on it, it says nothing unless it is of its part.
    """
    certificate, issuer = pair
    every = [crl for crl in crls if is_list_of(crl, issuer)]
    for crl in every:
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None:
            return Revoked(entry.revocation_date_utc, _reason(entry))
    own = [crl for crl in every if covers(crl, certificate)]
    if not own:
        return NoList()
    newest = max(own, key=lambda crl: crl.last_update_utc)
    due = newest.next_update_utc or newest.last_update_utc
    return ListTooOld(due) if now > due + grace else NotRevoked(newest.last_update_utc)


def is_test_authority(ca_id: str) -> bool:
    """Tell whether an authority is a country's test one (`FR00`), whose key anyone may hold."""
    return ca_id.endswith("00")


def subject_name(certificate: x509.Certificate, kind: x509.ObjectIdentifier) -> str:
    """Give one part of a certificate's subject as text; empty where it has none."""
    return _part(_subject(certificate), kind)


def issuer_name(certificate: x509.Certificate) -> str:
    """Give the common name of a certificate's issuer; empty where it has none."""
    return _part(_quietly(lambda: certificate.issuer), NameOID.COMMON_NAME)


@lru_cache(maxsize=4_096)
def _subject(certificate: x509.Certificate) -> x509.Name:
    return _quietly(lambda: certificate.subject)


def _quietly(read: Callable[[], x509.Name]) -> x509.Name:
    # Published directories hold names above the 64 characters of X.520: they are read, not judged.
    with warnings.catch_warnings(), suppress(ValueError):
        warnings.simplefilter("ignore", UserWarning)
        return read()
    return x509.Name([])  # one that cannot be read names nobody


def _part(name: x509.Name, kind: x509.ObjectIdentifier) -> str:
    parts = name.get_attributes_for_oid(kind)
    return str(parts[0].value) if parts else ""


def is_list_of(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Tell whether an authority's key signed a list of revocations that bears its name."""
    try:
        key = issuer.public_key()
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            return False
        return crl.issuer == _subject(issuer) and crl.is_signature_valid(key)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _reason(entry: x509.RevokedCertificate) -> str:
    try:
        found = entry.extensions.get_extension_for_class(x509.CRLReason)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return "unspecified"
    return str(found.value.reason.value)
