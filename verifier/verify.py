"""From a read document and the trust lists to a verdict: the whole procedure.

The steps, by the numbers of `verifier/DESIGN.md`:

1. what the file is, and whether it was read whole; what else was scanned;
2. every seal, over the bytes of the file;
3. every code, with its signature, its issuer and its dates;
4. the words of the page against each code whose signature was proved;
5. the lists that the answers rest on, and their ages.

Rules kept here:

- the worst entry is the file's answer (`Verdict.conclusion`): an authentic code never outweighs a
  broken seal nor an altered page;
- a code of another family is told, never held against the file;
- a text that was typed or pasted is repaired where the road damaged it, a symbol never.

No disk, no network, no clock: `now` is given; `at` is another moment to judge at, if asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sealing.twoddoc.header import NotTwoDDocError
from sealing.twoddoc.signature import VerifiedMessage
from verifier.check import Check
from verifier.checks.pades import check_seals
from verifier.checks.printed_text import compare
from verifier.checks.twoddoc import check_twoddoc
from verifier.reading.found import NEEDED_MODULE_PIXELS, FileKind, FoundCode, ReadDocument
from verifier.trust.trust_list import ListName, TrustList
from verifier.verdict import (
    NOT_COMPARED,
    CodeVerdict,
    PrintedResult,
    PrintedText,
    SealVerdict,
    Verdict,
)

_OTHER_CODES: Final = "scanned-otherwise"


def verify(
    document: ReadDocument, trust: TrustList, now: datetime, *, at: datetime | None = None
) -> Verdict:
    """Judge a file; `at` is the moment to judge at, `now` unless asked otherwise.

    A file without code and without seal gets a Verdict whose conclusion is None.
    """
    moment = at or now
    checks = [*_reading(document)]  # (1)
    codes: list[CodeVerdict] = []
    others: list[str] = []
    for found in document.codes:
        try:
            codes.append(_code(document, found, trust, moment))  # (3) (4)
        except NotTwoDDocError as problem:
            others.append(problem.looks_like or "unknown")
    if others:
        checks.append(Check.passed("file.codes", _OTHER_CODES, kinds=" ".join(sorted({*others}))))
    seals = _seals(document, trust, moment)  # (2)
    return Verdict(
        file=document.name,
        at=moment,
        trust=trust.used(_lists(codes, seals), now),  # (5)
        codes=tuple(codes),
        seals=seals,
        checks=tuple(checks),
    )


def _reading(document: ReadDocument) -> Iterator[Check]:
    """Say what was cut short: a notice, for what was read stands."""
    if document.limits:
        yield Check.passed("file.reading", "read-in-part", limits=" ".join(document.limits))
    if document.too_small is not None:
        told = {"pixels": f"{document.too_small:.1f}", "needed": str(NEEDED_MODULE_PIXELS)}
        yield Check.passed("file.symbol", "symbol-too-small", **told)


def _seals(document: ReadDocument, trust: TrustList, moment: datetime) -> tuple[SealVerdict, ...]:
    if document.kind is not FileKind.PDF:
        return ()
    return check_seals(document.data, trust, moment)


def _lists(codes: Sequence[CodeVerdict], seals: Sequence[SealVerdict]) -> list[ListName]:
    names = [ListName.TSL, ListName.TWODDOC] if codes else []
    names += [ListName.AUTHORITIES] if seals else []
    return [*names, ListName.CRL] if names else []


def _code(
    document: ReadDocument, found: FoundCode, trust: TrustList, moment: datetime
) -> CodeVerdict:
    repair = document.kind is FileKind.TEXT
    result = check_twoddoc(found.raw, trust, moment, repair=repair)
    printed = NOT_COMPARED
    if result.proved is not None:
        printed = _printed(document, found, result.proved)
    return replace(result.verdict, printed_text=printed, symbology=found.symbology, page=found.page)


def _printed(document: ReadDocument, found: FoundCode, proved: VerifiedMessage) -> PrintedText:
    """Compare with every page that bears the code: one that shows its values is enough."""
    answers = [compare(proved, document.words_of(page)) for page in found.pages]
    order = {PrintedResult.SAME: 0, PrintedResult.DIFFERENT: 1, PrintedResult.NOT_COMPARED: 2}
    return min(answers, key=lambda one: order[one.result], default=NOT_COMPARED)
