"""Certified files: evil annotations, sneaky signatures, values of fields, locks that are ignored.

After Rohlmann et al. ("Breaking the Specification: PDF Certification", S&P 2021): EAA and SSA. The
files are certified by pyHanko with the town's key: forms to fill (P2), notes to write (P3).
"""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache

from asn1crypto.keys import PrivateKeyInfo
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore
from support.attacks.attack import CHANGED, FILLED, STRANGER, Answer, Attack, Reader
from support.attacks.holders import own_seal, twins
from support.attacks.material import CATALOG, FALSE, OBJECTS, PAGE, page
from support.attacks.revisions import stream, whole
from support.attacks.signing import asn1
from support.described import appended
from support.sealers import town

from cli.demo.pki import Holder

FAMILY = "certified"
P1, P2, P3 = (
    fields.MDPPerm.NO_CHANGES,
    fields.MDPPerm.FILL_FORMS,
    fields.MDPPerm.ANNOTATE,
)
_LINE, _FORM = 20, 21
_OVER = (60, 680, 520, 760)
Change = Callable[[IncrementalPdfFileWriter], None]


def form_letter() -> bytes:
    """Give a letter with a line to fill."""
    line = (
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(nom)/V(DUPONT)/F 4/P 3 0 R/Rect[40 10 90 30]"
        b"/DA(/Helv 10 Tf 0 g)>>"
    )
    catalog = b"<</Type/Catalog/Pages 2 0 R/AcroForm %d 0 R>>" % _FORM
    return whole(
        {
            **OBJECTS,
            CATALOG: catalog,
            PAGE: page(4, b"/Annots[%d 0 R]" % _LINE),
            _LINE: line,
            _FORM: b"<</Fields[%d 0 R]/DA(/Helv 0 Tf 0 g)>>" % _LINE,
        }
    )


def signer_of(holder: Holder) -> signers.SimpleSigner:
    """Have pyHanko sign with a holder's key."""
    der = holder.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = SimpleCertificateStore()
    store.register(asn1(town()[0].intermediate.certificate))
    return signers.SimpleSigner(asn1(holder.certificate), PrivateKeyInfo.load(der), store)


def signed_again(pdf: bytes, holder: Holder, name: str, box: tuple[int, ...] | None) -> bytes:
    """Have pyHanko sign over a file, in a field of its own, drawn in a box."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    if b"(%b)" % name.encode() not in pdf:
        spec = fields.SigFieldSpec(name, on_page=0, box=box)  # type: ignore[arg-type]
        fields.append_signature_field(writer, spec)
    told = signers.PdfSignatureMetadata(field_name=name, subfilter=fields.SigSeedSubFilter.PADES)
    return bytes(_Careless(told, signer_of(holder)).sign_pdf(writer).getvalue())


class _Careless(signers.PdfSigner):
    """Sign whatever is permitted or not."""

    def _enforce_certification_constraints(self, reader: PdfFileReader) -> None:
        """Ask nothing."""


@cache
def certified(permitted: fields.MDPPerm, *, locked: bool = False, ready: bool = False) -> bytes:
    """Certify the letter by the town's key; `locked`: its line may not be filled any more.

    `ready`: a second field, over the text, is there to be signed.
    """
    writer = IncrementalPdfFileWriter(io.BytesIO(form_letter()))
    if ready:
        fields.append_signature_field(writer, fields.SigFieldSpec("Pret", on_page=0, box=_OVER))
    lock = fields.FieldMDPSpec(fields.FieldMDPAction.INCLUDE, ["nom"]) if locked else None
    spec = fields.SigFieldSpec("Cachet", field_mdp_spec=lock)
    fields.append_signature_field(writer, spec)
    told = signers.PdfSignatureMetadata(
        field_name="Cachet",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=permitted,
    )
    return bytes(signers.sign_pdf(writer, told, signer_of(own_seal())).getvalue())


def today() -> Reader:
    """Read today: pyHanko seals by the machine's clock alone."""
    return Reader(at=datetime.now(UTC))


def _dictionary(entries: dict[str, generic.PdfObject]) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(key): value for key, value in entries.items()})


def _drawing(words: str) -> generic.StreamObject:
    content = b"1 g 0 0 460 80 re f 0 g BT /Helv 14 Tf 10 30 Td (%b) Tj ET" % words.encode()
    entries: dict[str, generic.PdfObject] = {
        "/Type": pdf_name("/XObject"),
        "/Subtype": pdf_name("/Form"),
        "/BBox": generic.ArrayObject(map(generic.NumberObject, (0, 0, 460, 80))),
    }
    return generic.StreamObject(dict_data=_dictionary(entries), stream_data=content)


def _page(writer: PdfHandler) -> generic.DictionaryObject:
    found: generic.DictionaryObject = writer.root["/Pages"]["/Kids"][0]
    return found


