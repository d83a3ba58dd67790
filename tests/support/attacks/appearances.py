"""What a page looks like, or says to who cannot see it, changed without touching its content."""

from collections.abc import Iterator, Mapping
from functools import cache

from support.attacks.attack import CHANGED, FILLED, Answer, Attack
from support.attacks.material import (
    CATALOG,
    FALSE,
    FONT,
    PAGE,
    RESOURCES,
    Sealed,
    page,
    sealed_with,
)
from support.attacks.revisions import STYLES, revised, stream

FAMILY = "appearances"
(
    _BOX, _BOX_YES, _BOX_NO, _LINE, _LINE_SHOWN, _PICTURE, _FILE, _FILE_SPEC, _LETTERS,
    _DESCRIBED, _GLYPHS, _STATE, _FORM, _ENCODING, _NOTE, _NOTE_SHOWN, _WIDTHS, _MASK,
) = range(20, 38)  # fmt: skip
_WIDGET = b"<</Type/Annot/Subtype/Widget/P 3 0 R/F 4"
_DRAWING = b"/Type/XObject/Subtype/Form/BBox[0 0 20 20]"
_PIXELS = b"/Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray"
_CMAP = b"begincmap 1 beginbfrange <20> <7e> <0020> endbfrange endcmap"
_FONT = (
    b"<</Type/Font/Subtype/TrueType/BaseFont/Own/FirstChar 32/LastChar 33/Widths %d 0 R"
    b"/Encoding %d 0 R/ToUnicode %d 0 R/FontDescriptor %d 0 R>>"
) % (_WIDTHS, _ENCODING, _LETTERS, _DESCRIBED)


def furnished() -> Mapping[int, bytes]:
    """Give a letter with a font of its own, a picture, a box, a line to fill, a file, a note."""
    shown = b"/AP<</N<</Oui %d 0 R/Non %d 0 R>>>>" % (_BOX_YES, _BOX_NO)
    return {
        CATALOG: b"<</Type/Catalog/Pages 2 0 R/AcroForm %d 0 R"
        b"/Names<</EmbeddedFiles<</Names[(a.xml)%d 0 R]>>>>>>" % (_FORM, _FILE_SPEC),
        PAGE: page(4, b"/Annots[%d 0 R %d 0 R %d 0 R]" % (_BOX, _LINE, _NOTE)),
        RESOURCES: b"<</Font<</F1 7 0 R>>/XObject<</P %d 0 R>>/ExtGState<</G %d 0 R>>>>"
        % (_PICTURE, _STATE),
        FONT: _FONT,
        _BOX: _WIDGET + b"/FT/Btn/T(case)/V/Oui/AS/Oui/Rect[10 10 30 30]%b>>" % shown,
        _BOX_YES: stream(b"0 0 20 20 re f", _DRAWING),
        _BOX_NO: stream(b"0 0 20 20 re S", _DRAWING),
        _LINE: _WIDGET + b"/FT/Tx/T(nom)/V(DUPONT)/Rect[40 10 90 30]"
        b"/AP<</N %d 0 R>>>>" % _LINE_SHOWN,
        _LINE_SHOWN: stream(b"BT (DUPONT) Tj ET", _DRAWING),
        _PICTURE: stream(b"\0\0\0\0", _PIXELS),
        _FILE: stream(b"<montant>84,20</montant>", b"/Type/EmbeddedFile"),
        _FILE_SPEC: b"<</Type/Filespec/F(a.xml)/EF<</F %d 0 R>>>>" % _FILE,
        _LETTERS: stream(_CMAP),
        _DESCRIBED: b"<</Type/FontDescriptor/FontName/Own/Flags 32/FontFile2 %d 0 R>>" % _GLYPHS,
        _GLYPHS: stream(b"\0\1\0\0" + bytes(12)),
        _STATE: b"<</Type/ExtGState/CA 1/ca 1>>",
        _FORM: b"<</Fields[%d 0 R %d 0 R]/DA(/Helv 0 Tf 0 g)>>" % (_BOX, _LINE),
        _ENCODING: b"<</Type/Encoding/BaseEncoding/WinAnsiEncoding>>",
        _NOTE: b"<</Type/Annot/Subtype/Text/Rect[500 700 520 720]/Contents(Accord)/F 4"
        b"/AP<</N %d 0 R>>>>" % _NOTE_SHOWN,
        _NOTE_SHOWN: stream(b"0 0 20 20 re S", _DRAWING),
        _WIDTHS: b"[500 500]",
        _MASK: stream(b"\xff\xff\xff\xff", _PIXELS),
    }  # fmt: skip


@cache
def letter(style: str) -> Sealed:
    """Give the furnished letter, sealed."""
    return sealed_with(furnished(), style)


