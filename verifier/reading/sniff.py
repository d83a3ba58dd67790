"""What a file is, by its bytes, and the limits that no file may pass.

Rules kept here:

- the name of a file says nothing: its first bytes do. A PDF whose first bytes were altered is
  still known by its end, so that its broken seal can be told;
- 108 MiB, 60 megapixels, 50 pages, a million objects in a PDF, 16 codes a page, 5 seconds a page;
- what is refused has one typed error, chosen by what the person can do about it.
"""

from enum import StrEnum
from typing import ClassVar, Final

from sealing.limits import MAX_SEALED
from verifier.errors import VerifierError

MAX_BYTES: Final = MAX_SEALED
MAX_PIXELS: Final = 60_000_000
MAX_PAGES: Final = 50
MAX_OBJECTS: Final = 1_000_000
MAX_CODES_A_PAGE: Final = 16
MAX_WORDS: Final = 20_000
PAGE_SECONDS: Final = 5.0
_WINDOW: Final = 1_024


class FileRefusedError(VerifierError):
    """A file that cannot be read; children say why."""

    code: ClassVar[str] = "verifier.file-refused"


class FileEmptyError(FileRefusedError):
    """No byte at all."""

    code: ClassVar[str] = "verifier.file-empty"


class FileTooLargeError(FileRefusedError):
    """More bytes than the limit. Details: `limit` (MiB)."""

    code: ClassVar[str] = "verifier.file-too-large"


class FileUnknownError(FileRefusedError):
    """Neither a PDF nor a picture that we read."""

    code: ClassVar[str] = "verifier.file-unknown"


class FileBrokenError(FileRefusedError):
    """A PDF or a picture, but cut or damaged beyond reading."""

    code: ClassVar[str] = "verifier.file-broken"


class FileEncryptedError(FileRefusedError):
    """A PDF that opens with a password only."""

    code: ClassVar[str] = "verifier.file-encrypted"


class TooManyPixelsError(FileRefusedError):
    """A picture above the limit. Details: `limit` (megapixels)."""

    code: ClassVar[str] = "verifier.too-many-pixels"


class TooManyObjectsError(FileRefusedError):
    """A PDF of more objects than the limit. Details: `limit`."""

    code: ClassVar[str] = "verifier.too-many-objects"


class Format(StrEnum):
    """The formats that are read; pictures bear the names that Pillow gives them."""

    PDF = "PDF"
    PNG = "PNG"
    JPEG = "JPEG"
    WEBP = "WEBP"
    TIFF = "TIFF"


_STARTS: Final = {
    b"\x89PNG\r\n\x1a\n": Format.PNG,
    b"\xff\xd8\xff": Format.JPEG,
    b"II*\0": Format.TIFF,
    b"MM\0*": Format.TIFF,
}
# Those that the check of seals looks for: a broken file that has one is judged, not refused.
_SEAL_MARKS: Final = (b"/ByteRange", b"/ETSI.CAdES.detached", b"/ETSI.RFC3161", b"/adbe.pkcs7")


def sniff(data: bytes) -> Format:
    """Tell what a file is; raise FileEmptyError, FileTooLargeError or FileUnknownError."""
    if not data:
        raise FileEmptyError("got no byte")
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES >> 20
        raise FileTooLargeError(f"got {len(data)} bytes, expected at most {MAX_BYTES}", limit=limit)
    for start, found in _STARTS.items():
        if data.startswith(start):
            return found
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Format.WEBP
    if b"%PDF-" in data[:_WINDOW] or b"startxref" in data[-_WINDOW:]:
        return Format.PDF
    raise FileUnknownError(f"got a file that begins with {data[:4].hex()}")


def bears_seal(data: bytes) -> bool:
    """Tell whether a PDF shows traces of a seal, readable or not: never a proof of anything."""
    return any(mark in data for mark in _SEAL_MARKS)


def check_pixels(width: int, height: int) -> None:
    """Raise TooManyPixelsError above the limit, before anything is drawn."""
    if width * height > MAX_PIXELS:
        limit = MAX_PIXELS // 1_000_000
        raise TooManyPixelsError(f"got {width} x {height}, expected {limit} Mpx", limit=limit)
