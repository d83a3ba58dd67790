"""The evidence record of a file: what it proves, and everything that proves nothing."""

import dataclasses
import hashlib
import random
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from support.authorities import STAMPS, certomancer, demo_authority, holder, revocation_list
from support.bars import bounded
from support.budget import cases
from support.evidence import stamp
from support.pages import sealed, trust
from support.sealers import NOW, town
from support.spoken import validator

from cli.demo import pki
from sealing.authorities.token import Question
from sealing.der import SEQUENCE, der, integer, one, values
from sealing.proofs.evidence_record import EvidenceRecord, evidence_records
from sealing.proofs.hash_tree import HashTree
from storage.language import translator
from verifier.check import Indication, SubIndication
from verifier.checks.evidence import check_evidence
from verifier.reading.document import read_document
from verifier.reading.found import FileKind, FoundRecord, ReadDocument
from verifier.reports.as_json import as_json
from verifier.reports.sentences import REASONS, existence, headline
from verifier.verify import verify

PASSED, UNSURE = Indication.TOTAL_PASSED, Indication.INDETERMINATE
FAILED = Indication.TOTAL_FAILED
LETTERS = [b"letter %d" % number for number in range(6)]
FR = translator("fr")


def packed(letters):
    return b"".join(hashlib.sha256(letter).digest() for letter in letters)


@cache
def records():
    return list(evidence_records(packed(LETTERS), stamp))


def check(record, letter=LETTERS[0], lists=None, now=NOW):
    return check_evidence(FoundRecord(record), letter, lists or trust(), now)


def answer(verdict):
    found = verdict.conclusion
    return found.indication, found.sub_indication, found.reason


def stamped_by(make, letters=LETTERS):
    """Have a tree stamped by some authority; give the first letter's record."""

    def stamping(root):
        token = values(one(make(Question(root, "sha256", 7).encode())).content)[1].encoded
        return bytes(token)

    return next(evidence_records(packed(letters), stamping))


def test_a_record_proves_when_its_file_existed_and_on_whose_word():
    for letter, record in zip(LETTERS, records(), strict=True):
        verdict = check(record, letter)
        assert answer(verdict) == (PASSED, None, "all-passed")
        assert (verdict.time, verdict.authority) == (NOW, "Ville de Valbourg (DEMONSTRATION)")
        assert "ce fichier existait le 21/11/2026 à 10:00:00 UTC" in existence(verdict, FR)


def test_a_record_of_one_letter_alone_has_no_tree():
    [record] = evidence_records(packed(LETTERS[:1]), stamp)
    assert EvidenceRecord.parse(record).groups == ()
    assert check(record).conclusion.indication is PASSED
    assert answer(check(record, LETTERS[1])) == OTHER


OTHER = (UNSURE, SubIndication.SIGNED_DATA_NOT_FOUND, "evidence-of-another-file")
BROKEN = (UNSURE, SubIndication.SIG_CONSTRAINTS_FAILURE, "evidence-broken")


def test_the_record_of_another_file_proves_nothing_and_accuses_nobody():
    # The last letter is no neighbour of the first: neighbours share their first group.
    assert answer(check(records()[5], LETTERS[0])) == OTHER
    assert answer(check(records()[0], LETTERS[0] + b"\n")) == OTHER


@pytest.mark.parametrize("key", [None, rsa.generate_private_key(65537, 2048)], ids=["ec", "rsa"])
def test_a_record_stamped_by_a_foreign_program_is_proved_too(key):
    stamper = holder((STAMPS, True), key=key)
    assert check(stamped_by(certomancer(stamper))).conclusion.indication is PASSED


def test_a_tree_that_does_not_lead_to_what_was_stamped_is_broken():
    record = EvidenceRecord.parse(records()[0])
    for groups in (record.groups[:-1], (*record.groups, (bytes(32),)), record.groups[:1]):
        changed = dataclasses.replace(record, groups=groups).encode()
        assert answer(check(changed)) == BROKEN
    foreign = dataclasses.replace(record, token=stamp(bytes(32))).encode()
    assert answer(check(foreign)) == BROKEN


def test_a_tree_and_a_time_stamp_by_two_algorithms_are_broken():
    digest = hashlib.sha384(LETTERS[0]).digest()
    own = hashlib.sha256(LETTERS[0]).digest()
    other = EvidenceRecord(((digest,),), stamp(own), "sha384")
    assert answer(check(other.encode())) == BROKEN
    # Another algorithm whose digests are as long: the bytes alone would be the same.
    asked = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {"hash_algorithm": {"algorithm": "sha3_256"}, "hashed_message": own},
            "cert_req": True,
        }
    )
    token = values(one(certomancer()(asked.dump())).content)[1].encoded
    assert answer(check(EvidenceRecord((), token).encode())) == BROKEN
    right = EvidenceRecord((), stamp(digest, "sha384"), "sha384")
    assert check(right.encode()).conclusion.indication is PASSED


