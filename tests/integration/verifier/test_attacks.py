"""Forged files of every known class: none passes, and each is told by its one reason."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib import import_module

import pytest
from support.attacks.attack import Answer, Attack
from support.budget import TIER

from verifier.check import Indication
from verifier.reading.document import read_document
from verifier.reading.found import FileKind, ReadDocument
from verifier.verdict import Verdict
from verifier.verify import verify

FAMILIES = (
    "algorithms",
    "appearances",
    "certified",
    "codes",
    "forged",
    "hours",
    "incremental",
    "issuers",
    "polyglots",
    "proofs",
    "shadow",
    "wrapping",
)
FEWEST = 150


@cache
def made(family: str) -> tuple[Attack, ...]:
    """Make a family once."""
    found = tuple(import_module(f"support.attacks.{family}").attacks())
    return found if TIER != "fast" else found[::4]


def judged(attack: Attack, *, drawn: bool) -> Verdict:
    """Judge a file as `coffre verify` does; the codes of its pages only where they matter."""
    document = ReadDocument(attack.name, FileKind.PDF, attack.data)
    if drawn or attack.reader.drawn:
        document = read_document(attack.data, attack.name)
    return verify(document, attack.reader.trust, attack.reader.at)


def answer(verdict: Verdict) -> Answer | None:
    """Give the answer on the file."""
    found = verdict.conclusion
    if found is None:
        return None
    return Answer(found.indication, found.sub_indication, found.reason)


def told(wrong: Sequence[tuple[Attack, object]]) -> str:
    """Say what went wrong, and how often in each family."""
    lines = [f"{one}\n  got      {got}\n  expected {one.expected}" for one, got in wrong]
    counts = Counter(one.family for one, _ in wrong)
    return "\n".join([*lines, *(f"{family}: {count}" for family, count in counts.items())])


@pytest.mark.parametrize("family", FAMILIES)
def test_no_forged_file_passes_and_each_is_told_by_its_reason(family):
    attacks = made(family)
    wrong: list[tuple[Attack, object]] = []
    for attack in attacks:
        got = answer(judged(attack, drawn=False))
        if got != attack.expected:
            wrong.append((attack, got))
    assert not wrong, told(wrong)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_answer_that_is_expected_of_a_forged_file_is_a_pass(family):
    names = [attack.name for attack in made(family)]
    assert len(names) == len(set(names))
    for attack in made(family):
        assert attack.expected is None or attack.expected.indication is not Indication.TOTAL_PASSED
