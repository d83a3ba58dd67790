"""`coffre version`."""

from importlib.metadata import version
from typing import Annotated

import typer

from cli.help import Command, group
from cli.output import of
from storage.language import N_

app = group()


@app.command(cls=Command, help=N_("Dire la version."), epilog="coffre version --json")
def command(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))] = False,
) -> None:
    """Say which version this is."""
    output = of(ctx)
    number = version("coffre")
    if json:
        output.give("version", version=number)
    else:
        output.show(f"coffre {number}")
