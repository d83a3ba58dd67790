"""`coffre batch watch`: a folder whose letters are sealed as they arrive."""

import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.agreement import require_agreement
from cli.asked import Check, Checked, codes_of, fitted
from cli.help import Command
from cli.mailings import sentence_of
from cli.orders import corner
from cli.output import Output, of, plain
from cli.problems.problem import Exit
from cli.problems.table import problem_of, problem_of_system
from cli.progress import Interrupts, interrupts
from cli.seal_options import (
    At,
    Config,
    Fold,
    Json,
    LevelName,
    Page,
    SignerName,
    TownCode,
    TownType,
    TwoDDoc,
    level_of,
    profile_of,
)
from cli.worker import Workers, hands, keys_of
from sealing.batch.engine import Engine
from sealing.batch.files.folders import Folder
from sealing.batch.files.source import Source
from sealing.batch.job import Job, Wish
from sealing.batch.local_pool import LocalPool
from sealing.batch.ranges.work import SAMPLE, Bench
from sealing.batch.watch.rounds import Tally
from sealing.batch.watch.tray import REFUSED, Letter
from sealing.batch.watch.watch import Watched, watch
from sealing.marks.placement import Wish as Place
from sealing.service.levels import Level
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Mode, Settings

_STEP: Final = 0.2
_LONGEST: Final = 86_400.0


Into = Annotated[Path, typer.Argument(metavar="DIR", help=N_("Dossier où les lettres arrivent."))]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help=N_("Dossier des lettres scellées."))
]
Settle = Annotated[
    float,
    typer.Option(
        metavar="S",
        min=0.1,
        max=_LONGEST,
        help=N_("Secondes pendant lesquelles un fichier ne doit plus changer."),
    ),
]
Patience = Annotated[
    float,
    typer.Option(
        metavar="S",
        min=1,
        max=_LONGEST,
        help=N_("Secondes d'attente d'un PDF incomplet, ou de ses données, avant de le refuser."),
    ),
]
Once = Annotated[
    bool, typer.Option("--once", help=N_("Traiter ce qui est là, puis finir (pour cron)."))
]

_HELP: Final = N_(
    "Sceller chaque lettre qui arrive dans un dossier, une seule fois, quoi qu'il arrive.\n"
    "Un PDF attend d'être entier ; les données de son code viennent dans un fichier .json du même "
    "nom, écrit avant lui. Une fois scellé, il passe dans faits/ ; refusé, dans refus/ avec la "
    "raison. Ctrl-C finit la lettre en cours."
)
_EXAMPLE: Final = "coffre batch watch arrivee --out scellees --config pki/coffre.toml --once"


def add(app: typer.Typer) -> None:
    """Add the command to its group."""

    def command(  # noqa: PLR0913, PLR0917 - one parameter per option
        ctx: typer.Context,
        folder: Into,
        out: Out,
        config: Config = None,
        twoddoc: TwoDDoc = None,
        towncode: TownCode = False,  # noqa: FBT002 - an option of the command line
        town_type: TownType = None,
        level: LevelName = Level.B_B.value,
        signer: SignerName = None,
        page: Page = 1,
        at: At = "auto",
        fold: Fold = False,  # noqa: FBT002 - an option of the command line
        check: Check = Checked.SAMPLE,
        workers: Workers = 1,
        settle: Settle = 2.0,
        patience: Patience = 60.0,
        once: Once = False,  # noqa: FBT002 - an option of the command line
        json: Json = False,  # noqa: FBT002 - an option of the command line
    ) -> int:
        output, settings = of(ctx), Settings.load(config)
        place, reached = Place(page, corner(at)), level_of(level)
        profile = profile_of(settings, place, reached, fold=fold)
        keys = keys_of(settings, signer, twoddoc, output, town=towncode)
        every = 1 if check is Checked.ALL else SAMPLE
        bench = Bench(Source(folder), Folder(out), keys, profile, require_agreement, every)
        codes = codes_of(twoddoc, town_type, towncode=towncode)
        job = fitted(Job(folder, bench, codes, workers=hands(workers)), output)
        wanted = Watched(folder, job, settle, patience, once)
        return carry_out(wanted, output, as_json=json)

    app.command("watch", cls=Command, help=_HELP, epilog=_EXAMPLE)(command)


