"""PDFs that hold whoever follows them to their seals: each grows faster than it is long."""

import re
import zlib

from support.pages import pdf_of

CATALOGUE = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[3 0 R]>>>>"
PAGES = b"<</Type/Pages/Kids[]/Count 0>>"
TRACE = b"<</Type/Sig/SubFilter/ETSI.CAdES.detached/ByteRange[0 1 2 3]/Contents<00>>>"


def one_signature(dictionary: bytes, field: bytes = b"<</T(a)/FT/Sig/V 4 0 R>>") -> bytes:
    """Give a PDF with one field and its signature, each as given."""
    return pdf_of([CATALOGUE, PAGES, field, dictionary])


def ringed_fields() -> bytes:
    """Give a field that is below itself."""
    return one_signature(TRACE, b"<</T(a)/Kids[3 0 R]>>")


def nested_arrays(depth: int) -> bytes:
    """Give a signature with arrays in arrays."""
    deep = b"<</T(a)/FT/Sig/V 4 0 R/X %b%b>>" % (b"[" * depth, b"]" * depth)
    return one_signature(TRACE, deep)


def long_contents(size: int) -> bytes:
    """Give a signature whose contents are so many digits, each its own token."""
    told = b"<</Type/Sig/SubFilter/ETSI.CAdES.detached/ByteRange[0 1 2 3]/Contents<%b>>>"
    return one_signature(told % (b"00" * size))


def packed_objects(size: int) -> bytes:
    """Give a field in a stream of objects that unpacks to so many bytes."""
    field = b"3 0 <</T(a)/FT/Sig/V 5 0 R>>"
    packed = zlib.compress(field + b" " * size, 9)
    stream = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream"
    objects = [CATALOGUE, PAGES, b"null", stream % (len(packed), packed), TRACE]
    return _with_object_stream(objects)


def _with_object_stream(objects: list[bytes]) -> bytes:
    """Write a PDF whose third object lies in its fourth."""
    output = bytearray(b"%PDF-1.7\n")
    rows = [b"\0\0\0\0\0\0\xff\xff"[:7]]
    for number, content in enumerate(objects, 1):
        if number == 3:
            rows.append(b"\x02" + (4).to_bytes(4, "big") + b"\0\0")
            continue
        rows.append(b"\x01" + len(output).to_bytes(4, "big") + b"\0\0")
        output += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(output)
    rows.append(b"\x01" + start.to_bytes(4, "big") + b"\0\0")
    table = b"".join(rows)
    size = len(rows)
    head = b"<</Type/XRef/Size %d/Root 1 0 R/W[1 4 2]/Length %d>>" % (size, len(table))
    output += b"%d 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (size - 1, head, table)
    return bytes(output + b"startxref\n%d\n%%%%EOF\n" % start)


def revised(pdf: bytes, count: int) -> bytes:
    """Give a file so many revisions more, each with an object of its own."""
    output = bytearray(pdf)
    before, size, root = _end_of(pdf)
    for number in range(size, size + count):
        place = len(output)
        output += b"%d 0 obj\nnull\nendobj\n" % number
        before, start = len(output), before
        output += b"xref\n%d 1\n%010d 00000 n \n" % (number, place)
        output += _trailer(number + 1, root, start, before)
    return bytes(output)


def hybrid(pdf: bytes) -> bytes:
    """Give a file a revision with two tables, of which a reader takes one."""
    output = bytearray(pdf)
    before, size, root = _end_of(pdf)
    stream = len(output)
    row = b"\x01" + stream.to_bytes(4, "big") + b"\0\0"
    head = b"<</Type/XRef/Size %d/Root %b/W[1 4 2]/Index[%d 1]/Length 7>>" % (size + 1, root, size)
    output += b"%d 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (size, head, row)
    start = len(output)
    output += b"xref\n0 0\n" + _trailer(size + 1, root, before, start, b"/XRefStm %d" % stream)
    return bytes(output)


def _end_of(pdf: bytes) -> tuple[int, int, bytes]:
    """Give where the last table is, how many objects there are, and the catalogue."""
    [*_, start] = re.findall(rb"startxref\s+(\d+)", pdf)
    [*_, size] = re.findall(rb"/Size (\d+)", pdf)
    [*_, root] = re.findall(rb"/Root (\d+ \d+ R)", pdf)
    return int(start), int(size), root


def _trailer(size: int, root: bytes, before: int, start: int, more: bytes = b"") -> bytes:
    told = b"trailer\n<</Size %d/Root %b/Prev %d%b>>\n" % (size, root, before, more)
    return told + b"startxref\n%d\n%%%%EOF\n" % start
