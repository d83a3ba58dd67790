"""What follows from checks, and from the entries of a file."""

import pickle
from datetime import UTC, datetime

import pytest
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate

from verifier.check import Check, Indication, NothingCheckedError, SubIndication, conclude
from verifier.verdict import (
    NOT_COMPARED,
    CodeKind,
    CodeVerdict,
    PrintedResult,
    PrintedText,
    SealVerdict,
    TrustUsed,
    Verdict,
)

GOOD = Check.passed("a", "fine")
FORGED = Check.failed("b", "signature-invalid", SubIndication.SIG_CRYPTO_FAILURE)
LATER = Check.unsure("c", "no-list", SubIndication.TRY_LATER, due="2026-11-20")
MOVED = Check.failed("d", "page-differs", SubIndication.HASH_FAILURE)


def file_of(
    *,
    codes: tuple[CodeVerdict, ...] = (),
    seals: tuple[SealVerdict, ...] = (),
    checks: tuple[Check, ...] = (),
) -> Verdict:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    return Verdict("lettre.pdf", at, TrustUsed(()), codes, seals, checks)


def code_of(*checks: Check, printed: PrintedText = NOT_COMPARED) -> CodeVerdict:
    return CodeVerdict(CodeKind.TWODDOC, b"DC04", checks, printed_text=printed)


def test_the_first_check_that_did_not_pass_concludes():
    assert conclude([GOOD, LATER, FORGED]).reason == "no-list"
    assert conclude([GOOD, FORGED, LATER]).indication is Indication.TOTAL_FAILED
    assert conclude([GOOD]).indication is Indication.TOTAL_PASSED


def test_nothing_checked_is_our_fault_and_never_a_pass():
    with pytest.raises(NothingCheckedError):
        conclude([])


def test_a_file_takes_its_worst_entry():
    verdict = file_of(codes=(code_of(GOOD), code_of(LATER)), seals=(SealVerdict("S", (GOOD,)),))
    assert verdict.conclusion
    assert verdict.conclusion.sub_indication is SubIndication.TRY_LATER
    verdict = file_of(codes=(code_of(LATER),), seals=(SealVerdict("S", (FORGED,)),))
    assert verdict.conclusion
    assert verdict.conclusion.reason == "signature-invalid"


def test_a_good_code_lifted_onto_another_page_fails_the_file_and_not_the_code():
    printed = PrintedText(PrintedResult.DIFFERENT, (), MOVED)
    verdict = file_of(codes=(code_of(GOOD, printed=printed),))
    assert verdict.codes[0].conclusion.indication is Indication.TOTAL_PASSED
    assert verdict.conclusion
    assert verdict.conclusion.sub_indication is SubIndication.HASH_FAILURE


def test_a_file_without_code_or_seal_has_no_indication():
    assert file_of().conclusion is None
    assert file_of(checks=(GOOD,)).conclusion is None
    refused = file_of(checks=(FORGED,)).conclusion
    assert refused
    assert refused.indication is Indication.TOTAL_FAILED


def test_an_authentic_code_that_nobody_compared_is_blue():
    assert code_of(GOOD).shown_blue
    assert not code_of(GOOD, printed=PrintedText(PrintedResult.SAME)).shown_blue
    assert not code_of(LATER).shown_blue


def test_a_test_authority_is_said_for_the_whole_file():
    assert not file_of(codes=(code_of(GOOD),)).test
    assert file_of(seals=(SealVerdict("S", (GOOD,), test=True),)).test


def test_sub_indications_are_those_of_the_standard_library_of_seals():
    ours = {one.name for one in SubIndication}
    theirs = {one.name for one in (*AdESFailure, *AdESIndeterminate)}
    assert theirs <= ours


def test_a_verdict_travels_between_processes():
    verdict = file_of(codes=(code_of(GOOD, LATER),))
    assert pickle.loads(pickle.dumps(verdict)) == verdict  # noqa: S301 - our own bytes
