"""`coffre seal`: one letter, sealed."""

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from cli.files import read, refuse_existing, writing
from cli.help import Command, group
from cli.output import Output, of
from sealing.marks.placement import Wish
from sealing.pades.seal import MAX_BYTES
from sealing.service.letter import Letter, SealedLetter, Sealer, TwoDDocOrder, seal_letter
from sealing.service.profile import Profile
from sealing.signers.port import SEAL, TWODDOC, Signer
from sealing.signers.registry import signer as open_signer
from sealing.twoddoc.conformance import require_town_type
from sealing.twoddoc.message import Emission, parse
from sealing.twoddoc.signature import verify as check_code
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Mode, Settings
from verifier.checks.printed_text import compare
from verifier.reading.document import read_document
from verifier.verdict import PrintedResult

app = group()

LEVEL = "B-B"


class FieldSyntaxError(CoffreError):
    """A `--field` is not DI=VALUE, comes twice, or without `--twoddoc`. Details: `field`."""

    code: ClassVar[str] = "usage.field"


class PlaceSyntaxError(CoffreError):
    """An `--at` is neither `auto` nor `x,y`. Details: `at`."""

    code: ClassVar[str] = "usage.place"


class PlaceWithoutCodeError(CoffreError):
    """A page or a place was given for a code that was not asked for."""

    code: ClassVar[str] = "usage.place-without-code"


class PageDisagreesError(CoffreError):
    """The page does not show what the code says; `parts` name the data identifiers."""

    code: ClassVar[str] = "seal.page-disagrees"

    def __init__(self, missing: Sequence[str]) -> None:
        """Keep the identifiers whose values the page does not show."""
        super().__init__(f"got a page without the values of {list(missing)}")
        self.parts = tuple((di, "not-on-page") for di in missing)


class LevelError(CoffreError):
    """A level that this version does not make. Details: `level`."""

    code: ClassVar[str] = "usage.level"


