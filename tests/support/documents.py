"""Documents as a town makes them: a signed 2D-Doc on a page, as a PDF and as an image."""

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pymupdf
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from cli.demo.pki import Pki
from cli.main import run
from sealing.marks.datamatrix import symbol
from sealing.twoddoc.header import Header
from sealing.twoddoc.message import issue
from sealing.twoddoc.signature import raw_signature

_MM = 72 / 25.4
_MODULE_MM = 0.4
VALUES = {
    "10": "MME/EXEMPLE/CAMILLE",
    "20": "",
    "21": "BATIMENT B",
    "22": "12 RUE DES ESSAIS",
    "23": "",
    "24": "75000",
    "25": "VILLE EXEMPLE",
    "26": "FR",
}

TOWN_VALUES = {
    "nom": "EXEMPLE",
    "prénoms": "Camille",
    "date de naissance": "1973-07-12",
    "adresse": "12 rue des Essais",
}


def certificate_of_address(issuers: Pki, day: date | None = None) -> bytes:
    """Give the signed code of a certificate of address, by the demonstration's issuer."""
    signer = issuers.twoddocs["twoddoc-00"]
    key = signer.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    today = day or datetime.now(UTC).date()
    header = Header(4, "FR00", "DM00", today, today, "00", "01", "FR")

    def sign(content: bytes) -> bytes:
        return raw_signature(key.sign(content, ec.ECDSA(hashes.SHA256())), key.public_key())

    return issue(header, VALUES, sign)


def page_with(*codes: bytes, pages: int = 1) -> bytes:
    """Draw an A4 letter whose first page bears the codes at 0.4 mm a module."""
    pdf = pymupdf.open()
    for number in range(pages):
        page = pdf.new_page(width=210 * _MM, height=297 * _MM)
        page.insert_text((70, 90), "MAIRIE DE VILLE EXEMPLE", fontsize=16)
        page.insert_text((70, 130), f"Attestation de domicile, page {number + 1}", fontsize=12)
        for place, text in enumerate(filter(None, VALUES.values())):
            page.insert_text((70, 170 + 16 * place), text, fontsize=11)
    for place, code in enumerate(codes):
        _draw(pdf[0], code, (70 + 160 * place, 400))
    return bytes(pdf.tobytes())


def image_of(pdf: bytes, dpi: int = 200, *, kind: str = "png") -> bytes:
    """Give the first page of a PDF as an image."""
    return bytes(pymupdf.open(stream=pdf)[0].get_pixmap(dpi=dpi).tobytes(kind))


def altered(code: bytes) -> bytes:
    """Give the code with another street number: the signature no longer holds."""
    return code.replace(b"12 RUE", b"14 RUE")


def sealed(pdf: bytes, pki_folder: Path, work: Path) -> bytes:
    """Seal a letter as the town does, with its 2D-Doc in the seal's own appearance."""
    fields = [f"--field={di}={text}" for di, text in VALUES.items()]
    return _sealed(pdf, pki_folder, work, ["--twoddoc", "00", *fields])


def town_sealed(pki_folder: Path, work: Path) -> bytes:
    """Seal an attestation d'accueil with the town's own code."""
    pdf = pymupdf.open()
    page = pdf.new_page(width=210 * _MM, height=297 * _MM)
    page.insert_text((70, 90), "MAIRIE DE VALBOURG", fontsize=16)
    lines = [
        "Attestation d'accueil",
        "EXEMPLE Camille, née le 12 juillet 1973",
        "12 rue des Essais",
    ]
    for place, text in enumerate(lines):
        page.insert_text((70, 130 + 20 * place), text, fontsize=12)
    fields = [f"--field={name}={text}" for name, text in TOWN_VALUES.items()]
    words = ["--towncode", "--type", "attestation d'accueil", *fields]
    return _sealed(bytes(pdf.tobytes()), pki_folder, work, words)


def _sealed(pdf: bytes, pki_folder: Path, work: Path, code: list[str]) -> bytes:
    letter, out = work / "letter.pdf", work / "sealed.pdf"
    letter.write_bytes(pdf)
    words = ["seal", str(letter), "-o", str(out), "--config", str(pki_folder / "coffre.toml")]
    said = io.StringIO()
    assert run([*words, *code], {}, said, said) == 0, said.getvalue()
    return out.read_bytes()


def _draw(page: pymupdf.Page, code: bytes, corner: tuple[float, float]) -> None:
    side = _MODULE_MM * _MM
    shape = page.new_shape()
    for x, y, length in symbol(code).runs():
        left, top = corner[0] + x * side, corner[1] + y * side
        shape.draw_rect(pymupdf.Rect(left, top, left + length * side, top + side))
    shape.finish(width=0, color=None, fill=(0, 0, 0))
    shape.commit()
    page.insert_text((corner[0], corner[1] - 10), "2D-DOC", fontsize=9)


def joined(*documents: bytes) -> bytes:
    """Put PDFs one after another."""
    whole = pymupdf.open()
    for document in documents:
        whole.insert_pdf(pymupdf.open(stream=document))
    return bytes(whole.tobytes())


def locked(pdf: bytes) -> bytes:
    """Protect a PDF by a password."""
    aes_256 = 5  # pymupdf.PDF_ENCRYPT_AES_256, which its stubs do not name
    return bytes(
        pymupdf.open(stream=pdf).tobytes(encryption=aes_256, user_pw="secret", owner_pw="secret")
    )
