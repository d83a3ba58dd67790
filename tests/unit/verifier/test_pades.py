"""The seals of a PDF: every line of the table, and one changed byte anywhere."""

import dataclasses
import io
import random
import re
from datetime import timedelta
from functools import cache

import pymupdf
import pytest
from asn1crypto import x509 as asn1
from asn1crypto.keys import PrivateKeyInfo
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore
from support.budget import cases
from support.letters import FIELDS, letter
from support.revocations import revocations
from support.sealers import NOW, sealer, town
from support.spread import in_elements, in_words, one_bit, spread
from support.twoddoc_pki import Authority

from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile
from verifier.check import Indication, SubIndication
from verifier.checks.seal.pades import check_seals
from verifier.reading.found import FileKind, ReadDocument
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Mode
from verifier.verdict import Coverage
from verifier.verify import verify

PASSED, UNSURE, FAILED = (
    Indication.TOTAL_PASSED,
    Indication.INDETERMINATE,
    Indication.TOTAL_FAILED,
)


@cache
def trust():
    return read_trust([town()[1] / "trust"], Mode.TEST)


@cache
def sealed(name="seal-p256", *, code=True):
    order = TwoDDocOrder("00", FIELDS) if code else None
    return seal_letter(Letter(letter(), order), sealer(name), Profile(), NOW, bytes(10)).pdf


def only(pdf, lists=None, now=NOW):
    [seal] = check_seals(pdf, lists or trust(), now)
    return seal


def answer(pdf, lists=None, now=NOW):
    found = only(pdf, lists, now).conclusion
    return found.indication, found.sub_indication, found.reason


@pytest.mark.parametrize("name", ["seal-rsa", "seal-p256"])
def test_a_sealed_letter_passes_every_line(name):
    seal = only(sealed(name))
    assert all(check.has_passed for check in seal.checks)
    assert len(seal.checks) >= 9
    assert (seal.level, seal.field, seal.test) == ("B-B", "Cachet", True)
    assert seal.coverage is Coverage.WHOLE_DOCUMENT
    assert seal.signing_time == NOW
    assert seal.signer is not None
    assert "Valbourg" in seal.signer


def test_a_letter_without_seal_has_none():
    assert check_seals(letter(), trust(), NOW) == ()


def test_an_unknown_issuer_is_indeterminate():
    lists = dataclasses.replace(trust(), authorities=())
    assert answer(sealed(), lists) == (
        UNSURE,
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
        "issuer-not-trusted",
    )


def test_without_a_revocation_list_one_must_try_later():
    lists = dataclasses.replace(trust(), crls=())
    assert answer(sealed(), lists)[:2] == (UNSURE, SubIndication.TRY_LATER)


def test_a_list_that_is_too_old_proves_nothing_more():
    old = revocations([], NOW - timedelta(days=40), NOW - timedelta(days=20))
    crls = [crl for crl in trust().crls if crl.issuer != old.issuer]
    lists = dataclasses.replace(trust(), crls=(old, *crls))
    assert answer(sealed(), lists) == (UNSURE, SubIndication.TRY_LATER, "list-too-old")


def test_a_revoked_seal_fails():
    leaf = sealer().seal.chain[0]
    fresh = revocations([leaf], NOW, NOW + timedelta(days=30))
    lists = dataclasses.replace(trust(), crls=(*trust().crls, fresh))
    assert answer(sealed(), lists) == (FAILED, SubIndication.REVOKED, "revoked")


def test_an_expired_certificate_without_time_stamp_is_indeterminate():
    found = answer(sealed(), now=NOW + timedelta(days=1200))
    assert found[0] is UNSURE


def test_the_same_authority_name_with_another_key_is_not_trusted():
    from cli.demo import pki  # noqa: PLC0415

    other = pki.build(NOW)
    certificates = (other.root.certificate, other.intermediate.certificate)
    lists = dataclasses.replace(trust(), authorities=certificates)
    assert answer(sealed(), lists)[:2] == (UNSURE, SubIndication.NO_CERTIFICATE_CHAIN_FOUND)


# --- after the seal -------------------------------------------------------------------------------


