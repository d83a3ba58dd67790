"""PDFs of every shape that other programs write, for both roads; and PDFs written by hand."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import pikepdf
import pymupdf
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter


@dataclass(frozen=True)
class Shape:
    """How a PDF is built."""

    pages: int = 1
    rotation: int = 0
    packed: bool = False
    linear: bool = False
    revisions: int = 0
    annotations: str = "none"
    inherited: bool = False
    branches: bool = False
    cropped: bool = False


SHAPES = st.builds(
    Shape,
    pages=st.integers(1, 4),
    rotation=st.sampled_from([0, 90, 180, 270]),
    packed=st.booleans(),
    linear=st.booleans(),
    revisions=st.integers(0, 3),
    annotations=st.sampled_from(["none", "direct", "indirect", "empty"]),
    inherited=st.booleans(),
    branches=st.booleans(),
    cropped=st.booleans(),
)


def built(shape: Shape) -> bytes:
    """Build a PDF of a shape."""
    with pymupdf.open() as document:
        for number in range(shape.pages):
            page = document.new_page()
            page.insert_text((72, 100), f"Page {number}\nune ligne ()")
            page.draw_rect(pymupdf.Rect(50, 200 + number, 150, 300), color=(1, 0, 0))
        drawn = document.tobytes()
    with pikepdf.open(io.BytesIO(drawn)) as pdf:
        for page in pdf.pages:
            _bend(pdf, page, shape)
        if shape.inherited:
            _lift(pdf)
        if shape.branches:
            _branch(pdf)
        output = io.BytesIO()
        mode = pikepdf.ObjectStreamMode
        pdf.save(
            output,
            object_stream_mode=mode.generate if shape.packed else mode.disable,
            linearize=shape.linear,
        )
    return revised(output.getvalue(), shape.revisions)


def _bend(pdf: pikepdf.Pdf, page: pikepdf.Page, shape: Shape) -> None:
    page.obj["/Rotate"] = shape.rotation
    if shape.cropped:
        page.obj["/CropBox"] = pikepdf.Array([40, 60, 560, 800])
    if shape.annotations == "none":
        return
    notes = pikepdf.Array()
    if shape.annotations != "empty":
        box = pikepdf.Array([300, 300, 340, 320])
        note = {"/Type": pikepdf.Name.Annot, "/Subtype": pikepdf.Name.Square, "/Rect": box}
        notes.append(pdf.make_indirect(pikepdf.Dictionary(note)))
    page.obj["/Annots"] = pdf.make_indirect(notes) if shape.annotations == "indirect" else notes


def _lift(pdf: pikepdf.Pdf) -> None:
    """Move the boxes and the rotation up to the root of the page tree."""
    for key in ("/MediaBox", "/CropBox", "/Rotate"):
        for page in pdf.pages:
            if key in page.obj:
                pdf.Root.Pages[key] = page.obj[key]
                del page.obj[key]


def _branch(pdf: pikepdf.Pdf) -> None:
    """Put each page under a node of its own."""
    root, kids = pdf.Root.Pages, pikepdf.Array()
    for page in list(root.Kids):
        node = {"/Type": pikepdf.Name.Pages, "/Count": 1, "/Kids": pikepdf.Array([page])}
        kids.append(pdf.make_indirect(pikepdf.Dictionary({**node, "/Parent": root})))
        page["/Parent"] = kids[-1]
    root["/Kids"] = kids


def revised(pdf: bytes, times: int) -> bytes:
    """Append revisions in the form of the file, each with a new object and a changed catalog."""
    for number in range(times):
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        note = writer.add_object(generic.TextStringObject(f"revision {number}"))
        writer.root[generic.pdf_name("/Remark")] = note
        writer.update_root()
        output = io.BytesIO()
        writer.write(output)
        pdf = output.getvalue()
    return pdf


CATALOG, PAGES, PAGE = 1, 2, 3
PLAIN: Mapping[int, bytes] = {
    CATALOG: b"<</Type/Catalog/Pages 2 0 R>>",
    PAGES: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    PAGE: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
}


def handmade(objects: Mapping[int, bytes], trailer: bytes = b"", start: int | None = None) -> bytes:
    """Write a PDF by hand with a table whose offsets are right; `start` overrides startxref."""
    data, offsets = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        offsets[number] = len(data)
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    position, size = len(data), max(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        kind = b"n" if number in offsets else b"f"
        data += b"%010d 00000 %b \n" % (offsets.get(number, 0), kind)
    data += b"trailer\n<</Size %d/Root 1 0 R%b>>\n" % (size, trailer)
    return bytes(data + b"startxref\n%d\n%%%%EOF\n" % (position if start is None else start))


def plain(**changed: bytes) -> bytes:
    """Give the smallest PDF, with some of its objects otherwise: `catalog`, `pages`, `page`."""
    numbers = {"catalog": CATALOG, "pages": PAGES, "page": PAGE}
    return handmade({**PLAIN, **{numbers[name]: body for name, body in changed.items()}})


TREES: Mapping[str, tuple[bytes, Mapping[int, bytes]]] = {
    "direct": (b"/ParentTree<</Nums[0[5 0 R]7 5 0 R]>>/ParentTreeNextKey 8", {}),
    "indirect": (b"/ParentTree 6 0 R", {6: b"<</Nums 7 0 R>>", 7: b"[0[5 0 R]7 5 0 R]"}),
    "branches": (
        b"/ParentTree 6 0 R/ParentTreeNextKey 3",
        {
            6: b"<</Kids[7 0 R 8 0 R]>>",
            7: b"<</Limits[0 0]/Nums[0[5 0 R]]>>",
            8: b"<</Limits[7 7]/Nums[7 5 0 R]>>",
        },
    ),
    "empty": (b"/ParentTree 6 0 R", {6: b"<<>>"}),
}
KIDS: Mapping[str, bytes] = {
    "document": b"/K 5 0 R",
    "list": b"/K[5 0 R]",
    "several": b"/K[5 0 R 9 0 R]",
    "nothing": b"",
}


def tagged(tree: str = "direct", kids: str = "document", below: bytes = b"/K 0") -> bytes:
    """Write a tagged PDF by hand: its parent tree, what is below its root, below its document."""
    told, nodes = TREES[tree]
    return handmade(
        {
            **PLAIN,
            CATALOG: b"<</Type/Catalog/Pages 2 0 R/StructTreeRoot 4 0 R/MarkInfo<</Marked true>>>>",
            4: b"<</Type/StructTreeRoot%b%b>>" % (KIDS[kids], told),
            5: b"<</Type/StructElem/S/Document/P 4 0 R/Pg 3 0 R%b>>" % below,
            **nodes,
            9: b"<</Type/StructElem/S/Sect/P 4 0 R>>",
        }
    )


def hybrid(offset: int = 0) -> bytes:
    """Write a PDF as a common office suite does: a table, then an empty one with a stream beside.

    Object 5 lies in an object stream, which the table hides. `offset` moves the page in the
    stream's answer alone: two readers would then see two pages.
    """
    catalog = b"<</Type/Catalog/Pages 2 0 R/ViewerPreferences 5 0 R>>"
    inside = b"5 0 <</DisplayDocTitle true>>"
    pack = b"<</Type/ObjStm/N 1/First 4/Length %d>>\nstream\n%b\nendstream" % (len(inside), inside)
    first = handmade({**PLAIN, CATALOG: catalog, 4: pack, 6: b"<<>>"})
    places = [first.index(b"%d 0 obj" % number) for number in (1, 2, 3, 4, 6)]
    beside = places.pop()
    places[2] += offset
    rows = b"\0\0\0\0\xff\xff"
    rows += b"".join(b"\1%b\0\0" % place.to_bytes(3, "big") for place in places)
    rows += b"\2\0\0\4\0\0" + b"\1%b\0\0" % beside.to_bytes(3, "big")
    stream = b"<</Type/XRef/W[1 3 2]/Size 7/Root 1 0 R/Length %d>>\nstream\n" % len(rows)
    first = handmade({**PLAIN, CATALOG: catalog, 4: pack, 6: stream + rows + b"\nendstream"})
    previous = first.rindex(b"xref\n0")
    position = len(first)
    trailer = b"trailer\n<</Size 7/Root 1 0 R/Prev %d/XRefStm %d>>\n" % (previous, beside)
    return first + b"xref\n0 0\n%bstartxref\n%d\n%%%%EOF\n" % (trailer, position)
