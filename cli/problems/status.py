"""Rows of the register of seals and its lists."""

from cli.problems.problem import Exit, Problem
from storage.language import N_

ROWS: dict[str, Problem] = {
    "configuration.no-status-address": Problem(
        N_("les réglages ne disent pas où les listes des retraits sont publiées"),
        N_(
            'mettez dans coffre.toml : [status], puis address = "https://…/statuts", et un '
            "signataire d'usage status"
        ),
        Exit.CONFIGURATION,
    ),
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
    "sealing.slot-far": Problem(
        N_(
            "l'identifiant donné, ou une liste du dossier, mène à la place {slot} : bien trop loin "
            "de la suivante, {next}"
        ),
        N_("vérifiez chaque caractère de l'identifiant, et le dossier des listes"),
    ),
    "sealing.status-list-went-back": Problem(
        N_(
            "la liste des retraits {number} déjà publiée en dit plus que le registre : la base est "
            "revenue en arrière"
        ),
        N_(
            "restaurez la base la plus récente, ou retirez de nouveau ces documents ; la liste "
            "{path} reste en service jusque-là"
        ),
        Exit.CONFIGURATION,
    ),
    "status.not-published": Problem(
        N_("l'état est noté, mais la liste n'est pas publiée : {why}"),
        N_("relancez la même commande, ou coffre status publish, dès que possible"),
        Exit.RETRYABLE,
    ),
    "verifier.status-list": Problem(
        N_("la liste des retraits {address} n'est pas prise : {why}"),
        N_("ce qui était connu reste en service ; ajoutez d'abord l'autorité qui la signe"),
    ),
    "verifier.status-list-older": Problem(
        N_("la liste des retraits {address} est plus ancienne que celle d'ici"),
        N_("celle d'ici reste en service ; réessayez plus tard"),
    ),
    "verifier.status-list-went-back": Problem(
        N_("la liste des retraits {address} oublie des documents qu'elle disait retirés"),
        N_("celle d'ici reste en service ; prévenez l'émetteur"),
    ),
    "usage.seal-id": Problem(
        N_("« {id} » n'est pas l'identifiant d'un document scellé"),
        N_("copiez-le du code, de journal.jsonl, ou de ce que coffre verify dit"),
        Exit.USAGE,
    ),
}
