"""Genuine files pass, at their level; what honest hands did to one is never called false."""

import subprocess
import sys
from functools import cache

import pikepdf
import pytest
from support import genuine
from support.attacks.attack import Answer
from support.attacks.material import sealed
from support.budget import TIER, cases
from support.genuine import Genuine
from support.letters import letter, rewritten
from support.sealers import NOW, sealer, town

from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile
from verifier.check import Indication
from verifier.reading.document import read_document
from verifier.reading.found import FileKind, ReadDocument
from verifier.verdict import Verdict
from verifier.verify import verify

PASSING = {
    "letters": genuine.of_letters,
    "codes": genuine.with_codes,
    "hand": genuine.by_hand,
    "others": genuine.by_others,
    "after": genuine.after,
}
SPOILED = {"saved": genuine.saved_anew, "printed": genuine.printed}
FEWEST = 60
# Of a kind; the slow tier makes all.
MOST = cases(fast=4, ci=22, slow=1_000)


@cache
def made(kind: str) -> tuple[Genuine, ...]:
    """Make the files of a kind once."""
    found = tuple({**PASSING, **SPOILED}[kind]())
    return found[:: -(-len(found) // MOST)]


def judged(one: Genuine) -> Verdict:
    """Judge a file as `coffre verify` does; the codes of its pages only where they matter."""
    kind = FileKind.PDF if one.data.startswith(b"%PDF") else FileKind.IMAGE
    document = ReadDocument(one.name, kind, one.data)
    if one.reader.drawn:
        document = read_document(one.data, one.name)
    return verify(document, one.reader.trust, one.reader.at)


def answer(verdict: Verdict) -> Answer | None:
    """Give the answer on the file."""
    found = verdict.conclusion
    if found is None:
        return None
    return Answer(found.indication, found.sub_indication, found.reason)


def differing(kind: str) -> list[str]:
    """Say which files of a kind are not told as they should be."""
    wrong = []
    for one in made(kind):
        verdict = judged(one)
        levels = [seal.level for seal in verdict.seals]
        if answer(verdict) != one.expected or (one.level and one.level not in levels):
            wrong.append(f"{one.name}: {answer(verdict)}, {levels}; expected {one.expected}")
    return wrong


@pytest.mark.parametrize("kind", PASSING)
def test_a_genuine_file_passes_at_its_level(kind):
    assert not differing(kind)


@pytest.mark.parametrize("kind", SPOILED)
def test_what_honest_hands_did_to_a_genuine_file_is_never_called_false(kind):
    assert not differing(kind)
    expected = [one.expected for one in made(kind) if one.expected is not None]
    assert all(one.indication is not Indication.TOTAL_FAILED for one in expected)


def test_there_are_sixty_or_more():
    fewest = FEWEST if TIER != "fast" else FEWEST // 4
    assert sum(len(made(kind)) for kind in PASSING) >= fewest


def test_a_fresh_command_reads_what_most_programs_write(tmp_path):
    """Compressed objects: whatever reads them must be there before the child is shut in."""
    made = sealed("packed").pdf
    plain = rewritten(letter(), object_stream_mode=pikepdf.ObjectStreamMode.generate)
    deflated = seal_letter(Letter(plain), sealer(), Profile(), NOW, bytes(10)).pdf
    words = ["verify", "--trust", str(town()[1] / "trust")]
    for number, pdf in enumerate((made, deflated)):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(pdf)
        words.append(str(path))
    call = "import os, sys; from cli.main import run; "
    call += f"sys.exit(run({words!r}, os.environ, sys.stdout, sys.stderr))"
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()
