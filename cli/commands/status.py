"""`coffre status`: sealed documents taken back or replaced, and the lists that say so."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar, Final
from uuid import UUID

import typer
from sqlalchemy import Engine

from cli.help import Command, group
from cli.output import Output, of
from cli.problems.table import parts_of, problem_of
from cli.prompts import Terminal, with_pin
from sealing.proofs.document_id import list_of
from sealing.service import seals
from sealing.service.list_signer import unspoken
from sealing.service.publication import NoAddressError, Published, Publisher
from sealing.service.seals import Reason, Standing, State, register
from sealing.signers.port import STATUS
from sealing.signers.registry import serving, signer
from storage.database import reading, transaction
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Settings

app = group(N_("Retirer ou remplacer un document scellé, publier la liste des retraits."))

_ID: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_STATES: Final = {
    State.CURRENT: N_("en vigueur"),
    State.SUPERSEDED: N_("remplacé"),
    State.REVOKED: N_("retiré"),
}
_REASONS: Final = {
    Reason.REPLACED: N_("un autre document le remplace"),
    Reason.WITHDRAWN: N_("la ville le retire"),
    Reason.WRONG_CONTENT: N_("son contenu est faux"),
    Reason.WRONG_RECIPIENT: N_("il a été envoyé à une autre personne"),
}


class SealIdError(CoffreError):
    """Text that is no identifier of a sealed document. Details: `id`."""

    code: ClassVar[str] = "usage.seal-id"


class NotPublishedError(CoffreError):
    """The state is kept, and the list could not be signed or written. Details: `why`."""

    code: ClassVar[str] = "status.not-published"
    retryable: ClassVar[bool] = True


SealId = Annotated[str, typer.Argument(metavar="SEAL_ID", help=N_("Identifiant du document."))]
By = Annotated[str | None, typer.Option("--by", metavar="ID", help=N_("Document qui le remplace."))]
Why = Annotated[
    Reason,
    typer.Option(
        "--reason",
        metavar="wrong-recipient|wrong-content|replaced|withdrawn",
        help=N_("Pourquoi : mauvaise personne, contenu faux, remplacé, ou seulement retiré."),
    ),
]
Config = Annotated[Path | None, typer.Option(metavar="F", help=N_("Réglages et signataires."))]
Folder = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="DIR", help=N_("Dossier des listes publiées.")),
]
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]


@app.command(
    cls=Command,
    help=N_(
        "Retirer un document scellé, pour toujours : qui le vérifie apprendra que la ville l'a "
        "repris. La liste des retraits est publiée aussitôt."
    ),
    epilog="coffre status revoke 0198f3a2-b7c4-8a1b-8000-000512345678 --reason wrong-recipient",
)
def revoke(
    ctx: typer.Context,
    seal_id: SealId,
    reason: Why = Reason.WITHDRAWN,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take a sealed document back."""
    identifier, settings = identifier_of(seal_id), Settings.load(config)
    with register(settings) as engine:
        with transaction(engine) as session:
            told = seals.revoke(session, identifier, reason, _now())
        _settle(of(ctx), settings, engine, told, as_json=json)


@app.command(
    cls=Command,
    help=N_(
        "Dire qu'un document scellé est remplacé, au besoin par quel autre ; la liste est publiée "
        "aussitôt."
    ),
    epilog="coffre status supersede 0198f3a2-b7c4-8a1b-8000-000512345678",
)
def supersede(
    ctx: typer.Context, seal_id: SealId, by: By = None, config: Config = None, json: Json = False
) -> None:
    """Have a sealed document replaced."""
    identifier, settings = identifier_of(seal_id), Settings.load(config)
    other = None if by is None else identifier_of(by)
    with register(settings) as engine:
        with transaction(engine) as session:
            told = seals.supersede(session, identifier, other, _now())
        _settle(of(ctx), settings, engine, told, as_json=json)


@app.command(
    cls=Command,
    help=N_("Dire si un document scellé est en vigueur, remplacé ou retiré."),
    epilog="coffre status show 0198f3a2-b7c4-8a1b-8000-000512345678",
)
def show(ctx: typer.Context, seal_id: SealId, config: Config = None, json: Json = False) -> None:
    """Tell how a sealed document stands."""
    identifier, settings = identifier_of(seal_id), Settings.load(config)
    with register(settings) as engine, reading(engine) as session:
        told = seals.standing(session, identifier)
    _tell(of(ctx), settings, told, published=None, as_json=json)


