"""`coffre db`: the database of the installation."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.help import Command, group
from cli.output import of
from storage.database import open_engine
from storage.language import N_
from storage.migrations.upgrade import revisions, upgrade
from storage.settings import Settings

app = group(N_("Tenir la base de données à jour."))


@app.callback()
def area() -> None:
    """Keep `upgrade` a subcommand while it is alone."""


@app.command(
    "upgrade",
    cls=Command,
    help=N_("Créer la base de données, ou l'amener à la version de ce programme."),
    epilog="coffre db upgrade --data ./donnees",
)
def command(
    ctx: typer.Context,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help=N_("Dossier des données."))
    ] = None,
    json: Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))] = False,
) -> None:
    """Apply the revisions that the database lacks."""
    output = of(ctx)
    os.umask(0o077)
    settings = Settings.load(data=data)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    before = revisions(engine).current
    upgrade(engine)
    if engine.dialect.name == "postgresql":
        from cli.worker import prepare_queue  # noqa: PLC0415 - brings all that seals with it

        prepare_queue(engine)
    head = revisions(engine).head
    engine.dispose()
    if json:
        output.give("database", revision=head, before=before)
    elif before == head:
        output.show(output.tr(N_("La base est à jour (révision {head}).")).format(head=head))
    else:
        output.show(output.tr(N_("La base est à la révision {head}.")).format(head=head))
