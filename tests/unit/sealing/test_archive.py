"""The archive stamp: one revision behind any sealed PDF, by either road, that changes no page."""

import hashlib
import io
import re

import pikepdf
import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation.status import SignatureCoverageLevel
from support.budget import cases
from support.letters import encrypted, letter, owner_protected, with_stream_xref
from support.pdf_shapes import SHAPES, built, handmade, hybrid, plain, tagged
from support.sealers import NOW, additions, sealer

from sealing.errors import PdfEncryptedError, PdfUnreadableError
from sealing.pades import general_road
from sealing.pades.archive import ArchiveAnnotationsError, Archivist, _prepare, archive
from sealing.pades.attach import Enclosures
from sealing.pades.cms_template import StampTooLargeError
from sealing.pades.dss import Dss
from sealing.pades.entries import Entries
from sealing.pades.seal import begin
from sealing.pades.source_pdf import SourcePdf
from sealing.pades.tokens import NotFastError
from sealing.service.levels import Level

RANGE = re.compile(rb"/ByteRange ?\[(\d+) (\d+) (\d+) (\d+)\]")


def archivist(**change):
    added = additions(Level.B_LTA)
    assert added.stamp is not None
    return Archivist(
        **{"stamp": added.stamp, "room": added.stamp_room, "algorithm": "sha256", **change}
    )


def store():
    dss = additions(Level.B_LTA).dss
    assert dss is not None
    return dss


def sealed(pdf, dss=None):
    return begin(SourcePdf(pdf), None, sealer().cms, Entries(NOW), Enclosures(dss)).stamped().pdf


def by_own(pdf, dss=None):
    """Archive by our own reading, or not at all."""
    _prepare(SourcePdf(pdf), "x", 1, dss)
    return pdf + archive(SourcePdf(pdf), archivist(), dss)


def by_general(pdf, dss=None):
    made = archivist()
    digest, put = general_road.begin_archive(pdf, "Horodatage", (made.algorithm, made.room), dss)
    return pdf + put(made.stamp(digest))


def pixels(pdf):
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        assert not document.is_repaired
        return [page.get_pixmap(dpi=60).samples for page in document]


def judged(pdf):
    """Ask pyHanko what was added after the seal, and what the stamp covers."""
    seal, *stamps = PdfFileReader(io.BytesIO(pdf), strict=True).embedded_signatures
    seal.compute_integrity_info()
    assert seal.diff_result.modification_level is ModificationLevel.LTA_UPDATES
    for stamp in stamps:
        status = stamp.compute_integrity_info()
        assert status is None
        assert stamp.coverage >= SignatureCoverageLevel.ENTIRE_REVISION
        assert stamp.sig_object_type == "/DocTimeStamp"
    assert stamps[-1].coverage is SignatureCoverageLevel.ENTIRE_FILE
    return len(stamps)


@settings(max_examples=cases(fast=10, ci=60, slow=1_000))
@given(shape=SHAPES, stored=st.booleans(), more=st.booleans())
def test_both_roads_archive_every_shape_alike(shape, stored, more):
    before = sealed(built(shape), store() if stored else None)
    added = store() if more else None
    for road in (by_own, by_general):
        once = road(before, added)
        assert once.startswith(before)
        assert judged(once) == 1
        assert pixels(once) == pixels(before)
    twice = by_own(by_own(before, added), added)
    assert judged(twice) == 2
    with pikepdf.open(io.BytesIO(twice)) as document:
        assert document.check_pdf_syntax() == []


@pytest.mark.parametrize(
    "pdf",
    [letter(), with_stream_xref(letter()), hybrid(), tagged()],
    ids=["table", "stream", "hybrid", "tagged"],
)
def test_the_stamp_is_over_all_bytes_but_its_own_token(pdf):
    asked = []

    def stamp(digest):
        asked.append(digest)
        return archivist().stamp(digest)

    before = sealed(pdf)
    whole = before + archive(SourcePdf(before), archivist(stamp=stamp))
    first, length, second, rest = (int(one) for one in RANGE.findall(whole)[-1])
    assert (first, second + rest) == (0, len(whole))
    assert whole[length : length + 1] + whole[second - 1 : second] == b"<>"
    covered = whole[:length] + whole[second:]
    assert asked == [hashlib.sha256(covered).digest()]
    assert bytes.fromhex(whole[length + 1 : second - 1].decode())[:1] == b"\x30"


