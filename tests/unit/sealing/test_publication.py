"""Lists of letters taken back: what is published, when, and how it is served."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from fastapi import FastAPI
from joserfc import jws
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry
from sqlmodel import select
from starlette.testclient import TestClient
from support.race import race
from support.sealers import NOW, town

from cli.demo import pki
from sealing.proofs.document_id import LIST_SLOTS, slot_of, slotted_id
from sealing.proofs.status_list import PURPOSE, ParsedStatusList, verify
from sealing.service import seals
from sealing.service.list_signer import unspoken
from sealing.service.publication import (
    KEPT,
    VALID,
    ListWentBackError,
    Publisher,
    published_slots,
)
from sealing.service.seals import Reason
from sealing.signers.port import SEAL, STATUS, CertificateUseError, KeyNotAllowedError, Signer
from sealing.signers.registry import signer
from sealing.web.status_lists import router
from storage.database import open_engine, transaction
from storage.migrations.upgrade import upgrade
from storage.settings import Settings
from storage.tables.seals import SealRegisterRow, SealStateRow

ADDRESS = "https://ville.example/statuts"


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/coffre.sqlite")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def publisher(tmp_path):
    return Publisher(own(STATUS), ADDRESS, tmp_path / "status")


def own(use, name=None):
    return signer(Settings.load(town()[1] / "coffre.toml"), use, NOW, name)


def letters(engine, count):
    with transaction(engine) as session:
        block = seals.take(session, count, NOW, os.urandom(16))
    return [slotted_id(NOW, block.slot_key(number)) for number in range(count)]


def revoke(engine, identifier):
    with transaction(engine) as session:
        seals.revoke(session, identifier, Reason.WITHDRAWN, NOW)


def read(one):
    parsed = ParsedStatusList.parse(one.path.read_bytes())
    leaf = x509.load_der_x509_certificate(parsed.certificates[0])
    return verify(parsed, curve_key(leaf))


def curve_key(leaf):
    key = leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def test_a_list_tells_each_letter_and_another_library_verifies_it(engine, publisher):
    kept, revoked, replaced = letters(engine, 3)
    revoke(engine, revoked)
    with transaction(engine) as session:
        seals.supersede(session, replaced, kept, NOW)
    [one] = publisher.publish(engine, NOW)
    claims = read(one)
    assert (claims.sub, claims.iat) == (f"{ADDRESS}/0", int(NOW.timestamp()))
    assert [claims.slots.state(place) for place in range(4)] == [0, 1, 2, 0]
    assert len(claims.slots) == LIST_SLOTS
    assert (one.marked, one.expires) == (2, NOW + VALID)
    leaf = x509.load_pem_x509_certificate((town()[1] / "signers" / "status.pem").read_bytes())
    key = ECKey.import_key(curve_key(leaf))
    # Its own limit of 512 bytes leaves no room for certificates.
    registry = JWSRegistry(algorithms=["ES256"])
    registry.max_header_length = 1 << 15
    jws.deserialize_compact(one.path.read_bytes(), key, registry=registry)


def test_the_chain_comes_without_its_root(engine, publisher):
    letters(engine, 1)
    [one] = publisher.publish(engine, NOW)
    found = ParsedStatusList.parse(one.path.read_bytes()).certificates
    names = [x509.load_der_x509_certificate(der).subject.rfc4514_string() for der in found]
    assert len(names) == 2
    assert "Etats" in names[0]
    assert "cachets" in names[1]


def test_the_lists_of_a_folder_tell_which_slots_were_given(engine, publisher, tmp_path):
    assert published_slots(tmp_path / "nowhere") == range(0)
    with transaction(engine) as session:
        seals.take(session, LIST_SLOTS + 1, NOW, bytes(16))
    publisher.publish(engine, NOW)
    (publisher.folder / "99.txt").touch()
    (publisher.folder / "007.jwt").touch()
    (publisher.folder / "4096000.jwt").touch()
    assert published_slots(publisher.folder) == range(2 * LIST_SLOTS)


def test_no_slot_no_list(engine, publisher):
    assert publisher.publish(engine, NOW) == []


def test_a_list_is_signed_anew_when_it_changed_or_aged_and_not_before(engine, publisher):
    first, second = letters(engine, 2)
    assert publisher.publish(engine, NOW)[0].written
    assert not publisher.publish(engine, NOW + timedelta(hours=1))[0].written
    revoke(engine, first)
    again = publisher.publish(engine, NOW + timedelta(hours=1))[0]
    assert (again.written, again.marked) == (True, 1)
    old = publisher.publish(engine, again.issued + KEPT - timedelta(seconds=1))[0]
    assert not old.written
    assert publisher.publish(engine, again.issued + KEPT)[0].written
    revoke(engine, second)


def test_of_two_lists_of_one_second_the_later_has_the_later_date(engine, publisher):
    first, second = letters(engine, 2)
    dates = [publisher.publish(engine, NOW)[0].issued]
    for one in (first, second):
        revoke(engine, one)
        dates.append(publisher.publish(engine, NOW)[0].issued)
    assert dates == sorted(set(dates))


def test_whoever_publishes_at_once_no_list_goes_back(engine, publisher):
    found = letters(engine, 6)
    publisher.publish(engine, NOW)

    def act(identifier):
        revoke(engine, identifier)
        publisher.publish(engine, NOW)

    race(*[lambda one=one: act(one) for one in found])
    [last] = publisher.publish(engine, NOW)
    assert (last.marked, last.written) == (6, False)


def test_each_million_of_letters_has_its_list(engine, publisher):
    with transaction(engine) as session:
        session.get_one(SealRegisterRow, 1).next = LIST_SLOTS - 1
    _, beyond = letters(engine, 2)
    revoke(engine, beyond)
    lists = publisher.publish(engine, NOW)
    assert [one.marked for one in lists] == [0, 1]
    assert read(lists[1]).slots.state(0) == 1
    assert read(lists[1]).sub == f"{ADDRESS}/1"


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"a.b.c"])
def test_a_damaged_list_is_replaced(engine, publisher, damage):
    letters(engine, 1)
    [one] = publisher.publish(engine, NOW)
    one.path.write_bytes(damage)
    assert publisher.publish(engine, NOW)[0].written
    assert read(one).sub == one.address


def test_a_list_never_forgets_what_it_said_was_taken_back(engine, publisher):
    first, second = letters(engine, 2)
    revoke(engine, first)
    [one] = publisher.publish(engine, NOW)
    said = one.path.read_bytes()
    with transaction(engine) as session:  # as a backup of before would have it
        session.delete(session.exec(select(SealStateRow)).one())
    with pytest.raises(ListWentBackError) as caught:
        publisher.publish(engine, NOW + timedelta(days=1))
    assert caught.value.details == {"number": 0, "path": str(one.path)}
    assert one.path.read_bytes() == said
    with transaction(engine) as session:
        seals.supersede(session, first, second, NOW)
    with pytest.raises(ListWentBackError):
        publisher.publish(engine, NOW + timedelta(days=1))
    revoke(engine, first)
    assert publisher.publish(engine, NOW + timedelta(days=1))[0].marked == 1


def test_a_list_that_went_back_holds_no_other_list_back(engine, publisher):
    [letter] = letters(engine, 1)
    revoke(engine, letter)
    publisher.publish(engine, NOW)
    with transaction(engine) as session:  # a backup, and `coffre status advance`
        session.delete(session.get_one(SealStateRow, slot_of(letter)))
        seals.advance(session, [], NOW)
    [later] = letters(engine, 1)
    revoke(engine, later)
    with pytest.raises(ListWentBackError) as caught:
        publisher.publish(engine, NOW)
    assert caught.value.details["number"] == 0
    told = ParsedStatusList.parse((publisher.folder / "1.jwt").read_bytes())
    assert told.claims.slots.state(0) == 1


def test_a_clock_that_was_ahead_holds_no_list_back(engine, publisher):
    letters(engine, 1)
    publisher.publish(engine, NOW + timedelta(days=90))
    [one] = publisher.publish(engine, NOW)
    assert (one.written, one.issued) == (True, NOW)
    near = publisher.publish(engine, NOW - timedelta(hours=20))[0]
    assert (near.written, near.issued) == (False, NOW)


def test_a_list_under_another_address_or_key_is_replaced(engine, publisher, tmp_path):
    letters(engine, 1)
    publisher.publish(engine, NOW)
    moved = Publisher(publisher.signer, "https://other.example/statuts", publisher.folder)
    assert moved.publish(engine, NOW)[0].written
    below, above = publisher.signer.chain
    renewed = pki._leaf(
        "Etats", town()[0].status.key, town()[0].intermediate, pki.Usage(purpose=PURPOSE), NOW
    ).certificate
    assert renewed != below
    other = Publisher(Renewed(publisher.signer, (renewed, above)), moved.address, publisher.folder)
    assert other.publish(engine, NOW)[0].written
    assert [path.name for path in publisher.folder.glob("[0-9]*")] == ["0.jwt"]
    assert tmp_path.exists()


@dataclass(frozen=True)
class Renewed:
    """A signer with other certificates over its key."""

    signer: Signer
    chain: tuple[x509.Certificate, ...]
    name: str = "status"
    use: str = STATUS

    def sign(self, digest):
        """Sign as it does."""
        return self.signer.sign(digest)


@pytest.mark.parametrize(
    "usage",
    [
        pki.Usage(),
        pki.Usage(purpose=ExtendedKeyUsageOID.TIME_STAMPING),
        pki.Usage(non_repudiation=True, purpose=PURPOSE),
    ],
    ids=["no purpose", "time-stamps", "may seal"],
)
def test_a_certificate_that_may_sign_anything_else_signs_no_list(engine, publisher, usage):
    letters(engine, 1)
    other = pki._leaf("Etats", town()[0].status.key, town()[0].intermediate, usage, NOW)
    signer = Renewed(publisher.signer, (other.certificate, publisher.signer.chain[1]))
    with pytest.raises(CertificateUseError):
        Publisher(signer, ADDRESS, publisher.folder).publish(engine, NOW)
    assert not publisher.folder.exists()


def test_the_seals_for_which_a_list_does_not_speak_are_named():
    settings, signer = Settings.load(town()[1] / "coffre.toml"), own(STATUS)
    assert unspoken(settings, signer.chain) == []
    root = town()[0].root
    usage = pki.Usage(purpose=PURPOSE)
    elsewhere = pki._leaf("Etats", town()[0].status.key, root, usage, NOW).certificate
    assert unspoken(settings, (elsewhere, root.certificate)) == ["seal-rsa", "seal-p256"]
    # The very names of the seals' authority, and another key.
    twin = pki._authority("Coffre DEMONSTRATION cachets", ec.SECP384R1(), NOW, root)
    alike = pki._leaf("Etats", town()[0].status.key, twin, usage, NOW).certificate
    assert unspoken(settings, (alike, twin.certificate)) == ["seal-rsa", "seal-p256"]


def test_a_key_that_signs_no_list_is_refused_before_anything_is_written(engine, tmp_path):
    letters(engine, 1)
    publisher = Publisher(own(SEAL, "seal-rsa"), ADDRESS, tmp_path / "status")
    with pytest.raises(KeyNotAllowedError):
        publisher.publish(engine, NOW)
    assert not publisher.folder.exists()


def served(folder):
    """Serve the route alone, over a folder of lists."""
    app = FastAPI()
    app.include_router(router(folder))
    return TestClient(app)


def test_a_list_is_served_to_be_kept_and_asked_for_by_its_tag(engine, publisher):
    letters(engine, 1)
    [one] = publisher.publish(engine, datetime.now(UTC))
    server = served(publisher.folder)
    answer = server.get("/statuts/0")
    assert answer.content == one.path.read_bytes()
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    assert answer.headers["cache-control"] == f"public, max-age={int(KEPT.total_seconds())}"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers
    same = server.get("/statuts/0", headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    head = server.head("/statuts/0")
    assert (head.status_code, head.content) == (200, b"")


def test_a_list_that_ends_soon_is_kept_no_longer(engine, publisher):
    letters(engine, 1)
    publisher.publish(engine, datetime.now(UTC) - VALID)
    assert served(publisher.folder).get("/statuts/0").headers["cache-control"] == (
        "public, max-age=0"
    )


@pytest.mark.parametrize("number", ["1", "00", "-1", "99999", "..", "%2e%2e%2f0", "0.jwt", "x"])
def test_what_is_no_published_list_is_not_there(engine, publisher, number):
    letters(engine, 1)
    publisher.publish(engine, NOW)
    assert served(publisher.folder).get(f"/statuts/{number}").status_code == 404


def test_what_a_killed_publisher_left_is_taken_away(engine, publisher):
    publisher.folder.mkdir()
    (publisher.folder / ".0.jwt.ab_12cde").write_bytes(b"half")
    publisher.publish(engine, NOW)
    assert [one.name for one in publisher.folder.iterdir()] == [".lock"]
