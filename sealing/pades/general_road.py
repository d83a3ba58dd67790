"""The general road: any PDF that can be sealed at all, through pyHanko's PDF layer.

Rules kept here:

- one incremental revision: field, widget with its appearance, validation data, signature; the
  input's bytes stay as they are, in front;
- validation data that the file has already stays, ours comes after it;
- the CMS is ours (`cms_template`), embedded through pyHanko's `PdfCMSEmbedder`; its room is fixed
  before the file is written, and what does not fit is an error;
- refused with a typed error: broken, encrypted, certified against every change, too heavy;
- pyHanko reads and writes in the process beside this one (`confined.py`): what a stranger's file
  inflates to has bounds there. The keys stay here, and so does the digest of what they sign;
- whatever pyHanko raises on a strange file becomes one of our errors here, its door.
"""

import io
import zlib
from collections.abc import Callable, Generator
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfDecodeLimitError, PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import (
    DocumentTimestamp,
    PreparedByteRangeDigest,
    SignatureObject,
)
from pyhanko.sign.validation import read_certification_data

from sealing.confined import Work, run
from sealing.errors import PdfCertifiedError, PdfEncryptedError, PdfUnreadableError
from sealing.marks.placement import Mark
from sealing.pades.attach import (
    DESCRIPTION,
    MEDIA_TYPE,
    NONE,
    AttachedFile,
    AttachmentExistsError,
    Enclosures,
)
from sealing.pades.cms_template import CmsSigner
from sealing.pades.dss import Dss, DssStream
from sealing.pades.entries import Entries
from sealing.pades.hole import Hole
from sealing.pades.unfinished import UnfinishedRevision
from sealing.proofs.document_id import SIGNATURE_ENTRY

Steps = Generator[Any, Any, None]
Prepare = Callable[[IncrementalPdfFileWriter], tuple[PreparedByteRangeDigest, io.BytesIO]]
Put = Callable[[bytes], bytes]
# What travels to the process beside: of a seal its mark, the bytes of its CMS, its entries and what
# is attached; of a stamp its field's name and the bytes of its token.
_Seal = tuple[Mark | None, int, Entries, AttachedFile | None]
_Stamp = tuple[str, int]
_Asked = _Seal | _Stamp

FIELD = "Cachet"
_NUMBER: Final = 8
# What pyHanko lets out on files that are not what they say: met by fuzzing, besides its own.
_STRANGE = (
    PdfError,
    SigningError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
    NotImplementedError,
    OverflowError,
    AssertionError,
)


def begin(
    pdf: bytes,
    mark: Mark | None,
    signer: CmsSigner,
    entries: Entries,
    enclosed: Enclosures = NONE,
) -> UnfinishedRevision:
    """Sign a revision that seals the whole file; without a mark the seal is not seen.

    What is enclosed goes into the same revision. Raises PdfUnreadableError, PdfEncryptedError,
    PdfCertifiedError, PdfTooHeavyError or AttachmentExistsError, and whatever `signer` raises.
    """
    asked = (mark, signer.size, entries, enclosed.attached)
    hole = _hole(_sealed, pdf, signer.digest.name, enclosed.dss, asked)
    return UnfinishedRevision(signer.begin(hole.digest), hole.put)


def begin_archive(
    pdf: bytes, name: str, wanted: tuple[str, int], dss: Dss | None = None
) -> tuple[bytes, Put]:
    """Begin a revision that stamps the whole file, in a field of this name.

    `wanted`: how the file is digested, and the bytes of the longest token. Gives the digest to
    stamp, and what writes its token. Raises PdfUnreadableError, PdfEncryptedError,
    PdfCertifiedError or PdfTooHeavyError.
    """
    hole = _hole(_stamped, pdf, wanted[0], dss, (name, wanted[1]))
    return hole.digest, hole.put


def _hole(work: Work, pdf: bytes, algorithm: str, dss: Dss | None, asked: _Asked) -> Hole:
    """Have a revision written; what is signed of it is worked out here."""
    made = run(work, pdf, algorithm, dss, asked)
    begins, ends = (int.from_bytes(made[at : at + _NUMBER], "big") for at in (0, _NUMBER))
    return Hole.around(pdf, made[2 * _NUMBER :], (begins, ends), algorithm)


# --- in the process beside ---