def appended(pdf, change, tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(pdf)
    with pymupdf.open(path) as document:
        change(document)
        document.saveIncr()
    return path.read_bytes()


def test_words_added_to_the_page_after_sealing_fail(tmp_path):
    changed = appended(
        sealed(), lambda document: document[0].insert_text((72, 300), "et 1 000 euros"), tmp_path
    )
    assert changed.startswith(sealed())
    assert answer(changed) == (FAILED, SubIndication.HASH_FAILURE, "changed-after-sealing")


def test_a_note_stuck_on_the_page_after_sealing_is_not_green(tmp_path):
    def note(document):
        document[0].add_freetext_annot(
            (72, 80, 300, 120), "MME MARTIN LOUISE", fill_color=(1, 1, 1)
        )

    assert answer(appended(sealed(), note, tmp_path))[0] is not PASSED


def test_a_page_added_after_sealing_fails(tmp_path):
    changed = appended(sealed(), lambda document: document.new_page(), tmp_path)
    assert answer(changed)[0] is FAILED


def test_a_second_seal_of_ours_leaves_the_first_standing():
    twice = seal_letter(Letter(sealed()), sealer("seal-rsa"), Profile(), NOW, bytes(10)).pdf
    first, second = check_seals(twice, trust(), NOW)
    assert first.conclusion.indication is PASSED
    assert first.coverage is Coverage.EARLIER_REVISION
    assert second.conclusion.indication is PASSED
    assert second.coverage is Coverage.WHOLE_DOCUMENT


def test_a_stranger_who_signs_over_a_seal_spoils_the_file_but_not_the_seal():
    leaf = Authority("FR99").leaf(valid=(NOW - timedelta(days=1), NOW + timedelta(days=1)))
    stranger = signers.SimpleSigner(
        asn1.Certificate.load(leaf.certificate.public_bytes(serialization.Encoding.DER)),
        PrivateKeyInfo.load(
            leaf.key.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        ),
        SimpleCertificateStore(),
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed()))
    fields.append_signature_field(
        writer, fields.SigFieldSpec("Autre", on_page=0, box=(60, 700, 300, 760))
    )
    metadata = signers.PdfSignatureMetadata(
        field_name="Autre", subfilter=fields.SigSeedSubFilter.PADES
    )
    signed = signers.sign_pdf(writer, metadata, stranger).getvalue()
    seal, other = check_seals(signed, trust(), NOW)
    assert (seal.field, seal.conclusion.indication) == ("Cachet", PASSED)
    assert seal.coverage is Coverage.EARLIER_REVISION
    assert other.conclusion.indication is UNSURE
    assert other.conclusion.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    whole = verify(ReadDocument("x.pdf", FileKind.PDF, signed), trust(), NOW).conclusion
    assert whole is not None
    assert whole.indication is UNSURE


def test_the_key_of_a_time_stamp_authority_of_the_same_town_cannot_seal():
    folder = town()[1]
    stamps = signers.SimpleSigner.load(
        folder / "signers" / "tsa.key.pem",
        folder / "signers" / "tsa.pem",
        ca_chain_files=(folder / "authorities" / "intermediate.pem",),
    )
    metadata = signers.PdfSignatureMetadata(field_name="X", subfilter=fields.SigSeedSubFilter.PADES)
    writer = IncrementalPdfFileWriter(io.BytesIO(letter()))
    assert answer(signers.sign_pdf(writer, metadata, stamps).getvalue()) == (
        UNSURE,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "certificate-for-something-else",
    )


def test_a_plain_signature_of_another_kind_is_not_a_seal():
    folder = town()[1] / "signers"
    signer = signers.SimpleSigner.load(folder / "seal-p256.key.pem", folder / "seal-p256.pem")
    metadata = signers.PdfSignatureMetadata(
        field_name="X", subfilter=fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(letter()))
    signed = signers.sign_pdf(writer, metadata, signer).getvalue()
    assert answer(signed) == (UNSURE, SubIndication.FORMAT_FAILURE, "not-a-pades-seal")


def test_a_seal_whose_field_was_taken_out_is_still_told():
    hidden = sealed().replace(b"/AcroForm", b"/AcroFoam")
    assert answer(hidden) == (UNSURE, SubIndication.FORMAT_FAILURE, "seal-out-of-reach")


# --- the bytes that pyHanko lets through ----------------------------------------------------------


def gap(pdf):
    """Give the span of the hexadecimal contents, without its brackets."""
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    return start, pdf.index(b">", start)


