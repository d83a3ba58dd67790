"""A town code against the trust lists: every row of the verdict table of `verifier/DESIGN.md`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st
from support.budget import cases
from support.towncode import CERTIFICATE, CODES, claims, code_of, shared_vectors
from support.twoddoc_pki import END, NOW, Authority, Leaf, usage

from sealing.towncode.errors import NotTownCodeError
from sealing.towncode.message import Claims, Pair
from sealing.towncode.signature import thumbprint
from verifier.check import Indication, SubIndication
from verifier.checks.codes.towncode import TownCodeResult, check_towncode
from verifier.trust.trust_list import ListName, Mode, TrustList, TrustListInfo

FAILED, UNSURE, PASSED = Indication.TOTAL_FAILED, Indication.INDETERMINATE, Indication.TOTAL_PASSED
AUTHORITY = Authority("SEALS")
TOWN = AUTHORITY.leaf()
OLD = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC))
LATER = (datetime(2027, 1, 1, tzinfo=UTC), END)


def by_thumbprint(
    certificates: Sequence[x509.Certificate],
) -> dict[bytes, tuple[x509.Certificate, ...]]:
    """Put seal certificates as a trust list holds them."""
    return {thumbprint(one): (one,) for one in certificates}


def trusting(*leaves: Leaf, authority: Authority = AUTHORITY, **changes: object) -> TrustList:
    """Give lists that hold an authority, some seals and an empty list of revocations."""
    told: dict[str, object] = {
        "mode": Mode.PRODUCTION,
        "lists": (TrustListInfo(ListName.AUTHORITIES, NOW - timedelta(days=3)),),
        "authorities": (authority.certificate,),
        "seals": by_thumbprint([leaf.certificate for leaf in leaves]),
        "crls": (authority.crl(),),
    }
    return TrustList(**{**told, **changes})  # type: ignore[arg-type]


def answer(result: TownCodeResult) -> tuple[Indication, SubIndication | None, str]:
    conclusion = result.verdict.conclusion
    return conclusion.indication, conclusion.sub_indication, conclusion.reason


def test_a_code_in_order_passes_and_shows_its_fields_and_its_issuer():
    result = check_towncode(code_of(TOWN), trusting(TOWN), NOW)
    assert answer(result) == (PASSED, None, "all-passed")
    verdict = result.verdict
    names = "structure issuer chain signature dates key purpose revocation-list time content"
    assert [check.id for check in verdict.checks] == [f"towncode.{one}" for one in names.split()]
    assert (verdict.version, verdict.doc_type) == (1, "1")
    assert verdict.doc_type_name == "Attestation d'accueil"
    assert verdict.issuer == "Ville TOWN", "from the certificate, never from the code"
    assert verdict.cert == thumbprint(TOWN.certificate).hex().upper()
    assert str(verdict.signature_date) == "2026-11-20"
    shown = [(field.di, field.name, field.value) for field in verdict.fields]
    assert shown[:2] == [("1", "Nom", "EXEMPLE"), ("2", "Prénoms", "CAMILLE")]
    assert verdict.shown_blue, "nobody compared it with the page"
    assert not verdict.test
    assert result.proved is not None


def test_what_is_no_town_code_has_no_verdict():
    with pytest.raises(NotTownCodeError):
        check_towncode(b"DC04FR00", trusting(TOWN), NOW)


def test_shared_codes_have_the_verdicts_of_their_author():
    vectors, certificate = shared_vectors()
    trust = TrustList(Mode.TEST, (), seals=by_thumbprint([certificate]))
    for told in vectors:
        result = check_towncode(told["raw"].encode(), trust, NOW)
        indication, sub_indication, _ = answer(result)
        got = {"indication": indication, "sub_indication": sub_indication}
        assert got == told["expected"], told["name"]
        proved = told["expected"]["sub_indication"] in {None, "SIG_CONSTRAINTS_FAILURE"}
        assert bool(result.verdict.fields) is proved, told["name"]


@pytest.mark.parametrize("code", CODES, ids=lambda one: one["name"])
def test_our_codes_pass_fail_or_are_odd_as_they_say(code):
    trust = TrustList(Mode.TEST, (), seals=by_thumbprint([CERTIFICATE]))
    raw = code["raw"].encode("latin-1")
    if code.get("error") == "not-towncode":
        with pytest.raises(NotTownCodeError):
            check_towncode(raw, trust, NOW)
        return
    result = check_towncode(raw, trust, NOW)
    decisive = [one for one in code.get("findings", []) if not one.startswith("value-invalid")]
    expected: tuple[Indication, SubIndication | None, str]
    match code:
        case {"error": "layout-unknown"}:
            expected = (UNSURE, SubIndication.POLICY_PROCESSING_ERROR, "layout-unknown")
        case {"error": "cut-short"}:
            expected = (UNSURE, SubIndication.SIGNED_DATA_NOT_FOUND, "cut-short")
        case {"error": reason}:
            expected = (FAILED, SubIndication.FORMAT_FAILURE, reason)
        case {"signature": "invalid"}:
            expected = (FAILED, SubIndication.SIG_CRYPTO_FAILURE, "signature-invalid")
        case _ if decisive:
            expected = (UNSURE, SubIndication.SIG_CONSTRAINTS_FAILURE, "content-unclear")
        case _:
            expected = (PASSED, None, "all-passed")
    assert answer(result) == expected
    shown = [[field.name, field.value] for field in result.verdict.fields]
    assert len(shown) == (len(code["fields"]) if code.get("signature") == "valid" else 0)


def test_a_code_cut_anywhere_is_never_called_forged_nor_believed():
    raw, trust = code_of(TOWN), trusting(TOWN)
    for end in range(len("CV1:"), len(raw)):
        for repair in (False, True):
            result = check_towncode(raw[:end], trust, NOW, repair=repair)
            assert answer(result) == (UNSURE, SubIndication.SIGNED_DATA_NOT_FOUND, "cut-short")
            assert result.verdict.fields == ()


EXPIRED = AUTHORITY.leaf("OLD0", valid=OLD)
FUTURE = AUTHORITY.leaf("NEW0", valid=LATER)
ENCRYPTING = AUTHORITY.leaf("ENC0", key_usage=usage(key_encipherment=True))
NAMESAKE = Authority("SEALS")
STRANGER = NAMESAKE.leaf()
OTHER = Authority("OTHER").leaf()
OLD_CRL = AUTHORITY.crl(issued=NOW - timedelta(days=60), days=30)


def stamping() -> Leaf:
    """Give a certificate made for time-stamps, its own key's."""
    leaf = AUTHORITY.leaf("TSA0")
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    builder = AUTHORITY._builder("TSA0", leaf.key, (NOW - timedelta(days=90), END))
    builder = builder.add_extension(usage(digital_signature=True), critical=True)
    certificate = builder.add_extension(purposes, critical=True).sign(
        AUTHORITY.key, hashes.SHA256()
    )
    return Leaf("SEALS", "TSA0", leaf.key, certificate)


