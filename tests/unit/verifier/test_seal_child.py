"""Seals judged in a limited child: what stops it is a verdict, and the next file is judged."""

import dataclasses
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from support.archives import THEN
from support.archives import sealed as described
from support.archives import trust as archived_trust
from support.children import children
from support.described import letter_with_all
from support.hostile_seals import (
    long_contents,
    nested_arrays,
    packed_objects,
    revised,
    ringed_fields,
)
from support.letters import letter
from support.pages import sealed, trust
from support.sealers import NOW
from support.shared_trust import NothingRevoked

from sealing.service.levels import Level
from verifier.check import Indication, SubIndication
from verifier.checks.seal import pades
from verifier.checks.seal.child import SealJudge, check_seals_apart, trust_written
from verifier.checks.seal.pades import check_seals
from verifier.checks.seal.shape import read_back, written
from verifier.reading.found import FileKind, ReadDocument
from verifier.reading.sandbox import Limits
from verifier.verify import verify

# Held by the clock: it costs less of the processor than the limit of that.
HURRIED = Limits(processor=5, clock=0.4)
ENDLESS = long_contents(4_000_000)
SHORT = Limits(processor=1, clock=100.0, memory=192 << 20, answer=1 << 20)


@pytest.fixture
def judge():
    with SealJudge(trust(), SHORT) as made:
        yield made


def answer(seals):
    [seal] = seals
    found = seal.conclusion
    return found.indication, found.sub_indication, found.reason


def stopped(seals):
    [seal] = seals
    assert answer(seals) == (Indication.INDETERMINATE, SubIndication.GENERIC, "validator-stopped")
    return seal.checks[0].details["by"]


def test_what_a_child_answers_is_what_is_answered_here(judge):
    for pdf in (sealed().pdf, letter(), sealed().pdf + b"more", b"%PDF-1.7 /ByteRange"):
        assert judge.check(pdf, NOW) == check_seals(pdf, trust(), NOW)


@pytest.mark.parametrize(
    ("pdf", "by"),
    [(revised(sealed().pdf, 3_000), "time"), (ENDLESS, "time")],
    ids=["revisions, each compared with all", "contents without end"],
)
def test_a_file_made_to_hold_its_judge_is_stopped_and_the_next_one_is_judged(judge, pdf, by):
    assert stopped(judge.check(pdf, NOW)) == by
    assert answer(judge.check(sealed().pdf, NOW))[0] is Indication.TOTAL_PASSED


@pytest.mark.parametrize(
    ("pdf", "reason"),
    [(ringed_fields(), "pdf-nested-too-deep"), (nested_arrays(100_000), "pdf-nested-too-deep")],
    ids=["ring", "nested"],
)
def test_what_recurs_without_end_is_named(judge, pdf, reason):
    assert answer(judge.check(pdf, NOW)) == (
        Indication.INDETERMINATE,
        SubIndication.FORMAT_FAILURE,
        reason,
    )


def test_a_bomb_among_the_objects_is_never_green_and_never_an_error(judge):
    [seal] = judge.check(packed_objects(80 << 20), NOW)
    assert seal.conclusion.indication is Indication.INDETERMINATE
    assert answer(judge.check(sealed().pdf, NOW))[0] is Indication.TOTAL_PASSED


def test_memory_used_up_is_a_verdict():
    with SealJudge(trust(), Limits(processor=5, clock=20.0, memory=24 << 20)) as judge:
        assert stopped(judge.check(sealed().pdf + bytes(40 << 20), NOW)) == "memory"
        assert answer(judge.check(sealed().pdf, NOW))[0] is Indication.TOTAL_PASSED


def test_a_child_whose_memory_was_used_up_judges_no_other_file(judge, monkeypatch):
    def used_up(*_):
        raise MemoryError

    monkeypatch.setattr(pades, "examine", used_up)  # in the child, which is forked from here
    assert stopped(judge.check(sealed().pdf, NOW)) == "memory"
    monkeypatch.undo()
    assert answer(judge.check(sealed().pdf, NOW))[0] is Indication.TOTAL_PASSED


def test_a_child_that_is_killed_costs_one_file_at_most(judge):
    judge.check(sealed().pdf, NOW)
    child = judge._child
    os.kill(child.pid, signal.SIGKILL)
    assert stopped(judge.check(sealed().pdf, NOW)) in {"time", "crash"}
    assert answer(judge.check(sealed().pdf, NOW))[0] is Indication.TOTAL_PASSED
    assert judge._child is not child


