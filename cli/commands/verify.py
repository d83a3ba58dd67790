"""`coffre verify`: a proof, and what may be believed of it."""

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from cli.files import STANDARD
from cli.help import Command, group
from cli.judging import Question, told_of
from cli.listed_files import ListedFiles, listed
from cli.output import Output, of
from cli.problems.problem import Exit
from cli.reporting import Papers
from cli.verdicts import tell
from cli.verifying import verify_files
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Settings
from verifier.checks.seal.child import SealJudge
from verifier.reading.found import text_document
from verifier.reading.second_reader import load as load_second_reader
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Limits, Mode
from verifier.verify import verify

app = group()

_TEXT_LIMIT = 64 * 1024


class MomentError(CoffreError):
    """An `--at` is not an RFC 3339 moment with its time zone. Details: `at`."""

    code: ClassVar[str] = "usage.moment"


class NothingToVerifyError(CoffreError):
    """Neither a file nor `--raw` was given, or both."""

    code: ClassVar[str] = "usage.nothing-to-verify"


class EvidenceOfWhatError(CoffreError):
    """`--evidence` names the record of one file, and not exactly one was given."""

    code: ClassVar[str] = "usage.evidence-of-what"


class NoPixelsError(CoffreError):
    """`--second-reader` looks at pixels, and `--raw` has none."""

    code: ClassVar[str] = "usage.no-pixels"


Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILE", help=N_("PDF, scan, photo ou dossier.")),
]
Trust = Annotated[
    list[Path] | None,
    typer.Option(metavar="DIR", help=N_("Dossier de confiance ; à répéter.")),
]
At = Annotated[
    str | None, typer.Option(metavar="RFC3339", help=N_("Juger à ce moment, et non maintenant."))
]
Evidence = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help=N_("Preuve d'existence du fichier (sinon : FILE.ers, à côté de lui).")
    ),
]
Raw = Annotated[
    str | None, typer.Option(metavar="TEXT|-", help=N_("Les caractères d'un code, sans fichier."))
]
Config = Annotated[Path | None, typer.Option(metavar="F", help=N_("Réglages."))]
Offline = Annotated[
    bool, typer.Option("--offline", help=N_("Sans réseau (c'est toujours le cas ici)."))
]
Second = Annotated[
    bool,
    typer.Option(
        "--second-reader",
        help=N_("Relire chaque code avec libdmtx (pip install 'coffre[libdmtx]')."),
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        metavar="N", min=0, help=N_("Plusieurs fichiers : processus à la fois (0 : les cœurs).")
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE|DIR", help=N_("Écrire le rapport d'une page à garder au dossier (PDF).")
    ),
]
Letter = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE|DIR",
        help=N_(
            "En cas de doute : préparer la lettre qui demande l'original (.pdf ; .txt à adapter)."
        ),
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help=N_("Remplacer le rapport ou la lettre qui y est déjà."))
]
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]


@app.command(
    cls=Command,
    help=N_(
        "Vérifier un PDF scellé, un scan, une photo ou le texte d'un code.\n"
        "Trois réponses : authentique (0), falsifié ou altéré (4), impossible de conclure (6) ; "
        "10 si le fichier ne porte ni cachet ni code."
    ),
    epilog="coffre verify lettre-scellee.pdf --trust pki/trust",
)
def command(
    ctx: typer.Context,
    files: Files = None,
    trust: Trust = None,
    at: At = None,
    raw: Raw = None,
    evidence: Evidence = None,
    config: Config = None,
    offline: Offline = False,  # noqa: ARG001 - deciding never needs the network
    second_reader: Second = False,
    workers: Workers = 0,
    report: Report = None,
    letter: Letter = None,
    force: Force = False,
    json: Json = False,
) -> int:
    """Verify files, or the text of a code; the exit code is the answer."""
    output = of(ctx)
    _require_one_source(files, raw, second_reader=second_reader)
    _require_one_file(files, evidence)
    if second_reader:
        load_second_reader()
    settings, moment = Settings.load(config), moment_of(at)
    limits = Limits.of_days(settings.directory_days, settings.crl_grace_days)
    lists = read_trust(trust or settings.trust_folders, Mode(settings.mode), limits)
    found = listed(files or [])
    papers = Papers.asked(report, letter, found.paths, settings.town, force=force)
    question = Question(lists, output.lang, moment, evidence, second_reader, json, papers=papers)
    if raw is not None:
        code = _judged_text(characters_of(raw), question, output)
    else:
        code = _judged(found, question, output, workers)
    if lists.is_test and not json:
        output.remark(output.tr(N_("listes de confiance d'ESSAI : ces réponses ne prouvent rien")))
    return code


def _judged(files: ListedFiles, question: Question, output: Output, workers: int) -> int:
    """Judge one file on a screen of its own, several in a table."""
    if files.in_folders or len(files.paths) > 1:
        return verify_files(files, replace(question, in_table=True), output, workers)
    with SealJudge(question.lists) as judge:
        told = told_of(files.paths[0], question, judge)
    output.stdout.write(told.out)
    output.stderr.write(told.err)
    return Exit.FAILED if told.paper_failed else told.code


def _judged_text(text: str, question: Question, output: Output) -> int:
    """Judge the characters of a code."""
    document, name = text_document(text, STANDARD), output.tr(N_("texte d'un code"))
    now = datetime.now(UTC)
    verdict = verify(document, question.lists, now, at=question.at)
    code = tell(output, verdict, name, as_json_line=question.as_json)
    failed = question.papers.write(verdict, document.data, now, name, output)
    return Exit.FAILED if failed else code


def _require_one_source(files: list[Path] | None, raw: str | None, *, second_reader: bool) -> None:
    if bool(files) == (raw is not None):
        raise NothingToVerifyError("got neither a file nor --raw, or both")
    if second_reader and raw is not None:
        raise NoPixelsError("got --second-reader with --raw")


def _require_one_file(files: list[Path] | None, evidence: Path | None) -> None:
    if evidence is not None and len(files or []) != 1:
        raise EvidenceOfWhatError(f"got --evidence with {len(files or [])} files")


def moment_of(at: str | None) -> datetime | None:
    """Read `--at`; raise MomentError."""
    if at is None:
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise MomentError(f"got {at}", at=at) from None
    if moment.tzinfo is None:
        raise MomentError(f"got {at} without a time zone", at=at)
    return moment


def characters_of(raw: str) -> str:
    """Give the characters of `--raw TEXT|-`; those of a code made of bytes are its bytes.

    What is not UTF-8 comes from a scanner or from `coffre twoddoc`, one byte a character.
    """
    data = sys.stdin.buffer.read(_TEXT_LIMIT) if raw == STANDARD else os.fsencode(raw)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
