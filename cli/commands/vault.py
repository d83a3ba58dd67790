"""`coffre vault`: put documents in the safe, list, get, remove, export and check them.

A document leaves this machine encrypted, and comes back under its name only when it is proved whole
and the one that the owner's index names.
"""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.account import home_of, moment_of
from cli.files import STANDARD, read, refuse_existing, writing
from cli.help import Command, group
from cli.output import of
from cli.prompts import Terminal, passphrase
from storage.language import N_
from storage.settings import Settings
from vault.client import account, bag, check, documents
from vault.client.documents import ADDED, Content, IncompleteError, Label, Listed
from vault.client.http import Connection
from vault.client.safe import Safe
from vault.crypto.account.passphrase import check_new
from vault.crypto.age.scrypt import Passphrase

app = group(N_("Déposer, lister, reprendre et emporter les documents du coffre."))
_STANDARD_LIMIT = 64 << 20

Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]
Identifier = Annotated[str, typer.Argument(metavar="ID", help=N_("Identifiant du document."))]


@app.command(
    "put",
    cls=Command,
    help=N_("Chiffrer un fichier ici, et le déposer dans le coffre."),
    epilog='coffre vault put avis.pdf --title "Avis d\'imposition 2026"',
)
def put(
    ctx: typer.Context,
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help=N_("Fichier à déposer ; - pour l'entrée."))
    ],
    title: Annotated[str, typer.Option("--title", metavar="T", help=N_("Titre."))] = "",
    kind: Annotated[
        str, typer.Option("--type", metavar="T", help=N_("Type de justificatif."))
    ] = "",
    name: Annotated[
        str, typer.Option("--name", metavar="N", help=N_("Nom du fichier, s'il est autre."))
    ] = "",
    replace: Annotated[
        str | None,
        typer.Option("--replace", metavar="ID", help=N_("Nouvelle version de ce document.")),
    ] = None,
    as_json: Json = False,
) -> None:
    """Store a file."""
    output = of(ctx)
    with content_of(source, name) as content, opened() as safe:
        label, now = Label(title, kind), datetime.now(UTC)
        listed, accepted = documents.put(safe, content, label, now, replace)
    if as_json:
        output.give("document", **members(listed), receipt=accepted.receipt)
    else:
        output.show(listed.id)
        output.say(
            output.tr(N_("Déposé, chiffré : {title}")).format(
                title=printable(listed.metadata.title)
            )
        )
    if accepted.receipt is None:
        output.remark(output.tr(N_("le serveur n'a pas donné de reçu valable de ce dépôt")))


@app.command(
    "list", cls=Command, help=N_("Dire ce que contient le coffre."), epilog="coffre vault list"
)
def list_documents(ctx: typer.Context, as_json: Json = False) -> None:
    """List the newest version of each document."""
    output = of(ctx)
    with opened() as safe:
        found, faults = documents.listing(safe)
    for each in found:
        if as_json:
            output.give("document", **members(each))
        else:
            added = each.metadata.dates.get(ADDED, "")[:10]
            title = printable(each.metadata.title)
            output.show(f"{each.id}  {added:10}  {each.metadata.size:>12}  {title}")
    if not found and not faults and not as_json:
        output.say(output.tr(N_("Le coffre est vide.")))
    if faults:
        raise IncompleteError(faults)


@app.command(
    "get",
    cls=Command,
    help=N_("Reprendre un document ; il n'apparaît qu'une fois vérifié."),
    epilog="coffre vault get XW9VgHyj-T84zz2P0zyYIQ -o avis.pdf",
)
def get(
    ctx: typer.Context,
    identifier: Identifier,
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="F", help=N_("Fichier à écrire."))
    ] = Path(STANDARD),
    version: Annotated[
        int | None, typer.Option("--version", min=1, help=N_("Version ; la dernière sinon."))
    ] = None,
    force: Annotated[bool, typer.Option("--force", help=N_("Remplacer un fichier."))] = False,
) -> None:
    """Fetch and open a document."""
    del ctx
    refuse_existing(out, force=force)
    with opened() as safe:
        found = documents.find(safe, identifier, version)
        with writing(out, force=force, mode=0o600) as target:
            documents.fetch(safe, found, target)


