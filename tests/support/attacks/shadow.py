"""Shadow attacks: what the forger prepared before the seal is shown, or hidden, after it.

After Mainka, Mladenov and Rohlmann ("Shadow Attacks", NDSS 2021): hide, replace, hide-and-replace.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from support.attacks.attack import CHANGED, OUT_OF_REACH, Attack
from support.attacks.material import (
    CATALOG,
    CONTENT,
    CONTENT2,
    FALSE,
    FONT,
    OBJECTS,
    OWN,
    PAGE,
    PAGES,
    RESOURCES,
    SECOND,
    TRUE,
    Sealed,
    page,
    sealed_with,
    text,
)
from support.attacks.revisions import HONEST, STYLES, Tricks, revised, stream

FAMILY = "shadow"
_COVER, _FORM, _NOTE, _TREE, _TREE_PAGE, _TREE_TEXT, _ROOT, _HIDDEN, _LAYER = range(OWN, OWN + 9)
_WHITE = stream(b"1 g 60 690 400 60 re f 0 g BT /F1 14 Tf 72 720 Td (%b) Tj ET" % TRUE.encode())
_FORM_BODY = b"/Type/XObject/Subtype/Form/BBox[0 0 400 60]/Resources 5 0 R"
_EMPTY = stream(b"")


def _drawn(words: str) -> bytes:
    return stream(b"BT /F1 14 Tf 10 10 Td (%b) Tj ET" % words.encode(), _FORM_BODY)


def prepared() -> Mapping[int, bytes]:
    """Give all that a forger puts into the letter before he has it sealed; nothing of it shows."""
    inner = b"\n%d 0 obj\n%b\nendobj\n" % (CONTENT, text("Refus", FALSE))
    inner += b"%d 0 obj\n%b\nendobj\n" % (PAGE, page(_TREE_TEXT))
    inner += b"%d 0 obj\n<</Type/Pages/Kids[%d 0 R]/Count 1>>\nendobj\n" % (PAGES, _TREE_PAGE)
    note = b"<</Type/Annot/Subtype/Stamp/Rect[60 690 460 750]/F 2/AP<</N %d 0 R>>>>" % _FORM
    layers = b"/OCProperties<</OCGs[%d 0 R]/D<</OFF[%d 0 R]/Order[]>>>>" % (_LAYER, _LAYER)
    return {
        CATALOG: b"<</Type/Catalog/Pages 2 0 R%b>>" % layers,
        PAGE: page("[4 0 R 10 0 R 19 0 R]", b"/Annots[%d 0 R]" % _NOTE),
        SECOND: page("[8 0 R 10 0 R]"),
        RESOURCES: (
            b"<</Font<</F1 7 0 R>>/XObject<</Over %d 0 R>>/Properties<</L %d 0 R>>>>"
            % (_FORM, _LAYER)
        ),
        CONTENT: text("Attestation", FALSE),
        CONTENT2: text("Page 2", FALSE),
        _COVER: _WHITE,
        _FORM: _drawn(TRUE),
        _NOTE: note,
        _TREE: b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % _TREE_PAGE,
        _TREE_PAGE: page(_TREE_TEXT).replace(b"2 0 R", b"%d 0 R" % _TREE, 1),
        _TREE_TEXT: text("Attestation", FALSE),
        _ROOT: b"<</Type/Catalog/Pages %d 0 R>>" % _TREE,
        _HIDDEN: stream(inner),
        _LAYER: b"<</Type/OCG/Name(Fond)>>",
        _LAYER + 1: stream(b"/OC /L BDC BT /F1 14 Tf 72 600 Td (%b) Tj ET EMC" % FALSE.encode()),
    }


@cache
def letter(style: str = "table") -> Sealed:
    """Give the prepared letter, sealed."""
    return sealed_with(prepared(), style)


def _hidden(made: Sealed, number: int) -> int:
    """Find an object that was hidden inside a stream that was signed."""
    start = made.pdf.index(b"\n%d 0 obj\n" % _HIDDEN) + 8
    return made.pdf.index(b"%d 0 obj\n" % number, start)


def _ways(made: Sealed) -> Iterator[tuple[str, Mapping[int, bytes], Tricks]]:
    """Give each change: objects of the later revision, and tricks of its cross-references."""
    root = made.body(CATALOG)
    shown = made.body(PAGE)
    yield "hide: overlay emptied", {_COVER: _EMPTY}, HONEST
    yield "hide: overlay freed", {}, Tricks(freed=(_COVER,))
    yield "hide: overlay taken off page 1", {PAGE: shown.replace(b" 10 0 R", b"")}, HONEST
    yield "hide: overlay taken off page 2", {SECOND: page(CONTENT2)}, HONEST
    yield "hide: another object in its place", {_COVER: b"null"}, HONEST
    yield "replace: form drawn by a stamp", {_FORM: _drawn(FALSE)}, HONEST
    yield (
        "replace: stamp made visible",
        {_NOTE: prepared()[_NOTE].replace(b"/F 2", b"/F 4")},
        HONEST,
    )
    differences = b"/Encoding<</Differences[56/nine/nine]>>"
    swapped = OBJECTS[FONT].replace(b"/Encoding/WinAnsiEncoding", differences)
    yield "replace: font that names other glyphs", {FONT: swapped}, HONEST
    layer = root.replace(b"/OFF", b"/ON")
    yield "replace: layer shown", {CATALOG: layer}, HONEST
    yield (
        "swap: catalog of another tree",
        {CATALOG: root.replace(b"2 0 R", b"%d 0 R" % _TREE)},
        HONEST,
    )
    yield "swap: page tree", {PAGES: prepared()[_TREE]}, HONEST
    yield "swap: content by a hidden one", {}, Tricks(places={CONTENT: _hidden(made, CONTENT)})
    yield "swap: page by a hidden one", {}, Tricks(places={PAGE: _hidden(made, PAGE)})
    yield "swap: pages by a hidden tree", {}, Tricks(places={PAGES: _hidden(made, PAGES)})


def attacks() -> Iterator[Attack]:
    """Make every change in every form of cross-references."""
    for style in STYLES:
        made = letter("table" if style == "table" else "stream")
        for name, objects, tricks in _ways(made):
            if style == "packed" and not objects:
                continue
            pdf = revised(made.pdf, objects, style, tricks)
            yield Attack(f"{name} ({style})", FAMILY, pdf, CHANGED)
        pdf = revised(made.pdf, {}, style, Tricks(root=_ROOT))
        yield Attack(f"swap: root ({style})", FAMILY, pdf, OUT_OF_REACH)
