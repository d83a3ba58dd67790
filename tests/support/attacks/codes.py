"""Codes that are true, on pages that are not: pasted, replayed, laid over, beside altered words."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pymupdf
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image, ImageDraw
from support.attacks.attack import CHANGED, NOTHING, PRINTED, Answer, Attack, Reader, failed, unsure
from support.attacks.holders import own_key
from support.drawn_symbols import byte_codewords, drawn_symbol
from support.letters import TEXT, letter
from support.pages import OTHER_TEXT, as_file, sealed, trust, with_code
from support.sealers import NOW, sealer
from support.towncode import FIELDS

from sealing.service.codes import TownCodeOrder
from sealing.service.letter import Letter, SealedLetter, seal_letter
from sealing.service.profile import Profile
from sealing.twoddoc.message import assemble
from sealing.twoddoc.signature import raw_signature
from verifier.check import SubIndication
from verifier.trust.trust_list import Mode

FAMILY = "codes"
_DRAWN = Reader(drawn=True)
_FALSE = failed("signature-invalid", SubIndication.SIG_CRYPTO_FAILURE)
_OTHER = unsure("identifiers-differ")
TOWN_TEXT = (
    "Attestation de domicile\nCAMILLE EXEMPLE\nnée le 12/07/1973\n12 RUE DES ESSAIS\n"
    "VILLE EXEMPLE\nvalable jusqu'au 28/02/2027"
)
BILL = {"nom": "EXEMPLE", "montant": "84,20"}
BILL_TEXT = "Facture de cantine\nMME EXEMPLE\nMontant : 84,20 euros"
_PLACE = pymupdf.Rect(470, 20, 580, 130)


def pasted(raw: bytes | None, text: str, place: pymupdf.Rect = _PLACE) -> bytes:
    """Paste a code, as a picture, on a letter that nobody sealed."""
    with pymupdf.open(stream=letter(text)) as document:
        if raw is not None:
            document[0].insert_image(place, stream=picture(raw))
        return bytes(document.tobytes())


@cache
def picture(raw: bytes) -> bytes:
    """Draw a code."""
    return as_file(drawn_symbol(byte_codewords(raw)))


@cache
def town_letter(text: str = TOWN_TEXT, *, year: int = 2027) -> SealedLetter:
    """Seal a letter with the town's own code."""
    values = {**FIELDS, "valable jusqu'au": f"{year}-02-28"}
    return _with_town_code(text, values)


@cache
def bill() -> SealedLetter:
    """Seal a bill with the town's own code."""
    return _with_town_code(BILL_TEXT, BILL)


def _with_town_code(text: str, values: dict[str, str]) -> SealedLetter:
    order = TownCodeOrder("1", values)
    return seal_letter(Letter(letter(text), order), sealer(), Profile(), NOW, bytes(10))


def _twoddoc() -> bytes:
    return sealed().code or b""


def _altered() -> Iterator[tuple[str, bytes, Answer | None]]:
    """Print something else than the code says: one name, street, number, amount, day."""
    code = _twoddoc()
    yield "2D-Doc, another person", with_code(letter(OTHER_TEXT)), PRINTED
    for old, new in {
        "CLAIRE": "ALICE",
        "DUPONT": "DURAND",
        "12 RUE": "13 RUE",
        "LILAS": "ROSES",
        "69999": "69998",
        "VALBOURG": "VALMONT",
    }.items():
        assert old in TEXT
        pdf = pasted(code, TEXT.replace(old, new))
        yield f"2D-Doc, {old} printed {new}", pdf, PRINTED
    town = town_letter().code or b""
    for old, new in {
        "CAMILLE": "CAMILE",
        "12/07/1973": "12/07/1983",
        "12 RUE": "2 RUE",
        "28/02/2027": "28/02/2028",
        "VILLE EXEMPLE": "AUTRE VILLE",
    }.items():
        assert old in TOWN_TEXT
        yield f"town code, {old} printed {new}", pasted(town, TOWN_TEXT.replace(old, new)), PRINTED
    amount = bill().code or b""
    for new in ("34,20", "842,00", "8 420,00", "84,2"):
        yield (
            f"town code, 84,20 printed {new}",
            pasted(amount, BILL_TEXT.replace("84,20", new)),
            PRINTED,
        )
    last_year = town_letter(year=2026).code or b""
    yield "town code of another year", pasted(last_year, TOWN_TEXT), PRINTED
    yield "town code on another form", pasted(town, BILL_TEXT), PRINTED
    yield "2D-Doc on a town's letter", pasted(code, TOWN_TEXT), PRINTED


