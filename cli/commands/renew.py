"""`coffre renew`: archive stamps added before what proves a seal ends."""

import re
from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from cli import renewal_report
from cli.files import refuse_existing, writing
from cli.help import Command, group
from cli.output import Output, of, plain
from cli.problems.problem import Exit
from cli.progress import Progress, interrupts
from cli.renewal_files import files_of
from cli.renewal_report import Row, Summary
from cli.renewals import Done, Renewer, State, Wish, sentence_of
from sealing.service.levels import Level, TrustServices
from sealing.service.renewal import Renewals
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Mode, Settings
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Limits
from verifier.trust.trust_list import Mode as TrustMode

app = group()

_WITHIN = re.compile(r"(\d{1,5})d")
_JSON = ".json"


class WithinError(CoffreError):
    """`--within` is not a number of days. Details: `within`."""

    code: ClassVar[str] = "usage.within"


class OneOutputError(CoffreError):
    """`--output` is for one file, and something else was named."""

    code: ClassVar[str] = "usage.one-output"


Paths = Annotated[
    list[Path], typer.Argument(metavar="FILE|DIR...", help=N_("PDF scellés, ou dossiers de PDF."))
]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="OUT.pdf", help=N_("Écrire là (un seul fichier).")),
]
Config = Annotated[Path | None, typer.Option(metavar="F", help=N_("Réglages et signataires."))]
Within = Annotated[
    str, typer.Option(metavar="90d", help=N_("Renouveler ce qui finit d'ici là, en jours."))
]
Every = Annotated[
    bool, typer.Option("--all", help=N_("Horodater tout, même ce qui est bon plus longtemps."))
]
Trial = Annotated[bool, typer.Option("--dry-run", help=N_("Dire ce qui serait fait, sans écrire."))]
Report = Annotated[
    Path | None,
    typer.Option(metavar="R.html|R.json", help=N_("Écrire un rapport, page ou JSON.")),
]
Evidence = Annotated[
    bool,
    typer.Option(
        "--despite-evidence",
        help=N_("Aussi les fichiers qui ont une preuve d'existence (.ers) à côté."),
    ),
]
Force = Annotated[bool, typer.Option("--force", help=N_("Remplacer OUT.pdf s'il existe."))]
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON, une ligne par fichier."))]


@app.command(
    cls=Command,
    help=N_(
        "Prolonger la preuve des documents scellés : ajouter un horodatage d'archivage (niveau "
        "B-LTA) avant que finisse le certificat ou l'algorithme sur lequel repose le précédent.\n"
        "Ce qui est bon assez longtemps n'est pas touché, ni jamais un cachet qui ne se vérifie "
        "pas. Chaque fichier est remplacé d'un coup : son début reste octet pour octet le même."
    ),
    epilog=(
        "coffre renew archives --config pki/coffre.toml --report archivage.html\n"
        "coffre renew scellee.pdf -o durable.pdf --all --config pki/coffre.toml"
    ),
)
def command(
    ctx: typer.Context,
    paths: Paths,
    out: Out = None,
    config: Config = None,
    within: Within = "90d",
    every: Every = False,
    dry_run: Trial = False,
    despite_evidence: Evidence = False,
    report: Report = None,
    force: Force = False,
    json: Json = False,
) -> int:
    """Renew files and folders; the exit code tells how it went."""
    output = of(ctx)
    wish = Wish(margin(within), every, dry_run, despite_evidence)
    files = list(files_of(paths))
    if out is not None:
        if len(files) != 1 or paths[0].is_dir():
            raise OneOutputError("got an output for something else than one file")
        refuse_existing(out, force=force)
    settings = Settings.load(config)
    limits = Limits.of_days(settings.directory_days, settings.crl_grace_days)
    trust = read_trust(settings.trust_folders, TrustMode(settings.mode), limits)
    with closing(TrustServices(settings, Level.B_LTA, clock)) as services:
        renewer = Renewer(trust, Renewals(services), wish, clock)
        trouble = _run(renewer, files, (out, force), output, as_json=json)
    rows = [Row(row_of(done, output)) for done in renewer.done]
    test = settings.mode is Mode.TEST
    summary = Summary(rows, len(files), clock(), dry_run, test)
    _tell(summary, output, report, as_json=json)
    if trouble is not None:
        raise trouble
    return ending(summary, output)


