"""`coffre bench read`: pages read per second, and how many of the 84 degraded ones are read at all.

Ours: the reading of a picture, retries included where the first look finds nothing. The limit:
zxing-cpp alone, one look at the same pixels. Peer, where installed: libdmtx through pylibdmtx, with
one second a page. All take turns on each page; a text that is not the code's own is counted as
wrong, and none may be.
"""

import statistics
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pymupdf
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from cli.bench import letters
from cli.bench.degraded import RESOLUTIONS, Variant, variants
from cli.bench.runner import Bench, Figure
from cli.bench.sealing import Workshop
from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile
from verifier.reading.symbols import read_again, read_plain

_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix)
_QUICK = 12
_PEER_MILLISECONDS = 1_000
_LIBDMTX = "libdmtx (1 s a page)"

Reader = Callable[[Image.Image], Sequence[bytes]]


def bench(*, quick: bool = False) -> Bench:
    """Measure reading; `quick` takes every twelfth page."""
    pages, code = _sealed_pages()
    readers: dict[str, Reader] = {"ours": ours, "limit": limit, **peers()}
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    processor: defaultdict[str, float] = defaultdict(float)
    counts = {name: {"pages": 0, "read": 0, "wrong": 0} for name in readers}
    turns = list(readers.items())
    for variant in _chosen(quick=quick):
        picture = variant.picture(pages[variant.dpi])
        # Whoever comes first meets the picture cold: each in turn.
        turns.append(turns.pop(0))
        for name, reader in turns:
            start, cpu = time.perf_counter(), time.process_time()
            found = reader(picture)
            seconds[name].append(time.perf_counter() - start)
            processor[name] += time.process_time() - cpu
            counts[name]["pages"] += 1
            counts[name]["read"] += code in found
            counts[name]["wrong"] += any(one != code for one in found)
    figures = {name: _figure(seconds[name], processor[name]) for name in readers}
    mine, alone = figures.pop("ours"), figures.pop("limit")
    absent = () if _LIBDMTX in readers else (_LIBDMTX,)
    return Bench("read", "pages/s", mine, alone, figures, 1, counts, absent)


def ours(picture: Image.Image) -> list[bytes]:
    """Read as the verifier does."""
    found = read_plain(picture)
    if not found.found:
        found = read_again(picture, lambda: False)
    return [symbol.raw for symbol in found.found]


def limit(picture: Image.Image) -> list[bytes]:
    """Look once with the engine alone."""
    found = zxingcpp.read_barcodes(picture, formats=_FORMATS)
    return [code.bytes for code in found if code.valid]


def peers() -> dict[str, Reader]:
    """Give the peers that are installed."""
    if find_spec("pylibdmtx") is None:
        return {}
    try:
        with warnings.catch_warnings():
            # Its import asks for versions in a way that Python has given up.
            warnings.simplefilter("ignore", DeprecationWarning)
            libdmtx: Any = import_module("pylibdmtx.pylibdmtx")
    except ImportError:
        return {}  # the binding without its library

    def read(picture: Image.Image) -> list[bytes]:
        found = libdmtx.decode(picture, timeout=_PEER_MILLISECONDS, max_count=1)
        return [code.data for code in found]

    return {_LIBDMTX: read}


def _chosen(*, quick: bool) -> list[Variant]:
    return variants()[:: _QUICK if quick else 1]


def _sealed_pages() -> tuple[dict[int, Image.Image], bytes]:
    """Seal the bench's letter and draw it at each resolution."""
    with TemporaryDirectory(prefix="coffre-bench-") as folder:
        key = ec.generate_private_key(ec.SECP256R1())
        shop = Workshop.open(Path(folder), 1, 1, key, letters.letter)
        letter = Letter((Path(folder) / "in-0.pdf").read_bytes(), shop.order(0))
    sealed = seal_letter(letter, shop.sealer, Profile(), shop.now, bytes(10))
    pages = {}
    with pymupdf.open(stream=sealed.pdf, filetype="pdf") as document:
        for dpi in RESOLUTIONS:
            pixels = document[0].get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY, alpha=False)
            size = (pixels.width, pixels.height)
            pages[dpi] = Image.frombytes("L", size, pixels.samples, "raw", "L", pixels.stride, 1)
    return pages, sealed.code or b""


def _figure(seconds: Sequence[float], processor: float) -> Figure:
    """Give pages per second: of the median page, the slowest and the quickest."""
    median, whole = statistics.median(seconds), sum(seconds)
    return Figure(1 / median, 1 / max(seconds), 1 / min(seconds), processor / whole)
