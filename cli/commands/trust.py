"""`coffre trust`: whom this installation believes."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

import typer
from cryptography import x509

from cli.files import STANDARD, read, writing
from cli.help import Command, group
from cli.output import Output, of
from cli.problems.problem import Exit
from cli.trust_steps import aged, step_row, tell_step
from storage.errors import CoffreError, ConfigurationError
from storage.language import N_
from storage.outgoing import Outgoing
from storage.settings import Mode as Purpose
from storage.settings import Settings
from verifier.reports.lists import LIST_NAMES, authority_rows, list_row
from verifier.trust import kept_folder
from verifier.trust.adding import (
    NoAnchorsError,
    Pinned,
    TrustModesError,
    add,
    certificate_files,
    read_files,
    status_files,
)
from verifier.trust.anchors import UNREADABLE, Anchors
from verifier.trust.kept_folder import Files
from verifier.trust.local_list import PEM_LIMIT, read_trust
from verifier.trust.refresh import (
    MANIFEST,
    Fetch,
    Refreshed,
    Source,
    Step,
    directory_dates,
    manifest,
    refresh,
    told_by,
)
from verifier.trust.status_proof import require_proved
from verifier.trust.status_refresh import arrived, renew
from verifier.trust.trust_list import Limits, Mode

app = group(N_("Tenir les listes de confiance : prendre, montrer, ajouter."))

_PEM = b"-----BEGIN CERTIFICATE"
# A JSON object in base64url.
_JWS = b"eyJ"
Config = Annotated[Path | None, typer.Option(metavar="F", help=N_("Réglages."))]
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]


class NoListAddressError(ConfigurationError):
    """The settings do not say where the official list is."""

    code: ClassVar[str] = "configuration.no-tsl"


@app.command(
    cls=Command,
    help=N_(
        "Prendre la liste officielle 2D-Doc, les annuaires, les révocations et les listes des "
        "retraits, les vérifier tous, puis remplacer d'un coup ceux d'avant. Rien n'est changé si "
        "la liste officielle manque ; 3 si une partie seulement a pu être renouvelée."
    ),
    epilog="coffre trust update --config coffre.toml",
)
def update(ctx: typer.Context, config: Config = None, json: Json = False) -> int:
    """Renew the lists from the network."""
    output, settings = of(ctx), Settings.load(config)
    anchors = _anchors(settings)
    if settings.tsl is None and settings.lotl is None and not settings.status_lists:
        raise NoListAddressError("got no address of the official list")
    if settings.tsl is not None and not anchors.certificates:
        problem = "got no certificate to verify the official list"
        raise NoAnchorsError(problem, key="tsl_roots")
    folder, mode = settings.kept_trust, Mode(settings.mode)
    with kept_folder.writing(folder):
        held = _held(folder, mode)
        try:
            result = _renewed(held, settings, anchors, output)
            read_files(result.files, mode)
        except CoffreError:
            if held:
                output.remark(output.tr(N_("les listes d'avant restent en service")))
            raise
        kept_folder.publish(folder, result.files)
    if json:
        rows = [step_row(step) for step in result.steps]
        output.give("trust-update", folder=str(folder), mode=str(mode), lists=rows)
    else:
        output.show(output.tr(N_("Listes de confiance : {folder}")).format(folder=folder))
    return Exit.PARTIAL if result.failed else Exit.DONE


def _renewed(held: Files, settings: Settings, anchors: Anchors, output: Output) -> Refreshed:
    """Fetch the official list and what hangs on it, then the lists of letters taken back."""
    addresses = filter(None, (settings.tsl, settings.lotl, *settings.status_lists))
    hosts = {*(urlsplit(one).hostname or "" for one in addresses), *settings.tsl_hosts}
    door = Outgoing(hosts, loopback=settings.mode is Purpose.TEST)
    mode, now = Mode(settings.mode), _now()
    if settings.tsl is None:
        rows = told_by(held).get("lists", [])
        result = Refreshed({**held, MANIFEST: manifest(held, mode, directory_dates(held), rows)})
    else:
        source = Source(settings.tsl, anchors, mode)
        result = refresh(held, source, door.fetch, now, lambda step: tell_step(output, step))
    european = [] if settings.lotl is None else _european(result.files, settings, door.fetch, now)
    trust = read_files(result.files, mode, settings.trust)
    for step in european:
        result.steps.append(step)
        tell_step(output, step)
    for step in renew(result.files, settings.status_lists, door.fetch, trust, now):
        result.steps.append(step)
        tell_step(output, step)
    return result


def _european(files: Files, settings: Settings, fetch: Fetch, now: datetime) -> list[Step]:
    # It costs pyHanko, and few have these lists.
    from verifier.trust.eu_refresh import EuropeanSource, renew_european  # noqa: PLC0415

    pinned = _all_pinned(settings).lotl
    if not pinned.certificates:
        problem = "got no certificate to verify the list of lists"
        raise NoAnchorsError(problem, key="lotl_signers")
    source = EuropeanSource(settings.lotl or "", pinned, settings.lotl_countries)
    return renew_european(files, source, fetch, now)


@app.command(
    cls=Command,
    help=N_("Montrer les listes de confiance en service : date, âge, échéance, autorités."),
    epilog="coffre trust show",
)
def show(
    ctx: typer.Context,
    trust: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help=N_("Dossier de confiance ; à répéter.")),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show the lists that verdicts rest on."""
    output, settings = of(ctx), Settings.load(config)
    folders = tuple(trust or settings.trust_folders)
    _show(output, folders, settings, as_json=json)


