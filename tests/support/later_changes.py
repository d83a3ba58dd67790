"""What a stranger may change in a sealed letter that says much, each in a revision of its own."""

from collections.abc import Callable

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from support.described import XMP, Change

_Entries = dict[str, generic.PdfObject]


def _dictionary(entries: _Entries) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(key): value for key, value in entries.items()})


def _script() -> generic.DictionaryObject:
    return _dictionary({"/S": pdf_name("/JavaScript"), "/JS": pdf_string("x()")})


def _page(writer: IncrementalPdfFileWriter) -> generic.DictionaryObject:
    page: generic.DictionaryObject = writer.root["/Pages"]["/Kids"][0]
    return page


def _put(
    writer: IncrementalPdfFileWriter, held: generic.DictionaryObject, entries: _Entries
) -> None:
    for key, value in entries.items():
        held[pdf_name(key)] = value
    writer.update_container(held)


def of_root(entries: Callable[[IncrementalPdfFileWriter], _Entries]) -> Change:
    """Change entries of the catalog."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        _put(writer, writer.root, entries(writer))

    return change


def of_info(**texts: str) -> Change:
    """Change entries of the information dictionary in place."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        info = writer.trailer["/Info"]
        _put(writer, info, {f"/{key}": pdf_string(text) for key, text in texts.items()})

    return change


def info_replaced(writer: IncrementalPdfFileWriter) -> None:
    """Lead the trailer to another information dictionary."""
    writer.set_info(writer.add_object(_dictionary({"/Title": pdf_string("Refus")})))


def info_emptied(writer: IncrementalPdfFileWriter) -> None:
    """Take the title away."""
    info = writer.trailer["/Info"]
    del info["/Title"]
    writer.update_container(info)


def info_of_a_structure(writer: IncrementalPdfFileWriter) -> None:
    """Hide a structure under a key that may change."""
    hidden = writer.add_object(_script())
    _put(writer, writer.trailer["/Info"], {"/Producer": generic.ArrayObject([hidden])})


def of_xmp(old: bytes, new: bytes) -> Change:
    """Change some bytes of the catalog's XMP, in place."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        assert old in XMP
        stream = generic.StreamObject(
            dict_data=_dictionary({"/Type": pdf_name("/Metadata"), "/Subtype": pdf_name("/XML")}),
            stream_data=XMP.replace(old, new),
        )
        writer.root[pdf_name("/Metadata")] = writer.add_object(stream)
        writer.update_root()

    return change


def xmp_taken_away(writer: IncrementalPdfFileWriter) -> None:
    """Leave the catalog without XMP; the writer adds its own."""
    del writer.root["/Metadata"]
    writer.update_root()


def labels(writer: IncrementalPdfFileWriter) -> None:
    """Label the pages otherwise, in place."""
    style = _dictionary({"/S": pdf_name("/D"), "/P": pdf_string("B-")})
    numbers = generic.ArrayObject([generic.NumberObject(0), style])
    _put(writer, writer.root["/PageLabels"], {"/Nums": numbers})


def outlines(writer: IncrementalPdfFileWriter) -> None:
    """Write another line of the outline."""
    _put(writer, writer.root["/Outlines"]["/First"], {"/Title": pdf_string("Refus")})


def layers(writer: IncrementalPdfFileWriter) -> None:
    """Hide a layer."""
    shown = writer.root["/OCProperties"]["/D"]
    _put(writer, shown, {"/OFF": shown.raw_get("/ON"), "/ON": generic.ArrayObject()})


def piece(writer: IncrementalPdfFileWriter) -> None:
    """Change what a program keeps for itself."""
    held = writer.root["/PieceInfo"]["/Mill"]
    _put(writer, held, {"/Private": writer.add_object(pdf_string("other"))})


def page_metadata(writer: IncrementalPdfFileWriter) -> None:
    """Describe a page otherwise."""
    stream = generic.StreamObject(stream_data=XMP.replace(b"Attestation", b"Refus"))
    _put(writer, _page(writer), {"/Metadata": writer.add_object(stream)})


def structure(writer: IncrementalPdfFileWriter) -> None:
    """Say something else to who cannot see the page."""
    _put(writer, writer.root["/StructTreeRoot"]["/K"], {"/ActualText": pdf_string("Non")})


def glyphs(writer: IncrementalPdfFileWriter) -> None:
    """Let copied text be another than the one drawn."""
    font = next(iter(_page(writer)["/Resources"]["/Font"].values())).get_object()
    stream = generic.StreamObject(stream_data=b"begincmap endcmap")
    _put(writer, font, {"/ToUnicode": writer.add_object(stream)})


def note(writer: IncrementalPdfFileWriter) -> None:
    """Write something else into a note."""
    _put(writer, _page(writer)["/Annots"][0], {"/Contents": pdf_string("Refus")})


def field(writer: IncrementalPdfFileWriter) -> None:
    """Fill a field."""
    _put(writer, writer.root["/AcroForm"]["/Fields"][0], {"/V": pdf_string("DURAND")})


def of_form(entries: _Entries) -> Change:
    """Change entries of the form."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        _put(writer, writer.root["/AcroForm"], entries)

    return change


def _names(writer: IncrementalPdfFileWriter) -> _Entries:
    tree = generic.ArrayObject([pdf_string("x"), writer.add_object(_script())])
    return {"/Names": _dictionary({"/JavaScript": _dictionary({"/Names": tree})})}


