"""Spools of the tests: print runs of several persons in one PDF, of every make. All are invented.

`hostile` puts into one file everything by which one person's data may reach another's letter.
"""

import io
import zlib
from pathlib import Path

import pikepdf
import pymupdf
from pikepdf import Array, Dictionary, Name, Stream, String

NAMES = ("ALMEIDA", "BERTIN", "CHEVREUL")


def plain(names=NAMES, pages=2, *, bookmarks=True):
    """Give a spool of so many pages a person, as office software writes it."""
    with pymupdf.open() as document:
        for name in names:
            for page in range(1, pages + 1):
                drawn = document.new_page()
                drawn.insert_text((72, 72), f"Madame {name}, page {page} sur {pages}")
                if page == 1:
                    drawn.insert_text((72, 110), "Facture  de cantine")
                    drawn.insert_text((72, 130), "Montant à payer :")
                    drawn.insert_text((300, 130), f"{len(name)},20 euros")
        if bookmarks:
            document.set_toc([[1, f"Mme {name}", 1 + n * pages] for n, name in enumerate(names)])
        return bytes(document.tobytes(deflate=True))


def hostile(names=NAMES):
    """Give a spool of one page a person, whose pages share and point to everything they can."""
    pdf = pikepdf.new()
    forms = Dictionary()
    fonts = Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    fonts["/T"] = _type3(pdf)
    states = Dictionary()
    for name in names:
        inner = _form(pdf, f"BT /F 9 Tf 0 0 Td (inner {name}) Tj ET", None)
        own = Dictionary(Font=Dictionary(F=fonts["/F"]), XObject=Dictionary())
        for other in names:  # each form lists the inner ones of all
            own.XObject[f"/I{other}"] = inner if other == name else _form(pdf, _bt(other), None)
        own = pdf.make_indirect(own)
        forms[f"/X{name}"] = _form(pdf, f"{_bt(f'form {name}')} /I{name} Do", own)
        states[f"/G{name}"] = Dictionary(Type=Name.ExtGState, ca=1, PieceInfo=String(f"gs {name}"))
    shared = pdf.make_indirect(
        Dictionary(
            Font=fonts,
            XObject=forms,
            ExtGState=states,
            Properties=Dictionary(L=_layer(pdf), M=_list(pdf)),
        )
    )
    for name in names:
        pdf.pages.append(pikepdf.Page(_page(pdf, name, shared)))
    _inherit(pdf)
    _point_everywhere(pdf, names)
    return _saved(pdf)


def _bt(text):
    return f"BT /F 11 Tf 20 40 Td ({text}) Tj ET"


def _form(pdf, content, resources):
    form = Stream(pdf, content.encode())
    form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array([0, 0, 300, 80])
    form.StructParent, form.Metadata = 3, Stream(pdf, b"<x>metadata of CHEVREUL</x>")
    if resources is not None:
        form.Resources = resources
    return form


def _type3(pdf):
    """Give a font of drawings, whose glyphs bear names that are also keys of a page."""
    glyphs = {
        "/B": Stream(pdf, b"700 0 d0 0 0 500 700 re f"),
        "/AA": Stream(pdf, b"700 0 d0 100 100 200 200 re f"),
    }
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type3,
            FontBBox=Array([0, 0, 750, 750]),
            FontMatrix=Array([0.001, 0, 0, 0.001, 0, 0]),
            CharProcs=Dictionary(glyphs),
            Encoding=Dictionary(
                Type=Name.Encoding, Differences=Array([97, Name("/B"), Name("/AA")])
            ),
            FirstChar=97,
            LastChar=98,
            Widths=Array([700, 700]),
        )
    )


def _layer(pdf):
    return pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("shown")))


def _list(pdf):
    """Give a property list: it has no type, and tells of everybody."""
    told = [
        Stream(pdf, f"<x>list of {' '.join(NAMES)}</x>".encode(), Type=Name.Metadata),
        Stream(pdf, f"<x>more of {' '.join(NAMES)}</x>".encode()),
    ]
    piece = Dictionary(App=Dictionary(Private=String(" ".join(NAMES))))
    files = Array([Dictionary(UF=String(f"{name}.csv")) for name in NAMES])
    return Dictionary(
        Metadata=told[1], Own=told[0], PieceInfo=piece, AF=files, Parent=Dictionary(A=piece)
    )


def _page(pdf, name, shared):
    content = f"""q /G{name} gs 1 0 0 1 72 500 cm /X{name} Do Q
        BT /F 14 Tf 72 700 Td (Madame {name}) Tj ET BT /T 20 Tf 72 600 Td (ab) Tj ET
        /Span /M BDC EMC /OC /L BDC BT /F 14 Tf 72 650 Td (couche) Tj ET EMC
        BT /F 14 Tf 72 400 Td (Do not /X other) Tj ET"""
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Page,
            Resources=shared,
            Contents=pdf.make_stream(zlib.compress(content.encode()), Filter=Name.FlateDecode),
            Group=Dictionary(S=Name.Transparency, CS=Name.DeviceRGB),
            PieceInfo=Dictionary(App=Dictionary(Private=String("piece of CHEVREUL"))),
            StructParents=0,
            AA=Dictionary(O=Dictionary(S=Name.JavaScript, JS=String("app.alert('ALMEIDA')"))),
        )
    )


