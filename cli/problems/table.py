"""From an error to its row: a sentence, an advice and an exit code, for the command line.

The web's twin is `vault.web.problems`; a test asks that every `code` has a row. A sentence may name
the error's details in braces.
"""

from cli.problems import (
    applications,
    consent,
    mailing,
    merging,
    opening,
    sealing,
    spools,
    status,
    storage,
    terminal,
    tokens,
    vault,
    verifier,
)
from cli.problems.problem import OUR_FAULT, Exit, Problem
from storage.errors import CoffreError
from storage.language import N_, Translator

PROBLEMS: dict[str, Problem] = {
    **applications.ROWS,
    **consent.ROWS,
    **mailing.ROWS,
    **merging.ROWS,
    **opening.ROWS,
    **sealing.ROWS,
    **spools.ROWS,
    **status.ROWS,
    **storage.ROWS,
    **terminal.ROWS,
    **tokens.ROWS,
    **vault.ROWS,
    **verifier.ROWS,
}

# The rules that an error of several parts may name.
RULES: dict[str, str] = {
    "charset": N_("contient un caractère interdit"),
    "country": N_("le pays émetteur n'est pas FR"),
    "duplicate-label": N_("est donnée deux fois"),
    "empty-label": N_("une donnée n'a pas de nom"),
    "empty-value": N_("ne doit pas être vide"),
    "forbidden-di": N_("n'est pas permise pour ce type"),
    "issue-date-forbidden": N_("ce type n'a pas de date d'émission"),
    "issue-date-missing": N_("la date d'émission manque"),
    "label-number": N_("est un numéro : donnez le nom de la donnée"),
    "missing-mandatory": N_("manque"),
    "no-field": N_("aucune donnée n'est donnée"),
    "not-iso-date": N_("n'est pas une date de la forme 2026-12-31 (ou 2026-12, ou 2026)"),
    "not-on-page": N_("n'est pas sur la page"),
    "other-document": N_("est celui d'un autre document : le cachet a le sien"),
    "page-count": N_("n'est pas le nombre de pages du document"),
    "perimeter": N_("le périmètre n'est pas 01"),
    "signature-date": N_("la date de signature n'est pas dans celles du certificat"),
    "too-long-code": N_("toutes les données ensemble sont trop longues pour un code"),
    "too-long-label": N_("est un nom trop long"),
    "too-long-value": N_("est trop longue"),
    "too-many-fields": N_("il y a plus de 24 données"),
    "unknown-di": N_("n'existe pas"),
    "unknown-towncode-type": N_("n'est pas un type de document connu"),
    "unknown-type": N_("ce type n'existe pas"),
    "value-invalid": N_("n'a pas la forme attendue"),
    "version": N_("la version n'est pas 04"),
}


def parts_of(error: CoffreError, tr: Translator) -> str:
    """Tell the single faults of an error, in the person's language."""
    return " ; ".join(_part(subject, rule, tr).strip() for subject, rule in error.parts)


def _part(subject: str, rule: str, tr: Translator) -> str:
    """Tell one fault: by its rule, or by the sentence of the error that it is."""
    if rule in PROBLEMS:
        return f"{subject} : {tr(PROBLEMS[rule].sentence)}"
    return f"{subject} {tr(RULES.get(rule, rule))}"


def problem_of(error: CoffreError) -> Problem:
    """Give the row of an error; an error without a row is a fault of ours."""
    return PROBLEMS.get(error.reported or error.code, OUR_FAULT)


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
