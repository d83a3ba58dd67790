"""`coffre batch`: a mailing, from the list of its letters to a folder of sealed ones."""

from contextlib import ExitStack
from dataclasses import replace
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from cli import merging, splitting, watching
from cli.agreement import require_agreement
from cli.asked import Check, Checked, codes_of, failures_of, fitted, listed
from cli.help import Command, group
from cli.mailings import (
    Mailing,
    line_members,
    say,
    say_line,
    say_records,
    say_unwritten,
    troubles,
    write_report,
)
from cli.orders import corner
from cli.output import Output, of, plain
from cli.problems.problem import Exit
from cli.seal_options import (
    At,
    Config,
    Fold,
    Json,
    LevelName,
    Page,
    SignerName,
    StrictC40,
    TownCode,
    TownType,
    TwoDDoc,
    level_of,
    profile_of,
)
from cli.under_way import Watching
from cli.worker import (
    EngineName,
    Engines,
    Sessions,
    Workers,
    hands,
    keys_of,
    queue,
    shared_database,
    work,
)
from sealing.batch.engine import Engine
from sealing.batch.files.folders import Folder
from sealing.batch.files.letters_csv import LineError
from sealing.batch.files.source import Source
from sealing.batch.job import Job, Outcome
from sealing.batch.ledger.place import open_ledger, running
from sealing.batch.local_pool import LocalPool
from sealing.batch.ranges.work import SAMPLE, Bench
from sealing.batch.run import run
from sealing.marks.placement import Wish as Place
from sealing.service.levels import Level
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Mode, Settings

app = group(N_("Sceller un envoi entier, à partir d'une liste ; dire où il en est."))
merging.add(app)
splitting.add(app)

_SHOWN = 10


class Fsync(StrEnum):
    """When sealed letters are flushed to the disk."""

    ALWAYS = "always"
    END = "end"


Letters = Annotated[Path, typer.Option("--letters", metavar="F.csv", help=N_("Liste des lettres."))]
In = Annotated[Path, typer.Option("--in", metavar="DIR", help=N_("Dossier des lettres à sceller."))]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help=N_("Dossier des lettres scellées."))
]
MaxFailures = Annotated[
    str | None,
    typer.Option(
        metavar="N|P%",
        help=N_(
            "S'arrêter quand plus de N lettres (ou P %) échouent ; chaque processus les compte"
            " par 25. Sans : quand les 50 premières échouent toutes."
        ),
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help=N_("Tout vérifier, ne rien sceller, ne rien écrire."))
]
SameLayout = Annotated[
    bool,
    typer.Option(
        "--same-layout",
        help=N_(
            "Toutes les lettres ont la même mise en page : chercher la place du code une seule "
            "fois, et ne regarder ensuite que la page d'une lettre sur 200."
        ),
    ),
]
Sync = Annotated[
    Fsync,
    typer.Option(
        metavar="end|always",
        help=N_("Écrire sur le disque à la fin de l'envoi, ou avant que chaque lettre compte."),
    ),
]
Sealed = Annotated[Path, typer.Argument(metavar="DIR", help=N_("Dossier des lettres scellées."))]
Evidence = Annotated[
    bool,
    typer.Option(
        "--evidence-record",
        help=N_("Donner à chaque lettre sa preuve d'existence (.ers) : un horodatage pour toutes."),
    ),
]
Force = Annotated[
    bool,
    typer.Option("--force", help=N_("Remplacer ce qui gêne ; sceller de nouveau ce qui manque.")),
]


@app.command(
    "seal",
    cls=Command,
    help=N_(
        "Sceller toutes les lettres d'une liste CSV (colonne « file », puis une colonne par donnée "
        "du code).\n"
        "Toute la liste est vérifiée d'abord. Interrompu ou arrêté, l'envoi reprend par la même "
        "commande : chaque lettre est scellée une seule fois."
    ),
    epilog=(
        "coffre batch seal --letters lettres.csv --in lettres --out scellees \\\n"
        "  --config pki/coffre.toml --twoddoc 00 --workers 2"
    ),
)
def seal_command(
    ctx: typer.Context,
    letters: Letters,
    source: In,
    out: Out,
    config: Config = None,
    twoddoc: TwoDDoc = None,
    towncode: TownCode = False,
    town_type: TownType = None,
    workers: Workers = 0,
    engine: EngineName = Engines.LOCAL,
    sessions: Sessions = None,
    level: LevelName = Level.B_B.value,
    signer: SignerName = None,
    page: Page = 1,
    at: At = "auto",
    fold: Fold = False,
    strict_c40: StrictC40 = False,
    check: Check = Checked.SAMPLE,
    same_layout: SameLayout = False,
    fsync: Sync = Fsync.END,
    evidence: Evidence = False,
    max_failures: MaxFailures = None,
    dry_run: DryRun = False,
    force: Force = False,
    json: Json = False,
) -> int:
    """Seal a mailing; the exit code tells how it went."""
    output, settings = of(ctx), Settings.load(config, strict_c40=strict_c40 or None)
    profile = profile_of(settings, Place(page, corner(at)), level_of(level), fold=fold)
    keys = keys_of(settings, signer, twoddoc, output, town=towncode)
    every, letters_in = 1 if check is Checked.ALL else SAMPLE, Source(source.resolve(strict=True))
    folder = Folder(out, durable=fsync is Fsync.ALWAYS)
    bench = Bench(letters_in, folder, keys, profile, require_agreement, every, same_layout)
    codes, limit = codes_of(twoddoc, town_type, towncode=towncode), failures_of(max_failures)
    shared = shared_database(settings) if engine is Engines.QUEUE else None
    with listed(letters) as path:
        crew = hands(workers, sessions)
        job = Job(path, bench, codes, limit, crew, force, dry_run, shared, sessions)
        return carry_out(replace(job, evidence=evidence), output, as_json=json)


