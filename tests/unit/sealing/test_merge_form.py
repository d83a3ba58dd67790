"""A PDF form and values to a letter without a form."""

import io
import subprocess

import pikepdf
import pymupdf
import pytest
from support.merging import form, opened, tagged_form, texts
from support.sealers import NOW, sealer
from support.tools import need

from sealing.batch.merge.form import (
    FieldWithoutColumnError,
    FormAbsentError,
    FormDesign,
    FormSignedError,
    FormTurnedError,
    FormXfaError,
    NoFieldError,
)
from sealing.batch.merge.spots import (
    FieldEmptyError,
    FieldLetterError,
    FieldTooSmallError,
    FieldValueError,
)
from sealing.errors import PdfEncryptedError, PdfUnreadableError
from sealing.pades.seal import Road
from sealing.service.codes import TownCodeOrder
from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile

VALUES = {
    "nom": "Éléonore Lœuf – 12,30 € Ž ł",
    "adresse": "12 rue des Lilas, bâtiment à côté de l’école\n69999 VALBOURG",
    "code": "69999",
    "accord": "oui",
    "civilité": "Madame",
}


@pytest.fixture
def design(tmp_path):
    def opening(pdf, columns=VALUES):
        path = tmp_path / "form.pdf"
        path.write_bytes(pdf)
        return FormDesign.open(path, frozenset(columns))

    return opening


def changed(pdf, change):
    output = io.BytesIO()
    with opened(pdf) as document:
        change(document)
        document.save(output)
    return output.getvalue()


def ink(pdf, box):
    """Count the dark points of a part of the page."""
    with pymupdf.open(stream=pdf) as document:
        seen = document[0].get_pixmap(clip=pymupdf.Rect(box), dpi=144, colorspace=pymupdf.csGRAY)
        return sum(point < 128 for point in seen.samples)


def test_values_stand_in_their_fields_accents_included(design):
    pdf = design(form()).make(VALUES)
    words = texts(pdf)
    assert VALUES["nom"] in words
    assert "bâtiment à côté" in words
    assert "Madame" in words
    assert "".join(words.split()).count("69999") == 2
    with pymupdf.open(stream=pdf) as document:
        placed = {word[4]: word[:4] for word in document[0].get_text("words")}
    x0, y0, x1, y1 = placed["Éléonore"]
    assert 100 <= x0 < x1 <= 300
    assert 98 <= y0 < y1 <= 122


def test_no_form_is_left_and_every_letter_is_in_the_file(design):
    with opened(design(form()).make(VALUES)) as pdf:
        assert pdf.Root.get("/AcroForm") is None
        assert len(pdf.pages[0].get("/Annots", [])) == 0
        own = [font for name, font in pdf.pages[0].Resources.Font.items() if name != "/helv"]
        for font in own:
            assert "/FontFile3" in font.DescendantFonts[0].FontDescriptor


def test_a_ticked_box_shows_it_and_an_empty_one_does_not(design):
    box = (101, 241, 114, 254)
    ticked = design(form()).make(VALUES)
    empty = design(form()).make({**VALUES, "accord": "non"})
    assert ink(ticked, box) > ink(empty, box) + 20


def test_characters_in_cells_stand_in_the_middle_of_theirs(design):
    with pymupdf.open(stream=design(form()).make({**VALUES, "code": "12345"})) as document:
        found = document[0].get_text("rawdict", clip=(100, 210, 200, 230))
        signs = [
            (char["c"], (char["bbox"][0] + char["bbox"][2]) / 2)
            for block in found["blocks"]
            for line in block["lines"]
            for span in line["spans"]
            for char in span["chars"]
        ]
    assert [sign for sign, _ in signs] == list("12345")
    assert [round(x) for _, x in signs] == [110, 130, 150, 170, 190]


def test_the_same_values_give_the_same_bytes(design):
    pdf = form()
    assert design(pdf).make(VALUES) == design(pdf).make(VALUES)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("nom", "", FieldEmptyError),
        ("nom", "M" * 60, FieldTooSmallError),
        ("nom", "漢字", FieldLetterError),
        ("adresse", "x " * 2_000, FieldTooSmallError),
        ("code", "699999", FieldTooSmallError),
        ("accord", "peut-être", FieldValueError),
        ("civilité", "Maître", FieldValueError),
    ],
)
def test_a_value_that_its_field_does_not_take_is_an_error(design, name, value, error):
    with pytest.raises(error) as caught:
        design(form()).check({**VALUES, name: value})
    assert caught.value.details["name"] == name


