"""A verdict in three lines that are never mixed: readable, sealed by whom, same as the print.

Rules kept here:

- each line has an answer of its own, so that "authentic" is never read into a page that nobody
  compared, nor "altered" into a file that could not be read whole;
- a name that is not proved is told as one that the document gives itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import Final

from storage.language import N_, Translator
from verifier.check import Check, Conclusion, Indication
from verifier.reports.sentences import reason_of
from verifier.verdict import CodeKind, CodeVerdict, PrintedResult, SealVerdict, Verdict

CODE_TITLES: Final = {
    CodeKind.TWODDOC: N_("code 2D-Doc"),
    CodeKind.TOWNCODE: N_("code de vérification"),
}
_MOST: Final = 3


class Answer(StrEnum):
    """What one line answers; `NONE`: the question does not arise, or nobody asked it."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"
    NONE = "none"


_ANSWERS: Final = {
    Indication.TOTAL_PASSED: Answer.YES,
    Indication.INDETERMINATE: Answer.UNSURE,
    Indication.TOTAL_FAILED: Answer.NO,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One of the three lines: its name, its answer, and what is told, a sentence each."""

    name: str
    answer: Answer
    told: tuple[str, ...]


def three_lines(verdict: Verdict, tr: Translator) -> tuple[Line, Line, Line]:
    """Give the three lines of a verdict, in their order."""
    return _readable(verdict, tr), _sealed_by(verdict, tr), _same_as_printed(verdict, tr)


def answer_of(conclusion: Conclusion) -> Answer:
    """Give the answer that goes with a conclusion."""
    return _ANSWERS[conclusion.indication]


def _readable(verdict: Verdict, tr: Translator) -> Line:
    name = tr(N_("Lisible"))
    trouble = list(_trouble(verdict))
    if trouble:
        return Line(name, Answer.UNSURE, tuple(reason_of(check, tr) for check in trouble[:_MOST]))
    if not verdict.seals and not verdict.codes:
        return Line(name, Answer.NONE, (tr(N_("ni cachet ni code à lire")),))
    told = tr(N_("cachets lus : {seals} ; codes lus : {codes}"))
    return Line(
        name,
        Answer.YES,
        (told.format(seals=len(verdict.seals), codes=len(verdict.codes)),),
    )


def _trouble(verdict: Verdict) -> Iterator[Check]:
    """Give what kept the file from being read whole."""
    for check in verdict.checks:
        if check.reason in {"read-in-part", "symbol-too-small", "second-reader-differs"}:
            yield check
    for seal in verdict.seals:
        yield from (one for one in seal.checks if one.id == "seal.structure" and not one.has_passed)
    for code in verdict.codes:
        yield from (one for one in code.checks if _is_of_form(one) and not one.has_passed)


def _is_of_form(check: Check) -> bool:
    return check.id.endswith(".structure")


def _sealed_by(verdict: Verdict, tr: Translator) -> Line:
    name = tr(N_("Scellé par"))
    proofs: Sequence[SealVerdict | CodeVerdict] = verdict.seals or verdict.codes
    if not proofs:
        return Line(name, Answer.NONE, (tr(N_("personne : ni cachet ni code")),))
    worst = max((one.conclusion for one in proofs), key=lambda one: one.indication.severity)
    told = [
        _of_seal(one, tr) if isinstance(one, SealVerdict) else _of_code(one, tr) for one in proofs
    ]
    more = len(told) - _MOST
    rest = [tr(N_("et {count} de plus")).format(count=more)] if more > 0 else []
    return Line(name, answer_of(worst), (*told[:_MOST], *rest))


def _of_seal(seal: SealVerdict, tr: Translator) -> str:
    who = seal.signer or tr(N_("signataire inconnu"))
    if seal.conclusion.indication is not Indication.TOTAL_PASSED:
        if seal.signer is not None:
            who = tr(N_("le document nomme « {who} », ce qui n'est pas établi")).format(who=who)
        return who
    told = [who]
    if seal.level is not None:
        told.append(tr(N_("cachet de niveau {level}")).format(level=seal.level))
    if seal.qualified is not None:
        told.append(tr(N_("cachet qualifié") if seal.qualified else N_("cachet non qualifié")))
    if seal.signing_time is not None:
        at = f"{seal.signing_time.astimezone(UTC):%d/%m/%Y %H:%M}"
        told.append(tr(N_("daté du {day} (heure UTC)")).format(day=at))
    return " ; ".join(told)


def _of_code(code: CodeVerdict, tr: Translator) -> str:
    who = code.issuer or code.ca or tr(N_("signataire inconnu"))
    if code.conclusion.indication is not Indication.TOTAL_PASSED:
        if code.issuer is not None:
            who = tr(N_("le document nomme « {who} », ce qui n'est pas établi")).format(who=who)
        return f"{tr(CODE_TITLES[code.kind])} ; {who}"
    told = [who, tr(CODE_TITLES[code.kind])]
    if code.signature_date is not None:
        told.append(tr(N_("signé le {day}")).format(day=f"{code.signature_date:%d/%m/%Y}"))
    return " ; ".join(told)


def _same_as_printed(verdict: Verdict, tr: Translator) -> Line:
    name = tr(N_("Identique à l'imprimé"))
    results = [code.printed_text.result for code in verdict.codes]
    differing = [
        code.printed_text.check
        for code in verdict.codes
        if code.printed_text.result is PrintedResult.DIFFERENT and code.printed_text.check
    ]
    if differing:
        worst = max(differing, key=lambda one: one.indication.severity)
        return Line(name, _ANSWERS[worst.indication], (reason_of(worst, tr),))
    if not results:
        told = tr(N_("non comparé : le document ne porte pas de code"))
        return Line(name, Answer.NONE, (told,))
    if PrintedResult.NOT_COMPARED not in results:
        told = tr(N_("les données signées du code sont imprimées sur le document"))
        return Line(name, Answer.YES, (told,))
    if any(code.fields for code in verdict.codes):
        told = tr(N_("non comparé : comparez vous-même les données signées avec le document"))
    else:
        told = tr(N_("non comparé : aucune donnée n'est prouvée"))
    return Line(name, Answer.NONE, (told,))
