"""`coffre serve`: the site and its API, until it is stopped.

Behind a proxy that ends TLS, `proxies` names its addresses (comma between them): from these alone
are the visitor's address and scheme taken, else every visitor would be throttled as one.
"""

import logging
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar

import typer
import uvicorn

from cli.help import Command, group
from cli.observe import Log, ServerMessages
from cli.output import Output, of
from cli.server import create_app
from cli.wiring import Parts, assemble
from storage.errors import CoffreError
from storage.language import N_
from storage.migrations.upgrade import require_head, revisions, upgrade
from storage.settings import Mode, Settings

app = group()
_BACKLOG = 512
_DRAIN_SECONDS = 30


class AddressTakenError(CoffreError):
    """The address cannot be listened on. Details: `host`, `port`."""

    code: ClassVar[str] = "serve.address"


@app.command(
    cls=Command,
    help=N_("Servir le coffre : le site et son interface, jusqu'à l'arrêt."),
    epilog="coffre serve --data ./donnees --port 8000",
)
def command(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option(metavar="F", help=N_("Réglages et signataires."))
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help=N_("Dossier des données."))
    ] = None,
    host: Annotated[str | None, typer.Option(metavar="H", help=N_("Adresse d'écoute."))] = None,
    port: Annotated[
        int | None, typer.Option(metavar="P", help=N_("Port d'écoute ; 0 : au choix."))
    ] = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what was begun."""
    output = of(ctx)
    os.umask(0o077)
    settings = Settings.load(config, data=data, host=host, port=port)
    with listen(settings) as sock:
        address = f"http://{settings.host}:{sock.getsockname()[1]}"
        parts = replace(assemble(settings, address), config=config)
        prepare(parts)
        announce(output, parts)
        log = Log(output.stdout)
        logging.getLogger("uvicorn").handlers = [ServerMessages(log)]
        server = uvicorn.Config(
            create_app(parts, log),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=settings.proxies is not None,
            forwarded_allow_ips=settings.proxies,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )
        uvicorn.Server(server).run(sockets=[sock])


def listen(settings: Settings) -> socket.socket:
    """Take the address before anything else is done; raise AddressTakenError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise AddressTakenError(
            f"got {error.strerror}", host=settings.host, port=settings.port
        ) from error


def prepare(parts: Parts) -> None:
    """Make a new database; raise SchemaError when one is there that is not this program's."""
    if revisions(parts.site.engine).current is None:
        upgrade(parts.site.engine)
    require_head(parts.site.engine)


def announce(output: Output, parts: Parts) -> None:
    """Say where, and what for."""
    output.say(output.tr(N_("Coffre sert sur {address}")).format(address=parts.site.address))
    if parts.settings.mode is Mode.TEST:
        output.remark(output.tr(N_("mode d'essai : rien de ce qui est scellé ici ne prouve rien")))
