"""Letters that take hours or gigabytes: refused in seconds, or sealed and judged."""

import pytest
from support.budget import cases
from support.heavy_pdfs import HEAVY, many_pages, page_of_lines
from support.letters import FIELDS, letter
from support.pages import trust
from support.sealers import NOW, sealer

from sealing import confined
from sealing.confined import Limits
from sealing.errors import PdfTooHeavyError
from sealing.limits import MAX_LETTER, MAX_SEALED
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile
from verifier.check import Indication
from verifier.reading import sandbox
from verifier.reading.document import read_document
from verifier.reading.found import ReadingLimit
from verifier.reading.sniff import MAX_BYTES
from verifier.verify import verify

ORDER = TwoDDocOrder("00", FIELDS)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Wait for less than a town does."""
    monkeypatch.setattr(confined, "DEFAULT", Limits(processor=1, memory=256 << 20))


def sealed(pdf, order=None):
    return seal_letter(Letter(pdf, order), sealer(), Profile(), NOW, bytes(10)).pdf


def judged(pdf):
    """Judge a sealed letter, with less time than a verifier has; tell what was left out."""
    return verdict(read_document(pdf, "lettre.pdf", sandbox.Limits(processor=1)))


def verdict(found):
    conclusion = verify(found, trust(), NOW).conclusion
    assert conclusion is not None
    return conclusion.indication, found.limits


@pytest.mark.parametrize("name", list(HEAVY)[: cases(ci=5, slow=8)])
def test_a_page_too_heavy_to_draw_is_refused_with_its_reason(name):
    with pytest.raises(PdfTooHeavyError):
        sealed(HEAVY[name](), ORDER)


def test_after_a_heavy_letter_the_next_is_sealed():
    with pytest.raises(PdfTooHeavyError):
        sealed(page_of_lines(), ORDER)
    assert sealed(letter(), ORDER)


def test_a_heavy_page_that_nobody_needs_to_draw_is_sealed_and_its_seal_judged():
    indication, limits = judged(sealed(page_of_lines()))
    assert indication is Indication.TOTAL_PASSED
    assert limits == (ReadingLimit.STOPPED,)


def test_ten_thousand_pages_are_sealed_and_judged():
    pdf = sealed(many_pages(10_000))
    indication, limits = verdict(read_document(pdf, "lettre.pdf"))
    assert indication is Indication.TOTAL_PASSED
    assert ReadingLimit.PAGES in limits


@pytest.mark.parametrize("weight", [5 << 20, MAX_LETTER][: cases(ci=1, slow=2)])
def test_the_largest_letter_is_sealed_and_judged(weight):
    own = letter()
    filler = b"%" + b" " * (weight - len(own) - 2) + b"\nstartxref"
    made = sealed(own.replace(b"startxref", filler))
    assert len(made) < MAX_SEALED == MAX_BYTES
    assert judged(made)[0] is Indication.TOTAL_PASSED
