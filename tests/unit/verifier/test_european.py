"""The European lists in a trust folder: taken, kept, and what they say of a seal."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding
from support.european import COMPLIANCE, DEVICE, ISSUED, NEXT, SEALS, Europe
from support.letters import letter
from support.sealers import NOW

from sealing.service.letter import Letter, Sealer, seal_letter
from sealing.service.profile import Profile
from sealing.signers.keyfile import KeyFileSigner
from sealing.signers.port import Identity
from storage.errors import CoffreError
from storage.outgoing import OutgoingError
from verifier.check import Indication
from verifier.checks.seal.child import in_fresh_child, trust_written
from verifier.checks.seal.pades import check_seals
from verifier.checks.seal.shape import read_back
from verifier.trust.adding import NoAnchorsError, Pinned, add, read_files
from verifier.trust.anchors import Anchors
from verifier.trust.eu_refresh import EuropeanSource, renew_european
from verifier.trust.kept_folder import Files
from verifier.trust.local_list import TrustFolderError
from verifier.trust.refresh import MANIFEST, Step, TslOfTomorrowError, TslOlderError, manifest
from verifier.trust.signed_list import TslSignatureError
from verifier.trust.trust_list import ListName, Mode
from verifier.verdict import SealVerdict

EUROPE = Europe()
LOTL, FR = "https://eu.example/lotl.xml", "http://lists.example/FR.xml"
SOURCE = EuropeanSource(LOTL, EUROPE.union.anchors, ("FR",))
PAGES = {LOTL: EUROPE.lists(), FR: EUROPE.national()}
EMPTY = {MANIFEST: manifest({}, Mode.PRODUCTION, {}, [])}
KEY = ec.generate_private_key(ec.SECP256R1())


def net(pages: dict[str, bytes]) -> Callable[[str], bytes]:
    """Give what fetches these pages and nothing else."""

    def fetch(address: str) -> bytes:
        if address not in pages:
            raise OutgoingError("got no page", address=address)
        return pages[address]

    return fetch


def taken(
    pages: dict[str, bytes] = PAGES, held: Files | None = None, now: datetime = NOW
) -> tuple[Files, list[Step]]:
    """Renew a folder; give it and what happened."""
    files = dict(EMPTY if held is None else held)
    return files, renew_european(files, SOURCE, net(pages), now)


def errors(steps: list[Step]) -> list[type[CoffreError]]:
    """Name what went wrong."""
    return [type(step.error) for step in steps if step.error is not None]


def sealed(*statements: bytes) -> bytes:
    """Seal a letter by a certificate of the listed authority."""
    certificate = EUROPE.seal_certificate(*statements, key=KEY)
    identity = Identity("europe", "seal", (certificate,))
    signer = KeyFileSigner(identity, KEY, Prehashed(hashes.SHA256()))
    made = seal_letter(Letter(letter()), Sealer.ready(signer), Profile(), NOW, bytes(10))
    return made.pdf


def judged(files: Files, *statements: bytes, now: datetime = NOW) -> SealVerdict:
    """Judge such a letter under a folder."""
    revoked = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(EUROPE.authority.subject)
        .last_update(NOW - timedelta(days=1))
        .next_update(NOW + timedelta(days=400))
        .sign(EUROPE.key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    trust = read_files({**files, "crl/europe.crl": revoked}, Mode.PRODUCTION)
    [verdict] = check_seals(sealed(*statements), trust, now)
    return verdict


def test_lists_are_taken_and_believed_with_their_dates():
    files, steps = taken()
    assert [(step.name, step.authority, step.count) for step in steps] == [
        (ListName.EUROPEAN, "EU", 1),
        (ListName.EUROPEAN, "FR", 1),
    ]
    trust = read_files(files, Mode.PRODUCTION)
    assert trust.authorities == (EUROPE.authority,)
    assert trust.accorded == {EUROPE.authority: NEXT}
    [told] = trust.lists
    assert (told.name, told.issued, told.expires) == (ListName.EUROPEAN, ISSUED, NEXT)


def test_a_seal_under_a_listed_authority_passes_and_its_quality_is_told():
    files, _ = taken()
    for statements, qualified in (((COMPLIANCE, DEVICE, SEALS), True), ((), False)):
        verdict = judged(files, *statements)
        assert verdict.conclusion.indication is Indication.TOTAL_PASSED
        assert verdict.qualified is qualified
    unlisted = judged(EMPTY, COMPLIANCE, DEVICE, SEALS)
    assert unlisted.qualified is None
    assert "issuer-not-trusted" in {check.reason for check in unlisted.checks}


def test_a_child_that_begins_anew_holds_the_same_lists():
    files, _ = taken()
    trust = read_files(files, Mode.PRODUCTION)
    answers = in_fresh_child(trust_written(trust))
    for statements, qualified in (((COMPLIANCE, DEVICE, SEALS), True), ((), False)):
        told, _ = answers(NOW.isoformat().encode(), sealed(*statements))
        assert [verdict.qualified for verdict in read_back(told)] == [qualified]


def test_past_their_day_the_lists_vouch_for_nobody():
    files, _ = taken()
    verdict = judged(files, COMPLIANCE, DEVICE, SEALS, now=NEXT + timedelta(days=1))
    assert verdict.conclusion.indication is Indication.INDETERMINATE
    assert "list-too-old" in {check.reason for check in verdict.checks}
    assert verdict.qualified is None


def test_what_cannot_be_had_leaves_what_was_held():
    files, _ = taken()
    for pages, wrong in (
        ({}, [OutgoingError]),
        ({**PAGES, LOTL: Europe().lists()}, [TslSignatureError]),
        ({LOTL: PAGES[LOTL]}, [OutgoingError]),
        ({**PAGES, FR: Europe().national()}, [TslSignatureError]),
    ):
        after, steps = taken(pages, files)
        assert errors(steps) == wrong
        assert after == files
    assert taken({})[0] == EMPTY


def test_a_list_older_than_the_one_held_or_of_tomorrow_is_refused():
    files, _ = taken()
    before = (ISSUED - timedelta(days=1), NEXT)
    for pages in ({**PAGES, LOTL: EUROPE.lists(dates=before)},):
        assert errors(taken(pages, files)[1]) == [TslOlderError]
    pages = {**PAGES, FR: EUROPE.national(dates=before)}
    assert errors(taken(pages, files)[1]) == [TslOlderError]
    assert errors(taken(now=ISSUED - timedelta(days=2))[1]) == [TslOfTomorrowError]


def test_new_signers_of_a_country_whose_list_is_not_there_keep_the_lists_of_before():
    files, _ = taken()
    other = Europe(union=EUROPE.union)
    after, steps = taken({LOTL: other.lists()}, files)
    assert errors(steps) == [OutgoingError, TslSignatureError]
    assert after == files


def test_a_list_of_a_country_that_is_not_among_them_is_told():
    files = dict(EMPTY)
    source = EuropeanSource(LOTL, EUROPE.union.anchors, ("FR", "XX"))
    steps = renew_european(files, source, net(PAGES), NOW)
    assert [(step.authority, step.error is None) for step in steps] == [
        ("EU", True),
        ("FR", True),
        ("XX", False),
    ]


def test_lists_carried_by_hand_are_held_to_our_own_certificates():
    carried, _ = taken()
    ours = Pinned(Anchors(()), EUROPE.union.anchors)
    files = add({}, carried, ours, Mode.PRODUCTION, NOW)
    assert read_files(files, Mode.PRODUCTION).accorded == {EUROPE.authority: NEXT}
    with pytest.raises(NoAnchorsError):
        add({}, carried, Pinned(Anchors(()), Anchors(())), Mode.PRODUCTION, NOW)
    with pytest.raises(TslSignatureError):
        add({}, carried, Pinned(Anchors(()), Europe().union.anchors), Mode.PRODUCTION, NOW)
    older, _ = taken({**PAGES, LOTL: EUROPE.lists(dates=(ISSUED - timedelta(days=1), NEXT))})
    with pytest.raises(TslOlderError):
        add(files, older, ours, Mode.PRODUCTION, NOW)


def test_a_damaged_list_stops_the_reading_of_the_folder():
    files, _ = taken()
    with pytest.raises(TrustFolderError):
        read_files({**files, "eu/FR.xml": files["eu/FR.xml"][:-40]}, Mode.PRODUCTION)
    with pytest.raises(TrustFolderError):
        read_files({**EMPTY, "eu/FR.xml": files["eu/FR.xml"]}, Mode.PRODUCTION)
