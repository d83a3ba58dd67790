"""A trust folder: what is read, what is refused, and how test authorities are kept apart."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.twoddoc_pki import NOW, Authority, Leaf

from verifier.check import Indication
from verifier.checks.codes.twoddoc import check_twoddoc
from verifier.trust.local_list import (
    CRL_LIMIT,
    MANIFEST_LIMIT,
    PEM_LIMIT,
    NoTrustError,
    TrustFolderError,
    UnsafeTestTrust,
    UnsafeTrustInProductionError,
    read_trust,
)
from verifier.trust.trust_list import ListName, Mode, TrustListInfo

AUTHORITY = Authority("FR77")
TOWN = AUTHORITY.leaf()
TEST = Authority("FR00")
TEST_TOWN = TEST.leaf("DM00")


def manifest(mode: str = "production") -> dict[str, object]:
    row = {"name": "twoddoc", "issued": "2026-11-18T12:00:00Z", "expires": None}
    due = {"name": "crl", "issued": "2026-11-18T12:00:00Z", "expires": "2027-01-01T00:00:00+01:00"}
    return {"schema_version": 1, "mode": mode, "lists": [row, due]}


def folder(root: Path, authority: Authority, leaf: Leaf, mode: str = "production") -> Path:
    pem = Encoding.PEM
    for name in (f"twoddoc/{authority.ca_id}", "authorities", "crl"):
        (root / name).mkdir(parents=True)
    (root / "manifest.json").write_text(json.dumps(manifest(mode)))
    own = authority.certificate.public_bytes(pem)
    (root / f"twoddoc/{authority.ca_id}.pem").write_bytes(own)
    certificate = leaf.certificate.public_bytes(pem)
    (root / f"twoddoc/{authority.ca_id}/{leaf.name}.pem").write_bytes(certificate)
    (root / "authorities/root.pem").write_bytes(own + own)
    (root / "crl/own.crl").write_bytes(authority.crl().public_bytes(Encoding.DER))
    return root


@pytest.fixture
def real(tmp_path):
    return folder(tmp_path / "real", AUTHORITY, TOWN)


@pytest.fixture
def test_folder(tmp_path):
    return folder(tmp_path / "test", TEST, TEST_TOWN, mode="test")


def test_a_folder_is_read_whole_and_serves_a_verdict(real):
    trust = read_trust([real], Mode.PRODUCTION)
    assert trust.mode is Mode.PRODUCTION
    assert not isinstance(trust, UnsafeTestTrust)
    issued = datetime(2026, 11, 18, 12, tzinfo=UTC)
    assert trust.lists[0] == TrustListInfo(ListName.TWODDOC, issued)
    assert [one.age_days for one in trust.used(list(ListName), NOW).lists] == [3, 3]
    assert len(trust.authorities) == 1, "the same certificate twice is one"
    result = check_twoddoc(TOWN.code(), trust, NOW)
    assert result.verdict.conclusion.indication is Indication.TOTAL_PASSED


def test_seals_are_found_by_the_thumbprint_of_their_town_codes(real, test_folder):
    (real / "seals").mkdir()
    pem = TOWN.certificate.public_bytes(Encoding.PEM)
    (real / "seals/any-name.pem").write_bytes(
        pem + TEST_TOWN.certificate.public_bytes(Encoding.PEM)
    )
    (test_folder / "seals").mkdir()
    (test_folder / "seals/town.pem").write_bytes(pem)
    digest = hashlib.sha256(TOWN.certificate.public_bytes(Encoding.DER)).digest()[:8]
    trust = read_trust([real, test_folder], Mode.TEST)
    assert trust.seals[digest] == (TOWN.certificate,), "the same certificate twice is one"
    assert len(trust.seals) == 2
    (real / "seals/broken.pem").write_text("no certificate")
    with pytest.raises(TrustFolderError):
        read_trust([real], Mode.PRODUCTION)


def test_several_folders_are_one_trust(real, test_folder):
    trust = read_trust([real, test_folder], Mode.TEST)
    assert isinstance(trust, UnsafeTestTrust), "one test folder makes all of it a test"
    assert trust.banner == "TEST"
    assert trust.used([], NOW).test
    for leaf in (TOWN, TEST_TOWN):
        verdict = check_twoddoc(leaf.code(), trust, NOW).verdict
        assert verdict.conclusion.indication is Indication.TOTAL_PASSED
        assert verdict.test is (leaf is TEST_TOWN)


def test_a_test_folder_is_refused_in_production(test_folder):
    with pytest.raises(UnsafeTrustInProductionError):
        read_trust([test_folder], Mode.PRODUCTION)


def test_a_production_folder_never_brings_the_test_authority(tmp_path):
    root = folder(tmp_path / "sly", TEST, TEST_TOWN)
    trust = read_trust([root], Mode.TEST)
    assert trust.twoddoc_authorities == {}
    assert trust.twoddoc_leaves == {}


def test_only_the_manifest_is_needed(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps(manifest()))
    assert read_trust([tmp_path], Mode.PRODUCTION).twoddoc_leaves == {}


def without(name: str) -> dict[str, object]:
    told = manifest()
    del told[name]
    return told


@pytest.mark.parametrize(
    "told",
    [
        "",
        "[",
        "[]",
        "[" * 100_000,
        json.dumps("x" * MANIFEST_LIMIT),
        *(
            json.dumps(one)
            for one in (
                without("mode"),
                without("lists"),
                without("schema_version"),
                {**manifest(), "schema_version": 2},
                {**manifest(), "mode": "prod"},
                {**manifest(), "lists": 3},
                {**manifest(), "lists": [{"name": "other", "issued": "", "expires": None}]},
                {**manifest(), "lists": [{"name": "crl", "issued": "2026-11-18", "expires": None}]},
                {**manifest(), "lists": [{"name": "crl", "issued": 7, "expires": None}]},
                {**manifest(), "lists": [{"name": "crl", "issued": "2026-11-18T12:00:00Z"}]},
            )
        ),
    ],
)
def test_a_folder_without_a_right_manifest_is_no_trust_folder(tmp_path, told):
    (tmp_path / "manifest.json").write_text(told)
    with pytest.raises(TrustFolderError):
        read_trust([tmp_path], Mode.TEST)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TrustFolderError) as caught:
        read_trust([tmp_path / "absent"], Mode.TEST)
    assert caught.value.details["path"] == str(tmp_path / "absent" / "manifest.json")


@pytest.mark.parametrize(
    ("name", "limit"),
    [("manifest.json", MANIFEST_LIMIT), ("twoddoc/FR77.pem", PEM_LIMIT)],
)
def test_a_file_that_is_right_but_too_large_is_refused(real, name, limit):
    with (real / name).open("ab") as file:
        file.write(b"\n" * limit)
    with pytest.raises(TrustFolderError, match="more than"):
        read_trust([real], Mode.TEST)


def test_no_folder_at_all_is_no_trust():
    with pytest.raises(NoTrustError):
        read_trust([], Mode.TEST)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("twoddoc/FR77.pem", b"not a certificate"),
        ("twoddoc/FR77.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ("twoddoc/FR77.pem", b"x" * (PEM_LIMIT + 1)),
        ("twoddoc/fr77.pem", AUTHORITY.certificate.public_bytes(Encoding.PEM)),
        ("twoddoc/FR78.pem", AUTHORITY.certificate.public_bytes(Encoding.PEM)),
        ("twoddoc/FR77/ELSE.pem", TOWN.certificate.public_bytes(Encoding.PEM)),
        ("twoddoc/FR77/DM00.pem", TEST_TOWN.certificate.public_bytes(Encoding.PEM)),
        ("crl/own.crl", b"0\x03\x02\x01\x01"),
        ("crl/own.crl", bytes(CRL_LIMIT + 1)),
        ("authorities/root.pem", b""),
    ],
)
def test_a_damaged_or_misnamed_file_stops_the_reading(real, name, content):
    (real / name).write_bytes(content)
    with pytest.raises(TrustFolderError) as caught:
        read_trust([real], Mode.TEST)
    assert caught.value.details["path"] == str(real / name)
