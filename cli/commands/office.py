"""`coffre office`: the process that seals for the API; `coffre serve` begins it by itself."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.agreement import require_agreement
from cli.bureau import Bureau, Line
from cli.help import Command, group
from cli.office import seal_letters
from cli.output import of
from cli.postings import seal_mailings
from cli.seal_options import Config, address
from sealing.service.storeroom import Storeroom
from storage.database import open_engine
from storage.language import N_
from storage.migrations.upgrade import require_head
from storage.settings import Settings

app = group()
_ROOM: Final = "sealing"


@app.command(
    cls=Command,
    help=N_(
        "Sceller ce que les applications demandent par l'API : coffre serve lance ce processus "
        "lui-même et lui parle par son entrée et sa sortie.\n"
        "Les clés de cachet ne sont que là ; la fin de l'entrée l'arrête."
    ),
    epilog="coffre office --config pki/coffre.toml --data ./donnees < /dev/null",
)
def command(
    ctx: typer.Context,
    config: Config = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help=N_("Dossier des données."))
    ] = None,
    mailings: Annotated[
        bool, typer.Option("--mailings", help=N_("Les envois, au lieu des lettres une à une."))
    ] = False,
) -> None:
    """Seal until the end of standard input."""
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all: the site tells us
    settings = Settings.load(config, data=data)
    engine = open_engine(settings.database_url)
    require_head(engine)
    room = Storeroom(settings.data / _ROOM)
    room.make()
    line = Line(sys.stdin.fileno(), _own_output())
    bureau = Bureau(settings, engine, room, require_agreement, address(settings))
    if mailings:
        seal_mailings(bureau, line, of(ctx))
    else:
        seal_letters(bureau, line)


def _own_output() -> int:
    """Keep standard output to ourselves: what workers print goes to the log."""
    handle = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return handle