def _sealed(pdf: bytes, algorithm: str, dss: Dss | None, asked: _Seal) -> bytes:
    return _written(pdf, dss, lambda writer: _prepare(writer, algorithm, asked))


def _stamped(pdf: bytes, algorithm: str, dss: Dss | None, asked: _Stamp) -> bytes:
    name, size = asked

    def prepare(writer: IncrementalPdfFileWriter) -> tuple[PreparedByteRangeDigest, io.BytesIO]:
        spec = SigFieldSpec(sig_field_name=name, on_page=0, box=None)
        steps: Steps = PdfCMSEmbedder(new_field_spec=spec).write_cms(name, writer)
        field = next(steps).get_object()
        field[pdf_name("/F")] = generic.NumberObject(132)
        steps.send(SigObjSetup(sig_placeholder=DocumentTimestamp(bytes_reserved=2 * size)))
        output = io.BytesIO()
        prepared, _ = steps.send(SigIOSetup(md_algorithm=algorithm, output=output))
        return prepared, output

    return _written(pdf, dss, prepare)


def _written(pdf: bytes, dss: Dss | None, prepare: Prepare) -> bytes:
    """Give where the digits of the hole begin and end in a revision, and the revision."""
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        _refuse(writer.prev)
        if dss is not None:
            _store(writer, dss)
        prepared, output = prepare(writer)
    except PdfDecodeLimitError as error:
        raise MemoryError from error
    except (*_STRANGE, zlib.error) as error:
        if b"/Encrypt" in pdf:
            # Some ways of encrypting stop pyHanko before it can say so.
            raise PdfEncryptedError(f"got {type(error).__name__}") from error
        raise PdfUnreadableError(f"got {type(error).__name__}: {error}") from error
    before = len(pdf)
    if not output.getbuffer()[:before] == pdf:
        raise PdfUnreadableError("got a revision that changed the input's bytes")
    # The reserved region has the brackets around the digits.
    room = prepared.reserved_region_start - before + 1, prepared.reserved_region_end - before - 1
    told = b"".join(place.to_bytes(_NUMBER, "big") for place in room)
    return told + output.getbuffer()[before:]


def _refuse(reader: PdfFileReader) -> None:
    """Raise when the file may not be changed."""
    if reader.encrypted:
        raise PdfEncryptedError("got an encrypted PDF")
    certified = read_certification_data(reader)
    if certified is not None and certified.permission is MDPPerm.NO_CHANGES:
        raise PdfCertifiedError("got a PDF certified against every change")


def _store(writer: IncrementalPdfFileWriter, dss: Dss) -> None:
    """Add validation data to the file's own, or to none."""
    # By subscript: `get` gives references, not what they lead to.
    store = generic.DictionaryObject(writer.root["/DSS"] if "/DSS" in writer.root else {})  # noqa: SIM401
    for stream in dss.streams:
        name = pdf_name(stream.array)
        held = store[name] if name in store else ()  # noqa: SIM401
        store[name] = generic.ArrayObject([*held, writer.add_object(_deflated(stream))])
    writer.root[pdf_name("/DSS")] = writer.add_object(store)
    writer.update_root()


def _deflated(stream: DssStream) -> generic.StreamObject:
    """Give a stream whose bytes are deflated already."""
    made = generic.StreamObject(encoded_data=stream.deflated)
    made[pdf_name("/Filter")] = pdf_name("/FlateDecode")
    return made


def _attach(writer: IncrementalPdfFileWriter, file: AttachedFile) -> None:
    """Attach a file beside those that the document has, by name and as associated with it."""
    root = writer.root
    names = root["/Names"] if "/Names" in root else generic.DictionaryObject()
    tree = names["/EmbeddedFiles"] if "/EmbeddedFiles" in names else generic.DictionaryObject()
    held = list(tree["/Names"]) if "/Names" in tree else []
    keys = [str(key.get_object()) for key in held[::2]]
    if "/Kids" in tree or file.name in keys:
        raise AttachmentExistsError("got files in a tree, or one of this name", name=file.name)
    specification = writer.add_object(_specification(writer, file))
    # A name tree is in the order of its keys (7.9.6).
    at = 2 * sum(key < file.name for key in keys)
    held[at:at] = [generic.TextStringObject(file.name), specification]
    named = generic.DictionaryObject({pdf_name("/Names"): generic.ArrayObject(held)})
    kept = generic.DictionaryObject(names)
    kept[pdf_name("/EmbeddedFiles")] = writer.add_object(named)
    root[pdf_name("/Names")] = writer.add_object(kept)
    associated = root["/AF"] if "/AF" in root else ()  # noqa: SIM401
    root[pdf_name("/AF")] = generic.ArrayObject([*associated, specification])
    writer.update_root()


