"""Sixty letters as different as towns have them."""

import io
import random
from functools import cache

import pikepdf
import pymupdf
from PIL import Image
from support.letters import TEXT, cropped, letter, rewritten, with_stream_xref
from support.pdf_shapes import TREES, Shape, built, hybrid, revised, tagged


def drawn(draw, width=595, height=842, **options):
    """Give one page of a size, drawn by a function."""
    with pymupdf.open() as document:
        draw(document.new_page(width=width, height=height))
        return bytes(document.tobytes(**options))


def changed(change, pdf=None):
    """Give a letter after a change by another library."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(letter() if pdf is None else pdf)) as document:
        change(document)
        document.save(output)
    return output.getvalue()


def form(page):
    field = pymupdf.Widget()
    field.field_name, field.field_value = "nom", "Dupont"
    field.field_type = 7  # text: the stubs of PyMuPDF do not know its name
    field.rect = pymupdf.Rect(72, 300, 200, 320)
    page.add_widget(field)


def noise(page):
    picture, output = random.Random(1).randbytes(120 * 160), io.BytesIO()  # noqa: S311 - a scan
    Image.frombytes("L", (120, 160), picture).save(output, "PNG")
    page.insert_image(pymupdf.Rect(60, 300, 400, 700), stream=output.getvalue())


def glass(page):
    page.draw_rect(pymupdf.Rect(60, 300, 300, 500), fill=(1, 0, 0), fill_opacity=0.4)
    page.insert_text((72, 400), TEXT, rotate=90)


def note(page):
    page.add_text_annot((72, 400), "une note")
    page.insert_link(
        {"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(72, 90, 200, 110), "uri": "https://a.fr"}
    )


def attach(document):
    document.attachments["donnees.txt"] = b"donnees"


def outline(document):
    with document.open_outline() as tree:
        tree.root.append(pikepdf.OutlineItem("Page", 0))


def metadata(document):
    with document.open_metadata() as found:
        found["dc:title"] = "Une lettre"
    document.docinfo["/Title"] = "Une lettre"


def labels(document):
    document.Root["/PageLabels"] = pikepdf.Dictionary(Nums=pikepdf.Array([0, pikepdf.Dictionary()]))
    document.Root["/ViewerPreferences"] = pikepdf.Dictionary(DisplayDocTitle=True)
    document.Root["/Lang"] = pikepdf.String("fr-FR")


def unit(document):
    document.pages[0].obj["/UserUnit"] = 2
    document.pages[0].obj["/MediaBox"] = pikepdf.Array([0, 0, 595, 842])


def shifted(document):
    document.pages[0].obj["/MediaBox"] = pikepdf.Array([-100, -50, 495, 792])


def written(page):
    """Draw a page of HTML, with fonts of its own."""
    page.insert_htmlbox(pymupdf.Rect(60, 160, 500, 700), f"<h1>Attestation</h1><p>{TEXT} é</p>")


def layers(page):
    layer = page.parent.add_ocg("une couche")
    page.insert_textbox(pymupdf.Rect(60, 300, 400, 400), "couche", oc=layer)


def intended(document):
    """Say which colours are meant, as a PDF/A does."""
    profile = document.make_stream(b"\0" * 128, N=3)
    intent = {"/Type": pikepdf.Name.OutputIntent, "/S": pikepdf.Name.GTS_PDFA1}
    found = pikepdf.Dictionary(intent)
    found["/OutputConditionIdentifier"] = pikepdf.String("sRGB")
    found["/DestOutputProfile"] = profile
    document.Root["/OutputIntents"] = pikepdf.Array([found])


def opened(document):
    document.Root["/OpenAction"] = pikepdf.Array([document.pages[0].obj, pikepdf.Name.Fit])
    document.Root["/PageMode"] = pikepdf.Name.UseNone


def sized(width, height):
    return drawn(lambda page: page.insert_text((20, 160), TEXT, fontsize=8), width, height)


@cache
def letters():
    """Make the sixty."""
    dice = random.Random(60)  # noqa: S311 - letters that can be made again
    shapes = [
        Shape(
            pages=dice.randint(1, 4),
            rotation=dice.choice([0, 90, 180, 270]),
            packed=bool(number % 2),
            linear=dice.random() < 0.3,
            revisions=dice.randint(0, 3),
            annotations=dice.choice(["none", "indirect", "empty"]),
            inherited=dice.random() < 0.3,
            branches=dice.random() < 0.3,
            cropped=dice.random() < 0.3,
        )
        for number in range(16)
    ]
    found = {f"shape {number}": built(shape) for number, shape in enumerate(shapes)}
    for turn in (0, 90, 180, 270):
        found[f"turned {turn}"] = letter(rotation=turn)
        found[f"turned {turn}, packed"] = with_stream_xref(letter(rotation=turn))
    mode = pikepdf.ObjectStreamMode
    found |= {
        "linear": rewritten(letter(), linearize=True),
        "linear, packed": rewritten(letter(), linearize=True, object_stream_mode=mode.generate),
        "contents rewritten": rewritten(letter(), normalize_content=True),
        "not deflated": rewritten(letter(), compress_streams=False),
        "PDF 1.3": rewritten(letter(), force_version="1.3"),
        "PDF 2.0": rewritten(letter(), force_version="2.0"),
        "cropped": cropped(letter()),
        "cropped, turned": cropped(letter(rotation=90)),
        "hybrid": hybrid(),
        "30 pages": letter(pages=30),
        "revised": revised(letter(), 3),
        "revised, packed": revised(with_stream_xref(letter()), 3),
        "form": drawn(form),
        "form, packed": with_stream_xref(drawn(form)),
        "picture": drawn(noise),
        "transparency": drawn(glass),
        "annotations": drawn(note),
        "deflated": drawn(lambda page: page.insert_text((72, 100), TEXT), deflate=True),
        "cleaned": drawn(lambda page: page.insert_text((72, 100), TEXT), garbage=4, clean=True),
        "empty page": drawn(lambda _: None),
        "attachment": changed(attach),
        "outline": changed(outline),
        "metadata": changed(metadata),
        "labels": changed(labels),
        "user unit": changed(unit),
        "shifted": changed(shifted),
        "A5": sized(420, 595),
        "A6": sized(298, 420),
        "A3, wide": sized(1191, 842),
        "card": sized(300, 260),
        "HTML": drawn(written),
        "HTML, packed": with_stream_xref(drawn(written)),
        "layers": drawn(layers),
        "colours": changed(intended),
        "opening": changed(opened),
    }
    return found | {f"tagged, {tree}": tagged(tree) for tree in TREES}