def annotation(kind: str, *, drawn: bool = True, **entries: generic.PdfObject) -> Change:
    """Stick an annotation over the text, drawn by a forger."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        told: dict[str, generic.PdfObject] = {
            "/Type": pdf_name("/Annot"),
            "/Subtype": pdf_name(f"/{kind}"),
            "/Rect": generic.ArrayObject(map(generic.NumberObject, _OVER)),
            "/F": generic.NumberObject(4),
            "/Contents": pdf_string(FALSE),
            **{f"/{key}": value for key, value in entries.items()},
        }
        if drawn:
            told["/AP"] = _dictionary({"/N": writer.add_object(_drawing(FALSE))})
        found = _page(writer)
        notes = found["/Annots"]
        notes.append(writer.add_object(_dictionary(told)))
        writer.update_container(notes)

    return change


def _line(writer: IncrementalPdfFileWriter) -> generic.DictionaryObject:
    found: generic.DictionaryObject = writer.root["/AcroForm"]["/Fields"][0]
    return found


def filled(**entries: str) -> Change:
    """Fill the line, and perhaps draw something else than is filled."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        line = _line(writer)
        for key, words in entries.items():
            if key == "AP":
                drawing = writer.add_object(_drawing(words))
                line[pdf_name("/AP")] = _dictionary({"/N": drawing})
            else:
                line[pdf_name(f"/{key}")] = pdf_string(words)
        writer.update_container(line)

    return change


def moved(writer: IncrementalPdfFileWriter) -> None:
    """Move the line over the text, where it shows what it holds."""
    line = _line(writer)
    line[pdf_name("/Rect")] = generic.ArrayObject(map(generic.NumberObject, _OVER))
    writer.update_container(line)


def content(writer: IncrementalPdfFileWriter) -> None:
    """Change the page."""
    found = _page(writer)
    found[pdf_name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=stream(b"")))
    writer.update_container(found)


def permissions(writer: IncrementalPdfFileWriter) -> None:
    """Take the certification away."""
    del writer.root["/Perms"]
    writer.update_root()


def empty_field(writer: IncrementalPdfFileWriter) -> None:
    """Add a field to be signed one day, that covers the text."""
    fields.append_signature_field(writer, fields.SigFieldSpec("Autre", on_page=0, box=_OVER))


NOTES = ("FreeText", "Stamp", "Square", "Highlight", "Ink", "Line", "Redact", "FileAttachment")
_CHANGES: dict[str, tuple[Change, Answer]] = {
    **{f"{kind} over the text": (annotation(kind), CHANGED) for kind in NOTES},
    "a note not drawn": (annotation("FreeText", drawn=False), CHANGED),
    "a link over the text": (annotation("Link"), CHANGED),
    "a movie over the text": (annotation("Screen"), CHANGED),
    "line filled": (filled(V="DURAND"), FILLED),
    "line filled and drawn otherwise": (filled(V="DURAND", AP="MARTIN"), FILLED),
    "line drawn otherwise": (filled(AP="MARTIN"), FILLED),
    "line moved": (moved, CHANGED),
    "page changed": (content, CHANGED),
    "certification taken away": (permissions, CHANGED),
    "field to be signed": (empty_field, CHANGED),
}


def attacks() -> Iterator[Attack]:
    """Make every change of a certified file, by each permission."""
    now = today()
    for permitted in (P1, P2, P3):
        made = certified(permitted)
        for name, (change, answer) in _CHANGES.items():
            pdf = appended(made, change)
            yield Attack(f"P{permitted.value}: {name}", FAMILY, pdf, answer, now)
        for name, (box, answer) in {
            "unseen": (None, FILLED if permitted is P1 else STRANGER),
            "over the text": (_OVER, CHANGED),
        }.items():
            pdf = signed_again(made, twins()["seal"], "Autre", box)
            told = f"P{permitted.value}: a stranger's seal, {name}"
            yield Attack(told, FAMILY, pdf, answer, now)
        ours = signed_again(made, town()[0].seals["seal-rsa"], "Autre", _OVER)
        told = f"P{permitted.value}: a seal of ours over the text"
        yield Attack(told, FAMILY, ours, CHANGED, now)
    twice = signed_again(certified(P1), town()[0].seals["seal-rsa"], "Autre", None)
    yield Attack("P1: a second seal of ours, which is not permitted", FAMILY, twice, FILLED, now)
    ready = certified(P2, ready=True)
    sneaky = signed_again(ready, twins()["seal"], "Pret", None)
    yield Attack("P2: a stranger signs where it was made ready", FAMILY, sneaky, STRANGER, now)
    locked = certified(P2, locked=True)
    pdf = appended(locked, filled(V="X"))
    yield Attack("a line filled that was locked", FAMILY, pdf, CHANGED, now)
