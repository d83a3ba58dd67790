"""The certificates that the authorities published: each is taken apart, and none makes a noise."""

from support.shared_trust import shared_trust
from support.twoddoc_pki import NOW

from verifier.checks.certificate import check_key_usage, check_purpose
from verifier.trust.authority_directory import revocation_addresses
from verifier.trust.trust_list import Mode
from verifier.web.api import as_json


def test_every_published_certificate_is_taken_apart_without_a_warning():
    # Some hold names above 64 characters, of which the library warns: a warning fails a test.
    trust = shared_trust(Mode.PRODUCTION)
    leaves = [one for own in trust.twoddoc_leaves.values() for one in own]
    assert len(leaves) == 232
    usages = {check_key_usage("twoddoc", leaf).reason for leaf in leaves}
    assert usages == {"key-usage-signature", "key-usage-unrestricted"}
    purposes = {check_purpose("twoddoc", leaf).reason for leaf in leaves}
    assert purposes <= {"purpose-unrestricted", "purpose-allows-sealing"}
    assert all(address.startswith("http") for address in revocation_addresses(leaves))


def test_every_published_certificate_reaches_the_browser():
    rows = as_json(shared_trust(Mode.PRODUCTION), NOW)["certificates"]
    assert len(rows) == 232
    assert sum(row["key"] is None for row in rows) == 3, "three are RSA"