def test_what_the_file_holds_already_is_not_written_again():
    before = sealed(letter(), store())
    again, other = archive(SourcePdf(before), archivist(), store()), Dss.of([b"new"], [], [])
    assert b"/FlateDecode" not in again
    more = before + archive(SourcePdf(before), archivist(), other)
    with pikepdf.open(io.BytesIO(more)) as document:
        held = [item.read_bytes() for item in document.Root.DSS.Certs]
        assert held == [*store().certificates, b"new"]
        assert len(document.Root.DSS.CRLs) == len(store().crls)


def test_a_stamp_goes_on_a_file_without_a_form_too():
    whole = by_own(letter())
    with pikepdf.open(io.BytesIO(whole)) as document:
        [field] = document.Root.AcroForm.Fields
        assert field.T == document.pages[0].Annots[0].T
        assert int(document.Root.AcroForm.SigFlags) == 3


@pytest.mark.parametrize(
    ("catalog", "objects"),
    [
        (b"/AcroForm<</Fields[]>>", {}),
        (b"/AcroForm<</Fields 4 0 R/SigFlags 1>>", {4: b"[]"}),
        (b"/AcroForm 4 0 R", {4: b"<</Fields[]/SigFlags 3>>"}),
        (b"/AcroForm 4 0 R/DSS<</Certs 5 0 R>>", {4: b"<</Fields 6 0 R>>", 5: b"[]", 6: b"[]"}),
        (b"/DSS 4 0 R", {4: b"<</Certs[]/VRI<<>>>>"}),
    ],
)
def test_forms_and_stores_of_every_form_are_added_to(catalog, objects):
    base = {
        1: b"<</Type/Catalog/Pages 2 0 R%b>>" % catalog,
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
    }
    whole = by_own(handmade({**base, **objects}), Dss.of([b"one"], [], [b"list"]))
    with pikepdf.open(io.BytesIO(whole)) as document:
        assert document.check_pdf_syntax() == []
        assert len(document.Root.AcroForm.Fields) == 1
        assert int(document.Root.AcroForm.SigFlags) == 3
        assert [item.read_bytes() for item in document.Root.DSS.Certs] == [b"one"]
        assert ("/VRI" in document.Root.DSS) == (b"VRI" in b"".join(objects.values()))


def test_lists_that_are_objects_keep_what_they_hold():
    whole = by_own(
        handmade(
            {
                1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields 5 0 R>>>>",
                2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<<>>/Annots 4 0 R>>",
                4: b"[6 0 R]",
                5: b"[7 0 R]",
                6: b"<</Type/Annot/Subtype/Square/Rect[1 1 2 2]>>",
                7: b"<</FT/Tx/T(name)>>",
            }
        )
    )
    with pikepdf.open(io.BytesIO(whole)) as document:
        assert next(str(one.T) for one in document.Root.AcroForm.Fields) == "name"
        assert str(document.pages[0].Annots[0].Subtype) == "/Square"
        assert len(document.Root.AcroForm.Fields) == len(document.pages[0].Annots) == 2


def test_annotations_that_are_no_objects_are_refused_with_a_reason():
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[<</Type/Annot/Subtype/Square>>]>>"
    with pytest.raises(ArchiveAnnotationsError):
        archive(SourcePdf(plain(page=page)), archivist())


@pytest.mark.parametrize(
    ("pdf", "error"),
    [
        (encrypted(letter()), PdfEncryptedError),
        (owner_protected(letter()), PdfEncryptedError),
        (letter()[:600], PdfUnreadableError),
        (b"%PDF-1.7\n", PdfUnreadableError),
    ],
)
def test_what_cannot_be_archived_is_refused_by_its_own_error(pdf, error):
    with pytest.raises(error):
        archive(SourcePdf(pdf), archivist())


def test_a_token_longer_than_its_room_is_an_error_and_never_a_file():
    with pytest.raises(StampTooLargeError):
        archive(SourcePdf(letter()), archivist(room=100))


def test_a_store_that_is_none_is_for_the_general_road():
    odd = plain(catalog=b"<</Type/Catalog/Pages 2 0 R/DSS(x)>>")
    with pytest.raises(NotFastError):
        by_own(odd, store())
