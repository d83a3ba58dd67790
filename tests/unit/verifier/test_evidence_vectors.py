"""Evidence records that Bouncy Castle made: read, proved or left open as the vectors say."""

import json
from base64 import b64decode
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from support.evidence import WrongRecordError, prove

from sealing.proofs.evidence_record import EvidenceRecord
from verifier.check import Indication
from verifier.checks.evidence import check_evidence
from verifier.reading.found import FoundRecord
from verifier.trust.trust_list import ListName, Mode, TrustList, TrustListInfo

FILE = json.loads((Path(__file__).parents[2] / "vectors/evidence.json").read_text("utf-8"))
NOW = datetime.fromisoformat(FILE["now"])
TRUST = TrustList(
    Mode.TEST,
    (TrustListInfo(ListName.AUTHORITIES, NOW),),
    authorities=tuple(
        x509.load_pem_x509_certificate(pem.encode()) for pem in FILE["authorities_pem"]
    ),
    crls=tuple(x509.load_der_x509_crl(b64decode(crl)) for crl in FILE["crls_b64"]),
)
# The second reader of the tests knows one time-stamp, as we do.
PLAIN = [row for row in FILE["records"] if row["reason"] != "evidence-form-unsupported"]


@pytest.mark.parametrize("row", FILE["records"], ids=lambda row: row["name"])
def test_a_record_of_bouncy_castle_is_judged_as_told(row):
    found = FoundRecord(b64decode(row["record_b64"]))
    verdict = check_evidence(found, row["document"].encode(), TRUST, NOW)
    told = verdict.conclusion
    assert (told.indication, told.reason) == (row["indication"], row["reason"]), row["why"]
    assert verdict.time == (NOW if told.indication is Indication.TOTAL_PASSED else None)


@pytest.mark.parametrize("row", PLAIN, ids=lambda row: row["name"])
def test_the_second_reader_of_the_tests_says_the_same(row):
    """What the tests hold our records to is itself held to Bouncy Castle's."""
    document, record = row["document"].encode(), b64decode(row["record_b64"])
    if row["reason"] == "all-passed":
        assert prove(document, record).time == NOW
    else:
        with pytest.raises(WrongRecordError):
            prove(document, record)


@pytest.mark.parametrize("row", PLAIN, ids=lambda row: row["name"])
def test_we_write_what_bouncy_castle_writes(row):
    record = b64decode(row["record_b64"])
    written = EvidenceRecord.parse(record).encode()
    if row["name"] == "alone-1":
        # Without a tree it leaves the name of the algorithm to the token; we always write it.
        assert EvidenceRecord.parse(written) == EvidenceRecord.parse(record)
    else:
        assert written == record


def test_the_vectors_hold_every_kind():
    assert {row["reason"] for row in FILE["records"]} == {
        "all-passed",
        "evidence-of-another-file",
        "evidence-form-unsupported",
        "evidence-broken",
    }
