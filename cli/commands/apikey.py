"""`coffre apikey`: the keys by which applications have letters sealed (`POST /api/v1/seals`)."""

from collections.abc import Collection, Mapping
from typing import Annotated, ClassVar, Final

import typer

from cli.commands.register import Data, Json, opened
from cli.help import Command, group
from cli.output import Output, of
from cli.seal_options import Config, level_of
from sealing.errors import SealingError
from sealing.service import api_keys
from sealing.service.api_keys import ApiKey, Terms
from sealing.signers.port import SEAL
from sealing.signers.registry import signs_for_services
from storage.database import reading, transaction
from storage.language import N_
from storage.settings import SignerSettings

app = group(N_("Tenir les clés des applications qui font sceller par l'API."))
_MOST_LETTERS: Final = 10_000_000
_MOST_MIB: Final = 100
_NONE: Final = "-"

Signers = Annotated[
    list[str] | None,
    typer.Option(
        "--signer",
        metavar="NAME",
        help=N_(
            "Signataire permis, 2D-Doc compris ; à répéter, le premier cachet nommé scelle. "
            "Sans : tous."
        ),
    ),
]
Levels = Annotated[
    list[str] | None,
    typer.Option(
        "--level", metavar="B-B|B-T|B-LT|B-LTA", help=N_("Niveau permis ; à répéter. Sans : tous.")
    ),
]


class SignerAbsentError(SealingError):
    """The settings name no such signer of seals or codes. Details: `name`, `names`."""

    code: ClassVar[str] = "api-key.signer-absent"


class NoSealError(SealingError):
    """A key's signers sign codes alone: no letter could be sealed. Details: `names`, `seals`."""

    code: ClassVar[str] = "api-key.no-seal"


@app.command(
    "add",
    cls=Command,
    help=N_(
        "Faire une clé pour un service. Elle s'affiche une seule fois : seule son empreinte est "
        "gardée.\n"
        "Un service peut en avoir plusieurs : ajoutez la nouvelle, puis retirez l'ancienne."
    ),
    epilog=(
        "coffre apikey add etat-civil --config pki/coffre.toml --signer cachet --level B-T \\\n"
        "  --data ./donnees"
    ),
)
def add(
    ctx: typer.Context,
    service: Annotated[str, typer.Argument(metavar="NAME", help=N_("Nom du service."))],
    signer: Signers = None,
    level: Levels = None,
    letters: Annotated[
        int,
        typer.Option(
            "--letters-a-day", min=1, max=_MOST_LETTERS, help=N_("Lettres par jour, au plus.")
        ),
    ] = 10_000,
    mebibytes: Annotated[
        int, typer.Option("--most-mib", min=1, max=_MOST_MIB, help=N_("Mio par lettre, au plus."))
    ] = 20,
    config: Config = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a key and show it."""
    output = of(ctx)
    levels = tuple(str(level_of(each)) for each in level or ())
    terms = Terms(service, tuple(signer or ()), levels, letters, mebibytes)
    with opened(data, config) as parts, transaction(parts.site.engine) as session:
        require_signers(parts.settings.signers, terms.signers)
        made = api_keys.add(session, terms, parts.site.clock())
    if as_json:
        output.give("api-key", key=made.text, **members(made.key))
        return
    output.show(made.text)
    told = output.tr(N_("Clé {id} du service {service}."))
    output.say(told.format(id=made.key.id, service=service))
    output.remark(output.tr(N_("gardez-la maintenant : elle ne s'affichera plus")))


@app.command(
    "list",
    cls=Command,
    help=N_("Lister les clés : leur service, ce qu'elles permettent, quand elles ont servi."),
    epilog="coffre apikey list --data ./donnees",
)
def list_keys(ctx: typer.Context, data: Data = None, as_json: Json = False) -> None:
    """List the keys, without themselves."""
    output = of(ctx)
    with opened(data) as parts, reading(parts.site.engine) as session:
        found = api_keys.listing(session)
    for each in found:
        tell(output, each, as_json=as_json)
    if not found and not as_json:
        output.say(output.tr(N_("Aucune clé.")))


@app.command(
    "end",
    cls=Command,
    help=N_("Retirer une clé : aussitôt refusée, pour toujours."),
    epilog="coffre apikey end nrQ0yTZ3zk-1xGmJ8Wm5bw --data ./donnees",
)
def end(
    ctx: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help=N_("Identifiant de la clé."))],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """End a key."""
    output = of(ctx)
    with opened(data) as parts, transaction(parts.site.engine) as session:
        ended = api_keys.end(session, identifier, parts.site.clock())
    tell(output, ended, as_json=as_json)


def require_signers(rows: Mapping[str, SignerSettings], names: Collection[str]) -> None:
    """Raise SignerAbsentError, or NoSealError, for names by which nothing would be sealed."""
    known = [name for name, row in rows.items() if signs_for_services(row)]
    for name in names:
        if name not in known:
            told = ", ".join(known) or _NONE
            raise SignerAbsentError("got a name of no signer", name=name, names=told)
    seals = [name for name in known if rows[name].use == SEAL]
    if names and not set(names) & set(seals):
        told = ", ".join(seals) or _NONE
        raise NoSealError("got signers of codes alone", names=", ".join(names), seals=told)


def members(key: ApiKey) -> dict[str, object]:
    """Give the members of a key's JSON object."""
    terms = key.terms
    moments = {"created_at": key.created_at, "used_at": key.used_at, "ended_at": key.ended_at}
    return {
        "id": key.id,
        "service": terms.service,
        "signers": list(terms.signers),
        "levels": list(terms.levels),
        "letters_a_day": terms.letters_a_day,
        "most_mib": terms.most_mib,
        **{name: at.isoformat() if at else None for name, at in moments.items()},
    }


def tell(output: Output, key: ApiKey, *, as_json: bool) -> None:
    """Tell one key."""
    if as_json:
        output.give("api-key", key=None, **members(key))
        return
    tr, never = output.tr, "-"
    used = key.used_at.isoformat(timespec="minutes") if key.used_at else never
    state = tr(N_("retirée")) if key.ended_at else tr(N_("en service"))
    told = tr(N_("{id}  {service}  {state}, servie : {used}"))
    output.show(told.format(id=key.id, service=key.terms.service, state=state, used=used))
    signers, levels = ", ".join(key.terms.signers), ", ".join(key.terms.levels)
    told = tr(N_("  signataires : {signers} ; niveaux : {levels} ; {letters} lettres par jour"))
    every = tr(N_("tous"))
    letters = key.terms.letters_a_day
    output.show(told.format(signers=signers or every, levels=levels or every, letters=letters))
