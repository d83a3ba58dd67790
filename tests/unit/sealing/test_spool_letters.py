"""Letters cut from a spool: each is whole, looks the same, and holds nothing of the others."""

import io

import pikepdf
import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.budget import cases
from support.letters import encrypted, owner_protected, rewritten, with_stream_xref
from support.pages import sealed
from support.spools import NAMES, everything, hostile, pixels, plain, written

from sealing.batch.spool.letter import FieldNotDrawnError, letter_of
from sealing.batch.spool.pdf import (
    SpoolEncryptedError,
    SpoolError,
    SpoolPageError,
    SpoolPdf,
    SpoolSignedError,
    SpoolUnreadableError,
    SpoolXfaError,
)
from sealing.batch.spool.resources import Named
from sealing.pades.layout import Layout
from sealing.pades.source_pdf import SourcePdf


def letters(folder, pdf, pages=1, title=""):
    """Cut a spool every so many pages."""
    with SpoolPdf.opened(written(folder, pdf)) as spool:
        return [
            letter_of(spool, first, first + pages - 1, title)
            for first in range(1, spool.pages + 1, pages)
        ]


@pytest.mark.parametrize("dress", [bytes, with_stream_xref], ids=["classic", "streams"])
def test_nothing_of_the_others_is_in_a_letter(tmp_path, dress):
    spool = dress(hostile())
    for name, made in zip(NAMES, letters(tmp_path, spool), strict=True):
        held = everything(made.pdf)
        assert name.encode() in held
        for other in set(NAMES) - {name}:
            assert other.encode() not in held, f"{other} is in the letter of {name}"
            assert other.encode("utf-16-be") not in held


def test_the_oracle_finds_what_is_left():
    held = everything(hostile())
    for text in (b"piece of", b"metadata of", b"gs ALMEIDA", b"app.alert", b"inner BERTIN"):
        assert text in held


def test_no_script_file_history_or_structure_is_left(tmp_path):
    for made in letters(tmp_path, hostile()):
        held = everything(made.pdf)
        for word in (b"JavaScript", b"EmbeddedFile", b"Filespec", b"StructParent", b"PieceInfo"):
            assert word not in held, word
        assert b"StructTreeRoot" not in held
        assert made.pdf.count(b"%%EOF") == 1
        with pikepdf.open(io.BytesIO(made.pdf)) as document:
            assert set(document.Root.keys()) <= {"/Type", "/Pages", "/Lang", "/OCProperties"}
            assert str(document.Root.Lang) == "fr-FR"


@pytest.mark.parametrize("page", range(3))
def test_a_letter_looks_as_its_page_in_the_spool(tmp_path, page):
    spool = hostile()
    made = letters(tmp_path, spool)[page]
    assert pixels(made.pdf) == pixels(spool, page)
    with pymupdf.open(stream=spool) as before, pymupdf.open(stream=made.pdf) as after:
        assert after[0].get_text() == before[page].get_text()
        assert after[0].rotation == 90
        assert after[0].cropbox == before[page].cropbox


def test_links_lead_to_the_web_or_into_the_letter_and_fields_are_pictures(tmp_path):
    [made, *_] = letters(tmp_path, hostile())
    with pikepdf.open(io.BytesIO(made.pdf)) as document:
        [page] = document.pages
        kinds = [str(note.Subtype) for note in page.Annots]
        assert kinds == ["/Stamp", "/Link", "/Link", "/Square"]
        assert page.Annots[1].Dest[0] == page.obj
        assert dict(page.Annots[2].A) == {"/S": "/URI", "/URI": "https://exemple.fr"}
        assert "/V" not in page.Annots[0]
    assert (made.links, made.fields) == (2, 2)


def test_a_layer_that_is_hidden_stays_hidden_and_the_others_are_not_named(tmp_path):
    for made in letters(tmp_path, hostile()):
        with pikepdf.open(io.BytesIO(made.pdf)) as document:
            layers = document.Root.OCProperties
            assert [str(layer.Name) for layer in layers.OCGs] == ["shown"]
            assert list(layers.D.OFF) == list(layers.OCGs)


def test_letters_are_whole_pdfs_to_another_reader(tmp_path):
    for spool in (plain(), hostile()):
        for made in letters(tmp_path, spool):
            with pikepdf.open(io.BytesIO(made.pdf)) as document:
                assert document.check_pdf_syntax() == []


def test_letters_of_one_template_share_a_layout_and_take_the_fast_road(tmp_path):
    found = letters(tmp_path, plain(("DUPONT", "MARTIN", "BLANCS")), pages=2)
    keys = {Layout.read(SourcePdf(made.pdf).pages, 0).key for made in found}
    assert len(keys) == 1


def test_the_same_pages_give_the_same_bytes(tmp_path):
    assert letters(tmp_path, hostile()) == letters(tmp_path, hostile())


