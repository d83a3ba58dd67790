"""Pages of the tests: sealed letters, lifted codes, scans, and files made to harm."""

import struct
import zlib
from functools import cache
from io import BytesIO

import pymupdf
import zxingcpp
from PIL import Image
from support.letters import FIELDS, TEXT, letter
from support.sealers import NOW, sealer, town

from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, SealedLetter, seal_letter
from sealing.service.profile import Profile
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Mode, TrustList

OTHER_TEXT = TEXT.replace("DUPONT CLAIRE", "MARTIN ALICE").replace("12 RUE", "3 RUE")


@cache
def trust() -> TrustList:
    """Give the town's trust folder."""
    return read_trust([town()[1] / "trust"], Mode.TEST)


@cache
def sealed(text: str = TEXT, pages: int = 1) -> SealedLetter:
    """Give a sealed letter with its 2D-Doc."""
    order = TwoDDocOrder("00", FIELDS)
    return seal_letter(
        Letter(letter(text, pages=pages), order), sealer(), Profile(), NOW, b"0" * 10
    )


def scan(pdf: bytes, dpi: int = 300) -> Image.Image:
    """Draw the first page as a scanner would, in grey."""
    with pymupdf.open(stream=pdf) as document:
        pixels = document[0].get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
        return Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)


def as_file(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Write a picture as a file."""
    output = BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def code_picture() -> bytes:
    """Give the code of the sealed letter, cut out as a picture."""
    mark = sealed().mark
    assert mark is not None
    with pymupdf.open(stream=sealed().pdf) as document:
        page = document[0]
        place = pymupdf.Rect(mark.place.rectangle) * page.transformation_matrix
        return bytes(page.get_pixmap(dpi=300, clip=place).tobytes("png"))


def with_code(pdf: bytes, page: int = 0) -> bytes:
    """Paste the code of the sealed letter on another page."""
    with pymupdf.open(stream=pdf) as document:
        document[page].insert_image(pymupdf.Rect(480, 20, 560, 100), stream=code_picture())
        return bytes(document.tobytes())


def drawn(draw: object) -> bytes:
    """Give a page drawn by a function of the page, with the code of the sealed letter."""
    with pymupdf.open() as document:
        draw(document.new_page())  # type: ignore[operator]
        return with_code(bytes(document.tobytes()))


def png_of_size(width: int, height: int) -> bytes:
    """Give a PNG that announces a size and holds a few compressed zeros."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1 << 16)))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


def pdf_of(objects: list[bytes]) -> bytes:
    """Write a PDF whose first object is the catalogue, each object as given."""
    output = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(output))
        output += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(output)
    output += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    output += b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    output += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    return bytes(output)


def pdf_with_content(stream: bytes, box: bytes = b"0 0 595 842", more: bytes = b"<<>>") -> bytes:
    """Write a PDF of one page with a content stream, deflated; `more` are its resources."""
    packed = zlib.compress(stream, 9)
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[%b]/Contents 4 0 R/Resources %b>>" % (box, more),
            b"<</Length %d/Filter/FlateDecode>>\nstream\n%b\nendstream" % (len(packed), packed),
        ]
    )


def codes_on(pdf: bytes) -> list[bytes]:
    """Read the codes of the first page as any scanner would, by zxing-cpp alone."""
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        pixels = document[0].get_pixmap(dpi=300, colorspace=pymupdf.csGRAY)
    image = Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)
    return [found.bytes for found in zxingcpp.read_barcodes(image)]