@app.command(
    cls=Command,
    help=N_(
        "Publier les listes des retraits, signées : celles qui ont changé, ou qui ont plus de "
        "douze heures. Une liste vaut sept jours : à lancer chaque jour, par cron."
    ),
    epilog="coffre status publish --config coffre.toml",
)
def publish(
    ctx: typer.Context, folder: Folder = None, config: Config = None, json: Json = False
) -> None:
    """Publish every list that has changed or aged."""
    output, settings = of(ctx), Settings.load(config)
    publisher = _publisher(settings, output, folder or settings.published)
    with register(settings) as engine:
        found = publisher.publish(engine, _now())
    for one in found:
        _tell_list(output, one, as_json=json)
    if not found and not json:
        output.say(output.tr(N_("aucun document n'a encore de place dans une liste")))


def identifier_of(text: str) -> UUID:
    """Read an identifier, with or without dashes; raise SealIdError."""
    if _ID.fullmatch(text) is None:
        raise SealIdError("got no identifier", id=text[:64])
    return UUID(text)


def _now() -> datetime:
    return datetime.now(UTC)


def _publisher(settings: Settings, output: Output, folder: Path) -> Publisher:
    address = settings.status.address
    if address is None:
        raise NoAddressError("got no address of the lists")
    settings = with_pin(settings, output, Terminal(), *serving(settings, STATUS))
    made = signer(settings, STATUS, _now())
    sentence = N_(
        "attention : le cachet « {name} » n'a pas l'organisation et l'autorité du signataire des "
        "listes : retirer un document qu'il scelle ne se verra pas"
    )
    for name in unspoken(settings, made.chain):
        output.remark(output.tr(sentence).format(name=name))
    return Publisher(made, address, folder)


def _settle(
    output: Output, settings: Settings, engine: Engine, told: Standing, *, as_json: bool
) -> None:
    """Publish what was decided, and tell it; what is decided stays, whatever becomes of the list.

    Raises NotPublishedError.
    """
    trouble: CoffreError | OSError | None = None
    try:
        _publisher(settings, output, settings.published).publish(engine, _now())
    except (CoffreError, OSError) as error:
        trouble = error
    _tell(output, settings, told, published=trouble is None, as_json=as_json)
    if trouble is not None:
        raise NotPublishedError(f"got {trouble}", why=_why(trouble, output)) from trouble


def _why(trouble: CoffreError | OSError, output: Output) -> str:
    if isinstance(trouble, OSError):
        return trouble.strerror or type(trouble).__name__
    details = {**trouble.details, "parts": parts_of(trouble, output.tr)}
    return output.tr(problem_of(trouble).sentence).format_map(details)


def _tell(
    output: Output, settings: Settings, told: Standing, *, published: bool | None, as_json: bool
) -> None:
    number, _ = list_of(told.slot)
    address = settings.status.address and f"{settings.status.address}/{number}"
    if as_json:
        output.give(
            "seal-status",
            id=str(told.identifier),
            state=str(told.state),
            reason=told.reason and str(told.reason),
            replaced_by=told.replaced_by and str(told.replaced_by),
            at=told.at and told.at.isoformat(),
            changed=told.changed,
            list=address,
            published=published,
        )
        return
    words = {"id": told.identifier, "state": output.tr(_STATES[told.state])}
    output.show(output.tr(N_("Document {id} : {state}")).format(**words))
    if told.at is not None and told.reason is not None:
        why = output.tr(_REASONS[told.reason])
        output.show(output.tr(N_("  depuis le {day} : {why}")).format(day=_day(told.at), why=why))
    if told.replaced_by is not None:
        output.show(output.tr(N_("  remplacé par {id}")).format(id=told.replaced_by))
    if published is not None and not told.changed:
        output.remark(output.tr(N_("c'était déjà fait : rien n'a changé")))
    if published:
        output.show(output.tr(N_("  liste publiée : {address}")).format(address=address))


def _tell_list(output: Output, one: Published, *, as_json: bool) -> None:
    if as_json:
        output.give(
            "status-list",
            number=one.number,
            address=one.address,
            file=str(one.path),
            marked=one.marked,
            issued=one.issued.isoformat(),
            expires=one.expires.isoformat(),
            written=one.written,
        )
        return
    sentence = N_("{path} : {marked} retirés ou remplacés, vaut jusqu'au {day}")
    words = {"path": one.path, "marked": one.marked, "day": _day(one.expires)}
    output.show(output.tr(sentence).format(**words))


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d/%m/%Y}"
