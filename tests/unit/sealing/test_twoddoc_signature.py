"""2D-Doc: only a code that its key signed gives values to show."""

import base64
from datetime import date

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from support.shared import shared
from support.twoddoc import FORGED, OUR_KEY, SIGNED, shared_codes, sign

from sealing.twoddoc.header import Header, Reason, TwoDDocError
from sealing.twoddoc.message import MAX_LENGTH, assemble, issue, parse
from sealing.twoddoc.signature import (
    KeyNotAllowedError,
    SignatureInvalidError,
    digest_for,
    raw_signature,
    verify,
)

PUBLIC = OUR_KEY.public_key()
DAY = date(2026, 11, 20)
HEADER = Header(4, "FR00", "TEST", DAY, DAY, "B3", "01", "FR")


@pytest.mark.parametrize("code", SIGNED, ids=lambda code: code["name"])
def test_a_signed_code_is_proved_and_shows_its_fields(code):
    proved = verify(parse(code["raw"].encode("latin-1")), PUBLIC)
    assert [[f.di, f.raw, f.truncated] for f in proved.fields()] == code["fields"]


@pytest.mark.parametrize("code", FORGED, ids=lambda code: code["name"])
def test_a_forged_code_proves_nothing(code):
    with pytest.raises(SignatureInvalidError):
        verify(parse(code["raw"].encode("latin-1")), PUBLIC)


def test_shared_codes_verify_as_their_authors_computed():
    outcomes = {}
    for code in shared_codes():
        if code["certificate"] is None or code["signature_bytes"] not in {64, 96, 132}:
            continue
        pem = shared(f"data/twoddoc/{code['certificate']}").read_bytes()
        key = x509.load_pem_x509_certificate(pem).public_key()
        try:
            verify(parse(code["raw"].encode("latin-1")), key)
        except SignatureInvalidError:
            outcomes[code["name"]] = "invalid"
        else:
            outcomes[code["name"]] = "valid"
        assert outcomes[code["name"]] == code["expected_signature"], code["name"]
    assert sorted(set(outcomes.values())) == ["invalid", "valid"]


@pytest.mark.parametrize(
    "curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda c: c.name
)
def test_each_curve_has_its_digest_and_length(curve):
    key = ec.generate_private_key(curve)
    public = key.public_key()

    def sign_with(content):
        return raw_signature(key.sign(content, ec.ECDSA(digest_for(public))), public)

    raw = issue(HEADER, {"01": "A"}, sign_with)
    assert verify(parse(raw), public).fields()[0].value == "A"
    for stranger in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()):
        if stranger.name != curve.name:
            with pytest.raises(TwoDDocError) as caught:
                verify(parse(raw), ec.generate_private_key(stranger).public_key())
            assert caught.value.reason is Reason.SIGNATURE_LENGTH


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256K1()),
    ],
    ids=lambda key: type(key).__name__,
)
def test_a_key_that_the_specification_does_not_know_is_refused(key):
    with pytest.raises(KeyNotAllowedError):
        verify(parse(issue(HEADER, {"01": "A"}, sign)), key.public_key())


ORDER = ec.SECP256R1().group_order


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (ORDER, 1), (1, ORDER), (2**256 - 1, 1)])
def test_r_and_s_outside_the_group_prove_nothing(r, s):
    unsigned = HEADER.encode() + b"01A\x1d"
    with pytest.raises(SignatureInvalidError, match=r"outside 1\.\.n-1"):
        verify(parse(assemble(unsigned, r.to_bytes(32) + s.to_bytes(32))), PUBLIC)


def test_the_annex_is_not_signed_and_shows_nothing():
    raw = issue(HEADER, {"01": "A"}, sign) + b"\x1d02ADDED BY ANYONE"
    assert [field.di for field in verify(parse(raw), PUBLIC).fields()] == ["01"]


def test_a_value_that_does_not_decode_is_shown_as_it_stands():
    unsigned = HEADER.encode() + b"4B99999999ZZ?\x1d"
    first, second = verify(parse(assemble(unsigned, sign(unsigned))), PUBLIC).fields()
    assert (first.raw, first.value) == ("99999999", None)
    assert (second.french, second.english, second.value) == ("ZZ", "ZZ", "?")


@pytest.mark.parametrize("code", SIGNED[:1], ids=lambda code: code["name"])
def test_no_changed_bit_of_a_code_is_ever_proved(code):
    raw = code["raw"].encode("latin-1")
    proved = 0
    for place in range(len(raw)):
        for bit in range(8):
            changed = raw[:place] + bytes([raw[place] ^ (1 << bit)]) + raw[place + 1 :]
            try:
                verify(parse(changed, repair=True), PUBLIC)
            except (TwoDDocError, SignatureInvalidError):
                continue
            proved += 1
    assert proved == 0
    assert len(raw) < MAX_LENGTH


def test_der_in_base32_is_refused_before_any_key():
    unsigned = HEADER.encode() + b"01A\x1d"
    der = OUR_KEY.sign(unsigned, ec.ECDSA(hashes.SHA256()))
    text = base64.b32encode(der).rstrip(b"=")
    with pytest.raises(TwoDDocError) as caught:
        parse(unsigned + b"\x1f" + text)
    assert caught.value.reason is Reason.SIGNATURE_LENGTH
