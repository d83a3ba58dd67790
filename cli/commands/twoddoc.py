"""`coffre twoddoc`: one code by itself: made, taken apart, and what the tables know."""

import base64
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from cli.codes import members, say, say_folded, say_type, type_members
from cli.files import STANDARD, read, refuse_existing, writing
from cli.help import Command, group
from cli.main import explain
from cli.orders import fields
from cli.output import Output, of
from cli.problems.problem import Exit
from cli.prompts import Terminal, with_pin
from sealing.marks import datamatrix, picture
from sealing.proofs.document_id import document_id
from sealing.service.codes import MENTION, TwoDDocOrder, twoddoc_code
from sealing.service.production import refuse_trials
from sealing.service.profile import Profile
from sealing.signers.port import TWODDOC
from sealing.signers.registry import serving
from sealing.signers.registry import signer as open_signer
from sealing.twoddoc.catalogue import doc_types
from sealing.twoddoc.conformance import require_town_type
from sealing.twoddoc.emission import Emission
from sealing.twoddoc.message import parse, parse_set
from sealing.twoddoc.parts import is_part, join
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Mode, Settings
from verifier.checks.codes.sets import gathered
from verifier.reading.document import read_document
from verifier.reading.found import text_document
from verifier.reading.sniff import MAX_BYTES, FileUnknownError

app = group(N_("Émettre un code 2D-Doc, en lire un, lister les types."))

_TEXT_LIMIT = 64 * 1024
# How codes begin that hold raw bytes: version 01, binary form, binary part.
_BYTES = (b"DC01", b"\xdc", b"\xee")
# A drawing of ours, among others: markup holds characters, and no code.
_MARKUP = (b"<svg", b"<?xml", b"<!")
_PICTURES = {".png": picture.png, ".svg": picture.svg}
_WRITTEN = {"\x1d": "<GS>", "\x1e": "<RS>", "\x1f": "<US>"}


class CodeNotFoundError(CoffreError):
    """A good file that bears no code. Details: `path`."""

    code: ClassVar[str] = "code.not-found"


class PictureKindError(CoffreError):
    """An output that is neither PNG nor SVG by its name. Details: `path`."""

    code: ClassVar[str] = "code.picture-kind"


Type = Annotated[
    str, typer.Option("--type", metavar="TYPE", help=N_("Type du document, par exemple 00."))
]
Fields = Annotated[
    list[str] | None,
    typer.Option("--field", metavar="DI=VALUE", help=N_("Une donnée du code ; à répéter.")),
]
Config = Annotated[Path | None, typer.Option(metavar="F", help=N_("Réglages et signataires."))]
SignerName = Annotated[str | None, typer.Option(metavar="NAME", help=N_("Signataire du code."))]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--out", metavar="F", help=N_("code.png, code.svg, ou - (caractères).")),
]
Fold = Annotated[
    bool, typer.Option("--fold", help=N_("Mettre les valeurs en capitales sans accents."))
]
Truncate = Annotated[
    bool, typer.Option("--truncate", help=N_("Couper les textes obligatoires trop longs."))
]
StrictC40 = Annotated[
    bool, typer.Option("--strict-c40", help=N_("Symbole en C40 seul, pour qui y est tenu."))
]
Force = Annotated[bool, typer.Option("--force", help=N_("Remplacer le fichier s'il existe."))]
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]


@app.command(
    "encode",
    cls=Command,
    help=N_(
        "Écrire et signer un code 2D-Doc seul, pour un document mis en page ailleurs.\n"
        "Sans -o, ses caractères sur une ligne, séparateurs écrits <GS>, <RS>, <US> ; "
        "avec -o -, ses octets exacts."
    ),
    epilog=(
        "coffre twoddoc encode --type 00 --config pki/coffre.toml -o code.png \\\n"
        "  --field 10=MME/DUPONT/CLAIRE --field 20= --field 21= --field '22=12 RUE DES LILAS' \\\n"
        "  --field 23= --field 24=69999 --field 25=VALBOURG --field 26=FR"
    ),
)
def encode_command(
    ctx: typer.Context,
    kind: Type,
    field: Fields = None,
    config: Config = None,
    signer: SignerName = None,
    out: Out = None,
    fold: Fold = False,
    truncate: Truncate = False,
    strict_c40: StrictC40 = False,
    force: Force = False,
    json: Json = False,
) -> None:
    """Write, sign and draw one code; it is read back before it is given."""
    output = of(ctx)
    if out is not None and str(out) != STANDARD and out.suffix.lower() not in _PICTURES:
        raise PictureKindError(f"got {out}", path=str(out))
    if out is not None:
        refuse_existing(out, force=force)
    require_town_type(kind)
    settings, now = Settings.load(config, strict_c40=strict_c40 or None), datetime.now(UTC)
    refuse_trials(settings)
    order = TwoDDocOrder(kind, fields(field or [], kind))
    use = f"{TWODDOC}{kind}"
    settings = with_pin(settings, output, Terminal(), *serving(settings, use, signer))
    signers = {kind: open_signer(settings, use, now, signer)}
    profile = Profile(emission=Emission(fold, truncate), strict_c40=settings.strict_c40)
    code = twoddoc_code(order, signers, profile, now, document_id(now, os.urandom(10)))
    symbol = datamatrix.symbol(code, strict_c40=profile.strict_c40)
    if out is not None:
        draw = _PICTURES.get(out.suffix.lower())
        data = code if draw is None else draw(symbol, MENTION, code)
        with writing(out, force=force) as file:
            file.write(data)
    _say_encoded(output, code, symbol.modules, out, as_json=json)
    say_folded(output, order.values, code)
    if settings.mode is Mode.TEST:
        output.remark(output.tr(N_("mode TEST : ce code n'engage personne")))
    output.remark(output.tr(N_("le document doit montrer à l'identique ce que dit le code")))


