"""What comes after a seal: validation data and what they need, or an answer that is not green."""

import asyncio
import io
import re
from functools import cache

import pikepdf
import pytest
from asn1crypto import cms, tsp
from asn1crypto import crl as asn1_crl
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.generic import NumberObject, TextStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.dss import async_add_validation_info
from pyhanko_certvalidator import ValidationContext
from support.archives import THEN, old_town, renewed, sealed, services, trust
from support.authorities import asn1
from support.described import XMP, appended, letter_with_all
from support.later_changes import CHANGES, HARMLESS
from support.letters import letter

from sealing.pades.archive import archive
from sealing.pades.source_pdf import SourcePdf
from sealing.service.levels import Level
from verifier.check import Indication
from verifier.checks.seal.later.settings import Settings, needs_no_more
from verifier.checks.seal.later.words import Description, says_the_same
from verifier.checks.seal.later.xmp import DEPTH_LIMIT, ELEMENTS_LIMIT, SIZE_LIMIT, read_packet
from verifier.checks.seal.pades import check_seals

PASSED, UNSURE = Indication.TOTAL_PASSED, Indication.INDETERMINATE
FAILED = Indication.TOTAL_FAILED
# Told as other words or settings; every other change is a change of what was sealed.
WORDS = {name for name in CHANGES if name.startswith(("xmp", "info"))} - {"info-of-a-structure"}
WORDS |= {"title", "author", "subject", "keywords", "creation-date", "own-key"}
SETTINGS = {name for name in CHANGES if "version" in name or "extension" in name} | {"marking"}
FILLED = {"field", "form-appearance", "form-redrawn"}


@cache
def described(level=Level.B_B):
    return sealed(level, pdf=letter_with_all())


@cache
def lists():
    return trust(THEN)


def judged(pdf):
    """Give the answer on the first seal, and why of its later changes."""
    seal = check_seals(pdf, lists(), THEN)[0]
    [reason] = [one.reason for one in seal.checks if one.id == "seal.later-changes"]
    return seal.conclusion.indication, reason


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_no_validation_data_is_never_green_after_a_seal(name):
    answer, reason = judged(appended(described(), CHANGES[name]))
    expected = (FAILED, "changed-after-sealing")
    if name in WORDS:
        expected = (UNSURE, "metadata-changed-after-sealing")
    if name in SETTINGS:
        expected = (UNSURE, "settings-changed-after-sealing")
    if name in FILLED:
        expected = (UNSURE, "filled-or-annotated-after-sealing")
    assert (answer, reason) == expected


@pytest.mark.parametrize("name", ["title", "xmp-title", "older-version"])
def test_an_archive_stamp_over_it_makes_no_other_word_green(name):
    dirty = appended(described(Level.B_LT), CHANGES[name])
    made = services(THEN).archiving("sha256")
    assert judged(dirty + archive(SourcePdf(dirty), made.archivist))[0] is UNSURE
    clean = described(Level.B_LT)
    stamped = clean + archive(SourcePdf(clean), made.archivist)
    assert judged(stamped)[0] is PASSED
    [seal] = check_seals(appended(stamped, CHANGES[name]), lists(), THEN)
    assert seal.conclusion.indication is UNSURE
    assert "archive-not-whole" in {one.reason for one in seal.checks}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_validation_data_bring_with_them_is_no_change(name):
    pdf = appended(described(), HARMLESS[name])
    assert pdf != described()
    assert judged(pdf) == (PASSED, "only-validation-data-added")


# --- what tools that keep seals for long write ----------------------------------------------------


@pytest.mark.parametrize("version", [(1, 7), (2, 0)])
@pytest.mark.parametrize("plain", [True, False])
def test_a_writer_that_signs_its_work_changes_nothing(version, plain):
    class Writer(IncrementalPdfFileWriter):
        output_version = version

    pdf = sealed(Level.B_B) if plain else described()
    later = appended(pdf, lambda writer: writer.update_root(), Writer)
    assert b"pyHanko" in later[len(pdf) :]
    assert judged(later) == (PASSED, "only-validation-data-added")


def asked():
    """Have pyHanko believe the town, with the lists of the day of the seal."""
    lists = [
        asn1_crl.CertificateList.load(one.public_bytes(Encoding.DER)) for one in trust(THEN).crls
    ]
    return ValidationContext(
        trust_roots=[asn1(old_town()[0].root.certificate)],
        other_certs=[asn1(old_town()[0].intermediate.certificate)],
        crls=lists,
        moment=THEN,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )


