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
from cli.problems.table import parts_of, problem_of, problem_of_system
from cli.prompts import Terminal, with_pin
from cli.seal_states import tell, tell_list
from sealing.proofs.document_id import Slot, list_of, slot_of
from sealing.service import seals
from sealing.service.list_signer import unspoken
from sealing.service.production import refuse_trials
from sealing.service.publication import (
    NoAddressError,
    Publisher,
    published_slots,
)
from sealing.service.seals import Reason, Standing, register
from sealing.signers.port import STATUS
from sealing.signers.registry import serving, signer
from storage.database import reading, transaction
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Settings

app = group(N_("Retirer ou remplacer un document scellé, publier la liste des retraits."))

_ID: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


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
After = Annotated[
    list[str] | None,
    typer.Option(
        "--after",
        metavar="ID",
        help=N_("Document scellé depuis la sauvegarde (le dernier connu) ; répétable."),
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
    tell(of(ctx), settings, told, published=None, as_json=json)


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
    # What is taken back is published whatever the settings name (`revoke`): this command is told.
    refuse_trials(settings)
    publisher = _publisher(settings, output, folder or settings.published)
    with register(settings) as engine:
        found = publisher.publish(engine, _now())
    for one in found:
        tell_list(output, one, as_json=json)
    if not found and not json:
        output.say(output.tr(N_("aucun document n'a encore de place dans une liste")))


@app.command(
    cls=Command,
    help=N_(
        "Après la restauration d'une sauvegarde, avant de sceller de nouveau : laisser de côté les "
        "places qui ont pu être données depuis, et reprendre à une liste neuve. Sans cela, deux "
        "documents pourraient avoir la même place, et retirer l'un retirerait l'autre. Ne revient "
        "jamais en arrière."
    ),
    epilog="coffre status advance --after 0198f3a2-b7c4-8a1b-8000-000512345678",
)
def advance(
    ctx: typer.Context, after: After = None, config: Config = None, json: Json = False
) -> None:
    """Leave out the slots that a lost database may have given."""
    output, settings = of(ctx), Settings.load(config)
    known = [_slot_of(text) for text in after or ()]
    published = published_slots(settings.published)
    with register(settings) as engine, transaction(engine) as session:
        out = seals.advance(session, [*known, *published[-1:]], _now())
    if json:
        output.give("seal-register", first=out.start, next=out.stop)
        return
    sentence = N_(
        "places {first} à {last} laissées de côté : le prochain document aura la place {next}, la "
        "première de la liste {number}"
    )
    words = {"first": out.start, "last": out.stop - 1, "next": out.stop}
    output.show(output.tr(sentence).format(**words, number=list_of(Slot(out.stop))[0]))
    if not known:
        output.remark(
            output.tr(
                N_(
                    "si plus d'un million de documents ont été scellés depuis la sauvegarde, "
                    "relancez avec --after et l'identifiant du dernier"
                )
            )
        )


def _slot_of(text: str) -> Slot:
    """Give the slot that an identifier claims; raise SealIdError for one without."""
    slot = slot_of(identifier_of(text))
    if slot is None:
        raise SealIdError("got an identifier without a slot", id=text[:64])
    return slot


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
    tell(output, settings, told, published=trouble is None, as_json=as_json)
    if trouble is not None:
        raise NotPublishedError(f"got {trouble}", why=_why(trouble, output)) from trouble


def _why(trouble: CoffreError | OSError, output: Output) -> str:
    if isinstance(trouble, OSError):
        problem, told = problem_of_system(trouble)
        return output.tr(problem.sentence).format_map(told)
    details = {**trouble.details, "parts": parts_of(trouble, output.tr)}
    return output.tr(problem_of(trouble).sentence).format_map(details)