Source = Annotated[Path, typer.Argument(metavar="IN.pdf", help=N_("PDF à sceller."))]
Out = Annotated[Path, typer.Option("-o", "--output", metavar="OUT.pdf", help=N_("Fichier scellé."))]
Config = Annotated[Path | None, typer.Option(metavar="F", help=N_("Réglages et signataires."))]
SignerName = Annotated[str | None, typer.Option(metavar="NAME", help=N_("Signataire du cachet."))]
Level = Annotated[str, typer.Option(metavar="L", help=N_("Niveau PAdES."))]
TwoDDoc = Annotated[
    str | None, typer.Option(metavar="TYPE", help=N_("Type du code 2D-Doc, par exemple 00."))
]
Fields = Annotated[
    list[str] | None,
    typer.Option(metavar="DI=VALUE", help=N_("Une donnée du code ; à répéter.")),
]
Fold = Annotated[
    bool, typer.Option("--fold", help=N_("Mettre les valeurs en capitales sans accents."))
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
        "Sceller un PDF : cachet PAdES et, au besoin, code 2D-Doc, en une seule révision.\n"
        "Le document d'origine reste intact, octet pour octet, au début du fichier scellé."
    ),
    epilog=(
        "coffre seal lettre.pdf -o lettre-scellee.pdf --config pki/coffre.toml --twoddoc 00 \\\n"
        "  --field 10=MME/DUPONT/CLAIRE --field 20= --field 21= --field '22=12 RUE DES LILAS' \\\n"
        "  --field 23= --field 24=69999 --field 25=VALBOURG --field 26=FR"
    ),
)
def command(
    ctx: typer.Context,
    source: Source,
    out: Out,
    config: Config = None,
    signer: SignerName = None,
    level: Level = LEVEL,
    twoddoc: TwoDDoc = None,
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
    if level != LEVEL:
        raise LevelError(f"got {level}, expected {LEVEL}", level=level)
    if twoddoc is None and (page, at) != (1, "auto"):
        raise PlaceWithoutCodeError("got a place and no code")
    wish, values = Wish(page, corner(at)), fields(field or [], twoddoc)
    refuse_existing(out, force=force)
    settings, now = Settings.load(config, strict_c40=strict_c40 or None), datetime.now(UTC)
    pdf = read(source, limit=MAX_BYTES)
    order = None if twoddoc is None else TwoDDocOrder(twoddoc, values)
    sealer = keys(settings, signer, twoddoc, now)
    profile = Profile(wish, Emission(fold=fold), strict_c40=settings.strict_c40)
    sealed = seal_letter(Letter(pdf, order), sealer, profile, now, os.urandom(10))
    require_agreement(sealed, sealer, twoddoc)
    with writing(out, force=force) as file:
        file.write(sealed.pdf)
    tell(output, sealed, pdf, out, as_json=json)
    if settings.mode is Mode.TEST:
        output.remark(output.tr(N_("mode TEST : ce cachet n'engage personne")))


def require_agreement(sealed: SealedLetter, sealer: Sealer, twoddoc: str | None) -> None:
    """Raise PageDisagreesError for a page that does not say what its code says.

    Every verifier would call such a letter altered.
    """
    if sealed.code is None or sealed.mark is None or twoddoc is None:
        return
    key = sealer.twoddocs[twoddoc].chain[0].public_key()
    words = read_document(sealed.pdf, "").words_of(sealed.mark.place.page)
    printed = compare(check_code(parse(sealed.code), key), words)
    if printed.result is PrintedResult.DIFFERENT:
        raise PageDisagreesError([one.di for one in printed.differences])


def keys(settings: Settings, name: str | None, twoddoc: str | None, now: datetime) -> Sealer:
    """Open the signers that this letter needs."""
    codes: dict[str, Signer] = {}
    if twoddoc is not None:
        require_town_type(twoddoc)
        codes[twoddoc] = open_signer(settings, f"{TWODDOC}{twoddoc}", now)
    return Sealer.ready(open_signer(settings, SEAL, now, name), codes)


def corner(at: str) -> tuple[float, float] | None:
    """Read `--at`; raise PlaceSyntaxError."""
    if at == "auto":
        return None
    try:
        x, y = (float(part) for part in at.split(","))
    except ValueError:
        raise PlaceSyntaxError(f"got {at}", at=at) from None
    return x, y


def fields(pairs: list[str], twoddoc: str | None) -> Mapping[str, str]:
    """Read the `--field` options; raise FieldSyntaxError."""
    found: dict[str, str] = {}
    for pair in pairs:
        di, separator, value = pair.partition("=")
        if not separator or di in found or twoddoc is None:
            raise FieldSyntaxError(f"got the field {di}", field=di)
        found[di] = value
    return found


def tell(output: Output, sealed: SealedLetter, pdf: bytes, out: Path, *, as_json: bool) -> None:
    """Say what was made."""
    place = None if sealed.mark is None else sealed.mark.place
    if as_json:
        code = None
        if sealed.code is not None and place is not None:
            code = {
                "kind": "twoddoc",
                "raw_b64": base64.b64encode(sealed.code).decode(),
                "modules": sealed.modules,
                "page": place.page + 1,
                "rectangle": [round(value, 2) for value in place.rectangle],
            }
        output.give(
            "seal",
            id=str(sealed.document_id),
            file=str(out),
            level=LEVEL,
            road=sealed.road,
            sha256_in=hashlib.sha256(pdf).hexdigest(),
            sha256_out=sealed.sha256,
            code=code,
        )
        return
    output.show(output.tr(N_("Scellé : {path}")).format(path=out))
    output.show(output.tr(N_("  identifiant : {id}")).format(id=sealed.document_id))
    output.show(output.tr(N_("  cachet      : PAdES {level}")).format(level=LEVEL))
    if place is not None:
        sentence = N_("  code 2D-Doc : page {page}, {modules} modules, relu et conforme")
        page = place.page + 1
        output.show(output.tr(sentence).format(page=page, modules=sealed.modules))