def test_a_field_without_a_column_is_told_and_one_that_is_demanded_refused(design):
    assert ("column", "adresse, code") in design(form(), {"nom", "accord", "civilité"}).remarks
    with pytest.raises(FieldWithoutColumnError) as caught:
        design(form(), {"adresse"})
    assert caught.value.details == {"name": "nom"}
    with pytest.raises(NoFieldError):
        design(form(), {"rue"})


def test_a_filled_form_is_sealed_on_the_fast_road(design):
    pdf = design(tagged_form(), {"nom"}).make({"nom": "MARTIN"})
    letter = Letter(pdf, TownCodeOrder("0", {"nom": "MARTIN"}))
    sealed = seal_letter(letter, sealer(), Profile(), NOW, b"0123456789").sealed
    assert (sealed.road, sealed.fallback) == (Road.FAST, None)


def test_a_form_without_tags_is_told(design):
    assert ("tags", "") in design(form()).remarks


def test_a_form_that_is_tagged_stays_so_with_its_values(design):
    values = {"nom": "Dupont", "accord": "x", "refus": ""}
    made = design(tagged_form(), values)
    assert made.remarks == ()
    with opened(made.make(values)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "fr"
        root = pdf.Root.StructTreeRoot
        assert "/OBJR" not in {str(kid.get("/Type", "")) for kid in elements(root.K)}
        spans = [kid for kid in elements(root.K) if kid.get("/S") == "/Span" and "/K" in kid]
        alts = [str(kid.Alt) for kid in elements(root.K) if "/Alt" in kid]
        assert alts == ["coché", "non coché"]
        row = next(value for value in root.ParentTree.Nums if isinstance(value, pikepdf.Array))
        content = b"".join(stream.read_bytes() for stream in pdf.pages[0].Contents)
        numbers = {int(found) for found in marks(content)}
        assert max(numbers) < len(row)
        said = {int(kid.K[-1]) for kid in spans if str(kid.get("/Alt", "")) != "non coché"}
        assert said <= numbers
        assert {row[number].objgen for number in said} <= {kid.objgen for kid in spans}


def elements(node):
    if isinstance(node, pikepdf.Array):
        for kid in node:
            yield from elements(kid)
    elif isinstance(node, pikepdf.Dictionary):
        yield node
        if "/K" in node:
            yield from elements(node.K)


def marks(content):
    parts = content.replace(b"/MCID ", b"\0").split(b"\0")[1:]
    return [part.split(b">")[0].split(b"/")[0].strip() for part in parts]


def test_the_words_of_a_filled_form_stand_in_the_order_of_its_structure(design):

    pdf = design(tagged_form(), {"nom"}).make({"nom": "Dupont"})
    done = subprocess.run(
        [need("pdfinfo"), "-struct-text", "-"], input=pdf, capture_output=True, check=True
    )
    words = done.stdout.decode()
    assert words.index('"Nom') < words.index('"Dupont"') < words.index('"Accord')


def xfa(document):
    document.Root.AcroForm.XFA = document.make_stream(b"<xdp/>")


def turned(document):
    document.pages[0].Rotate = 90


def signed(document):
    field = document.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Sig,
            T="s",
            Rect=[0, 0, 9, 9],
            V=pikepdf.Dictionary(Type=pikepdf.Name.Sig, Contents=b"x", ByteRange=[0, 1, 2, 3]),
        )
    )
    document.pages[0].Annots.append(field)
    document.Root.AcroForm.Fields.append(field)
    document.Root.AcroForm.SigFlags = 3


def no_form(document):
    del document.Root.AcroForm
    del document.pages[0].Annots


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (xfa, FormXfaError),
        (turned, FormTurnedError),
        (signed, FormSignedError),
        (no_form, FormAbsentError),
    ],
)
def test_a_form_that_cannot_be_filled_is_refused(design, change, error):
    with pytest.raises(error):
        design(changed(form(), change))


def test_a_form_under_a_password_and_one_that_is_none_are_refused(design):
    output = io.BytesIO()
    with opened(form()) as document:
        document.save(output, encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(PdfEncryptedError):
        design(output.getvalue())
    with pytest.raises(PdfUnreadableError):
        design(b"%PDF-1.7 nothing")


def scripted(document):
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    document.Root.OpenAction = script
    document.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=["a", script]))


def test_scripts_of_the_form_go_with_it(design):
    assert b"JavaScript" not in design(changed(form(), scripted)).make(VALUES)
