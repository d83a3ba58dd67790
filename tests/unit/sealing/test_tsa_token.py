"""Time-stamp tokens: made by Certomancer and by our demonstration, honest or not."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st
from support.authorities import (
    STAMPS,
    asn1_key,
    certomancer,
    demo_authority,
    holder,
    known,
)
from support.budget import cases
from support.sealers import NOW, town

from cli.demo import pki
from sealing.authorities.token import Question, TokenError, TsaBusyError, read_answer
from sealing.der import der, integer

DIGEST = hashlib.sha256(b"a seal").digest()
QUESTION = Question(DIGEST, "sha256", 0xF0E1D2C3B4A59687)


def read(answer, question=QUESTION, now=NOW, authorities=None):
    return read_answer(answer, question, authorities or known(), now)


def why(answer, **options):
    with pytest.raises(TokenError) as caught:
        read(answer, **options)
    assert not caught.value.retryable
    return caught.value.details["why"]


def test_a_token_of_certomancer_holds():
    answer = certomancer()(QUESTION.encode())
    token, (made, _) = read(answer), town()
    assert token.chain[0] == made.tsa.certificate
    assert token.chain[-1] == made.root.certificate
    assert token.time == NOW
    assert token.der == tsp.TimeStampResp.load(answer)["time_stamp_token"].dump()


@pytest.mark.parametrize("size", [2048, 3072])
def test_a_token_signed_by_rsa_holds(size):
    key = rsa.generate_private_key(public_exponent=65537, key_size=size)
    assert read(certomancer(holder((STAMPS, True), key=key))(QUESTION.encode())).time == NOW


@pytest.mark.parametrize(
    ("curve", "digest"), [(ec.SECP384R1(), "sha384"), (ec.SECP521R1(), "sha512")]
)
def test_a_token_by_a_longer_curve_and_digest_holds(curve, digest):
    made = holder((STAMPS, True), key=ec.generate_private_key(curve))
    answer = certomancer(made, md_algorithm=digest)(QUESTION.encode())
    assert read(answer).chain[0] == made.certificate


def test_the_question_says_what_the_other_library_reads():
    asked = replace(QUESTION, policy="1.3.6.1.4.1.4146.2.3")
    parsed = tsp.TimeStampReq.load(asked.encode(), strict=True)
    assert parsed["message_imprint"]["hashed_message"].native == DIGEST
    assert parsed["message_imprint"]["hash_algorithm"]["algorithm"].native == "sha256"
    assert parsed["nonce"].native == QUESTION.nonce
    assert parsed["cert_req"].native is True
    assert parsed["req_policy"].native == asked.policy
    assert parsed.dump(force=True) == asked.encode()


def test_the_demonstrations_tokens_are_read_by_the_other_library():
    answer = demo_authority().answer(QUESTION.encode())
    parsed = tsp.TimeStampResp.load(answer, strict=True)
    info = parsed["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    assert info["nonce"].native == QUESTION.nonce
    assert info["gen_time"].native == NOW
    assert read(answer).time == NOW


# --- what does not hold ---------------------------------------------------------------------------


@pytest.mark.parametrize("maker", [certomancer(), demo_authority().answer], ids=["other", "ours"])
def test_a_token_for_another_question_is_refused(maker):
    def of(**change):
        return maker(replace(QUESTION, **change).encode())

    assert why(of(digest=bytes(32))) == "imprint"
    assert why(of(nonce=QUESTION.nonce + 1)) == "nonce"
    longer = Question(hashlib.sha384(b"a seal").digest(), "sha384", QUESTION.nonce)
    assert why(maker(longer.encode())) == "imprint"


def test_a_token_without_nonce_is_refused():
    asked = tsp.TimeStampReq.load(QUESTION.encode())
    del asked["nonce"]
    assert why(certomancer()(asked.dump())) == "nonce"


def test_a_token_of_another_policy_is_refused():
    answer = certomancer()(QUESTION.encode())
    assert read(answer, replace(QUESTION, policy="1.3.6.1.4.1.4146.2.3")).time == NOW
    with pytest.raises(TokenError) as caught:
        read(answer, replace(QUESTION, policy="1.3.6.1.4.1.4146.2.4"))
    assert caught.value.details["why"] == "policy"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_hour_far_from_ours_is_refused(minutes):
    answer = certomancer(at=NOW + timedelta(minutes=minutes))(QUESTION.encode())
    assert why(answer) == "clock"
    near = certomancer(at=NOW + timedelta(minutes=minutes / 2))(QUESTION.encode())
    assert read(near).time == NOW + timedelta(minutes=minutes / 2)


def test_an_authority_that_the_trust_folder_does_not_hold_is_refused():
    other = pki.build(NOW)
    assert why(certomancer(other.tsa)(QUESTION.encode())) == "certificate-unknown"
    # The same names, other keys.
    assert other.tsa.certificate.subject == town()[0].tsa.certificate.subject
    assert why(certomancer()(QUESTION.encode()), authorities=(other.root.certificate,)) == (
        "certificate-unknown"
    )


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ([], "form"),
        ([(STAMPS, False)], "certificate-use"),
        ([(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), True)], "certificate-use"),
        (
            [(x509.ExtendedKeyUsage([*STAMPS, ExtendedKeyUsageOID.SERVER_AUTH]), True)],
            "certificate-use",
        ),
    ],
    ids=["none", "not critical", "TLS", "both"],
)
def test_a_certificate_that_is_not_for_time_stamps_alone_is_refused(extensions, expected):
    assert why(certomancer(holder(*extensions))(QUESTION.encode())) == expected


def test_the_seals_own_key_makes_no_time_stamp():
    assert why(certomancer(town()[0].seals["seal-p256"])(QUESTION.encode())) == "form"


@pytest.mark.parametrize("days", [(-9, -1), (1, 9)])
def test_a_certificate_outside_its_dates_is_refused(days):
    made = holder((STAMPS, True), valid=(timedelta(days=days[0]), timedelta(days=days[1])))
    assert why(certomancer(made)(QUESTION.encode())) == "certificate-dates"


def test_a_token_signed_by_another_key_than_its_certificates_is_refused():
    made = town()[0].tsa
    other = holder((STAMPS, True))
    false = pki.Holder(made.certificate, other.key)
    assert asn1_key(false).dump() != asn1_key(made).dump()
    assert why(certomancer(false)(QUESTION.encode())) == "signature"


def test_a_weak_digest_is_refused():
    answer = certomancer(holder((STAMPS, True)), md_algorithm="sha1")(QUESTION.encode())
    assert why(answer) == "algorithm"


def refusal(status, *failures):
    bits = tsp.PKIFailureInfo(set(failures)) if failures else None
    info = tsp.PKIStatusInfo({"status": status, "fail_info": bits})
    # By hand: the other library writes no answer without token.
    return der(0x30, info.dump())


@pytest.mark.parametrize(
    "answer",
    [
        refusal("rejection", "bad_alg"),
        refusal("rejection", "bad_data_format"),
        refusal("rejection", "unaccepted_policy"),
        refusal("rejection"),
        refusal("revocation_notification"),
    ],
)
def test_a_refusal_is_told_and_not_asked_again(answer):
    assert why(answer) == "refused"


@pytest.mark.parametrize(
    "answer",
    [
        refusal("rejection", "time_not_available"),
        refusal("rejection", "system_failure"),
        refusal("waiting"),
    ],
)
def test_an_authority_that_cannot_stamp_now_may_be_asked_again(answer):
    with pytest.raises(TsaBusyError) as caught:
        read(answer)
    assert caught.value.retryable


def test_a_granted_answer_without_token_is_refused():
    assert why(refusal("granted")) == "form"


@pytest.mark.parametrize(
    "answer",
    [b"0", b"busy", bytes(100), b"\x30\x80\x00\x00", b"\x30\x84\xff\xff\xff\xff"],
)
def test_garbage_is_refused(answer):
    assert why(answer) == "form"


@pytest.mark.parametrize("answer", [b"", b"<html>busy</html>", b"\n <!DOCTYPE html>"])
def test_a_page_in_an_answers_place_may_pass(answer):
    with pytest.raises(TsaBusyError):
        why(answer)


@given(st.binary(max_size=60))
def test_whatever_comes_is_refused_by_an_error_of_ours(answer):
    with pytest.raises((TokenError, TsaBusyError)):
        read(answer)


def proved_places(answer):
    """Give the places of an answer that the token's signature covers or is, and who signed."""
    signed = tsp.TimeStampResp.load(answer)["time_stamp_token"]["content"]
    info = signed["signer_infos"][0]
    covered = [
        signed["encap_content_info"]["content"].contents,
        info["signed_attrs"].contents,
        info["signature"].native,
        info["sid"].chosen.dump(),
        town()[0].tsa.certificate.public_bytes(Encoding.DER),
    ]
    spans = [(answer.index(part), len(part)) for part in covered]
    return {place for start, size in spans for place in range(start, start + size)}


