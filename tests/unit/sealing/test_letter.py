"""From a letter to a sealed letter, against independent readers."""

import io
from dataclasses import replace
from datetime import date, timedelta

import pymupdf
import pytest
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from support.letters import (
    FIELDS,
    cropped,
    directly_encrypted,
    encrypted,
    full_page,
    letter,
    owner_protected,
    with_stream_xref,
)
from support.sealers import NOW, sealer, town

from sealing.errors import (
    PageOutOfRangeError,
    PdfCertifiedError,
    PdfEncryptedError,
    PdfRefusedError,
    PdfUnreadableError,
)
from sealing.limits import MAX_LETTER
from sealing.marks.placement import PlacementError, Wish
from sealing.marks.readback import (
    PageChangedError,
    UnreadableMarkError,
    check_readback,
    check_unchanged,
)
from sealing.pades.seal import PdfTooLargeError
from sealing.proofs.document_id import Slot, SlotKey, document_id, in_twoddoc, slot_of
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile
from sealing.twoddoc.conformance import TypeNotForTownsError
from sealing.twoddoc.emission import EmissionError
from sealing.twoddoc.message import parse
from sealing.twoddoc.signature import verify

RANDOM = bytes(range(10))
ORDER = TwoDDocOrder("00", FIELDS)


def sealed(pdf, *, order=ORDER, name="seal-p256", wish=None, now=NOW):
    return seal_letter(Letter(pdf, order), sealer(name), Profile(wish or Wish()), now, RANDOM)


def status(pdf):
    """Ask pyHanko, as its documentation says, for the last signature."""
    root = load_cert_from_pemder(str(town()[1] / "trust" / "authorities" / "root.pem"))
    context = ValidationContext(trust_roots=[root], moment=NOW, allow_fetching=False)
    reader = PdfFileReader(io.BytesIO(pdf))
    return validate_pdf_signature(reader.embedded_signatures[-1], context)


@pytest.mark.parametrize("name", ["seal-rsa", "seal-p256"])
@pytest.mark.parametrize("order", [None, ORDER], ids=["plain", "2D-Doc"])
def test_a_sealed_letter_is_intact_trusted_and_whole_for_pyhanko(name, order):
    found = status(sealed(letter(), order=order, name=name).pdf)
    assert found.intact
    assert found.valid
    assert found.trusted
    assert found.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert found.bottom_line


def test_the_input_stays_in_front_byte_for_byte_and_one_revision_is_added():
    pdf = letter()
    result = sealed(pdf).pdf
    assert result.startswith(pdf)
    assert result[len(pdf) :].count(b"startxref") == 1


@pytest.mark.parametrize(
    "shape",
    [letter, lambda: with_stream_xref(letter()), lambda: cropped(letter()),
     *(lambda turn=turn: letter(rotation=turn) for turn in (90, 180, 270)),
     *(lambda turn=turn: cropped(letter(rotation=turn)) for turn in (90, 180, 270)),
     lambda: sealed(letter()).pdf],
    ids=["classic", "stream", "cropped", "90", "180", "270", "cropped, 90", "cropped, 180",
         "cropped, 270", "sealed already"],
)  # fmt: skip
def test_letters_of_every_shape_are_sealed_and_their_code_is_read_back(shape):
    result = sealed(shape())
    found = status(result.pdf)
    assert found.bottom_line
    assert found.coverage is SignatureCoverageLevel.ENTIRE_FILE


def test_the_code_says_what_was_asked_and_its_signature_holds():
    result = sealed(letter())
    assert result.code is not None
    parsed = parse(result.code)
    assert parsed.findings == ()
    values = {field.di: field.raw for field in parsed.fields}
    assert values == FIELDS | {"01": in_twoddoc(result.document_id)}
    header = parsed.header
    assert (header.version, header.ca_id, header.certificate_id) == (4, "FR00", "DM00")
    assert (header.issue_date, header.signature_date) == (NOW.date(), NOW.date())
    verify(parsed, town()[0].twoddocs["twoddoc-00"].certificate.public_key())


def test_the_code_stands_on_the_page_that_was_asked_for():
    result = sealed(letter(pages=3), wish=Wish(page=3))
    assert result.mark is not None
    assert result.mark.place.page == 2
    with pymupdf.open(stream=result.pdf, filetype="pdf") as document:
        assert [len(list(page.widgets())) for page in document] == [0, 0, 1]


def pages_told(result):
    return [field.raw for field in parse(result.code).fields if field.di == "09"]


def test_the_code_of_several_pages_says_how_many():
    assert pages_told(sealed(letter(pages=1))) == []
    assert pages_told(sealed(letter(pages=12))) == ["0012"]