STAMPING = stamping()


def renamed(leaf: Leaf, other: Leaf) -> bytes:
    """Give a code that bears the thumbprint of another certificate, signed by the first one."""
    return code_of(Leaf(leaf.ca_id, leaf.name, leaf.key, other.certificate))


RSA = AUTHORITY.leaf("RSA0", key=rsa.generate_private_key(65537, 2048))
P384 = AUTHORITY.leaf("P384", key=ec.generate_private_key(ec.SECP384R1()))
GOOD = code_of(TOWN)


def wrong_key(leaf: Leaf) -> TrustList:
    """Give lists where the thumbprint of a good code leads to another kind of key."""
    return trusting(TOWN, seals={thumbprint(TOWN.certificate): (leaf.certificate,)})


NO_CHAIN, WRONG_KEY = "NO_CERTIFICATE_CHAIN_FOUND", "CHAIN_CONSTRAINTS_FAILURE"
LIES = {"FORMAT_FAILURE", "SIG_CRYPTO_FAILURE", "REVOKED", "NOT_YET_VALID"}
ROWS = {
    "thumbprint of nobody": (GOOD, trusting(), "NO_SIGNING_CERTIFICATE_FOUND", "seal-not-listed"),
    "authority that we lack": (code_of(OTHER), trusting(OTHER), NO_CHAIN, "authority-not-listed"),
    "authority of the same name": (
        code_of(STRANGER),
        trusting(STRANGER),
        NO_CHAIN,
        "authority-not-listed",
    ),
    "namesake, in test mode too": (
        code_of(STRANGER),
        trusting(STRANGER, mode=Mode.TEST),
        NO_CHAIN,
        "authority-not-listed",
    ),
    "another key under this thumbprint": (
        renamed(OTHER, TOWN),
        trusting(TOWN),
        "SIG_CRYPTO_FAILURE",
        "signature-invalid",
    ),
    "revoked": (GOOD, trusting(TOWN, crls=(AUTHORITY.crl([TOWN]),)), "REVOKED", "revoked"),
    "revoked in an old list": (
        GOOD,
        trusting(TOWN, crls=(AUTHORITY.crl([TOWN], issued=NOW - timedelta(days=90)),)),
        "REVOKED",
        "revoked",
    ),
    "issued before the certificate": (
        code_of(FUTURE),
        trusting(FUTURE),
        "NOT_YET_VALID",
        "signed-before-certificate",
    ),
    "issued after the certificate": (
        code_of(EXPIRED),
        trusting(EXPIRED),
        "EXPIRED",
        "signed-after-certificate",
    ),
    "RSA seal": (GOOD, wrong_key(RSA), WRONG_KEY, "key-not-allowed"),
    "P-384 seal": (GOOD, wrong_key(P384), WRONG_KEY, "key-not-allowed"),
    "key for encryption": (
        code_of(ENCRYPTING),
        trusting(ENCRYPTING),
        WRONG_KEY,
        "key-usage-not-signature",
    ),
    "certificate of time-stamps": (
        code_of(STAMPING),
        trusting(STAMPING),
        WRONG_KEY,
        "certificate-for-something-else",
    ),
    "no list of revocations": (GOOD, trusting(TOWN, crls=()), "TRY_LATER", "no-list"),
    "list of a namesake": (GOOD, trusting(TOWN, crls=(NAMESAKE.crl(),)), "TRY_LATER", "no-list"),
    "list too old": (GOOD, trusting(TOWN, crls=(OLD_CRL,)), "TRY_LATER", "list-too-old"),
    "in the future": (
        code_of(TOWN, claims(issued=NOW + timedelta(days=1, seconds=1))),
        trusting(TOWN),
        "TIMESTAMP_ORDER_FAILURE",
        "signed-in-future",
    ),
    "a name twice": (
        code_of(TOWN, Claims(claims().issued_at, bytes(16), 1, (Pair(1, "A"), Pair(1, "B")))),
        trusting(TOWN),
        "SIG_CONSTRAINTS_FAILURE",
        "content-unclear",
    ),
}


