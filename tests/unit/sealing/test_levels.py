"""Levels B-T and B-LT: what each adds, what stops it, and what pyHanko says of the result."""

import asyncio
import hashlib
import io
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_timestamp_validation
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from support.ades import carried_lists, embedded, known, store, validated
from support.authorities import certomancer, revocation_list, revoked_town, tsa_holder
from support.letters import FIELDS, letter, with_stream_xref
from support.sealers import NOW, sealer, sealer_at, town

from sealing import der
from sealing.authorities.proofs import RevokedCertificateError
from sealing.authorities.revocation import NoRevocationProofError
from sealing.authorities.tsa import NoTokenError, TsaClient
from sealing.pades.cms_template import CmsSigner, StampTooLargeError
from sealing.service import levels
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, LevelNotReadyError, Sealer, seal_letter
from sealing.service.levels import Level, NoTsaError, StamperChangedError, TrustServices
from sealing.service.profile import Profile
from storage.errors import ProductionRefusesError
from storage.outgoing import ServerTooSlowError
from storage.settings import Mode, Settings, TsaSettings

KEYS = ["seal-rsa", "seal-p256"]
WITH_STAMP = [Level.B_T, Level.B_LT]


def seal_at(level, name="seal-p256", pdf=None, *, code=False):
    order = TwoDDocOrder("00", FIELDS) if code else None
    found = Letter(letter() if pdf is None else pdf, order)
    return seal_letter(found, sealer_at(level, name), Profile(level=level), NOW, bytes(10))


@cache
def sealed(level, name="seal-p256"):
    return seal_at(level, name, plain()).pdf


@cache
def plain():
    return letter()


def settings(**change):
    return Settings.load(town()[1] / "coffre.toml").model_copy(update=change)


def services(level, **change):
    return TrustServices(settings(**change), level, lambda: NOW)


# --- what pyHanko says ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("level", WITH_STAMP)
def test_pyhanko_finds_a_time_stamp_that_holds_over_a_whole_file(level, name):
    found = embedded(sealed(level, name))
    assert found.coverage is SignatureCoverageLevel.ENTIRE_FILE
    result = validated(sealed(level, name), known(carried_lists(sealed(Level.B_LT, name))))
    assert result.ades_subindic is AdESPassed.OK
    assert result.best_signature_time == NOW
    assert result.api_status is not None
    assert result.api_status.timestamp_validity is not None
    assert result.api_status.timestamp_validity.trusted


@pytest.mark.parametrize("name", KEYS)
def test_pyhanko_needs_nothing_but_the_file_and_the_root_at_b_lt(name):
    pdf = sealed(Level.B_LT, name)
    assert validated(pdf, known(carried_lists(pdf))).ades_subindic is AdESPassed.OK
    assert validated(pdf, known()).ades_subindic is not AdESPassed.OK
    assert validated(sealed(Level.B_T, name), known()).ades_subindic is not AdESPassed.OK


@pytest.mark.parametrize("name", KEYS)
def test_pyhanko_finds_the_time_stamp_to_be_of_this_seal(name):
    found = embedded(sealed(Level.B_T, name))
    [row] = found.signer_info["unsigned_attrs"]
    assert row["type"].native == "signature_time_stamp_token"
    signature = found.signer_info["signature"].native
    spec = known(carried_lists(sealed(Level.B_LT, name)))
    timing = ValidationTimingInfo(NOW, NOW, point_in_time_validation=False)

    def answer(signed):
        return asyncio.run(
            ades_timestamp_validation(
                row["values"][0]["content"],
                spec,
                lambda kind: hashlib.new(kind, signed).digest(),
                timing_info=timing,
            )
        ).ades_subindic

    assert answer(signature) is AdESPassed.OK
    assert answer(signature[:-1]) is not AdESPassed.OK


def test_the_store_holds_both_chains_and_a_list_for_each_authority():
    found, made = store(sealed(Level.B_LT)), town()[0]
    names = [made.seals["seal-p256"], made.tsa, made.intermediate, made.root]
    expected = {one.certificate.public_bytes(Encoding.DER) for one in names}
    assert {one.dump() for one in found.load_certs()} == expected
    issuers = {one.issuer.dump() for one in carried_lists(sealed(Level.B_LT))}
    authorities = [made.intermediate.certificate, made.root.certificate]
    assert issuers == {one.subject.public_bytes() for one in authorities}
    assert found.vri_entries == {}


