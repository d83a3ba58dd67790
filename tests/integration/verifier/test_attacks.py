"""Forged files of every known class: none passes, and each is told by its one reason."""

import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib import import_module

import pytest
from support.attacks.attack import Answer, Attack, Reader
from support.budget import TIER, cases
from support.sealers import town

from cli.main import run
from cli.problems.problem import Exit
from verifier.check import Indication
from verifier.reading.document import read_document
from verifier.reading.found import FileKind, ReadDocument
from verifier.verdict import Verdict
from verifier.verify import verify

EXITS = {
    Indication.INDETERMINATE: Exit.INDETERMINATE,
    Indication.TOTAL_FAILED: Exit.TOTAL_FAILED,
}
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
# Of a family; the slow tier makes all.
MOST = cases(fast=6, ci=16, slow=10_000)


@cache
def made(family: str) -> tuple[Attack, ...]:
    """Make a family once."""
    found = tuple(import_module(f"support.attacks.{family}").attacks())
    return found[:: -(-len(found) // MOST)]


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


def test_there_are_a_hundred_and_fifty_or_more():
    fewest = FEWEST if TIER != "fast" else FEWEST // 4
    assert sum(len(made(family)) for family in FAMILIES) >= fewest


# --- the same by the whole door -------------------------------------------------------------------


def sampled(family: str) -> Attack:
    """Give one attack of a family, that any reader of a town can be sent."""
    plain = [one for one in made(family) if one.reader == Reader(drawn=one.reader.drawn)]
    return plain[len(plain) // 2] if plain else made(family)[0]


@pytest.mark.parametrize("family", ["appearances", "forged", "incremental", "shadow", "wrapping"])
def test_the_answer_is_the_same_where_the_pages_are_read_too(family):
    attack = sampled(family)
    assert answer(judged(attack, drawn=True)) == attack.expected


def test_the_command_says_the_same_and_leaves_with_the_same_codes(tmp_path):
    words = ["--trust", str(town()[1] / "trust"), "--json"]
    for family in ("shadow", "issuers"):
        attack, out = sampled(family), io.StringIO()
        path = tmp_path / f"{family}.pdf"
        path.write_bytes(attack.data)
        code = run(["verify", str(path), *words], os.environ, out, io.StringIO())
        assert attack.expected is not None
        assert code == EXITS[attack.expected.indication]
        [row] = [json.loads(line) for line in out.getvalue().splitlines()]
        assert row["indication"] == attack.expected.indication
        assert row["reason"] == attack.expected.reason
