"""`coffre pki`: certificates for demonstrations and tests."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.demo import pki
from cli.help import Command, group
from cli.output import of
from storage.language import N_
from storage.settings import Settings

app = group(N_("Fabriquer les certificats de démonstration."))


@app.callback()
def area() -> None:
    """Keep `demo` a subcommand while it is alone."""


@app.command(
    "demo",
    cls=Command,
    help=N_(
        "Fabriquer une autorité, des cachets, des certificats 2D-Doc et un horodatage de "
        "démonstration. Ils ne prouvent rien et sont refusés en production."
    ),
    epilog="coffre pki demo ./pki",
)
def command(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help=N_("Dossier à créer ; il doit être vide."))
    ],
    json: Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))] = False,
) -> None:
    """Make the demonstration's certificates in a folder."""
    output = of(ctx)
    Settings.load().refuse_in_production("coffre pki demo")
    made = pki.build(datetime.now(UTC))
    pki.write(made, folder)
    signers = [*made.seals, *made.twoddocs]
    if json:
        output.give(
            "pki",
            folder=str(folder),
            signers=signers,
            config=str(folder / "coffre.toml"),
            trust=str(folder / "trust"),
        )
        return
    output.show(output.tr(N_("Certificats de démonstration : {folder}")).format(folder=folder))
    output.show(output.tr(N_("  signataires : {names}")).format(names=", ".join(signers)))
    output.show(output.tr(N_("  réglages    : {path}")).format(path=folder / "coffre.toml"))
    output.show(output.tr(N_("  confiance   : {path}")).format(path=folder / "trust"))
    output.remark(output.tr(N_("DÉMONSTRATION : ces certificats ne prouvent rien")))
