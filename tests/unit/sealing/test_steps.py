"""Letters done together: each at a step before any is at the next, each with its own outcome."""

import pytest
from support.letters import FIELDS, letter
from support.sealers import NOW, sealer

from sealing.errors import PdfUnreadableError
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, UnfinishedLetter, letter_steps
from sealing.service.profile import Profile
from sealing.service.steps import together
from storage.errors import CoffreError


def work(told, name, steps, fault=None):
    for step in range(steps):
        told.append((step, name))
        yield
    if fault is not None:
        raise fault
    return name


def test_all_are_at_one_step_before_any_is_at_the_next():
    told: list[tuple[int, str]] = []
    at: list[int] = []
    assert together([work(told, name, 2) for name in "ab"], at.append) == ["a", "b"]
    assert told == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]
    assert at == [0, 1] * 3


def test_each_has_its_own_outcome_in_order_whatever_it_took():
    error = CoffreError("no")
    told: list[tuple[int, str]] = []
    works = [work(told, "a", 3), work(told, "b", 1, error), work(told, "c", 2)]
    assert together(works) == ["a", error, "c"]


def test_a_fault_of_ours_goes_through():
    with pytest.raises(ZeroDivisionError):
        together([work([], "a", 1), work([], "b", 0, ZeroDivisionError())])


def test_nothing_to_do_comes_to_nothing():
    assert together([]) == []


def test_a_letter_that_is_refused_stops_no_other():
    order = TwoDDocOrder("00", FIELDS)
    pdfs = [letter(), b"%PDF-1.7 broken", letter()]
    steps = [
        letter_steps(Letter(pdf, order), sealer(), Profile(), NOW, bytes([number]) * 10)
        for number, pdf in enumerate(pdfs)
    ]
    one, refused, other = together(steps)
    assert isinstance(refused, PdfUnreadableError)
    assert isinstance(one, UnfinishedLetter)
    assert isinstance(other, UnfinishedLetter)
    assert one.document_id != other.document_id
    for begun in (one, other):
        sealed = begun.finish(begun.stamp())
        assert begun.document_id.hex.upper().encode() in (sealed.code or b"")
