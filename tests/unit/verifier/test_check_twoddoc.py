"""A 2D-Doc against the trust lists: every row of the verdict table of `verifier/DESIGN.md`."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography import x509  # noqa: TC002 - as everywhere: types are imported plainly
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from support.shared_trust import shared_trust
from support.twoddoc import MALFORMED, shared_codes
from support.twoddoc_pki import END, NOW, Authority, Leaf, usage

from sealing.twoddoc.header import NotTwoDDocError
from sealing.twoddoc.values import base32_encode
from verifier.check import Indication, SubIndication
from verifier.checks.codes.twoddoc import TwoDDocResult, check_twoddoc
from verifier.trust.trust_list import ListName, Mode, TrustList, TrustListInfo

FAILED, UNSURE, PASSED = Indication.TOTAL_FAILED, Indication.INDETERMINATE, Indication.TOTAL_PASSED
AUTHORITY = Authority("FR77")
TOWN = AUTHORITY.leaf()
BODY = b"10M/EXEMPLE/CLAUDE\x1d20\x1d21\x1d2212 RUE DES ESSAIS\x1d23\x1d247500025VILLE\x1d26FR"


def trusting(*leaves: Leaf, authority: Authority = AUTHORITY, **changes: object) -> TrustList:
    """Give lists that hold an authority, some of its certificates and an empty list of its own."""
    groups: dict[tuple[str, str], tuple[x509.Certificate, ...]] = {}
    for leaf in leaves:
        name = (leaf.ca_id, leaf.name)
        groups[name] = (*groups.get(name, ()), leaf.certificate)
    told: dict[str, object] = {
        "mode": Mode.PRODUCTION,
        "lists": (TrustListInfo(ListName.TWODDOC, NOW - timedelta(days=3)),),
        "twoddoc_authorities": {authority.ca_id: (authority.certificate,)},
        "twoddoc_leaves": groups,
        "crls": (authority.crl(),),
    }
    return TrustList(**{**told, **changes})  # type: ignore[arg-type]


def answer(result: TwoDDocResult) -> tuple[Indication, SubIndication | None, str]:
    conclusion = result.verdict.conclusion
    return conclusion.indication, conclusion.sub_indication, conclusion.reason


def test_a_code_in_order_passes_and_shows_its_fields_and_its_issuer():
    result = check_twoddoc(TOWN.code(), trusting(TOWN), NOW)
    assert answer(result) == (PASSED, None, "all-passed")
    verdict = result.verdict
    assert [check.id for check in verdict.checks] == [
        f"twoddoc.{name}"
        for name in (
            [
                "structure",
                "issuer",
                "chain",
                "signature",
                "dates",
                "key",
                "revocation-list",
                "time",
                "content",
            ]
        )
    ]
    assert (verdict.ca, verdict.cert, verdict.issuer) == ("FR77", "TOWN", "Ville TOWN")
    assert (verdict.fields[0].di, verdict.fields[0].value) == ("10", "MME/EXEMPLE/CAMILLE")
    assert verdict.shown_blue, "nobody compared it with the page"
    assert not verdict.test
    assert result.proved is not None


def test_what_is_no_code_has_no_verdict():
    with pytest.raises(NotTwoDDocError):
        check_twoddoc(b"HC1:6BF", trusting(TOWN), NOW)


@pytest.mark.parametrize(
    "code", [one for one in MALFORMED if one["error"] != "not-2ddoc"], ids=lambda one: one["name"]
)
def test_a_malformed_code_is_false_damaged_or_unknown_and_shows_nothing(code):
    result = check_twoddoc(code["raw"].encode("latin-1"), trusting(TOWN), NOW)
    if code["error"] == "version-unsupported":
        expected = (UNSURE, SubIndication.POLICY_PROCESSING_ERROR)
    elif code["scan_again"]:
        expected = (UNSURE, SubIndication.SIGNED_DATA_NOT_FOUND)
    else:
        expected = (FAILED, SubIndication.FORMAT_FAILURE)
    assert answer(result) == (*expected, code["error"])
    assert result.verdict.fields == ()
    assert result.proved is None


OLD = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC))
LATER = (datetime(2027, 1, 1, tzinfo=UTC), END)
EXPIRED = AUTHORITY.leaf("OLD0", valid=OLD)
FUTURE = AUTHORITY.leaf("NEW0", valid=LATER)
ENCRYPTING = AUTHORITY.leaf("ENC0", key_usage=usage(key_encipherment=True))
RSA = AUTHORITY.leaf("RSA0", key=rsa.generate_private_key(65537, 2048))
P384 = AUTHORITY.leaf("P384", key=ec.generate_private_key(ec.SECP384R1()))
NAMESAKE = Authority("FR77")
STRANGER = NAMESAKE.leaf()
DIRECTORY_OLD = (TrustListInfo(ListName.TWODDOC, NOW - timedelta(days=31)),)
OLD_CRL = AUTHORITY.crl(issued=NOW - timedelta(days=60), days=30)
TEST = Authority("FR00")
TEST_TOWN = TEST.leaf("DM00", valid=OLD)
ALTERED = TOWN.odd_code(BODY).replace(b"75000", b"75001")

BAD_P384 = P384.code().replace(b"P384", b"TOWN")
WITHOUT_LIST = trusting(TOWN, crls=())
OTHER_LIST = trusting(TOWN, crls=(NAMESAKE.crl(),))
REVOKED = trusting(TOWN, crls=(AUTHORITY.crl([TOWN]),))
REVOKED_LONG_AGO = trusting(TOWN, crls=(AUTHORITY.crl([TOWN], issued=NOW - timedelta(days=90)),))
WITHDRAWN = trusting(TOWN, withdrawn=frozenset({"FR77"}))
OF_THE_FUTURE = TOWN.code(signature_date=date(2026, 11, 23))
LIES = {"FORMAT_FAILURE", "SIG_CRYPTO_FAILURE", "REVOKED", "NOT_YET_VALID"}
NOT_FOUND, NO_CHAIN = "NO_SIGNING_CERTIFICATE_FOUND", "NO_CERTIFICATE_CHAIN_FOUND"
WRONG_KEY, FORGED = "CHAIN_CONSTRAINTS_FAILURE", "SIG_CRYPTO_FAILURE"


def with_signature(signature: bytes) -> bytes:
    """Give a good code under another signature, raw."""
    return TOWN.code().split(b"\x1f")[0] + b"\x1f" + base32_encode(signature).encode()


def in_der() -> bytes:
    """Give a good code whose signature is in DER, as most libraries write it."""
    assert isinstance(TOWN.key, ec.EllipticCurvePrivateKey)
    return with_signature(TOWN.key.sign(b"", ec.ECDSA(hashes.SHA256())))


ORDER = ec.SECP256R1().group_order.to_bytes(32)
ROWS = {
    "signature in DER": (in_der(), trusting(TOWN), "FORMAT_FAILURE", "signature-length"),
    "signature of a byte more": (
        with_signature(bytes(65)),
        trusting(TOWN),
        "FORMAT_FAILURE",
        "signature-length",
    ),
    "signature of zeros": (
        with_signature(bytes(64)),
        trusting(TOWN),
        FORGED,
        "signature-invalid",
    ),
    "r of the group's order": (
        with_signature(ORDER + bytes(31) + b"\x01"),
        trusting(TOWN),
        FORGED,
        "signature-invalid",
    ),
    "signature date FFFF": (
        TOWN.code()[:16] + b"FFFF" + TOWN.code()[20:],
        trusting(TOWN),
        "FORMAT_FAILURE",
        "date-invalid",
    ),
    "signature of another curve": (BAD_P384, trusting(TOWN), "FORMAT_FAILURE", "signature-length"),
    "certificate not in the lists": (TOWN.code(), trusting(), NOT_FOUND, "issuer-not-listed"),
    "directory too old": (
        TOWN.code(),
        trusting(lists=DIRECTORY_OLD),
        "TRY_LATER",
        "directory-too-old",
    ),
    "test authority in production": (
        TEST_TOWN.code(),
        trusting(TEST_TOWN, authority=TEST),
        NO_CHAIN,
        "test-authority-outside-test-mode",
    ),
    "authority of the same name": (
        STRANGER.code(),
        trusting(STRANGER),
        NO_CHAIN,
        "not-signed-by-its-authority",
    ),
    "a digit changed": (ALTERED, trusting(TOWN), FORGED, "signature-invalid"),
    "another key of the same name": (STRANGER.code(), trusting(TOWN), FORGED, "signature-invalid"),
    "revoked": (TOWN.code(), REVOKED, "REVOKED", "revoked"),
    "revoked in an old list": (TOWN.code(), REVOKED_LONG_AGO, "REVOKED", "revoked"),
    "authority withdrawn": (TOWN.code(), WITHDRAWN, "REVOKED_CA_NO_POE", "authority-withdrawn"),
    "signed before the certificate": (
        FUTURE.code(),
        trusting(FUTURE),
        "NOT_YET_VALID",
        "signed-before-certificate",
    ),
    "signed after the certificate": (
        EXPIRED.code(),
        trusting(EXPIRED),
        "EXPIRED",
        "signed-after-certificate",
    ),
    "RSA certificate": (
        TOWN.code().replace(b"TOWN", b"RSA0"),
        trusting(RSA),
        WRONG_KEY,
        "key-not-allowed",
    ),
    "key for encryption": (
        ENCRYPTING.code(),
        trusting(ENCRYPTING),
        WRONG_KEY,
        "key-usage-not-signature",
    ),
    "no list of revocations": (TOWN.code(), WITHOUT_LIST, "TRY_LATER", "no-list"),
    "list of a namesake": (TOWN.code(), OTHER_LIST, "TRY_LATER", "no-list"),
    "list too old": (TOWN.code(), trusting(TOWN, crls=(OLD_CRL,)), "TRY_LATER", "list-too-old"),
    "in the future": (OF_THE_FUTURE, trusting(TOWN), "TIMESTAMP_ORDER_FAILURE", "signed-in-future"),
}
ODD = {
    "identifier twice": TOWN.odd_code(BODY + b"2475001"),
    "unknown identifier": TOWN.odd_code(BODY + b"ZZ1"),
    "unknown type": TOWN.odd_code(BODY, doc_type="ZZ"),
    "unknown perimeter": TOWN.odd_code(BODY, perimeter="07"),
    "mandatory missing": TOWN.odd_code(BODY[:-4]),
    "forbidden identifier": TOWN.odd_code(BODY + b"581,00"),
    "issue date missing": TOWN.odd_code(BODY, issue_date=None),
    "issue date forbidden": TOWN.odd_code(b"30M EXEMPLE\x1d31FR7612345\x1d32AB", doc_type="03"),
}
ROWS |= {
    name: (code, trusting(TOWN), "SIG_CONSTRAINTS_FAILURE", "content-against-type")
    for name, code in ODD.items()
}


@pytest.mark.parametrize(
    ("code", "trust", "sub_indication", "reason"), ROWS.values(), ids=list(ROWS)
)
def test_each_row_of_the_table(code, trust, sub_indication, reason):
    result = check_twoddoc(code, trust, NOW)
    indication = FAILED if sub_indication in LIES else UNSURE
    assert answer(result) == (indication, SubIndication[sub_indication], reason)
    proved = [check.id for check in result.verdict.checks if check.reason == "signature-verified"]
    assert bool(result.verdict.fields) is bool(proved), "fields are shown once proved, never before"


def test_the_first_line_that_applies_wins_and_every_check_is_listed():
    leaf = AUTHORITY.leaf("BAD0", valid=OLD, key_usage=usage(key_encipherment=True))
    trust = trusting(leaf, withdrawn=frozenset({"FR77"}), crls=(AUTHORITY.crl([leaf]),))
    result = check_twoddoc(leaf.odd_code(BODY + b"ZZ1"), trust, NOW)
    assert [check.reason for check in result.verdict.checks] == [
        "well-formed",
        "issuer-listed",
        "chain-verified",
        "signature-verified",
        "revoked",
        "authority-withdrawn",
        "signed-after-certificate",
        "key-usage-not-signature",
        "list-in-force",
        "signed-in-the-past",
        "content-against-type",
    ]
    assert answer(result) == (FAILED, SubIndication.REVOKED, "revoked")


def test_the_code_of_an_expired_certificate_stays_good_when_it_was_signed_in_its_time():
    authority = Authority("FR78", valid=OLD)
    leaf = authority.leaf("OLD0", valid=OLD)
    day = date(2021, 6, 1)
    code = leaf.code(issue_date=day, signature_date=day)
    trust = trusting(leaf, authority=authority)
    assert answer(check_twoddoc(code, trust, NOW))[0] is PASSED


def test_an_authority_that_was_not_valid_yet_or_any_more_counts_as_its_certificate():
    authority = Authority("FR78", valid=OLD)
    leaf = authority.leaf()
    result = check_twoddoc(leaf.code(), trusting(leaf, authority=authority), NOW)
    assert answer(result)[1] is SubIndication.EXPIRED


def test_the_first_and_the_last_day_of_a_certificate_are_its_own():
    morning = datetime(2026, 11, 20, 9, tzinfo=UTC)
    for valid in ((morning, END), (datetime(2026, 1, 1, tzinfo=UTC), morning)):
        leaf = AUTHORITY.leaf("DAY0", valid=valid)
        assert answer(check_twoddoc(leaf.code(), trusting(leaf), NOW))[0] is PASSED


def test_after_a_renewal_the_certificate_that_fits_is_taken():
    old = AUTHORITY.leaf("TWIN", valid=OLD)
    new = AUTHORITY.leaf("TWIN")
    for order in ((old, new), (new, old)):
        assert answer(check_twoddoc(new.code(), trusting(*order), NOW))[0] is PASSED
        late = check_twoddoc(old.code(), trusting(*order), NOW)
        assert answer(late)[1] is SubIndication.EXPIRED
    renewed_same_key = AUTHORITY.leaf("TWIN", key=old.key)
    assert answer(check_twoddoc(old.code(), trusting(old, renewed_same_key), NOW))[0] is PASSED


def test_a_list_in_its_grace_still_serves():
    crl = AUTHORITY.crl(issued=NOW - timedelta(days=36), days=30)
    assert answer(check_twoddoc(TOWN.code(), trusting(TOWN, crls=(crl,)), NOW))[0] is PASSED


def test_tomorrow_is_allowed_for_clocks_that_differ():
    code = TOWN.code(signature_date=date(2026, 11, 22))
    assert answer(check_twoddoc(code, trusting(TOWN), NOW))[0] is PASSED


def test_an_old_version_or_an_unproved_table_never_weighs():
    old = TOWN.odd_code(BODY[:-4], version=3, country=None)
    assert answer(check_twoddoc(old, trusting(TOWN), NOW))[0] is PASSED
    unproved = TOWN.odd_code(b"80EXEMPLE\x1d", doc_type="A6")
    result = check_twoddoc(unproved, trusting(TOWN), NOW)
    assert answer(result)[0] is PASSED
    assert "missing-mandatory:81" in result.verdict.findings


def test_in_test_mode_the_test_authority_passes_and_says_test():
    trust = trusting(TEST_TOWN, authority=TEST, mode=Mode.TEST, crls=())
    result = check_twoddoc(TEST_TOWN.code(), trust, NOW)
    assert answer(result)[0] is PASSED
    assert result.verdict.test
    reasons = {check.reason for check in result.verdict.checks}
    assert {"test-authority-dates-not-applied", "test-authority-without-list"} <= reasons


def test_in_test_mode_another_authority_keeps_every_rule():
    trust = trusting(TOWN, mode=Mode.TEST, crls=())
    assert answer(check_twoddoc(TOWN.code(), trust, NOW))[2] == "no-list"
    trust = trusting(EXPIRED, mode=Mode.TEST)
    assert answer(check_twoddoc(EXPIRED.code(), trust, NOW))[1] is SubIndication.EXPIRED


def test_in_test_mode_the_test_authority_revokes_and_is_not_replaced_by_a_namesake():
    town = TEST.leaf("DM00")
    trust = trusting(town, authority=TEST, mode=Mode.TEST, crls=(TEST.crl([town]),))
    assert answer(check_twoddoc(town.code(), trust, NOW))[1] is SubIndication.REVOKED
    other = Authority("FR00").leaf("DM00")
    trust = trusting(other, authority=TEST, mode=Mode.TEST)
    assert answer(check_twoddoc(other.code(), trust, NOW))[2] == "not-signed-by-its-authority"


def test_a_lost_separator_that_cannot_be_proved_asks_for_another_scan():
    lost = TOWN.code().replace(b"\x1f", b"")
    assert answer(check_twoddoc(lost, trusting(TOWN), NOW))[2] == "no-signature"
    assert answer(check_twoddoc(lost, trusting(TOWN), NOW, repair=True))[0] is PASSED
    altered = lost.replace(b"75000", b"75001")
    result = check_twoddoc(altered, trusting(TOWN), NOW, repair=True)
    assert answer(result)[:2] == (UNSURE, SubIndication.SIGNED_DATA_NOT_FOUND)
    kept = TOWN.code().replace(b"75000", b"75001") + b"\r\n"
    result = check_twoddoc(kept, trusting(TOWN), NOW, repair=True)
    assert answer(result)[1] is SubIndication.SIG_CRYPTO_FAILURE


def test_the_annex_is_listed_apart_and_never_among_the_fields():
    result = check_twoddoc(TOWN.code() + b"\x1d24FORGED\x1d", trusting(TOWN), NOW)
    assert [(one.di, one.raw) for one in result.verdict.annex] == [("", "24FORGED\x1d")]
    result = check_twoddoc(TOWN.code() + b"\x1d02FORGED\x1d", trusting(TOWN), NOW)
    assert [(one.di, one.raw) for one in result.verdict.annex] == [("02", "FORGED")]
    assert "02" not in {one.di for one in result.verdict.fields}
    assert "annex-present" in result.verdict.findings
    assert answer(result)[0] is PASSED


def test_an_end_of_validity_that_is_no_date_is_a_notice_and_expires_nothing():
    result = check_twoddoc(TOWN.odd_code(BODY + b"08FFFF"), trusting(TOWN), NOW)
    assert answer(result)[0] is PASSED
    assert result.verdict.findings == ("value-invalid:08",)


def test_an_expired_document_is_a_notice():
    code = TOWN.odd_code(BODY + b"080E84")
    result = check_twoddoc(code, trusting(TOWN), NOW)
    assert "expired-document:08" in result.verdict.findings
    assert answer(result)[0] is PASSED


def test_no_changed_byte_of_a_code_ever_passes():
    raw, trust = TOWN.code(), trusting(TOWN)
    for place in range(2, len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        result = check_twoddoc(changed, trust, NOW)
        assert answer(result)[0] is not PASSED, place
        assert result.verdict.fields == ()


@pytest.mark.parametrize(
    ("mode", "member"),
    [(Mode.TEST, "expected_test_mode"), (Mode.PRODUCTION, "expected_production")],
)
def test_shared_codes_have_the_verdicts_of_their_authors(mode, member):
    trust = shared_trust(mode)
    for code in shared_codes():
        result = check_twoddoc(code["raw"].encode("latin-1"), trust, NOW)
        indication, sub_indication, _ = answer(result)
        got = {"indication": indication, "sub_indication": sub_indication}
        assert got == code[member], code["name"]
    assert len(shared_codes()) == 87


def test_the_trust_that_made_a_verdict_has_names_and_ages():
    trust = trusting(TOWN)
    used = trust.used([ListName.TWODDOC], NOW)
    assert [(one.name, one.age_days) for one in used.lists] == [("twoddoc", 3)]
    assert dataclasses.replace(trust, mode=Mode.TEST).used([], NOW).test
