"""`coffre seal`: one letter, sealed."""

import base64
import hashlib
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.agreement import require_agreement
from cli.codes import say_folded
from cli.files import read, refuse_existing, writing
from cli.help import Command, group
from cli.orders import OptionWithoutCodeError, corner, order_of
from cli.output import Output, of
from cli.prompts import Terminal, with_pin
from cli.seal_options import (
    At,
    Config,
    Fold,
    Json,
    LevelName,
    Page,
    SignerName,
    StrictC40,
    TownCode,
    TownType,
    TwoDDoc,
    level_of,
    profile_of,
)
from sealing.limits import MAX_LETTER
from sealing.marks.placement import Wish
from sealing.proofs.letter_data import MAX_BYTES as MAX_DATA
from sealing.proofs.letter_data import LetterData
from sealing.service.codes import Order, TownCodeOrder, TwoDDocOrder
from sealing.service.letter import Letter, SealedLetter, Sealer, seal_letter
from sealing.service.levels import Level, TrustServices
from sealing.service.seals import slot_for_one
from sealing.signers.port import SEAL, TWODDOC, Signer
from sealing.signers.registry import serving, town_signer
from sealing.signers.registry import signer as open_signer
from sealing.towncode.message import PREFIX
from sealing.twoddoc.conformance import require_town_type
from storage.language import N_
from storage.settings import Mode, Settings

app = group()

_MADE = {
    "twoddoc": N_("  code 2D-Doc : page {page}, {modules} modules, relu et conforme"),
    "towncode": N_("  code de vérification : page {page}, {modules} modules, relu et conforme"),
}


Source = Annotated[Path, typer.Argument(metavar="IN.pdf", help=N_("PDF à sceller."))]
Out = Annotated[Path, typer.Option("-o", "--output", metavar="OUT.pdf", help=N_("Fichier scellé."))]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help=N_("Une donnée du code (2D-Doc : son identifiant ; sinon son nom) ; à répéter."),
    ),
]
Attach = Annotated[
    Path | None,
    typer.Option(
        metavar="DATA.json",
        help=N_("Données du document, jointes au PDF sous le même cachet (un objet JSON)."),
    ),
]
Force = Annotated[bool, typer.Option("--force", help=N_("Remplacer le fichier s'il existe."))]


