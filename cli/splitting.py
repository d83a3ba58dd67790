"""`coffre batch split`: one big PDF to letters ready for `coffre batch seal`."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

import typer

from cli.help import Command
from cli.mailings import sentence_of
from cli.output import Output, of, plain
from cli.problems.problem import Exit
from cli.progress import Interrupts, Progress, interrupts
from sealing.batch.files.letters_csv import FILE, TWODDOC
from sealing.batch.spool.cuts import By, ByBookmark, ByPages, ByText, Front, folded
from sealing.batch.spool.pdf import MAX_PAGES, SpoolError
from sealing.batch.spool.spool import LETTERS, Job, Outcome, StoppedError, split
from sealing.batch.spool.takes import Take
from storage.errors import CoffreError
from storage.language import N_

_SHOWN: Final = 5
_DIGITS: Final = 6


class ByError(CoffreError):
    """A `--by` is none of its three forms. Details: `by`."""

    code: ClassVar[str] = "usage.split-by"


class TakeSyntaxError(CoffreError):
    """A `--take` is not NAME=PATTERN, comes twice, or bears a name of the list. Details: `take`."""

    code: ClassVar[str] = "usage.split-take"


Spool = Annotated[Path, typer.Argument(metavar="SPOOL.pdf", help=N_("Le PDF à découper."))]
Where = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="pages:N|bookmark|text:MARK",
        help=N_("Couper toutes les N pages, aux signets, ou à chaque page qui porte ce texte."),
    ),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help=N_("Dossier des lettres et de leur liste."))
]
Takes = Annotated[
    list[str],
    typer.Option(
        "--take",
        metavar="NAME=REGEX",
        help=N_(
            "Relever une donnée dans le texte de chaque lettre : une expression à un groupe, ou "
            "after:ÉTIQUETTE pour ce qui suit une étiquette. Répétable."
        ),
    ),
]
InFront = Annotated[
    Front,
    typer.Option(
        "--front",
        metavar="refuse|letter|drop",
        help=N_("Pages avant la première lettre : refuser, en faire une lettre, les laisser."),
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help=N_("Tout vérifier, ne rien écrire."))]
Force = Annotated[
    bool, typer.Option("--force", help=N_("Remplacer les lettres d'un autre découpage."))
]
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]

_HELP: Final = N_(
    "Découper un gros PDF en lettres, chacune un PDF complet où rien des autres ne reste, et en "
    "écrire la liste.\n"
    "La liste (letters.csv) se donne telle quelle à coffre batch seal. Interrompu, le découpage "
    "reprend par la même commande."
)
_EXAMPLE: Final = (
    'coffre batch split factures.pdf --by "text:Facture n°" --out lettres \\\n'
    '  --take "nom=after:Titulaire" --take "montant=Total : ([0-9,]+)"\n'
    "coffre batch seal --letters lettres/letters.csv --in lettres --out scellees \\\n"
    "  --config pki/coffre.toml --towncode"
)


def add(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("split", cls=Command, help=_HELP, epilog=_EXAMPLE)(command)


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    ctx: typer.Context,
    spool: Spool,
    by: Where,
    out: Out,
    take: Takes = [],  # noqa: B006 - Typer wants a list
    front: InFront = Front.REFUSE,
    dry_run: DryRun = False,  # noqa: FBT002 - an option of the command line
    force: Force = False,  # noqa: FBT002 - an option of the command line
    json: Json = False,  # noqa: FBT002 - an option of the command line
) -> int:
    """Cut a spool into letters."""
    output = of(ctx)
    job = Job(spool, out, by_of(by), takes_of(take), front, force, dry_run)
    with ExitStack() as stack:
        watch = Watching(output, stack.enter_context(interrupts()), as_json=json)
        try:
            outcome = split(job, watch)
        except StoppedError:
            again = output.tr(N_("la même commande reprend où le découpage s'est arrêté"))
            output.error(output.tr(N_("découpage interrompu")), again)
            return Exit.INTERRUPTED
        finally:
            watch.close()
    if json:
        output.give("split", **members(job, outcome))
    else:
        say(output, job, outcome)
    remark(output, job, outcome)
    return Exit.DONE


def by_of(written: str) -> By:
    """Read `--by`; raise ByError."""
    kind, _, rest = written.partition(":")
    match kind:
        case "bookmark" if not rest:
            return ByBookmark()
        case "text" if folded(rest):
            return ByText(rest)
        case "pages" if rest.isascii() and rest.isdigit() and len(rest) <= _DIGITS:
            if 0 < int(rest) <= MAX_PAGES:
                return ByPages(int(rest))
    raise ByError(f"got {written}", by=written[:80])


def takes_of(written: list[str]) -> tuple[Take, ...]:
    """Read `--take` options; raise TakeSyntaxError or TakePatternError."""
    found: dict[str, Take] = {}
    for each in written:
        name, separator, pattern = (part.strip() for part in each.partition("="))
        if not separator or not name or name in found or name.casefold() in {FILE, TWODDOC}:
            raise TakeSyntaxError(f"got the column {name}", take=each[:80])
        found[name] = Take.parse(name, pattern)
    return tuple(found.values())


@dataclass(slots=True)
class Watching:
    """Tells a cutting while it goes on, and hears Ctrl-C."""

    output: Output
    asked: Interrupts
    as_json: bool = False
    _bar: Progress | None = field(default=None)

    def wrong(self, error: SpoolError) -> None:
        """Say which letter lacks a value."""
        tr, sentence = self.output.tr, plain(sentence_of(error, self.output.tr))
        if self.as_json:
            page, name = error.details["page"], error.details["name"]
            told = {"page": page, "name": name, "code": error.code, "sentence": sentence}
            self.output.give("split-page", **told)
        else:
            where = tr(N_("page {page}")).format_map(error.details)
            self.output.error(f"{where} : {sentence}")

    def progress(self, done: int, total: int) -> None:
        """Show how it goes; each step of the work has its own total."""
        if self._bar is None or self._bar.total != total:
            self.close()
            self._bar = Progress(self.output, total, 0)
        self._bar.show(done)

    def stopping(self) -> bool:
        """Tell whether Ctrl-C was pressed."""
        return self.asked.count > 0

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def members(job: Job, outcome: Outcome) -> dict[str, Any]:
    """Give the members of the JSON object."""
    sizes = [cut.pages for cut in outcome.cuts]
    return {
        "folder": str(job.out),
        "letters": len(sizes),
        "pages": outcome.pages,
        "pages_min": min(sizes),
        "pages_max": max(sizes),
        "pages_dropped": outcome.dropped,
        "titles": [cut.title for cut in outcome.cuts[:_SHOWN] if cut.title],
        "new": outcome.new,
        "tags_dropped": outcome.tagged,
        "links_dropped": outcome.links,
        "fields_drawn": outcome.fields,
        "dry_run": job.trial,
        "list": None if job.trial else str(job.out / LETTERS),
    }


def say(output: Output, job: Job, outcome: Outcome) -> None:
    """Say what came of a cutting, in lines."""
    tr, told = output.tr, members(job, outcome)
    where = N_("{letters} lettres dans {folder}, de {pages_min} à {pages_max} pages")
    if job.trial:
        where = N_("{letters} lettres, de {pages_min} à {pages_max} pages. Rien n'a été écrit.")
    output.show(tr(where).format_map(told))
    for title in told["titles"]:
        output.show(f"  {plain(title)}")
    if not job.trial:
        again = told["letters"] - told["new"]
        if again:
            output.show(tr(N_("  déjà là : {count}")).format(count=again))
        output.show(tr(N_("  liste : {list}")).format_map(told))


def remark(output: Output, job: Job, outcome: Outcome) -> None:
    """Say what may surprise."""
    tr, told = output.tr, members(job, outcome)
    last = outcome.cuts[-1].pages
    if isinstance(job.by, ByPages) and last < job.by.count:
        short = tr(N_("la dernière lettre n'a que {last} pages sur {count} : vérifiez le compte"))
        output.remark(short.format(last=last, count=job.by.count))
    for name, sentence in (
        ("pages_dropped", N_("pages laissées de côté avant la première lettre : {pages_dropped}")),
        ("tags_dropped", N_("les balises d'accessibilité du PDF ne suivent pas ses lettres")),
        ("links_dropped", N_("liens qui menaient à d'autres pages, retirés : {links_dropped}")),
        ("fields_drawn", N_("champs et objets devenus de simples images : {fields_drawn}")),
    ):
        if told[name]:
            output.remark(tr(sentence).format_map(told))
