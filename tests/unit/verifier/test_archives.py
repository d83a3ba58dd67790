"""Archive stamps: a seal stays proved after its certificate's end, and nothing else comes with it.

The clock is today's: the town is six years old, its certificates ended three years ago. What
pyHanko's own long-term validation says (AdES, archival) is asked of every file beside us.
"""

import asyncio
import dataclasses
import io
import random
from functools import cache

import pikepdf
import pymupdf
import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto.ocsp import OCSPResponse
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer
from support.archives import (
    ENDS,
    LEAVES,
    THEN,
    TODAY,
    day,
    lists_of,
    old_town,
    renewed,
    sealed,
    services,
    town_with,
    trust,
)
from support.authorities import asn1, revocation_list
from support.budget import cases
from support.confined import here
from support.folders import lasting
from support.letters import letter, with_stream_xref
from support.spread import in_words, one_bit, spread

from cli.demo import pki
from sealing.pades import general_road
from sealing.pades.archive import archive
from sealing.pades.dss import Dss
from sealing.pades.source_pdf import SourcePdf
from sealing.pades.tokens import NotFastError, Reason
from sealing.service.levels import Level, TrustServices
from storage.settings import Settings
from verifier.check import Indication, SubIndication
from verifier.checks.seal.pades import check_seals

PASSED, UNSURE = Indication.TOTAL_PASSED, Indication.INDETERMINATE
FAILED = Indication.TOTAL_FAILED
LEVELS = [Level.B_B, Level.B_T, Level.B_LT, Level.B_LTA]


def only(pdf, at=TODAY, lists=None):
    [seal] = check_seals(pdf, lists or trust(at), at)
    return seal


def worst(pdf):
    answers = [seal.conclusion.indication for seal in check_seals(pdf, trust(THEN), THEN)]
    return max(answers, key=lambda answer: answer.severity)


def reasons(seal):
    return {check.reason for check in seal.checks}


def long_term(pdf):
    """Ask pyHanko, by today's clock, with the root and what the trust folder says today.

    What it says today of certificates that have ended is left out: pyHanko would then look at no
    hour but today's.
    """
    folder, issuing = lists_of(TODAY), {old_town()[0].root.certificate.subject}
    lists = [
        CRLContainer(asn1_crl.CertificateList.load(one.public_bytes(Encoding.DER)))
        for one in trust().crls
        if one.issuer in issuing
    ]
    valid = [leaf for leaf, _ in LEAVES if leaf.not_valid_after_utc > TODAY]
    answers = [
        container
        for leaf in valid
        for container in OCSPContainer.load_multi(
            OCSPResponse.load((folder / "ocsp" / str(leaf.serial_number)).read_bytes())
        )
    ]
    spec = SignatureValidationSpec(
        cert_validation_policy=CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build([asn1(old_town()[0].root.certificate)]),
            revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
        ),
        revinfo_gathering_policy=RevocationInfoGatheringSpec(
            online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY
        ),
        local_knowledge=LocalKnowledge(known_crls=lists, known_ocsps=answers),
        key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"}),
    )
    first = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
    whole = PdfSignatureValidationSpec(spec)
    return asyncio.run(ades_lta_validation(first, whole, ValidationTimingInfo.now()))


@cache
def kept(level=Level.B_LTA, name="seal-p256", *, packed=False):
    """Seal six years ago, and archive shortly before the certificates end."""
    pdf = with_stream_xref(letter()) if packed else letter()
    return renewed(sealed(level, name=name, pdf=pdf), day(ENDS - 60), town_with(1_000, 3_000))


@cache
def kept_twice():
    """Archive again, before the second time-stamp certificate ends."""
    first = renewed(sealed(Level.B_LTA), day(1_000), town_with(950, 1_500))
    return renewed(first, day(1_450), town_with(1_400, 3_000, "secp384r1"))


