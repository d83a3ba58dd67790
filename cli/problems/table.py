"""From an error to its row: a sentence, an advice and an exit code, for the command line.

The web's twin is `vault.web.problems`; a test asks that every `code` has a row. A sentence may name
the error's details in braces.
"""

import errno
from typing import Final, NamedTuple

from cli.problems import (
    applications,
    attachments,
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
    **attachments.ROWS,
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

# Errors whose parts may be data identifiers of a 2D-Doc.
_OF_CODES: Final = frozenset({"twoddoc.emission", "seal.page-disagrees"})
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
    "otherwise-in-data": N_("ne dit pas la même chose dans les données jointes"),
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
    of_codes = (error.reported or error.code) in _OF_CODES
    subjects = ((_named(one) if of_codes else one, rule) for one, rule in error.parts)
    return " ; ".join(_part(subject, rule, tr).strip() for subject, rule in subjects)


def _named(subject: str) -> str:
    """Say what a data identifier of a 2D-Doc stands for."""
    from sealing.twoddoc.catalogue import identifiers  # noqa: PLC0415 - tables, for these alone

    # No name of a town code's datum is a number.
    entry = identifiers().get(subject) if subject.isdigit() else None
    return f"{subject} ({entry.french})" if entry and entry.french else subject


def _part(subject: str, rule: str, tr: Translator) -> str:
    """Tell one fault: by its rule, or by the sentence of the error that it is."""
    if rule in PROBLEMS:
        return f"{subject} : {tr(PROBLEMS[rule].sentence)}"
    return f"{subject} {tr(RULES.get(rule, rule))}"


def problem_of(error: CoffreError) -> Problem:
    """Give the row of an error; an error without a row is a fault of ours."""
    return PROBLEMS.get(error.reported or error.code, OUR_FAULT)


class _Refusal(NamedTuple):
    """A refusal by the operating system: told of a file, told without one, and what to do."""

    of_file: str
    alone: str
    advice: str


_DISK_FULL: Final = _Refusal(
    N_("le disque est plein : {path}"),
    N_("le disque est plein"),
    N_("faites de la place, puis relancez la même commande"),
)
_TOO_MANY: Final = _Refusal(
    N_("trop de fichiers sont ouverts à la fois : {path}"),
    N_("trop de fichiers sont ouverts à la fois"),
    N_("fermez d'autres programmes ou relevez la limite (ulimit -n), puis relancez"),
)
_REFUSALS: Final = {
    errno.ENOSPC: _DISK_FULL,
    errno.EDQUOT: _DISK_FULL,
    errno.EMFILE: _TOO_MANY,
    errno.ENFILE: _TOO_MANY,
    errno.EROFS: _Refusal(
        N_("{path} est sur un disque en lecture seule"),
        N_("le disque est en lecture seule"),
        N_("écrivez dans un autre dossier, ou ouvrez ce disque à l'écriture"),
    ),
    errno.EFBIG: _Refusal(
        N_("{path} serait trop grand pour ce disque ou pour la limite du système"),
        N_("le fichier serait trop grand pour ce disque ou pour la limite du système"),
        N_("écrivez sur un autre disque, ou relevez la limite (ulimit -f), puis relancez"),
    ),
    errno.EIO: _Refusal(
        N_("le disque ne répond pas comme il faut : {path}"),
        N_("le disque ne répond pas comme il faut"),
        N_("vérifiez ce disque, puis relancez la même commande"),
    ),
}
_OTHERWISE: Final = _Refusal(
    N_("{path} : {why}"),
    N_("le système refuse : {why}"),
    N_("vérifiez le nom, les droits et la place libre"),
)


def problem_of_system(error: OSError) -> tuple[Problem, dict[str, str]]:
    """Give the row of a refusal by the operating system, and its details."""
    details = {"path": str(error.filename or ""), "why": error.strerror or type(error).__name__}
    refusal = _REFUSALS.get(error.errno or 0, _OTHERWISE)
    code = Exit.NOT_FOUND if isinstance(error, FileNotFoundError) else Exit.FAILED
    if not details["path"]:
        return Problem(refusal.alone, refusal.advice, code), details
    match error:
        case FileNotFoundError():
            sentence = N_("{path} n'existe pas")
        case IsADirectoryError():
            sentence = N_("{path} est un dossier, pas un fichier")
        case PermissionError():
            sentence = N_("{path} ne peut être ni lu ni écrit : droits")
        case _:
            sentence = refusal.of_file
    return Problem(sentence, refusal.advice, code), details
