"""Layouts: what two letters of one template have in common, and what tells them apart."""

import io
import zlib

import pikepdf
import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.budget import cases
from support.letters import with_stream_xref
from support.pdf_shapes import handmade

from sealing.pades import shown_text
from sealing.pades.layout import Layout
from sealing.pades.source_pdf import SourcePdf
from sealing.pades.tokens import NotFastError

WORDS = st.text(st.sampled_from("abc XYZ()[]<>\\%é0123456789"), max_size=40)


def layout(pdf):
    return Layout.read(SourcePdf(pdf).pages, 0)


def letter(first="Madame Dupont", second="12 rue des Lilas", y=130, size=11, width=595):
    with pymupdf.open() as document:
        page = document.new_page(width=width)
        page.insert_text((350, 100), first, fontsize=size)
        page.insert_text((350, y), second)
        page.draw_line((50, 200), (500, 200))
        return document.tobytes(deflate=True)


def page(content, resources=b"", more=b"", extra=None):
    """Write a page by hand: its content, and what its content names."""
    packed = zlib.compress(content)
    stream = b"<</Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream" % (len(packed), packed)
    held = b"<</Font<</F 6 0 R>>%b>>" % resources
    return handmade(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources %b%b>>"
            % (held, more),
            4: stream,
            6: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            **(extra or {}),
        }
    )


def stream(entries, data):
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries, len(data), data)


TEXT = b"BT /F 12 Tf 72 700 Td (Bonjour) Tj 0 -14 Td [(Mad)-20(ame)] TJ ET 0 0 50 5 re f"


def test_letters_of_one_template_have_one_layout():
    first, second = layout(letter()), layout(letter("M. Li", "4 place Foch"))
    assert first.key == second.key
    assert len(first.texts) == len(second.texts)
    assert all(one > other for one, other in zip(first.texts, second.texts, strict=True))


def test_the_same_letter_packed_otherwise_has_the_same_layout():
    assert layout(with_stream_xref(page(TEXT))) == layout(page(TEXT))


@pytest.mark.parametrize(
    "other",
    [
        letter(y=131),
        letter(size=12),
        letter(width=596),
        letter(second="12 rue\ndes Lilas"),
    ],
    ids=["moved", "larger", "wider page", "one line more"],
)
def test_what_moves_the_words_is_another_layout(other):
    assert layout(other).key != layout(letter()).key


def rewritten(change):
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(page(TEXT))) as document:
        change(document, document.pages[0])
        document.save(output)
    return output.getvalue()


@pytest.mark.parametrize(
    ("key", "value"),
    [("/Rotate", 90), ("/UserUnit", 2), ("/CropBox", pikepdf.Array([0, 0, 400, 400]))],
)
def test_the_geometry_of_the_page_belongs_to_its_layout(key, value):
    changed = rewritten(lambda _, own: own.obj.__setitem__(key, value))
    assert layout(changed).key != layout(rewritten(lambda *_: None)).key


def drawing(data, form=b"/Subtype/Form/BBox[0 0 9 9]"):
    return page(TEXT + b" /X Do", b"/XObject<</X 7 0 R>>", extra={7: stream(form, data)})


def test_a_form_belongs_to_the_layout_and_its_words_do_not():
    plain = layout(drawing(b"BT /F 9 Tf (one) Tj ET"))
    assert layout(drawing(b"BT /F 9 Tf (two) Tj ET")) == plain
    assert layout(drawing(b"BT /F 8 Tf (one) Tj ET")).key != plain.key
    moved = b"/Subtype/Form/BBox[0 0 9 9]/Matrix[1 0 0 1 5 5]"
    assert layout(drawing(b"BT /F 9 Tf (one) Tj ET", moved)).key != plain.key


def scan(shade, mask=255):
    image = Image.new("L", (20, 20), 255)
    image.putpixel((3, 3), shade)
    with pymupdf.open() as document:
        output, veil = io.BytesIO(), io.BytesIO()
        image.save(output, "PNG")
        Image.new("L", (20, 20), mask).save(veil, "PNG")
        document.new_page().insert_image(
            pymupdf.Rect(0, 0, 595, 842), stream=output.getvalue(), mask=veil.getvalue()
        )
        return document.tobytes()


def test_every_byte_of_an_image_belongs_to_the_layout():
    assert layout(scan(7)) == layout(scan(7))
    assert layout(scan(8)).key != layout(scan(7)).key
    assert layout(scan(7, 254)).key != layout(scan(7)).key


