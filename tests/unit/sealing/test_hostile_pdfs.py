"""Damaged and hostile PDFs: sealed, for a named reason by the general road, or refused."""

import io
import random
import re
import time
import zlib
from functools import cache

import pymupdf
import pytest
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from support.budget import cases
from support.damaged_pdfs import damaged
from support.letters import letter, with_stream_xref
from support.pdf_shapes import Shape, built, handmade, hybrid, tagged
from support.sealers import NOW, sealer, town

from sealing.errors import PdfRefusedError
from sealing.pades import fast_road, page_tree, streams, xref
from sealing.pades.entries import Entries
from sealing.pades.seal import Road, begin
from sealing.pades.source_pdf import SourcePdf
from sealing.pades.tokens import NotFastError, Reason, dictionary, parse

ENOUGH = 2  # seconds of the processor


@cache
def sources():
    return (
        letter(),
        with_stream_xref(letter(pages=2)),
        built(Shape(pages=2, revisions=2)),
        built(Shape(pages=2, packed=True, revisions=1, annotations="indirect")),
        built(Shape(linear=True, branches=True, inherited=True)),
        built(Shape(linear=True, packed=True)),
        tagged("branches"),
        hybrid(),
    )


def require_valid(pdf):
    root = load_cert_from_pemder(str(town()[1] / "trust" / "authorities" / "root.pem"))
    context = ValidationContext(trust_roots=[root], moment=NOW, allow_fetching=False)
    [signature] = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert validate_pdf_signature(signature, context).bottom_line
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        assert len(document) >= 1


def outcome(pdf):
    """Seal by whatever road, within its time; nothing but a refusal may be raised."""
    begun = time.process_time()
    try:
        result = begin(SourcePdf(pdf), None, sealer().cms, Entries(NOW)).stamped()
    except PdfRefusedError:
        return "refused"
    finally:
        assert time.process_time() - begun < ENOUGH
    assert result.pdf.startswith(pdf)
    if result.road is Road.FAST:
        require_valid(result.pdf)
    else:
        assert isinstance(result.fallback, Reason)
    return result.road


