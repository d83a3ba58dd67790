"""Renewing the lists: what is taken, what is kept, what a verdict says of it."""

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from support.bars import bounded
from support.budget import cases
from support.shared_trust import shared_trust
from support.trust_lists import Agency, Listed, directory, multipart, unsigned
from support.twoddoc_pki import NOW, Authority, Leaf, name

from storage.outgoing import AddressRefusedError, ServerTooSlowError
from verifier.check import Indication, SubIndication
from verifier.checks.codes.twoddoc import check_twoddoc
from verifier.trust import kept_folder
from verifier.trust.adding import (
    NoAnchorsError,
    Pinned,
    TrustModesError,
    add,
    certificate_files,
    read_files,
)
from verifier.trust.anchors import Anchors
from verifier.trust.authority_directory import (
    Directory,
    DirectoryError,
    RevocationListError,
    read_directory,
    read_revocations,
    revocation_addresses,
)
from verifier.trust.kept_folder import KeptFolderError
from verifier.trust.local_list import (
    TrustFolderError,
    UnsafeTrustInProductionError,
    read_trust,
)
from verifier.trust.refresh import Source, TslOfTomorrowError, TslOlderError, refresh
from verifier.trust.signed_list import TslSignatureError
from verifier.trust.trust_list import ListName, Mode
from verifier.web import api

AGENCY = Agency()
ONE, TWO = Authority("FR77"), Authority("FR78")
TSL = "https://lists.example/tsl.xml"
SOURCE = Source(TSL, AGENCY.anchors, Mode.PRODUCTION)
CRL = "http://lists.example/{}.crl"


