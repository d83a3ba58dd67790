"""The silence of a revocation list counts for the certificates of its scope, and for no other."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from support.sealers import NOW, town

from verifier.trust.trust_list import NoList, NotRevoked, Revoked, revocation_by_lists

POINT = [x509.UniformResourceIdentifier("http://lists.example/one.crl")]
GRACE = timedelta(days=7)


def scope(**parts):
    told = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**{**told, **parts})


def answer(extension, *, leaf=True, revoked=False):
    """Ask a list with this extension about the town's seal, or about the authority over it."""
    made = town()[0]
    issuer = made.intermediate if leaf else made.root
    below = (made.seals["seal-p256"] if leaf else made.intermediate).certificate
    hour = timedelta(hours=1)
    builder = x509.CertificateRevocationListBuilder(
        issuer.certificate.subject, NOW - hour, NOW + hour
    )
    if revoked:
        row = x509.RevokedCertificateBuilder(below.serial_number, NOW - hour).build()
        builder = builder.add_revoked_certificate(row)
    if extension is not None:
        builder = builder.add_extension(extension, critical=True)
    crl = builder.sign(issuer.key, hashes.SHA256())
    return revocation_by_lists((crl,), (below, issuer.certificate), NOW, GRACE)


@pytest.mark.parametrize(
    "extension",
    [
        scope(only_contains_ca_certs=True),
        scope(only_contains_attribute_certs=True),
        scope(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})),
        scope(indirect_crl=True),
        scope(full_name=POINT),
        x509.DeltaCRLIndicator(3),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
    ],
)
def test_a_list_of_another_part_says_nothing_of_a_seal_unless_it_is_on_it(extension):
    assert isinstance(answer(extension), NoList)
    assert isinstance(answer(extension, revoked=True), Revoked)


def test_a_list_of_the_part_speaks():
    assert isinstance(answer(None), NotRevoked)
    assert isinstance(answer(scope(only_contains_user_certs=True)), NotRevoked)
    assert isinstance(answer(scope(only_contains_ca_certs=True), leaf=False), NotRevoked)
    assert isinstance(answer(scope(only_contains_user_certs=True), leaf=False), NoList)