@pytest.mark.parametrize(("name", "packed"), [("seal-rsa", True), ("seal-p256", False)])
def test_an_archived_seal_is_proved_years_after_its_certificate_ended(name, packed):
    seal = only(kept(Level.B_LTA, name, packed=packed))
    assert seal.conclusion.indication is PASSED
    assert seal.level == "B-LTA"
    assert {"archived", "archive-proved", "validation-passed-archived"} <= reasons(seal)
    result = long_term(kept(Level.B_LTA, name, packed=packed))
    assert result.ades_subindic is AdESPassed.OK
    assert result.oldest_evidence_record_timestamp == THEN


@pytest.mark.parametrize("level", LEVELS)
def test_a_seal_of_any_level_can_be_archived_in_time(level):
    pdf = kept(level)
    assert only(pdf).conclusion.indication is PASSED
    assert only(pdf).level == "B-LTA"
    # pyHanko takes no archive stamp for the time-stamp that B-T asks for; EN 319 142-1 does.
    if level is not Level.B_B:
        assert long_term(pdf).ades_subindic is AdESPassed.OK
    earliest = THEN if level is Level.B_LTA else day(ENDS - 60)
    [archived] = [one for one in only(pdf).checks if one.id == "seal.archive"]
    assert archived.details["at"] == earliest.isoformat()


def test_archive_stamps_follow_each_other_for_ever():
    seal = only(kept_twice())
    assert (seal.conclusion.indication, seal.level) == (PASSED, "B-LTA")
    assert [one.reason for one in seal.checks].count("archive-proved") == 3
    assert long_term(kept_twice()).ades_subindic is AdESPassed.OK


def test_more_archive_stamps_than_are_looked_at_are_never_green():
    made = services(THEN).archiving("sha256").archivist
    pdf = sealed(Level.B_LT)
    for _ in range(16):
        pdf += archive(SourcePdf(pdf), made)
    most = only(pdf, THEN)
    assert most.conclusion.indication is PASSED
    assert [one.reason for one in most.checks].count("archive-proved") == 16
    more = only(pdf + archive(SourcePdf(pdf), made), THEN)
    assert more.conclusion.indication is UNSURE
    assert more.conclusion.reason == "archives-too-many"


@pytest.mark.parametrize("level", LEVELS)
def test_without_a_renewal_nobody_concludes_after_the_end(level):
    seal = only(sealed(level))
    assert seal.conclusion.indication is UNSURE
    assert seal.level in {"B-B", "B-LT"}
    assert long_term(sealed(level)).ades_subindic is not AdESPassed.OK


def test_a_broken_link_of_the_chain_proves_nothing():
    late = kept_twice()
    # The renewal in the middle is missing: the last stamp came after the first one's end.
    pdf = sealed(Level.B_LTA)
    alone = pdf + archive(
        SourcePdf(pdf), services(day(1_450), town_with(1_400, 3_000)).archiving("sha512").archivist
    )
    assert only(late).conclusion.indication is PASSED
    assert only(alone).conclusion.indication is UNSURE
    assert "archived" not in reasons(only(alone))
    assert long_term(alone).ades_subindic is not AdESPassed.OK


def test_a_link_that_does_not_hold_is_passed_over_with_what_it_would_prove():
    pdf = renewed(sealed(Level.B_LTA), day(1_050), town_with(1_000, 1_200))
    late = services(day(1_450), town_with(1_400, 3_000)).archiving("sha512")
    seal = only(pdf + archive(SourcePdf(pdf), late.archivist))
    assert [one.reason for one in seal.checks].count("archive-not-proved") == 2
    assert seal.conclusion.indication is UNSURE


@pytest.mark.parametrize("level", [Level.B_B, Level.B_T])
def test_an_archive_stamp_without_proofs_of_the_seal_does_not_prolong_it(level):
    pdf = sealed(level)
    made = services(day(ENDS - 60), town_with(1_000, 3_000)).archiving("sha512")
    bare = pdf + archive(SourcePdf(pdf), made.archivist)
    assert only(bare).conclusion.indication is UNSURE
    assert "archive-proved" in reasons(only(bare))


