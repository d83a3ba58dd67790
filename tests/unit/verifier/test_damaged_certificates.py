"""A certificate that cannot be taken apart: unsure, whatever the library raises; never green."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.damaged_certificates import (
    damaged,
    key_usage_garbled,
    key_usage_twice,
    name_garbled,
    off_the_curve,
    strange_curve,
    strange_name,
)
from support.towncode import code_of
from support.twoddoc_pki import NOW, Authority, Leaf

from sealing.signers.port import SEAL, Identity, SignerError
from sealing.towncode.signature import thumbprint
from verifier.check import Check, Indication, SubIndication
from verifier.checks.certificate import check_key_usage, check_purpose
from verifier.checks.codes.towncode import check_towncode
from verifier.checks.codes.twoddoc import check_symbols
from verifier.trust.adding import certificate_files
from verifier.trust.trust_list import Mode, TrustList
from verifier.web.api import _key

EXTENSIONS = [key_usage_twice, key_usage_garbled, strange_name]
CHECKED = [*EXTENSIONS, name_garbled]
KEYS = [strange_curve, off_the_curve]
UNREADABLE = "certificate-extensions-unreadable"
AUTHORITY = Authority("FR99")
TOWN = AUTHORITY.leaf("TOWN")


def trusting(leaf: Leaf) -> TrustList:
    """Give lists where the good leaf's names lead to a damaged certificate."""
    return TrustList(
        Mode.PRODUCTION,
        (),
        authorities=(AUTHORITY.certificate,),
        seals={thumbprint(TOWN.certificate): (leaf.certificate,)},
        twoddoc_authorities={"FR99": (AUTHORITY.certificate,)},
        twoddoc_leaves={("FR99", "TOWN"): (leaf.certificate,)},
        crls=(AUTHORITY.crl(),),
    )


def named(checks: tuple[Check, ...], name: str) -> Check:
    """Give the check of this name."""
    [found] = [check for check in checks if check.id == name]
    return found


@pytest.mark.parametrize("damage", CHECKED, ids=lambda one: one.__name__)
def test_extensions_and_names_that_cannot_be_read_are_unsure(damage):
    leaf = damaged(TOWN, AUTHORITY, damage).certificate
    for check in (check_key_usage("x", leaf), check_purpose("x", leaf)):
        # A garbled key usage says nothing of the other extension, or all of it: both are unsure.
        assert check.reason == UNREADABLE
        assert check.indication is Indication.INDETERMINATE
        assert check.sub_indication is SubIndication.CHAIN_CONSTRAINTS_FAILURE


@pytest.mark.parametrize("damage", [*CHECKED, *KEYS], ids=lambda one: one.__name__)
def test_a_code_under_a_damaged_certificate_is_indeterminate(damage):
    trust = trusting(damaged(TOWN, AUTHORITY, damage))
    reason = "key-not-allowed" if damage in KEYS else UNREADABLE
    for verdict, name in (
        (check_towncode(code_of(TOWN), trust, NOW).verdict, "towncode.key"),
        (check_symbols([TOWN.code()], trust, NOW).verdict, "twoddoc.key"),
    ):
        assert verdict.conclusion.indication is Indication.INDETERMINATE
        assert named(verdict.checks, name).reason == reason


@pytest.mark.parametrize("damage", KEYS, ids=lambda one: one.__name__)
def test_the_page_of_the_browser_is_given_no_key_that_cannot_be_read(damage):
    assert _key(damaged(TOWN, AUTHORITY, damage).certificate) is None


@pytest.mark.parametrize("damage", [*EXTENSIONS, *KEYS], ids=lambda one: one.__name__)
def test_a_signer_with_such_a_certificate_is_refused_at_birth(damage):
    leaf = damaged(TOWN, AUTHORITY, damage).certificate
    with pytest.raises(SignerError):
        Identity("town", SEAL, (leaf,)).check(TOWN.key.public_key(), NOW)


@pytest.mark.parametrize("damage", EXTENSIONS, ids=lambda one: one.__name__)
def test_such_a_certificate_is_not_added_to_the_lists(damage):
    pem = damaged(TOWN, AUTHORITY, damage).certificate.public_bytes(Encoding.PEM)
    with pytest.raises(ValueError, match="taken apart"):
        certificate_files(pem, Mode.TEST, datetime.now(UTC))