def margin(within: str) -> timedelta:
    """Read `--within`; raise WithinError."""
    found = _WITHIN.fullmatch(within)
    if found is None:
        raise WithinError(f"got {within}, expected days", within=within)
    return timedelta(days=int(found[1]))


def clock() -> datetime:
    """Give the hour."""
    return datetime.now(UTC)


def row_of(done: Done, output: Output) -> dict[str, object]:
    """Give the JSON members of what became of a file."""
    return done.members(None if done.error is None else sentence_of(done.error, output.tr))


def ending(summary: Summary, output: Output) -> Exit:
    """Give the exit code of a run that nothing halted."""
    counts = summary.counts
    if counts["waiting"]:
        again = output.tr(N_("la même commande continue où elle s'est arrêtée"))
        output.error(output.tr(N_("renouvellement interrompu")), again)
        return Exit.INTERRUPTED
    if counts["refused"]:
        return Exit.FAILED if summary.found == 1 else Exit.PARTIAL
    alone = summary.found == counts["not-sealed"]
    return Exit.NOT_FOUND if alone else Exit.DONE


def _run(
    renewer: Renewer,
    files: Sequence[Path],
    place: tuple[Path | None, bool],
    output: Output,
    *,
    as_json: bool,
) -> CoffreError | OSError | None:
    """Renew one file after another; give what ended the run before its time."""
    out, force = place
    with ExitStack() as stack:
        bar = Progress(output, len(files), 0)
        stack.callback(bar.close)
        asked = stack.enter_context(interrupts())
        for number, path in enumerate(files):
            if asked.count:
                break
            try:
                done = renewer.one(path, out, force=force)
            except (CoffreError, OSError) as error:
                return error
            if as_json:
                output.give("renewal", **row_of(done, output))
            else:
                _say(done, output)
            refused = sum(one.state is State.REFUSED for one in renewer.done)
            bar.show(number + 1, refused=refused)
    return None


def _say(done: Done, output: Output) -> None:
    """Say what became of a file, in a line; what needs nothing is left to the counts."""
    tr, name = output.tr, plain(str(done.path))
    day = "" if done.until is None else f"{done.until.until:%d/%m/%Y}"
    match done.state:
        case State.RENEWED | State.RAISED:
            told = tr(N_("{file} : {before} → {level}, bon jusqu'au {day}"))
            output.show(told.format(file=name, before=done.level_before, level=done.level, day=day))
        case State.DUE:
            output.show(tr(N_("{file} : à renouveler avant le {day}")).format(file=name, day=day))
        case State.REFUSED if done.error is not None:
            output.error(f"{name} : {plain(sentence_of(done.error, tr))}")


def _tell(summary: Summary, output: Output, report: Path | None, *, as_json: bool) -> None:
    """Give the counts, and write the report."""
    tr = output.tr
    if as_json:
        output.give("renewals", **summary.members())
    else:
        for state, name in renewal_report.STATES.items():
            if summary.counts[state]:
                output.show(f"  {tr(name)} : {summary.counts[state]}")
        if summary.next_due is not None:
            day = f"{datetime.fromisoformat(summary.next_due):%d/%m/%Y}"
            output.show(tr(N_("  prochaine échéance : {day}")).format(day=day))
    if report is not None:
        is_json = report.suffix.lower() == _JSON
        text = (
            renewal_report.as_json(summary)
            if is_json
            else renewal_report.as_page(summary, tr, output.lang)
        )
        with writing(report, force=True, text=True) as file:
            file.write(text.encode())
    if summary.test and not summary.trial:
        output.remark(tr(N_("mode TEST : ces horodatages n'engagent personne")))
