"""The level that a seal reaches: told when it is proved, never when somebody touched its proofs."""

import dataclasses
import hashlib
import random
import shutil
from functools import cache

import pymupdf
import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import ExtendedKeyUsageOID
from support.authorities import (
    STAMPS,
    FakeAuthority,
    answered_holder,
    certomancer,
    holder,
    ocsp_question,
    ocsp_responder,
)
from support.budget import cases
from support.letters import letter
from support.sealers import NOW, additions, sealer, sealer_at, town
from support.spread import in_elements, one_bit, spread

from cli.demo import pki
from sealing.authorities.token import Question
from sealing.der import CONTEXT_0, CONTEXT_1, SEQUENCE, SET, der, one, values
from sealing.pades.dss import Dss
from sealing.service import levels
from sealing.service.letter import Letter, Sealer, seal_letter
from sealing.service.levels import Level, TrustServices
from sealing.service.profile import Profile
from sealing.signers.keyfile import KeyFileSigner
from sealing.signers.port import Identity
from storage.settings import Settings
from verifier.check import Indication, SubIndication
from verifier.checks.seal.pades import check_seals
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Mode

PASSED, UNSURE = Indication.TOTAL_PASSED, Indication.INDETERMINATE
KEYS = ["seal-rsa", "seal-p256"]
STAMP = bytes(cms.CMSAttributeType("signature_time_stamp_token").dump())


@cache
def trust():
    return read_trust([town()[1] / "trust"], Mode.TEST)


@cache
def sealed(level, name="seal-p256"):
    ready = sealer(name) if level is Level.B_B else sealer_at(level, name)
    # With room to spare: a longer token may then be put in its place.
    roomy = dataclasses.replace(ready.cms, stamp_room=4_000)
    roomy_sealer = dataclasses.replace(ready, cms=roomy)
    return seal_letter(Letter(letter()), roomy_sealer, Profile(level=level), NOW, bytes(10)).pdf


def only(pdf, lists=None):
    [seal] = check_seals(pdf, lists or trust(), NOW)
    return seal


def reasons(seal):
    return {check.reason for check in seal.checks}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("level", list(Level))
def test_each_level_is_told_and_passes_every_line(level, name):
    seal = only(sealed(level, name))
    assert all(check.has_passed for check in seal.checks)
    assert seal.level == level
    assert ("time-stamp-proved" in reasons(seal)) == (level is not Level.B_B)
    assert ("proofs-embedded" in reasons(seal)) == (level in {Level.B_LT, Level.B_LTA})
    assert ("archived" in reasons(seal)) == (level is Level.B_LTA)


@pytest.mark.parametrize("delegated", [False, True], ids=["authority", "responder"])
def test_ocsp_answers_prove_a_seal_without_a_list_of_its_authority(
    delegated, tmp_path, monkeypatch
):
    made, folder = town()
    usage = made.seals["seal-p256"].certificate.extensions.get_extension_for_class(x509.KeyUsage)
    leaf, stamper = answered_holder((usage.value, True)), answered_holder((STAMPS, True))
    copy = tmp_path / "trust"
    shutil.copytree(folder / "trust", copy)
    (copy / "crl" / "intermediate.crl").unlink()
    (copy / "ocsp").mkdir()
    use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
    named = holder((use, False), (x509.OCSPNoCheck(), False)) if delegated else None
    responder = ocsp_responder(responder=named)
    for each in (leaf, stamper):
        asked = ocsp_question(each.certificate, made.intermediate.certificate)
        (copy / "ocsp" / f"{each.certificate.serial_number}").write_bytes(responder(asked))
    settings = Settings.load(folder / "coffre.toml").model_copy(update={"trust": (copy,)})
    tsa = FakeAuthority("tsa", [certomancer(stamper)])
    monkeypatch.setattr(levels, "_authority", lambda *_: tsa)
    chain = (leaf.certificate, made.intermediate.certificate)
    added = TrustServices(settings, Level.B_LT, lambda: NOW).additions(chain)
    assert added.dss is not None
    assert (len(added.dss.ocsps), len(added.dss.crls)) == (2, 1)
    key = leaf.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signer = KeyFileSigner(Identity("town", "seal", chain), key, Prehashed(hashes.SHA256()))
    ready = Sealer.ready(signer, {}, added)
    pdf = seal_letter(Letter(letter()), ready, Profile(level=Level.B_LT), NOW, bytes(10)).pdf
    seal = only(pdf)
    assert seal.conclusion.indication is PASSED
    assert seal.level == "B-LT"


