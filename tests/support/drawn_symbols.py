"""Symbols drawn from the codewords that a test chooses, as no encoder would write them."""

from PIL import Image
from ppf.datamatrix import DataMatrix

_MODULE = 6
_QUIET = 4
# ISO/IEC 16022: the codeword that opens base 256, and the length from which its size takes two.
_BASE_256 = 231
_LONG = 250


class _Codewords(str):
    """A text that is already encoded: the encoder of symbols takes its codewords as they are."""

    __slots__ = ("codewords",)

    codewords: bytes

    def encode(self, encoding: str = "", errors: str = "") -> bytes:  # noqa: ARG002 - str's own
        """Give the codewords, whatever the encoding asked."""
        return self.codewords


def ascii_codewords(text: str) -> bytes:
    """Encode characters one by one, as ASCII mode does."""
    return bytes(ord(character) + 1 for character in text)


def byte_codewords(data: bytes) -> bytes:
    """Encode bytes as base 256 does: each hidden under a number that its place gives."""
    size = [len(data)] if len(data) < _LONG else [len(data) // _LONG + 249, len(data) % _LONG]
    hidden = (
        (value + (149 * place) % 255 + 1) % 256 for place, value in enumerate([*size, *data], 2)
    )
    return bytes([_BASE_256, *hidden])


def drawn_symbol(codewords: bytes) -> Image.Image:
    """Draw the symbol of these codewords, with its error correction, in grey."""
    text = _Codewords("codewords")
    text.codewords = codewords
    rows = DataMatrix(text, codecs=["ascii"]).matrix
    image = Image.new("L", (len(rows[0]) + 2 * _QUIET, len(rows) + 2 * _QUIET), 255)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x + _QUIET, y + _QUIET), 0)
    size = (image.width * _MODULE, image.height * _MODULE)
    return image.resize(size, Image.Resampling.NEAREST)
