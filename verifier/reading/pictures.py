"""A picture file into grey pixels: PNG, JPEG, WebP, TIFF. Runs in the child of `sandbox.py`.

Rules kept here:

- the size is asked before a pixel is drawn, and the format is the one that was sniffed;
- what is transparent is white; 16 bits become 8; every page of a TIFF counts, 50 at most;
- a cut or damaged picture is refused whole: half a code proves nothing.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from PIL import Image, ImageFile, TiffImagePlugin, WebPImagePlugin

from verifier.reading.sniff import (
    MAX_PAGES,
    MAX_PIXELS,
    FileBrokenError,
    Format,
    TooManyPixelsError,
    check_pixels,
)

# Pillow's decoders raise whatever they meet first in a damaged file.
_PILLOW_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
)
_SIXTEEN_BITS: Final = 256

# Read now: in the child no file can be opened any more.
Image.preinit()
LOADED: Final = (TiffImagePlugin, WebPImagePlugin)


def grey_pictures(data: bytes, found: Format) -> Iterator[Image.Image]:
    """Give each page of a picture in grey; raise FileBrokenError or TooManyPixelsError."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # other libraries of the process may have said so
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # oddities of a file are for its error to say
            yield from _pages(data, found)
    except Image.DecompressionBombError as error:
        raise TooManyPixelsError("got a bomb", limit=MAX_PIXELS // 1_000_000) from error
    except _PILLOW_ERRORS as error:
        raise FileBrokenError(f"got {type(error).__name__} from a {found}") from error


def _pages(data: bytes, found: Format) -> Iterator[Image.Image]:
    with Image.open(BytesIO(data), formats=(found,)) as picture:
        for number in range(min(getattr(picture, "n_frames", 1), MAX_PAGES + 1)):
            picture.seek(number)
            check_pixels(*picture.size)
            yield _grey(picture)


def _grey(picture: Image.Image) -> Image.Image:
    picture.load()
    if picture.mode.startswith(("I", "F")):
        return picture.convert("F").point(lambda value: value / _SIXTEEN_BITS).convert("L")
    if picture.has_transparency_data:
        coloured = picture.convert("RGBA")
        white = Image.new("RGBA", coloured.size, "white")
        return Image.alpha_composite(white, coloured).convert("L")
    return picture.convert("L")