@pytest.mark.parametrize("part", range(5))
def test_a_damaged_pdf_is_sealed_and_valid_or_falls_back_or_is_refused(part):
    pymupdf.TOOLS.mupdf_display_errors(False)  # noqa: FBT003 - MuPDF's own signature
    for number in range(cases(ci=500, slow=10_000) // 5):
        draw = random.Random(f"{part} {number}")  # noqa: S311 - to draw damage
        pdf = damaged(draw, draw.choice(sources()))
        assert outcome(pdf) in {"refused", *Road}


def packed(objects, wide=b"", inflate=zlib.compress):
    """Write a PDF whose objects lie in an object stream; `wide` is more of that stream."""
    table, bodies = [], b""
    for number, body in objects.items():
        table.append(b"%d %d" % (number, len(bodies)))
        bodies += body + b" "
    head = b" ".join(table) + b" "
    inside = inflate(head + bodies + wide)
    data = b"%PDF-1.7\n"
    first = len(data)
    data += b"8 0 obj\n<</Type/ObjStm/N %d/First %d" % (len(objects), len(head))
    data += b"/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream\nendobj\n" % (
        len(inside),
        inside,
    )
    position = len(data)
    rows = b"".join(b"\2\0\0\0\x08%c" % index for index in range(len(objects)))
    rows += b"\1%b\0" % first.to_bytes(4, "big") + b"\1%b\0" % position.to_bytes(4, "big")
    data += b"9 0 obj\n<</Type/XRef/W[1 4 1]/Index[1 %d 8 2]/Size 10/Root 1 0 R" % len(objects)
    data += b"/Length %d>>\nstream\n%b\nendstream\nendobj\n" % (len(rows), rows)
    return data + b"startxref\n%d\n%%%%EOF\n" % position


SMALL = {
    1: b"<</Type/Catalog/Pages 2 0 R>>",
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
}


def reason(pdf):
    begun = time.process_time()
    with pytest.raises(NotFastError) as caught:
        fast_road.begin(SourcePdf(pdf), None, sealer().cms, Entries(NOW))
    assert time.process_time() - begun < ENOUGH
    return caught.value.reason


def test_the_packed_pdf_of_these_tests_is_sealed_fast():
    assert outcome(packed(SMALL)) is Road.FAST


def test_a_stream_that_inflates_without_end_is_left_alone():
    bomb = packed(SMALL, wide=bytes(streams.MAX_INFLATED))
    assert len(bomb) < 10_000
    assert reason(bomb) is Reason.LIMITS


@pytest.mark.parametrize(
    "inflate",
    [lambda data: zlib.compress(data)[:-1], lambda data: data, lambda _: b""],
    ids=["cut", "not deflated", "empty"],
)
def test_a_stream_that_does_not_inflate_is_for_the_general_road(inflate):
    assert reason(packed(SMALL, inflate=inflate)) is Reason.STREAM


def swapped(pdf, old, new):
    """Put other bytes in the same room."""
    assert pdf.count(old) >= 1
    return pdf.replace(old, new.ljust(len(old)), 1)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"/Filter/FlateDecode", b"/Filter/LZWDecode", Reason.STREAM),
        (b"/Filter/FlateDecode", b"/Filter[/A/B]", Reason.STREAM),
        (b"/Filter/FlateDecode", b"", Reason.STREAM),
        (b"/Type/ObjStm", b"/Type/Other", Reason.OBJECT),
        (b"/N 3", b"/N 4", Reason.STREAM),
        (b"/First 14", b"/First 99", Reason.STREAM),
        (b"stream\n", b"strexx\n", Reason.STREAM),
        (b"\nendstream", b"\nendstrexx", Reason.STREAM),
        (b"/Type/XRef", b"/Type/XXXX", Reason.BROKEN_XREF),
        (b"/W[1 4 1]", b"/W[1 4 0]", Reason.BROKEN_XREF),
        (b"/W[1 4 1]", b"/W[9 4 1]", Reason.BROKEN_XREF),
        (b"/W[1 4 1]", b"/W[1 0 1]", Reason.BROKEN_XREF),
        (b"/W[1 4 1]", b"/W[1 4]", Reason.BROKEN_XREF),
        (b"/Index[1 3 8 2]", b"/Index[1 3 8]", Reason.BROKEN_XREF),
        (b"/Index[1 3 8 2]", b"/Index[8 2 1 3]", Reason.BROKEN_XREF),
        (b"/Index[1 3 8 2]", b"/Index[1 3 8 1]", Reason.BROKEN_XREF),
        (b"/Size 10", b"/Size 9", Reason.BROKEN_XREF),
        (b"\2\0\0\0\x08\0", b"\3\0\0\0\x08\0", Reason.BROKEN_XREF),
        (b"\2\0\0\0\x08\0", b"\2\0\0\0\x08\2", Reason.BROKEN_XREF),
        (b"\2\0\0\0\x08\0", b"\2\0\0\0\x08\7", Reason.BROKEN_XREF),
        (b"\2\0\0\0\x08\0", b"\2\0\0\0\x09\0", Reason.OBJECT),
        (b"\2\0\0\0\x08\0", b"\0\0\0\0\0\0", Reason.OBJECT),
        (b"\2\0\0\0\x08\0", b"\1\0\0\0\x09\7", Reason.BROKEN_XREF),
        (b"\n9 0 obj", b"\n8 0 obj", Reason.BROKEN_XREF),
    ],
)
def test_streams_that_contradict_themselves_are_for_the_general_road(old, new, why):
    assert reason(swapped(packed(SMALL), old, new)) is why


@pytest.mark.parametrize(
    "changed",
    [
        {1: b"<</Type/Catalog/Pages 2 1 R>>"},
        {1: b"<</Type/Other/Pages 2 0 R>>"},
        {1: b"<</Type/Catalog/Pages 3 0 R"},
        {2: b"<</Type/Pages/Kids 4 0 R/Count 1>>", 4: b"5 0 R", 5: b"[3 0 R]"},
    ],
)
def test_packed_objects_are_read_as_strictly(changed):
    assert reason(packed({**SMALL, **changed})) is Reason.OBJECT


def decoded(entries, body):
    data = b"<<%b>>\nstream\n%b\nendstream" % (entries, body)
    entries = dictionary(parse(data, 0)[0])
    return streams.content(entries, streams.raw(data, entries, len(body)))


FLATE = b"/Filter/FlateDecode/DecodeParms<<%b>>"
UP = b"\2abc\2\1\1\1\2\xff\xff\xff"


