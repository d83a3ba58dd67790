"""One file judged, in words: its screen, its JSON line, or its line in a table."""

import io
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cli.files import STANDARD, read
from cli.main import explain
from cli.output import Output
from cli.problems.problem import Exit
from cli.reporting import NO_PAPERS, Papers
from cli.verdict_table import Told
from cli.verdicts import tell
from sealing.proofs.evidence_record import MAX_BYTES as MAX_RECORD
from sealing.proofs.evidence_record import SUFFIX
from storage.errors import CoffreError
from storage.language import N_
from verifier.check import Indication
from verifier.checks.seal.child import SealJudge
from verifier.reading.document import read_document
from verifier.reading.found import FoundRecord, ReadDocument
from verifier.reading.sniff import MAX_BYTES
from verifier.reports.sentences import explanation, headline, is_blue
from verifier.trust.trust_list import TrustList
from verifier.verdict import Verdict
from verifier.verify import verify


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every file alike, and how it is to be told."""

    lists: TrustList
    lang: str
    at: datetime | None = None
    evidence: Path | None = None
    second_reader: bool = False
    as_json: bool = False
    in_table: bool = False
    papers: Papers = NO_PAPERS


def told_of(path: Path, question: Question, judge: SealJudge, data: bytes | None = None) -> Told:
    """Judge one file; what cannot be read is told too. `data` is there for standard input."""
    out, err = io.StringIO(), io.StringIO()
    output = Output(question.lang, out, err)
    name = _name(path, output)
    try:
        document = _document(path, question, data)
        now = datetime.now(UTC)
        verdict = verify(document, question.lists, now, at=question.at, seals=judge)
    except (CoffreError, OSError) as error:
        # The others are judged all the same: a forgery must not hide behind a bad file.
        return told_failed(error, path, question)
    if question.in_table and not question.as_json:
        code = tell(Output(question.lang, io.StringIO(), err), verdict, name, as_json_line=False)
    else:
        code = tell(output, verdict, name, as_json_line=question.as_json)
    failed = question.papers.write(verdict, document.data, now, name, output)
    conclusion = verdict.conclusion
    doubted = conclusion is not None and conclusion.indication is not Indication.TOTAL_PASSED
    return Told(
        name,
        code,
        answer=headline(verdict, output.tr),
        who=_who(verdict),
        why=explanation(verdict, output.tr) if doubted else "",
        out=out.getvalue(),
        err=err.getvalue(),
        to_compare=code == Exit.DONE and is_blue(verdict),
        paper_failed=failed,
    )


def told_failed(error: Exception, path: Path, question: Question) -> Told:
    """Tell a file that could not be judged."""
    err = io.StringIO()
    output = Output(question.lang, io.StringIO(), err)
    name = _name(path, output)
    code = explain(error, output, about=name)
    return Told(name, code, output.tr(N_("pas lu")), err=err.getvalue(), unread=True)


def _name(path: Path, output: Output) -> str:
    return output.tr(N_("entrée standard")) if str(path) == STANDARD else str(path)


def _who(verdict: Verdict) -> str:
    seals = [seal.signer for seal in verdict.seals if seal.signer]
    codes = [code.issuer for code in verdict.codes if code.issuer]
    return next(iter([*seals, *codes]), "")


def _document(path: Path, question: Question, data: bytes | None) -> ReadDocument:
    held = read(path, limit=MAX_BYTES) if data is None else data
    record = _record(path, question.evidence)
    document = read_document(held, str(path), second_reader=question.second_reader)
    return replace(document, record=record)


def _record(path: Path, named: Path | None) -> FoundRecord | None:
    """Read the evidence record that was named, or the one that lies beside a file.

    What lies there and cannot be read is no reason to leave the file unjudged.
    """
    if named is not None:
        return FoundRecord(read(named, limit=MAX_RECORD), asked=True)
    beside = path.with_name(f"{path.name}{SUFFIX}")
    if str(path) == STANDARD or not beside.is_file():
        return None
    try:
        return FoundRecord(read(beside, limit=MAX_RECORD))
    except (CoffreError, OSError):
        return FoundRecord(b"")
