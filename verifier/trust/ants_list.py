"""The 2D-Doc trust list of the French agency (ANTS): read it, or refuse it.

Rules kept here (ETSI TS 119 612; `verifier/DESIGN.md`, "Trust lists"):

- the XML is verified whole before anything of it is read (`signed_list.py`);
- only authorities of kind CA/PKC count; `inaccord` is accorded, any other status is withdrawn;
- the signer's certificates must be valid on the day the list was issued.

No disk, no clock: callers compare dates.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from verifier.trust.anchors import Anchors
from verifier.trust.signed_list import (
    FAULTS,
    Element,
    Measure,
    certificate_in,
    moment_in,
    one_in,
    read_signed,
    text_in,
    unreadable,
)
from verifier.trust.trust_list import subject_name

SIZE_LIMIT: Final = 2 * 1024 * 1024
_TSL: Final = "{http://uri.etsi.org/02231/v2#}"
_CA: Final = "http://uri.etsi.org/TrstSvc/Svctype/CA/PKC"
_ACCORDED: Final = "http://uri.etsi.org/TrstSvc/Svcstatus/inaccord"
_CA_ID: Final = re.compile("[A-Z]{2}[0-9A-Z]{2}")


@dataclass(frozen=True, slots=True)
class ListedAuthority:
    """A 2D-Doc authority, in accord or withdrawn. `directory`: where it says that it publishes."""

    ca_id: str
    certificates: tuple[x509.Certificate, ...]
    withdrawn: bool
    directory: str | None


@dataclass(frozen=True, slots=True)
class AntsList:
    """A list that was verified; one authority for each identifier."""

    sequence: int
    issued: datetime
    next_update: datetime
    authorities: tuple[ListedAuthority, ...]


def read_tsl(data: bytes, anchors: Anchors) -> AntsList:
    """Verify and read a list; raise TslUnreadableError or TslSignatureError."""
    signed = read_signed(data, anchors, Measure(SIZE_LIMIT))
    try:
        found = _list(signed.root)
    except FAULTS as error:
        raise unreadable(f"{type(error).__name__}: {error}") from error
    signed.require_signer_on(found.issued)
    return found


def _list(root: Element) -> AntsList:
    scheme = one_in(root, "SchemeInformation")
    sequence = int(text_in(one_in(scheme, "TSLSequenceNumber")))
    issued = moment_in(one_in(scheme, "ListIssueDateTime"))
    next_update = moment_in(one_in(one_in(scheme, "NextUpdate"), "dateTime"))
    if sequence < 1 or next_update <= issued:
        raise ValueError("a sequence or dates that cannot be")
    providers = one_in(root, "TrustServiceProviderList").findall(f"{_TSL}TrustServiceProvider")
    authorities = tuple(one for provider in providers for one in _authority(provider))
    if len({one.ca_id for one in authorities}) != len(authorities) or not authorities:
        raise ValueError("an authority given twice, or none")
    return AntsList(sequence, issued, next_update, authorities)


def _authority(provider: Element) -> Iterator[ListedAuthority]:
    info = one_in(provider, "TSPInformation")
    names = {text_in(one) for one in one_in(info, "TSPTradeName").findall(f"{_TSL}Name")}
    every = one_in(provider, "TSPServices").findall(f"{_TSL}TSPService/{_TSL}ServiceInformation")
    services = [one for one in every if text_in(one_in(one, "ServiceTypeIdentifier")) == _CA]
    if not services:
        return
    [ca_id] = names
    if _CA_ID.fullmatch(ca_id) is None:
        raise ValueError(f"an authority named {ca_id!r}")
    accorded = [one for one in services if text_in(one_in(one, "ServiceStatus")) == _ACCORDED]
    certificates = [one for service in accorded or services for one in _identity(service)]
    if {subject_name(one, NameOID.COMMON_NAME) for one in certificates} != {ca_id}:
        raise ValueError(f"no certificate of {ca_id}, or one of another name")
    addresses = info.findall(f"{_TSL}TSPInformationURI/{_TSL}URI")
    directory = next((text_in(one) for one in addresses), None)
    yield ListedAuthority(ca_id, tuple(certificates), not accorded, directory)


def _identity(service: Element) -> Sequence[x509.Certificate]:
    path = f"{_TSL}ServiceDigitalIdentity/{_TSL}DigitalId/{_TSL}X509Certificate"
    return [certificate_in(one) for one in service.iterfind(path)]
