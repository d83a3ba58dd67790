"""Rows of the register of seals and its lists."""

from cli.problems.problem import Exit, Problem
from storage.language import N_

ROWS: dict[str, Problem] = {
    "sealing.register-full": Problem(
        N_("le registre des cachets est plein"),
        N_("prévenez l'exploitant : il faut une nouvelle base, sous une autre adresse"),
        Exit.CONFIGURATION,
    ),
    "sealing.seal-other-replacement": Problem(
        N_("le document {id} est déjà remplacé par {by}"),
        N_("vérifiez les deux identifiants ; coffre status show ID dit l'état de chacun"),
    ),
    "sealing.seal-revoked": Problem(
        N_("le document {id} est retiré : il ne remplace rien et ne se remplace plus"),
        N_("coffre status show ID dit son état"),
    ),
    "sealing.seal-unknown": Problem(
        N_("l'identifiant {id} n'est celui d'aucun document de ce registre"),
        N_(
            "vérifiez chaque caractère ; un document scellé sans [status] dans les réglages ne "
            "peut pas être retiré"
        ),
        Exit.NOT_FOUND,
    ),
}
