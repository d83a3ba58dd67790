"""The European lists: the list of lists, and the national ones that it points to; read, or refused.

Rules kept here (ETSI TS 119 612; Regulation 910/2014, articles 22, 32, 38 and 40):

- the list of lists is signed under certificates that the settings pin; a national list under those
  that the list of lists gives for its country (`signed_list.py`); each says which kind it is and
  of which territory;
- only services that a supervisor granted count, for the time that it did: authorities of qualified
  certificates, and time-stamps;
- a seal is qualified where its certificate was one for seals, with its key in a qualified device,
  both on the day that it was issued and at the moment of judging (pyHanko's assessment); anything
  that this cannot settle is not qualified.

No disk, no clock: callers compare dates.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.validation.qualified.assess import QualificationAssessor
from pyhanko.sign.validation.qualified.eutl_parse import (
    parse_lotl_unsafe,
    trust_list_to_registry_unsafe,
)
from pyhanko.sign.validation.qualified.tsp import QcCertType, TSPRegistry
from pyhanko_certvalidator.authority import AuthorityWithCert, CertTrustAnchor
from pyhanko_certvalidator.path import ValidationPath

from verifier.trust.anchors import Anchors
from verifier.trust.signed_list import (
    FAULTS,
    Element,
    Measure,
    SignedList,
    moment_in,
    one_in,
    read_signed,
    text_in,
    unreadable,
)

# What it logs of a list has no reader here: what it cannot take counts for nothing.
logging.getLogger("pyhanko").addHandler(logging.NullHandler())

SIZE_LIMIT: Final = 8 * 1024 * 1024
_MEASURE: Final = Measure(SIZE_LIMIT, elements=400_000)
_TYPES: Final = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/"
_OF_LISTS: Final = f"{_TYPES}EUlistofthelists"
_NATIONAL: Final = f"{_TYPES}EUgeneric"
# What pyHanko lets out on a list that is not what the standard says.
_STRANGE: Final = (*FAULTS, LookupError, NotImplementedError, AssertionError, RecursionError)


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a list says of itself."""

    territory: str
    sequence: int
    issued: datetime
    next_update: datetime


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a national list is, and who signs it."""

    address: str
    signers: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class ListOfLists:
    """The list of lists: one pointer for each country."""

    scheme: Scheme
    pointers: dict[str, Pointer]


@dataclass(frozen=True, slots=True)
class NationalList:
    """The services that one country's supervisor grants."""

    scheme: Scheme
    services: TSPRegistry

    @property
    def authorities(self) -> tuple[x509.Certificate, ...]:
        """Give the certificates of what is granted on the day of the list."""
        known = (
            *self.services.known_certificate_authorities,
            *self.services.known_timestamp_authorities,
        )
        granted = [
            one.certificate
            for one in known
            if isinstance(one, AuthorityWithCert)
            and any(self.services.applicable_service_definitions(one, self.scheme.issued))
        ]
        found = (x509.load_der_x509_certificate(one.dump()) for one in granted)
        return tuple(sorted({*found}, key=lambda one: one.public_bytes(Encoding.DER)))

    def is_qualified_seal(self, chain: Sequence[x509.Certificate], moment: datetime) -> bool:
        """Tell whether a seal of this chain (the signer first) is a qualified one."""
        signer = chain[0]
        return all(self._qualified(chain, day) for day in (signer.not_valid_before_utc, moment))

    def _qualified(self, chain: Sequence[x509.Certificate], day: datetime) -> bool:
        if len(chain) < 2:  # noqa: PLR2004 - a signer and who certified it
            return False
        leaf, *above = (asn1_x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in chain)
        path = ValidationPath(CertTrustAnchor(above[-1]), above[-2::-1], leaf)
        try:
            assessed = QualificationAssessor(self.services).check_entity_cert_qualified(path, day)
        except _STRANGE:
            return False
        status = assessed.status
        sealing = status.qc_type is QcCertType.QC_ESEAL
        return status.qualified and sealing and status.qc_key_security.is_qscd


def read_list_of_lists(data: bytes, anchors: Anchors) -> ListOfLists:
    """Verify and read the list of lists; raise TslUnreadableError or TslSignatureError."""
    signed = read_signed(data, anchors, _MEASURE)
    scheme = _scheme(signed, _OF_LISTS)
    try:
        told = parse_lotl_unsafe(signed.text)
        pointers = {
            one.territory: Pointer(one.location_uri, tuple(map(_certificate, one.tlso_certs)))
            for one in told.references
        }
    except _STRANGE as error:
        raise unreadable(f"{type(error).__name__}: {error}") from error
    return ListOfLists(scheme, pointers)


def read_national(data: bytes, territory: str, pointer: Pointer) -> NationalList:
    """Verify and read a country's list; raise TslUnreadableError or TslSignatureError."""
    signed = read_signed(data, Anchors(pointer.signers), _MEASURE)
    scheme = _scheme(signed, _NATIONAL)
    if scheme.territory != territory:
        raise unreadable(f"the list of {scheme.territory}, expected that of {territory}")
    try:
        services, _ = trust_list_to_registry_unsafe(signed.text)
    except _STRANGE as error:
        raise unreadable(f"{type(error).__name__}: {error}") from error
    return NationalList(scheme, services)


def _scheme(signed: SignedList, kind: str) -> Scheme:
    try:
        told: Element = one_in(signed.root, "SchemeInformation")
        found = text_in(one_in(told, "TSLType"))
        scheme = Scheme(
            text_in(one_in(told, "SchemeTerritory")),
            int(text_in(one_in(told, "TSLSequenceNumber"))),
            moment_in(one_in(told, "ListIssueDateTime")),
            moment_in(one_in(one_in(told, "NextUpdate"), "dateTime")),
        )
    except FAULTS as error:
        raise unreadable(f"{type(error).__name__}: {error}") from error
    if found != kind:
        raise unreadable("a list of another kind")
    if scheme.next_update <= scheme.issued:
        raise unreadable("dates that cannot be")
    signed.require_signer_on(scheme.issued.astimezone(UTC))
    return scheme


def _certificate(certificate: asn1_x509.Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.dump())