@app.command(
    "work",
    cls=Command,
    help=N_(
        "Prêter cette machine aux envois que d'autres ont lancés avec --engine queue : mêmes "
        "dossiers, mêmes certificats, même base PostgreSQL.\n"
        "Ctrl-C : chaque processus finit la lettre en cours, et le reste revient aux autres."
    ),
    epilog="coffre batch work --config pki/coffre.toml --workers 2",
)
def work_command(ctx: typer.Context, config: Config = None, workers: Workers = 0) -> int:
    """Seal what other machines run, until Ctrl-C."""
    settings = Settings.load(config)
    shared_database(settings)
    return work(settings, hands(workers), require_agreement, of(ctx))


@app.command(
    "status",
    cls=Command,
    help=N_("Dire où en est un envoi, pendant qu'il tourne ou après."),
    epilog="coffre batch status scellees",
)
def status_command(
    ctx: typer.Context,
    folder: Sealed,
    config: Config = None,
    json: Json = False,
) -> int:
    """Tell how a mailing stands."""
    output, place = of(ctx), Folder(folder)
    ledger = open_ledger(place, Settings.load(config).database)
    try:
        counts = ledger.counts()
        mailing = Mailing(place, counts, running=running(place, ledger))
        if json:
            output.give("batch", **mailing.members())
            return Exit.DONE
        say(output, mailing)
        for each in islice(troubles(ledger, output.tr), _SHOWN):
            where = output.tr(N_("ligne {line}")).format(line=each.line)
            output.show(f"  {where} ({plain(each.file)}) : {plain(each.reason)}")
    finally:
        ledger.close()
    return Exit.DONE


def carry_out(job: Job, output: Output, *, as_json: bool) -> int:
    """Run a mailing, tell it, and give the exit code."""
    job = fitted(job, output)

    def wrong(line: LineError) -> None:
        output.give("batch-line", **line_members(line, output.tr))

    with ExitStack() as stack:
        watch = Watching(output, stack, wrong_line=wrong if as_json else partial(say_line, output))
        try:
            outcome = run(job, pool if job.shared is None else queue, watch)
        finally:
            watch.close()
        told = (outcome.seconds, outcome.new, outcome.unfit)
        mailing = Mailing(job.bench.folder, outcome.counts, *told, trial=job.trial)
        settings = job.bench.keys.settings
        unwritten = None if job.trial else report(job, mailing, outcome, output)
    if as_json:
        output.give("batch", **mailing.members())
    else:
        say(output, mailing)
    if settings.mode is Mode.TEST and not job.trial:
        output.remark(output.tr(N_("mode TEST : ces cachets n'engagent personne")))
    code = ending(outcome, output)
    return code if unwritten is None else say_unwritten(output, unwritten, code)


def report(
    job: Job, mailing: Mailing, outcome: Outcome, output: Output
) -> CoffreError | OSError | None:
    """Write the report; give what forbids it. What halted the run may do so, and is told first."""
    try:
        write_report(job, mailing, outcome.certificate, output)
    except (CoffreError, OSError) as error:
        return error
    return None


def pool(job: Job) -> Engine:
    """Give the workers of this machine."""
    return LocalPool(job.workers, job.bench.folder.private / "workers.log")


def ending(outcome: Outcome, output: Output) -> int:
    """Give the exit code of a run; raise what halted it."""
    if outcome.halted is not None:
        raise outcome.halted
    again = output.tr(N_("la même commande reprend où l'envoi s'est arrêté"))
    if outcome.stopped:
        output.error(output.tr(N_("envoi interrompu")), again)
        return Exit.INTERRUPTED
    if outcome.too_many:
        output.error(output.tr(N_("trop de lettres ont échoué : l'envoi est arrêté")), again)
    failed = outcome.counts.failed + outcome.counts.refused + outcome.unfit
    code = say_records(output, outcome.records)
    return Exit.PARTIAL if failed and code is Exit.DONE else code


watching.add(app)