def _inherit(pdf):
    """Have the pages take boxes and rotation from the tree."""
    pdf.Root.Pages.MediaBox = Array([0, 0, 500, 800])
    pdf.Root.Pages.CropBox = Array([10, 10, 490, 790])
    pdf.Root.Pages.Rotate = 90
    for page in pdf.pages:
        for key in ("/MediaBox", "/CropBox", "/Rotate"):
            if key in page.obj:
                del page.obj[key]


def _point_everywhere(pdf, names):
    """Add what leads from page to page: links, fields, structure, bookmarks, files, scripts."""
    pages = [page.obj for page in pdf.pages]
    field = pdf.make_indirect(
        Dictionary(FT=Name.Tx, T=String("person"), V=String(" ".join(names)), Kids=Array())
    )
    for number, (name, page) in enumerate(zip(names, pages, strict=True)):
        look = _form(pdf, _bt(f"field {name}"), pdf.make_indirect(Dictionary(Font=_font())))
        widget = _note("Widget", 200, P=page, Parent=field, AP=Dictionary(N=look))
        field.Kids.append(pdf.make_indirect(widget))
        other = pages[(number + 1) % len(pages)]
        page.Resources.XObject[f"/X{name}"].Next = other  # a key that no form has
        page.Resources.XObject[f"/X{name}"].Tree = pdf.Root.Pages
        action = Dictionary(S=Name.URI, URI=String("https://exemple.fr"), Next=_script(names))
        page.Annots = Array(
            [
                field.Kids[-1],
                _note("Link", 250, Dest=Array([other, Name.Fit])),
                _note("Link", 270, A=Dictionary(S=Name.GoTo, D=Array([page, Name.Fit]))),
                _note("Link", 290, A=action),
                _note("Link", 310, Dest=String(names[(number + 1) % len(names)])),
                pdf.make_indirect(_note("Square", 350, C=Array([1, 0, 0]), P=other)),
                _note("FileAttachment", 370, FS=_file(pdf, names), F=2),  # its pin would be drawn
            ]
        )
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]), DR=Dictionary(Font=_font()))
    elements = Array(
        pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.P, Pg=page, Alt=String(name)))
        for name, page in zip(names, pages, strict=True)
    )
    pdf.Root.StructTreeRoot = Dictionary(Type=Name.StructTreeRoot, K=elements)
    pdf.Root.MarkInfo = Dictionary(Marked=True)
    pdf.Root.Lang = String("fr-FR")
    pdf.Root.OpenAction = _script(names)
    pdf.Root.Metadata = Stream(pdf, " ".join(names).encode())
    pdf.Root.Names = Dictionary(
        EmbeddedFiles=Dictionary(Names=Array([String("a"), _file(pdf, names)])),
        JavaScript=Dictionary(Names=Array([String("j"), _script(names)])),
    )
    layer = pages[0].Resources.Properties.L
    hidden = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("of CHEVREUL alone")))
    pdf.Root.OCProperties = Dictionary(
        OCGs=Array([layer, hidden]), D=Dictionary(OFF=Array([layer, hidden]))
    )
    pdf.docinfo["/Author"] = " ".join(names)
    with pdf.open_outline() as outline:
        for number, name in enumerate(names):
            outline.root.append(pikepdf.OutlineItem(f"Mme {name}", number))


def _font():
    return Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))


def _note(kind, y, **entries):
    rect = Array([60, y, 160, y + 18])
    made = {"F": 4, **entries}
    return Dictionary(Type=Name.Annot, Subtype=Name("/" + kind), Rect=rect, **made)


def _script(names):
    return Dictionary(S=Name.JavaScript, JS=String("app.alert('" + " ".join(names) + "')"))


def _file(pdf, names):
    data = Stream(pdf, " ".join(names).encode())
    data.Type = Name.EmbeddedFile
    return Dictionary(Type=Name.Filespec, F=String("all.txt"), EF=Dictionary(F=data))


def _saved(pdf):
    output = io.BytesIO()
    pdf.save(output, static_id=True)
    return output.getvalue()


def everything(pdf):
    """Give all that a file holds, streams undone, as bytes to be searched: no reader of ours."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        parts = []
        for number in range(1, len(document.objects) + 1):
            held = document.get_object(number, 0)
            parts.append(held.unparse(resolved=True))
            if isinstance(held, Stream):
                parts.append(held.read_bytes())
        return b"\n".join(parts) + pdf


def pixels(pdf, page=0):
    """Draw a page."""
    with pymupdf.open(stream=pdf) as document:
        drawn = document[page].get_pixmap(dpi=100)
        return drawn.width, drawn.height, bytes(drawn.samples)


def written(folder: Path, pdf: bytes) -> Path:
    """Write a spool into a folder."""
    path = folder / "spool.pdf"
    path.write_bytes(pdf)
    return path
