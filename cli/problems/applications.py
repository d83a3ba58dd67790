"""Rows of the sealing API: keys of applications, and what only its answers ever say."""

from cli.problems.problem import OUR_FAULT, Exit, Problem
from storage.language import N_

ROWS: dict[str, Problem] = {
    "api-key.no-seal": Problem(
        N_("{names} : aucun de ces signataires ne scelle une lettre (cachets : {seals})"),
        N_("ajoutez --signer avec le nom d'un cachet"),
        Exit.USAGE,
    ),
    "api-key.service-name": Problem(
        N_("« {name} » ne peut pas être le nom d'un service"),
        N_(
            "écrivez-le en minuscules sans accent, chiffres, point ou tiret, par exemple etat-civil"
        ),
        Exit.USAGE,
    ),
    "api-key.signer-absent": Problem(
        N_("aucun signataire ne s'appelle « {name} » ; les réglages nomment : {names}"),
        N_("donnez un de ces noms, ou avec --config les réglages de coffre serve"),
        Exit.CONFIGURATION,
    ),
    "api-key.signer-name": Problem(
        N_("« {name} » ne peut pas être le nom d'un signataire"),
        N_("donnez un des noms de [signers] dans les réglages ; sans --signer, tous sont permis"),
        Exit.USAGE,
    ),
    "api-key.unknown": Problem(
        N_("aucune clé n'a l'identifiant {id}"),
        N_("coffre apikey list les donne tous"),
        Exit.NOT_FOUND,
    ),
    # Said by the API alone, in the words of `sealing.web.problems`.
    **dict.fromkeys(
        (
            "batch.archive",
            "api-key.busy",
            "api-key.daily-limit",
            "api-key.level",
            "api-key.refused",
            "api-key.signer",
            "api-key.too-many",
            "commission.erased",
            "commission.not-found",
            "commission.not-ready",
            "idempotency.key-form",
            "idempotency.key-missing",
            "idempotency.key-reused",
            "office.away",
            "office.busy",
            "office.no-room",
            "request.form",
            "request.too-slow",
            "seal.failed",
            "seal.refused",
            "seal.waiting",
        ),
        OUR_FAULT,
    ),
}