# --- the bytes of the CMS, taken apart and put back -----------------------------------------------


def gap(pdf):
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    return start, pdf.index(b">", start)


def content_of(pdf):
    start, end = gap(pdf)
    data = bytes.fromhex(pdf[start:end].decode())
    return cms.ContentInfo.load(data).dump()


def with_content(pdf, content):
    """Put another CMS in the place of the seal's, as somebody would who has the file alone."""
    start, end = gap(pdf)
    written = content.hex().encode()
    written = written if pdf[start:end].islower() else written.upper()
    assert len(written) <= end - start
    return pdf[:start] + written.ljust(end - start, b"0") + pdf[end:]


def with_unsigned(pdf, *attributes):
    """Replace the unsigned attributes of a seal."""
    kind, wrapped = values(one(content_of(pdf)).content)
    *before, signers = values(one(wrapped.content).content)
    parts = [part.encoded for part in values(one(signers.content).content) if part.tag != CONTEXT_1]
    unsigned = der(CONTEXT_1, *attributes) if attributes else b""
    info = der(SEQUENCE, *parts, unsigned)
    signed = der(SEQUENCE, *(part.encoded for part in before), der(SET, info))
    return with_content(pdf, der(SEQUENCE, kind.encoded, der(CONTEXT_0, signed)))


def attribute(token, kind=STAMP):
    return der(SEQUENCE, kind, der(SET, token))


def token_of(pdf):
    """Give the token that a sealed file bears."""
    parsed = cms.ContentInfo.load(content_of(pdf))["content"]["signer_infos"][0]
    return parsed["unsigned_attrs"][0]["values"][0].dump()


def stamped_by(pdf, make):
    """Have the seal of a file stamped by some authority."""
    info = cms.ContentInfo.load(content_of(pdf))["content"]["signer_infos"][0]
    digest = hashlib.sha256(info["signature"].native).digest()
    answer = make(Question(digest, "sha256", 1).encode())
    return with_unsigned(pdf, attribute(values(one(answer).content)[1].encoded))


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT])
def test_putting_the_same_token_back_changes_nothing(level):
    pdf = sealed(level)
    assert with_unsigned(pdf, attribute(token_of(pdf))) == pdf
    assert only(stamped_by(pdf, certomancer())).level == level


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT])
def test_a_token_that_was_taken_away_leaves_b_b(level):
    seal = only(with_unsigned(sealed(level)))
    assert seal.level == "B-B"
    assert "proofs-embedded" not in reasons(seal)


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT])
def test_the_token_of_another_letter_is_not_this_ones(level):
    other = seal_letter(
        Letter(letter()), sealer_at(level), Profile(level=level), NOW, bytes(10)
    ).pdf
    seal = only(with_unsigned(sealed(level), attribute(token_of(other))))
    assert seal.conclusion.indication is UNSURE
    assert seal.conclusion.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE
    assert "time-stamp-broken" in reasons(seal)
    assert seal.level == "B-B"


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT])
def test_a_token_by_an_authority_that_nobody_trusts_proves_nothing(level):
    stranger = pki.build(NOW)
    seal = only(stamped_by(sealed(level), certomancer(stranger.tsa)))
    assert seal.level == "B-B"
    assert "time-stamp-proved" not in reasons(seal)
    assert "proofs-embedded" not in reasons(seal)


def test_the_seals_own_key_proves_no_hour():
    made = town()[0]
    for maker in (made.seals["seal-p256"], holder()):
        seal = only(stamped_by(sealed(Level.B_T), certomancer(maker)))
        assert seal.level == "B-B"
        assert "time-stamp-proved" not in reasons(seal)


