"""`coffre verify`: a proof, and what may be believed of it."""

import os
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from cli.files import STANDARD, read
from cli.help import Command, group
from cli.main import explain
from cli.output import Output, of
from cli.problems.problem import Exit
from cli.reporting import Papers
from cli.verdicts import tell
from sealing.proofs.evidence_record import MAX_BYTES as MAX_RECORD
from sealing.proofs.evidence_record import SUFFIX
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Settings
from verifier.reading.document import read_document
from verifier.reading.found import FoundRecord, ReadDocument, text_document
from verifier.reading.second_reader import load as load_second_reader
from verifier.reading.sniff import MAX_BYTES
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Limits, Mode, TrustList
from verifier.verify import verify

app = group()

_TEXT_LIMIT = 64 * 1024
# Several files: the first of these that one of them gives.
_ORDER = (Exit.FAILED, Exit.TOTAL_FAILED, Exit.INDETERMINATE, Exit.NOT_FOUND, Exit.DONE)


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


Files = Annotated[list[Path] | None, typer.Argument(metavar="FILE", help=N_("PDF, scan ou photo."))]
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
    paths = _documents(files or [])
    papers = Papers.asked(report, letter, paths, settings.town, force=force)
    desk = _Desk(output, lists, moment, papers, json)
    found: list[int] = []
    if raw is not None:
        found += desk.judged(text_document(characters_of(raw), STANDARD), _name(None, output))
    for path in paths:
        name = _name(path, output)
        try:
            found += desk.judged(_read(path, evidence, second_reader=second_reader), name)
        except (CoffreError, OSError) as error:
            # The others are judged all the same: a forgery must not hide behind a bad file.
            found.append(explain(error, output, about=name))
    if lists.is_test and not json:
        output.remark(output.tr(N_("listes de confiance d'ESSAI : ces réponses ne prouvent rien")))
    return next((code for code in _ORDER if code in found), found[0])


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every document is judged and told with."""

    output: Output
    lists: TrustList
    moment: datetime | None
    papers: Papers
    json: bool

    def judged(self, document: ReadDocument, name: str) -> list[int]:
        """Judge one document, tell it and write its papers; give the exit codes."""
        now = datetime.now(UTC)
        verdict = verify(document, self.lists, now, at=self.moment)
        code = tell(self.output, verdict, name, as_json_line=self.json)
        return [code, *self.papers.write(verdict, document.data, now, name, self.output)]


def _name(path: Path | None, output: Output) -> str:
    if path is None:
        return output.tr(N_("texte d'un code"))
    return output.tr(N_("entrée standard")) if str(path) == STANDARD else str(path)


def _require_one_source(files: list[Path] | None, raw: str | None, *, second_reader: bool) -> None:
    if bool(files) == (raw is not None):
        raise NothingToVerifyError("got neither a file nor --raw, or both")
    if second_reader and raw is not None:
        raise NoPixelsError("got --second-reader with --raw")


def _require_one_file(files: list[Path] | None, evidence: Path | None) -> None:
    if evidence is not None and len(files or []) != 1:
        raise EvidenceOfWhatError(f"got --evidence with {len(files or [])} files")


def _documents(files: list[Path]) -> list[Path]:
    """Leave out the records that lie beside a file of the same order: `coffre verify OUT/*`."""
    return [path for path in files if path.suffix != SUFFIX or path.with_suffix("") not in files]


def _read(path: Path, evidence: Path | None, *, second_reader: bool) -> ReadDocument:
    data, record = read(path, limit=MAX_BYTES), _record(path, evidence)
    document = read_document(data, str(path), second_reader=second_reader)
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