@app.command(
    "rm",
    cls=Command,
    help=N_("Supprimer un document du coffre, avec toutes ses versions."),
    epilog="coffre vault rm XW9VgHyj-T84zz2P0zyYIQ",
)
def remove(ctx: typer.Context, identifier: Identifier) -> None:
    """Remove a document."""
    output = of(ctx)
    with opened() as safe:
        documents.remove(safe, identifier, datetime.now(UTC))
    output.say(output.tr(N_("Supprimé du coffre.")))


@app.command(
    "export",
    cls=Command,
    help=N_("Emporter tout le coffre dans un dossier qui s'ouvre sans Coffre."),
    epilog="coffre vault export mon-coffre",
)
def export(
    ctx: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="OUT", help=N_("Dossier à créer."))],
    legacy: Annotated[
        bool, typer.Option("--legacy", help=N_("Forme X25519, que lisent les age anciens."))
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a BagIt bag."""
    output, settings = of(ctx), Settings.load()
    with opened() as safe:
        secret = passphrase(settings, output, Terminal(), new=True)
        check_new(secret)
        options = bag.Options(Passphrase(secret), legacy, datetime.now(UTC))
        written = bag.export(safe, out, options)
    if legacy:
        output.remark(
            output.tr(
                N_("cette copie est de forme ancienne : un ordinateur quantique pourra l'ouvrir")
            )
        )
    if as_json:
        output.give("export", path=str(out), documents=written.documents, legacy=legacy)
    else:
        output.say(
            output.tr(N_("Versions emportées : {count}. Tout est expliqué dans {readme}")).format(
                count=written.documents, readme=out / "data" / "LISEZ-MOI.txt"
            )
        )


@app.command(
    "check",
    cls=Command,
    help=N_("Vérifier que tout est là, intact, et s'ouvre."),
    epilog="coffre vault check",
)
def check_safe(ctx: typer.Context, as_json: Json = False) -> None:
    """Check every version."""
    output, good = of(ctx), 0
    faults = {}
    with opened() as safe:
        for finding in check.check(safe):
            state = finding.fault.code if finding.fault else "good"
            if as_json:
                output.give("check", id=finding.id, version=finding.version, state=state)
            if finding.fault is None:
                good += 1
            else:
                faults[finding.id] = finding.fault
    if not as_json:
        output.show(output.tr(N_("Versions intactes : {count}")).format(count=good))
    if faults:
        raise IncompleteError(faults)


@contextmanager
def opened() -> Iterator[Safe]:
    """Open the safe that is signed in here, until the command ends."""
    settings = Settings.load()
    home = home_of(settings)
    session = home.signed_in()
    with Connection(session.server) as http:
        yield account.resume(http, home, session, moment_of(settings))


@contextmanager
def content_of(source: Path, name: str) -> Iterator[Content]:
    """Open what is to be stored; standard input is read whole first, to know its length."""
    if str(source) == STANDARD:
        data = read(source, limit=_STANDARD_LIMIT)
        yield Content(name or "document", len(data), io.BytesIO(data))
        return
    with source.open("rb") as file:
        length = file.seek(0, io.SEEK_END)
        file.seek(0)
        yield Content(name or source.name, length, file)


def printable(text: str) -> str:
    """Give a text that moves no cursor and turns no line around."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def members(listed: Listed) -> Mapping[str, object]:
    """Give what a JSON line tells of a document."""
    told = listed.metadata
    return {
        "id": listed.id,
        "version": listed.put.version,
        "title": told.title,
        "name": told.name,
        "type": told.type,
        "media_type": told.kind,
        "size": told.size,
        "sha256": told.content_sha256.hex(),
        "added": told.dates.get(ADDED, ""),
    }
