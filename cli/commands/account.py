"""`coffre account`: open an account on a server, sign in, sign out.

The safe then stays open for this client until `logout`, or until nothing was done for
`COFFRE_UNLOCK_MINUTES`.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

import typer

from cli.help import Command, group
from cli.output import Output, of
from cli.prompts import Terminal, passphrase
from storage.errors import ConfigurationError
from storage.language import N_
from storage.settings import Settings, user_runtime
from vault.client import account
from vault.client.account import Credentials, Moment
from vault.client.http import Connection
from vault.client.safe import Safe
from vault.client.state import Home, SignedOutError
from vault.format.canonical import to_base64url

app = group(N_("Ouvrir un compte, se connecter, se déconnecter."))

Name = Annotated[
    str,
    typer.Option("--name", metavar="LOGIN", help=N_("Identifiant du compte, que vous choisissez.")),
]
Server = Annotated[
    str | None, typer.Option("--server", metavar="URL", help=N_("Adresse du serveur."))
]
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]


class NoServerError(ConfigurationError):
    """No server was named, now or before."""

    code: ClassVar[str] = "server.none"


@app.command(
    "create",
    cls=Command,
    help=N_("Ouvrir un compte ; le coffre reste ouvert ici ensuite."),
    epilog="coffre account create --name camille --server http://127.0.0.1:8000",
)
def create(ctx: typer.Context, name: Name, server: Server = None, as_json: Json = False) -> None:
    """Open an account."""
    output, settings = of(ctx), Settings.load(server=server)
    home = home_of(settings)
    with Connection(server_of(settings, home)) as http:
        who = Credentials(name, passphrase(settings, output, Terminal(), new=True))
        safe = account.create(http, home, who, moment_of(settings))
    output.say(
        output.tr(
            N_(
                "Gardez votre phrase secrète : sans elle, personne ne peut rouvrir ce coffre, "
                "ni la mairie, ni l'exploitant."
            )
        )
    )
    tell(output, safe, name, as_json=as_json)


@app.command(
    "login",
    cls=Command,
    help=N_("Se connecter et ouvrir le coffre."),
    epilog="coffre account login --name camille --server http://127.0.0.1:8000",
)
def login(ctx: typer.Context, name: Name, server: Server = None, as_json: Json = False) -> None:
    """Sign in and unlock."""
    output, settings = of(ctx), Settings.load(server=server)
    home = home_of(settings)
    with Connection(server_of(settings, home)) as http:
        who = Credentials(name, passphrase(settings, output, Terminal()))
        safe = account.login(http, home, who, moment_of(settings))
    tell(output, safe, name, as_json=as_json)


@app.command(
    "logout",
    cls=Command,
    help=N_("Fermer le coffre et se déconnecter."),
    epilog="coffre account logout",
)
def logout(ctx: typer.Context) -> None:
    """Sign out, here in any case."""
    output = of(ctx)
    home = home_of(Settings.load())
    try:
        session = home.signed_in()
    except SignedOutError:
        output.say(output.tr(N_("Aucune session n'est ouverte ici.")))
        return
    with Connection(session.server) as http:
        told = account.logout(http, home, session)
    output.say(output.tr(N_("Le coffre est fermé et la session terminée.")))
    if not told:
        output.remark(
            output.tr(N_("le serveur n'a pas répondu : sa session finira seule dans 15 minutes"))
        )


def tell(output: Output, safe: Safe, name: str, *, as_json: bool) -> None:
    """Say that the safe is open, and how it is kept open."""
    if as_json:
        output.give("account", id=to_base64url(safe.account), login=name, server=safe.http.server)
    else:
        output.show(output.tr(N_("Le coffre de {name} est ouvert ici.")).format(name=name))
    if not safe.home.rests_in_memory:
        output.remark(
            output.tr(
                N_(
                    "cette machine n'a pas de dossier en mémoire (XDG_RUNTIME_DIR) : jusqu'à "
                    "coffre account logout, qui lit le dossier {path} ouvre le coffre"
                )
            ).format(path=safe.home.folder)
        )


def home_of(settings: Settings) -> Home:
    """Give the client's folder."""
    return Home(settings.home, user_runtime())


def moment_of(settings: Settings) -> Moment:
    """Give the time, and how long an open safe may stay idle."""
    return Moment(datetime.now(UTC), timedelta(minutes=settings.unlock_minutes))


def server_of(settings: Settings, home: Home) -> str:
    """Give the server that is named, or that of the last session here; raise NoServerError."""
    server = settings.server or home.server()
    if server is None:
        raise NoServerError("got no server")
    return server