def test_one_changed_bit_of_what_a_token_proves_is_never_believed():
    answer = certomancer()(QUESTION.encode())
    proved = proved_places(answer)
    assert len(proved) > len(answer) / 2
    step = max(1, 8 * len(answer) // cases(fast=400, ci=4_000, slow=8 * len(answer)))
    for place in range(0, 8 * len(answer), step):
        changed = bytearray(answer)
        changed[place // 8] ^= 1 << place % 8
        try:
            token = read(bytes(changed))
        except (TokenError, TsaBusyError):
            continue
        assert place // 8 not in proved
        assert token.chain[0] == town()[0].tsa.certificate
        assert token.time == NOW


def test_a_signer_may_be_named_by_its_key_and_by_no_other():
    response = tsp.TimeStampResp.load(certomancer()(QUESTION.encode()))
    info = response["time_stamp_token"]["content"]["signer_infos"][0]
    extensions = town()[0].tsa.certificate.extensions
    key = extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    info["sid"] = cms.SignerIdentifier("subject_key_identifier", key)
    assert read(response.dump(force=True)).time == NOW
    info["sid"] = cms.SignerIdentifier("subject_key_identifier", bytes(len(key)))
    assert why(response.dump(force=True)) == "form"


def test_der_that_is_not_canonical_is_refused():
    answer = certomancer()(QUESTION.encode())
    long_form = b"\x30\x83\x00" + answer[2:4] + answer[4:]
    assert why(long_form) == "form"
    assert why(answer + b"\x00") == "form"
    assert why(der(0x30, der(0x30, integer(0)), b"\x30")) == "form"
