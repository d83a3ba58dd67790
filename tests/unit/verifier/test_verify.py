"""A whole file: its seals, its codes, its page against its codes; the worst wins."""

from datetime import timedelta

import pymupdf
import pytest
from support.drawn_symbols import byte_codewords, drawn_symbol
from support.letters import FIELDS, TEXT, letter
from support.pages import OTHER_TEXT, as_file, scan, sealed, trust, with_code
from support.sealers import NOW, sealer
from support.twoddoc import SIGNED

from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile
from sealing.twoddoc.parts import cut
from verifier.check import Indication, SubIndication
from verifier.reading.document import read_document
from verifier.reading.found import FileKind, FoundCode, RawCode, ReadDocument, text_document
from verifier.verdict import PrintedResult, Verdict
from verifier.verify import verify

PASSED, FAILED = Indication.TOTAL_PASSED, Indication.TOTAL_FAILED


def judged(data: bytes) -> Verdict:
    """Read a file and judge it."""
    return verify(read_document(data, "lettre.pdf"), trust(), NOW)


def answer(verdict: Verdict) -> tuple[Indication, SubIndication | None]:
    """Give the file's answer."""
    assert verdict.conclusion is not None
    return verdict.conclusion.indication, verdict.conclusion.sub_indication


def of_codes(*codes: bytes) -> ReadDocument:
    """Give a document as a photo of codes is read."""
    found = tuple(FoundCode(RawCode(raw)) for raw in codes)
    return ReadDocument("photo", FileKind.IMAGE, b"", found)


def code() -> bytes:
    """Give the sealed letter's code."""
    return sealed().code or b""


def test_a_sealed_letter_passes_with_its_seal_its_code_and_its_page():
    verdict = judged(sealed().pdf)
    assert answer(verdict) == (PASSED, None)
    [seal], [one] = verdict.seals, verdict.codes
    assert seal.covers_whole_document
    assert one.printed_text.result is PrintedResult.SAME
    assert {used.name for used in verdict.trust.lists} == {"twoddoc", "authorities", "crl"}
    assert verdict.test


def test_the_same_code_on_another_person_s_letter_fails():
    verdict = judged(with_code(letter(OTHER_TEXT)))
    assert answer(verdict) == (FAILED, SubIndication.HASH_FAILURE)
    [one] = verdict.codes
    assert one.conclusion.indication is PASSED
    assert one.printed_text.result is PrintedResult.DIFFERENT
    signed = {difference.di: difference.signed for difference in one.printed_text.differences}
    assert signed == {"10": "MME/DUPONT/CLAIRE", "22": "12 RUE DES LILAS"}


def test_the_same_code_on_a_letter_that_says_the_same_is_green_without_a_seal():
    verdict = judged(with_code(letter()))
    assert answer(verdict) == (PASSED, None)
    assert not verdict.seals
    assert not verdict.codes[0].shown_blue


def test_an_authentic_code_does_not_save_a_broken_seal():
    altered = sealed().pdf.replace(b"/MediaBox[0 0 595 842]", b"/MediaBox[0 0 595 843]")
    assert altered != sealed().pdf
    verdict = judged(altered)
    assert answer(verdict)[0] is FAILED
    assert verdict.codes[0].conclusion.indication is PASSED


def test_an_altered_page_of_a_letter_without_its_seal_is_never_green():
    altered = with_code(letter(TEXT.replace("CLAIRE", "ALICE")))
    assert answer(judged(altered)) == (FAILED, SubIndication.HASH_FAILURE)


def test_a_code_of_another_year_is_told_unless_the_seal_vouches_for_its_letter():
    old = letter(TEXT + "\nVALBOURG, le 3 mars 2019")
    order = TwoDDocOrder("00", FIELDS)
    made = seal_letter(Letter(old, order), sealer(), Profile(), NOW, bytes(10))
    assert answer(judged(made.pdf)) == (PASSED, None)
    verdict = judged(with_code(old))
    assert answer(verdict) == (Indication.INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND)
    [one] = verdict.codes[0].printed_text.differences
    assert (one.name, one.signed, one.printed) == ("date du document", "21/11/2026", "3 mars 2019")