def _extension(prefix: str, **more: generic.PdfObject) -> _Entries:
    entries = {"/BaseVersion": pdf_name("/1.7"), "/ExtensionLevel": generic.NumberObject(2)}
    held = _dictionary(entries | {f"/{key}": value for key, value in more.items()})
    return {"/Extensions": _dictionary({prefix: held})}


_YES = generic.BooleanObject(value=True)
_NO = generic.BooleanObject(value=False)
_TITLE = b"Attestation</rdf:li>"
CHANGES: dict[str, Change] = {
    "title": of_info(Title="Refus"),
    "author": of_info(Author="Personne"),
    "subject": of_info(Subject="Autre"),
    "keywords": of_info(Keywords="autre"),
    "creation-date": of_info(CreationDate="D:19990101000000Z"),
    "own-key": of_info(Decision="Refus"),
    "info-replaced": info_replaced,
    "info-emptied": info_emptied,
    "info-of-a-structure": info_of_a_structure,
    "xmp-title": of_xmp(_TITLE, b"Refus</rdf:li>"),
    "xmp-other-language": of_xmp(b"Certificate", b"Refusal"),
    "xmp-language-changed": of_xmp(b'lang="en"', b'lang="fr"'),
    "xmp-order": of_xmp(b"domicile</rdf:li><rdf:li>mairie", b"mairie</rdf:li><rdf:li>domicile"),
    "xmp-property-added": of_xmp(b"<dc:subject>", b"<dc:rights>x</dc:rights><dc:subject>"),
    "xmp-title-twice": of_xmp(b"<dc:subject>", b"<dc:title>Refus</dc:title><dc:subject>"),
    "xmp-inside-a-structure": of_xmp(b"uuid:0", b"uuid:9"),
    "xmp-structure-as-producer": of_xmp(
        b"2020-01-01T00:00:00Z", b"<rdf:Bag><rdf:li>Refus</rdf:li></rdf:Bag>"
    ),
    "xmp-other-namespace": of_xmp(b"xap/1.0/mm/", b"xap/1.0/nn/"),
    "xmp-second-description": of_xmp(
        b"</rdf:RDF>",
        b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        b'dc:title="Refus"/></rdf:RDF>',
    ),
    "xmp-about-another": of_xmp(b'rdf:about=""', b'rdf:about="uuid:2"'),
    "xmp-outside-the-description": of_xmp(b"</x:xmpmeta>", b"<b>Refus</b></x:xmpmeta>"),
    "xmp-bare-text": of_xmp(b"</rdf:RDF>", b"Refus</rdf:RDF>"),
    "xmp-taken-away": xmp_taken_away,
    "language": of_root(lambda _: {"/Lang": pdf_string("en")}),
    "viewer": of_root(lambda _: {"/ViewerPreferences": _dictionary({"/DisplayDocTitle": _NO})}),
    "older-version": of_root(lambda _: {"/Version": pdf_name("/1.3")}),
    "strange-version": of_root(lambda _: {"/Version": pdf_name("/9.9")}),
    "no-version": of_root(lambda _: {"/Version": pdf_string("2.0")}),
    "strange-extension": of_root(lambda _: _extension("/MILL")),
    "extension-with-more": of_root(lambda _: _extension("/ESIC", Private=_script())),
    "extension-with-a-text": of_root(lambda _: _extension("/ESIC", Private=pdf_string("Refus"))),
    "marking": of_root(lambda _: {"/MarkInfo": _dictionary({"/Marked": _NO})}),
    "opening": of_root(lambda writer: {"/OpenAction": writer.add_object(_script())}),
    "scripts": of_root(_names),
    "acting": of_root(lambda _: {"/AA": _dictionary({"/WP": _script()})}),
    "reading-order": of_root(lambda _: {"/PageLayout": pdf_name("/TwoColumnRight")}),
    "permissions": of_root(lambda _: {"/Perms": _dictionary({})}),
    "attached": of_root(lambda _: {"/AF": generic.ArrayObject()}),
    "labels": labels,
    "outlines": outlines,
    "layers": layers,
    "piece": piece,
    "page-metadata": page_metadata,
    "structure": structure,
    "glyphs": glyphs,
    "note": note,
    "field": field,
    "form-appearance": of_form({"/DA": pdf_string("/Helv 12 Tf 1 g")}),
    "form-redrawn": of_form({"/NeedAppearances": _YES}),
    "form-in-xml": of_form({"/XFA": pdf_string("x")}),
}
# What a tool that adds validation data does beside, and nobody minds.
HARMLESS: dict[str, Change] = {
    "producer": of_info(Producer="another mill", ModDate="D:20261122000000Z"),
    "xmp-producer": of_xmp(b'"a mill" xmp:', b'"another" xmp:'),
    "xmp-dates": of_xmp(b"2020-01-01T00:00:00Z", b"2026-11-22T00:00:00Z"),
    "xmp-instance": of_xmp(b"uuid:1", b"uuid:2"),
    "xmp-metadata-date": of_xmp(
        b"<dc:subject>", b"<xmp:MetadataDate>2026</xmp:MetadataDate><dc:subject>"
    ),
    "xmp-written-otherwise": of_xmp(b"<dc:subject>", b"<!-- the same -->\n<dc:subject>  "),
    "newer-version": of_root(lambda _: {"/Version": pdf_name("/2.0")}),
    "extension": of_root(lambda _: _extension("/ESIC")),
    "adobe-extension": of_root(lambda _: _extension("/ADBE")),
}
