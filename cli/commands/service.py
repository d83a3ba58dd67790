"""`coffre service`: the démarche's side: keys, registration, request, collection, receipt."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.account import NoServerError
from cli.commands.register import object_of
from cli.files import FileExistsAlreadyError, flush_folder, writing
from cli.help import Command, group
from cli.output import of
from consent.client import demarche
from consent.client.demarche import CollectedProofs, Judged, Service
from consent.client.service_keys import ServiceHome, ServiceKeys
from consent.messages.manifest import Item
from storage.language import N_
from storage.settings import Settings
from vault.client.http import Connection, RefusedError
from verifier.check import Indication
from verifier.reading.document import read_document
from verifier.reading.sandbox import ReadingStoppedError
from verifier.reading.sniff import FileRefusedError
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Limits, TrustList
from verifier.trust.trust_list import Mode as TrustMode
from verifier.verify import verify

app = group(N_("Demander des justificatifs et prendre ce qui est remis : côté service."))
key_app = group(N_("Les clés du service."))
app.add_typer(key_app, name="key", help=N_("Les clés du service."))

Server = Annotated[
    str | None, typer.Option("--server", metavar="URL", help=N_("Adresse du serveur."))
]
Identifier = Annotated[
    str, typer.Argument(metavar="ID", help=N_("Identifiant de la demande ou de l'accord."))
]
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]


@key_app.callback()
def area() -> None:
    """Keep `init` a subcommand while it is alone."""


@key_app.command(
    "init",
    cls=Command,
    help=N_("Créer la clé qui signe et l'identité qui ouvre ; elles ne sont jamais remplacées."),
    epilog="coffre service key init",
)
def init(ctx: typer.Context, as_json: Json = False) -> None:
    """Make the keys."""
    output = of(ctx)
    keys = home_of(Settings.load()).make_keys()
    if as_json:
        recipient = keys.identity.recipient().encode()
        output.give("service-keys", kid=keys.signer.key.thumbprint, recipient=recipient)
    else:
        output.show(keys.signer.key.thumbprint)


@app.command(
    "register",
    cls=Command,
    help=N_("Compléter une inscription par ses clés, et l'envoyer à l'exploitant du registre."),
    epilog="coffre service register cantine.json --server http://127.0.0.1:8000",
)
def register(
    ctx: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FILE", help=N_("Inscription, en JSON."))],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="F", help=N_("L'écrire ici, sans l'envoyer.")),
    ] = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Fill keys in; send, or write."""
    output, settings = of(ctx), Settings.load(server=server)
    draft = demarche.draft(home_of(settings).keys(), object_of(source))
    if out is not None:
        with writing(out, text=True) as file:
            file.write(json.dumps(draft, ensure_ascii=False, indent=1).encode() + b"\n")
        return
    with connected(settings) as http:
        identifier = demarche.register(http, draft)
    if as_json:
        output.give("registration", id=identifier, state="draft")
    else:
        output.show(identifier)
        output.say(output.tr(N_("Envoyée : l'exploitant doit encore la signer.")))