def test_proofs_that_came_after_the_stamp_are_not_covered_by_it():
    at, folder = day(ENDS - 60), town_with(1_000, 3_000)
    pdf, run = sealed(Level.B_T), services(at, folder)
    made = run.archiving("sha512")
    bare = pdf + archive(SourcePdf(pdf), made.archivist)
    writer = IncrementalPdfFileWriter(io.BytesIO(bare))
    chain = old_town()[0]
    leaves = [chain.seals["seal-p256"].certificate, chain.tsa.certificate]
    above = [chain.intermediate.certificate, chain.root.certificate]
    general_road._store(writer, run.proofs([[leaf, *above] for leaf in leaves]))
    output = io.BytesIO()
    writer.write(output)
    assert "only-validation-data-added" in reasons(only(output.getvalue()))
    assert only(output.getvalue()).conclusion.indication is UNSURE


def test_a_store_that_cannot_be_read_proves_nothing_and_stops_nothing():
    pdf = sealed(Level.B_LT)
    made = services(THEN).archiving("sha256")
    odd = pdf + archive(
        SourcePdf(pdf), made.archivist, Dss.of([b"no certificate"], [], [b"no list"])
    )
    seal = only(odd, THEN)
    assert seal.conclusion.indication is PASSED
    assert "archived" not in reasons(seal)
    assert seal.level in {"B-T", "B-LT"}


def test_a_revoked_seal_stays_revoked():
    made, _ = old_town()
    leaf = made.seals["seal-p256"].certificate
    dates = (day(0), day(3_000))
    der = revocation_list(made.intermediate, (leaf,), dates=dates)
    revoked = x509.load_der_x509_crl(der)
    lists = dataclasses.replace(trust(), crls=(*trust().crls, revoked))
    seal = only(kept(), lists=lists)
    assert seal.conclusion.indication is FAILED
    assert seal.conclusion.sub_indication is SubIndication.REVOKED


@pytest.mark.parametrize(("since", "holds"), [(500, False), (2_000, True)])
def test_a_time_stamp_authority_revoked_before_it_was_covered_proves_nothing(since, holds):
    made, _ = old_town()
    der = revocation_list(
        made.intermediate, (made.tsa.certificate,), dates=(day(since), day(3_000))
    )
    lists = dataclasses.replace(trust(), crls=(*trust().crls, x509.load_der_x509_crl(der)))
    seal = only(kept(), lists=lists)
    assert (seal.conclusion.indication is PASSED) is holds
    assert ("archived" in reasons(seal)) is holds


def test_an_authority_outside_the_folder_proves_nothing_and_accuses_nobody():
    pdf = sealed(Level.B_LTA)
    assert only(pdf, THEN).level == "B-LTA"
    bare = dataclasses.replace(trust(THEN), crls=())
    assert only(pdf, THEN, bare).level == "B-B"


# --- what somebody may smuggle in -----------------------------------------------------------------


