"""The town code's signature, and its issue."""

import base64
import hashlib
from datetime import UTC, datetime

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from support.towncode import (
    CERTIFICATE,
    FIELDS,
    IDENTIFIER,
    ISSUED,
    SIGNED,
    VALID,
    claims,
    code_of,
    public_key,
    shared_vectors,
)
from support.twoddoc_pki import Authority

from sealing.towncode.emission import EmissionError, claims_of
from sealing.towncode.errors import Reason, TownCodeError
from sealing.towncode.frame import MAX_BYTES
from sealing.towncode.message import parse
from sealing.towncode.signature import (
    KeyNotAllowedError,
    SignatureInvalidError,
    issue,
    thumbprint,
    verify,
)

AUTHORITY = Authority("TOWN")
TOWN = AUTHORITY.leaf()


@pytest.mark.parametrize("code", SIGNED, ids=lambda one: one["name"])
def test_a_signature_is_of_these_bytes_and_this_key_or_is_refused(code):
    parsed = parse(code["raw"].encode("latin-1"))
    if code["signature"] == "valid":
        assert verify(parsed, public_key()).parsed is parsed
    else:
        with pytest.raises(SignatureInvalidError):
            verify(parsed, public_key())


def test_the_code_names_the_certificate_by_its_digest():
    for code in VALID:
        assert parse(code["raw"].encode("latin-1")).thumbprint == thumbprint(CERTIFICATE)


def test_the_shared_codes_verify_under_their_certificate():
    vectors, certificate = shared_vectors()
    for told in vectors:
        if told["expected"]["sub_indication"] in {None, "SIG_CONSTRAINTS_FAILURE"}:
            verify(parse(told["raw"].encode()), certificate.public_key())
    for name in ("tampered-value", "wrong-external-aad", "zero-signature"):
        [told] = [one for one in vectors if one["name"] == name]
        with pytest.raises(SignatureInvalidError):
            verify(parse(told["raw"].encode()), certificate.public_key())


def test_what_is_issued_is_a_cose_sign1_message_by_its_own_reading():
    """An oracle of a few lines: RFC 9052 read by cbor2 alone, checked by cryptography alone."""
    raw = code_of(TOWN)
    padded = raw[4:] + b"=" * (-len(raw[4:]) % 8)
    message = cbor2.loads(base64.b32decode(padded))
    protected, unprotected, payload, signature = message.value
    assert (message.tag, unprotected) == (18, {})
    digest = hashlib.sha256(TOWN.certificate.public_bytes(Encoding.DER)).digest()
    assert cbor2.loads(protected) == {1: -7, 34: [-15, digest[:8]]}
    assert cbor2.loads(payload) == {
        6: int(ISSUED.timestamp()),
        7: IDENTIFIER,
        -65537: [
            1, 1,
            [1, "EXEMPLE", 2, "CAMILLE", 4, "1973-07-12", 6, "12 RUE DES ESSAIS",
             8, "VILLE EXEMPLE", 10, "2027-02-28"],
        ],
    }  # fmt: skip
    signed = cbor2.dumps(["Signature1", protected, b"coffre-towncode-1", payload])
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key = TOWN.certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(encode_dss_signature(r, s), signed + b" ", ec.ECDSA(hashes.SHA256()))


def test_a_proved_code_names_and_shows_what_it_says():
    told = {**FIELDS, "Référence": "N° 12", "date de naissance 2": "1970"}
    proved = verify(parse(code_of(TOWN, claims(told))), TOWN.certificate.public_key())
    shown = [(one.label, one.french, one.english, one.raw) for one in proved.fields()]
    assert shown[0] == (1, "Nom", "Surname", "EXEMPLE")
    assert shown[-2:] == [
        (None, "Référence", "Référence", "N° 12"),
        (24, "Date de naissance (2e personne)", "Date of birth (2nd person)", "1970"),
    ]
    assert str(proved.fields()[2].day) == "1973-07-12"
    assert proved.fields()[-1].day is None, "a year is no day"
    assert proved.type_name() == ("Attestation d'accueil", "Certificate of accommodation")
    assert (proved.issued_at, proved.identifier) == (ISSUED, IDENTIFIER)


