"""What the benches seal: letters of a mailing, as heavy as office programs make them, and scans.

Every letter has the town's arms, somebody's address and the same text; a scan is one picture.
"""

import io
from functools import cache
from random import Random
from typing import Final

import pymupdf
from PIL import Image

_PEOPLE: Final = ("Claire Dupont", "Ali No", "Marie-Louise Vandenbroucke", "Bo Li", "Jean Le Gall")
_STREETS: Final = ("rue des Lilas", "place Foch", "chemin de la Croix de Saint-Hilaire")
_TEXT: Final = "Une ligne de la lettre du banc, aussi longue que les autres. "
_ARMS: Final = (54, 54)
_SCAN: Final = (2_480, 3_508)
_SCAN_BYTES: Final = 8_000_000


def letter(number: int) -> bytes:
    """Make one letter of 39 KB; letters of other numbers go to other people."""
    dice = Random(number)  # noqa: S311 - letters that can be made again
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_image(pymupdf.Rect(50, 40, 130, 120), stream=_noise(_ARMS, 85))
        writer, font = pymupdf.TextWriter(page.rect), pymupdf.Font("helv")
        address = [dice.choice(_PEOPLE), f"{dice.randrange(300)} {dice.choice(_STREETS)}", "69999"]
        for row, line in enumerate(address):
            writer.append((330, 180 + 14 * row), line, font)
        for row in range(30):
            writer.append((60, 300 + 15 * row), _TEXT, font)
        writer.append((60, 270), f"Votre quotient : {dice.randrange(90, 2000)} euros", font)
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
