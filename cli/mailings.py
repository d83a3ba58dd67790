"""A mailing in words and members: how it stands, which lines are wrong, what was not sealed."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from cryptography import x509

from cli.files import writing
from cli.output import Output, plain
from cli.problems.problem import Exit
from cli.problems.table import parts_of, problem_of, problem_of_system
from cli.progress import paced
from sealing.batch.evidence import noted
from sealing.batch.files.folders import Folder
from sealing.batch.files.letters_csv import LineError
from sealing.batch.files.source import FAILURES
from sealing.batch.job import Job, Records
from sealing.batch.ledger.journal_file import digest_of
from sealing.batch.ledger.ledger import Ledger
from sealing.batch.ledger.place import open_ledger
from sealing.batch.ledger.report import SHOWN, Report, Trouble, failures_csv, page
from sealing.batch.ledger.rows import Counts
from sealing.batch.merge.merge import is_merge
from storage.errors import CoffreError
from storage.language import N_, Translator
from storage.settings import Mode

_COUNTED = (
    N_("Scellées : {sealed} sur {letters}, dans {folder}"),
    N_("Lettres à sceller faites : {sealed} sur {letters}, dans {folder}"),
)


_TRIED = N_(
    "  vérifiés : la liste, les clés, ce que diraient les codes, et chaque PDF ouvert ; restent à "
    "voir la place des codes et leur accord avec la page"
)


@dataclass(frozen=True, slots=True)
class Mailing:
    """How a mailing stands. `new` and `seconds` are of the last run.

    `unfit`: letters that a trial found would be refused.
    """

    folder: Folder
    counts: Counts
    seconds: float = 0.0
    new: int = 0
    unfit: int = 0
    trial: bool = False
    running: bool = False

    @property
    def rate(self) -> float:
        """Give the letters of a second, of the last run."""
        return self.new / self.seconds if self.seconds else 0.0

    def members(self) -> dict[str, Any]:
        """Give the members of the JSON object."""
        counts, journal = self.counts, self.folder.journal
        there = journal.exists() and not self.trial
        return {
            "folder": str(self.folder.root),
            "letters": counts.letters,
            "sealed": counts.sealed,
            "failed": counts.failed,
            "refused": counts.refused,
            "waiting": counts.waiting,
            "dry_run": self.trial,
            "unfit": self.unfit,
            "running": self.running,
            "new": self.new,
            "seconds": round(self.seconds, 3),
            "letters_per_second": round(self.rate, 1),
            "journal": str(journal) if there else None,
            "journal_sha256": digest_of(journal) if there else None,
            "report": str(self.folder.report) if self.folder.report.is_file() else None,
            "evidence": self.evidence,
        }

    @property
    def evidence(self) -> dict[str, int] | None:
        """Count evidence records, as the last run that was asked for them left them."""
        records = noted(self.folder)
        if records is None:
            return None
        return {"records": records, "missing": max(0, self.counts.sealed - records)}


def say(output: Output, mailing: Mailing) -> None:
    """Say how a mailing stands, in lines."""
    tr, counts = output.tr, mailing.counts
    if mailing.trial:
        _say_trial(output, mailing)
        return
    if mailing.running:
        output.show(tr(N_("Envoi en cours.")))
    told, where = tr(_COUNTED[is_merge(counts)]), mailing.folder.root
    output.show(told.format(sealed=counts.sealed, letters=counts.letters, folder=where))
    if counts.failed or counts.refused:
        told = tr(N_("  refusées : {refused}, en échec : {failed} (voyez {path})"))
        path = mailing.folder.root / FAILURES
        output.show(told.format(refused=counts.refused, failed=counts.failed, path=path))
    if counts.waiting:
        output.show(tr(N_("  en attente : {waiting}")).format(waiting=counts.waiting))
    if mailing.new:
        told = tr(N_("  ce passage : {new} en {seconds} s, {rate}/s"))
        seconds = f"{mailing.seconds:.1f}"
        output.show(told.format(new=mailing.new, seconds=seconds, rate=paced(mailing.rate)))
    if mailing.evidence is not None:
        told = tr(N_("  preuves d'existence : {records}, manquantes : {missing}"))
        output.show(told.format(**mailing.evidence))
    if mailing.folder.report.is_file():
        output.show(tr(N_("  rapport : {path}")).format(path=mailing.folder.report))


def _say_trial(output: Output, mailing: Mailing) -> None:
    tr, counts = output.tr, mailing.counts
    told = tr(N_("Liste vérifiée : {letters} lettres, {waiting} à sceller. Rien n'a été écrit."))
    output.show(told.format(letters=counts.letters, waiting=counts.waiting))
    if mailing.unfit:
        told = tr(N_("  seraient refusées : {unfit} (dites plus haut), et les autres scellées"))
        output.show(told.format(unfit=mailing.unfit))
    output.show(tr(_TRIED))


def say_records(output: Output, records: Records | None) -> Exit:
    """Say what is missing of the evidence records that were asked for; give the exit code."""
    tr = output.tr
    if records is None or not records.missing:
        return Exit.DONE
    again = tr(N_("la même commande les ajoute, sans rien sceller de nouveau"))
    if isinstance(records.trouble, CoffreError | OSError):
        why, code = _why(records.trouble, tr)
        told = tr(
            N_("les lettres sont scellées, mais {missing} preuves d'existence manquent : {why}")
        )
        output.error(told.format(missing=records.missing, why=why), again)
        return code
    if records.stopped:
        output.error(tr(N_("envoi interrompu")), again)
        return Exit.INTERRUPTED
    told = tr(N_("un autre fichier occupe la place de {barred} preuves d'existence (.ers)"))
    advice = tr(N_("déplacez-les, ou ajoutez --force pour les remplacer"))
    output.error(told.format(barred=records.barred), advice)
    return Exit.PARTIAL


def say_unwritten(output: Output, trouble: CoffreError | OSError, code: int) -> int:
    """Say that there is no report, and why; give the exit code of a run that had another."""
    why, own = _why(trouble, output.tr)
    told = output.tr(
        N_("le rapport n'a pas pu être écrit ({why}) ; les lettres scellées sont bonnes")
    )
    again = N_("ôtez ce qui gêne : la même commande l'écrit, sans rien sceller de nouveau")
    output.error(told.format(why=plain(why)), output.tr(again))
    return own if code in {Exit.DONE, Exit.PARTIAL} else code


def _why(trouble: CoffreError | OSError, tr: Translator) -> tuple[str, Exit]:
    if isinstance(trouble, CoffreError):
        return sentence_of(trouble, tr), problem_of(trouble).exit
    problem, details = problem_of_system(trouble)
    return tr(problem.sentence).format_map(details), problem.exit


def line_members(line: LineError, tr: Translator) -> dict[str, Any]:
    """Give the members of a wrong line's JSON object."""
    return {
        "line": line.number,
        "file": line.file,
        "code": line.error.reported or line.error.code,
        "sentence": sentence_of(line.error, tr),
        "parts": [{"about": about, "rule": rule} for about, rule in line.error.parts],
    }