@app.command(
    "decode",
    cls=Command,
    help=N_(
        "Lire un code : ses caractères, ou le fichier (image, PDF) qui le porte, ou - .\n"
        "Ce qu'il dit est montré sans être vérifié ; pour juger un code : coffre verify."
    ),
    epilog="coffre twoddoc decode code.png",
)
def decode_command(
    ctx: typer.Context,
    source: Annotated[
        str, typer.Argument(metavar="RAW|-|IMAGE", help=N_("Caractères d'un code, ou fichier."))
    ],
    json: Json = False,
) -> int:
    """Take codes apart; nothing is verified."""
    output, exits = of(ctx), []
    for symbols in codes_of(source):
        try:
            part = is_part(symbols[0])
            raw = join(symbols) if part else symbols[0]
            parsed = parse_set(symbols) if part else parse(raw, repair=True)
        except CoffreError as error:
            # Beside another code, one that cannot be read is told and stops nothing.
            exits.append(explain(error, output))
            continue
        exits.append(Exit.DONE)
        if json:
            output.give("twoddoc", **members(raw, parsed))
        else:
            say(output, parsed)
    if Exit.DONE in exits:
        sentence = N_("rien n'a été vérifié : ni signature, ni émetteur (coffre verify le fait)")
        output.remark(output.tr(sentence))
    return max(exits)


@app.command(
    "types",
    cls=Command,
    help=N_(
        "Lister les types de document : obligatoires, facultatives, et ce qu'une ville émet (*)."
    ),
    epilog="coffre twoddoc types --json",
)
def types_command(ctx: typer.Context, json: Json = False) -> None:
    """List what the tables know."""
    output = of(ctx)
    for entry in doc_types().values():
        if json:
            output.give("twoddoc-type", **type_members(entry))
        else:
            say_type(output, entry)
    if not json:
        output.say(output.tr(N_("* : un type qu'une ville peut émettre")))


def codes_of(source: str) -> list[tuple[bytes, ...]]:
    """Give the codes of an argument, each as its symbols: text, `-`, or a file that bears some.

    Raises CodeNotFoundError, a FileRefusedError, a ReadingStoppedError or OSError.
    """
    path = Path(source)
    if source != STANDARD and not _is_file(path):
        if path.suffix[1:].isalpha() and not source.startswith("DC"):
            path.stat()  # meant as a file's name: let the system say what is wrong with it
        return _codes_in(source)
    data = read(path, limit=MAX_BYTES)
    try:
        document = read_document(data, source)
    except FileUnknownError:
        if len(data) > _TEXT_LIMIT or not (data.isascii() or data.startswith(_BYTES)):
            raise
        if data.lstrip().startswith(_MARKUP):
            raise
        return _codes_in(data.decode("latin-1"))
    if not document.codes:
        raise CodeNotFoundError("got no code", path=source)
    return [code.symbols for code in gathered(document.codes)]


def _codes_in(text: str) -> list[tuple[bytes, ...]]:
    """Give the codes of a text; an empty one is no code, and parsing says so."""
    found = [code.symbols for code in gathered(text_document(text).codes)]
    return [*found] or [(b"",)]


def written(code: bytes) -> str:
    """Write a code on one line that a terminal and a keyboard can take."""
    return "".join(_WRITTEN.get(sign, sign) for sign in code.decode("latin-1"))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False  # no name at all: too long, or with a zero


def _say_encoded(
    output: Output, code: bytes, modules: int, out: Path | None, *, as_json: bool
) -> None:
    """Say what was made; where the code itself went to standard output, nothing else does."""
    if out is not None and str(out) == STANDARD:
        return
    if as_json:
        output.give(
            "twoddoc-code",
            raw_b64=base64.b64encode(code).decode(),
            modules=modules,
            file=None if out is None else str(out),
        )
    elif out is None:
        output.show(written(code))
    else:
        output.show(output.tr(N_("Code 2D-Doc : {path}")).format(path=out))
        sentence = N_("  {modules} modules, relu et conforme")
        output.show(output.tr(sentence).format(modules=modules))
