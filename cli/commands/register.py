"""`coffre register`: what services may ask, signed by the operator, on the installation's data."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from cli.commands.serve import prepare
from cli.files import STANDARD, read, writing
from cli.help import Command, group
from cli.output import SCHEMA_VERSION, Output, of
from cli.wiring import Parts, assemble, https_name, register_signer
from consent.errors import ConsentError
from consent.service import register
from consent.service.register import Authority, Registered
from storage.database import reading, transaction
from storage.language import N_
from storage.settings import Settings

app = group(N_("Tenir le registre : ce que chaque service peut demander."))
_LIMIT = 16 << 10
_ID = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")

Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help=N_("Dossier des données."))
]
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]


class DraftUnreadableError(ConsentError):
    """The file holds no JSON object. Details: `path`."""

    code: ClassVar[str] = "draft-unreadable"


@app.command(
    "add",
    cls=Command,
    help=N_("Signer l'inscription d'un service : un fichier, ou l'identifiant d'un envoi reçu."),
    epilog="coffre register add cantine.json --data ./donnees",
)
def add(
    ctx: typer.Context,
    source: Annotated[
        str, typer.Argument(metavar="FILE", help=N_("Fichier JSON, ou identifiant d'un envoi."))
    ],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Sign a draft."""
    output = of(ctx)
    with opened(data) as parts:
        by = authority_of(parts)
        now = parts.site.clock()
        with transaction(parts.site.engine) as session:
            if _ID.fullmatch(source) and not Path(source).exists():
                signed = register.sign(session, source, by, now)
            else:
                signed = register.add(session, object_of(Path(source)), by, now)
    tell(output, signed, as_json=as_json)


@app.command(
    "list",
    cls=Command,
    help=N_("Lister les inscriptions, et les envois qui attendent une signature."),
    epilog="coffre register list --data ./donnees",
)
def list_registrations(ctx: typer.Context, data: Data = None, as_json: Json = False) -> None:
    """List what is signed, and what waits."""
    output = of(ctx)
    with opened(data) as parts, reading(parts.site.engine) as session:
        found = register.listing(session)
    for each in found:
        tell(output, each, as_json=as_json)
    if not found and not as_json:
        output.say(output.tr(N_("Aucune inscription.")))


@app.command(
    "publish",
    cls=Command,
    help=N_("Écrire le registre signé et sa clé publique, pour qui veut les conserver."),
    epilog="coffre register publish -o registre.json --data ./donnees",
)
def publish(
    ctx: typer.Context,
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="F", help=N_("Fichier à écrire."))
    ] = Path(STANDARD),
    data: Data = None,
    force: Annotated[bool, typer.Option("--force", help=N_("Remplacer un fichier."))] = False,
) -> None:
    """Write everything that is public."""
    output = of(ctx)
    with opened(data) as parts, reading(parts.site.engine) as session:
        found = register.listing(session)
        public: dict[str, object] = {
            "vault": parts.broker.vault,
            "key": parts.broker.register.to_jwk(),
            "kid": parts.broker.register.thumbprint,
            "registrations": [
                {"id": each.id, "struck_off": each.struck_off, "registration": each.signed}
                for each in found
                if each.signed is not None
            ],
        }
    if str(out) == STANDARD:
        output.give("register", **public)
        return
    whole = {"schema_version": SCHEMA_VERSION, "kind": "register", **public}
    with writing(out, force=force, text=True) as file:
        file.write(json.dumps(whole, ensure_ascii=False).encode() + b"\n")


@app.command(
    "strike-off",
    cls=Command,
    help=N_("Radier une inscription : ses demandes sont aussitôt refusées."),
    epilog="coffre register strike-off nrQ0yTZ3zk-1xGmJ8Wm5bw --data ./donnees",
)
def strike_off(
    ctx: typer.Context,
    identifier: Annotated[
        str, typer.Argument(metavar="ID", help=N_("Identifiant de l'inscription."))
    ],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """End a registration."""
    output = of(ctx)
    with opened(data) as parts, transaction(parts.site.engine) as session:
        struck = register.strike_off(session, identifier, parts.site.clock())
    tell(output, struck, as_json=as_json)


@contextmanager
def opened(data: Path | None, config: Path | None = None) -> Iterator[Parts]:
    """Open the installation's data, made at the first use; `config` is that of `coffre serve`."""
    os.umask(0o077)
    settings = Settings.load(config, data=data)
    parts = assemble(settings, f"http://{settings.host}:{settings.port}")
    prepare(parts)
    try:
        yield parts
    finally:
        parts.site.engine.dispose()


def authority_of(parts: Parts) -> Authority:
    """Give who signs: the installation's own register."""
    signer = register_signer(parts.settings.data / "keys")
    return Authority(signer, f"{https_name(parts.site.address)}/registre")


def object_of(path: Path) -> dict[str, Any]:
    """Read a file that holds a JSON object; raise DraftUnreadableError."""
    try:
        members = json.loads(read(path, limit=_LIMIT))
    except ValueError as error:
        raise DraftUnreadableError("got a file that is not JSON", path=str(path)) from error
    if not isinstance(members, dict):
        raise DraftUnreadableError("got JSON that is no object", path=str(path))
    return members


def tell(output: Output, row: Registered, *, as_json: bool) -> None:
    """Tell one row."""
    state = "draft" if row.signed is None else "struck-off" if row.struck_off else "signed"
    if as_json:
        output.give(
            "registration",
            id=row.id,
            service=row.service,
            procedure=row.procedure,
            version=row.version,
            state=state,
            keys=list(row.keys),
        )
        return
    words = {
        "draft": N_("attend une signature"),
        "signed": N_("signée"),
        "struck-off": N_("radiée"),
    }
    output.show(
        f"{row.id}  {row.service}  {row.procedure} {row.version}  {output.tr(words[state])}"
    )
    for key in row.keys:
        output.show(output.tr(N_("  clé du service : {key}")).format(key=key))
