"""One code in every way of writing a picture, and what may become of such a file."""

import random
from io import BytesIO

from PIL import Image
from support.pages import as_file, code_picture

EXTREMES = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff", b"\0\1", b"\x80"]


def pictures() -> dict[str, bytes]:
    """Give the code of a letter in the ways that scanners and screens write pictures."""
    grey = Image.open(BytesIO(code_picture())).convert("L")
    coloured = grey.convert("RGBA")
    coloured.putalpha(grey.point(lambda light: 255 - light))
    sixteen = grey.convert("I").point(lambda light: light * 257).convert("I;16")
    two, lossless = {"save_all": True, "append_images": [grey]}, {"lossless": True}
    return {
        "PNG": as_file(grey),
        "PNG of one bit": as_file(grey.convert("1")),
        "PNG with a palette": as_file(grey.convert("P")),
        "PNG of 16 bits": as_file(sixteen),
        "PNG, transparent": as_file(coloured),
        "JPEG": as_file(grey, "JPEG"),
        "JPEG, progressive": as_file(grey.convert("RGB"), "JPEG", progressive=True),
        "JPEG for printers": as_file(grey.convert("CMYK"), "JPEG"),
        "WebP": as_file(grey.convert("RGB"), "WEBP"),
        "WebP, lossless": as_file(coloured, "WEBP", **lossless),
        "TIFF": as_file(grey, "TIFF"),
        "TIFF of two pages": as_file(grey, "TIFF", compression="tiff_lzw", **two),
        "TIFF of a fax": as_file(grey.convert("1"), "TIFF", compression="group4"),
        "TIFF, deflated": as_file(grey.convert("RGB"), "TIFF", compression="tiff_adobe_deflate"),
        "TIFF with JPEG": as_file(grey.convert("RGB"), "TIFF", compression="jpeg"),
    }


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Flip, cut, drop, double or overwrite; more often near the head, where the sizes stand."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(min(len(made), chance.choice([64, 512, len(made)])) or 1)
        end = start + chance.randint(1, 64)
        match chance.randrange(5):
            case 0:
                made[start : start + 1] = bytes([chance.randrange(256)])
            case 1:
                del made[start:end]
            case 2:
                made[start:start] = made[start:end]
            case 3:
                extreme = chance.choice(EXTREMES)
                made[start : start + len(extreme)] = extreme
            case _:
                made = made[: max(start, 16)]
    return bytes(made)
