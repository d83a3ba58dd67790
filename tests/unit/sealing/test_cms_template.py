"""The CMS of a seal, against an independent reader."""

import hashlib

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from support.sealers import sealer

from sealing.der import der
from sealing.pades.cms_template import CmsTemplate

DIGEST = hashlib.sha256(b"letter").digest()


@pytest.fixture(params=["seal-rsa", "seal-p256"])
def filled(request):
    """Fill a template once per kind of key."""
    made = sealer(request.param)
    return made, made.cms.template.fill(DIGEST, made.seal.sign)


def test_it_is_der_that_reads_back_strictly(filled):
    _, content = filled
    parsed = cms.ContentInfo.load(content, strict=True)
    assert parsed.dump(force=True) == content


def test_it_carries_the_chain_without_the_root_and_no_content(filled):
    made, content = filled
    signed = cms.ContentInfo.load(content)["content"]
    carried = {item.chosen.dump() for item in signed["certificates"]}
    assert carried == {item.public_bytes(serialization.Encoding.DER) for item in made.seal.chain}
    assert signed["encap_content_info"]["content"].native is None
    assert [item["algorithm"].native for item in signed["digest_algorithms"]] == ["sha256"]


def test_the_signed_attributes_are_those_of_pades_baseline_in_der_order(filled):
    made, content = filled
    info = cms.ContentInfo.load(content)["content"]["signer_infos"][0]
    attributes = {item["type"].native: item["values"] for item in info["signed_attrs"]}
    assert set(attributes) == {"content_type", "message_digest", "signing_certificate_v2"}
    assert attributes["message_digest"][0].native == DIGEST
    certificate = made.seal.chain[0].public_bytes(serialization.Encoding.DER)
    identifier = attributes["signing_certificate_v2"][0]["certs"][0]
    assert identifier["cert_hash"].native == hashlib.sha256(certificate).digest()
    encoded = [item.dump() for item in info["signed_attrs"]]
    assert encoded == sorted(encoded)


def test_the_signature_verifies_under_the_certificate(filled):
    made, content = filled
    info = cms.ContentInfo.load(content)["content"]["signer_infos"][0]
    signed = b"\x31" + info["signed_attrs"].dump()[1:]
    key = made.seal.chain[0].public_key()
    signature = info["signature"].native
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))


def test_no_seal_is_larger_than_the_template_says(filled):
    made, content = filled
    assert len(content) <= made.cms.template.size
    longest = made.cms.template.fill(DIGEST, lambda _: b"\xff" * 2 * 32)
    assert len(longest) <= made.cms.template.size


@pytest.mark.parametrize(
    ("curve", "name"), [(ec.SECP384R1(), "sha384"), (ec.SECP521R1(), "sha512")]
)
def test_the_digest_goes_with_the_curve(curve, name):
    made = sealer()
    key = ec.generate_private_key(curve)
    issuer = made.seal.chain[1]
    leaf = (
        x509.CertificateBuilder()
        .subject_name(issuer.subject)
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(issuer.not_valid_before_utc)
        .not_valid_after(issuer.not_valid_after_utc)
        .sign(key, hashes.SHA256())
    )
    digest = {"sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[name]
    template = CmsTemplate.build([leaf], digest)
    size = (curve.key_size + 7) // 8
    content = template.fill(bytes(digest.digest_size), lambda _: bytes(2 * size - 1) + b"\x01")
    info = cms.ContentInfo.load(content, strict=True)["content"]["signer_infos"][0]
    assert info["digest_algorithm"]["algorithm"].native == name
    assert info["signature_algorithm"]["algorithm"].native == f"{name}_ecdsa"


@pytest.mark.parametrize(("size", "head"), [(0, 2), (127, 2), (128, 3), (255, 3), (256, 4)])
def test_lengths_are_written_in_their_shortest_form(size, head):
    assert len(der(0x30, bytes(size))) == size + head