@pytest.mark.parametrize("given", ["2", "0002"])
def test_a_page_count_that_is_true_is_kept(given):
    assert pages_told(
        sealed(letter(pages=2), order=TwoDDocOrder("00", FIELDS | {"09": given}))
    ) == ["0002"]


@pytest.mark.parametrize("given", ["1", "0003", "deux", "", "0"])
def test_a_page_count_that_is_not_true_is_refused(given):
    with pytest.raises(EmissionError) as caught:
        sealed(letter(pages=2), order=TwoDDocOrder("00", FIELDS | {"09": given}))
    assert caught.value.parts == (("09", "page-count"),)


def test_the_seal_says_in_words_what_it_is():
    with pymupdf.open(stream=sealed(letter()).pdf, filetype="pdf") as document:
        [widget] = document[0].widgets()
        assert widget.field_name == "Cachet"
        assert widget.field_label == "Cachet de demonstration P-256 et code 2D-DOC"


def test_a_second_seal_takes_another_name():
    twice = sealed(sealed(letter()).pdf).pdf
    names = [item.field_name for item in PdfFileReader(io.BytesIO(twice)).embedded_signatures]
    assert names == ["Cachet", "Cachet-2"]


def test_the_identifier_is_a_uuid_of_version_7_that_sorts_by_time():
    first, later = document_id(NOW, RANDOM), document_id(NOW + timedelta(seconds=1), bytes(10))
    assert (first.version, first.variant) == (7, "specified in RFC 4122")
    assert first < later
    with pytest.raises(ValueError, match="random bytes"):
        document_id(NOW, b"short")


def test_a_type_without_issue_date_gets_none():
    fields = {"80": "DUPONT", "81": "CLAIRE", "82": "1234", "83": "31012028"}
    order = TwoDDocOrder("A6", fields)
    try:
        result = sealed(letter(), order=order)
    except EmissionError as error:
        pytest.fail(str(error))
    assert result.code is not None
    assert parse(result.code).header.issue_date is None


@pytest.mark.parametrize(
    ("pdf", "error"),
    [
        (b"", PdfUnreadableError),
        (b"hello", PdfUnreadableError),
        (b"%PDF-1.7\n", PdfRefusedError),
        (letter()[:600], PdfRefusedError),
        (encrypted(letter()), PdfEncryptedError),
        (owner_protected(letter()), PdfEncryptedError),
        (directly_encrypted("u"), PdfEncryptedError),
        (directly_encrypted(""), PdfEncryptedError),
        (bytes(MAX_LETTER + 1), PdfTooLargeError),
    ],
    ids=["empty", "text", "header", "cut", "encrypted", "owner", "direct", "direct owner", "large"],
)
@pytest.mark.parametrize("order", [None, ORDER], ids=["plain", "2D-Doc"])
def test_what_cannot_be_sealed_is_refused_with_its_reason(pdf, error, order):
    with pytest.raises(error):
        sealed(pdf, order=order)


def test_a_pdf_certified_against_change_is_refused():
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
    from pyhanko.sign import fields, signers  # noqa: PLC0415

    made = town()[1] / "signers"
    signer = signers.SimpleSigner.load(made / "seal-p256.key.pem", made / "seal-p256.pem")
    metadata = signers.PdfSignatureMetadata(
        field_name="Auteur", certify=True, docmdp_permissions=fields.MDPPerm.NO_CHANGES
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(letter()))
    certified = signers.sign_pdf(writer, metadata, signer).getvalue()
    with pytest.raises(PdfCertifiedError):
        sealed(certified, order=None)


def test_a_page_out_of_range_or_full_is_refused():
    with pytest.raises(PageOutOfRangeError):
        sealed(letter(), wish=Wish(page=2))
    with pytest.raises(PlacementError):
        sealed(full_page())


def test_a_wrong_code_tells_every_problem_and_never_a_value():
    order = TwoDDocOrder("00", {"10": "Mme Dupont", "ZZ": "x", "24": "6999"})
    with pytest.raises(EmissionError) as caught:
        sealed(letter(), order=order)
    told = {problem.di for problem in caught.value.problems}
    assert {"10", "ZZ", "24", "22", "26"} <= told
    assert "Dupont" not in str(caught.value)


def test_a_type_that_no_town_issues_is_refused():
    with pytest.raises(TypeNotForTownsError):
        sealed(letter(), order=TwoDDocOrder("02", {}))


def test_a_date_of_issue_may_be_given():
    result = sealed(letter(), order=TwoDDocOrder("00", FIELDS, date(2026, 11, 2)))
    assert result.code is not None
    assert parse(result.code).header.issue_date == date(2026, 11, 2)