def changed(pdf, change):
    """Append a revision that changes something, and put an archive stamp over it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    output = io.BytesIO()
    writer.write(output)
    dirty = output.getvalue()
    made = services(THEN).archiving("sha256")
    return dirty + archive(SourcePdf(dirty), made.archivist)


def of_content(writer):
    page = writer.root["/Pages"]["/Kids"][0]
    page[pdf_name("/Contents")] = writer.add_object(
        generic.StreamObject(stream_data=b"0 0 9 9 re f")
    )
    writer.mark_update(page.container_ref)


def of_resources(writer):
    page = writer.root["/Pages"]["/Kids"][0]
    page[pdf_name("/Resources")] = generic.DictionaryObject()
    writer.mark_update(page.container_ref)


def of_annotations(writer):
    page = writer.root["/Pages"]["/Kids"][0]
    box = generic.ArrayObject(generic.NumberObject(value) for value in (10, 10, 200, 200))
    note = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Contents"): generic.TextStringObject("Refus"),
            pdf_name("/Rect"): box,
        }
    )
    listed = page.get("/Annots", generic.ArrayObject())
    page[pdf_name("/Annots")] = generic.ArrayObject([*listed, writer.add_object(note)])
    writer.mark_update(page.container_ref)


def of_catalog(writer):
    action = generic.DictionaryObject(
        {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.TextStringObject("x()")}
    )
    writer.root[pdf_name("/OpenAction")] = writer.add_object(action)
    writer.update_root()


def of_pages(writer):
    pages = writer.root["/Pages"]
    pages[pdf_name("/Kids")] = generic.ArrayObject([*pages["/Kids"], pages["/Kids"].raw_get(0)])
    pages[pdf_name("/Count")] = generic.NumberObject(2)
    writer.mark_update(pages.container_ref)


def of_seal_drawing(writer):
    field = writer.root["/AcroForm"]["/Fields"][0]
    drawing = generic.StreamObject(stream_data=b"0 0 9 9 re f")
    field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(drawing)})
    field[pdf_name("/Rect")] = generic.ArrayObject(
        generic.NumberObject(n) for n in (0, 0, 500, 500)
    )
    writer.mark_update(field.container_ref)


def of_seal_picture(writer):
    field = writer.root["/AcroForm"]["/Fields"][0]
    drawing = generic.StreamObject(stream_data=b"0 0 9 9 re f")
    field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(drawing)})
    writer.mark_update(field.container_ref)


def of_form(writer):
    form = writer.root["/AcroForm"]
    form[pdf_name("/DA")] = generic.TextStringObject("/Helv 0 Tf 0 g")
    writer.update_container(form)


def corners(*values):
    return generic.ArrayObject(generic.NumberObject(one) for one in values)


def of_field(writer, **entries):
    """Add a field for a signature, with its place on the page; nobody has signed it."""
    page = writer.root["/Pages"]["/Kids"][0]
    texts = {"/Type": "/Annot", "/Subtype": "/Widget", "/FT": "/Sig"}
    field = generic.DictionaryObject({pdf_name(key): pdf_name(text) for key, text in texts.items()})
    field[pdf_name("/T")] = generic.TextStringObject("Autre")
    field[pdf_name("/F")] = generic.NumberObject(4)
    field[pdf_name("/Rect")] = corners(0, 0, 0, 0)
    for key, value in entries.items():
        field[pdf_name(f"/{key}")] = value
    made = writer.add_object(field)
    page[pdf_name("/Annots")] = generic.ArrayObject([*page["/Annots"], made])
    writer.mark_update(page.container_ref)
    writer.root["/AcroForm"]["/Fields"].append(made)
    writer.update_container(writer.root["/AcroForm"]["/Fields"])
    return field


def script():
    return generic.DictionaryObject(
        {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.TextStringObject("x()")}
    )


def picture(writer):
    drawing = generic.StreamObject(
        dict_data={
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): corners(0, 0, 600, 850),
            pdf_name("/Resources"): generic.DictionaryObject(),
        },
        stream_data=b"0.9 0.2 0.2 rg 0 0 600 850 re f",
    )
    return generic.DictionaryObject({pdf_name("/N"): writer.add_object(drawing)})


def of_field_unseen(writer):
    of_field(writer)


def of_field_acting(writer):
    of_field(writer, AA=generic.DictionaryObject({pdf_name("/PO"): script()}))


def of_field_linking(writer):
    of_field(writer, A=script(), Rect=corners(0, 0, 600, 850, 0))


def of_field_without_corners(writer):
    # pyHanko reckons no area, and so takes the field for unseen; readers draw it.
    last = generic.NumberObject(850)
    field = of_field(writer)
    field[pdf_name("/Rect")] = generic.ArrayObject([*corners(0, 0, 600), writer.add_object(last)])


def of_twin(writer):
    """Draw another field, whose signature is the seal's own."""
    seal = writer.root["/AcroForm"]["/Fields"][0].raw_get("/V")
    of_field(writer, V=seal, Rect=corners(0, 0, 600, 850), AP=picture(writer))


