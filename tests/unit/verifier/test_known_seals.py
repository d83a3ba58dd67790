"""What is remembered of one seal for the next: never older, never wider than its truth."""

import dataclasses
import random
from datetime import timedelta

import pytest
from support.budget import cases
from support.damaged_pdfs import damaged
from support.letters import FIELDS, letter
from support.pages import trust
from support.revocations import revocations
from support.sealers import NOW, sealer
from support.spread import in_elements, one_bit, spread

from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile
from verifier.check import Indication, SubIndication
from verifier.checks.seal.known import Known
from verifier.checks.seal.pades import check_seals
from verifier.checks.seal.validating import pyhanko_words, validated_once

PASSED, UNSURE, FAILED = (
    Indication.TOTAL_PASSED,
    Indication.INDETERMINATE,
    Indication.TOTAL_FAILED,
)


def made(number, name="seal-p256", at=NOW):
    ordered = Letter(letter(), TwoDDocOrder("00", FIELDS))
    return seal_letter(ordered, sealer(name), Profile(), at, bytes([number] * 10)).pdf


def conclusion(pdf, lists, known, now=NOW):
    [seal] = check_seals(pdf, lists, now, known)
    return seal.conclusion.indication, seal.conclusion.reason


@pytest.fixture
def asked(monkeypatch):
    """Count how often pyHanko is asked."""
    calls = []
    real = pyhanko_words.validated

    def counted(seal, moment):
        calls.append(moment)
        return real(seal, moment)

    monkeypatch.setattr(validated_once, "validated", counted)
    return calls


@pytest.mark.parametrize("name", ["seal-p256", "seal-rsa"])
def test_pyhanko_is_asked_once_for_the_letters_of_one_issuer(asked, name):
    known = Known(trust())
    for number in range(4):
        pdf = made(number, name, NOW - timedelta(minutes=number))
        assert check_seals(pdf, trust(), NOW, known) == check_seals(pdf, trust(), NOW)
    assert len(asked) == 1 + 4


def test_a_letter_changed_or_signed_otherwise_is_asked_of_pyhanko(asked):
    known = Known(trust())
    pdf = made(1)
    check_seals(pdf, trust(), NOW, known)
    other = bytearray(pdf)
    other[700] ^= 1
    assert conclusion(bytes(other), trust(), known) == (FAILED, "content-changed")
    assert len(asked) == 2


def test_the_signature_of_one_letter_is_not_that_of_another():
    known = Known(trust())
    first, second = made(1), made(2)
    check_seals(first, trust(), NOW, known)
    start = first.rindex(b"/Contents <") + len(b"/Contents <")
    end = first.index(b">", start)
    from_first = first[start:end]
    moved = second[:start] + from_first + second[end:]
    assert conclusion(moved, trust(), known)[0] is not PASSED
    assert check_seals(moved, trust(), NOW, known) == check_seals(moved, trust(), NOW)


def test_both_ways_agree_on_damaged_letters():
    dice = random.Random(20261122)  # noqa: S311 - damage that can be made again
    pdf = made(3)
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    gap = range(start, pdf.index(b">", start))
    known = Known(trust())
    check_seals(made(4), trust(), NOW, known)
    few = cases(fast=10, ci=25, slow=2_000)
    changed = [one_bit(pdf, place, dice) for place in spread(range(len(pdf)), few, dice)]
    digits = spread(gap, cases(fast=15, ci=50, slow=len(gap)), dice)
    digits += in_elements(pdf, gap, 4, dice)
    changed += [one_bit(pdf, place, dice, digit=True) for place in digits]
    changed += [damaged(dice, pdf) for _ in range(few)]
    for one in changed:
        alone = check_seals(one, trust(), NOW)
        assert check_seals(one, trust(), NOW, known) == alone
        if one != pdf:
            assert all(seal.conclusion.indication is not PASSED for seal in alone)


def test_a_later_change_is_seen_though_the_seal_is_known():
    known = Known(trust())
    pdf = made(5)
    check_seals(pdf, trust(), NOW, known)
    assert conclusion(pdf + b"\n% more", trust(), known)[0] is not PASSED
    twice = seal_letter(Letter(pdf), sealer("seal-rsa"), Profile(), NOW, bytes(10)).pdf
    assert check_seals(twice, trust(), NOW, known) == check_seals(twice, trust(), NOW)


def test_a_list_that_grows_too_old_is_seen_by_whoever_remembers_it_fresh(asked):
    due = NOW + timedelta(minutes=30)
    fresh = revocations([], NOW - timedelta(days=1), due)
    others = [crl for crl in trust().crls if crl.issuer != fresh.issuer]
    lists = dataclasses.replace(trust(), crls=(fresh, *others))
    known, pdf = Known(lists), made(6)
    assert conclusion(pdf, lists, known) == (PASSED, "all-passed")
    assert conclusion(pdf, lists, known, NOW + timedelta(minutes=20)) == (PASSED, "all-passed")
    assert len(asked) == 1
    for later in (timedelta(minutes=31), timedelta(days=7, minutes=31)):
        answer = conclusion(pdf, lists, known, NOW + later)
        assert answer[0] is UNSURE
        assert answer == conclusion(pdf, lists, None, NOW + later)


def test_what_is_remembered_of_today_says_nothing_of_the_day_before_the_certificate():
    known, pdf = Known(trust()), made(7)
    check_seals(pdf, trust(), NOW, known)
    for day in (-4_000, -30, 1_200, 9_000):
        at = NOW + timedelta(days=day)
        assert check_seals(pdf, trust(), at, known) == check_seals(pdf, trust(), at)


def test_a_revoked_seal_is_seen_as_soon_as_the_folder_says_so():
    known, pdf = Known(trust()), made(8)
    assert conclusion(pdf, trust(), known)[0] is PASSED
    fresh = revocations([sealer().seal.chain[0]], NOW, NOW + timedelta(days=30))
    lists = dataclasses.replace(trust(), crls=(*trust().crls, fresh))
    # The memory of another folder is not asked.
    assert conclusion(pdf, lists, known) == (FAILED, "revoked")


def test_what_one_folder_believes_another_does_not():
    known, pdf = Known(trust()), made(9)
    check_seals(pdf, trust(), NOW, known)
    lists = dataclasses.replace(trust(), authorities=())
    [seal] = check_seals(pdf, lists, NOW, known)
    assert seal.conclusion.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND


@pytest.mark.parametrize(
    ("issued", "due"),
    [(timedelta(days=-1), timedelta(seconds=30)), (timedelta(seconds=-30), timedelta(days=1))],
    ids=["ends", "begins"],
)
def test_nothing_is_remembered_within_a_minute_of_an_end_or_a_beginning(asked, issued, due):
    soon = revocations([], NOW + issued, NOW + due)
    others = [crl for crl in trust().crls if crl.issuer != soon.issuer]
    lists = dataclasses.replace(trust(), crls=(soon, *others))
    known, pdf = Known(lists), made(10)
    for _ in range(2):
        assert conclusion(pdf, lists, known) == (PASSED, "all-passed")
    assert len(asked) == 2
