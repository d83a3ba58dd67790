"""How a sealed document stands, and the lists that say so, told."""

from datetime import UTC, datetime
from typing import Final

from cli.output import Output
from sealing.proofs.document_id import list_of
from sealing.service.publication import Published
from sealing.service.seals import Reason, Standing, State
from storage.language import N_
from storage.settings import Settings

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


def tell(
    output: Output, settings: Settings, told: Standing, *, published: bool | None, as_json: bool
) -> None:
    """Tell how a document stands; `published`: whether the list that says so was."""
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


def tell_list(output: Output, one: Published, *, as_json: bool) -> None:
    """Tell a list that was published, or needed not be."""
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
