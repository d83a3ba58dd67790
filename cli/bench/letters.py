"""What the benches seal: letters of a mailing, as heavy as office programs make them, and scans.

Every letter has the town's arms, somebody's address, which its 2D-Doc of type 00 tells too, and the
same text; a scan is one picture.
"""

import io
from functools import cache
from random import Random
from typing import Final

import pymupdf
from PIL import Image

TYPE: Final = "00"
_PEOPLE: Final = (
    "MME/DUPONT/CLAIRE",
    "M/NO/ALI",
    "MME/VANDENBROUCKE/MARIE LOUISE",
    "M/LI/BO",
    "M/LE GALL/JEAN",
)
_STREETS: Final = ("RUE DES LILAS", "PLACE FOCH", "CHEMIN DE LA CROIX SAINT HILAIRE")
_TEXT: Final = "Une ligne de la lettre du banc, aussi longue que les autres. "
_ARMS: Final = (54, 54)
_SCAN: Final = (2_480, 3_508)
_SCAN_BYTES: Final = 8_000_000


def address(number: int) -> dict[str, str]:
    """Give what the code of a letter tells: by identifiers of the 2D-Doc."""
    dice = Random(number)  # noqa: S311 - letters that can be made again
    person, street = dice.choice(_PEOPLE), f"{dice.randrange(300)} {dice.choice(_STREETS)}"
    told = {"10": person, "20": "", "21": "", "22": street, "23": ""}
    return told | {"24": "69999", "25": "VALBOURG", "26": "FR"}


def letter(number: int) -> bytes:
    """Make one letter of 39 KB; letters of other numbers go to other people."""
    told = address(number)
    lines = [told["10"].replace("/", " "), told["22"], f"{told['24']} {told['25']}"]
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_image(pymupdf.Rect(50, 40, 130, 120), stream=_noise(_ARMS, 85))
        writer, font = pymupdf.TextWriter(page.rect), pymupdf.Font("helv")
        for row, line in enumerate(lines):
            writer.append((330, 180 + 14 * row), line, font)
        for row in range(30):
            writer.append((60, 300 + 15 * row), _TEXT, font)
        writer.append((60, 270), f"Votre quotient : {90 + number % 2_000} euros", font)
        writer.write_text(page)
        return bytes(document.tobytes(deflate=True))


def scan(number: int) -> bytes:
    """Make a scan of 8 MB: a page as one picture, its margins white."""
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_image(pymupdf.Rect(60, 300, 535, 780), stream=_noise(_SCAN, 95))
        page.insert_text((60, 290), f"{number}")
        return bytes(document.tobytes())


@cache
def _noise(size: tuple[int, int], quality: int) -> bytes:
    """Make a picture that does not compress."""
    dice, output = Random(1), io.BytesIO()  # noqa: S311 - as above
    pixels = dice.randbytes(size[0] * size[1])
    Image.frombytes("L", size, pixels).save(output, "JPEG", quality=quality)
    return output.getvalue()