@app.command(
    "request",
    cls=Command,
    help=N_("Signer une demande et l'envoyer à une personne, ou obtenir le code à lui donner."),
    epilog="coffre service request demande.json --to camille",
)
def request(
    ctx: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FILE", help=N_("Demande, en JSON."))],
    to: Annotated[
        str, typer.Option("--to", metavar="LOGIN", help=N_("Identifiant de la personne."))
    ] = "",
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Ask."""
    output = of(ctx)
    with opened(server) as service:
        kept, answer = demarche.ask(service, object_of(source), to)
    code, url = answer.text("code"), answer.text("url")
    if as_json:
        output.give("request", id=kept.id, code=code, url=url)
    else:
        output.show(kept.id)
        output.say(output.tr(N_("Code à donner à la personne : {code}")).format(code=code))


@app.command(
    "collect",
    cls=Command,
    help=N_("Prendre ce qui est remis, une seule fois ; tout vérifier ; rendre un reçu."),
    epilog="coffre service collect 2sTnGuWmQ0yTZ3zk1xGmJg -o dossier",
)
def collect(
    ctx: typer.Context,
    identifier: Identifier,
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help=N_("Dossier à créer."))
    ],
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Collect, open, check, acknowledge."""
    output = of(ctx)
    with opened(server) as service, new_folder(out) as folder:
        try:
            proofs = demarche.collect(service, identifier, folder, judge)
        except RefusedError as refused:
            if as_json:
                code = refused.reported or refused.code
                output.give("collection", id=identifier, state="refused", code=code)
            raise
        report = report_of(proofs)
        for name, text in (
            ("grant.jws", proofs.opened.grant.token),
            ("receipt.jws", proofs.receipt),
            ("report.json", json.dumps(report, ensure_ascii=False, indent=1)),
        ):
            with writing(folder / name, text=True) as file:
                file.write(text.encode() + b"\n")
    if as_json:
        output.give("collection", **report, folder=str(out))
        return
    output.show(str(out))
    for each in proofs.results:
        output.say(f"  {each.req}  {each.indication} {each.sub_indication or ''}".rstrip())


@app.command(
    "receipt",
    cls=Command,
    help=N_("Redonner le reçu d'une remise, signé des deux côtés."),
    epilog="coffre service receipt 2sTnGuWmQ0yTZ3zk1xGmJg",
)
def receipt(ctx: typer.Context, identifier: Identifier, as_json: Json = False) -> None:
    """Show the receipt that is kept here."""
    output = of(ctx)
    kept = home_of(Settings.load()).request(identifier)
    if not kept.receipt:
        raise demarche.UnansweredError("got a request without a receipt", state="-")
    if as_json:
        output.give("receipt", id=kept.grant, request=kept.id, receipt=kept.receipt)
    else:
        output.show(kept.receipt)


def judge(item: Item, path: Path) -> Judged:
    """Verify a content as an agent would, with this service's trust folders.

    Without a trust folder, or with a file that bears no proof, nothing is concluded.
    """
    del item
    settings = Settings.load()
    mode = TrustMode(settings.mode)
    folders = settings.trust_folders
    limits = Limits.of_days(settings.directory_days, settings.crl_grace_days)
    trust = read_trust(folders, mode, limits) if folders else TrustList(mode, ())
    try:
        document = read_document(path.read_bytes(), path.name)
    except (FileRefusedError, ReadingStoppedError):
        return Judged("INDETERMINATE", "FORMAT_FAILURE", "declared")
    found = verify(document, trust, datetime.now(UTC)).conclusion
    if found is None:
        return Judged("INDETERMINATE", "SIGNED_DATA_NOT_FOUND", "declared")
    passed = found.indication is Indication.TOTAL_PASSED
    sub = None if found.sub_indication is None else str(found.sub_indication)
    return Judged(str(found.indication), sub, "sealed" if passed else "declared")


def report_of(proofs: CollectedProofs) -> Mapping[str, object]:
    """Give what `report.json` tells: each requirement, its file, its verdict."""
    results = {each.req: each for each in proofs.results}
    return {
        "id": proofs.opened.grant.jti,
        "request": proofs.kept.id,
        "service": proofs.opened.grant.aud,
        "state": "receipted",
        "items": [
            {
                "req": item.req,
                "type": item.type,
                "kind_of_document": item.kind,
                "file": proofs.files[item.req].name,
                "name": item.name,
                "sha256": item.sha256,
                **results[item.req].to_json(),
            }
            for item in proofs.opened.manifest.items
        ],
    }


def home_of(settings: Settings) -> ServiceHome:
    """Give the service's folder."""
    return ServiceHome(settings.home / "service")


@contextmanager
def connected(settings: Settings) -> Iterator[Connection]:
    """Talk to the server that is named; raise NoServerError."""
    if settings.server is None:
        raise NoServerError("got no server")
    with Connection(settings.server) as http:
        yield http


@contextmanager
def opened(server: str | None) -> Iterator[Service]:
    """Open this service's folder and a connection."""
    settings = Settings.load(server=server)
    home = home_of(settings)
    keys: ServiceKeys = home.keys()
    with connected(settings) as http:
        yield Service(http, home, keys, lambda: datetime.now(UTC))


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Make a folder that appears under its name only when the block ends well."""
    if out.exists():
        raise FileExistsAlreadyError(f"got an existing {out}", path=str(out))
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield folder
        folder.rename(out)
        flush_folder(out.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
