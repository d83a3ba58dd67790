"""Letters of the tests: small PDFs of every shape that a town meets. Persons are invented."""

import io
from typing import Any

import pikepdf
import pymupdf

FIELDS = {
    "10": "MME/DUPONT/CLAIRE",
    "20": "",
    "21": "",
    "22": "12 RUE DES LILAS",
    "23": "",
    "24": "69999",
    "25": "VALBOURG",
    "26": "FR",
}
TEXT = "Attestation de domicile\nMME DUPONT CLAIRE\n12 RUE DES LILAS\n69999 VALBOURG\nFR"


def letter(text: str = TEXT, *, pages: int = 1, rotation: int = 0) -> bytes:
    """Give a letter with a classic cross-reference table."""
    with pymupdf.open() as document:
        for _ in range(pages):
            page = document.new_page()
            page.insert_text((72, 100), text)
            page.set_rotation(rotation)
        return bytes(document.tobytes())


def rewritten(pdf: bytes, **options: Any) -> bytes:
    """Write a PDF anew by another library, with its options."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(output, **options)
    return output.getvalue()


def with_stream_xref(pdf: bytes) -> bytes:
    """Give the same with cross-reference and object streams."""
    return rewritten(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def encrypted(pdf: bytes) -> bytes:
    """Give the same under a user password."""
    return rewritten(pdf, encryption=pikepdf.Encryption(owner="o", user="u"))


def owner_protected(pdf: bytes) -> bytes:
    """Give the same, opening without a password, but with an owner's password."""
    return rewritten(pdf, encryption=pikepdf.Encryption(owner="o", user=""))


def directly_encrypted(user: str) -> bytes:
    """Give a letter whose encryption dictionary stands in the trailer itself."""
    with pymupdf.open() as document:
        document.new_page()
        way = 5  # AES-256; the stubs of PyMuPDF do not know its name
        return bytes(document.tobytes(encryption=way, owner_pw="o", user_pw=user))


def cropped(pdf: bytes) -> bytes:
    """Give the same with a crop box that does not begin at the origin."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.pages[0].cropbox = pikepdf.Array([40, 60, 560, 800])
        document.save(output)
    return output.getvalue()


def full_page() -> bytes:
    """Give a page without any free space."""
    with pymupdf.open() as document:
        page = document.new_page()
        for y in range(0, 850, 14):
            page.insert_text((0, y), "plein " * 40)
        return bytes(document.tobytes())
