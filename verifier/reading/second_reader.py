"""libdmtx beside zxing-cpp, for whoever asks: a second opinion on the pixels of a code.

Rules kept here:

- never needed: it comes with the extra `libdmtx` and the system's library, and its absence is told
  before anything is read (`load`); nothing else imports it;
- it looks at the place of a code that was read, with its margin, so that a neighbour's answer is
  not taken for this one's; or at a whole picture that gave nothing;
- bytes by their length (a code may hold zeros), a function character as GS, as zxing-cpp gives it;
- what it writes otherwise by habit is no opinion: a symbol with an ECI, which it puts among the
  characters, or with a function character in front;
- at most `CODE_SECONDS` a code and `PICTURE_SECONDS` a picture, within what the page has left.

Runs in the child of `sandbox.py`, which loads it before its limits fall.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import byref, cast, string_at
from types import ModuleType
from typing import Any, ClassVar, Final

from PIL import Image

from storage.errors import MissingExtraError
from verifier.reading.found import RawCode, SecondOpinion
from verifier.reading.symbols import ReadSymbol

CODE_SECONDS: Final = 1.0
PICTURE_SECONDS: Final = 3.0
_MARGIN: Final = 4
_GS: Final = 29
_ECI: Final = 241
_MINIMUM: Final = 16


class SecondReaderAbsentError(MissingExtraError):
    """The binding pylibdmtx, or the system's library libdmtx, is absent."""

    code: ClassVar[str] = "configuration.second-reader-absent"


def load() -> None:
    """Load libdmtx once for the process; raise SecondReaderAbsentError where it cannot be."""
    _binding()


def opinion(picture: Image.Image, symbol: ReadSymbol, seconds: float) -> SecondOpinion:
    """Say what libdmtx reads where zxing-cpp read a symbol of a grey picture."""
    if not symbol.plain or seconds <= 0:
        return SecondOpinion.UNSEEN
    left, top, right, bottom = symbol.place
    margin = max(_MARGIN, max(right - left, bottom - top) // 10)
    box = (left - margin, top - margin, right + margin, bottom + margin)
    around = Image.new("L", (box[2] - box[0], box[3] - box[1]), 255)
    sheet = (
        max(0, box[0]),
        max(0, box[1]),
        min(picture.width, box[2]),
        min(picture.height, box[3]),
    )
    around.paste(picture.crop(sheet), (sheet[0] - box[0], sheet[1] - box[1]))
    told = [*_told(around, min(seconds, CODE_SECONDS), symbol.raw)]
    if symbol.raw in told:
        return SecondOpinion.SAME
    return SecondOpinion.DIFFERENT if told else SecondOpinion.UNSEEN


def read_alone(picture: Image.Image, seconds: float) -> RawCode | None:
    """Give the first code that libdmtx reads on a whole grey picture; None for none in time."""
    if seconds <= 0:
        return None
    return next(_told(picture, min(seconds, PICTURE_SECONDS), None), None)


def _binding() -> ModuleType:
    try:
        with warnings.catch_warnings():
            # Its import asks for versions in a way that Python has given up.
            warnings.simplefilter("ignore", DeprecationWarning)
            from pylibdmtx import wrapper  # noqa: PLC0415 - an extra, for whoever asks
    except (ImportError, OSError) as problem:
        raise SecondReaderAbsentError(f"got {problem}", extra="libdmtx") from problem
    binding: ModuleType = wrapper
    return binding


def _told(picture: Image.Image, seconds: float, wanted: bytes | None) -> Iterator[RawCode]:
    """Give the codes that libdmtx finds in time, up to the wanted one."""
    if min(picture.size) < _MINIMUM:
        return
    dmtx = _binding()
    end = dmtx.dmtxTimeAdd(dmtx.dmtxTimeNow(), max(1, int(seconds * 1000)))
    with _decoder(dmtx, picture) as decoder:
        while region := dmtx.dmtxRegionFindNext(decoder, byref(end)):
            try:
                raw = _message(dmtx, decoder, region)
            finally:
                dmtx.dmtxRegionDestroy(byref(region))
            if raw is not None:
                yield raw
            if raw is not None and raw == wanted:
                return


@contextmanager
def _decoder(dmtx: ModuleType, picture: Image.Image) -> Iterator[object]:
    pixels: Any = picture.tobytes()
    image = dmtx.dmtxImageCreate(
        cast(pixels, dmtx.c_ubyte_p), *picture.size, dmtx.DmtxPackOrder.DmtxPack8bppK
    )
    if not image:
        raise MemoryError("libdmtx takes no such picture")
    try:
        decoder = dmtx.dmtxDecodeCreate(image, 1)
        if not decoder:
            raise MemoryError("libdmtx takes no such picture")
        try:
            dmtx.dmtxDecodeSetProp(decoder, dmtx.DmtxProperty.DmtxPropFnc1, _GS)
            yield decoder
        finally:
            dmtx.dmtxDecodeDestroy(byref(decoder))
    finally:
        dmtx.dmtxImageDestroy(byref(image))


def _message(dmtx: ModuleType, decoder: object, region: object) -> RawCode | None:
    """Decode a region; None for what is no symbol, or one that cannot be compared."""
    message = dmtx.dmtxDecodeMatrixRegion(decoder, region, dmtx.DmtxUndefined)
    if not message:
        return None
    try:
        told = message.contents
        if told.outputIdx <= 0 or told.code[0] == _ECI:
            return None
        return RawCode(string_at(told.output, told.outputIdx))
    finally:
        dmtx.dmtxMessageDestroy(byref(message))
