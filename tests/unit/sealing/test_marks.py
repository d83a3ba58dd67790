"""The code: its symbol, its drawing, its place."""

import io
import random
import re
import string

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.letters import cropped, encrypted, full_page, letter, owner_protected

from sealing.errors import PageOutOfRangeError, PdfEncryptedError, PdfUnreadableError
from sealing.marks import appearance, datamatrix, picture
from sealing.marks.datamatrix import (
    Symbol,
    SymbolCharactersError,
    SymbolError,
    SymbolReadbackError,
)
from sealing.marks.placement import PlacementError, PlaceTakenError, Wish, place
from sealing.marks.readback import UnreadableMarkError
from sealing.marks.strokes import UndrawableError, strokes

CODE = b"DC04FR00DM00265D265D0001FR10MME/DUPONT/CLAIRE\x1d20\x1d21\x1d22\x1e\x1f" + b"A" * 103
SIZE = (60.0, 68.0)


def drawn(symbol, scale=4, quiet=3):
    side = (symbol.modules + 2 * quiet) * scale
    image = Image.new("L", (side, side), 255)
    for x, y, length in symbol.runs():
        box = [(quiet + x) * scale, (quiet + y) * scale]
        image.paste(0, (*box, box[0] + length * scale, box[1] + scale))
    return image


def seen(data):
    """Draw a PNG or an SVG in grey at 300 dpi."""
    if data.startswith(b"<svg"):
        with pymupdf.open(stream=data, filetype="svg") as document:
            data = document[0].get_pixmap(dpi=300, colorspace=pymupdf.csGRAY).tobytes("png")
    return Image.open(io.BytesIO(data)).convert("L")


def test_a_symbol_drawn_by_its_runs_reads_as_the_same_bytes():
    symbol = datamatrix.symbol(CODE)
    assert datamatrix.read(drawn(symbol)) == [CODE]


@pytest.mark.parametrize("strict", [False, True], ids=["mixed", "C40"])
@given(text=st.text(st.characters(max_codepoint=127), min_size=1, max_size=400))
def test_any_7_bit_text_comes_back_through_the_symbol(strict, text):
    content = text.encode("ascii")
    assert datamatrix.read(drawn(datamatrix.symbol(content, strict_c40=strict))) == [content]


@pytest.mark.parametrize("strict", [False, True], ids=["mixed", "C40"])
def test_what_does_not_fit_is_refused_with_the_size_it_would_need(strict):
    with pytest.raises(SymbolError) as caught:
        datamatrix.symbol(b"A" * 5_000, strict_c40=strict)
    # Three characters take two codewords; latch and unlatch stand around them, two are left over.
    assert caught.value.details == {"size": 5_000, "needed": 3_336, "largest": 1_558}


@pytest.mark.parametrize("strict", [False, True], ids=["mixed", "C40"])
def test_a_symbol_that_reads_as_something_else_is_never_drawn(strict):
    symbol = datamatrix.symbol(CODE, strict_c40=strict)
    datamatrix.check_symbol(symbol, CODE)
    blank = Symbol(bytes(symbol.modules**2))
    for made, content in ((symbol, CODE + b"A"), (symbol, b"B" + CODE[1:]), (blank, CODE)):
        with pytest.raises(SymbolReadbackError):
            datamatrix.check_symbol(made, content)


@pytest.mark.parametrize("strict", [False, True], ids=["mixed", "C40"])
def test_the_largest_symbol_is_filled(strict):
    symbol = datamatrix.symbol(b"A" * 2_300, strict_c40=strict)
    assert symbol.modules == 144
    assert datamatrix.read(drawn(symbol)) == [b"A" * 2_300]


@pytest.mark.parametrize("strict", [False, True], ids=["mixed", "C40"])
@pytest.mark.parametrize(
    ("content", "error"), [(b"", SymbolError), ("É".encode("latin-1"), SymbolCharactersError)]
)
def test_nothing_and_what_is_not_7_bit_are_refused(strict, content, error):
    with pytest.raises(error):
        datamatrix.symbol(content, strict_c40=strict)


