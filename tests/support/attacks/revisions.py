"""PDFs and their later revisions written by hand, as a forger does: every number at his choice."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

STYLES = ("table", "stream", "packed")
_INFO = re.compile(rb"/Info \d+ 0 R")
_ID = re.compile(rb"/ID ?\[ ?<[0-9A-Fa-f]*> ?<[0-9A-Fa-f]*> ?\]")


@dataclass(frozen=True, slots=True)
class Tricks:
    """How a revision departs from an honest one; None: as it should be.

    `places` leads numbers to offsets of the file as it was; `freed` takes objects away.
    """

    root: int | None = None
    prev: int | None = None
    start: int | None = None
    size: int | None = None
    more: bytes = b""
    places: Mapping[int, int] | None = None
    freed: Collection[int] = ()
    end: bytes = b"%%EOF\n"


HONEST = Tricks()
ALONE = Tricks(prev=-1)


def last_number(pdf: bytes, key: bytes) -> int:
    """Give the last number behind a key."""
    found = re.findall(rb"%b\s*(\d+)" % re.escape(key), pdf)
    return int(found[-1])


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Write the body of a stream."""
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries, len(content), content)


def whole(objects: Mapping[int, bytes], style: str = "table") -> bytes:
    """Write a PDF whose catalog is object 1."""
    head = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    more = b"/ID[<%b><%b>]" % (b"01" * 16, b"02" * 16)
    return revised(head, objects, style, Tricks(root=1, prev=-1, more=more))


def revised(
    pdf: bytes, objects: Mapping[int, bytes], style: str = "table", tricks: Tricks = HONEST
) -> bytes:
    """Append a revision: a table, a stream of cross-references, or objects packed in a stream."""
    data, rows = bytearray(pdf), dict.fromkeys(tricks.freed, (0, 0, 65535))
    rows |= {number: (1, place, 0) for number, place in (tricks.places or {}).items()}
    known = last_number(pdf, b"/Size") if b"/Size" in pdf else 1
    size = max(known, *(number + 1 for number in (*objects, *rows, 0)))
    packed = {number: body for number, body in objects.items() if b"stream\n" not in body}
    if style == "packed" and packed:
        rows |= {number: (2, size, index) for index, number in enumerate(packed)}
        others = {number: body for number, body in objects.items() if number not in packed}
        objects = {**others, size: _pack(packed)}
        size += 1
    for number, body in objects.items():
        rows[number] = (1, len(data), 0)
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    position = len(data)
    if style == "table":
        data += _table(rows) + b"trailer\n<<%b>>\n" % _trailer(pdf, size, tricks)
    else:
        rows[size] = (1, position, 0)
        data += _stream(rows, size, _trailer(pdf, size + 1, tricks))
    start = position if tricks.start is None else tricks.start
    return bytes(data + b"startxref\n%d\n" % start + tricks.end)


def _pack(objects: Mapping[int, bytes]) -> bytes:
    head, content = b"", b""
    for number, body in objects.items():
        head += b"%d %d " % (number, len(content))
        content += body + b"\n"
    return stream(head + content, b"/Type/ObjStm/N %d/First %d" % (len(objects), len(head)))


def _table(rows: Mapping[int, tuple[int, int, int]]) -> bytes:
    data = b"xref\n0 1\n0000000000 65535 f \n"
    for number, (kind, place, generation) in sorted(rows.items()):
        mark = b"n" if kind else b"f"
        data += b"%d 1\n%010d %05d %b \n" % (number, place, generation, mark)
    return data


def _stream(rows: Mapping[int, tuple[int, int, int]], number: int, trailer: bytes) -> bytes:
    content = b"".join(
        bytes([kind]) + place.to_bytes(4, "big") + last.to_bytes(2, "big")
        for _, (kind, place, last) in sorted(rows.items())
    )
    index = b"".join(b"%d 1 " % one for one in sorted(rows))
    told = b"/Type/XRef/W[1 4 2]/Index[%b]%b" % (index, trailer)
    return b"%d 0 obj\n%b\nendobj\n" % (number, stream(content, told))


def _trailer(pdf: bytes, size: int, tricks: Tricks) -> bytes:
    root = last_number(pdf, b"/Root") if tricks.root is None else tricks.root
    data = b"/Size %d/Root %d 0 R" % (size if tricks.size is None else tricks.size, root)
    told = _INFO.findall(pdf)
    if told and b"/Info" not in tricks.more:
        data += bytes(told[-1])
    named = _ID.findall(pdf)
    if named and b"/ID" not in tricks.more:
        data += bytes(named[-1])
    if tricks.prev is None:
        data += b"/Prev %d" % last_number(pdf, b"startxref\n")
    elif tricks.prev >= 0:
        data += b"/Prev %d" % tricks.prev
    return data + tricks.more