class Stamper(TimeStamper):
    """Stamp by the town's own authority, on the day of the seal."""

    def __init__(self):
        """Ask without a nonce, which the town's authority does not repeat here."""
        super().__init__(include_nonce=False)

    async def async_request_tsa_response(self, req):
        """Answer with the town's own token."""
        told = req["message_imprint"]
        made = services(THEN).stamp(
            told["hashed_message"].native, told["hash_algorithm"]["algorithm"].native
        )
        token = cms.ContentInfo.load(made.der)
        return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})


@pytest.mark.parametrize("pdf", [letter(), letter_with_all()], ids=["plain", "described"])
def test_what_others_and_we_add_for_long_stays_green(pdf):
    kept = sealed(Level.B_LTA, pdf=pdf)
    assert judged(kept)[0] is PASSED
    assert judged(renewed(kept, THEN))[0] is PASSED
    stamped = PdfTimeStamper(Stamper()).update_archival_timestamp_chain(
        PdfFileReader(io.BytesIO(kept)), asked(), in_place=False
    )
    assert judged(stamped.getvalue()) == (PASSED, "only-validation-data-added")
    again = renewed(stamped.getvalue(), THEN)
    assert judged(again) == (PASSED, "only-validation-data-added")


@pytest.mark.parametrize("pdf", [letter(), letter_with_all()], ids=["plain", "described"])
def test_the_proofs_that_pyhanko_adds_stay_green(pdf):
    kept = sealed(Level.B_T, pdf=pdf)
    seal = PdfFileReader(io.BytesIO(kept)).embedded_signatures[0]
    told = asyncio.run(async_add_validation_info(seal, asked()))
    assert b"/DSS" in told.getvalue()[len(kept) :]
    assert judged(told.getvalue()) == (PASSED, "only-validation-data-added")


def with_xmp(data):
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(letter())) as pdf:
        kind = {"Type": pikepdf.Name.Metadata, "Subtype": pikepdf.Name.XML}
        pdf.Root.Metadata = pdf.make_stream(data, **kind)
        pdf.save(output)
    return output.getvalue()


@pytest.mark.parametrize(
    "xmp",
    [XMP[XMP.index(b"<rdf:RDF") : XMP.index(b"</x:xmpmeta")], XMP.decode().encode("utf-16"), b"?"],
    ids=["bare", "utf-16", "nonsense"],
)
def test_an_xmp_that_few_can_read_is_no_change_while_nobody_changes_it(xmp):
    kept = sealed(Level.B_LT, pdf=with_xmp(xmp))
    assert judged(renewed(kept, THEN))[0] is PASSED


# --- the trailer ----------------------------------------------------------------------------------


def retold(pdf, old, new):
    """Append a revision whose trailer says something else, byte for byte as long."""
    later = appended(pdf, HARMLESS["producer"])
    at = later.rindex(b"trailer")
    told = re.sub(old, lambda found: new.ljust(len(found[0])), later[at:], count=1)
    assert told != later[at:]
    return later[:at] + told


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (rb"/Info \d+ 0 R", b"", "metadata-changed-after-sealing"),
        (rb"/Info \d+ 0 R", b"/Own 1", "metadata-changed-after-sealing"),
        (rb"/ID \[ *<.{8}", b"/ID [<01020304", "settings-changed-after-sealing"),
    ],
    ids=["no-title", "another-key", "another-file"],
)
def test_the_last_trailer_is_the_one_that_readers_see(old, new, reason):
    assert judged(retold(described(), old, new)) == (UNSURE, reason)


def test_a_trailer_without_a_catalog_is_never_green():
    dirty = retold(described(), rb"/Root \d+ 0 R", b"")
    seals = check_seals(dirty, lists(), THEN)
    assert seals
    assert all(one.conclusion.indication is not PASSED for one in seals)


def test_a_trailer_gets_no_entry_of_its_own():
    old = Settings({}, {"/Size": 4, "/Root": 1, "/DocChecksum": "x"})
    assert needs_no_more(old, Settings({}, {"/Size": 9, "/Root": 2, "/Prev": 1}))
    assert needs_no_more(old, Settings({}, {"/Root": 1, "/DocChecksum": "x"}))
    assert not needs_no_more(old, Settings({}, {"/Root": 1, "/DocChecksum": "y"}))
    assert not needs_no_more(old, Settings({}, {"/Root": 1, "/Own": "x"}))
    assert not needs_no_more(old, Settings({}, {"/Size": 9}))