def carry_out(wanted: Watched, output: Output, *, as_json: bool) -> int:
    """Watch, tell it, and give the exit code."""
    tr, settings = output.tr, wanted.job.bench.keys.settings
    if settings.mode is Mode.TEST:
        output.remark(tr(N_("mode TEST : ces cachets n'engagent personne")))
    with ExitStack() as stack:
        watcher = Watching(output, stack.enter_context(interrupts()), as_json=as_json)
        if not wanted.once:
            told = tr(N_("les lettres qui arrivent dans {folder} sont scellées (Ctrl-C arrête)"))
            output.say(told.format(folder=wanted.folder))
        tally = watch(wanted, pool, watcher)
    if as_json:
        output.give("watch", folder=str(wanted.folder), **_counts(tally))
    else:
        told = tr(N_("scellées : {sealed}, refusées : {refused}, déjà traitées : {again}"))
        output.show(told.format(**_counts(tally)))
    if watcher.asked.count and wanted.once:
        return Exit.INTERRUPTED
    return Exit.PARTIAL if tally.refused and wanted.once else Exit.DONE


def pool(job: Job) -> Engine:
    """Give the workers of this machine."""
    return LocalPool(job.workers, job.bench.folder.private / "workers.log")


def _counts(tally: Tally) -> dict[str, int]:
    return {"sealed": tally.sealed, "refused": tally.refused, "again": tally.again}


@dataclass(slots=True)
class Watching:
    """Tells a watching while it goes on, a line a letter, and hears Ctrl-C."""

    output: Output
    asked: Interrupts
    as_json: bool = False
    _waited: str = field(default="")

    def sealed(self, letter: Letter) -> None:
        """Say that a letter is sealed."""
        self._waited = ""
        if self.as_json:
            self._give(letter.asked, "sealed", sealed_as=letter.name)
            return
        told = N_("scellée : {name}")
        if letter.name != letter.asked:
            told = N_("scellée : {asked}, sous le nom {name}")
        words = {"name": plain(letter.name), "asked": plain(letter.asked)}
        self.output.show(self.output.tr(told).format(**words))

    def refused(self, name: str, error: CoffreError) -> str:
        """Say why a letter is not; give the words that go beside it."""
        tr, sentence = self.output.tr, sentence_of(error, self.output.tr)
        if self.as_json:
            self._give(name, "refused", code=error.reported or error.code, sentence=sentence)
        else:
            told = tr(N_("{name} est dans {folder} : {why}"))
            where = {"name": plain(name), "folder": f"{REFUSED}/", "why": plain(sentence)}
            self.output.error(told.format(**where))
        details = defaultdict(lambda: "?", error.details)
        return f"{sentence}\n{tr(problem_of(error).advice).format_map(details)}"

    def again(self, name: str, before: str) -> str:
        """Say that a letter came again; give the words that go beside it."""
        told = self.output.tr(N_("cette lettre a déjà été traitée, sous le nom {before}"))
        sentence = told.format(before=plain(before))
        if self.as_json:
            self._give(name, "again", sealed_as=before, sentence=sentence)
        else:
            self.output.remark(f"{plain(name)} : {sentence}")
        return sentence

    def passes(self, error: Exception) -> bool:
        """Tell whether trying again may help, without anybody's doing."""
        if isinstance(error, CoffreError):
            return problem_of(error).exit is Exit.RETRYABLE
        return isinstance(error, OSError)

    def waits(self, error: Exception, seconds: float) -> None:
        """Say what is waited for; the same thing once."""
        if isinstance(error, CoffreError):
            why = sentence_of(error, self.output.tr)
        elif isinstance(error, OSError):
            problem, details = problem_of_system(error)
            why = self.output.tr(problem.sentence).format_map(details)
        else:
            why = type(error).__name__
        if why != self._waited:
            told = self.output.tr(N_("{why} ; nouvel essai dans {seconds} s, puis encore"))
            self.output.remark(told.format(why=plain(why), seconds=f"{seconds:.0f}"))
        self._waited = why

    def pause(self, seconds: float) -> None:
        """Let some time pass, or less: Ctrl-C is heard."""
        until = time.monotonic() + seconds
        while not self.asked.count and (left := until - time.monotonic()) > 0:
            time.sleep(min(_STEP, left))

    def wish(self) -> Wish:
        """Give what Ctrl-C asked for."""
        return Wish(min(self.asked.count, Wish.KILL))

    def _give(self, name: str, state: str, **more: Any) -> None:  # noqa: ANN401 - members of JSON
        row = {"sealed_as": None, "code": None, "sentence": None, **more}
        self.output.give("watch-letter", file=plain(name), state=state, **row)