@pytest.mark.parametrize("level", list(Level))
def test_the_input_stays_in_front_and_one_revision_follows_two_with_an_archive_stamp(level):
    pdf = sealed(level)
    assert pdf.startswith(plain())
    archived = level is Level.B_LTA
    assert PdfFileReader(io.BytesIO(pdf)).xrefs.total_revisions == 2 + archived
    assert (b"/DSS" in pdf) == (level in {Level.B_LT, Level.B_LTA})


def test_each_level_says_its_name():
    assert [seal_at(level).level for level in Level] == list(Level)


def test_a_letter_with_a_code_and_stream_cross_references_reaches_b_lt():
    found = seal_at(Level.B_LT, pdf=with_stream_xref(letter()), code=True)
    lists = carried_lists(found.pdf)
    assert found.code is not None
    assert validated(found.pdf, known(lists)).ades_subindic is AdESPassed.OK


def test_a_second_seal_keeps_the_proofs_of_the_first():
    twice = seal_at(Level.B_LT, "seal-rsa", sealed(Level.B_LT)).pdf
    names = {one.dump() for one in store(twice).load_certs()}
    for name in KEYS:
        certificate = town()[0].seals[name].certificate
        assert certificate.public_bytes(Encoding.DER) in names
    assert len(store(twice).crls) == 2 * len(store(sealed(Level.B_LT)).crls)


# --- room -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("level", WITH_STAMP)
def test_no_seal_is_longer_than_its_room_and_none_wastes_much(level, name):
    cms_signer = sealer_at(level, name).cms
    for number in range(12):
        signed = cms_signer.begin(hashlib.sha256(bytes([number])).digest())
        content = signed.der(signed.stamp())
        assert der.one(content).encoded == content
        assert cms.ContentInfo.load(content, strict=True)["content_type"].native == "signed_data"
        assert cms_signer.size - 160 < len(content) <= cms_signer.size


@pytest.mark.parametrize("size", [100, 127, 128, 255, 256, 5_000, 65_400, 70_000])
def test_the_longest_token_fits_whatever_its_length(size):
    template = sealer("seal-rsa").cms
    token = der.der(0x30, bytes(size))
    signer = CmsSigner(template.template, template.sign, lambda _: token, len(token))
    assert len(signer.begin(bytes(32)).der(token)) <= signer.size


def test_a_token_that_does_not_fit_is_an_error_before_anything_is_written():
    ready = sealer_at(Level.B_T)
    narrow = replace(ready.cms, stamp_room=ready.cms.stamp_room - 200)
    with pytest.raises(StampTooLargeError) as caught:
        seal_letter(
            Letter(letter()), replace(ready, cms=narrow), Profile(level=Level.B_T), NOW, bytes(10)
        )
    assert caught.value.retryable


# --- what stops a level ---------------------------------------------------------------------------


def test_a_sealer_made_ready_for_another_level_does_not_seal():
    for ready, wanted in ((sealer(), Level.B_T), (sealer_at(Level.B_T), Level.B_B)):
        with pytest.raises(LevelNotReadyError):
            seal_letter(Letter(letter()), ready, Profile(level=wanted), NOW, bytes(10))


@pytest.mark.parametrize("level", WITH_STAMP)
def test_without_an_authority_there_is_no_time_stamp(level):
    with pytest.raises(NoTsaError):
        services(level, tsa=TsaSettings())


def test_b_b_asks_no_authority():
    plain = services(Level.B_B, tsa=TsaSettings()).additions(sealer().seal.chain)
    assert plain.stamp is None
    assert plain.due is None


@pytest.mark.parametrize("level", WITH_STAMP)
def test_the_demonstrations_authority_is_refused_in_production(level):
    with pytest.raises(ProductionRefusesError) as caught:
        services(level, mode=Mode.PRODUCTION)
    assert caught.value.details["what"] == "tsa.url"


@pytest.mark.parametrize("place", ["url", "spare"])
def test_production_refuses_it_even_where_nothing_is_stamped(place):
    tsa = TsaSettings(**({"url": "https://tsa.example"} | {place: "demo:"}))
    opened = services(Level.B_B, tsa=tsa, trust=(), mode=Mode.PRODUCTION)
    with pytest.raises(ProductionRefusesError) as caught:
        opened.additions(sealer().seal.chain)
    assert caught.value.details["what"] == f"tsa.{place}"