def test_only_p_256_signs_and_only_p_256_verifies():
    other = AUTHORITY.leaf("RSA0", key=rsa.generate_private_key(65537, 2048))
    wide = AUTHORITY.leaf("P384", key=ec.generate_private_key(ec.SECP384R1()))
    for leaf in (other, wide):
        with pytest.raises(KeyNotAllowedError):
            issue(claims(), leaf.certificate, lambda _: bytes(64))
        with pytest.raises(KeyNotAllowedError):
            verify(parse(code_of(TOWN)), leaf.certificate.public_key())


def test_a_der_signature_is_never_put_in_a_code():
    assert isinstance(TOWN.key, ec.EllipticCurvePrivateKey)
    key = TOWN.key
    with pytest.raises(TownCodeError) as caught:
        issue(claims(), TOWN.certificate, lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())))
    assert caught.value.reason is Reason.SIGNATURE_LENGTH


def problems(values: dict[str, str], doc_type: str = "1") -> set[tuple[str, str]]:
    """Give what forbids an emission."""
    with pytest.raises(EmissionError) as caught:
        claims_of(doc_type, values, ISSUED, IDENTIFIER)
    return set(caught.value.parts)


def test_every_problem_of_an_emission_is_told_at_once_with_its_name():
    told = problems(
        {
            "nom": " ",
            "NOM": "B",
            "date de naissance": "12/07/1973",
            "adresse": "x" * 257,
            "objet": "a\u202eb",
            "10": "MME/DUPONT",
            "é" * 33: "x",
            "": "x",
        },
        "99",
    )
    assert told == {
        ("99", "unknown-towncode-type"),
        ("nom", "empty-value"),
        ("NOM", "duplicate-label"),
        ("date de naissance", "not-iso-date"),
        ("adresse", "too-long-value"),
        ("objet", "charset"),
        ("10", "label-number"),
        ("é" * 33, "too-long-label"),
        ("", "empty-label"),
    }


def test_the_message_of_a_refusal_holds_no_value():
    with pytest.raises(EmissionError) as caught:
        claims_of("1", {"nom": "SECRET\x00"}, ISSUED, IDENTIFIER)
    assert "SECRET" not in str(caught.value)


def test_no_field_too_many_fields_and_too_many_bytes_are_refused():
    assert problems({}) == {("", "no-field")}
    assert problems({f"l{n}": "x" for n in range(25)}) == {("", "too-many-fields")}
    assert problems({f"l{n}": "x" * 200 for n in range(3)}) == {("", "too-long-code")}


def test_the_longest_code_that_is_issued_reads_and_one_more_byte_is_refused():
    sizes = [length for length in range(150, 257) if _fits(length)]
    assert sizes[-1] < 256
    raw = code_of(TOWN, claims({"a": "x" * 256, "b": "x" * sizes[-1]}))
    assert (len(raw) - 4) * 5 // 8 == MAX_BYTES
    assert parse(raw).encode() == raw


def _fits(length: int) -> bool:
    try:
        claims({"a": "x" * 256, "b": "x" * length})
    except EmissionError:
        return False
    return True


def test_texts_are_written_in_nfc_and_moments_in_whole_seconds():
    told = claims_of("1", {"nom": "E\u0301MILE"}, datetime(2026, 1, 1, 9, 0, 0, 5, UTC), IDENTIFIER)
    assert told.pairs[0].value == "\u00c9MILE"
    assert parse(code_of(TOWN, told)).findings == ()
    assert told.issued_at == datetime(2026, 1, 1, 9, tzinfo=UTC)


def test_what_argv_could_not_decode_is_refused_and_does_not_crash():
    assert problems({"nom": "A\udcff"}) == {("nom", "charset")}


@pytest.mark.parametrize(
    ("asked", "kind"),
    [("1", 1), ("attestation d'accueil", 1), ("ARRETE", 7), ("0", 0), ("Permis", "Permis")],
)
def test_a_type_is_a_number_a_name_or_a_text(asked, kind):
    assert claims(doc_type=asked).doc_type == kind
