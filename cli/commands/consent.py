"""`coffre consent`: the person's side: what is asked, what is handed over, once, and to whom."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from cli.commands.register import object_of
from cli.commands.vault import opened
from cli.help import Command, group
from cli.output import Output, of, plain
from consent.catalogue import law
from consent.client import person, register_pin
from consent.client.person import Asked, Given, ProvedReceipt
from consent.errors import ConsentError
from consent.messages.screen import Screen
from storage.language import N_
from vault.client import documents
from vault.client.documents import Listed

app = group(N_("Répondre aux demandes de justificatifs : remettre, refuser, retirer."))

Identifier = Annotated[str, typer.Argument(metavar="ID", help=N_("Identifiant."))]
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]
_LABELS = {
    "who": N_("qui"), "what": N_("démarche"), "why": N_("pourquoi"), "law": N_("fondement"),
    "until": N_("jusqu'à"), "refuse": N_("si vous refusez"),
}  # fmt: skip


class ItemFormError(ConsentError):
    """An item is not written REQ=DOC, or a requirement comes twice. Details: `item`."""

    code: ClassVar[str] = "consent-item-form"


@app.command(
    "requests",
    cls=Command,
    help=N_("Lister les demandes reçues, avec les documents qui y répondraient."),
    epilog="coffre consent requests",
)
def requests(
    ctx: typer.Context,
    code: Annotated[
        str | None,
        typer.Option("--code", metavar="CODE", help=N_("Ouvrir la demande de ce code.")),
    ] = None,
    as_json: Json = False,
) -> None:
    """List requests."""
    output, now = of(ctx), datetime.now(UTC)
    with opened() as safe:
        asked = [person.open_by_code(safe, code, now)] if code else person.requests(safe, now)
        listed, _ = documents.listing(safe)
    for each in asked:
        tell_request(output, each, listed, as_json=as_json)
    if not asked and not as_json:
        output.say(output.tr(N_("Aucune demande.")))


@app.command(
    "show",
    cls=Command,
    help=N_("Montrer une demande : qui, pourquoi, quoi, jusqu'à quand, et sinon."),
    epilog="coffre consent show 2sTnGuWmQ0yTZ3zk1xGmJg",
)
def show(ctx: typer.Context, identifier: Identifier, as_json: Json = False) -> None:
    """Show one request."""
    output, now = of(ctx), datetime.now(UTC)
    with opened() as safe:
        asked = person.find(safe, identifier, now)
        listed, _ = documents.listing(safe)
    if not as_json:
        show_screen(output, asked)
    tell_request(output, asked, listed, as_json=as_json)


@app.command(
    "grant",
    cls=Command,
    help=N_("Remettre des documents à ce service, une seule fois, pour cette seule demande."),
    epilog="coffre consent grant 2sTnGuWmQ0yTZ3zk1xGmJg --item domicile=XW9VgHyj-T84zz2P0zyYIQ",
)
def grant(
    ctx: typer.Context,
    identifier: Identifier,
    item: Annotated[
        list[str],
        typer.Option("--item", metavar="REQ=DOC", help=N_("Pièce demandée = document remis.")),
    ],
    as_json: Json = False,
) -> None:
    """Hand documents over."""
    output, now = of(ctx), datetime.now(UTC)
    chosen = items_of(item)
    with opened() as safe:
        asked = person.find(safe, identifier, now)
        if not as_json:
            show_screen(output, asked)
        given = person.grant(safe, asked, chosen, now)
    tell_grant(output, given, as_json=as_json)


@app.command(
    "refuse",
    cls=Command,
    help=N_("Refuser une demande. Le service n'en est pas informé."),
    epilog="coffre consent refuse 2sTnGuWmQ0yTZ3zk1xGmJg",
)
def refuse(ctx: typer.Context, identifier: Identifier) -> None:
    """Refuse a request."""
    output = of(ctx)
    with opened() as safe:
        person.refuse(safe, identifier)
    output.say(output.tr(N_("Refusé. Le service ne le saura pas ; l'autre voie reste ouverte.")))


@app.command(
    "list",
    cls=Command,
    help=N_("Lister ce que vous avez remis, et où cela en est."),
    epilog="coffre consent list",
)
def list_grants(ctx: typer.Context, as_json: Json = False) -> None:
    """List grants."""
    output = of(ctx)
    with opened() as safe:
        given = person.grants(safe)
    for each in given:
        tell_grant(output, each, as_json=as_json)
    if not given and not as_json:
        output.say(output.tr(N_("Rien n'a été remis.")))


@app.command(
    "withdraw",
    cls=Command,
    help=N_("Retirer un accord de remise : ce qui attendait est détruit aussitôt."),
    epilog="coffre consent withdraw 5GZ0yTZ3zk-1xGmJ8Wm5bw",
)
def withdraw(ctx: typer.Context, identifier: Identifier, as_json: Json = False) -> None:
    """Take a grant back."""
    output = of(ctx)
    with opened() as safe:
        given = person.withdraw(safe, identifier, datetime.now(UTC))
    tell_grant(output, given, as_json=as_json)


@app.command(
    "receipts",
    cls=Command,
    help=N_("Vérifier et lister les reçus, signés par le service et par le coffre."),
    epilog="coffre consent receipts --json",
)
def receipts(ctx: typer.Context, as_json: Json = False) -> None:
    """List proved receipts."""
    output = of(ctx)
    with opened() as safe:
        proved = person.receipts(safe)
    for each in proved:
        tell_receipt(output, each, as_json=as_json)
    if not proved and not as_json:
        output.say(output.tr(N_("Aucun reçu.")))


@app.command(
    "verify",
    cls=Command,
    help=N_("Vérifier un reçu conservé, tel que l'écrit « coffre consent receipts --json »."),
    epilog="coffre consent verify recu.json",
)
def verify(
    ctx: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FILE", help=N_("Fichier du reçu."))],
    as_json: Json = False,
) -> None:
    """Prove a receipt that was kept."""
    output = of(ctx)
    kept = object_of(source)
    request, given, text = (str(kept.get(each, "")) for each in ("request", "grant", "receipt"))
    with opened() as safe:
        authority = register_pin.authority(safe.http, safe.home.folder)
    proved = person.prove_receipt((request, given, text), authority)
    sentence = output.tr(N_("Reçu valable : signé par {service} et par le coffre."))
    if as_json:
        output.give("verified", receipt=proved.jti, service=proved.service)
    else:
        output.show(sentence.format(service=proved.service))


def items_of(items: Sequence[str]) -> Mapping[str, str]:
    """Read REQ=DOC pairs; raise ItemFormError."""
    chosen: dict[str, str] = {}
    for each in items:
        req, sign, document = each.partition("=")
        if not req or not sign or not document or req in chosen:
            raise ItemFormError("got an item that is not REQ=DOC, or one twice", item=each)
        chosen[req] = document
    return chosen


def show_screen(output: Output, asked: Asked) -> None:
    """Show the lines of the one screen."""
    if asked.request is None:
        return
    for name, text in Screen.of(asked.request, ()).lines:
        output.say(f"{output.tr(_LABELS[name]):>16}  {plain(text)}")
    for req, holder in law.obtainable_elsewhere(asked.request):
        sentence = N_("{req} : ce service peut l'obtenir lui-même auprès de {holder}")
        output.remark(output.tr(sentence).format(req=req, holder=holder))


def tell_request(output: Output, asked: Asked, listed: Sequence[Listed], *, as_json: bool) -> None:
    """Tell one request with its proposals; one that fails a check is told as refused."""
    request, code = asked.request, asked.fault.code if asked.fault else ""
    if request is None and as_json:
        output.give("request", id=asked.id, state="refused", code=code, requirements=[])
    elif request is None:
        output.show(f"{asked.id}  {output.tr(N_('demande non valable'))} ({code})")
    if request is None:
        return
    found = person.proposals(request, listed)
    if as_json:
        output.give(
            "request",
            id=asked.id,
            service=request.service,
            procedure=request.claims["procedure"]["id"],
            purpose=request.claims["purpose"]["text"]["fr"],
            expires_at=request.expires_at.isoformat(),
            requirements=[
                {**each.to_json(), "proposals": found[each.id]} for each in request.requirements
            ],
            state=asked.state,
        )
        return
    state = plain(output.tr(_STATES.get(asked.state, asked.state)))
    output.show(f"{asked.id}  {request.service}  {state}")
    for each in request.requirements:
        due = output.tr(N_("obligatoire")) if each.compulsory else output.tr(N_("facultatif"))
        proposed = ", ".join(found[each.id]) or output.tr(N_("aucun document ne convient"))
        output.show(f"  {each.id}  {plain(each.label['fr'])} ({due}) : {proposed}")


def tell_grant(output: Output, given: Given, *, as_json: bool) -> None:
    """Tell one grant."""
    if as_json:
        output.give(
            "grant",
            id=given.id,
            request=given.request_id,
            service=given.grant.aud,
            state=given.state,
            expires_at=given.grant.expires_at.isoformat(),
            answers=list(given.grant.answers),
        )
    else:
        state = plain(output.tr(_STATES.get(given.state, given.state)))
        output.show(f"{given.id}  {given.grant.aud}  {state}")


def tell_receipt(output: Output, proved: ProvedReceipt, *, as_json: bool) -> None:
    """Tell one receipt."""
    outcome = proved.receipt.outcome
    if as_json:
        output.give(
            "receipt",
            id=proved.receipt.jti,
            grant_id=proved.given.id,
            service=proved.receipt.service,
            outcome="rejected" if outcome.reject_code else "accepted",
            results=[each.to_json() for each in outcome.results],
            erase_by=outcome.erase_by.isoformat(),
            request=proved.request,
            grant=proved.given.grant.token,
            receipt=proved.receipt.text,
        )
        return
    told = {"id": proved.receipt.jti, "service": proved.receipt.service}
    sentence = output.tr(N_("{id}  {service}  effacement au plus tard le {day}"))
    output.show(sentence.format(**told, day=outcome.erase_by.strftime("%d/%m/%Y")))
    for each in outcome.results:
        output.show(f"  {each.req}  {each.indication} {each.sub_indication or ''}".rstrip())


_STATES = {
    "pushed": N_("attend votre réponse"), "answered": N_("répondue"), "declined": N_("refusée"),
    "cancelled": N_("retirée par le service"), "expired": N_("délai passé"),
    "ready": N_("prêt, attend le service"), "collected": N_("pris par le service"),
    "receipted": N_("pris, reçu signé"), "rejected": N_("pris, puis rejeté par le service"),
    "withdrawn": N_("retiré"), "lapsed": N_("jamais pris : détruit"),
}  # fmt: skip
