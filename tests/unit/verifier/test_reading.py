"""What reading finds: codes byte for byte, words that are seen, and what was cut short."""

import json
import random
from collections.abc import Callable
from io import BytesIO

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from support.letters import TEXT, cropped, letter, owner_protected, with_stream_xref
from support.pages import as_file, code_picture, scan, sealed, trust, with_code
from support.sealers import NOW
from support.shared import shared
from support.shared_trust import shared_trust
from support.twoddoc import shared_codes
from support.twoddoc_pki import NOW as DAY

from sealing.marks.datamatrix import symbol
from sealing.marks.picture import png
from verifier.check import Indication
from verifier.reading import document as reading
from verifier.reading.document import read_document
from verifier.reading.found import FileKind, ReadDocument, ReadingLimit, text_document
from verifier.reading.sniff import MAX_PAGES, FileRefusedError, Format, sniff
from verifier.reading.symbols import read_again, read_plain
from verifier.trust.trust_list import Mode
from verifier.verdict import PrintedResult
from verifier.verify import verify

STARTS = (b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"RIFF\0\0\0\0WEBP")
SAMPLES = json.loads(shared("data/twoddoc/samples/expected.json").read_text("utf-8"))


def raws(document: ReadDocument) -> list[bytes]:
    """Give the bytes of the codes found."""
    return [code.raw for code in document.codes]


def code() -> bytes:
    """Give the bytes of the sealed letter's code."""
    assert sealed().code is not None
    return sealed().code or b""


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one["file"])
def test_a_published_picture_gives_its_code_byte_for_byte(sample):
    data = shared(f"data/twoddoc/samples/{sample['file']}").read_bytes()
    wanted = [sample["expected_raw"].encode("latin-1")] if sample["expected_raw"] else []
    assert raws(read_document(data, sample["file"])) == wanted


def test_a_sealed_letter_gives_its_code_its_page_and_its_words():
    found = read_document(sealed().pdf, "lettre.pdf")
    [one] = found.codes
    assert (one.raw, one.page, one.symbology) == (code(), 0, "DataMatrix")
    assert one.module_pixels == pytest.approx(4.72, abs=0.1)
    assert found.kind is FileKind.PDF
    assert [word.text for word in found.words[0].seen] == TEXT.split()
    assert found.limits == ()
    assert found.data == sealed().pdf


@pytest.mark.parametrize(
    "shape", [with_stream_xref, cropped, owner_protected], ids=lambda f: f.__name__
)
def test_a_code_is_read_whatever_the_writing_of_the_pdf(shape: Callable[[bytes], bytes]):
    assert raws(read_document(shape(with_code(letter())), "x.pdf")) == [code()]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_words_of_a_turned_page_have_their_place_as_it_is_seen(rotation):
    found = read_document(with_code(letter(rotation=rotation)), "x.pdf")
    assert raws(found) == [code()]
    assert {word.text for word in found.words[0].seen} == {*TEXT.split()}
    with pymupdf.open(stream=letter(rotation=rotation)) as document:
        page = document[0].rect
    for word in found.words[0].words:
        assert pymupdf.Rect(word.box) in page


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("JPEG", {"quality": 80}), ("WEBP", {"lossless": True}), ("TIFF", {})],
)
def test_a_scan_is_read_in_each_format(kind, options):
    found = read_document(as_file(scan(sealed().pdf, 200), kind, **options), "scan")
    assert (raws(found), found.kind, found.words) == ([code()], FileKind.IMAGE, ())
    assert found.codes[0].page is None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_a_picture_is_read_in_each_mode(mode):
    grey = Image.open(BytesIO(code_picture())).convert("L")
    if mode == "I;16":
        picture = grey.convert("I").point(lambda value: value * 257).convert("I;16")
    else:
        picture = grey.convert(mode)
    kind = "TIFF" if mode == "CMYK" else "PNG"
    assert raws(read_document(as_file(picture, kind), mode)) == [code()]


def test_what_is_transparent_is_paper():
    grey = Image.open(BytesIO(code_picture())).convert("L")
    ink = Image.new("RGBA", grey.size, (0, 0, 0, 0))
    ink.putalpha(grey.point(lambda value: 255 - value))
    assert raws(read_document(as_file(ink), "x.png")) == [code()]


def test_every_page_of_a_tiff_counts():
    blank = Image.new("L", (600, 600), 255)
    data = as_file(blank, "TIFF", save_all=True, append_images=[scan(sealed().pdf, 200)])
    assert raws(read_document(data, "fax.tiff")) == [code()]