def test_a_cut_or_changed_letter_never_raises_anything_but_a_refusal():
    pdf = letter()
    for cut in range(0, len(pdf), 37):
        try:
            sealed(pdf[:cut], order=None)
        except PdfRefusedError:
            continue


def over(pdf, rectangle, fill):
    """Take the seal's drawing away and paint a box at its place."""
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        page = document[0]
        place = pymupdf.Rect(rectangle) * page.transformation_matrix
        for widget in page.widgets():
            page.delete_widget(widget)
        page.draw_rect(place, color=fill, fill=fill)
        return document.tobytes()


@pytest.mark.parametrize("shape", [letter, lambda: letter(rotation=90), lambda: cropped(letter())])
def test_reading_back_looks_at_the_place_of_the_code(shape):
    result = sealed(shape())
    check_readback(result.pdf, result.mark.place, result.code)
    x0, y0, x1, y1 = result.mark.place.rectangle
    elsewhere = replace(result.mark.place, rectangle=(x0 - 250, y0 - 250, x1 - 250, y1 - 250))
    with pytest.raises(UnreadableMarkError):
        check_readback(result.pdf, elsewhere, result.code)


def test_a_page_that_is_not_the_one_that_came_is_never_taken_for_it():
    result = sealed(letter())
    place = result.mark.place
    check_unchanged(letter(), result.pdf, place)
    for other in (letter("Une autre lettre"), letter(rotation=180), letter(""), cropped(letter())):
        with pytest.raises(PageChangedError):
            check_unchanged(other, result.pdf, place)


def test_a_page_that_does_not_show_its_code_fails_reading_back():
    result = sealed(letter())
    for fill in ((1, 1, 1), (0, 0, 0)):
        with pytest.raises(UnreadableMarkError):
            check_readback(
                over(result.pdf, result.mark.place.rectangle, fill), result.mark.place, result.code
            )


def test_another_code_at_the_place_fails_reading_back():
    result = sealed(letter())
    with pytest.raises(UnreadableMarkError):
        check_readback(result.pdf, result.mark.place, result.code + b"A")


@pytest.mark.parametrize("road", ["fast", "general"])
def test_every_seal_says_its_letter_under_the_signature(road):
    """One entry, behind the CMS and before the dictionary's end: what `/ByteRange` covers."""
    pdf = letter() if road == "fast" else sealed(letter(), order=None).pdf
    result = seal_letter(Letter(pdf), sealer(), Profile(), NOW, bytes(10))
    assert result.sealed.road == road
    written = f"/COFR_DocumentId({in_twoddoc(result.document_id)})".encode()
    spaced = written.replace(b"(", b" (")
    revision = result.pdf[len(pdf) :]
    assert revision.count(written) + revision.count(spaced) == 1
    seal = PdfFileReader(io.BytesIO(result.pdf)).embedded_signatures[-1]
    assert seal.sig_object["/COFR_DocumentId"] == in_twoddoc(result.document_id)
    place = result.pdf.rindex(in_twoddoc(result.document_id).encode())
    first, length, second, rest = (int(number) for number in seal.byte_range)
    assert first + length < second <= place < second + rest == len(result.pdf)
    assert status(result.pdf).bottom_line


def test_a_letter_with_a_slot_leads_to_it_in_code_and_seal():
    slot = SlotKey(Slot(77), bytes(16))
    order = TwoDDocOrder("00", FIELDS)
    found = Letter(letter(), order, slot=slot)
    result = seal_letter(found, sealer(), Profile(), NOW, bytes(10))
    assert slot_of(result.document_id) == 77
    assert in_twoddoc(result.document_id).encode() in (result.code or b"")


def test_a_code_may_not_bear_the_identifier_of_another_letter():
    other = in_twoddoc(document_id(NOW, bytes(10)))
    with pytest.raises(EmissionError) as caught:
        sealed(letter(), order=TwoDDocOrder("00", {**FIELDS, "01": other}))
    assert caught.value.parts == (("01", "other-document"),)
    own = sealed(letter(), order=TwoDDocOrder("00", {**FIELDS, "01": "FACTURE 12"}))
    assert b"01FACTURE 12" in (own.code or b"")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Mairie de Valbourg", "Cachet de Mairie de Valbourg et code "),
        ("Cachet de la mairie", "Cachet de la mairie et code "),
        ("CACHET MAIRIE", "CACHET MAIRIE et code "),
    ],
)
def test_the_widget_says_once_that_it_is_a_seal(monkeypatch, name, said):
    monkeypatch.setitem(seal_letter.__globals__, "common_name", lambda _: name)
    mark = sealed(letter()).mark
    assert mark is not None
    assert mark.text.startswith(said)
