"""A letter that says much beside its page, and revisions that change it after the seal.

Each change is a function of pyHanko's incremental writer: what a stranger's tool would append. The
writer adds what it always adds (producer, date of change), which is no change of what is said.
"""

import io
from collections.abc import Callable

import pikepdf
import pymupdf
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from support.letters import TEXT

XMP = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="a mill">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:stRef="http://ns.adobe.com/xap/1.0/sType/ResourceRef#"
    pdf:Producer="a mill" xmp:CreatorTool="a pen" xmpMM:InstanceID="uuid:1">
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Attestation</rdf:li>
    <rdf:li xml:lang="en">Certificate</rdf:li></rdf:Alt></dc:title>
   <dc:creator><rdf:Seq><rdf:li>Mairie de Valbourg</rdf:li></rdf:Seq></dc:creator>
   <dc:subject><rdf:Bag><rdf:li>domicile</rdf:li><rdf:li>mairie</rdf:li></rdf:Bag></dc:subject>
   <xmp:ModifyDate>2020-01-01T00:00:00Z</xmp:ModifyDate>
   <xmpMM:DerivedFrom rdf:parseType="Resource"><stRef:documentID>uuid:0</stRef:documentID>
   </xmpMM:DerivedFrom>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
_CMAP = (
    b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> "
    b"endcodespacerange 1 beginbfrange <20> <7e> <0020> endbfrange endcmap end"
)
Change = Callable[[IncrementalPdfFileWriter], None]


def letter_with_all() -> bytes:
    """Give a letter with every kind of thing that a catalog, a page or a form may say."""
    with pymupdf.open() as document:
        document.new_page().insert_text((72, 100), TEXT)
        drawn = document.tobytes()
    with pikepdf.open(io.BytesIO(drawn)) as pdf:
        _describe(pdf)
        _structure(pdf)
        _furnish(pdf, pdf.pages[0].obj)
        output = io.BytesIO()
        pdf.save(output)
    return output.getvalue()


def _describe(pdf: pikepdf.Pdf) -> None:
    pdf.docinfo = pdf.make_indirect(
        pikepdf.Dictionary(
            Title="Attestation", Author="Mairie", Subject="Domicile", Keywords="lettre"
        )
    )
    root = pdf.Root
    root.Metadata = pdf.make_stream(XMP, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)
    root.Lang = "fr"
    root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
    root.PieceInfo = pikepdf.Dictionary(
        Mill=pikepdf.Dictionary(LastModified="D:2020", Private=pikepdf.Dictionary(Own=1))
    )
    root.MarkInfo = pikepdf.Dictionary(Marked=True)
    root.PageLabels = pdf.make_indirect(
        pikepdf.Dictionary(Nums=[0, pikepdf.Dictionary(S=pikepdf.Name.D, P="A-")])
    )


def _structure(pdf: pikepdf.Pdf) -> None:
    root, page = pdf.Root, pdf.pages[0].obj
    tree = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.StructTreeRoot))
    tree.K = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.StructElem, S=pikepdf.Name.P, P=tree, Pg=page, K=0, ActualText="Oui"
        )
    )
    root.StructTreeRoot = tree
    outlines = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Outlines, Count=1))
    line = pikepdf.Dictionary(Title="Page", Parent=outlines, Dest=[page, pikepdf.Name.Fit])
    outlines.First = outlines.Last = pdf.make_indirect(line)
    root.Outlines = outlines
    layer = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="Fond"))
    root.OCProperties = pikepdf.Dictionary(
        OCGs=[layer], D=pdf.make_indirect(pikepdf.Dictionary(ON=[layer], Order=[layer]))
    )


def _furnish(pdf: pikepdf.Pdf, page: pikepdf.Object) -> None:
    page.Metadata = pdf.make_stream(XMP, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)
    for font in page.Resources.Font.values():
        font.ToUnicode = pdf.make_stream(_CMAP)
    note = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[500, 700, 520, 720],
            Contents="Accord", F=4,
        )
    )  # fmt: skip
    box = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx,
            T="Nom", V="DUPONT", Rect=[300, 500, 400, 520], F=4, P=page,
        )
    )  # fmt: skip
    page.Annots = [note, box]
    pdf.Root.AcroForm = pdf.make_indirect(pikepdf.Dictionary(Fields=[box], DA="/Helv 0 Tf 0 g"))


class _Writer(IncrementalPdfFileWriter):
    """Write what it is told to, and no word of its own in the metadata."""

    def _update_meta(self) -> None:
        """Leave the metadata."""


def appended(pdf: bytes, change: Change, writes: type[IncrementalPdfFileWriter] = _Writer) -> bytes:
    """Append the revision of a change."""
    writer = writes(io.BytesIO(pdf))
    change(writer)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()
