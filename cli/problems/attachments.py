"""Rows of data attached to a letter."""

from cli.problems.problem import Exit, Problem
from storage.language import N_

ROWS: dict[str, Problem] = {
    "seal.data-disagree": Problem(
        N_("les données jointes ne disent pas ce que dit le code : {parts}"),
        N_("corrigez-les, ou les données du code : rien n'a été écrit"),
        Exit.FAILED,
    ),
    "sealing.attachment-exists": Problem(
        N_("ce PDF porte déjà un fichier « {name} », ou range les siens d'une façon inhabituelle"),
        N_("renommez le fichier à joindre, ou scellez le document sans lui"),
        Exit.FAILED,
    ),
    "sealing.attachment-forbidden": Problem(
        N_("ce PDF est un PDF/A-{part} : il ne peut porter aucun fichier joint"),
        N_("produisez-le en PDF/A-3, ou scellez-le sans --attach"),
        Exit.FAILED,
    ),
    "sealing.letter-data": Problem(
        N_("les données à joindre ne sont pas un objet JSON qui convient"),
        N_("donnez un seul objet : 64 Kio et 8 niveaux au plus, aucun nom répété"),
        Exit.FAILED,
    ),
    "sealing.letter-data-named": Problem(
        N_("les données à joindre portent déjà « {name} », que le cachet y écrit lui-même"),
        N_("enlevez-le du fichier"),
        Exit.FAILED,
    ),
}