@pytest.mark.parametrize(
    "content",
    [
        b"BI /W 1 /H 1 /BPC 8 /CS /G ID \x80 EI",
        b"BT /F 12 Tf (a % b) Tj ET % and a comment",
        b"BT /F 12 Tf (one (two) three) Tj ET",
        b"BT /F 12 Tf [(a)-1000(b)] TJ ET",
        b"BT /F 12 Tf [(a) -12345.67 (b)] TJ ET",
        b"BT /F 12 Tf [(a)\n-4000\n  <62>] TJ ET",
        b"BT /F 12 Tf (never closed Tj ET",
        b"BT /F 12 Tf (a) Tj ET ]",
        b" " * (shown_text.MAX_CONTENT + 1),
        b"(a)Tj " * (shown_text.MAX_TEXTS + 1),
    ],
    ids=lambda content: content[:45].decode("latin-1"),
)
def test_a_content_of_more_than_lines_and_texts_has_no_layout(content):
    with pytest.raises(NotFastError):
        layout(page(content))


@pytest.mark.parametrize(
    "content",
    [
        b"BT /F 12 Tf [(a)-999.99(b)] TJ ET",
        b"BT /F 12 Tf 1 0 0 1 1234 5678 Tm (a) Tj ET",
        b"BT /F 12 Tf [<0001>-17.578125<0002>] TJ ET",
        rb"BT /F 12 Tf (a \( 20 \\ ] b) Tj ET",
    ],
)
def test_usual_contents_have_a_layout(content):
    assert layout(page(content)).texts


@pytest.mark.parametrize(
    ("resources", "more", "extra"),
    [
        (b"", b"/Annots[<</Type/Annot/Subtype/Square/Rect[0 0 9 9]>>]", {}),
        (b"/Pattern<</P 7 0 R>>", b"", {}),
        (b"/Shading<</S 7 0 R>>", b"", {}),
        (b"", b"", {6: b"<</Type/Font/Subtype/Type3>>"}),
        (b"", b"", {1: b"<</Type/Catalog/Pages 2 0 R/OCProperties<<>>>>"}),
        (b"/XObject<</X 7 0 R>>", b"", {7: b"<</Not/AStream>>"}),
    ],
    ids=["annotation", "pattern", "shading", "type 3", "layers", "no stream"],
)
def test_what_draws_otherwise_has_no_layout(resources, more, extra):
    with pytest.raises(NotFastError):
        layout(page(TEXT, resources, more, extra))


def test_a_form_that_draws_itself_has_no_layout():
    inner = b"/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 7 0 R>>>>"
    with pytest.raises(NotFastError):
        layout(drawing(b"/X Do", inner))


def test_an_empty_page_has_a_layout():
    assert layout(page(b"")).texts == ()


def starts(pdf):
    """Say where each text of a page begins, as MuPDF draws it."""
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        return [
            (round(span["chars"][0][2][0], 2), round(span["chars"][0][2][1], 2))
            for span in document[0].get_texttrace()
        ]


@settings(max_examples=cases(ci=100, slow=2_000), deadline=None)
@given(st.lists(WORDS.filter(str.strip), min_size=2, max_size=2), WORDS.filter(str.strip))
def test_texts_of_one_layout_begin_at_the_same_places(words, other):
    one, two = letter(*words), letter(other, words[1])
    try:
        found, again = layout(one), layout(two)
    except NotFastError:
        return
    if found.key == again.key:
        assert starts(one) == starts(two)
    if not set("()[]%\\") & set(other + words[0]):
        assert found.key == again.key


HTML = """<p>{}<br>{}</p><p style="margin-left:200px">{}</p><ul><li>Repas : {} €</li></ul>"""


def merged(*values):
    """Give a page of HTML merged with values."""
    with pymupdf.open() as document:
        document.new_page().insert_htmlbox(pymupdf.Rect(60, 60, 500, 700), HTML.format(*values))
        document.subset_fonts()
        return document.tobytes(deflate=True)


def test_letters_merged_from_a_page_of_html_share_their_layout():
    one = layout(merged("Claire", "Lyon", "Madame,", "3,10"))
    assert layout(merged("Bo", "Aix", "Monsieur,", "12,40")).key == one.key
    assert layout(merged("Claire<br>chez Paul", "Lyon", "Madame,", "3,10")).key != one.key