def _two() -> Iterator[tuple[str, bytes, Answer | None]]:
    """Have two codes, or a code and a seal, of different letters in one file."""
    code, town = _twoddoc(), town_letter().code or b""
    foreign = seal_letter(
        Letter(with_code(letter())), sealer(), Profile(), NOW, bytes(9) + b"1"
    ).pdf
    yield "sealed with another letter's code on it", foreign, _OTHER
    text = pasted(town, TEXT)
    other = seal_letter(Letter(text), sealer(), Profile(), NOW, bytes(9) + b"2").pdf
    yield "sealed with a town code of another letter", other, PRINTED
    with pymupdf.open(stream=pasted(code, TEXT)) as document:
        document[0].insert_image(pymupdf.Rect(300, 500, 410, 610), stream=picture(town))
        yield "two codes of two letters", bytes(document.tobytes()), PRINTED
    yield "a code laid over a sealed letter's own", _laid_over(town), CHANGED


def _laid_over(raw: bytes) -> bytes:
    """Lay a code over that of a sealed letter, in a later revision."""
    mark = sealed().mark
    assert mark is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.pdf"
        path.write_bytes(sealed().pdf)
        with pymupdf.open(path) as document:
            page = document[0]
            place = pymupdf.Rect(mark.place.rectangle) * page.transformation_matrix
            page.insert_image(place, stream=picture(raw))
            document.saveIncr()
        return path.read_bytes()


def _forged() -> Iterator[tuple[str, bytes, Answer | None, Reader]]:
    """Change codes, or have strangers sign them; read them with other lists."""
    code, town = _twoddoc(), town_letter().code or b""
    changed = code.replace(b"CLAIRE", b"ALICIA")
    text = TEXT.replace("CLAIRE", "ALICIA")
    yield "2D-Doc changed with its page", pasted(changed, text), _FALSE, _DRAWN
    unsigned = code[: code.index(b"\x1f")]
    key = own_key()
    signed = raw_signature(key.sign(unsigned, ec.ECDSA(hashes.SHA256())), key.public_key())
    yield "2D-Doc signed by another key", pasted(assemble(unsigned, signed), TEXT), _FALSE, _DRAWN
    yield "2D-Doc without signature", pasted(unsigned, TEXT), _cut("no-signature"), _DRAWN
    bent = town[:-3] + (b"A" if town[-3:-2] != b"A" else b"B") + town[-2:]
    yield "town code with another signature", pasted(bent, TOWN_TEXT), _FALSE, _DRAWN
    yield "town code cut", pasted(town[:-12], TOWN_TEXT), _cut("cut-short"), _DRAWN
    lists = trust()
    real = Reader(replace(lists, mode=Mode.PRODUCTION), drawn=True)
    chain = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    answer = unsure("test-authority-outside-test-mode", chain)
    yield "2D-Doc of a test authority", pasted(code, TEXT), answer, real
    nobody = Reader(replace(lists, twoddoc_leaves={}), drawn=True)
    unknown = SubIndication.NO_SIGNING_CERTIFICATE_FOUND
    yield "2D-Doc of nobody", pasted(code, TEXT), unsure("issuer-not-listed", unknown), nobody
    nobody = Reader(replace(lists, seals={}), drawn=True)
    yield "town code of nobody", pasted(town, TOWN_TEXT), unsure("seal-not-listed", unknown), nobody
    early = Reader(lists, NOW - timedelta(days=60), drawn=True)
    ahead = unsure("signed-in-future", SubIndication.TIMESTAMP_ORDER_FAILURE)
    yield "town code of tomorrow", pasted(town, TOWN_TEXT), ahead, early


def _cut(reason: str) -> Answer:
    return unsure(reason, SubIndication.SIGNED_DATA_NOT_FOUND)


def _pictures() -> Iterator[tuple[str, bytes, Answer | None]]:
    """Show what looks like a seal, or like our own answer."""
    image = Image.new("RGB", (600, 200), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 20, 180, 180), outline="blue", width=6)
    draw.text((60, 90), "VILLE DE VALBOURG", fill="blue")
    yield "picture of a seal", as_file(image), NOTHING
    green = Image.new("RGB", (600, 200), "green")
    ImageDraw.Draw(green).text((60, 90), "Authentique : TOTAL-PASSED", fill="white")
    yield "picture of a green answer", as_file(green), NOTHING
    with pymupdf.open(stream=letter()) as document:
        document[0].insert_image(pymupdf.Rect(300, 500, 500, 570), stream=as_file(image))
        document[0].insert_text((72, 400), "Authentique. TOTAL-PASSED. Cachet de la ville")
        yield "letter with the picture of a seal", bytes(document.tobytes()), NOTHING
    words = "Cachet : /ByteRange [0 1 2 3] /ETSI.CAdES.detached"
    yield "letter that speaks of a seal", letter(words), NOTHING


def attacks() -> Iterator[Attack]:
    """Make every file with a code that does not vouch for it."""
    for make in (_two, _altered, _pictures):
        for name, pdf, answer in make():
            yield Attack(name, FAMILY, pdf, answer, _DRAWN)
    for name, pdf, answer, reader in _forged():
        yield Attack(name, FAMILY, pdf, answer, reader)