def test_a_child_that_does_not_hear_is_ended_by_the_clock():
    with SealJudge(trust(), Limits(processor=5, clock=0.5)) as judge:
        judge.check(sealed().pdf, NOW)
        assert judge._child is not None
        os.kill(judge._child.pid, signal.SIGSTOP)
        before = time.monotonic()
        assert stopped(judge.check(sealed().pdf, NOW)) == "time"
        assert time.monotonic() - before < 5


def test_one_child_judges_many_files_and_is_renewed(judge):
    judge.check(sealed().pdf, NOW)
    first = judge._child.pid
    judge.check(sealed().pdf, NOW)
    assert judge._child.pid == first
    judge.files = 2
    judge.check(sealed().pdf, NOW)
    assert judge._child.pid != first


def test_a_fresh_interpreter_answers_as_a_fork_does(judge):
    told = []
    thread = threading.Thread(target=lambda: told.append(judge.check(sealed().pdf, NOW)))
    thread.start()
    thread.join()
    assert judge._child.process is not None
    assert told == [check_seals(sealed().pdf, trust(), NOW)]


def test_a_fresh_child_has_at_hand_whatever_a_file_asks_for():
    """What pyHanko loads late is loaded before: packed objects, XMP, proofs in the file."""
    lists = archived_trust(THEN)
    files = [described(level, pdf=letter_with_all()) for level in (Level.B_T, Level.B_LT)]
    told: list[object] = []

    def ask():
        with SealJudge(lists) as judge:
            told.extend(judge.check(pdf, THEN) for pdf in files)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert told == [check_seals(pdf, lists, THEN) for pdf in files]
    assert [seal.level for pdf in files for seal in check_seals(pdf, lists, THEN)] == [
        "B-T",
        "B-LT",
    ]


def test_a_process_that_cannot_have_a_child_concludes_nothing(judge, monkeypatch):
    def refused():
        raise BlockingIOError("no process left")

    monkeypatch.setattr(os, "fork", refused)
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert stopped(judge.check(sealed().pdf, NOW)) == "crash"
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_trust_folder_with_answers_from_elsewhere_is_not_written_down():
    with pytest.raises(ValueError, match="written down"):
        trust_written(dataclasses.replace(trust(), revocations=NothingRevoked()))


def test_no_child_is_left_behind():
    before = children(), len(list(Path("/proc/self/fd").iterdir()))
    check_seals_apart(sealed().pdf, trust(), NOW)
    check_seals_apart(ENDLESS, trust(), NOW, HURRIED)
    assert (children(), len(list(Path("/proc/self/fd").iterdir()))) == before


def test_the_verdict_of_a_file_is_the_same_by_a_judge_and_without(judge):
    document = ReadDocument("x.pdf", FileKind.PDF, sealed().pdf)
    alone = verify(document, trust(), NOW)
    assert verify(document, trust(), NOW, seals=judge) == alone
    hostile = ReadDocument("x.pdf", FileKind.PDF, ENDLESS)
    judge.close()
    judge.limits = HURRIED
    found = verify(hostile, trust(), NOW, seals=judge).conclusion
    assert found is not None
    assert found.reason == "validator-stopped"


# --- the border between the processes ---


def test_a_verdict_crosses_the_border_whole():
    seals = check_seals(sealed().pdf + b"more", trust(), NOW) + check_seals(
        sealed().pdf, trust(), NOW
    )
    assert read_back(written(seals)) == seals


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.update(checks=[]),
        lambda row: row.pop("level"),
        lambda row: row.update(signer=7),
        lambda row: row.update(coverage="all of it"),
        lambda row: row["checks"].append(["seal.x", "GREEN", "yes", None, {}]),
        lambda row: row["checks"].append(["seal.x", "TOTAL-PASSED", "yes", None, {"a": []}]),
        lambda row: row.update(qualified="yes"),
        lambda row: row.update(named=["no uuid", "a", "b", None]),
    ],
)
def test_an_answer_of_another_shape_is_refused(change):
    [row] = json.loads(written(check_seals(sealed().pdf, trust(), NOW)))
    change(row)
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_back(json.dumps([row]).encode())