@pytest.mark.parametrize("strict", [False, True], ids=["mixed", "C40"])
@pytest.mark.parametrize("draw", [picture.png, picture.svg], ids=["PNG", "SVG"])
def test_a_picture_reads_as_its_code_and_its_mention_stands_outside_the_quiet_zone(draw, strict):
    symbol = datamatrix.symbol(CODE, strict_c40=strict)
    data = draw(symbol, "2D-DOC", CODE)
    image = seen(data)
    assert datamatrix.read(image) == [CODE]
    module = image.width / (symbol.modules + 4)
    assert module * 25.4 / 300 >= 0.4 - 0.005
    ink = image.point(lambda value: 255 if value < 128 else 0).convert("1")
    below = round((symbol.modules + 4) * module)
    left, top, right, bottom = ink.crop((0, 0, image.width, below)).getbbox()
    assert (left, top) == pytest.approx((2 * module, 2 * module), abs=1)
    side = (symbol.modules + 2) * module
    assert (right, bottom) == pytest.approx((side, side), abs=1)
    assert ink.crop((0, below, image.width, image.height)).getbbox() is not None


def test_a_png_says_its_resolution_and_prints_modules_large_enough():
    symbol = datamatrix.symbol(CODE)
    for dpi in (200, 300, 600):
        image = Image.open(io.BytesIO(picture.png(symbol, "2D-DOC", CODE, dpi)))
        assert image.info["dpi"] == pytest.approx((dpi, dpi), abs=0.01)
        module_mm = image.width / (symbol.modules + 4) / dpi * 25.4
        assert 0.4 <= module_mm < 0.52


@pytest.mark.parametrize("draw", [picture.png, picture.svg], ids=["PNG", "SVG"])
def test_a_picture_that_shows_another_code_is_never_given(draw):
    with pytest.raises(UnreadableMarkError):
        draw(datamatrix.symbol(CODE), "2D-DOC", CODE + b"A")


def test_runs_cover_each_dark_module_once():
    symbol = datamatrix.symbol(CODE)
    dark = {(x, y) for y, row in enumerate(symbol.rows) for x, on in enumerate(row) if on}
    covered = [(x + i, y) for x, y, length in symbol.runs() for i in range(length)]
    assert len(covered) == len(set(covered))
    assert set(covered) == dark


@pytest.mark.parametrize("size", [8, 60, 200, 400, 900])
def test_the_drawing_fills_each_dark_module_once_in_one_operation(size):
    symbol = datamatrix.symbol(CODE[:size] if size <= len(CODE) else CODE + b"A" * size)
    content = appearance.appearance(symbol, "2D-DOC").content.decode()
    _, _, path = content.partition(" cm 0 g\n")
    path, _, rest = path.partition("f\nQ\n")
    filled = [tuple(map(int, line.split()[:4])) for line in path.splitlines()]
    covered = [(x + i, symbol.modules - 1 - y) for x, y, wide, _ in filled for i in range(wide)]
    dark = {(x, y) for y, row in enumerate(symbol.rows) for x, on in enumerate(row) if on}
    assert len(covered) == len(set(covered))
    assert set(covered) == dark
    assert all(line.endswith(" 1 re") for line in path.splitlines())
    assert " re" not in rest


def test_a_module_measures_four_tenths_of_a_millimetre():
    width, _ = appearance.box_of(48)
    assert width / appearance.POINTS_PER_MM == pytest.approx((48 + 4) * 0.4)


def test_the_drawing_uses_no_font_and_no_image():
    content = appearance.appearance(datamatrix.symbol(CODE), "2D-DOC").content
    assert not {b"Tf", b"Tj", b"Do", b"BI"} & set(content.split())


def test_the_top_right_is_preferred_and_the_printers_edge_is_left():
    found = place(letter(), SIZE, Wish())
    x0, y0, x1, y1 = found.rectangle
    assert (x1 - x0, y1 - y0) == pytest.approx(SIZE)
    assert 595 - 40 < x1 <= 595 - 8 * appearance.POINTS_PER_MM
    assert 842 - 40 < y1 <= 842 - 8 * appearance.POINTS_PER_MM


def test_a_taken_top_sends_the_code_to_the_footer():
    with pymupdf.open() as document:
        page = document.new_page()
        page.draw_rect((0, 0, 595, 600), fill=(0, 0, 0))
        found = place(document.tobytes(), SIZE, Wish())
    assert found.rectangle[3] < 842 - 600