@pytest.mark.parametrize(
    ("entries", "body", "expected"),
    [
        (b"", b"abc", b"abc"),
        (b"/Filter[/FlateDecode]", zlib.compress(b"abc"), b"abc"),
        (b"/Filter/FlateDecode/DecodeParms[null]", zlib.compress(b"abc"), b"abc"),
        (FLATE % b"/Predictor 1", zlib.compress(b"abc"), b"abc"),
        (FLATE % b"/Predictor 12/Columns 3", zlib.compress(UP), b"abcbcdabc"),
        (FLATE % b"/Predictor 15/Columns 3", zlib.compress(b"\0abc\0def"), b"abcdef"),
    ],
)
def test_streams_are_decoded(entries, body, expected):
    assert decoded(entries, body) == expected


@pytest.mark.parametrize(
    ("parameters", "rows"),
    [
        (b"/Predictor 12/Columns 3", b"\0abc\2def"),
        (b"/Predictor 12/Columns 3", b"\1abc"),
        (b"/Predictor 12/Columns 3", b"\2ab"),
        (b"/Predictor 12/Columns 0", b"\2"),
        (b"/Predictor 12/Columns 9999999", b""),
        (b"/Predictor 12/Columns 3/Colors 3", UP),
        (b"/Predictor 12/Columns 3/BitsPerComponent 1", UP),
        (b"/Predictor 2/Columns 3", UP),
    ],
)
def test_other_predictors_are_not_guessed(parameters, rows):
    with pytest.raises(NotFastError) as caught:
        decoded(FLATE % parameters, zlib.compress(rows))
    assert caught.value.reason is Reason.STREAM


def test_an_object_stream_that_lies_in_itself_is_not_followed():
    inside = packed({**SMALL, 4: b"null"})
    index = inside.index(b"/Index[1 4 8 2]")
    rows = inside.index(b"stream\n", index) + len(b"stream\n") + 4 * 6
    circular = inside[:rows] + b"\2\0\0\0\x08\0" + inside[rows + 6 :]
    assert reason(circular) is Reason.OBJECT


def chain(pdf, count):
    """Append sections that say nothing new."""
    data, previous = bytearray(pdf), xref.Chain.read(pdf).newest.position
    for _ in range(count):
        position = len(data)
        data += b"xref\n0 0\ntrailer\n<</Size 4/Root 1 0 R/Prev %d>>\n" % previous
        data += b"startxref\n%d\n%%%%EOF\n" % position
        previous = position
    return bytes(data)


def test_a_chain_of_revisions_ends_somewhere():
    assert outcome(chain(handmade(SMALL), xref.MAX_SECTIONS - 1)) is Road.FAST
    assert reason(chain(handmade(SMALL), xref.MAX_SECTIONS)) is Reason.LIMITS


def test_a_chain_that_bites_its_tail_is_broken():
    pdf = chain(handmade(SMALL), 2)
    [first, last] = (found.start() for found in re.finditer(rb"/Prev", pdf))
    assert reason(pdf[:first] + pdf[last : last + 9] + pdf[first + 9 :]) is Reason.BROKEN_XREF


def test_a_page_tree_may_not_be_a_thread():
    nodes = {
        number: b"<</Type/Pages/Parent %d 0 R/Kids[%d 0 R]/Count 1>>" % (number - 1, number + 1)
        for number in range(3, 3 + page_tree.MAX_LEVELS)
    }
    last = 3 + page_tree.MAX_LEVELS
    nodes[last] = b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 9 9]>>" % (last - 1)
    assert reason(handmade({**SMALL, **nodes})) is Reason.LIMITS


@pytest.mark.parametrize(
    "piece", [b"[", b"<<", b"(", b"<</A", b"[<</A", b"(\\", b"%", b"1 0 ", b"/A ", b"<41"]
)
def test_a_megabyte_of_openings_costs_no_time(piece):
    for key in (b"/A", b"/Pages"):
        catalog = b"<</Type/Catalog%b %b" % (key, piece * (1_000_000 // len(piece)))
        assert reason(handmade({**SMALL, 1: catalog})) in {Reason.OBJECT, Reason.LIMITS}


def test_what_is_no_pdf_is_refused():
    for data in (b"", b"hello", b"%PDF", bytes(5_000), b"%PDF-1.7\n" + bytes(50_000)):
        assert outcome(data) == "refused"