def page_that_needs_a_retry() -> Image.Image:
    """Blur a page until plain reading fails where the ladder does not: codes differ in that."""
    page = scan(sealed().pdf, 200)
    for hundredths in range(100, 300, 2):
        blurred = page.filter(ImageFilter.GaussianBlur(hundredths / 100))
        if not read_plain(blurred).found and read_again(blurred, lambda: False).found:
            return blurred
    raise AssertionError("got no page that only the ladder reads")


def test_a_bad_page_of_a_tiff_is_tried_again_wherever_it_stands():
    page = page_that_needs_a_retry()
    blank = Image.new("L", (600, 600), 255)
    data = as_file(blank, "TIFF", save_all=True, append_images=[blank, page])
    assert raws(read_document(data, "fax.tiff")) == [code()]


def sheet(first: int) -> bytes:
    """Draw ten codes side by side, each with its own content."""
    drawing = Image.new("L", (1_500, 600), 255)
    for number in range(10):
        content = b"A CODE AMONG MANY, NUMBER %d" % (first + number)
        one = Image.open(BytesIO(png(symbol(content), "2D-DOC", content)))
        drawing.paste(one, (number % 5 * 300, number // 5 * 300))
    return as_file(drawing)


def test_a_page_gives_16_codes_at_most_whatever_bears_them():
    with pymupdf.open() as document:
        page = document.new_page()
        for row in range(2):
            box = pymupdf.Rect(40, 40 + 300 * row, 540, 240 + 300 * row)
            page.insert_image(box, stream=sheet(10 * row))
        found = read_document(document.tobytes(), "many.pdf")
    assert len(set(raws(found))) == 16
    assert ReadingLimit.CODES in found.limits


def degraded() -> list[tuple[str, Image.Image]]:
    """Give the letter as bad scanners give it, always alike."""
    page = scan(sealed().pdf)
    page = page.crop((page.width // 3, 0, page.width, page.height // 4))
    noise = random.Random(7)  # noqa: S311 - a picture's noise
    grain = Image.frombytes("L", page.size, noise.randbytes(page.width * page.height))
    turned = [
        (f"turned {angle}", page.rotate(angle, expand=True, fillcolor=255))
        for angle in (1, 5, 33, 90)
    ]
    return [
        *turned,
        ("blur 1", page.filter(ImageFilter.GaussianBlur(1))),
        ("blur 2", page.filter(ImageFilter.GaussianBlur(2))),
        ("noise 15 %", Image.blend(page, grain, 0.15)),
        ("noise 30 %", Image.blend(page, grain, 0.30)),
        ("grey paper", page.point(lambda value: 90 + value // 3)),
        ("150 dpi", page.reduce(2)),
        ("negative", page.point(lambda value: 255 - value)),
        ("far too small", page.reduce(7)),
        ("blur 9", page.filter(ImageFilter.GaussianBlur(9))),
        ("noise 90 %", Image.blend(page, grain, 0.9)),
    ]


def test_a_bad_scan_is_read_right_or_not_at_all():
    read = set()
    for name, image in degraded():
        found = raws(read_document(as_file(image, "JPEG", quality=60), name))
        assert found in ([], [code()]), name
        if found:
            read.add(name)
    unread = {name for name, _ in degraded()} - read
    assert unread <= {"far too small", "blur 9", "noise 90 %", "noise 30 %"}


def test_a_symbol_that_is_too_small_is_told_with_its_pixels():
    page = scan(sealed().pdf)
    sizes = []
    for percent in range(18, 34, 2):
        small = page.resize((page.width * percent // 100, page.height * percent // 100))
        found = read_document(as_file(small), "petit")
        if found.too_small is not None:
            assert not found.codes
            sizes.append(found.too_small)
            [check] = verify(found, trust(), NOW).checks
            assert check.reason == "symbol-too-small"
    assert sizes, "no size was seen and not read"
    assert all(0.8 < size < 3.2 for size in sizes)


def test_a_code_on_several_pages_is_one_code():
    found = read_document(with_code(with_code(letter(pages=3), 0), 2), "x.pdf")
    [one] = found.codes
    assert (one.raw, one.pages, one.page) == (code(), (0, 2), 0)


def test_pages_beyond_the_limit_are_left_out_and_said_so():
    with pymupdf.open() as document:
        for _ in range(MAX_PAGES + 1):
            document.new_page(width=99, height=99)
        found = read_document(document.tobytes(), "x.pdf")
    assert len(found.words) == MAX_PAGES
    assert found.limits == (ReadingLimit.PAGES,)
    [check] = verify(found, trust(), NOW).checks
    assert (check.reason, check.details) == ("read-in-part", {"limits": "pages"})


def test_a_sheet_beyond_the_limit_of_pixels_is_drawn_coarser():
    with pymupdf.open() as document:
        document.new_page(width=14_000, height=14_000)
        found = read_document(document.tobytes(), "plan.pdf")
    assert found.limits == (ReadingLimit.PIXELS,)


def test_retries_stop_when_the_time_is_over(monkeypatch):
    monkeypatch.setattr(reading, "_ALL_SECONDS", -1.0)
    answer = json.loads(reading.read_in_child(letter(), Format.PDF))
    assert (answer["limits"], answer["words"]) == (["time"], [])


@pytest.mark.parametrize(
    ("why", "draw"),
    [
        ("painted in no colour", {"render_mode": 3}),
        ("white on white", {"color": (1, 1, 1)}),
        ("all but transparent", {"fill_opacity": 0.02}),
        ("too small", {"fontsize": 2}),
    ],
)
def test_a_word_that_nobody_sees_is_kept_and_marked(why, draw):
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_text((72, 72), "montre")
        page.insert_text((72, 172), "cache", **draw)
        found = read_document(document.tobytes(), "x.pdf")
    assert {word.text: word.seen for word in found.words[0].words} == {
        "montre": True,
        "cache": False,
    }, why


@pytest.mark.parametrize("cover", ["rectangle", "picture"])
def test_a_word_under_something_is_not_seen(cover):
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_text((72, 172), "dessous")
        place = pymupdf.Rect(60, 150, 200, 190)
        if cover == "rectangle":
            page.draw_rect(place, fill=(1, 1, 1), color=None)
        else:
            lines = Image.effect_noise((140, 40), 90)
            page.insert_image(place, stream=as_file(lines))
        found = read_document(document.tobytes(), "x.pdf")
    assert [word.seen for word in found.words[0].words] == [False]


def test_a_line_under_or_through_a_word_hides_nothing():
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_text((72, 172), "souligne")
        page.draw_rect(pymupdf.Rect(70, 173, 130, 174), fill=(0, 0, 0))
        found = read_document(document.tobytes(), "x.pdf")
    assert [word.seen for word in found.words[0].words] == [True]


def test_a_text_is_a_document_without_page():
    found = text_document("DC04\x1dé\N{SNOWMAN}")
    assert (found.kind, raws(found)) == (FileKind.TEXT, [b"DC04\x1d\xe9?"])
    assert (found.has_text_layer, found.words_of(0).words) == (False, ())


def test_the_child_and_its_parent_tell_the_same():
    told = json.loads(reading.read_in_child(sealed().pdf, Format.PDF))
    assert [row["pages"] for row in told["codes"]] == [[0]]
    assert told["limits"] == []


@given(st.binary(max_size=400))
def test_any_bytes_after_a_known_beginning_are_an_answer_or_one_error(data):
    for start in (
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"II*\0",
        b"RIFF\0\0\0\0WEBP",
    ):
        try:
            answer = reading.read_in_child(start + data, sniff(start + data))
        except FileRefusedError:
            continue
        assert json.loads(answer)["codes"] == []


@pytest.mark.parametrize(
    ("mode", "member"),
    [(Mode.TEST, "expected_test_mode"), (Mode.PRODUCTION, "expected_production")],
)
def test_the_published_pictures_get_the_verdict_of_their_vector(mode, member):
    vectors = {one["name"]: one for one in shared_codes()}
    lists = shared_trust(mode)
    known = [one for one in SAMPLES if one["expected_raw"] is not None]
    assert (len(known), len(SAMPLES)) == (62, 63)
    for sample in known:
        data = shared(f"data/twoddoc/samples/{sample['file']}").read_bytes()
        [one] = verify(read_document(data, sample["file"]), lists, DAY).codes
        got = {
            "indication": one.conclusion.indication,
            "sub_indication": one.conclusion.sub_indication,
        }
        assert got == vectors[sample["vector"]][member], sample["file"]


def test_a_photo_is_blue_never_green():
    found = read_document(as_file(scan(sealed().pdf), "JPEG", quality=70), "photo.jpg")
    verdict = verify(found, trust(), NOW)
    [one] = verdict.codes
    assert one.conclusion.indication is Indication.TOTAL_PASSED
    assert one.shown_blue
    assert one.printed_text.result is PrintedResult.NOT_COMPARED