def leaf(authority: Authority, common: str = "TOWN", **changes: object) -> Leaf:
    """Issue a certificate that says where it would be revoked."""
    made = authority.leaf(common, **changes)  # type: ignore[arg-type]
    where = x509.DistributionPoint(
        [x509.UniformResourceIdentifier(CRL.format(authority.ca_id))], None, None, None
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(name(authority.ca_id))
        .public_key(made.key.public_key())
        .serial_number(made.certificate.serial_number)
        .not_valid_before(made.certificate.not_valid_before_utc)
        .not_valid_after(made.certificate.not_valid_after_utc)
        .add_extension(x509.CRLDistributionPoints([where]), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return replace(made, certificate=certificate)


LEAF_ONE, LEAF_TWO = leaf(ONE), leaf(TWO)


class Net:
    """Other people's servers, as a `fetch` shows them."""

    def __init__(self) -> None:
        """Publish a good list, two directories, two lists of revocations."""
        self.pages: dict[str, bytes | Exception] = {}
        self.publish([Listed(ONE), Listed(TWO)])
        for authority, own in ((ONE, LEAF_ONE), (TWO, LEAF_TWO)):
            self.pages[f"http://lists.example/{authority.ca_id}.der"] = directory([own])
            self.revoke(authority)

    def publish(self, listed: list[Listed], agency: Agency = AGENCY, **changes: object) -> None:
        """Publish an official list."""
        self.pages[TSL] = agency.sign(unsigned(listed, **changes))  # type: ignore[arg-type]

    def revoke(self, authority: Authority, *leaves: Leaf, **changes: object) -> None:
        """Publish a list of revocations."""
        crl = authority.crl(leaves, **changes)  # type: ignore[arg-type]
        self.pages[CRL.format(authority.ca_id)] = crl.public_bytes(Encoding.DER)

    def __call__(self, url: str) -> bytes:
        """Answer."""
        page = self.pages[url]
        if isinstance(page, Exception):
            raise page
        return page


@pytest.fixture
def net() -> Net:
    return Net()


def renewed(held, net, now=NOW):
    """Renew, and give the files and what failed."""
    result = refresh(held, SOURCE, net, now, lambda _: None)
    failed = [(step.name, step.authority, step.error.code) for step in result.failed if step.error]
    return result.files, failed


def verdict(files, code, now=NOW):
    """Judge a code under these files."""
    trust = read_files(files, Mode.PRODUCTION)
    conclusion = check_twoddoc(code, trust, now).verdict.conclusion
    return conclusion.indication, conclusion.sub_indication, conclusion.reason


PASSED = (Indication.TOTAL_PASSED, None, "all-passed")


def unsure(sub: SubIndication, reason: str):
    return (Indication.INDETERMINATE, sub, reason)


# --- a whole renewal ------------------------------------------------------------------------------


def test_a_renewal_gives_a_folder_under_which_codes_are_authentic(net):
    files, failed = renewed({}, net)
    assert failed == []
    assert verdict(files, LEAF_ONE.code()) == PASSED
    trust = read_files(files, Mode.PRODUCTION)
    assert not trust.is_test
    used = {
        one.name: one.age_days for one in trust.used(list(ListName), NOW + timedelta(days=2)).lists
    }
    assert used == {"tsl": 5, "twoddoc": 2, "crl": 2}


def test_an_authority_withdrawn_by_the_list_proves_nothing_any_more(net):
    held, _ = renewed({}, net)
    net.publish([Listed(ONE, "revoked"), Listed(TWO)], sequence=8)
    files, failed = renewed(held, net)
    assert failed == []
    # Nobody waits any more for what it publishes: its directory does not make the others old.
    assert json.loads(files["manifest.json"])["directories"].keys() == {"FR78"}
    sub = SubIndication.REVOKED_CA_NO_POE
    assert verdict(files, LEAF_ONE.code()) == unsure(sub, "authority-withdrawn")
    assert verdict(files, LEAF_TWO.code()) == PASSED


def test_an_authority_that_left_the_list_has_no_chain(net):
    held, _ = renewed({}, net)
    net.publish([Listed(TWO)], sequence=8)
    files, _ = renewed(held, net)
    sub = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    assert verdict(files, LEAF_ONE.code()) == unsure(sub, "not-signed-by-its-authority")


def test_an_authority_put_beside_the_list_by_hand_counts_for_nothing(net):
    files, _ = renewed({}, net)
    stranger = Authority("FR79")
    own = leaf(stranger)
    files["twoddoc/FR79.pem"] = stranger.certificate.public_bytes(Encoding.PEM)
    files["twoddoc/FR79/TOWN.pem"] = own.certificate.public_bytes(Encoding.PEM)
    files["crl/x.crl"] = stranger.crl().public_bytes(Encoding.DER)
    sub = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    assert verdict(files, own.code()) == unsure(sub, "not-signed-by-its-authority")


@pytest.mark.parametrize(
    ("days", "known", "unknown"),
    [
        (29, PASSED, "issuer-not-listed"),
        (31, PASSED, "directory-too-old"),
        (38, unsure(SubIndication.TRY_LATER, "list-too-old"), "directory-too-old"),
    ],
)
def test_lists_grow_old_and_say_so(net, days, known, unknown):
    files, _ = renewed({}, net)
    later = NOW + timedelta(days=days)
    assert verdict(files, LEAF_ONE.code(), later) == known
    assert verdict(files, ONE.leaf("ELSE").code(), later)[2] == unknown


def test_past_its_next_update_the_official_list_vouches_for_nobody(net):
    net.publish([Listed(ONE), Listed(TWO)], next_update=NOW + timedelta(days=3))
    files, _ = renewed({}, net)
    assert verdict(files, LEAF_ONE.code(), NOW + timedelta(days=2)) == PASSED
    late = NOW + timedelta(days=4)
    expected = unsure(SubIndication.TRY_LATER, "list-too-old")
    assert verdict(files, LEAF_ONE.code(), late) == expected
    told = api.as_json(read_files(files, Mode.PRODUCTION), late)
    ends = {row["list_good_until"] for row in told["certificates"]}
    assert ends == {"2026-11-24T12:00:00Z"}, "the page that verifies in the browser says the same"


# --- what fails -----------------------------------------------------------------------------------


def test_a_directory_that_fails_leaves_what_was_held_and_its_date(net):
    held, _ = renewed({}, net)
    net.pages["http://lists.example/FR77.der"] = ServerTooSlowError("x", host="h", seconds=5)
    files, failed = renewed(held, net, NOW + timedelta(days=5))
    assert failed == [("twoddoc", "FR77", "outgoing.too-slow")]
    told = json.loads(files["manifest.json"])
    assert told["directories"]["FR77"] < told["directories"]["FR78"]
    assert told["lists"][0]["issued"] == told["directories"]["FR77"], "the oldest is the date"
    assert verdict(files, LEAF_ONE.code()) == PASSED


def test_a_directory_that_was_never_had_is_too_old_from_the_first_day(net):
    net.pages["http://lists.example/FR77.der"] = AddressRefusedError("x", host="h")
    files, failed = renewed({}, net)
    assert failed == [("twoddoc", "FR77", "outgoing.address-refused")]
    later = NOW + timedelta(minutes=1)
    assert verdict(files, LEAF_ONE.code(), later)[2] == "directory-too-old"
    assert verdict(files, LEAF_TWO.code(), later) == PASSED


def test_revocations_that_fail_are_named_and_those_held_stay(net):
    net.revoke(ONE, LEAF_ONE)
    held, _ = renewed({}, net)
    net.revoke(ONE, issued=NOW - timedelta(days=20))
    files, failed = renewed(held, net)
    assert failed == [("crl", "FR77", "verifier.revocation-list")], "an older list is refused"
    assert verdict(files, LEAF_ONE.code())[1] is SubIndication.REVOKED
    del net.pages[CRL.format("FR77")]
    net.pages[CRL.format("FR77")] = ServerTooSlowError("x", host="h", seconds=5)
    files, failed = renewed(held, net)
    assert failed == [("crl", "FR77", "outgoing.too-slow")]
    assert verdict(files, LEAF_ONE.code())[1] is SubIndication.REVOKED


def test_an_authority_that_says_nowhere_what_it_revokes_is_named(net):
    silent = ONE.leaf()
    net.pages["http://lists.example/FR77.der"] = directory([silent])
    by_hand = {"crl/own.crl": ONE.crl().public_bytes(Encoding.DER)}
    files, failed = renewed(by_hand, net)
    assert failed == [], "a list that was brought by hand is one"
    assert verdict(files, silent.code()) == PASSED
    net.pages["http://lists.example/FR77.der"] = directory([silent])
    files, failed = renewed({}, net)
    assert failed == [("crl", "FR77", "verifier.revocation-list")]
    assert verdict(files, silent.code()) == unsure(SubIndication.TRY_LATER, "no-list")


def test_a_certificate_no_longer_published_stays_good(net):
    held, _ = renewed({}, net)
    net.pages["http://lists.example/FR77.der"] = directory([leaf(ONE, "NEXT")])
    files, _ = renewed(held, net)
    assert verdict(files, LEAF_ONE.code()) == PASSED


def test_two_certificates_of_one_name_are_both_kept(net):
    held, _ = renewed({}, net)
    other = leaf(ONE)
    net.pages["http://lists.example/FR77.der"] = directory([other])
    files, _ = renewed(held, net)
    assert verdict(files, LEAF_ONE.code()) == verdict(files, other.code()) == PASSED


@pytest.mark.parametrize("sequence", [6, 1])
def test_an_older_official_list_is_refused(net, sequence):
    held, _ = renewed({}, net)
    net.publish([Listed(ONE), Listed(TWO)], sequence=sequence)
    with pytest.raises(TslOlderError) as caught:
        renewed(held, net)
    assert caught.value.details == {"got": sequence, "held": 7}


def test_under_the_same_number_an_earlier_date_is_refused(net):
    held, _ = renewed({}, net)
    net.publish([Listed(ONE)], issued=NOW - timedelta(days=4))
    with pytest.raises(TslOlderError):
        renewed(held, net)


def test_a_list_of_tomorrow_or_of_another_agency_changes_nothing(net):
    net.publish([Listed(ONE)], issued=NOW + timedelta(days=2))
    with pytest.raises(TslOfTomorrowError):
        renewed({}, net)
    net.publish([Listed(ONE)], agency=Agency())
    with pytest.raises(TslSignatureError):
        renewed({}, net)


# --- directories and revocations ------------------------------------------------------------------

DER = LEAF_ONE.certificate.public_bytes(Encoding.DER)
OWN = [ONE.certificate]


@pytest.mark.parametrize(
    "data",
    [
        DER,
        directory([LEAF_ONE]),
        directory([LEAF_ONE]).replace(b"\r\n", b"\n"),
        b'Content-Type: multipart/mixed; boundary="End"\r\n\r\n' + directory([LEAF_ONE]),
        multipart([DER, b"not a certificate", DER]),
        # A version of certificates that does not exist: no ValueError for the library.
        multipart([DER.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x12", 1), DER]),
        directory([LEAF_ONE, LEAF_TWO]),
        directory([LEAF_ONE]).replace(b"pkix-cert", b"pkix-cert; x=y"),
        multipart([ONE.certificate.public_bytes(Encoding.DER), DER]),
    ],
)
def test_a_directory_gives_the_authority_s_own_certificates(data):
    found = read_directory(data, "FR77", OWN)
    assert found.leaves == {"TOWN": (LEAF_ONE.certificate,)}
    assert found.count == 1


def test_every_published_certificate_is_read_from_its_authority_s_directory():
    trust = shared_trust(Mode.TEST)
    read = 0
    for ca_id, authorities in trust.twoddoc_authorities.items():
        published = {name: own for (ca, name), own in trust.twoddoc_leaves.items() if ca == ca_id}
        every = [one.public_bytes(Encoding.DER) for own in published.values() for one in own]
        found = read_directory(multipart(every), ca_id, authorities)
        assert (found.leaves, found.left_aside) == (published, 0)
        read += found.count
    assert read == 229


def test_a_key_that_the_specification_forbids_is_found_to_be_named():
    odd = ONE.leaf("ODD0", key=rsa.generate_private_key(public_exponent=65537, key_size=2048))
    assert read_directory(directory([odd]), "FR77", OWN).leaves.keys() == {"ODD0"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"--End\r\n",
        b"<html>",
        DER[:-1],
        directory([]),
        directory([LEAF_TWO]),
        directory([Authority("FR77").leaf()]),
        directory([ONE.leaf("town")]),
        directory([ONE.leaf("TOWN5")]),
        directory([LEAF_ONE]).replace(b"pkix-cert", b"pkcs7"),
        multipart([DER]) + b"x" * (10 << 20),
        b"--End\r\n" * 1_000_000,
        multipart([b"x"] * 6_000) + multipart([DER]),
    ],
)
def test_what_holds_no_certificate_of_the_authority_is_no_directory(data):
    with pytest.raises(DirectoryError):
        read_directory(data, "FR77", OWN)


def test_revocations_count_when_the_authority_signed_them():
    good = ONE.crl([LEAF_ONE])
    for form in (Encoding.DER, Encoding.PEM):
        assert len(read_revocations(good.public_bytes(form), "FR77", OWN, NOW)) == 1
    bad = [
        b"", b"-----BEGIN X509 CRL-----", good.public_bytes(Encoding.DER)[:-1],
        Authority("FR77").crl().public_bytes(Encoding.DER), TWO.crl().public_bytes(Encoding.DER),
        ONE.crl(issued=NOW + timedelta(days=2)).public_bytes(Encoding.DER),
    ]  # fmt: skip
    for data in bad:
        with pytest.raises(RevocationListError):
            read_revocations(data, "FR77", OWN, NOW)


def test_addresses_of_revocations_are_few_and_of_the_web():
    assert revocation_addresses([LEAF_ONE.certificate, LEAF_TWO.certificate, ONE.certificate]) == [
        CRL.format("FR77"),
        CRL.format("FR78"),
    ]


def told(directory_read: Directory) -> set[bytes]:
    """Give what its certificates say: the part that the authority signed."""
    leaves = directory_read.leaves.values()
    return {one.tbs_certificate_bytes for own in leaves for one in own}


def test_whatever_a_directory_becomes_only_what_its_authority_signed_is_read():
    chance = random.Random(7)  # noqa: S311 - where to damage
    good = directory([LEAF_ONE, leaf(ONE, "NEXT")])
    honest = told(read_directory(good, "FR77", OWN))
    for _ in range(cases(ci=500, slow=10_000)):
        data = bytearray(good)
        place = chance.randrange(len(data))
        if chance.random() < 0.5:
            data[place] ^= 1 << chance.randrange(8)
        else:
            del data[place : place + chance.randint(1, 300)]
        try:
            with bounded():
                found = read_directory(bytes(data), "FR77", OWN)
        except DirectoryError:
            continue
        assert told(found) <= honest


# --- by hand --------------------------------------------------------------------------------------

NOTHING = Anchors(())
PINNED, UNPINNED = Pinned(AGENCY.anchors, NOTHING), Pinned(NOTHING, NOTHING)


def test_a_folder_carried_by_hand_serves_like_one_that_was_fetched(net):
    carried, _ = renewed({}, net)
    files = add({}, carried, PINNED, Mode.PRODUCTION, NOW)
    assert verdict(files, LEAF_ONE.code()) == PASSED
    assert json.loads(files["manifest.json"]) == json.loads(carried["manifest.json"])


def test_a_list_carried_by_hand_is_verified_under_our_own_settings(net):
    carried, _ = renewed({}, net)
    with pytest.raises(TslSignatureError):
        add({}, carried, Pinned(Agency().anchors, NOTHING), Mode.PRODUCTION, NOW)
    with pytest.raises(NoAnchorsError):
        add({}, carried, UNPINNED, Mode.PRODUCTION, NOW)
    net.publish([Listed(ONE)], sequence=8)
    newer, _ = renewed({}, net)
    with pytest.raises(TslOlderError):
        add(newer, carried, PINNED, Mode.PRODUCTION, NOW)


def test_the_town_s_own_authority_is_added_and_stays_after_a_renewal(net):
    own = ONE.certificate.public_bytes(Encoding.PEM)
    town = certificate_files(own, Mode.PRODUCTION, NOW - timedelta(days=9))
    held = add({}, town, UNPINNED, Mode.PRODUCTION, NOW)
    files, _ = renewed(held, net)
    trust = read_files(files, Mode.PRODUCTION)
    assert len(trust.authorities) == 1
    [used] = trust.used([ListName.AUTHORITIES], NOW).lists
    assert used.age_days == 9
    younger = certificate_files(TWO.certificate.public_bytes(Encoding.PEM), Mode.PRODUCTION, NOW)
    for first, second in ((town, younger), (younger, town)):
        both = read_files(add(first, second, UNPINNED, Mode.PRODUCTION, NOW), Mode.PRODUCTION)
        assert len(both.authorities) == 2
        assert [one.age_days for one in both.used([ListName.AUTHORITIES], NOW).lists] == [9]


def test_lists_for_tests_and_for_production_never_mix(net):
    real, _ = renewed({}, net)
    pem = ONE.certificate.public_bytes(Encoding.PEM)
    trial = certificate_files(pem, Mode.TEST, NOW)
    with pytest.raises(UnsafeTrustInProductionError):
        add({}, trial, PINNED, Mode.PRODUCTION, NOW)
    for held, added in ((real, trial), (trial, real)):
        with pytest.raises(TrustModesError):
            add(held, added, PINNED, Mode.TEST, NOW)


def test_certificates_of_one_name_carried_apart_are_both_kept(net):
    held, _ = renewed({}, net)
    other = leaf(ONE)
    net.pages["http://lists.example/FR77.der"] = directory([other])
    carried, _ = renewed({}, net)
    files = add(held, carried, PINNED, Mode.PRODUCTION, NOW)
    assert verdict(files, LEAF_ONE.code()) == verdict(files, other.code()) == PASSED


def test_of_two_lists_of_revocations_the_newer_stays(net):
    old, _ = renewed({}, net)
    net.revoke(ONE, LEAF_ONE, issued=NOW + timedelta(hours=1))
    new, _ = renewed({}, net)
    for held, added in ((old, new), (new, old)):
        files = add(held, added, PINNED, Mode.PRODUCTION, NOW)
        assert verdict(files, LEAF_ONE.code())[1] is SubIndication.REVOKED


# --- the folder -----------------------------------------------------------------------------------


def test_a_folder_is_replaced_at_once_and_the_one_before_can_still_be_read(net, tmp_path):
    files, _ = renewed({}, net)
    folder = tmp_path / "trust"
    assert kept_folder.kept(folder) == {}
    with kept_folder.writing(folder):
        kept_folder.publish(folder, files)
    first = folder.resolve()
    assert kept_folder.kept(folder) == files
    assert read_trust([folder], Mode.PRODUCTION).twoddoc_leaves.keys() == {
        ("FR77", "TOWN"),
        ("FR78", "TOWN"),
    }
    for _ in range(3):
        with kept_folder.writing(folder):
            kept_folder.publish(folder, files)
    assert not first.exists()
    assert len(list((tmp_path / ".trust.versions").glob("[0-9]*"))) == 2


def test_a_data_folder_that_is_moved_keeps_its_lists(net, tmp_path):
    files, _ = renewed({}, net)
    (tmp_path / "here").mkdir()
    with kept_folder.writing(tmp_path / "here/trust"):
        kept_folder.publish(tmp_path / "here/trust", files)
    (tmp_path / "here").rename(tmp_path / "there")
    assert kept_folder.kept(tmp_path / "there/trust") == files


def test_a_version_that_cannot_be_written_leaves_the_one_before(net, tmp_path):
    files, _ = renewed({}, net)
    folder = tmp_path / "trust"
    with kept_folder.writing(folder):
        kept_folder.publish(folder, files)
    with kept_folder.writing(folder), pytest.raises(OSError, match="name too long"):
        kept_folder.publish(folder, {**files, "x" * 300: b""})
    assert kept_folder.kept(folder) == files
    assert len(list((tmp_path / ".trust.versions").glob("[0-9]*"))) == 1


def test_a_folder_that_coffre_did_not_make_is_never_replaced(tmp_path):
    (tmp_path / "trust").mkdir()
    with pytest.raises(KeptFolderError), kept_folder.writing(tmp_path / "trust"):
        pass


def test_a_bundle_gives_back_the_files_and_nothing_else(net, tmp_path):
    files, _ = renewed({}, net)
    path = tmp_path / "lists.zip"
    odd = {"../out.pem": b"x", "/etc/passwd": b"x", "twoddoc/../x.pem": b"x", "other.txt": b"x"}
    path.write_bytes(kept_folder.bundle_of({**files, **odd}))
    assert kept_folder.files_of(path) == files
    assert kept_folder.bundle_of(files) == kept_folder.bundle_of(dict(reversed(files.items())))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no bundle", kept_folder.bundle_of({})])
def test_what_is_no_bundle_is_refused(tmp_path, data):
    path = tmp_path / "lists.zip"
    path.write_bytes(data)
    with pytest.raises(KeptFolderError):
        kept_folder.files_of(path)


def test_a_bundle_that_swells_is_refused(tmp_path):
    path = tmp_path / "lists.zip"
    path.write_bytes(kept_folder.bundle_of({"manifest.json": bytes(21 << 20)}))
    assert path.stat().st_size < 100_000
    with pytest.raises(KeptFolderError):
        kept_folder.files_of(path)


@pytest.mark.parametrize("damage", ["cut", "absent"])
def test_an_official_list_damaged_on_the_disk_stops_the_reading(net, damage):
    files, _ = renewed({}, net)
    if damage == "cut":
        files["twoddoc/tsl.xml"] = files["twoddoc/tsl.xml"][:-9]
    else:
        del files["tsl-roots.pem"]
    with pytest.raises(TrustFolderError):
        read_files(files, Mode.PRODUCTION)