def test_an_authority_outside_the_lists_proves_nothing():
    record = stamped_by(certomancer(pki.build(NOW).tsa))
    verdict = check(record)
    sub = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    assert answer(verdict) == (UNSURE, sub, "evidence-authority-unknown")
    assert (verdict.time, verdict.authority) == (None, None)


def test_a_key_that_is_not_for_time_stamps_proves_nothing():
    made, _ = town()
    for maker in (made.seals["seal-p256"], holder()):
        assert check(stamped_by(certomancer(maker))).conclusion.indication is UNSURE


def test_without_a_list_in_force_nothing_is_proved():
    lists = dataclasses.replace(trust(), crls=())
    assert answer(check(records()[0], lists=lists)) == (UNSURE, SubIndication.TRY_LATER, "no-list")


def test_an_authority_that_was_revoked_proves_nothing():
    made, _ = town()
    crl = revocation_list(made.intermediate, (made.tsa.certificate,))
    lists = dataclasses.replace(trust(), crls=(x509.load_der_x509_crl(crl), *trust().crls))
    sub = SubIndication.REVOKED_NO_POE
    assert answer(check(records()[0], lists=lists)) == (UNSURE, sub, "evidence-authority-revoked")


def test_an_hour_ahead_of_the_verifier_proves_nothing():
    early = NOW - timedelta(days=1, seconds=1)
    sub = SubIndication.TIMESTAMP_ORDER_FAILURE
    assert answer(check(records()[0], now=early))[:2] == (UNSURE, sub)
    ahead = stamped_by(demo_authority(NOW + timedelta(days=2)).answer)
    assert answer(check(ahead))[1:] == (sub, "evidence-in-future")


def test_after_the_end_of_its_authority_a_record_proves_nothing_more():
    late = datetime(2040, 1, 1, tzinfo=UTC)
    assert check(records()[0], now=late).conclusion.indication is UNSURE