def test_a_code_on_a_page_that_repeats_it_is_the_same_where_one_page_shows_its_values():
    with pymupdf.open(stream=letter()) as document:
        document.new_page().insert_text((72, 72), "Suite de la lettre")
        twice = with_code(with_code(bytes(document.tobytes()), 0), 1)
    [one] = judged(twice).codes
    assert (one.page, one.printed_text.result) == (0, PrintedResult.SAME)


def test_a_forged_code_beside_a_good_one_fails_the_file():
    forged = code().replace(b"LILAS", b"ROSES")
    verdict = verify(of_codes(code(), forged), trust(), NOW)
    assert answer(verdict) == (FAILED, SubIndication.SIG_CRYPTO_FAILURE)
    assert [bool(one.fields) for one in verdict.codes] == [True, False]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"CV2:MFRGG", "unknown"),
        (b"HC1:6BFOXN", "health-certificate"),
        (b"https://ville.example/", "url"),
        (b"n'importe quoi", "unknown"),
    ],
)
def test_a_code_of_another_family_is_told_and_held_against_nobody(raw, kind):
    alone = verify(of_codes(raw), trust(), NOW)
    assert (alone.codes, alone.conclusion) == ((), None)
    [check] = alone.checks
    assert (check.reason, check.details) == ("scanned-otherwise", {"kinds": kind})
    assert answer(verify(of_codes(raw, code()), trust(), NOW)) == (PASSED, None)


def test_another_code_of_a_picture_is_told_too():
    found = read_document(_picture(b"HC1:MFRGGZDF"), "x.png")
    [check] = verify(found, trust(), NOW).checks
    assert check.details == {"kinds": "health-certificate"}


def test_a_typed_text_is_repaired_and_a_symbol_is_not():
    lost = code().replace(b"\x1f", b"")
    typed = verify(text_document(lost.decode()), trust(), NOW)
    assert answer(typed) == (PASSED, None)
    assert typed.codes[0].symbology == "text"
    scanned = verify(of_codes(lost), trust(), NOW)
    assert answer(scanned) == (Indication.INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND)


def test_a_code_drawn_in_parts_on_several_pages_is_one_code():
    parts = cut(code(), 3, b"7K2")
    whole = judged(_pages(parts[1], parts[0], parts[2]))
    assert answer(whole) == (PASSED, None)
    assert [one.page for one in whole.codes] == [0]
    lacking = judged(_pages(parts[1], parts[2]))
    assert answer(lacking) == (Indication.INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND)
    [check] = lacking.codes[0].checks
    assert (check.reason, check.details) == ("set-incomplete", {"parts": "1", "count": 3})


@pytest.mark.parametrize("name", ["version-01-controls", "binary", "binary-annex"])
def test_a_code_made_of_bytes_is_read_from_its_picture_byte_for_byte(name):
    [raw] = [one["raw"].encode("latin-1") for one in SIGNED if one["name"] == name]
    [found] = read_document(_picture(raw), "x.png").codes
    assert found.raw == raw


def test_a_file_without_code_and_seal_has_no_answer():
    assert judged(letter()).conclusion is None
    assert judged(as_file(scan(letter()))).conclusion is None


def test_another_moment_may_be_asked_for():
    later = verify(of_codes(code()), trust(), NOW, at=NOW + timedelta(days=4_000))
    assert later.at == NOW + timedelta(days=4_000)
    before = verify(of_codes(code()), trust(), NOW, at=NOW - timedelta(days=30))
    assert answer(before) == (Indication.INDETERMINATE, SubIndication.TIMESTAMP_ORDER_FAILURE)


def test_no_byte_of_a_symbol_may_change_and_pass():
    for place in range(0, len(code()), 3):
        changed = code()[:place] + bytes([code()[place] ^ 1]) + code()[place + 1 :]
        conclusion = verify(of_codes(changed), trust(), NOW).conclusion
        assert conclusion is None or conclusion.indication is not PASSED, place


def _pages(*codes: bytes) -> bytes:
    """Give a PDF of one code a page, as pictures."""
    with pymupdf.open() as document:
        for raw in codes:
            place = pymupdf.Rect(100, 100, 200, 200)
            document.new_page().insert_image(place, stream=_picture(raw))
        return bytes(document.tobytes())


def _picture(raw: bytes) -> bytes:
    return as_file(drawn_symbol(byte_codewords(raw)))
