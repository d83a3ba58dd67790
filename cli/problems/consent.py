"""Rows of the consent broker: requests, grants, collections, receipts."""

from cli.problems.problem import Exit, Problem
from storage.language import N_

ROWS: dict[str, Problem] = {
    "ciphertext-digest": Problem(
        N_("le contenu reçu n'est pas celui que la personne a signé"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "claims-only": Problem(
        N_("cette preuve ne se remet que sous forme d'attestation"),
        N_("demandez une attestation, pas le document"),
    ),
    "closed-list": Problem(
        N_("cette démarche ne peut demander que ce que la loi énumère"),
        N_("retirez de la demande ce qui dépasse la liste"),
    ),
    "consent-item": Problem(
        N_("le document choisi ne répond pas à la pièce « {req} »"),
        N_("voyez coffre consent show : les documents proposés y sont"),
    ),
    "content-digest": Problem(
        N_("le document ouvert n'est pas celui que la personne a remis"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "document-unreadable": Problem(
        N_("un document remis ne s'ouvre pas"), N_("faites une nouvelle demande")
    ),
    "file-key-commitment": Problem(
        N_("un document remis s'ouvre autrement que son auteur ne s'y est engagé"),
        N_("n'en utilisez rien et prévenez l'exploitant"),
    ),
    "grant-expired": Problem(
        N_("cet accord de remise a expiré"), N_("faites une nouvelle demande")
    ),
    "grant-invalid": Problem(
        N_("cet accord de remise n'est pas valable pour cette demande"),
        N_("n'en utilisez rien ; faites une nouvelle demande"),
    ),
    "grant-not-found": Problem(
        N_("cet accord de remise n'existe pas pour ce service"),
        N_("vérifiez l'identifiant"),
        Exit.NOT_FOUND,
    ),
    "grant-unknown": Problem(
        N_("vous n'avez pas donné cet accord de remise"),
        N_("voyez coffre consent list"),
        Exit.NOT_FOUND,
    ),
    "grant-used": Problem(
        N_("cet accord de remise a déjà servi : il ne sert qu'une fois"),
        N_("faites une nouvelle demande"),
    ),
    "grant-withdrawn": Problem(
        N_("la personne a retiré cet accord de remise"),
        N_("rien ne vous a été remis ; faites une nouvelle demande s'il le faut"),
    ),
    "header-digest": Problem(
        N_("la clé d'un document remis n'est pas celle que la personne a signée"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "illegal-transition": Problem(
        N_("ce n'est pas, ou plus, possible : l'autre côté a agi avant"),
        N_("voyez où cela en est : coffre consent list"),
    ),
    "legal-basis": Problem(
        N_("le fondement de la demande n'est pas celui du registre"),
        N_("reprenez celui de l'inscription"),
    ),
    "manifest-digest": Problem(
        N_("l'inventaire remis n'est pas celui que la personne a signé"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "manifest-foreign": Problem(
        N_("l'inventaire remis est celui d'une autre remise, ou ne répond pas à la demande"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "member-digest": Problem(
        N_("le paquet remis ne contient pas ce qu'annonce son inventaire"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "message.schema": Problem(
        N_("ce message n'a pas la forme attendue, à {where}"), N_("corrigez cet endroit")
    ),
    "over-asking": Problem(
        N_("la demande dépasse ce que le registre permet à ce service"),
        N_("ne demandez que ce qui est inscrit, ou faites inscrire une nouvelle version"),
    ),
    "package-digest": Problem(
        N_("le paquet reçu n'est pas celui que la personne a signé"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "package-unreadable": Problem(
        N_("le paquet reçu ne s'ouvre pas avec l'identité de ce service"),
        N_("vérifiez que l'identité est celle de l'inscription ; faites une nouvelle demande"),
    ),
    "proof-type-unknown": Problem(
        N_("le catalogue ne connaît pas ce type de preuve"), N_("voyez les types du catalogue")
    ),
    "receipt-foreign": Problem(
        N_("ce reçu n'est pas celui de cette remise, ou n'est pas signé des deux côtés"),
        N_("ne vous y fiez pas ; redemandez-le"),
    ),
    "recipient-unregistered": Problem(
        N_("le destinataire de la demande n'est pas au registre"),
        N_("n'y répondez pas ; le service doit faire inscrire sa clé"),
    ),
    "register-changed": Problem(
        N_("le serveur montre une autre clé du registre, ou du coffre, que la première fois"),
        N_("ne remettez rien et prévenez l'exploitant"),
    ),
    "register-full": Problem(
        N_("trop d'inscriptions attendent l'exploitant"), N_("réessayez plus tard"), Exit.RETRYABLE
    ),
    "registration-expired": Problem(
        N_("l'inscription du service au registre n'a pas cours"),
        N_("le service doit la faire renouveler"),
    ),
    "registration-foreign": Problem(
        N_("l'inscription jointe est celle d'un autre service ou d'une autre démarche"),
        N_("n'y répondez pas"),
    ),
    "registration-missing": Problem(
        N_("le registre ne connaît pas cette inscription"),
        N_("voyez coffre register list"),
        Exit.NOT_FOUND,
    ),
    "registration-struck-off": Problem(
        N_("l'inscription du service a été radiée"),
        N_("n'y répondez pas ; le service doit s'adresser à l'exploitant"),
    ),
    "request-clock": Problem(
        N_("la demande est datée de l'avenir, ou dure trop longtemps"),
        N_("vérifiez l'heure ; une demande dure 90 jours au plus"),
    ),
    "request-closed": Problem(
        N_("cette demande n'attend plus de réponse"),
        N_("demandez au service d'en faire une nouvelle"),
    ),
    "request-expired": Problem(
        N_("le délai de cette demande est passé"), N_("demandez au service d'en faire une nouvelle")
    ),
    "request-foreign": Problem(
        N_("cette demande est pour un autre coffre, ou d'un genre qui n'est pas proposé"),
        N_("n'y répondez pas"),
    ),
    "request-not-found": Problem(
        N_("cette demande n'existe pas"), N_("vérifiez l'identifiant ou le code"), Exit.NOT_FOUND
    ),
    "request-replayed": Problem(N_("cette demande a déjà été reçue"), N_("signez-en une nouvelle")),
    "request-unanswered": Problem(
        N_("la demande n'a pas de réponse (état : {state})"),
        N_("réessayez plus tard ; l'autre voie reste ouverte à la personne"),
        Exit.RETRYABLE,
    ),
    "request-unknown": Problem(
        N_("aucune demande de ce nom ne vous est faite"),
        N_("voyez coffre consent requests"),
        Exit.NOT_FOUND,
    ),
    "screen": Problem(
        N_("l'écran montré à la personne n'est pas celui de cette demande"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "service-keys-exist": Problem(
        N_("ce dossier contient déjà les clés d'un service"),
        N_("elles ne sont jamais remplacées : choisissez un autre COFFRE_HOME"),
    ),
    "service-keys-missing": Problem(
        N_("ce dossier ne contient pas de clés de service"),
        N_("lancez coffre service key init"),
        Exit.NOT_FOUND,
    ),
    "service-not-registered": Problem(
        N_("le registre n'a pas d'inscription en cours de ce service pour cette démarche"),
        N_("coffre service register, puis l'exploitant signe"),
        Exit.NOT_FOUND,
    ),
    "service-request-unknown": Problem(
        N_("ce service n'a pas fait cette demande d'ici"),
        N_("vérifiez l'identifiant et COFFRE_HOME"),
        Exit.NOT_FOUND,
    ),
    "service-unauthenticated": Problem(
        N_("le service n'a pas prouvé son identité"),
        N_("vérifiez l'heure de cette machine, et que la clé est celle de l'inscription"),
    ),
    "too-many": Problem(
        N_("trop d'essais"), N_("réessayez dans {seconds} secondes"), Exit.RETRYABLE
    ),
    "withdrawal-foreign": Problem(
        N_("ce retrait n'est pas celui de cet accord de remise"), N_("vérifiez l'identifiant")
    ),
}
