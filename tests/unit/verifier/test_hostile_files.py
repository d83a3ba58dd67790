"""Files made to harm: every one is one typed error within its time, never a verdict."""

import zlib
from io import BytesIO

import pymupdf
import pytest
from PIL import Image, ImageFile
from support.letters import encrypted, letter
from support.pages import (
    as_file,
    code_picture,
    pdf_of,
    pdf_with_content,
    png_of_size,
    sealed,
    trust,
)
from support.sealers import NOW

from verifier.check import Indication
from verifier.errors import VerifierError
from verifier.reading import sniff
from verifier.reading.document import read_document
from verifier.reading.found import ReadingLimit
from verifier.verify import verify

CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
ONE_PAGE = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"


def picture(kind: str) -> bytes:
    """Give the code's picture in a format."""
    return as_file(Image.open(BytesIO(code_picture())).convert("L"), kind)


def deep(depth: int) -> bytes:
    """Give a PDF whose page tree never seems to end."""
    middle = [b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (number + 3) for number in range(depth)]
    return pdf_of([CATALOGUE, *middle])


def nested(depth: int) -> bytes:
    """Give a PDF with arrays in arrays."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/X %b%b>>" % (b"[" * depth, b"]" * depth)
    return pdf_of([CATALOGUE, ONE_PAGE, page])


def crowded(number: int) -> bytes:
    """Give a PDF whose last object has such a number."""
    pdf = pdf_of([CATALOGUE, ONE_PAGE, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"])
    trailer = b"trailer\n<</Size %d/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    last = b"%d 0 obj\n0\nendobj\nxref\n%d 1\n%010d 00000 n \n"
    places = number + 1, pdf.rindex(b"xref\n0"), len(pdf) + len(b"%d 0 obj\n0\nendobj\n" % number)
    return pdf + last % (number, number, len(pdf)) + trailer % places


def image_bomb() -> bytes:
    """Give a PDF whose picture announces 4 gigapixels."""
    packed = zlib.compress(bytes(1 << 20))
    head = b"<</Type/XObject/Subtype/Image/Width 65000/Height 65000/BitsPerComponent 8"
    body = b"%b/ColorSpace/DeviceGray/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream"
    content = b"q 500 0 0 500 0 0 cm /I Do Q"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources %b>>"
    return pdf_of(
        [
            CATALOGUE,
            ONE_PAGE,
            page % b"<</XObject<</I 5 0 R>>>>",
            b"<</Length %d>>\nstream\n%b\nendstream" % (len(content), content),
            body % (head, len(packed), packed),
        ]
    )


REFUSED = {
    "empty": (b"", sniff.FileEmptyError),
    "text": (b"DC04FR03", sniff.FileUnknownError),
    "gif": (b"GIF89a" + bytes(99), sniff.FileUnknownError),
    "zip": (b"PK\x03\x04" + bytes(99), sniff.FileUnknownError),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", sniff.FileUnknownError),
    "pdf beginning": (b"%PDF-1.7\n", sniff.FileBrokenError),
    "pdf without pages": (pdf_of([b"<</Type/Catalog>>"]), sniff.FileBrokenError),
    "pdf of noise": (b"%PDF-1.7\n" + bytes(range(256)) * 99, sniff.FileBrokenError),
    "too many objects": (crowded(sniff.MAX_OBJECTS), sniff.TooManyObjectsError),
    "page tree in a ring": (
        pdf_of([CATALOGUE, b"<</Type/Pages/Kids[2 0 R]/Count 1>>"]),
        sniff.FileBrokenError,
    ),
    "png of 3 gigapixels": (png_of_size(65_000, 50_000), sniff.TooManyPixelsError),
    "png of 90 megapixels": (png_of_size(9_000, 10_000), sniff.TooManyPixelsError),
    "png of absurd size": (png_of_size(2**31 - 1, 2**31 - 1), VerifierError),
    "png of nothing": (png_of_size(0, 10), sniff.FileBrokenError),
    "encrypted pdf": (encrypted(letter()), sniff.FileEncryptedError),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_one_typed_error(name):
    data, error = REFUSED[name]
    with pytest.raises(error):
        read_document(data, name)


def test_a_file_above_the_limit_is_refused_before_anything():
    with pytest.raises(sniff.FileTooLargeError):
        read_document(bytes(sniff.MAX_BYTES + 1), "grand")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.95])
def test_a_cut_picture_is_refused_whole(kind, part):
    whole = picture(kind)
    with pytest.raises(sniff.FileRefusedError):
        read_document(whole[: int(len(whole) * part)], kind)


def test_a_cut_picture_is_refused_whatever_other_libraries_asked_for(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint does
    with pytest.raises(sniff.FileRefusedError):
        read_document(picture("PNG")[:2_000], "PNG")


@pytest.mark.parametrize("part", [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_cut_letter_never_passes(part):
    cut = sealed().pdf[: int(len(sealed().pdf) * part)]
    try:
        verdict = verify(read_document(cut, "coupe.pdf"), trust(), NOW)
    except VerifierError:
        return
    green = verdict.conclusion and verdict.conclusion.indication is Indication.TOTAL_PASSED
    assert not green


def test_a_broken_file_that_shows_a_seal_is_judged_and_fails():
    broken = b"%PDF-1.7\n" + b"/ByteRange[0 1 2 3]" * 3 + b"/ETSI.CAdES.detached startxref"
    found = read_document(broken, "x.pdf")
    assert found.limits == (ReadingLimit.DAMAGED_FILE,)
    conclusion = verify(found, trust(), NOW).conclusion
    assert conclusion is not None
    assert conclusion.indication is not Indication.TOTAL_PASSED


ENDURED = {
    "deep page tree": deep(5_000),
    "arrays in arrays": nested(100_000),
    "content of 200 MB": pdf_with_content(b"0 0 m 1 1 l S\n" * 15_000_000),
    "200,000 saved states": pdf_with_content(b"q " * 200_000),
    "picture of 4 gigapixels": image_bomb(),
    "page of no size": pdf_with_content(b"", b"0 0 0 0"),
    "page without end": pdf_with_content(b"", b"0 0 1e30 1e30"),
    "page upside down": pdf_with_content(b"", b"595 842 0 0"),
    "text without end": pdf_with_content(b"BT /F 9 Tf (a) Tj ET " * 60_000),
}


@pytest.mark.parametrize("name", ENDURED)
def test_a_bomb_is_an_error_or_an_empty_reading_and_never_a_verdict(name):
    try:
        found = read_document(ENDURED[name], name)
    except VerifierError:
        return
    assert found.codes == ()
    assert verify(found, trust(), NOW).conclusion is None


def test_a_file_of_the_disk_named_in_a_pdf_is_not_opened(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET", "utf-8")
    content = b"<</Length 0/F(%b)/FFilter/FlateDecode>>\nstream\n\nendstream" % bytes(secret)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>"
    found = read_document(pdf_of([CATALOGUE, ONE_PAGE, page, content]), "x.pdf")
    assert found.words[0].words == ()


def test_a_pdf_that_had_to_be_repaired_has_no_word_that_counts():
    with pymupdf.open(stream=letter()) as document:
        sound = bytes(document.tobytes())
    torn = sound.replace(b"startxref", b"startxxxx")
    found = read_document(torn, "x.pdf")
    assert ReadingLimit.REPAIRED in found.limits
    assert not found.has_text_layer
    assert found.words[0].words
