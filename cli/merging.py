"""`coffre batch merge`: a template and data, to letters ready for `coffre batch seal`."""

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

import typer

from cli.asked import listed
from cli.files import writing
from cli.help import Command
from cli.mailings import line_members, say_line, troubles
from cli.output import Output, of, plain
from cli.problems.problem import Exit
from cli.under_way import UnderWay
from cli.worker import MOST_WORKERS, hands
from sealing.batch.engine import Engine
from sealing.batch.files.folders import Folder
from sealing.batch.files.letters_csv import LineError
from sealing.batch.ledger.intake import Reading
from sealing.batch.ledger.place import open_ledger
from sealing.batch.ledger.rows import Counts
from sealing.batch.local_pool import LocalPool
from sealing.batch.merge.letters_list import path_of
from sealing.batch.merge.merge import MergeJob, MergeOutcome, merge, preview
from sealing.batch.merge.work import Press
from storage.errors import CoffreError
from storage.language import N_

_SHOWN: Final = 10
_REMARKS: Final = {
    "alt": N_("une image du modèle n'a pas de texte (alt) : qui ne la voit pas n'en saura rien"),
    "column": N_("champs sans colonne, laissés comme dans le formulaire : {about}"),
    "lang": N_('le modèle ne dit pas sa langue : écrivez <html lang="fr">'),
    "title": N_("le modèle n'a pas de titre : ajoutez <title>"),
    "tags": N_("ce formulaire n'est pas balisé : un lecteur d'écran lira mal ces lettres"),
}


class NoOutputError(CoffreError):
    """Neither a folder nor a preview was asked for."""

    code: ClassVar[str] = "usage.merge-output"


class FieldsOrNoneError(CoffreError):
    """Fields of a code were asked for, and no code."""

    code: ClassVar[str] = "usage.merge-fields"


Template = Annotated[
    Path, typer.Argument(metavar="MODELE", help=N_("Modèle HTML, ou formulaire PDF."))
]
Data = Annotated[
    Path, typer.Argument(metavar="DATA.csv", help=N_("Données : une ligne par lettre."))
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help=N_("Dossier des lettres."))]
Field = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME={COLONNE}",
        help=N_(
            "Une donnée du code, faite de colonnes (10={civilité}/{nom}/{prénom}) ; à répéter. "
            "Sans cette option : les colonnes qui sont des données de 2D-Doc, sinon toutes."
        ),
    ),
]
NoCode = Annotated[
    bool, typer.Option("--no-code", help=N_("Lettres à sceller sans code : letters.csv les nomme."))
]
Preview = Annotated[
    Path | None,
    typer.Option(metavar="FILE.pdf", help=N_("Faire une seule lettre, pour la regarder.")),
]
Which = Annotated[int, typer.Option(metavar="N", min=1, help=N_("Avec --preview : laquelle."))]
Workers = Annotated[
    int, typer.Option(min=0, max=MOST_WORKERS, help=N_("Processus (0 : un par cœur)."))
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help=N_("Tout vérifier et essayer une lettre, sans écrire."))
]
Force = Annotated[bool, typer.Option("--force", help=N_("Remplacer ce qui gêne."))]
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]


def add(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("merge", cls=Command, help=_HELP, epilog=_EXAMPLE)(command)


_HELP: Final = N_(
    "Publipostage : d'un modèle et d'un fichier CSV, faire des lettres PDF balisées et leur liste "
    "(letters.csv), prêtes pour coffre batch seal.\n"
    "Dans un modèle HTML, {{ nom }} met la valeur de la colonne « nom ». Dans un formulaire PDF, "
    "le champ « nom » la reçoit. Interrompu, le travail reprend par la même commande."
)
_EXAMPLE: Final = (
    "coffre batch merge modele.html data.csv --preview essai.pdf\n"
    "coffre batch merge modele.html data.csv --out lettres \\\n"
    "  --field '10={civilité}/{nom}/{prénom}' --field '22={adresse}'"
)


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    ctx: typer.Context,
    template: Template,
    data: Data,
    out: Out = None,
    field: Field = None,
    no_code: NoCode = False,  # noqa: FBT002 - an option of the command line
    preview: Preview = None,
    letter: Which = 1,
    workers: Workers = 0,
    dry_run: DryRun = False,  # noqa: FBT002 - as above
    force: Force = False,  # noqa: FBT002 - as above
    json: Json = False,  # noqa: FBT002 - as above
) -> int:
    """Make letters; the exit code tells how it went."""
    output = of(ctx)
    if out is None and preview is None:
        raise NoOutputError("got neither --out nor --preview")
    if field and no_code:
        raise FieldsOrNoneError("got fields and no code")
    fields = () if no_code else None if field is None else tuple(field)
    folder = Folder(out or Path(), durable=True)
    with listed(data) as path:
        job = MergeJob(path, template, folder, fields, hands(workers), force, dry_run)
        if preview is not None:
            return _previewed(job, letter, preview, output)
        return _carried_out(job, output, as_json=json)