def test_a_shared_font_is_once_in_a_letter_of_several_pages(tmp_path):
    [made] = letters(tmp_path, plain(("DUPONT",), pages=5), pages=5)
    assert made.pdf.count(b"/BaseFont") == 1
    assert made.pdf.count(b"/Type /Page/") + made.pdf.count(b"/Type/Page/") == 5


def test_a_title_is_kept_in_any_script(tmp_path):
    [made, *_] = letters(tmp_path, plain(), pages=6, title="Mme Élodie Ștefan")
    with pikepdf.open(io.BytesIO(made.pdf)) as document:
        assert str(document.docinfo.Title) == "Mme Élodie Ștefan"


def test_a_file_that_was_saved_again_and_again_leaves_its_history(tmp_path):
    path = written(tmp_path, plain(("DUPONT",), pages=1))
    with pymupdf.open(path) as document:
        document[0].add_redact_annot(document[0].search_for("DUPONT")[0])
        document[0].apply_redactions()
        document.save(path, incremental=True, encryption=0)
    assert b"%%EOF" in path.read_bytes()[:-2000] or path.read_bytes().count(b"%%EOF") == 2
    with SpoolPdf.opened(path) as spool:
        made = letter_of(spool, 1, 1)
    assert b"DUPONT" not in everything(made.pdf)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: encrypted(plain()), SpoolEncryptedError),
        (lambda: owner_protected(plain()), SpoolEncryptedError),
        (lambda: plain()[:-600], SpoolUnreadableError),
        (lambda: plain()[: len(plain()) // 2], SpoolUnreadableError),
        (lambda: b"", SpoolUnreadableError),
        (lambda: b"bonjour", SpoolUnreadableError),
        (lambda: with_form(XFA=pikepdf.String("<x/>")), SpoolXfaError),
        (lambda: with_form(SigFlags=3), SpoolSignedError),
        (lambda: sealed().pdf, SpoolSignedError),
    ],
    ids=["locked", "owner", "tail", "half", "empty", "text", "xfa", "flags", "sealed"],
)
def test_a_spool_whose_letters_would_be_wrong_is_refused(tmp_path, make, error):
    with pytest.raises(error), SpoolPdf.opened(written(tmp_path, make())):
        pass


def with_form(**entries):
    """Give a spool with a form."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(plain())) as document:
        document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(), **entries)
        document.save(output)
    return output.getvalue()


def test_a_field_with_a_value_and_no_picture_stops_its_letter(tmp_path):
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(hostile())) as document:
        del document.pages[1].Annots[0].AP
        document.save(output)
    with SpoolPdf.opened(written(tmp_path, output.getvalue())) as spool:
        letter_of(spool, 1, 1)
        with pytest.raises(FieldNotDrawnError) as caught:
            letter_of(spool, 2, 2)
    assert caught.value.details["page"] == 2


def test_a_page_that_cannot_be_read_is_told_by_its_number(tmp_path):
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(plain(pages=1))) as document:
        depth = pikepdf.Array([0])
        for _ in range(60):
            depth = pikepdf.Array([depth])
        document.pages[1].obj.Group = pikepdf.Dictionary(S=depth)
        document.save(output)
    with SpoolPdf.opened(written(tmp_path, output.getvalue())) as spool:
        letter_of(spool, 1, 1)
        with pytest.raises(SpoolPageError) as caught:
            letter_of(spool, 2, 2)
    assert caught.value.details["page"] == 2


@pytest.mark.parametrize(
    ("content", "drawn"),
    [
        (b"/A Do", {b"A"}),
        (b"q /A\n Do Q/B Do", {b"A", b"B"}),
        (b"/A#42 Do", {b"AB"}),
        (b"/F 1 Tf (Do) Tj /A Do", {b"F", b"A"}),
        (b"/A % why\n Do /F 1 Tf", {b"F", b"A"}),
        (b"/A Doing /B Do", {b"B"}),
        (b"/Do gs /A Do", {b"A", b"Do"}),
    ],
    ids=[str(number) for number in range(7)],
)
def test_what_a_content_draws_is_never_missed(content, drawn):
    assert Named.by(content).drawn == drawn


@settings(max_examples=cases(ci=200, slow=5_000), deadline=None)
@given(place=st.integers(0, 9_000), byte=st.integers(0, 255))
def test_a_damaged_spool_is_refused_or_cut_and_never_crashes(tmp_path_factory, place, byte):
    pdf = bytearray(HOSTILE)
    pdf[place % len(pdf)] = byte
    path = written(tmp_path_factory.getbasetemp(), bytes(pdf))
    try:
        with SpoolPdf.opened(path) as spool:
            for page in range(1, spool.pages + 1):
                made = letter_of(spool, page, page)
                assert made.pdf.endswith(b"%%EOF\n")
    except SpoolError:
        return


HOSTILE = rewritten(hostile(), compress_streams=False)