@pytest.mark.parametrize("content", [b"", b"\x30\x00", b"\x04\x02hi", b"\x30\x03\x06\x01\x2a"])
def test_a_token_that_is_none_is_not_green(content):
    seal = only(with_unsigned(sealed(Level.B_T), attribute(content)))
    assert seal.conclusion.indication is UNSURE
    assert seal.level in {None, "B-B"}


def test_two_tokens_are_proved_both_or_not_at_all():
    pdf = sealed(Level.B_T)
    own = token_of(pdf)
    other = token_of(sealed(Level.B_LT))
    both = with_unsigned(pdf, der(SEQUENCE, STAMP, der(SET, own, other)))
    assert only(both).conclusion.indication is not PASSED
    assert only(both).level == "B-B"


def test_a_foreign_unsigned_attribute_is_not_green():
    foreign = bytes(cms.CMSAttributeType("1.2.3.4").dump())
    pdf = sealed(Level.B_T)
    seal = only(with_unsigned(pdf, attribute(token_of(pdf), foreign)))
    assert seal.conclusion.reason == "unsigned-attribute-foreign"
    assert seal.conclusion.indication is UNSURE


def test_without_a_list_for_its_authority_no_hour_is_proved():
    lists = dataclasses.replace(trust(), crls=())
    seal = only(sealed(Level.B_LT), lists)
    assert seal.level == "B-B"
    assert seal.conclusion.sub_indication is SubIndication.TRY_LATER


@pytest.mark.parametrize("array", [b"/CRLs", b"/Certs"])
def test_proofs_that_were_renamed_break_the_seal_that_covers_them(array):
    pdf = sealed(Level.B_LT)
    place = pdf.rindex(array)
    changed = pdf[:place] + array[:-1] + b"x" + pdf[place + len(array) :]
    assert only(changed).conclusion.indication is Indication.TOTAL_FAILED


def test_proofs_that_a_later_revision_takes_away_lower_the_level(tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(sealed(Level.B_LT))
    with pymupdf.open(path) as document:
        document.xref_set_key(document.pdf_catalog(), "DSS", "null")
        document.saveIncr()
    seal = only(path.read_bytes())
    assert seal.level in {"B-B", "B-T"}
    assert "proofs-embedded" not in reasons(seal)


def test_proofs_out_of_measure_are_not_read():
    ready, made = sealer_at(Level.B_LT), additions(Level.B_LT).dss
    assert made is not None
    many = Dss.of(made.certificates, (), [crl for _ in range(40) for crl in made.crls])
    swollen = dataclasses.replace(ready, dss=many)
    pdf = seal_letter(Letter(letter()), swollen, Profile(level=Level.B_LT), NOW, bytes(10)).pdf
    assert only(pdf).level == "B-T"


# A CMS that holds nothing.
EMPTY = der(SEQUENCE, cms.ContentType("data").dump())


def test_more_time_stamps_than_anybody_needs_are_not_green():
    pdf = sealed(Level.B_T)
    seal = only(with_unsigned(pdf, der(SEQUENCE, STAMP, der(SET, *[EMPTY] * 9))))
    assert seal.conclusion.reason == "validator-fault"
    assert seal.level is None


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT])
def test_one_bit_changed_in_a_seal_with_a_time_stamp_is_never_passed(level):
    pdf = sealed(level)
    dice = random.Random(20261122)  # noqa: S311 - which bits are tried is no secret
    start, end = gap(pdf)
    places = spread(range(start, end), cases(fast=30, ci=40, slow=end - start), dice)
    tried = [(place, one_bit(pdf, place, dice)) for place in places]
    digits = in_elements(pdf, range(start, end), 5, dice)
    tried += [(place, one_bit(pdf, place, dice, digit=True)) for place in digits]
    for place, changed in tried:
        seals = check_seals(changed, trust(), NOW)
        assert seals, f"the seal vanished: byte {place}"
        worst = max(seal.conclusion.indication.severity for seal in seals)
        assert worst > 0, f"byte {place}: {(place - start) // 2} of the CMS"