# --- words, by themselves -------------------------------------------------------------------------


def test_a_producer_is_a_text():
    old = Description({"/Producer": TextStringObject("a")}, None)
    assert says_the_same(old, Description({"/Producer": TextStringObject("b")}, None))
    assert not says_the_same(old, Description({"/Producer": NumberObject(1)}, None))
    assert not says_the_same(old, Description({"/Producer": ["Refus"]}, None))


ALIKE = [
    (b'xmp:CreatorTool="a pen"', b'xmp:CreatorTool  =  "a&#32;pen"'),
    (
        b' xmp:CreatorTool="a pen"',
        b"",
        b"<dc:title>",
        b"<xmp:CreatorTool>a pen</xmp:CreatorTool><dc:title>",
    ),
    (b'x:xmptk="a mill"', b'x:xmptk="another"'),
    (
        b'rdf:parseType="Resource"><stRef:documentID>uuid:0</stRef:documentID>\n   </xmpMM',
        b"><rdf:Description><stRef:documentID>uuid:0</stRef:documentID></rdf:Description></xmpMM",
    ),
    (
        XMP[XMP.index(b'rdf:parseType="Resource"') : XMP.index(b"</rdf:Description>")].rstrip(),
        b'stRef:documentID="uuid:0"/>',
    ),
]


@pytest.mark.parametrize("pairs", ALIKE)
def test_one_thing_may_be_written_in_several_ways(pairs):
    other = XMP
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in other
        other = other.replace(old, new)
    assert other != XMP
    assert read_packet(other) == read_packet(XMP)


def test_a_packet_in_other_letters_says_the_same():
    assert read_packet(XMP.decode().encode("utf-16")) == read_packet(XMP)


def nested(depth):
    inside = b"x"
    for _ in range(depth):
        inside = b"<rdf:Bag><rdf:li>%b</rdf:li></rdf:Bag>" % inside
    return XMP.replace(b"Mairie de Valbourg", inside)


HOSTILE = {
    "doctype": XMP.replace(b"<x:xmpmeta", b"<!DOCTYPE x><x:xmpmeta", 1),
    "entities": XMP.replace(
        b"<x:xmpmeta", b'<!DOCTYPE x [<!ENTITY a "Refus">]><x:xmpmeta', 1
    ).replace(b"a pen", b"&a;"),
    "unknown-entity": XMP.replace(b"a pen", b"&a;"),
    "encoding": b'<?xml version="1.0" encoding="ISO-8859-1"?>' + XMP[XMP.index(b"<x:xmp") :],
    "too-deep": nested(DEPTH_LIMIT),
    "too-many": XMP.replace(b"<rdf:Bag>", b"<rdf:Bag>" + b"<rdf:li/>" * ELEMENTS_LIMIT),
    "too-long": XMP + b" " * SIZE_LIMIT,
    "cut": XMP[:-200],
    "empty": b"",
    "no-rdf": b"<x/>",
    "literal": XMP.replace(b'"Resource"', b'"Literal"'),
    "list-of-others": XMP.replace(b"<rdf:li>domicile</rdf:li>", b"<dc:li>domicile</dc:li>"),
    "two-lists": XMP.replace(b"</rdf:Bag>", b"</rdf:Bag><rdf:Bag/>"),
    "text-beside-a-list": XMP.replace(b"</rdf:Bag>", b"</rdf:Bag>Refus"),
    "attributes-beside-a-list": XMP.replace(b"<dc:subject>", b'<dc:subject dc:x="Refus">'),
    "address-beside-a-list": XMP.replace(b"<dc:subject>", b'<dc:subject rdf:resource="x">'),
    "no-description": XMP.replace(b"rdf:Description", b"rdf:Other"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_xmp_is_not_compared(name):
    with pytest.raises(ValueError, match=r"."):
        read_packet(HOSTILE[name])
    assert not says_the_same(Description(None, XMP), Description(None, HOSTILE[name]))
    assert not says_the_same(Description(None, HOSTILE[name]), Description(None, XMP))


def test_limits_are_told_by_what_is_just_within_them():
    read_packet(nested(DEPTH_LIMIT // 2 - 4))
    read_packet(XMP.replace(b"<rdf:Bag>", b"<rdf:Bag>" + b"<rdf:li/>" * (ELEMENTS_LIMIT - 50)))
    read_packet(XMP.ljust(SIZE_LIMIT))