@app.command(
    "add",
    cls=Command,
    help=N_(
        "Ajouter au dossier de confiance des listes apportées à la main : un dossier, un fichier "
        "fait par coffre trust bundle, le certificat (PEM) d'une autorité de la ville, ou une "
        "liste des retraits."
    ),
    epilog="coffre trust add pki/trust",
)
def add_command(
    ctx: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="DIR", help=N_("Dossier de confiance, lot, certificat, ou -."))
    ],
    config: Config = None,
    json: Json = False,
) -> None:
    """Merge a trust folder, a bundle or a certificate into the lists held."""
    output, settings = of(ctx), Settings.load(config)
    folder, mode = settings.kept_trust, Mode(settings.mode)
    added = _brought(path, mode)
    with kept_folder.writing(folder):
        held = _held(folder, mode)
        files = add(held, added, _all_pinned(settings), mode, _now())
        beside = read_files(files, mode, settings.trust)
        require_proved(arrived(files, held), beside, _now())
        kept_folder.publish(folder, files)
    _show(output, (folder,), settings, as_json=json)


@app.command(
    cls=Command,
    help=N_(
        "Mettre les listes de confiance dans un seul fichier, à porter sur une clé USB vers un "
        "poste sans réseau, où coffre trust add les reprend."
    ),
    epilog="coffre trust bundle listes.zip",
)
def bundle(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help=N_("Fichier à écrire."))],
    config: Config = None,
    force: Annotated[
        bool, typer.Option("--force", help=N_("Remplacer un fichier qui existe."))
    ] = False,
) -> None:
    """Write the lists held into one file."""
    output, settings = of(ctx), Settings.load(config)
    data = kept_folder.bundle_of(kept_folder.files_of(settings.kept_trust))
    with writing(path, force=force) as file:
        file.write(data)
    output.say(output.tr(N_("listes de confiance écrites : {path}")).format(path=path))


def _now() -> datetime:
    return datetime.now(UTC)


def _anchors(settings: Settings) -> Anchors:
    return Anchors(tuple(_pinned(settings.tsl_roots)), settings.tsl_signer)


def _all_pinned(settings: Settings) -> Pinned:
    return Pinned(_anchors(settings), Anchors(tuple(_pinned(settings.lotl_signers))))


def _pinned(paths: Sequence[Path]) -> Iterator[x509.Certificate]:
    for path in paths:
        yield from _pem(path, read(path, limit=PEM_LIMIT))


def _pem(path: Path, data: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(data)
    except UNREADABLE as error:
        why = "no certificate in PEM"
        raise kept_folder.KeptFolderError(f"got {why}", path=str(path), why=why) from error


def _held(folder: Path, mode: Mode) -> Files:
    """Read what is kept, as a verifier would: what is damaged is said, not written over."""
    held = kept_folder.kept(folder)
    if held:
        read_files(held, mode)
        if told_by(held)["mode"] != mode:
            raise TrustModesError("got lists of another mode than the settings")
    return held


def _brought(path: Path, mode: Mode) -> Files:
    if str(path) != STANDARD and not path.is_file():
        return kept_folder.files_of(path)
    data = read(path, limit=kept_folder.TOTAL_LIMIT)
    if data.lstrip().startswith(_PEM):
        _pem(path, data)
        return certificate_files(data, mode, _now())
    if data.startswith(_JWS):
        return status_files(data, mode, _now())
    return kept_folder.files_of(path, data)


def _show(output: Output, folders: tuple[Path, ...], settings: Settings, *, as_json: bool) -> None:
    limits = Limits.of_days(settings.directory_days, settings.crl_grace_days)
    trust = read_trust(folders, Mode(settings.mode), limits)
    rows = [list_row(one, trust, _now()) for one in trust.lists]
    authorities = list(authority_rows(trust))
    if as_json:
        output.give(
            "trust",
            folders=[str(folder) for folder in folders],
            mode=str(trust.mode),
            lists=rows,
            twoddoc=authorities,
            authorities=len(trust.authorities),
            revocation_lists=len(trust.crls),
        )
        return
    for one, row in zip(trust.lists, rows, strict=True):
        sentence = N_("{name} : du {issued}, {age} ; à renouveler le {due}")
        words = {"name": output.tr(LIST_NAMES[one.name]), "issued": row["issued"][:10]}
        due = (row["due"] or "-")[:10]
        late = output.tr(N_(" (TROP ANCIENNE)")) if row["too_old"] else ""
        age = aged(row["age_days"], output)
        output.show(output.tr(sentence).format(**words, age=age, due=due) + late)
    for told in authorities:
        state = output.tr(N_("retirée")) if told["withdrawn"] else told["certificates"]
        output.show(f"  {told['id']} : {state}")
    if trust.is_test:
        output.remark(output.tr(N_("listes de confiance d'ESSAI : ces réponses ne prouvent rien")))