def of_copy(writer):
    """Draw another field, whose signature is a copy of the seal's own."""
    seal = writer.root["/AcroForm"]["/Fields"][0]["/V"]
    copied = generic.DictionaryObject({key: seal.raw_get(key) for key in seal})
    value = writer.add_object(copied)
    of_field(writer, V=value, Rect=corners(0, 0, 600, 850), AP=picture(writer))


CHANGES = [
    of_content,
    of_resources,
    of_annotations,
    of_catalog,
    of_pages,
    of_seal_drawing,
    of_seal_picture,
    of_form,
    of_field_unseen,
    of_field_acting,
    of_field_linking,
    of_field_without_corners,
    of_twin,
    of_copy,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_an_archive_stamp_makes_no_other_change_pass(change):
    assert worst(changed(sealed(Level.B_LTA), change)) is not PASSED


def stamped_with(pdf, entries, asked=None):
    """Put a time-stamp over a file, in a field with other entries than ours have."""
    made = asked or services(THEN).archiving("sha256").archivist
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    spec = SigFieldSpec(sig_field_name="Autre", on_page=0, box=None)
    steps = PdfCMSEmbedder(new_field_spec=spec).write_cms("Autre", writer)
    field = next(steps).get_object()
    for key, value in entries(writer).items():
        field[pdf_name(f"/{key}")] = value
    steps.send(SigObjSetup(sig_placeholder=DocumentTimestamp(bytes_reserved=2 * made.room)))
    output = io.BytesIO()
    prepared, _ = steps.send(SigIOSetup(md_algorithm="sha256", output=output))
    steps.send(made.stamp(prepared.document_digest))
    return output.getvalue()


def seen(writer):
    return {"Rect": corners(0, 0, 600, 850), "AP": picture(writer), "F": generic.NumberObject(132)}


def seen_by_readers_alone(writer):
    return {**seen(writer), "Rect": corners(0, 0, 600, 850, 0)}


def of_no_size(writer):
    return {**seen(writer), "Rect": corners(0, 0, 0, 0)}


def acting(_writer):
    return {"AA": generic.DictionaryObject({pdf_name("/PO"): script()})}


@pytest.mark.parametrize("entries", [seen, seen_by_readers_alone, of_no_size, acting])
def test_a_time_stamp_over_the_file_may_not_be_drawn_nor_act(entries):
    pdf = sealed(Level.B_LT)
    plain = only(stamped_with(pdf, lambda _: {}), THEN)
    assert (plain.conclusion.indication, plain.level) == (PASSED, "B-LTA")
    assert only(stamped_with(pdf, entries), THEN).conclusion.indication is UNSURE


def test_the_stamp_of_an_authority_outside_the_folder_may_not_be_drawn():
    folder = lasting("stranger") / "pki"
    pki.write(pki.build(THEN), folder)
    stranger = TrustServices(Settings.load(folder / "coffre.toml"), Level.B_LTA, lambda: THEN)

    class Outside:
        room = 8_192

        @staticmethod
        def stamp(digest):
            return stranger.stamp(digest, "sha256").der

    pdf = sealed(Level.B_LT)
    assert only(stamped_with(pdf, lambda _: {}, Outside), THEN).conclusion.indication is PASSED
    assert only(stamped_with(pdf, seen, Outside), THEN).conclusion.indication is UNSURE


@pytest.mark.parametrize("between", [False, True])
def test_another_seal_and_a_stamp_over_both_leave_the_first_standing(between):
    first = sealed(Level.B_LTA if between else Level.B_LT)
    both = sealed(Level.B_LT, name="seal-rsa", pdf=first)
    made = services(THEN).archiving("sha256")
    pdf = both + archive(SourcePdf(both), made.archivist, services(THEN).proofs(made.chains))
    seals = check_seals(pdf, trust(THEN), THEN)
    known = [seal.conclusion.indication for seal in check_seals(both, trust(THEN), THEN)]
    assert [seal.conclusion.indication for seal in seals] == known
    assert between or known == [PASSED, PASSED]


def by_general_road(*_args):
    raise NotFastError(Reason.OBJECT, "the general road, please")


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_a_change_in_the_very_revision_of_the_stamp_does_not_pass(change, monkeypatch):
    made = services(THEN).archiving("sha256")
    stored = general_road._store

    def smuggling(writer, dss):
        stored(writer, dss)
        change(writer)

    monkeypatch.setattr("sealing.pades.archive._prepare", by_general_road)
    monkeypatch.setattr(general_road, "run", here)
    monkeypatch.setattr(general_road, "_store", smuggling)
    pdf = sealed(Level.B_LT)
    dirty = pdf + archive(SourcePdf(pdf), made.archivist, services(THEN).proofs(made.chains))
    assert worst(dirty) is not PASSED


def test_the_general_road_makes_the_same_stamp(monkeypatch):
    made = services(THEN).archiving("sha256")
    pdf = sealed(Level.B_LT)
    monkeypatch.setattr("sealing.pades.archive._prepare", by_general_road)
    slow = pdf + archive(SourcePdf(pdf), made.archivist, services(THEN).proofs(made.chains))
    assert only(slow, THEN).level == "B-LTA"
    assert only(slow, THEN).conclusion.indication is PASSED


def gap(pdf):
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    return start, pdf.index(b">", start)


def test_bytes_hidden_behind_the_token_are_told():
    pdf = sealed(Level.B_LTA)
    _, end = gap(pdf)
    seal = only(pdf[: end - 2] + b"41" + pdf[end:], THEN)
    assert seal.conclusion.indication is UNSURE
    assert "contents-padding-not-zero" in reasons(seal)


def test_the_token_of_another_file_is_not_this_ones():
    pdf, other = sealed(Level.B_LTA), sealed(Level.B_LTA, name="seal-rsa")
    (start, end), (first, last) = gap(pdf), gap(other)
    token = other[first:last].rstrip(b"0").ljust(end - start, b"0")
    seal = only(pdf[:start] + token + pdf[end:], THEN)
    assert seal.conclusion.indication is UNSURE
    assert "archive-broken" in reasons(seal)
    assert seal.level != "B-LTA"


def test_one_bit_changed_in_an_archive_revision_is_never_passed():
    plain = sealed(Level.B_LT)
    made = services(THEN).archiving("sha256")
    pdf = plain + archive(SourcePdf(plain), made.archivist, services(THEN).proofs(made.chains))
    dice = random.Random(20261122)  # noqa: S311 - which bits are tried is no secret
    added = range(len(plain), len(pdf))
    places = spread(added, cases(fast=15, ci=25, slow=4_000), dice) + in_words(pdf, added, dice)
    for place in places:
        seals = check_seals(one_bit(pdf, place, dice), trust(THEN), THEN)
        assert seals, f"the seal vanished: byte {place}"
        worst = max(seal.conclusion.indication.severity for seal in seals)
        assert worst > 0, f"byte {place}: {pdf[place - 20 : place + 20]!r}"


def test_a_page_drawn_is_the_same_page():
    def pixels(pdf):
        with pymupdf.open(stream=pdf, filetype="pdf") as document:
            assert not document.is_repaired
            return [page.get_pixmap(dpi=100).samples for page in document]

    assert pixels(kept_twice()) == pixels(sealed(Level.B_LT))
    with pikepdf.open(io.BytesIO(kept_twice())) as document:
        assert document.check_pdf_syntax() == []