HOSTILE = {
    "nothing": b"",
    "no record": b"%PDF-1.7",
    "too large": bytes(200_000),
    "a token that is none": EvidenceRecord((), der(SEQUENCE, packed(LETTERS[:1]))).encode(),
    "another kind": der(SEQUENCE, integer(2), b"", b""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_record_is_told_and_never_fails(name):
    verdict = check(HOSTILE[name])
    assert verdict.conclusion.indication is UNSURE
    assert verdict.conclusion.reason in {
        "evidence-unreadable",
        "evidence-form-unsupported",
        "evidence-time-stamp-unreadable",
    }


def test_one_byte_changed_anywhere_proves_nothing():
    record = records()[0]
    dice = random.Random(20261122)  # noqa: S311 - which bits are tried is no secret
    places = range(len(record))
    for place in dice.sample(places, cases(fast=60, ci=200, slow=len(record))):
        changed = bytearray(record)
        changed[place] ^= 1 << dice.randrange(8)
        verdict = check(bytes(changed))
        assert verdict.conclusion.indication is UNSURE, f"byte {place} of {len(record)}"
        assert verdict.time is None


@given(st.integers(2, 40), st.data())
@settings(max_examples=cases(ci=40, slow=1_000, fast=10), deadline=None)
def test_records_swapped_between_letters_prove_nothing(count, draw):
    letters = [b"%d" % number for number in range(count)]
    place = draw.draw(st.integers(0, count - 1))
    tree = HashTree.of(packed(letters))
    record = EvidenceRecord(tree.reduced(place), stamp(tree.root))
    own = hashlib.sha256(letters[place]).digest()
    assert check(record.encode(), letters[place]).conclusion.indication is PASSED
    for letter in letters:
        digest = hashlib.sha256(letter).digest()
        if digest != own and digest not in record.groups[0]:
            assert answer(check(record.encode(), letter)) == OTHER


def tokens():
    """Draw tokens that begin like one."""
    token = EvidenceRecord.parse(records()[0]).token
    bits = st.tuples(st.integers(0, len(token) - 1), st.integers(0, 7))

    def flipped(places):
        changed = bytearray(token)
        for place, bit in places:
            changed[place] ^= 1 << bit
        return bytes(changed)

    cut = st.integers(0, len(token)).map(lambda end: der(SEQUENCE, token[:end]))
    return st.lists(bits, min_size=1, max_size=4).map(flipped) | cut


@given(tokens())
@settings(max_examples=cases(ci=200, slow=10_000, fast=50), deadline=None)
def test_whatever_the_token_there_is_an_answer_in_time_and_it_is_not_yes(token):
    with bounded():
        verdict = check(with_token(token))
    if token != EvidenceRecord.parse(records()[0]).token:
        assert verdict.conclusion.indication is UNSURE


def with_token(token):
    return dataclasses.replace(EvidenceRecord.parse(records()[0]), token=token).encode()


def test_a_token_as_large_as_may_be_is_answered_in_time():
    """Certificates by the hundred, and values in values: what asn1crypto is slowest at."""
    record = EvidenceRecord.parse(records()[0])
    nested = der(SEQUENCE, integer(1))
    while len(nested) < 60_000:
        nested = der(SEQUENCE, nested, nested)
    kind, wrapped = values(one(record.token).content)
    signed = values(one(wrapped.content).content)
    [carried] = [part for part in signed if part.tag == 0xA0]
    many = der(0xA0, carried.content * (110_000 // len(carried.content)))
    for parts in (
        [many if part is carried else part.encoded for part in signed],
        [der(0xA0, nested) if part is carried else part.encoded for part in signed],
    ):
        token = der(SEQUENCE, kind.encoded, der(0xA0, der(SEQUENCE, *parts)))
        with bounded(5.0):
            assert check(with_token(token)).conclusion.indication is UNSURE


# --- the file as a whole --------------------------------------------------------------------------


@cache
def letter():
    return sealed().pdf


def judged(record, data=None):
    document = read_document(data or letter(), "lettre.pdf")
    verdict = verify(dataclasses.replace(document, record=record), trust(), NOW)
    row = {"schema_version": 1, "kind": "verdict", **as_json(verdict, FR)}
    validator("verdict").validate(row)
    return verdict, row


def test_a_record_beside_a_sealed_letter_is_told_with_it():
    [record] = evidence_records(packed([letter()]), stamp)
    verdict, row = judged(FoundRecord(record))
    assert (row["indication"], row["evidence"]["indication"]) == ("TOTAL-PASSED", "TOTAL-PASSED")
    assert row["evidence"]["at"] == "2026-11-21T10:00:00Z"
    assert [one["id"] for one in row["checks"] if one["id"].startswith("evidence")] == [
        "evidence.structure",
        "evidence.file",
        "evidence.time-stamp",
        "evidence.contents",
        "evidence.announced",
        "evidence.certificates",
        "evidence.chain",
        "evidence.revocation-list",
        "evidence.revocation-list",
        "evidence.time",
        "evidence.validation",
    ]
    assert verdict.conclusion is not None
    assert verdict.conclusion.indication is PASSED


@pytest.mark.parametrize("wrong", [b"", records()[0]], ids=["broken", "other"])
def test_a_wrong_record_beside_a_letter_is_told_and_takes_nothing_from_the_seal(wrong):
    verdict, row = judged(FoundRecord(wrong))
    assert (row["indication"], row["evidence"]["indication"]) == ("TOTAL-PASSED", "INDETERMINATE")
    assert headline(verdict, FR) == "Authentique"


@pytest.mark.parametrize("wrong", [b"", records()[0]], ids=["broken", "other"])
def test_a_wrong_record_that_was_asked_for_leaves_the_answer_open(wrong):
    verdict, row = judged(FoundRecord(wrong, asked=True))
    assert row["indication"] == "INDETERMINATE"
    assert row["reason"] == row["evidence"]["reason"]
    assert headline(verdict, FR) == "Impossible de conclure"


@pytest.mark.parametrize("asked", [False, True])
def test_a_proved_record_never_makes_an_altered_letter_green(asked):
    changed = bytearray(letter())
    changed[700] ^= 1
    [record] = evidence_records(packed([bytes(changed)]), stamp)
    verdict, row = judged(FoundRecord(record, asked), bytes(changed))
    assert row["evidence"]["indication"] == "TOTAL-PASSED"
    assert row["indication"] == "TOTAL-FAILED"
    assert verdict.conclusion is not None


@pytest.mark.parametrize("asked", [False, True])
def test_a_proved_record_makes_no_seal_where_there_is_none(asked):
    document = ReadDocument("x", FileKind.IMAGE, b"a photo")
    [record] = evidence_records(packed([b"a photo"]), stamp)
    asked_of = dataclasses.replace(document, record=FoundRecord(record, asked))
    verdict = verify(asked_of, trust(), NOW)
    assert verdict.conclusion is None
    assert verdict.evidence is not None
    assert verdict.evidence.conclusion.indication is PASSED
    assert {used.name for used in verdict.trust.lists} == {"authorities", "crl"}


def test_every_answer_has_its_sentence():
    told = [check(record) for record in (*HOSTILE.values(), *records())]
    told += [check(records()[0], now=NOW - timedelta(days=9)), check(_foreign())]
    reasons = {one.reason for verdict in told for one in verdict.checks}
    assert reasons - set(REASONS) == set()


def _foreign():
    return stamped_by(certomancer(pki.build(NOW).tsa))