@pytest.mark.parametrize(
    "manifest", ['{"mode": "test"}', "{}", "[]", "no JSON", None], ids=["test", *"012", "absent"]
)
def test_production_seals_under_no_trust_folder_but_one_for_production(tmp_path, manifest):
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    tried = services(Level.B_B, tsa=TsaSettings(), trust=(tmp_path,), mode=Mode.PRODUCTION)
    with pytest.raises(ProductionRefusesError) as caught:
        tried.additions(sealer().seal.chain)
    assert str(tmp_path) in str(caught.value.details["what"])
    (tmp_path / "manifest.json").write_text('{"mode": "production"}')
    assert tried.additions(sealer().seal.chain).level is Level.B_B


@pytest.fixture
def revoked(tmp_path):
    """Give a trust folder that revokes the P-256 seal."""
    return revoked_town(tmp_path)


@pytest.mark.parametrize("level", list(Level))
def test_a_revoked_seal_is_refused_before_it_seals_at_every_level(level, revoked):
    opened = services(level, trust=(revoked,))
    with pytest.raises(RevokedCertificateError):
        opened.additions(sealer().seal.chain)
    assert opened.additions(sealer("seal-rsa").seal.chain).level is level


def test_without_lists_there_is_no_b_lt_though_there_is_a_b_t(revoked):
    (revoked / "crl" / "own.crl").unlink()
    assert services(Level.B_T, trust=(revoked,)).additions(sealer().seal.chain).stamp
    with pytest.raises(NoRevocationProofError):
        services(Level.B_LT, trust=(revoked,)).additions(sealer().seal.chain)


def test_what_b_lt_adds_is_due_in_half_a_day():
    made = sealer_at(Level.B_LT)
    assert not made.is_due(NOW + timedelta(hours=11))
    assert made.is_due(NOW + timedelta(hours=12))
    assert not sealer_at(Level.B_T).is_due(NOW + timedelta(days=999))


def test_a_long_run_finds_the_lists_that_were_brought_meanwhile(revoked):
    opened, chain = services(Level.B_LT, trust=(revoked,)), sealer().seal.chain
    path = revoked / "crl" / "own.crl"
    path.write_bytes(revocation_list(town()[0].intermediate))
    first = opened.additions(chain).dss
    path.write_bytes(revocation_list(town()[0].intermediate, (tsa_holder().certificate,)))
    second = opened.additions(chain).dss
    assert first is not None
    assert second is not None
    assert path.read_bytes() in second.crls
    assert path.read_bytes() not in first.crls


class Scripted:
    """An authority that answers by what it is told."""

    name = "scripted"

    def __init__(self, answer):
        """Begin with one way to answer."""
        self.way = answer

    def answer(self, question):
        """Answer."""
        return self.way(question)

    def close(self):
        """End nothing."""


def scripted(monkeypatch, answer):
    """Put an authority of the tests in the place of the settings' own."""
    made = Scripted(answer)
    monkeypatch.setattr(levels, "_authority", lambda *_: made)
    return made


def test_another_certificate_in_the_middle_of_a_run_stops_b_lt_and_not_b_t(monkeypatch):
    for level, stops in ((Level.B_T, False), (Level.B_LT, True)):
        tsa = scripted(monkeypatch, certomancer())
        made = services(level).additions(sealer().seal.chain)
        tsa.way = certomancer(tsa_holder())
        assert made.stamp is not None
        if stops:
            with pytest.raises(StamperChangedError) as caught:
                made.stamp(bytes(32))
            assert caught.value.retryable
        else:
            assert made.stamp(bytes(32))


def failing(_question):
    raise ServerTooSlowError("got nothing", host="tsa.example", seconds=5)


def test_a_letter_without_its_time_stamp_is_not_made(monkeypatch):
    monkeypatch.setattr(levels, "TsaClient", lambda *args: TsaClient(*args, pause=lambda _: None))
    tsa = scripted(monkeypatch, certomancer())
    made = services(Level.B_T).additions(sealer().seal.chain)
    ready = Sealer.ready(sealer().seal, {}, made)
    tsa.way = failing
    with pytest.raises(NoTokenError) as caught:
        seal_letter(Letter(letter()), ready, Profile(level=Level.B_T), NOW, bytes(10))
    assert caught.value.retryable
    with pytest.raises(NoTokenError):
        services(Level.B_T).additions(sealer().seal.chain)
