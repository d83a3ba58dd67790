"""Files that are two things at once, and PDFs in PDFs, beside PDFs, behind other bytes."""

import io
import zipfile
from collections.abc import Iterator

import pikepdf
import pymupdf
from PIL import Image
from support.attacks.attack import (
    ALTERED,
    NOTHING,
    OUT_OF_REACH,
    OUTSIDE,
    UNREADABLE,
    Answer,
    Attack,
    Reader,
)
from support.attacks.material import CONTENT, FALSE, sealed, text
from support.attacks.revisions import ALONE, revised, whole
from support.letters import letter
from support.pages import as_file, scan

FAMILY = "polyglot"
_HTML = b"<html><body><script>document.body.innerHTML='9 999,00 euros'</script><!--\n"
_DRAWN = Reader(drawn=True)


def _zip() -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr("lettre.txt", FALSE)
    return output.getvalue()


def _picture(kind: str) -> bytes:
    return as_file(Image.new("L", (40, 40), 255), kind)


def _fronts() -> Iterator[tuple[str, bytes, Answer | None]]:
    """Put something before a sealed letter: its bytes are no longer where the seal says."""
    for name, front in {
        "a byte": b"x",
        "a line": b"\n",
        "a web page": _HTML,
        "a shell": b"#!/bin/sh\nrm -r .\n",
        "a GIF": b"GIF89a" + bytes(20),
        "another header": b"%PDF-1.4\n",
        "a hundred zeros": bytes(100),
        "an archive": _zip(),
        "a thousand zeros": bytes(1_000),
    }.items():
        yield f"{name} in front", front + sealed().pdf, UNREADABLE
    for kind in ("PNG", "JPEG", "TIFF", "WEBP"):
        yield f"a {kind} in front", _picture(kind) + sealed().pdf, NOTHING
    other = whole({**sealed().objects, CONTENT: text("Attestation", FALSE)})
    yield "another letter in front", other + sealed().pdf, UNREADABLE
    shifted = other + sealed().pdf
    yield "two letters, the first one shown", shifted + b"startxref\n9\n%%EOF\n", UNREADABLE


def _behind() -> Iterator[tuple[str, bytes, Answer | None]]:
    """Put something behind a sealed letter."""
    pdf = sealed().pdf
    yield "a web page behind", pdf + _HTML, OUTSIDE
    yield "a web page in a comment behind", pdf + b"% " + _HTML + b"%%EOF\n", UNREADABLE
    yield "an archive behind", pdf + _zip(), OUTSIDE
    yield "a PNG behind", pdf + _picture("PNG"), OUTSIDE
    other = whole({**sealed().objects, CONTENT: text("Attestation", FALSE)})
    yield "another letter behind", pdf + other, UNREADABLE
    led = revised(pdf, {**sealed().objects, CONTENT: text("Refus", FALSE)}, "table", ALONE)
    yield "another letter behind, led to", led, OUT_OF_REACH
    again = pdf + pdf[len(pdf) - 200 :]
    yield "its own end twice", again, OUTSIDE
    yield "itself twice", pdf + pdf, OUTSIDE


def _inside() -> Iterator[tuple[str, bytes, Answer | None]]:
    """Put a sealed letter into another file, which nobody sealed."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(letter())) as pdf:
        pdf.attachments["scelle.pdf"] = sealed().pdf
        pdf.save(output, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    yield "attached to another letter", output.getvalue(), NOTHING
    with pymupdf.open(stream=letter()) as document:
        with pymupdf.open(stream=sealed().pdf) as other:
            document[0].show_pdf_page(pymupdf.Rect(0, 300, 400, 800), other, 0)
        yield "drawn on another letter", bytes(document.tobytes()), NOTHING
    with pymupdf.open(stream=letter()) as document:
        document[0].insert_image(pymupdf.Rect(0, 300, 400, 800), stream=as_file(scan(sealed().pdf)))
        yield "a picture of a sealed letter", bytes(document.tobytes()), NOTHING
    yield "a picture alone", as_file(scan(sealed().pdf)), NOTHING
    yield "an archive of it", _zipped(), UNREADABLE


def _zipped() -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr("scelle.pdf", sealed().pdf)
    return output.getvalue()


def _within() -> Iterator[tuple[str, bytes, Answer | None]]:
    """Change the first bytes of a sealed letter, which readers hardly look at."""
    pdf = sealed().pdf
    head = pdf.index(b"\n1 0 obj")
    comment = b"<script>x()</script>"
    yield "a version changed", pdf.replace(b"%PDF-1.7", b"%PDF-1.4", 1), ALTERED
    yield "a comment of the head", b"%PDF-1.7\n%<a>" + pdf[13:head] + pdf[head:], ALTERED
    free = pdf.replace(b"0000000000 65535 f ", b"0000000000 00000 f ", 1)
    yield "a row of the first table", free, ALTERED
    swelled = pdf[: head + 1] + comment + pdf[head + 1 :]
    yield "a web page in its head", swelled, UNREADABLE
    yield "a change of one character", pdf.replace(b"84,20", b"34,20", 1), ALTERED


def attacks() -> Iterator[Attack]:
    """Make every file that is two."""
    for make in (_fronts, _behind, _inside, _within):
        for name, pdf, answer in make():
            yield Attack(name, FAMILY, pdf, answer, _DRAWN)