@pytest.mark.parametrize(
    ("code", "trust", "sub_indication", "reason"), ROWS.values(), ids=list(ROWS)
)
def test_each_row_of_the_table(code, trust, sub_indication, reason):
    result = check_towncode(code, trust, NOW)
    indication = FAILED if sub_indication in LIES else UNSURE
    assert answer(result) == (indication, SubIndication[sub_indication], reason)
    proved = [check.id for check in result.verdict.checks if check.reason == "signature-verified"]
    assert bool(result.verdict.fields) is bool(proved), "fields are shown once proved, never before"


def test_a_seal_believed_as_it_stands_is_so_in_test_mode_alone():
    trust = TrustList(Mode.TEST, (), seals=by_thumbprint([OTHER.certificate]))
    result = check_towncode(code_of(OTHER), trust, NOW)
    assert answer(result)[0] is PASSED
    assert result.verdict.test
    real = TrustList(Mode.PRODUCTION, (), seals=trust.seals)
    assert answer(check_towncode(code_of(OTHER), real, NOW))[2] == "authority-not-listed"


def test_a_chain_of_two_authorities_is_asked_whole():
    root = Authority("ROOT0")
    middle = root.below(AUTHORITY)
    trust = trusting(TOWN, authorities=(root.certificate, middle.certificate))
    result = check_towncode(GOOD, trust, NOW)
    assert answer(result)[2] == "no-list", "the intermediate has no list of its root's"
    whole = trusting(
        TOWN,
        authorities=(root.certificate, middle.certificate),
        crls=(AUTHORITY.crl(), root.crl()),
    )
    assert answer(check_towncode(GOOD, whole, NOW))[0] is PASSED
    revoked = trusting(
        TOWN,
        authorities=(root.certificate, middle.certificate),
        crls=(AUTHORITY.crl(), root.crl([middle])),
    )
    assert answer(check_towncode(GOOD, revoked, NOW))[1] is SubIndication.REVOKED