def _ways(made: Sealed) -> Iterator[tuple[str, Mapping[int, bytes], Answer]]:
    own, shown = furnished(), made.body(PAGE)
    root = made.body(CATALOG)

    def put(number: int, old: bytes, new: bytes) -> Mapping[int, bytes]:
        assert old in own[number]
        return {number: own[number].replace(old, new)}

    def of_page(entries: bytes) -> Mapping[int, bytes]:
        return {PAGE: shown.replace(b"<<", b"<<" + entries, 1)}

    yield "letters read otherwise", {_LETTERS: stream(_CMAP.replace(b"0020", b"0041"))}, CHANGED
    yield "letters named otherwise", {_ENCODING: b"<</Differences[56/nine]>>"}, CHANGED
    yield "widths of letters", {_WIDTHS: b"[0 0]"}, CHANGED
    yield "glyphs", {_GLYPHS: stream(b"\0\1\0\0" + b"\1" * 12)}, CHANGED
    yield "font of another kind", put(FONT, b"/TrueType", b"/Type1"), CHANGED
    yield "font described otherwise", put(_DESCRIBED, b"/Flags 32", b"/Flags 4"), CHANGED
    yield "picture", {_PICTURE: stream(b"\xff\0\xff\0", _PIXELS)}, CHANGED
    yield (
        "picture masked",
        {_PICTURE: stream(b"\0\0\0\0", _PIXELS + b"/SMask %d 0 R" % _MASK)},
        CHANGED,
    )
    yield "made transparent", put(_STATE, b"/ca 1", b"/ca 0"), CHANGED
    yield "file attached exchanged", {_FILE: stream(FALSE.encode(), b"/Type/EmbeddedFile")}, CHANGED
    yield "file attached renamed", put(_FILE_SPEC, b"(a.xml)", b"(b.xml)"), CHANGED
    yield "note says something else", put(_NOTE, b"(Accord)", b"(Refus)"), CHANGED
    yield "note drawn otherwise", {_NOTE_SHOWN: stream(FALSE.encode(), _DRAWING)}, CHANGED
    yield "note moved over the text", put(_NOTE, b"500 700 520 720", b"60 680 520 760"), CHANGED
    yield "note acts", put(_NOTE, b"/F 4", b"/F 4/A<</S/JavaScript/JS(x())>>"), CHANGED
    yield "box ticked otherwise", put(_BOX, b"/V/Oui/AS/Oui", b"/V/Non/AS/Non"), FILLED
    yield "box drawn otherwise", {_BOX_YES: stream(b"0 0 20 20 re S", _DRAWING)}, CHANGED
    yield "box moved", put(_BOX, b"10 10 30 30", b"60 680 520 760"), CHANGED
    yield "line filled", put(_LINE, b"(DUPONT)", b"(DURAND)"), FILLED
    yield "line drawn otherwise", {_LINE_SHOWN: stream(b"BT (DURAND) Tj ET", _DRAWING)}, FILLED
    acts = b"/T(nom)/AA<</K<</S/JavaScript/JS(x())>>>>"
    yield "line acts", put(_LINE, b"/T(nom)", acts), CHANGED
    yield "line renamed", put(_LINE, b"/T(nom)", b"/T(prenom)"), CHANGED
    yield "line made of another kind", put(_LINE, b"/FT/Tx", b"/FT/Ch"), CHANGED
    form = made.body(_FORM)
    redrawn = {_FORM: form.replace(b"<<", b"<</NeedAppearances true", 1)}
    yield "form redrawn by readers", redrawn, FILLED
    yield "form calculates", {_FORM: form.replace(b"<<", b"<</CO[%d 0 R]" % _LINE, 1)}, CHANGED
    yield "form in XML", {_FORM: form.replace(b"<<", b"<</XFA(x)", 1)}, CHANGED
    for name, entries in {
        "turned": b"/Rotate 180",
        "cropped": b"/CropBox[0 0 595 700]",
        "enlarged": b"/UserUnit 3",
        "page acts": b"/AA<</O<</S/JavaScript/JS(x())>>>>",
        "art box": b"/ArtBox[0 0 9 9]",
        "page in a group": b"/Group<</S/Transparency/CS/DeviceCMYK>>",
        "page shown for a second": b"/Dur 1/Trans<</S/Dissolve>>",
        "page says what it is": b"/PieceInfo<</A<</Private(x)>>>>",
    }.items():
        yield name, of_page(entries), CHANGED
    yield "page made small", {PAGE: shown.replace(b"0 0 595 842", b"0 0 595 100")}, CHANGED
    yield "page without its notes", {PAGE: shown.replace(b"%d 0 R" % _NOTE, b"")}, CHANGED
    for name, entries in {
        "document acts": b"/AA<</DC<</S/JavaScript/JS(x())>>>>",
        "shown full screen": b"/PageMode/FullScreen",
        "layers": b"/OCProperties<</OCGs[]/D<<>>>>",
        "colours meant": b"/OutputIntents[<</S/GTS_PDFA1>>]",
        "threads": b"/Threads[]",
        "collection": b"/Collection<<>>",
        "address base": b"/URI<</Base(http://x/)>>",
    }.items():
        yield name, {CATALOG: root.replace(b"<<", b"<<" + entries, 1)}, CHANGED


def attacks() -> Iterator[Attack]:
    """Change each thing; what lies in an object stream, by turns."""
    for number, (name, objects, answer) in enumerate(_ways(letter("table"))):
        pdf = revised(letter("table").pdf, objects, STYLES[number % len(STYLES)])
        yield Attack(name, FAMILY, pdf, answer)