def test_no_place_is_said():
    with pytest.raises(PlacementError) as caught:
        place(full_page(), SIZE, Wish())
    assert caught.value.details == {"page": 1, "width": 22, "height": 24}


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_drawn_in_the_place_nor_3_mm_around_it(seed):
    dice = random.Random(seed)  # noqa: S311 - a page's ink
    with pymupdf.open() as document:
        page = document.new_page()
        for _ in range(40):
            x, y = dice.uniform(0, 595), dice.uniform(0, 842)
            page.draw_rect((x, y, x + dice.uniform(3, 90), y + dice.uniform(3, 8)), fill=(0, 0, 0))
        pdf = document.tobytes()
    x0, y0, x1, y1 = place(pdf, SIZE, Wish()).rectangle
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        box = pymupdf.Rect(x0 - 8.5, 842 - y1 - 8.5, x1 + 8.5, 842 - y0 + 8.5)
        samples = document[0].get_pixmap(dpi=72, colorspace=pymupdf.csGRAY, clip=box).samples
        assert min(samples) > 200


def test_a_place_that_was_asked_for_counts_from_the_top_left_in_millimetres():
    found = place(letter(), SIZE, Wish(corner=(100, 50)))
    assert found.rectangle[0] == pytest.approx(100 * 72 / 25.4)
    assert found.rectangle[3] == pytest.approx(842 - 50 * 72 / 25.4, abs=0.5)


@pytest.mark.parametrize("corner", [(25, 30), (-1, 10), (200, 10), (10, 290)])
def test_a_place_that_is_taken_or_off_the_page_is_refused(corner):
    with pytest.raises(PlaceTakenError):
        place(letter(), SIZE, Wish(corner=corner))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [False, True])
def test_on_a_turned_or_cropped_page_the_place_is_where_it_is_seen(rotation, crop):
    pdf = letter("", rotation=rotation)
    pdf = cropped(pdf) if crop else pdf
    found = place(pdf, SIZE, Wish())
    assert found.rotation == rotation
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        page = document[0]
        left, bottom, right, top = (40, 60, 560, 800) if crop else (0, 0, 595, 842)
        x0, y0, x1, y1 = found.rectangle
        # Turned clockwise: what was at the left is on top, then at the right, then below.
        seen = {
            0: pymupdf.Rect(x0 - left, top - y1, x1 - left, top - y0),
            90: pymupdf.Rect(y0 - bottom, x0 - left, y1 - bottom, x1 - left),
            180: pymupdf.Rect(right - x1, y0 - bottom, right - x0, y1 - bottom),
            270: pymupdf.Rect(top - y1, right - x1, top - y0, right - x0),
        }[rotation]
        assert page.rect.contains(seen)
        assert page.rect.x1 - seen.x1 < 40
        assert seen.y0 < 40
        assert (seen.width, seen.height) == pytest.approx(SIZE)


@pytest.mark.parametrize("page", [0, 2, -1, 99])
def test_a_page_out_of_range_is_refused(page):
    with pytest.raises(PageOutOfRangeError):
        place(letter(), SIZE, Wish(page=page))


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7", b"hello", b"%PDF-1.7\n" + bytes(range(256))])
def test_what_is_not_a_pdf_is_refused(pdf):
    with pytest.raises((PdfUnreadableError, PageOutOfRangeError)):
        place(pdf, SIZE, Wish())


@pytest.mark.parametrize("protect", [encrypted, owner_protected])
def test_an_encrypted_pdf_is_refused(protect):
    with pytest.raises(PdfEncryptedError):
        place(protect(letter()), SIZE, Wish())


def test_an_image_is_no_pdf():
    output = io.BytesIO()
    Image.new("L", (10, 10)).save(output, "PNG")
    with pytest.raises(PdfUnreadableError):
        place(output.getvalue(), SIZE, Wish())


def test_a_long_mention_is_broken_and_drawn_inside_its_box():
    symbol = datamatrix.symbol(CODE)
    words = ["CODE DE VÉRIFICATION", "coffre.ville-de-valbourg.example/verifier"]
    drawing = appearance.appearance(symbol, words)
    one_line = appearance.appearance(symbol, "2D-DOC")
    assert (drawing.width, one_line.width) == (drawing.width, drawing.width)
    assert drawing.height > one_line.height + 20
    points = re.findall(rb"^(\S+) (\S+) [ml]$", drawing.content, re.MULTILINE)
    assert len(points) > 200
    assert all(0 < float(x) < drawing.width for x, _ in points)
    lowest = drawing.height - drawing.width
    assert all(0 < float(y) < lowest for _, y in points), "never over the symbol"


def test_every_letter_of_an_address_is_drawn_and_others_are_refused():
    for one in string.ascii_lowercase + string.digits + ".-/:_":
        assert strokes(one)
    assert strokes(" ") == ()
    for one in ("é", "Z", "@", "漢"):
        with pytest.raises(UndrawableError):
            strokes(one)
