"""Rows of the vault: the safe's server and its client."""

from cli.problems.problem import OUR_FAULT, Exit, Problem
from storage.language import N_

ROWS: dict[str, Problem] = {
    "account.enrolment": OUR_FAULT,
    "account.login-form": Problem(
        N_("cet identifiant ne convient pas"),
        N_("3 à 64 caractères : lettres sans accent, chiffres, . _ @ + -"),
        Exit.USAGE,
    ),
    "account.login-taken": Problem(
        N_("cet identifiant est déjà pris"), N_("choisissez-en un autre avec --name")
    ),
    "account.not-found": Problem(
        N_("ce compte n'existe pas"), N_("vérifiez l'identifiant"), Exit.NOT_FOUND
    ),
    "client.locked": Problem(
        N_("le coffre est fermé"),
        N_("relancez coffre account login"),
        Exit.LOCKED,
    ),
    "client.signed-out": Problem(
        N_("aucun coffre n'est ouvert ici"),
        N_("lancez coffre account login --name IDENTIFIANT"),
        Exit.LOCKED,
    ),
    "client.state": Problem(
        N_("{path} est abîmé, ou d'autres que vous peuvent le lire"),
        N_(
            "rendez-le privé (chmod 600) si vous en êtes sûr ; sinon écartez-le et reconnectez-vous"
        ),
        Exit.CONFIGURATION,
    ),
    "document.incomplete": Problem(
        N_("documents absents ou abîmés chez le serveur ({count}) : {parts}"),
        N_("n'effacez rien et prévenez l'exploitant ; ce qui est intact reste lisible"),
        Exit.PARTIAL,
    ),
    "document.not-found": Problem(
        N_("ce document n'existe pas"), N_("voyez coffre vault list"), Exit.NOT_FOUND
    ),
    "document.opaque-length": OUR_FAULT,
    "document.unlisted": Problem(
        N_("le serveur montre un document que vous n'avez pas déposé"),
        N_("ne vous y fiez pas et prévenez l'exploitant"),
    ),
    "document.version": Problem(
        N_("une autre version de ce document est arrivée entre-temps"), N_("recommencez")
    ),
    "document.withheld": Problem(
        N_("le serveur ne montre pas un document de votre coffre"),
        N_("réessayez ; si cela dure, prévenez l'exploitant"),
    ),
    "export.exists": Problem(
        N_("{path} existe déjà"),
        N_("choisissez un dossier qui n'existe pas"),
    ),
    "index.conflict": Problem(
        N_("le coffre a changé depuis un autre appareil"), N_("recommencez"), Exit.RETRYABLE
    ),
    "request.foreign-origin": OUR_FAULT,
    "request.length-required": OUR_FAULT,
    "request.too-large": Problem(
        N_("la demande est trop volumineuse"), N_("découpez ou allégez ce que vous envoyez")
    ),
    "server.address": Problem(
        N_("cette adresse de serveur ne convient pas"),
        N_("indiquez https://… ; http:// n'est admis que sur cette machine"),
        Exit.CONFIGURATION,
    ),
    "server.answer": Problem(
        N_("le serveur répond autre chose que ce qui est convenu"),
        N_("vérifiez l'adresse du serveur ; si elle est bonne, prévenez l'exploitant"),
    ),
    "server.refused": Problem(
        N_("le serveur refuse (réponse {status})"),
        N_("vérifiez l'adresse du serveur, ou réessayez plus tard"),
    ),
    "server.unreachable": Problem(
        N_("le serveur ne répond pas"),
        N_("vérifiez le réseau et l'adresse, puis réessayez"),
        Exit.RETRYABLE,
    ),
    "session.ended": Problem(
        N_("votre session est terminée"), N_("relancez coffre account login"), Exit.LOCKED
    ),
    "session.refused": Problem(
        N_("identifiant ou phrase secrète incorrects"),
        N_("vérifiez l'un et l'autre ; rien ne dit lequel des deux est faux"),
        Exit.BAD_PASSPHRASE,
    ),
    "session.too-many": Problem(
        N_("trop d'essais"), N_("réessayez dans {seconds} secondes"), Exit.RETRYABLE
    ),
    "share.ended": Problem(
        N_("ce partage n'existe pas ou a pris fin"), N_("demandez-en un nouveau"), Exit.NOT_FOUND
    ),
    "share.header": Problem(
        N_("ce document n'est pas chiffré comme ce coffre l'exige"),
        N_("seuls les destinataires post-quantiques (age1pq…) sont admis en ligne"),
    ),
    "share.mismatch": Problem(
        N_("ce partage ne correspond pas au contenu conservé"), N_("recommencez depuis le coffre")
    ),
    "slot.derivation-changed": Problem(
        N_("le serveur traite votre phrase secrète autrement qu'à l'ouverture du coffre"),
        N_("ne réessayez pas et prévenez l'exploitant"),
    ),
    "upload.missing": Problem(
        N_("le contenu annoncé n'est pas arrivé"), N_("recommencez l'envoi"), Exit.RETRYABLE
    ),
    "upload.name-used": OUR_FAULT,
    "upload.not-found": Problem(
        N_("aucun contenu n'est attendu sous ce nom"), N_("recommencez l'envoi"), Exit.RETRYABLE
    ),
    "upload.quota": Problem(
        N_("le coffre est plein : {limit} documents au plus"), N_("retirez des documents")
    ),
    "upload.too-large": Problem(
        N_("ce fichier dépasse la taille permise ({limit} Mio)"),
        N_("découpez ou allégez le fichier"),
    ),
    "vault.asset": OUR_FAULT,
    "vault.town-colour": Problem(
        N_("la couleur {colour} rendrait le site illisible, ou n'est pas de la forme #rrggbb"),
        N_("choisissez-en une plus foncée : un contraste de 4,5 pour 1 est nécessaire"),
        Exit.CONFIGURATION,
    ),
}
