"""The European lists: read under their signatures, and what they say of a seal."""

from datetime import timedelta

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.validation.qualified.eutl_parse import (
    trust_list_to_registry,
    validate_and_parse_lotl,
)
from support.european import (
    COMPLIANCE,
    DEVICE,
    GRANTED,
    ISSUED,
    NEXT,
    SEALS,
    SIGNATURES,
    WITHDRAWN,
    Europe,
    Service,
)
from support.sealers import NOW
from support.trust_lists import Agency

from verifier.trust.eu_list import NationalList, read_list_of_lists, read_national
from verifier.trust.signed_list import TslSignatureError, TslUnreadableError

EUROPE = Europe()
ANCHORS = EUROPE.union.anchors
LISTS = EUROPE.lists()
QUALIFIED = (COMPLIANCE, DEVICE, SEALS)


def national(*services: Service) -> NationalList:
    """Read a country's list by way of the list of lists."""
    pointer = read_list_of_lists(LISTS, ANCHORS).pointers["FR"]
    return read_national(EUROPE.national(services or None), "FR", pointer)


def test_the_list_of_lists_tells_where_a_country_s_list_is_and_who_signs_it():
    found = read_list_of_lists(LISTS, ANCHORS)
    assert (found.scheme.issued, found.scheme.next_update) == (ISSUED, NEXT)
    assert found.pointers["FR"].address == "http://lists.example/FR.xml"
    assert found.pointers["FR"].signers == (EUROPE.signer,)
    country = national()
    assert (country.scheme.territory, country.scheme.sequence) == ("FR", 41)
    assert country.authorities == (EUROPE.authority,)


def test_another_reader_believes_the_same_lists():
    def other(certificate):
        return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))

    told = validate_and_parse_lotl(LISTS.decode(), [other(EUROPE.above)], NOW)
    assert [one.territory for one in told.references] == ["FR"]
    services, errors = trust_list_to_registry(EUROPE.national().decode(), [other(EUROPE.signer)])
    assert not errors
    assert len(list(services.known_certificate_authorities)) == 1


@pytest.mark.parametrize("at", range(7))
def test_a_list_changed_anywhere_is_refused(at):
    place = (at * 2 + 1) * len(LISTS) // 14
    swapped = LISTS[:place] + bytes([LISTS[place] ^ 1]) + LISTS[place + 1 :]
    with pytest.raises((TslSignatureError, TslUnreadableError)):
        read_list_of_lists(swapped, ANCHORS)


def test_lists_of_other_signers_kinds_or_countries_are_refused():
    pointer = read_list_of_lists(LISTS, ANCHORS).pointers["FR"]
    with pytest.raises(TslSignatureError):
        read_list_of_lists(Europe().lists(), ANCHORS)
    with pytest.raises(TslSignatureError):
        read_national(Europe().national(), "FR", pointer)
    with pytest.raises(TslUnreadableError):
        read_list_of_lists(EUROPE.lists(kind="EUgeneric"), ANCHORS)
    with pytest.raises(TslUnreadableError):
        read_national(EUROPE.national(kind="EUlistofthelists"), "FR", pointer)
    with pytest.raises(TslUnreadableError):
        read_national(EUROPE.national(territory="DE"), "FR", pointer)
    with pytest.raises(TslUnreadableError):
        read_list_of_lists(EUROPE.lists(dates=(NEXT, ISSUED)), ANCHORS)


def test_a_list_whose_signer_was_not_valid_that_day_is_refused():
    late = (NOW + timedelta(days=9_000), NOW + timedelta(days=9_100))
    with pytest.raises(TslSignatureError):
        read_list_of_lists(EUROPE.lists(dates=late), ANCHORS)


def test_a_country_without_signers_has_no_list():
    bare = read_list_of_lists(EUROPE.lists(signers=[]), ANCHORS).pointers["FR"]
    with pytest.raises(TslSignatureError):
        read_national(EUROPE.national(), "FR", bare)


@pytest.mark.parametrize(
    ("statements", "qualified"),
    [
        (QUALIFIED, True),
        ((COMPLIANCE, SEALS), False),
        ((DEVICE, SEALS), False),
        ((COMPLIANCE, DEVICE, SIGNATURES), False),
        ((COMPLIANCE, DEVICE), False),
        ((), False),
        ((b"\x30\x03\x02\x01\x01",), False),
    ],
)
def test_a_seal_is_qualified_by_its_certificate_and_its_authority(statements, qualified):
    chain = [EUROPE.seal_certificate(*statements), EUROPE.authority]
    assert national().is_qualified_seal(chain, NOW) is qualified
    assert not national().is_qualified_seal(chain[:1], NOW)


@pytest.mark.parametrize(
    ("service", "qualified", "listed"),
    [
        (Service(EUROPE.authority), True, 1),
        (Service(EUROPE.authority, status=WITHDRAWN), False, 0),
        (Service(EUROPE.authority, purposes=("ForeSignatures",)), False, 1),
        (Service(EUROPE.authority, since=NOW - timedelta(days=10)), False, 1),
        (Service(EUROPE.authority, WITHDRAWN, NOW - timedelta(days=10), before=GRANTED), False, 0),
        (Service(Agency().root), False, 1),
    ],
    ids=["granted", "withdrawn", "for signatures", "since", "until", "another"],
)
def test_a_service_counts_while_it_is_granted_for_seals(service, qualified, listed):
    chain = [EUROPE.seal_certificate(*QUALIFIED), EUROPE.authority]
    found = national(service)
    assert found.is_qualified_seal(chain, NOW) is qualified
    assert len(found.authorities) == listed


def test_a_seal_of_the_time_before_a_withdrawal_was_qualified_then():
    until = Service(EUROPE.authority, WITHDRAWN, NOW - timedelta(days=10), before=GRANTED)
    chain = [EUROPE.seal_certificate(*QUALIFIED), EUROPE.authority]
    assert national(until).is_qualified_seal(chain, NOW - timedelta(days=20))
