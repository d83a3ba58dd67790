"""`coffre demo`: the whole story on embedded parts."""

import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from cli.demo.site import site
from cli.demo.story import Stage, Step, play
from cli.help import Command, group
from cli.output import Output, of
from storage.language import N_
from storage.settings import Settings, user_data

app = group()


@app.command(
    cls=Command,
    help=N_(
        "Raconter toute l'histoire, sur de vraies pièces : chaque étape est faite, dite et prouvée."
    ),
    epilog="coffre demo --no-serve --data ./demo",
)
def command(
    ctx: typer.Context,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help=N_("Dossier des données."))
    ] = None,
    port: Annotated[int, typer.Option(metavar="P", help=N_("Port du site."))] = 8000,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help=N_("S'arrêter après l'histoire."))
    ] = False,
    json: Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))] = False,
) -> None:
    """Play the story, step by step."""
    output = of(ctx)
    Settings.load().refuse_in_production("coffre demo")
    folder = data or user_data() / "coffre" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    if not json:
        output.show(output.tr(N_("Coffre, démonstration. Données : {path}")).format(path=folder))
    for number, step in enumerate(play(Stage(folder, output.tr)), 1):
        tell(output, number, step, as_json=json)
    if not no_serve:
        serve(output, folder, port)


def serve(output: Output, folder: Path, port: int) -> None:
    """Serve the site until Ctrl-C."""
    with site(folder / "site", folder / "pki" / "trust", port) as address:
        output.say()
        output.say(
            output.tr(N_("Le site : {address} (Ctrl-C pour l'arrêter)")).format(address=address)
        )
        paper = folder / "papers" / "attestation-scellee.pdf"
        sentence = N_("À essayer : déposez {path} sur {address}/verifier")
        output.say(output.tr(sentence).format(path=paper, address=address))
        with suppress(KeyboardInterrupt):
            signal.pause()


def tell(output: Output, number: int, step: Step, *, as_json: bool) -> None:
    """Say one step."""
    if as_json:
        output.give(
            "step",
            name=step.name,
            title=step.title,
            proved=step.proved,
            seconds=round(step.seconds, 3),
        )
        return
    output.show(f"\n{number}. {step.title}")
    output.show(f"   ✓ {step.proved} ({step.seconds:.2f} s)")
