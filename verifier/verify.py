"""From a read document and the trust lists to a verdict: the whole procedure.

The steps, by the numbers of `verifier/DESIGN.md`:

1. what the file is, and whether it was read whole; what else was scanned;
2. every seal, over the bytes of the file;
3. every code, its parts joined, with its signature, its issuer and its dates;
4. the words of the page against each code whose signature was proved;
5. the evidence record that came with the file, if any;
6. whether all that was proved is of one letter, and the data attached to it say the same;
7. whether the issuer took that letter back, by its lists;
8. the lists that the answers rest on, and their ages.

Rules kept here:

- the worst entry is the file's answer (`Verdict.conclusion`): an authentic code never outweighs a
  broken seal nor an altered page;
- a code of another family is told, never held against the file;
- a text that was typed or pasted is repaired where the road damaged it, a symbol never.

No disk, no network, no clock: `now` is given; `at` is another moment to judge at, if asked. Seals
are judged in a limited child process (`child`): its own for a file that comes alone, that of
whoever has many (`seals`).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sealing.towncode.message import PREFIX
from sealing.twoddoc.header import NotTwoDDocError
from verifier.check import Check, SubIndication
from verifier.checks.agreement import check_agreement
from verifier.checks.attached import check_attached
from verifier.checks.codes.sets import GatheredCode, gathered
from verifier.checks.codes.towncode import TownCodeResult, check_towncode
from verifier.checks.codes.twoddoc import TwoDDocResult, check_symbols
from verifier.checks.evidence import check_evidence
from verifier.checks.page.printed_text import compare, compare_towncode
from verifier.checks.seal.child import SealJudge, check_seals_apart
from verifier.checks.status import Hours, check_status
from verifier.reading.found import NEEDED_MODULE_PIXELS, FileKind, ReadDocument, SecondOpinion
from verifier.trust.trust_list import ListName, TrustList
from verifier.verdict import (
    NOT_COMPARED,
    CodeKind,
    CodeVerdict,
    EvidenceVerdict,
    PrintedResult,
    PrintedText,
    SealVerdict,
    Verdict,
)

_OTHER_CODES: Final = "scanned-otherwise"
_SECOND: Final = "file.second-reader"
_OPINIONS: Final = {
    SecondOpinion.SAME: "second-reader-agrees",
    SecondOpinion.UNSEEN: "second-reader-unseen",
    SecondOpinion.ALONE: "second-reader-alone",
}


def verify(
    document: ReadDocument,
    trust: TrustList,
    now: datetime,
    *,
    at: datetime | None = None,
    seals: SealJudge | None = None,
) -> Verdict:
    """Judge a file; `at` is the moment to judge at, `now` unless asked otherwise.

    `seals` judges the seals of many files under this trust; without it they have a child of their
    own. What takes too much to judge is a verdict (`validator-stopped`).

    A file without code and without seal gets a Verdict whose conclusion is None.
    """
    moment = at or now
    checks = [*_reading(document)]  # (1)
    sealed = _seals(document, trust, moment, seals)  # (2)
    codes, others = _codes(document, trust, moment, sealed)  # (3) (4)
    checks += others
    evidence = _evidence(document, trust, moment)  # (5)
    checks += check_agreement(sealed, codes)  # (6)
    checks += check_attached(document.attached, sealed, codes)
    letters = [*(seal.named for seal in sealed), *(code.named for code in codes)]
    named = [letter for letter in letters if letter is not None]
    status, told = check_status(named, trust, Hours(moment, now))  # (7)
    checks += told
    names = _lists(codes, sealed, evidence)  # (8)
    names += [ListName.STATUS] if named else []
    return Verdict(
        file=document.name,
        at=moment,
        trust=trust.used(names, now),
        codes=tuple(codes),
        seals=sealed,
        checks=tuple(checks),
        status=status,
        evidence=evidence,
    )


def _codes(
    document: ReadDocument, trust: TrustList, moment: datetime, seals: Sequence[SealVerdict]
) -> tuple[list[CodeVerdict], list[Check]]:
    """Judge every code and compare it with its pages; tell those of another family."""
    sealed = {seal.named.identifier for seal in seals if seal.named is not None}
    codes: list[CodeVerdict] = []
    others: list[str] = []
    for found in gathered(document.codes):
        try:
            read = _read(document, found, trust, moment)  # (3)
            codes.append(_compared(document, found, read, sealed))  # (4)
        except NotTwoDDocError as problem:
            others.append(problem.looks_like or "unknown")
    if not others:
        return codes, []
    kinds = " ".join(sorted({*others}))
    return codes, [Check.passed("file.codes", _OTHER_CODES, kinds=kinds)]


def _reading(document: ReadDocument) -> Iterator[Check]:
    """Say what was cut short: a notice, for what was read stands; and what the second reader says.

    Two readers that disagree on the same pixels prove nothing of either answer.
    """
    if document.limits:
        yield Check.passed("file.reading", "read-in-part", limits=" ".join(document.limits))
    if document.too_small is not None:
        told = {"pixels": f"{document.too_small:.1f}", "needed": str(NEEDED_MODULE_PIXELS)}
        yield Check.passed("file.symbol", "symbol-too-small", **told)
    opinions = {code.second for code in document.codes}
    if SecondOpinion.DIFFERENT in opinions:
        sub = SubIndication.SIGNED_DATA_NOT_FOUND
        yield Check.unsure(_SECOND, "second-reader-differs", sub)
    for told_by, reason in _OPINIONS.items():
        if told_by in opinions:
            yield Check.passed(_SECOND, reason)


def _seals(
    document: ReadDocument, trust: TrustList, moment: datetime, judge: SealJudge | None
) -> tuple[SealVerdict, ...]:
    if document.kind is not FileKind.PDF:
        return ()
    if judge is not None and judge.trust is trust:
        return judge.check(document.data, moment)
    return check_seals_apart(document.data, trust, moment)


def _evidence(document: ReadDocument, trust: TrustList, moment: datetime) -> EvidenceVerdict | None:
    if document.record is None:
        return None
    return check_evidence(document.record, document.data, trust, moment)


def _lists(
    codes: Sequence[CodeVerdict], seals: Sequence[SealVerdict], evidence: EvidenceVerdict | None
) -> list[ListName]:
    kinds = {code.kind for code in codes}
    names = [ListName.TSL, ListName.TWODDOC] if CodeKind.TWODDOC in kinds else []
    chained = bool(seals) or evidence is not None or CodeKind.TOWNCODE in kinds
    names += [ListName.AUTHORITIES] if chained else []
    if any(seal.qualified is not None for seal in seals):
        names.append(ListName.EUROPEAN)
    return [*names, ListName.CRL] if names else []


def _read(
    document: ReadDocument, found: GatheredCode, trust: TrustList, moment: datetime
) -> TownCodeResult | TwoDDocResult:
    repair = document.kind is FileKind.TEXT
    first = found.symbols[0]
    if first.lstrip()[: len(PREFIX)].upper() == PREFIX:
        return check_towncode(first, trust, moment, repair=repair)
    return check_symbols(found.symbols, trust, moment, repair=repair)


def _compared(
    document: ReadDocument,
    found: GatheredCode,
    read: TownCodeResult | TwoDDocResult,
    sealed: Collection[UUID],
) -> CodeVerdict:
    """Compare a code with its pages; `sealed` are the letters that the file's seals name."""
    pages = [document.words_of(page) for page in found.pages]
    named, printed = read.verdict.named, list[PrintedText]()
    own = named is not None and named.identifier in sealed
    if isinstance(read, TownCodeResult) and read.proved is not None:
        printed = [compare_towncode(read.proved, words, sealed=own) for words in pages]
    elif isinstance(read, TwoDDocResult) and read.proved is not None:
        printed = [compare(read.proved, words, sealed=own) for words in pages]
    best = _best(printed)
    return replace(read.verdict, printed_text=best, symbology=found.symbology, page=found.page)


def _best(answers: Sequence[PrintedText]) -> PrintedText:
    """Compare with every page that bears the code: one that shows its values is enough."""
    order = {PrintedResult.SAME: 0, PrintedResult.DIFFERENT: 1, PrintedResult.NOT_COMPARED: 2}
    return min(answers, key=lambda one: order[one.result], default=NOT_COMPARED)