def _previewed(job: MergeJob, letter: int, path: Path, output: Output) -> int:
    with writing(path, force=job.force) as file:
        file.write(preview(job, letter))
    output.say(output.tr(N_("Lettre {letter} : {path}")).format(letter=letter, path=path))
    return Exit.DONE


def _carried_out(job: MergeJob, output: Output, *, as_json: bool) -> int:
    def wrong(line: LineError) -> None:
        if as_json:
            output.give("batch-line", **line_members(line, output.tr))
        else:
            say_line(output, line)

    with ExitStack() as stack:
        watch = _Watching(output, stack, wrong)
        try:
            outcome = merge(job, partial(_pool, job), watch)
        finally:
            watch.close()
    for remark, about in outcome.remarks:
        output.remark(output.tr(_REMARKS[remark]).format(about=plain(about)))
    if as_json:
        output.give("merge", **_members(job, outcome))
    else:
        _say(job, outcome, output)
    return _ending(outcome, output)


def _pool(job: MergeJob, press: Press) -> Engine:
    return LocalPool(job.workers, press.folder.private / "workers.log")


def _members(job: MergeJob, outcome: MergeOutcome) -> dict[str, Any]:
    counts = outcome.counts
    return {
        "folder": str(job.folder.root),
        "letters": counts.letters,
        "made": counts.sealed,
        "failed": counts.failed + counts.refused,
        "waiting": counts.waiting,
        "dry_run": job.trial,
        "new": outcome.new,
        "seconds": round(outcome.seconds, 3),
        "fields": list(outcome.fields),
        "list": str(path_of(job.folder)) if outcome.listed else None,
    }


def _say(job: MergeJob, outcome: MergeOutcome, output: Output) -> None:
    tr, counts = output.tr, outcome.counts
    if job.trial:
        told = N_("Données vérifiées : {letters} lettres, {waiting} à faire. Rien n'a été écrit.")
        output.show(tr(told).format(letters=counts.letters, waiting=counts.waiting))
    else:
        told = N_("Lettres faites : {made} sur {letters}, dans {folder}")
        where = job.folder.root
        output.show(tr(told).format(made=counts.sealed, letters=counts.letters, folder=where))
    if outcome.fields:
        fields = plain(", ".join(outcome.fields))
        output.show(tr(N_("  données du code : {fields}")).format(fields=fields))
    if outcome.listed:
        output.show(tr(N_("  liste : {path}")).format(path=path_of(job.folder)))
    if counts.failed or counts.refused:
        ledger = open_ledger(job.folder, None)
        try:
            for each in islice(troubles(ledger, tr), _SHOWN):
                line = tr(N_("ligne {line}")).format(line=each.line)
                output.show(f"  {line} ({plain(each.file)}) : {plain(each.reason)}")
        finally:
            ledger.close()


def _ending(outcome: MergeOutcome, output: Output) -> int:
    """Give the exit code; raise what halted the run."""
    if outcome.halted is not None:
        raise outcome.halted
    tr, counts = output.tr, outcome.counts
    if outcome.stopped:
        again = tr(N_("la même commande reprend où l'envoi s'est arrêté"))
        output.error(tr(N_("envoi interrompu")), again)
        return Exit.INTERRUPTED
    failed = counts.failed + counts.refused
    if failed:
        told = tr(N_("{failed} lettres n'ont pas pu être faites : letters.csv n'est pas écrit"))
        advice = tr(N_("corrigez leurs lignes ou le modèle, puis relancez la même commande"))
        output.error(told.format(failed=failed), advice)
        return Exit.PARTIAL
    return Exit.DONE


@dataclass(slots=True)
class _Watching(UnderWay):
    """Tells a merge while it goes on, and hears Ctrl-C once letters are being made."""

    def read(self, found: Reading, counts: Counts) -> None:
        """Say what is to be done."""
        tr = self.output.tr
        changed = tr(N_("{count} lettres ont changé : elles sont faites de nouveau"))
        self.begin(found, counts, changed, tr(N_("{letters} lettres, {waiting} à faire")))
