"""Signers: found by name or use, refused when they must not sign."""

import tomllib
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.sealers import NOW, town

from sealing.signers.keyfile import KeyFileSigner
from sealing.signers.port import (
    SEAL,
    CertificateDatesError,
    CertificateUseError,
    ChainError,
    Identity,
    KeyMismatchError,
    KeyNotAllowedError,
    SignerError,
)
from sealing.signers.registry import UnknownSignerError, signer
from storage.errors import MissingExtraError, ProductionRefusesError
from storage.settings import Mode, Settings, SignerSettings


@pytest.fixture
def settings():
    """Give the demonstration's settings."""
    return Settings.load(town()[1] / "coffre.toml")


def changed(settings, **change):
    row = settings.signers["seal-p256"].model_dump() | change
    signers = {"seal-p256": SignerSettings(**row)}
    return settings.model_copy(update={"signers": signers})


def test_without_a_name_the_first_of_the_use_serves(settings):
    assert signer(settings, SEAL, NOW).name == "seal-rsa"
    assert signer(settings, "twoddoc:A6", NOW).name == "twoddoc-A6"
    assert signer(settings, SEAL, NOW, "seal-p256").name == "seal-p256"


def test_a_name_that_nobody_bears_or_another_use_is_refused(settings):
    with pytest.raises(UnknownSignerError):
        signer(settings, SEAL, NOW, "nobody")
    with pytest.raises(UnknownSignerError):
        signer(settings, "twoddoc:02", NOW)
    with pytest.raises(CertificateUseError):
        signer(settings, SEAL, NOW, "twoddoc-00")


def test_a_key_file_is_refused_in_production(settings):
    production = settings.model_copy(update={"mode": Mode.PRODUCTION})
    with pytest.raises(ProductionRefusesError):
        signer(production, SEAL, NOW)


@pytest.mark.parametrize("name", ["seal-rsa", "seal-p256", "twoddoc-00", "tsa", "status"])
@pytest.mark.parametrize("alone", [False, True])
def test_production_refuses_the_demonstration_s_certificates_whatever_holds_the_key(
    settings, name, alone
):
    row = settings.signers[name].model_dump() | {"key": "pkcs11:token=x?module-path=/absent.so"}
    one = SignerSettings(**(row | ({"chain": ()} if alone else {})))
    trial = settings.model_copy(update={"signers": {name: one}})
    production = trial.model_copy(update={"mode": Mode.PRODUCTION})
    with pytest.raises(ProductionRefusesError) as caught:
        signer(production, one.use, NOW, name)
    assert caught.value.details["what"] == f"signers.{name}.certificate"
    with pytest.raises((SignerError, MissingExtraError)):  # there is no such module
        signer(trial, one.use, NOW, name)


def test_production_refuses_a_certificate_of_a_2d_doc_test_authority():
    leaf = issued("FR00")
    assert Identity("s", "twoddoc:00", (leaf,)).is_demonstration
    assert not Identity("s", SEAL, (leaf,)).is_demonstration
    assert not Identity("s", "twoddoc:00", (issued("FR01"),)).is_demonstration


def issued(authority: str) -> x509.Certificate:
    """Give a certificate in an authority's name."""
    key, names = ec.generate_private_key(ec.SECP256R1()), (authority, "TOWN")
    issuer, subject = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in names)
    last = NOW + timedelta(days=1)
    made = x509.CertificateBuilder(issuer, subject, key.public_key(), 7, NOW, last)
    return made.sign(key, hashes.SHA256())


def test_a_key_that_is_not_the_certificates_is_refused(settings):
    other = settings.signers["twoddoc-00"].key
    with pytest.raises(KeyMismatchError):
        signer(changed(settings, key=other), SEAL, NOW)


def test_a_certificate_without_non_repudiation_cannot_seal(settings):
    row = settings.signers["twoddoc-00"]
    wrong = changed(settings, key=row.key, certificate=row.certificate, chain=row.chain)
    with pytest.raises(CertificateUseError):
        signer(wrong, SEAL, NOW)


def test_a_chain_that_does_not_hold_is_refused(settings):
    chain = settings.signers["twoddoc-00"].chain
    with pytest.raises(ChainError):
        signer(changed(settings, chain=chain), SEAL, NOW)


@pytest.mark.parametrize("days", [-3, 1200])
def test_a_certificate_outside_its_dates_is_refused(settings, days):
    with pytest.raises(CertificateDatesError):
        signer(settings, SEAL, NOW + timedelta(days=days))


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_refused(settings, tmp_path, text):
    (tmp_path / "k").write_text(text)
    with pytest.raises(SignerError):
        signer(changed(settings, key=str(tmp_path / "k")), SEAL, NOW)
    with pytest.raises(SignerError):
        signer(changed(settings, certificate=tmp_path / "k"), SEAL, NOW)


def test_a_huge_key_file_is_refused_before_it_is_read_whole(settings, tmp_path):
    (tmp_path / "k").write_bytes(b"x" * 100_000)
    with pytest.raises(SignerError):
        signer(changed(settings, key=str(tmp_path / "k")), SEAL, NOW)


def test_an_ed25519_key_is_not_allowed(settings, tmp_path):
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "k").write_bytes(pem)
    with pytest.raises(KeyNotAllowedError):
        signer(changed(settings, key=str(tmp_path / "k")), SEAL, NOW)


def test_the_folder_of_a_signer_may_be_moved_with_its_settings():
    text = (town()[1] / "coffre.toml").read_text()
    assert str(town()[1]) not in text
    assert tomllib.loads(text)["signers"]["seal-rsa"]["key"] == "signers/seal-rsa.key.pem"


def test_elliptic_signatures_are_r_and_s_padded_to_the_curve(settings):
    made = KeyFileSigner.load("s", settings.signers["seal-p256"], NOW)
    assert {len(made.sign(bytes([i]) * 32)) for i in range(40)} == {64}
