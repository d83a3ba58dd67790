"""The verdict as JSON: the `verdict` object of the command line and of the API.

Members and their meaning: `cli/schemas/verdict.schema.json`. Moments are RFC 3339, days are ISO
8601, bytes are base64. A file without code and without seal has null as its indication.
"""

import base64
from datetime import UTC, date, datetime
from typing import Any

from storage.language import Translator
from verifier.check import Check, Conclusion
from verifier.reports.sentences import headline, reason_of
from verifier.verdict import (
    CodeVerdict,
    EvidenceVerdict,
    Named,
    PrintedText,
    SealVerdict,
    Verdict,
)

Json = dict[str, Any]


def as_json(verdict: Verdict, tr: Translator) -> Json:
    """Give the members of a verdict; `summary` is a sentence in the person's language."""
    checks = [_check(check, tr) for check in verdict.checks]
    for seal in verdict.seals:
        checks += [{**_check(check, tr), "seal": seal.field} for check in seal.checks]
    for number, code in enumerate(verdict.codes):
        own = (*code.checks, *_page_check(code.printed_text))
        checks += [{**_check(check, tr), "code": number} for check in own]
    if verdict.evidence is not None:
        checks += [_check(check, tr) for check in verdict.evidence.checks]
    return {
        "file": verdict.file,
        **_answer(verdict.conclusion),
        "summary": headline(verdict, tr),
        "test": verdict.test,
        "at": _moment(verdict.at),
        "checks": checks,
        "pades": [_seal(seal) for seal in verdict.seals],
        "codes": [_code(code) for code in verdict.codes],
        "evidence": _evidence(verdict.evidence),
        "status": {"state": str(verdict.status.state), "at": _moment(verdict.status.at)},
        "trust": {
            "lists": [
                {"name": one.name, "issued": _moment(one.issued), "age_days": one.age_days}
                for one in verdict.trust.lists
            ]
        },
    }


def _answer(conclusion: Conclusion | None) -> Json:
    if conclusion is None:
        return {"indication": None, "sub_indication": None, "reason": None}
    sub = conclusion.sub_indication
    return {
        "indication": str(conclusion.indication),
        "sub_indication": None if sub is None else str(sub),
        "reason": conclusion.reason,
    }


def _check(check: Check, tr: Translator) -> Json:
    return {
        "id": check.id,
        **_answer(Conclusion(check.indication, check.sub_indication, check.reason)),
        "sentence": reason_of(check, tr),
        "details": dict(check.details),
    }


def _page_check(printed: PrintedText) -> tuple[Check, ...]:
    return () if printed.check is None else (printed.check,)


def _seal(seal: SealVerdict) -> Json:
    return {
        "field": seal.field,
        "id": _identifier(seal.named),
        "level": seal.level,
        "signer": seal.signer,
        "qualified": seal.qualified,
        "signing_time": _moment(seal.signing_time),
        "covers_whole_document": seal.covers_whole_document,
        "modifications": list(seal.modifications),
        **_answer(seal.conclusion),
    }


def _code(code: CodeVerdict) -> Json:
    return {
        "symbology": code.symbology,
        "kind": str(code.kind),
        "raw_b64": base64.b64encode(code.raw).decode(),
        "page": None if code.page is None else code.page + 1,
        "id": _identifier(code.named),
        "version": None if code.version is None else f"{code.version:02}",
        "doc_type": code.doc_type,
        "doc_type_name": code.doc_type_name,
        "ca": code.ca,
        "cert": code.cert,
        "issuer": code.issuer,
        "issue_date": _day(code.issue_date),
        "signature_date": _day(code.signature_date),
        "fields": [
            {"di": field.di, "name": field.name, "value": field.value, "raw": field.raw}
            for field in code.fields
        ],
        "annex": [{"di": field.di, "raw": field.raw} for field in code.annex],
        "findings": list(code.findings),
        **_answer(code.conclusion),
        "printed_text": _printed(code.printed_text),
    }


def _identifier(named: Named | None) -> str | None:
    return None if named is None else str(named.identifier)


def _evidence(evidence: EvidenceVerdict | None) -> Json | None:
    if evidence is None:
        return None
    return {
        "at": _moment(evidence.time),
        "authority": evidence.authority,
        "asked": evidence.asked,
        **_answer(evidence.conclusion),
    }


def _printed(printed: PrintedText) -> Json:
    return {
        "result": str(printed.result),
        "differences": [
            {"di": one.di, "name": one.name, "signed": one.signed, "printed": one.printed}
            for one in printed.differences
        ],
    }


def _moment(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