def _specification(
    writer: IncrementalPdfFileWriter, file: AttachedFile
) -> generic.DictionaryObject:
    name, day = generic.TextStringObject(file.name), generic.TextStringObject(file.date)
    params = {pdf_name("/Size"): generic.NumberObject(len(file.data)), pdf_name("/ModDate"): day}
    stream = generic.StreamObject(
        dict_data={
            pdf_name("/Type"): pdf_name("/EmbeddedFile"),
            pdf_name("/Subtype"): pdf_name(f"/{MEDIA_TYPE}"),
            pdf_name("/Params"): generic.DictionaryObject(params),
        },
        stream_data=file.data,
    )
    held = writer.add_object(stream)
    return generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Filespec"),
            pdf_name("/F"): name,
            pdf_name("/UF"): name,
            pdf_name("/AFRelationship"): pdf_name("/Data"),
            pdf_name("/Desc"): generic.TextStringObject(DESCRIPTION),
            pdf_name("/EF"): generic.DictionaryObject(
                {pdf_name("/F"): held, pdf_name("/UF"): held}
            ),
        }
    )


def _prepare(
    writer: IncrementalPdfFileWriter, algorithm: str, asked: _Seal
) -> tuple[PreparedByteRangeDigest, io.BytesIO]:
    """Write the revision with room for the CMS; tell where that is."""
    mark, size, entries, attached = asked
    if attached is not None:
        _attach(writer, attached)
    page = 0 if mark is None else mark.place.page
    spec = SigFieldSpec(sig_field_name=_free_name(writer), on_page=page, box=None)
    steps: Steps = PdfCMSEmbedder(new_field_spec=spec).write_cms(spec.sig_field_name, writer)
    field = next(steps).get_object()
    if mark is not None:
        _show(writer, field, mark)
    placeholder = SignatureObject(
        timestamp=entries.now,
        subfilter=SigSeedSubFilter.PADES,
        # In hexadecimal characters; always even.
        bytes_reserved=2 * size,
    )
    if entries.document_id:
        named = generic.TextStringObject(entries.document_id)
        placeholder[pdf_name(SIGNATURE_ENTRY)] = named
    steps.send(SigObjSetup(sig_placeholder=placeholder))
    output = io.BytesIO()
    prepared, _ = steps.send(SigIOSetup(md_algorithm=algorithm, output=output))
    return prepared, output


def _show(writer: IncrementalPdfFileWriter, field: generic.DictionaryObject, mark: Mark) -> None:
    """Give the widget its drawing, upright as the page is seen, and its words."""
    drawing, place = mark.appearance, mark.place
    box = [generic.FloatObject(value) for value in (0, 0, drawing.width, drawing.height)]
    cosine, sine = place.turn
    form = generic.StreamObject(
        dict_data={
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): generic.ArrayObject(box),
            pdf_name("/Matrix"): generic.ArrayObject(
                generic.NumberObject(value) for value in (cosine, sine, -sine, cosine, 0, 0)
            ),
            pdf_name("/Resources"): generic.DictionaryObject(),
        },
        stream_data=drawing.content,
    )
    form.compress()
    field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(form)})
    rectangle = (generic.FloatObject(round(value, 4)) for value in place.rectangle)
    field[pdf_name("/Rect")] = generic.ArrayObject(rectangle)
    # Print, and locked (ISO 32000-1 table 165): not hidden, unlike a field without a box.
    field[pdf_name("/F")] = generic.NumberObject(132)
    field[pdf_name("/TU")] = generic.TextStringObject(mark.text)


def _free_name(writer: IncrementalPdfFileWriter) -> str:
    """Give the field's name; a file that has one already gets another."""
    taken = {name for name, _, _ in enumerate_sig_fields(writer)}
    names = (FIELD, *(f"{FIELD}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)