def test_padding_that_is_not_zero_is_seen():
    # An ECDSA signature is now and then as long as its room, which then has no padding.
    many = (
        seal_letter(Letter(letter()), sealer(), Profile(), NOW, bytes([number] * 10)).pdf
        for number in range(100)
    )
    made, end = next((pdf, gap(pdf)[1]) for pdf in many if pdf[gap(pdf)[1] - 2 :][:2] == b"00")
    changed = made[: end - 1] + b"1" + made[end:]
    assert answer(changed) == (
        UNSURE,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "contents-padding-not-zero",
    )


def test_mixed_case_hexadecimal_is_seen():
    pdf = bytearray(sealed())
    start, end = gap(pdf)
    place = next(place for place in range(start, end) if chr(pdf[place]) in "ABCDEF")
    pdf[place] += 32
    assert answer(bytes(pdf)) == (
        UNSURE,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "contents-mixed-case",
    )


def test_a_signer_named_in_other_letters_is_seen():
    pdf = bytearray(sealed())
    start, end = gap(pdf)
    issuer = sealer().seal.chain[0].issuer.public_bytes().hex().upper().encode()
    # It stands last in what is signed, and before that where the signer is named.
    last = pdf.rindex(issuer, start, end)
    digit = pdf.rindex(issuer, start, last) + len(issuer) - 2
    pdf[digit : digit + 2] = b"%02X" % (int(pdf[digit : digit + 2], 16) ^ 0x20)
    assert answer(bytes(pdf)) == (
        UNSURE,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "signer-named-otherwise",
    )


def test_a_changed_copy_of_a_carried_certificate_is_seen():
    pdf = sealed()
    start, end = gap(pdf)
    carried = sealer().seal.chain[1].public_bytes(serialization.Encoding.DER)
    place = pdf.upper().index(carried.hex().upper().encode(), start, end)
    changed = bytearray(pdf)
    # The last digit of its signature.
    last = place + 2 * len(carried) - 1
    changed[last] = ord("0") if changed[last] != ord("0") else ord("1")
    assert answer(bytes(changed))[0] is not PASSED


def test_another_digest_announced_beside_the_signers_is_seen():
    pdf = sealed()
    start, end = gap(pdf)
    sha256, sha512 = b"0609608648016503040201", b"0609608648016503040203"
    place = pdf.index(sha256, start, end)
    changed = pdf[:place] + sha512 + pdf[place + len(sha256) :]
    assert answer(changed)[0] is not PASSED


def test_one_bit_changed_anywhere_is_never_passed():
    pdf = sealed()
    dice = random.Random(20261121)  # noqa: S311 - which bits are tried is no secret
    start, end = gap(pdf)
    gapped = range(start, end)
    places = spread(range(len(pdf)), cases(fast=40, ci=50, slow=len(pdf)), dice)
    places += in_words(pdf, range(len(letter()), len(pdf)), dice)
    tried = [(place, one_bit(pdf, place, dice)) for place in places]
    digits = spread(gapped, cases(fast=10, ci=30, slow=end - start), dice)
    digits += in_elements(pdf, gapped, 5, dice)
    tried += [(place, one_bit(pdf, place, dice, digit=True)) for place in digits]
    for place, changed in tried:
        seals = check_seals(changed, trust(), NOW)
        assert seals, f"the seal vanished: byte {place}"
        worst = max(seal.conclusion.indication.severity for seal in seals)
        assert worst > 0, f"byte {place}: {pdf[place - 20 : place + 20]!r}"


@pytest.mark.parametrize("bits", [b"01", b"04", b"07"])
def test_a_carried_certificate_whose_signature_leaves_bits_out_is_not_as_it_was(bits):
    """Nothing signs how many bits of a certificate's signature count."""
    pdf = sealed()
    *_, last = re.finditer(rb"06082A8648CE3D04030[23]03[0-9A-F]{2}(00)30", pdf)
    changed = pdf[: last.start(1)] + bits + pdf[last.end(1) :]
    [seal] = check_seals(changed, trust(), NOW)
    assert seal.conclusion.indication is Indication.INDETERMINATE


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_file_is_never_passed(cut):
    pdf = sealed()
    for seal in check_seals(pdf[: int(len(pdf) * cut)], trust(), NOW):
        assert seal.conclusion.indication is not PASSED


def test_bytes_after_the_end_are_not_covered():
    assert answer(sealed() + b"\n% more")[0] is not PASSED


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7", b"/ByteRange", bytes(1000)])
def test_what_is_no_pdf_raises_nothing(pdf):
    for seal in check_seals(pdf, trust(), NOW):
        assert seal.conclusion.indication is not PASSED
