"""The demonstration's certificates."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from cli.demo import pki
from storage.settings import Settings

NOW = datetime(2026, 11, 21, 0, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make the folder once."""
    place = tmp_path_factory.mktemp("demo") / "pki"
    pki.write(pki.build(NOW), place)
    return place


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def name(certificate):
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


def test_every_signer_of_the_settings_has_its_certificate_key_and_chain(folder):
    signers = Settings.load(folder / "coffre.toml").signers
    assert list(signers)[:2] == ["seal-rsa", "seal-p256"]
    assert {row.use for row in signers.values()} == {
        "seal",
        "status",
        "time-stamp",
        *(f"twoddoc:{kind}" for kind in pki.TWODDOC_TYPES),
    }
    for row in signers.values():
        key = load_pem_private_key(Path(row.key).read_bytes(), None)
        leaf = load(row.certificate)
        assert key.public_key() == leaf.public_key()
        leaf.verify_directly_issued_by(load(row.chain[0]))


def test_seals_are_rsa_3072_and_p256_and_bear_both_key_usages(folder):
    seal, other = (load(folder / "signers" / f"seal-{kind}.pem") for kind in ("rsa", "p256"))
    assert isinstance(seal.public_key(), rsa.RSAPublicKey)
    assert seal.public_key().key_size == 3072
    assert isinstance(other.public_key().curve, ec.SECP256R1)
    for certificate in (seal, other):
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        assert usage.digital_signature
        assert usage.content_commitment


def test_a_twoddoc_leaf_is_named_by_its_identifier_under_the_test_authority(folder):
    authority = load(folder / "trust" / "twoddoc" / "FR00.pem")
    assert name(authority) == "FR00"
    leaves = sorted((folder / "trust" / "twoddoc" / "FR00").glob("*.pem"))
    assert len(leaves) == len(pki.TWODDOC_TYPES)
    for path in leaves:
        leaf = load(path)
        assert name(leaf) == path.stem
        assert len(path.stem) == 4
        leaf.verify_directly_issued_by(authority)


def test_certificates_are_valid_at_the_start_of_their_first_day(folder):
    midnight = datetime(2026, 11, 21, tzinfo=UTC)
    for path in folder.rglob("*.pem"):
        if not path.name.endswith(".key.pem"):
            assert load(path).not_valid_before_utc <= midnight


def test_each_authority_has_an_empty_list_that_lasts_as_long_as_it(folder):
    authorities = [load(folder / "trust" / "twoddoc" / "FR00.pem")]
    authorities += [load(path) for path in (folder / "trust" / "authorities").glob("*.pem")]
    lists = [x509.load_der_x509_crl(path.read_bytes()) for path in folder.rglob("*.crl")]
    assert len(lists) == len(authorities) == 3
    for authority in authorities:
        [found] = [item for item in lists if item.issuer == authority.subject]
        assert found.is_signature_valid(authority.public_key())
        assert list(found) == []
        assert found.next_update_utc == authority.not_valid_after_utc


def test_keys_are_their_owners_alone_and_authorities_leave_none(folder):
    keys = list(folder.rglob("*.key.pem"))
    assert len(keys) == 2 + len(pki.TWODDOC_TYPES) + 2
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    assert {path.parent.name for path in keys} == {"signers"}


def test_the_settings_say_test(folder):
    text = tomllib.loads((folder / "coffre.toml").read_text())
    assert text["mode"] == "test"
    assert text["tsa"] == {"url": "demo:"}


def test_a_folder_in_use_is_refused_and_stays_as_it_was(folder):
    before = sorted(folder.rglob("*"))
    with pytest.raises(pki.FolderNotEmptyError):
        pki.write(pki.build(NOW), folder)
    assert sorted(folder.rglob("*")) == before
    assert [path.name for path in folder.parent.iterdir()] == ["pki"]