def test_two_certificates_under_one_thumbprint_are_both_tried():
    for pair in ((TOWN, OTHER), (OTHER, TOWN)):
        group = tuple(one.certificate for one in pair)
        trust = trusting(TOWN, seals={thumbprint(TOWN.certificate): group})
        assert answer(check_towncode(GOOD, trust, NOW))[0] is PASSED


def test_the_text_of_a_code_that_is_not_proved_reaches_no_screen():
    told = Claims(claims().issued_at, bytes(16), "AUTHENTIQUE", (Pair("VALABLE", "oui"),))
    for trust in (trusting(), trusting(TOWN, crls=())):
        result = check_towncode(code_of(OTHER, told), trust, NOW)
        assert "AUTHENTIQUE" not in repr(result.verdict.checks)
        assert (result.verdict.doc_type, result.verdict.doc_type_name) == (None, None)
        assert (result.verdict.fields, result.verdict.findings) == ((), ())


def test_tomorrow_is_allowed_for_clocks_that_differ():
    code = code_of(TOWN, claims(issued=NOW + timedelta(hours=23)))
    assert answer(check_towncode(code, trusting(TOWN), NOW))[0] is PASSED


@pytest.mark.parametrize(
    ("until", "expired"),
    [("2026-11-20", True), ("2026-11-21", False), ("2026-10", True), ("2026-11", False),
     ("2025", True), ("2026", False)],
)  # fmt: skip
def test_an_expired_document_is_a_notice(until, expired):
    code = code_of(TOWN, claims({"nom": "A", "valable jusqu'au": until}))
    result = check_towncode(code, trusting(TOWN), NOW)
    assert ("expired-document:10" in result.verdict.findings) is expired
    assert answer(result)[0] is PASSED


def test_a_pasted_text_with_line_ends_is_repaired_when_asked():
    pasted = GOOD[:100] + b"\r\n" + GOOD[100:] + b"\n"
    assert answer(check_towncode(pasted, trusting(TOWN), NOW))[2] == "base32-invalid"
    result = check_towncode(pasted, trusting(TOWN), NOW, repair=True)
    assert answer(result)[0] is PASSED
    assert "repaired-transport" in result.verdict.findings


def test_no_changed_bit_of_a_code_ever_passes():
    trust = trusting(TOWN)
    for place in range(4, len(GOOD)):
        for bit in range(8):
            changed = GOOD[:place] + bytes([GOOD[place] ^ 1 << bit]) + GOOD[place + 1 :]
            result = check_towncode(changed, trust, NOW)
            assert answer(result)[0] is not PASSED, place
            assert result.verdict.fields == ()


@given(st.data())
@settings(max_examples=cases(ci=2_000, slow=100_000), deadline=None)
def test_no_mutated_code_passes(data):
    at = data.draw(st.integers(4, len(GOOD)))
    end = data.draw(st.integers(at, min(at + 3, len(GOOD))))
    mutated = GOOD[:at] + data.draw(st.binary(max_size=4)) + GOOD[end:]
    result = check_towncode(mutated, trusting(TOWN), NOW)
    assert mutated == GOOD or answer(result)[0] is not PASSED