@app.command(
    cls=Command,
    help=N_(
        "Sceller un PDF : cachet PAdES et, au besoin, code 2D-Doc ou code de vérification de la "
        "ville, en une seule révision.\n"
        "Le document d'origine reste intact, octet pour octet, au début du fichier scellé."
    ),
    epilog=(
        "coffre seal lettre.pdf -o lettre-scellee.pdf --config pki/coffre.toml --twoddoc 00 \\\n"
        "  --field 10=MME/DUPONT/CLAIRE --field 20= --field 21= --field '22=12 RUE DES LILAS' \\\n"
        "  --field 23= --field 24=69999 --field 25=VALBOURG --field 26=FR\n"
        "coffre seal attestation.pdf -o attestation-scellee.pdf --config pki/coffre.toml \\\n"
        '  --towncode --type "attestation d\'accueil" --field nom=DUPONT --field prénoms=CLAIRE\n'
        "coffre seal lettre.pdf -o lettre-durable.pdf --config pki/coffre.toml --level B-LT\n"
        "coffre seal lettre.pdf -o lettre-jointe.pdf --config pki/coffre.toml --attach donnees.json"
    ),
)
def command(
    ctx: typer.Context,
    source: Source,
    out: Out,
    config: Config = None,
    signer: SignerName = None,
    level: LevelName = Level.B_B.value,
    twoddoc: TwoDDoc = None,
    towncode: TownCode = False,
    town_type: TownType = None,
    field: Fields = None,
    fold: Fold = False,
    strict_c40: StrictC40 = False,
    page: Page = 1,
    at: At = "auto",
    attach: Attach = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Seal one PDF."""
    output = of(ctx)
    reached = level_of(level)
    order = order_of(field or [], twoddoc, towncode=towncode, town_type=town_type)
    if order is None and (page, at, fold, strict_c40) != (1, "auto", False, False):
        raise OptionWithoutCodeError("got an option of a code, and no code")
    wish = Wish(page, corner(at))
    refuse_existing(out, force=force)
    data = None if attach is None else (attach.name, letter_data(attach))
    settings, now = Settings.load(config, strict_c40=strict_c40 or None), clock()
    pdf = read(source, limit=MAX_LETTER)
    profile = profile_of(settings, wish, reached, fold=fold)
    with closing(TrustServices(settings, reached, clock)) as services:
        sealer = keys(settings, signer, order, services, output)
        letter = Letter(pdf, order, slot=slot_for_one(settings, now), data=data)
        sealed = seal_letter(letter, sealer, profile, now, os.urandom(10))
    require_agreement(sealed, sealer, order, None if data is None else data[1])
    with writing(out, force=force) as file:
        file.write(sealed.pdf)
    tell(output, sealed, pdf, out, as_json=json)
    remark(output, order, sealed, settings.mode)


def letter_data(path: Path) -> LetterData:
    """Read the data to attach; raise LetterDataError."""
    return LetterData.parse(read(path, limit=MAX_DATA))


def keys(
    settings: Settings,
    name: str | None,
    order: Order | None,
    services: TrustServices,
    output: Output,
) -> Sealer:
    """Open the signers of a letter, and what its level wants; ask for the PIN that is missing."""
    now, in_town = clock(), isinstance(order, TownCodeOrder)
    codes: dict[str, Signer] = {}
    wanted = serving(settings, SEAL, name, every=in_town)
    if isinstance(order, TwoDDocOrder):
        use = f"{TWODDOC}{require_town_type(order.doc_type).code}"
        settings = with_pin(settings, output, Terminal(), *wanted, *serving(settings, use))
        codes[order.doc_type] = open_signer(settings, use, now)
    else:
        settings = with_pin(settings, output, Terminal(), *wanted)
    seal = town_signer(settings, now, name) if in_town else open_signer(settings, SEAL, now, name)
    return Sealer.ready(seal, codes, services.additions(seal.chain))


def clock() -> datetime:
    """Give the hour."""
    return datetime.now(UTC)


def remark(output: Output, order: Order | None, sealed: SealedLetter, mode: Mode) -> None:
    """Say what may surprise: values written otherwise, a seal that binds nobody."""
    if isinstance(order, TwoDDocOrder) and sealed.code is not None:
        say_folded(output, order.values, sealed.code)
    if mode is Mode.TEST:
        output.remark(output.tr(N_("mode TEST : ce cachet n'engage personne")))


def tell(output: Output, sealed: SealedLetter, pdf: bytes, out: Path, *, as_json: bool) -> None:
    """Say what was made."""
    place = None if sealed.mark is None else sealed.mark.place
    kind = "towncode" if (sealed.code or b"").startswith(PREFIX) else "twoddoc"
    if as_json:
        code = None
        if sealed.code is not None and place is not None:
            code = {
                "kind": kind,
                "raw_b64": base64.b64encode(sealed.code).decode(),
                "modules": sealed.modules,
                "page": place.page + 1,
                "rectangle": [round(value, 2) for value in place.rectangle],
            }
        output.give(
            "seal",
            id=str(sealed.document_id),
            file=str(out),
            level=str(sealed.level),
            road=sealed.sealed.road,
            road_reason=sealed.sealed.fallback,
            sha256_in=hashlib.sha256(pdf).hexdigest(),
            sha256_out=sealed.sha256,
            code=code,
        )
        return
    output.show(output.tr(N_("Scellé : {path}")).format(path=out))
    output.show(output.tr(N_("  identifiant : {id}")).format(id=sealed.document_id))
    output.show(output.tr(N_("  cachet      : PAdES {level}")).format(level=sealed.level))
    if place is not None:
        page = place.page + 1
        output.show(output.tr(_MADE[kind]).format(page=page, modules=sealed.modules))
