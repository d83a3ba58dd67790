"""What the commands that seal share: their options, and what follows of them."""

from pathlib import Path
from typing import Annotated, ClassVar

import typer

from sealing.marks.placement import Wish
from sealing.service.levels import Level
from sealing.service.profile import Profile
from sealing.twoddoc.emission import Emission
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Settings

VERIFIER = "/verifier"


class LevelError(CoffreError):
    """A level that this version does not make. Details: `level`."""

    code: ClassVar[str] = "usage.level"


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
Json = Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))]


def level_of(name: str) -> Level:
    """Give the level of a name; raise LevelError."""
    try:
        return Level(name)
    except ValueError:
        raise LevelError(f"got {name}, expected {[*Level]}", level=name) from None


def profile_of(settings: Settings, wish: Wish, level: Level, *, fold: bool) -> Profile:
    """Give how letters are sealed, of the options and of the settings."""
    emission, where = Emission(fold=fold), address(settings)
    strict = settings.strict_c40
    return Profile(wish, emission, address=where, strict_c40=strict, level=level)


def address(settings: Settings) -> str | None:
    """Give where anybody verifies, as it is printed: without scheme; None without a site."""
    if settings.site is None:
        return None
    _, _, host = settings.site.partition("://")
    return host.encode("idna").decode("ascii").lower() + VERIFIER
