"""A verdict for a person, in lines, or as one JSON object.

Rules kept here:

- what is known of a seal is said: its level, the date that it bears (the signer's own word below
  B-T), and the identifier by which the document may be revoked, only where the seal proves it.
"""

from datetime import UTC

from cli.output import Output
from cli.problems.problem import Exit
from storage.language import N_, Translator
from verifier.check import Indication
from verifier.reports.as_json import as_json
from verifier.reports.sentences import (
    existence,
    explanation,
    headline,
    not_checked,
    reason_of,
)
from verifier.verdict import (
    CodeKind,
    CodeVerdict,
    Difference,
    EvidenceVerdict,
    PrintedResult,
    SealVerdict,
    Verdict,
)

_SIGNS = {
    Indication.TOTAL_PASSED: "✓",
    Indication.INDETERMINATE: "?",
    Indication.TOTAL_FAILED: "✗",
}
_CODES = {
    Indication.TOTAL_PASSED: Exit.DONE,
    Indication.INDETERMINATE: Exit.INDETERMINATE,
    Indication.TOTAL_FAILED: Exit.TOTAL_FAILED,
}
_TITLES = {
    CodeKind.TWODDOC: N_("code 2D-Doc"),
    CodeKind.TOWNCODE: N_("code de vérification"),
}


def tell(output: Output, verdict: Verdict, name: str, *, as_json_line: bool) -> Exit:
    """Say one verdict; give the exit code that goes with it."""
    if as_json_line:
        output.give("verdict", **as_json(verdict, output.tr))
    else:
        _say(output, verdict, name)
    conclusion = verdict.conclusion
    return Exit.NOT_FOUND if conclusion is None else _CODES[conclusion.indication]


def _say(output: Output, verdict: Verdict, name: str) -> None:
    conclusion = verdict.conclusion
    sign = "-" if conclusion is None else _SIGNS[conclusion.indication]
    output.show(f"{sign} {name} : {headline(verdict, output.tr)}")
    if conclusion is not None and conclusion.indication is not Indication.TOTAL_PASSED:
        output.show(f"  {explanation(verdict, output.tr)}")
    for seal in verdict.seals:
        _say_seal(output, seal)
    for code in verdict.codes:
        _say_code(output, code)
    if verdict.evidence is not None:
        _say_evidence(output, verdict.evidence)
    for check in verdict.checks:
        output.show(f"  · {reason_of(check, output.tr)}")
    for line in not_checked(verdict, output.tr):
        output.show(f"  · {line}")


def _say_seal(output: Output, seal: SealVerdict) -> None:
    who = seal.signer or output.tr(N_("signataire inconnu"))
    title = output.tr(N_("cachet"))
    output.show(f"  {_SIGNS[seal.conclusion.indication]} {title} : {who}")
    if facts := _facts(seal, output.tr):
        output.show(f"      {facts}")
    for check in seal.checks:
        if not check.has_passed:
            output.show(f"      {reason_of(check, output.tr)}")


def _facts(seal: SealVerdict, tr: Translator) -> str:
    """Say what is known of a seal: its level, its date, and the document that it names."""
    told = []
    if seal.level is not None:
        told.append(tr(N_("niveau {level}")).format(level=seal.level))
    if seal.qualified is not None:
        told.append(tr(N_("cachet qualifié") if seal.qualified else N_("cachet non qualifié")))
    if seal.signer is not None and seal.signing_time is not None:
        day = seal.signing_time.astimezone(UTC)
        told.append(tr(N_("daté du {day} (heure UTC)")).format(day=f"{day:%d/%m/%Y %H:%M}"))
    if seal.named is not None:
        told.append(tr(N_("identifiant {id}")).format(id=seal.named.identifier))
    return " ; ".join(told)


def _say_evidence(output: Output, evidence: EvidenceVerdict) -> None:
    title = output.tr(N_("preuve d'existence"))
    sign = _SIGNS[evidence.conclusion.indication]
    output.show(f"  {sign} {title} : {existence(evidence, output.tr)}")


def _say_code(output: Output, code: CodeVerdict) -> None:
    title = output.tr(_TITLES[code.kind])
    what = code.doc_type_name or code.doc_type or ""
    output.show(f"  {_SIGNS[code.conclusion.indication]} {title} {what}".rstrip())
    for check in code.checks:
        if not check.has_passed:
            output.show(f"      {reason_of(check, output.tr)}")
    for field in code.fields:
        if field.value:
            output.show(f"      {field.name} : {field.value}")
    if code.printed_text.result is PrintedResult.DIFFERENT:
        output.show("      " + output.tr(N_("le document ne dit pas la même chose que son code")))
    for one in code.printed_text.differences:
        output.show(f"      ≠ {one.name} : {_contrast(one, output.tr)}")


def _contrast(one: Difference, tr: Translator) -> str:
    """Say what was signed, and what stands on the page in its place."""
    if one.printed is None:
        return tr(N_("scellé « {signed} », introuvable sur le document")).format(signed=one.signed)
    told = tr(N_("scellé « {signed} », imprimé « {printed} »"))
    return told.format(signed=one.signed, printed=one.printed)
