"""The trust lists, as they are given to the page that verifies."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import FastAPI
from starlette.testclient import TestClient

from cli.demo import pki
from sealing.towncode.signature import thumbprint
from vault.web.shell import Frame
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Mode, TrustList
from verifier.web import api, pages

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ISSUERS = pki.build(NOW)


@pytest.fixture
def folder(tmp_path):
    pki.write(ISSUERS, tmp_path / "pki")
    return tmp_path / "pki" / "trust"


def given(folder):
    return api.as_json(read_trust([folder], Mode.TEST), NOW)


def row(told, cert="DM00"):
    [found] = [one for one in told["certificates"] if one["cert"] == cert]
    return found


def test_every_issuer_is_given_with_its_key_and_days(folder):
    told = given(folder)
    assert told["mode"] == "test"
    assert told["authorities"] == ["FR00"]
    assert len(told["certificates"]) == len(ISSUERS.twoddocs)
    one = row(told)
    assert (one["ca"], one["key"]["curve"]) == ("FR00", "P-256")
    assert one["first"] == "2026-11-20"
    assert one["authority"]["first"] == "2026-11-20"
    assert one["key_usage"] == "key-usage-signature"
    assert one["revoked"] is None
    due = ISSUERS.test_authority.certificate.not_valid_after_utc + timedelta(days=7)
    assert one["list_good_until"] == due.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_revoked_issuer_is_given_as_such(folder):
    authority, leaf = ISSUERS.test_authority, ISSUERS.twoddocs["twoddoc-00"].certificate
    revoked = (
        x509.RevokedCertificateBuilder()
        .serial_number(leaf.serial_number)
        .revocation_date(NOW - timedelta(days=3))
        .build()
    )
    crl = (
        x509.CertificateRevocationListBuilder(
            authority.certificate.subject, NOW, NOW + timedelta(days=9)
        ).add_revoked_certificate(revoked)
    ).sign(authority.key, hashes.SHA256())
    (folder / "crl" / "test_authority.crl").write_bytes(crl.public_bytes(Encoding.DER))
    told = given(folder)
    assert row(told)["revoked"] == {"at": "2026-11-18", "why": "unspecified"}
    assert row(told, "DM01")["revoked"] is None


def test_an_issuer_that_its_authority_did_not_sign_has_none(folder):
    other = pki.build(NOW).test_authority
    (folder / "twoddoc" / "FR00.pem").write_bytes(other.certificate_pem)
    one = row(given(folder))
    assert one["authority"] is None
    assert one["list_good_until"] is None


def test_every_seal_is_given_with_what_its_whole_chain_says(folder):
    told = {one["thumbprint"]: one for one in given(folder)["seals"]}
    leaf = ISSUERS.seals["seal-p256"].certificate
    one = told[thumbprint(leaf).hex().upper()]
    assert (one["name"], one["key"]["curve"]) == (pki.TOWN, "P-256")
    assert (one["chained"], one["pinned"], one["revoked"]) == (True, False, None)
    assert (one["key_usage"], one["purpose"]) == ("key-usage-signature", "purpose-unrestricted")
    assert one["authority"] == {
        "first": "2026-11-20",
        "last": row(given(folder))["authority"]["last"],
    }
    assert one["list_good_until"] is not None
    rsa = told[thumbprint(ISSUERS.seals["seal-rsa"].certificate).hex().upper()]
    assert rsa["key"] is None, "RSA signs no town code"


def test_a_seal_without_the_list_of_its_authority_s_authority_says_so(folder):
    (folder / "crl" / "root.crl").unlink()
    assert {one["list_good_until"] for one in given(folder)["seals"]} == {None}


def test_a_revoked_intermediate_revokes_the_seals_below_it(folder):
    (folder / "crl" / "root.crl").write_bytes(
        x509.CertificateRevocationListBuilder(
            ISSUERS.root.certificate.subject, NOW, NOW + timedelta(days=9)
        )
        .add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(ISSUERS.intermediate.certificate.serial_number)
            .revocation_date(NOW - timedelta(days=3))
            .build()
        )
        .sign(ISSUERS.root.key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    assert {one["revoked"]["at"] for one in given(folder)["seals"]} == {"2026-11-18"}


def test_a_seal_is_believed_as_it_stands_only_without_any_authority_of_its_issuer_s_name(folder):
    (folder / "authorities" / "intermediate.pem").unlink()
    (folder / "authorities" / "root.pem").unlink()
    states = {(one["chained"], one["pinned"]) for one in given(folder)["seals"]}
    assert states == {(True, True)}
    other = pki.build(NOW).intermediate
    (folder / "authorities" / "intermediate.pem").write_bytes(other.certificate_pem)
    states = {(one["chained"], one["pinned"]) for one in given(folder)["seals"]}
    assert states == {(False, False)}


def authority(folder, holder):
    """Give the row of one authority of seals."""
    der = b64encode(holder.certificate.public_bytes(Encoding.DER)).decode()
    [found] = [one for one in given(folder)["seal_authorities"] if one["der"] == der]
    return found


def revoking(folder, issuer, holder, name):
    """Have an authority revoke a certificate, in the list of that name."""
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(holder.certificate.serial_number)
        .revocation_date(NOW - timedelta(days=3))
        .build()
    )
    builder = x509.CertificateRevocationListBuilder(
        issuer.certificate.subject, NOW, NOW + timedelta(days=9)
    )
    crl = builder.add_revoked_certificate(entry).sign(issuer.key, hashes.SHA256())
    (folder / "crl" / name).write_bytes(crl.public_bytes(Encoding.DER))


def test_an_authority_of_seals_is_given_with_its_chain_and_the_ends_of_its_lists(folder):
    one = authority(folder, ISSUERS.intermediate)
    assert (one["usable"], one["revoked"], one["revoked_serials"]) == (True, None, [])
    assert one["first"] == "2026-11-20T00:00:00Z"
    assert one["list_good_until"] is not None
    assert one["issued_good_until"] is not None
    (folder / "crl" / "root.crl").unlink()
    assert authority(folder, ISSUERS.intermediate)["list_good_until"] is None
    (folder / "crl" / "intermediate.crl").unlink()
    assert authority(folder, ISSUERS.intermediate)["issued_good_until"] is None


def test_what_an_authority_of_seals_revoked_is_given_by_number(folder):
    leaf = ISSUERS.seals["seal-p256"]
    revoking(folder, ISSUERS.intermediate, leaf, "intermediate.crl")
    one = authority(folder, ISSUERS.intermediate)
    number = f"{leaf.certificate.serial_number:x}"
    [told] = one["revoked_serials"]
    assert (int(told["serial"], 16), told["at"]) == (int(number, 16), "2026-11-18")
    assert one["issued_good_until"] == "2026-11-30T12:00:00Z", "the next update, without grace"


def test_a_revoked_authority_of_seals_says_so(folder):
    revoking(folder, ISSUERS.root, ISSUERS.intermediate, "root.crl")
    assert authority(folder, ISSUERS.intermediate)["revoked"]["at"] == "2026-11-18"


def test_a_certificate_that_may_not_sign_others_is_no_authority_of_seals(folder):
    leaf = ISSUERS.seals["seal-p256"]
    (folder / "authorities" / "leaf.pem").write_bytes(leaf.certificate_pem)
    assert authority(folder, leaf)["usable"] is False


def test_without_lists_nobody_is_believed_and_nothing_breaks():
    told = api.as_json(TrustList(Mode.PRODUCTION, ()), NOW)
    assert (told["certificates"], told["seals"]) == ([], [])
    assert told["directory_good_until"] is None


def test_the_page_says_test_when_its_lists_do(folder):
    app = FastAPI()
    app.state.frame = Frame.of(["verifier"])
    app.state.trust = read_trust([folder], Mode.TEST)
    app.include_router(pages.router)
    app.include_router(api.router)
    client = TestClient(app)
    assert 'class="test"' in client.get("/verifier").text
    assert client.get("/verifier/confiance.json").json()["mode"] == "test"
    app.state.trust = TrustList(Mode.PRODUCTION, ())
    assert 'class="test"' not in client.get("/verifier").text
