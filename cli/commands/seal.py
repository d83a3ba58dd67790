"""`coffre seal`: one letter, sealed."""

import base64
import hashlib
import os
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from cli.codes import say_folded
from cli.files import read, refuse_existing, writing
from cli.help import Command, group
from cli.orders import OptionWithoutCodeError, corner, order_of
from cli.output import Output, of
from cli.prompts import Terminal, with_pin
from sealing.marks.placement import Wish
from sealing.pades.seal import MAX_BYTES
from sealing.service.codes import Order, TownCodeOrder, TwoDDocOrder
from sealing.service.letter import Letter, SealedLetter, Sealer, seal_letter
from sealing.service.levels import Level, TrustServices
from sealing.service.profile import Profile
from sealing.service.seals import place_for_one
from sealing.signers.port import SEAL, TWODDOC, Signer
from sealing.signers.registry import serving, town_signer
from sealing.signers.registry import signer as open_signer
from sealing.towncode.message import PREFIX
from sealing.towncode.message import parse as parse_towncode
from sealing.towncode.signature import verify as check_towncode
from sealing.twoddoc.conformance import require_town_type
from sealing.twoddoc.emission import Emission
from sealing.twoddoc.message import parse
from sealing.twoddoc.signature import verify as check_code
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Mode, Settings
from verifier.checks.printed_text import compare, compare_towncode
from verifier.reading.document import read_document
from verifier.verdict import PrintedResult

app = group()

VERIFIER = "/verifier"
_MADE = {
    "twoddoc": N_("  code 2D-Doc : page {page}, {modules} modules, relu et conforme"),
    "towncode": N_("  code de vérification : page {page}, {modules} modules, relu et conforme"),
}


class PageDisagreesError(CoffreError):
    """The page does not show what the code says; `parts` name the data."""

    code: ClassVar[str] = "seal.page-disagrees"

    def __init__(self, missing: Sequence[str]) -> None:
        """Keep the names of the values that the page does not show."""
        super().__init__(f"got a page without {len(missing)} values")
        self.parts = tuple((name, "not-on-page") for name in missing)


class LevelError(CoffreError):
    """A level that this version does not make. Details: `level`."""

    code: ClassVar[str] = "usage.level"


Source = Annotated[Path, typer.Argument(metavar="IN.pdf", help=N_("PDF à sceller."))]
Out = Annotated[Path, typer.Option("-o", "--output", metavar="OUT.pdf", help=N_("Fichier scellé."))]
Config = Annotated[Path | None, typer.Option(metavar="F", help=N_("Réglages et signataires."))]
SignerName = Annotated[str | None, typer.Option(metavar="NAME", help=N_("Signataire du cachet."))]
LevelName = Annotated[
    str,
    typer.Option(
        metavar="B-B|B-T|B-LT|B-LTA",
        help=N_("Niveau PAdES : avec horodatage, avec preuves, avec archivage."),
    ),
]
TwoDDoc = Annotated[
    str | None, typer.Option(metavar="TYPE", help=N_("Type du code 2D-Doc, par exemple 00."))
]
TownCode = Annotated[
    bool,
    typer.Option("--towncode", help=N_("Code de vérification de la ville, pour tout document.")),
]
TownType = Annotated[
    str | None,
    typer.Option(
        "--type", metavar="TYPE", help=N_("Avec --towncode : nom ou numéro du type de document.")
    ),
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help=N_("Une donnée du code (2D-Doc : son identifiant ; sinon son nom) ; à répéter."),
    ),
]
Fold = Annotated[
    bool, typer.Option("--fold", help=N_("2D-Doc : mettre les valeurs en capitales sans accents."))
]
StrictC40 = Annotated[
    bool, typer.Option("--strict-c40", help=N_("Symbole en C40 seul, pour qui y est tenu."))
]
Page = Annotated[int, typer.Option(metavar="N", help=N_("Page du code."))]
At = Annotated[
    str,
    typer.Option(
        metavar="auto|x,y", help=N_("Place : auto, ou millimètres depuis le haut gauche.")
    ),
]
Force = Annotated[bool, typer.Option("--force", help=N_("Remplacer le fichier s'il existe."))]
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]


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
        "coffre seal lettre.pdf -o lettre-durable.pdf --config pki/coffre.toml --level B-LT"
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
    settings, now = Settings.load(config, strict_c40=strict_c40 or None), clock()
    pdf = read(source, limit=MAX_BYTES)
    strict, where = settings.strict_c40, address(settings)
    profile = Profile(wish, Emission(fold=fold), where, strict_c40=strict, level=reached)
    with closing(TrustServices(settings, reached, clock)) as services:
        sealer = keys(settings, signer, order, services, output)
        letter = Letter(pdf, order, place=place_for_one(settings, now))
        sealed = seal_letter(letter, sealer, profile, now, os.urandom(10))
    require_agreement(sealed, sealer, order)
    with writing(out, force=force) as file:
        file.write(sealed.pdf)
    tell(output, sealed, pdf, out, as_json=json)
    remark(output, order, sealed, settings.mode)


def require_agreement(sealed: SealedLetter, sealer: Sealer, order: Order | None) -> None:
    """Raise PageDisagreesError for a page that does not say what its code says.

    Every verifier would call such a letter altered.
    """
    if sealed.code is None or sealed.mark is None or order is None:
        return
    words = read_document(sealed.pdf, "").words_of(sealed.mark.place.page)
    if isinstance(order, TwoDDocOrder):
        key = sealer.twoddocs[order.doc_type].chain[0].public_key()
        printed = compare(check_code(parse(sealed.code), key), words)
    else:
        key = sealer.seal.chain[0].public_key()
        printed = compare_towncode(check_towncode(parse_towncode(sealed.code), key), words)
    if printed.result is PrintedResult.DIFFERENT:
        in_town = isinstance(order, TownCodeOrder)
        raise PageDisagreesError([one.name if in_town else one.di for one in printed.differences])


def level_of(name: str) -> Level:
    """Give the level of a name; raise LevelError."""
    try:
        return Level(name)
    except ValueError:
        raise LevelError(f"got {name}, expected {[*Level]}", level=name) from None


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


def address(settings: Settings) -> str | None:
    """Give where anybody verifies, as it is printed: without scheme; None without a site."""
    if settings.site is None:
        return None
    _, _, host = settings.site.partition("://")
    return host.encode("idna").decode("ascii").lower() + VERIFIER


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
