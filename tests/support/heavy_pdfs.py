"""PDFs of a few kilobytes that take hours or gigabytes of whoever draws them."""

import zlib
from collections.abc import Callable, Mapping

from support.pdf_shapes import PAGE, PLAIN, handmade

_MIB = 1 << 20
_HEAD = 2  # bytes, of zlib
_FLATE = b"/Filter/FlateDecode"
_FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]"


def inflating(piece: bytes, times: int) -> bytes:
    """Deflate a piece so many times, one after the other: the work of deflating it once."""
    machine = zlib.compressobj(9)
    block = machine.compress(piece) + machine.flush(zlib.Z_FULL_FLUSH)
    # The checksum at the end is wrong: readers of PDFs let it pass, as they must for cut files.
    return block + block[_HEAD:] * (times - 1) + machine.flush()


def _stream(entries: bytes, data: bytes) -> bytes:
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries, len(data), data)


def _page(resources: bytes, content: bytes, *others: bytes) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<%b>>/Contents 4 0 R>>"
    numbered = dict(enumerate((content, *others), start=4))
    return handmade({**PLAIN, PAGE: page % resources, **numbered})


_LINES = b"0 0 m 9 9 l S\n" * (_MIB // 14)
_SHOWN = b"/XObject<</A 5 0 R>>"


def page_of_lines() -> bytes:
    """Give a content that inflates to 4 GiB of lines to draw."""
    return _page(b"", _stream(_FLATE, inflating(_LINES, 4_096)))


def page_of_spaces() -> bytes:
    """Give a content that inflates to 64 GiB of nothing."""
    return _page(b"", _stream(_FLATE, inflating(b" " * _MIB, 65_536)))


def form() -> bytes:
    """Give the same in a form that the page draws."""
    return _page(_SHOWN, _stream(b"", b"/A Do"), _stream(_FORM + _FLATE, inflating(_LINES, 4_096)))


def picture() -> bytes:
    """Give a picture of 200,000 by 200,000 points."""
    entries = b"/Type/XObject/Subtype/Image/Width 200000/Height 200000/BitsPerComponent 8"
    data = inflating(b"\x80" * _MIB, 38_147)
    image = _stream(entries + b"/ColorSpace/DeviceGray" + _FLATE, data)
    return _page(_SHOWN, _stream(b"", b"q 500 0 0 700 50 50 cm /A Do Q"), image)


def nested() -> bytes:
    """Give a content deflated twice: some kilobytes."""
    twice = zlib.compress(inflating(b" " * _MIB, 65_536), 9)
    return _page(b"", _stream(b"/Filter[/FlateDecode/FlateDecode]", twice))


def laughs() -> bytes:
    """Forms that each draw the next one twenty times, nine deep."""
    forms = [
        _stream(_FORM + b"/Resources<</XObject<</A %d 0 R>>>>" % (6 + depth), b"/A Do\n" * 20)
        for depth in range(9)
    ]
    return _page(_SHOWN, _stream(b"", b"/A Do"), *forms, _stream(_FORM, b"0 0 9 9 re f"))


def tiles() -> bytes:
    """Give a pattern of tiles of a hundredth of a point."""
    tile = b"/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 .01 .01]/XStep .01/YStep .01"
    painted = _stream(b"", b"/Pattern cs /P scn 0 0 595 842 re f")
    small = _stream(tile + b"/Resources<<>>", b"0 0 .005 .005 re f")
    return _page(b"/Pattern<</P 5 0 R>>", painted, small)


def pack() -> bytes:
    """Give a catalog in an object stream that inflates to 64 GiB."""
    inside = b"1 0 <</Type/Catalog/Pages 2 0 R>>".ljust(_MIB)
    packed = b"<</Type/ObjStm/N 1/First 4%b/Length %d>>\nstream\n%b\nendstream"
    data = inflating(inside, 65_536)
    bodies = {2: PLAIN[2], 3: PLAIN[3], 4: packed % (_FLATE, len(data), data)}
    made, rows = bytearray(b"%PDF-1.7\n"), {0: (0, 0, 0), 1: (2, 4, 0)}
    for number, body in bodies.items():
        rows[number] = (1, len(made), 0)
        made += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    rows[5] = (1, len(made), 0)
    table = b"".join(b"%c%b\0" % (kind, at.to_bytes(4, "big")) for kind, at, _ in rows.values())
    head = b"5 0 obj\n<</Type/XRef/W[1 4 1]/Size 6/Root 1 0 R/Length %d>>\nstream\n" % len(table)
    tail = b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(made)
    return bytes(made + head + table + tail)


HEAVY: Mapping[str, Callable[[], bytes]] = {
    one.__name__: one
    for one in (page_of_lines, form, picture, nested, pack, laughs, tiles, page_of_spaces)
}


def many_pages(count: int) -> bytes:
    """Give a PDF of so many blank pages, below one node."""
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(count))
    page = PLAIN[PAGE]
    return handmade(
        {
            1: PLAIN[1],
            2: b"<</Type/Pages/Count %d/Kids[%b]>>" % (count, kids),
            **{3 + number: page for number in range(count)},
        }
    )