def say_line(output: Output, line: LineError) -> None:
    """Say what is wrong with a line."""
    where = output.tr(N_("ligne {line}")).format(line=line.number)
    file = f" ({plain(line.file)})" if line.file else ""
    output.error(f"{where}{file} : {plain(sentence_of(line.error, output.tr))}")


def sentence_of(error: CoffreError, tr: Translator) -> str:
    """Say an error without its advice."""
    details = defaultdict(lambda: "?", {**error.details, "parts": parts_of(error, tr)})
    return tr(problem_of(error).sentence).format_map(details)


def troubles(ledger: Ledger, tr: Translator) -> Iterator[Trouble]:
    """Give the letters that were not sealed, in the order in which that happened."""
    last = 0
    while entries := ledger.troubles(last):
        last = entries[-1].number
        for entry in entries:
            yield Trouble(entry.line, entry.file, sentence_of(entry.trouble, tr))


def write_report(job: Job, mailing: Mailing, certificate: x509.Certificate, output: Output) -> None:
    """Write the page and the list of failures beside the sealed letters.

    Those of the run before are gone first. Raises OSError, DatabaseUnavailableError.
    """
    folder, counts, tr = mailing.folder, mailing.counts, output.tr
    folder.report.unlink(missing_ok=True)
    bench = job.bench
    ledger = open_ledger(folder, job.shared)
    try:
        first = list(islice(troubles(ledger, tr), SHOWN))
        listed = folder.root / FAILURES
        listed.unlink(missing_ok=True)
        if first:
            with writing(listed, force=True) as file:
                file.writelines(failures_csv(troubles(ledger, tr)))
        now = datetime.now(UTC)
        report = Report(
            folder=folder.root.name or str(folder.root),
            letters=counts.letters,
            sealed=counts.sealed,
            failed=counts.failed,
            refused=counts.refused,
            new=mailing.new,
            seconds=mailing.seconds,
            began=counts.started_at or now,
            ended=now if mailing.new else counts.ended_at or now,
            certificate=certificate,
            journal_sha256=digest_of(folder.journal),
            troubles=first,
            records=noted(folder),
            lang=output.lang,
            test=bench.keys.settings.mode is Mode.TEST,
            level=bench.profile.level,
        )
    finally:
        ledger.close()
    with writing(folder.report, force=True) as file:
        file.write(page(report, output.tr).encode())
