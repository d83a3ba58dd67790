"""`coffre demo`: the whole story on embedded parts."""

import signal
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from cli.demo.people import CLAIRE
from cli.demo.site import port_of, site
from cli.demo.stage import SEALED, Stage, Step
from cli.demo.story import consent, papers, safe
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
    port: Annotated[
        int | None, typer.Option(metavar="P", help=N_("Port du site ; 8000 s'il est libre."))
    ] = None,
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
    stage = Stage(folder, output.tr)
    number = 0
    for number, step in enumerate(papers(stage), 1):
        tell(output, number, step, as_json=json)
    chosen = port_of(folder / "site", port)
    with site(folder / "site", stage.pki / "trust", chosen) as address:
        kept = chain(safe(stage, address), consent(stage, address))
        for later, step in enumerate(kept, number + 1):
            tell(output, later, step, as_json=json)
        if not no_serve:
            invite(output, stage, address)


def invite(output: Output, stage: Stage, address: str) -> None:
    """Say where the site is and what to try there, until Ctrl-C."""
    lines = (
        output.tr(N_("Le site : {address} (Ctrl-C pour l'arrêter)")),
        output.tr(N_("À essayer : déposez {path} sur {address}/verifier")),
        output.tr(N_("Compte de démonstration : {login}, phrase secrète {secret}")),
    )
    output.say()
    for line in lines:
        told = line.format(
            address=address,
            path=stage.paper(SEALED),
            login=CLAIRE.login,
            secret=stage.citizen / "passphrase",
        )
        output.say(told)
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
