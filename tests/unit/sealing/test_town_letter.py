"""A letter sealed with the town's own code."""

import pytest
from support.letters import letter
from support.sealers import NOW, sealer, town

from sealing.marks.appearance import POINTS_PER_MM
from sealing.service.codes import TownCodeOrder
from sealing.service.letter import Letter, SealedLetter, seal_letter
from sealing.service.profile import Profile
from sealing.signers.registry import UnknownSignerError, town_signer
from sealing.towncode.emission import EmissionError
from sealing.towncode.message import parse
from sealing.towncode.signature import KeyNotAllowedError, verify
from storage.settings import Settings
from verifier.check import Indication
from verifier.reading.document import read_document
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Mode
from verifier.verdict import CodeKind, PrintedResult, Verdict
from verifier.verify import verify as judge

TEXT = "Attestation d'accueil\nDUPONT Claire\n12 rue des Lilas\n69999 Valbourg"
ORDER = TownCodeOrder("1", {"nom": "DUPONT", "prénoms": "Claire", "adresse": "12 rue des Lilas"})


def sealed(order: TownCodeOrder = ORDER, name: str = "seal-p256") -> SealedLetter:
    """Seal the letter."""
    profile = Profile(address="coffre.valbourg.example/verifier")
    return seal_letter(Letter(letter(TEXT), order), sealer(name), profile, NOW, b"0" * 10)


def judged(pdf: bytes) -> Verdict:
    """Judge a file under the town's trust folder."""
    trust = read_trust([town()[1] / "trust"], Mode.TEST)
    return judge(read_document(pdf, "x.pdf"), trust, NOW)


def test_a_sealed_letter_bears_a_code_that_says_its_identifier_and_its_data():
    result = sealed()
    assert result.code is not None
    leaf = sealer().seal.chain[0]
    proved = verify(parse(result.code), leaf.public_key())
    assert proved.identifier == result.document_id.bytes
    assert proved.issued_at == NOW.replace(microsecond=0)
    assert [one.raw for one in proved.fields()] == ["DUPONT", "Claire", "12 rue des Lilas"]


def test_seal_code_and_page_agree_for_the_verifier():
    verdict = judged(sealed().pdf)
    assert verdict.conclusion is not None
    assert verdict.conclusion.indication is Indication.TOTAL_PASSED
    [code] = verdict.codes
    assert (code.kind, code.printed_text.result) == (CodeKind.TOWNCODE, PrintedResult.SAME)
    assert {used.name for used in verdict.trust.lists} == {"authorities", "crl"}
    assert verdict.test


def test_the_same_code_on_another_person_s_page_is_called_altered():
    order = TownCodeOrder("1", {"nom": "MARTIN"})
    verdict = judged(sealed(order).pdf)
    assert verdict.conclusion is not None
    assert verdict.conclusion.indication is Indication.TOTAL_FAILED
    assert verdict.codes[0].conclusion.indication is Indication.TOTAL_PASSED


def test_an_rsa_seal_signs_no_town_code():
    with pytest.raises(KeyNotAllowedError):
        sealed(name="seal-rsa")


def test_every_problem_stops_before_anything_is_made():
    with pytest.raises(EmissionError) as caught:
        sealed(TownCodeOrder("99", {"nom": "", "objet": "a\x00"}))
    assert len(caught.value.problems) == 3


def test_the_first_seal_on_p_256_serves_where_none_is_named():
    settings = Settings.load(town()[1] / "coffre.toml")
    assert next(iter(settings.signers)) == "seal-rsa"
    assert town_signer(settings, NOW).name == "seal-p256"
    with pytest.raises(KeyNotAllowedError):
        town_signer(settings, NOW, "seal-rsa")
    only_rsa = settings.model_copy(update={"signers": {"a": settings.signers["seal-rsa"]}})
    with pytest.raises(KeyNotAllowedError):
        town_signer(only_rsa, NOW)
    with pytest.raises(UnknownSignerError):
        town_signer(settings.model_copy(update={"signers": {}}), NOW)


def test_an_attestation_takes_a_symbol_of_64_modules():
    order = TownCodeOrder(
        "1",
        {
            "nom": "SPECIMEN",
            "prénoms": "NATACHA CORINNE",
            "date de naissance": "1973-07-12",
            "adresse": "145 AVENUE DES SPECIMENS",
            "commune": "99999 SPECIMEN-SUR-MER",
            "valable jusqu'au": "2027-02-28",
        },
    )
    result = sealed(order)
    assert result.modules == 64
    assert result.mark is not None
    x0, _, x1, _ = result.mark.place.rectangle
    assert (x1 - x0) / POINTS_PER_MM == pytest.approx(27.2, abs=0.1)
