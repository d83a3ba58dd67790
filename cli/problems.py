"""From an error to a sentence, an advice and an exit code, for the command line.

The web's twin is `vault.web.problems`; a test asks that every `code` has a row here. A sentence may
name the error's details in braces.
"""

from dataclasses import dataclass
from enum import IntEnum

from storage.errors import CoffreError
from storage.language import N_


class Exit(IntEnum):
    """Exit codes of the command line; scripts rely on them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    TOTAL_FAILED = 4
    RETRYABLE = 5
    INDETERMINATE = 6
    NOT_FOUND = 10
    LOCKED = 11
    BAD_PASSPHRASE = 12
    CONFIGURATION = 13
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Problem:
    """What a person is told when a command stops."""

    sentence: str
    advice: str
    exit: Exit = Exit.FAILED


OUR_FAULT = Problem(
    N_("une faute de Coffre, pas de votre document"),
    N_("relancez avec --debug et transmettez ce qui s'affiche à l'exploitant"),
)

PROBLEMS: dict[str, Problem] = {
    "configuration": Problem(
        N_("la configuration ne convient pas"), N_("voyez coffre.toml"), Exit.CONFIGURATION
    ),
    "configuration.unknown-key": Problem(
        N_("{path} contient « {key} », que rien ne lit"),
        N_("corrigez le nom ou retirez cette ligne"),
        Exit.CONFIGURATION,
    ),
    "configuration.unreadable": Problem(
        N_("la configuration ne se lit pas : {path} {key}"),
        N_("vérifiez que le fichier existe et que la valeur a la bonne forme"),
        Exit.CONFIGURATION,
    ),
    "configuration.production-refuses": Problem(
        N_("refusé en mode production : {what}"),
        N_("cet élément sert aux essais ; en production, utilisez de vrais certificats et un HSM"),
        Exit.CONFIGURATION,
    ),
    "configuration.missing-extra": Problem(
        N_("il manque une partie facultative de Coffre : {extra}"),
        N_("installez-la : pip install 'coffre[{extra}]'"),
        Exit.CONFIGURATION,
    ),
    "demo.folder-not-empty": Problem(
        N_("{path} contient déjà quelque chose"),
        N_("choisissez un dossier neuf ou vide : des clés ne sont jamais remplacées"),
    ),
    "file.exists": Problem(
        N_("{path} existe déjà"), N_("choisissez un autre nom, ou ajoutez --force")
    ),
    "file.terminal": Problem(
        N_("ces octets ne sont pas du texte et n'iront pas sur un terminal"),
        N_("indiquez un fichier avec -o, ou redirigez la sortie"),
        Exit.USAGE,
    ),
    "file.too-large": Problem(
        N_("{path} dépasse la taille permise ({limit} Mio)"), N_("découpez ou allégez le fichier")
    ),
    "language.catalogue": OUR_FAULT,
    "usage.mistyped-command": Problem(
        N_("la commande « {name} » n'existe pas"), N_("vouliez-vous dire « {near} » ?"), Exit.USAGE
    ),
    "usage.unknown-command": Problem(
        N_("la commande « {name} » n'existe pas"), N_("voyez coffre --help"), Exit.USAGE
    ),
}


def problem_of(error: CoffreError) -> Problem:
    """Give the row of an error; an error without a row is a fault of ours."""
    return PROBLEMS.get(error.code, OUR_FAULT)


def problem_of_system(error: OSError) -> tuple[Problem, dict[str, str]]:
    """Give the row of a refusal by the operating system, and its details."""
    details = {"path": str(error.filename or ""), "why": error.strerror or type(error).__name__}
    match error:
        case FileNotFoundError():
            sentence, code = N_("{path} n'existe pas"), Exit.NOT_FOUND
        case IsADirectoryError():
            sentence, code = N_("{path} est un dossier, pas un fichier"), Exit.FAILED
        case PermissionError():
            sentence, code = N_("{path} ne peut être ni lu ni écrit : droits"), Exit.FAILED
        case _:
            sentence, code = N_("{path} : {why}"), Exit.FAILED
    return Problem(sentence, N_("vérifiez le nom, les droits et la place libre"), code), details
