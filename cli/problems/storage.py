"""Rows of the ground: settings, files at rest, database, journal."""

from cli.problems.problem import OUR_FAULT, Exit, Problem
from storage.language import N_

ROWS: dict[str, Problem] = {
    "blob": OUR_FAULT,
    "blob.exists": Problem(
        N_("ce contenu est déjà arrivé"), N_("il n'y a rien à refaire : relancez la commande")
    ),
    "blob.mismatch": Problem(
        N_("le contenu transmis n'est pas celui qui était annoncé"),
        N_("le fichier a peut-être changé pendant l'envoi : recommencez"),
    ),
    "blob.name": OUR_FAULT,
    "blob.not-found": Problem(
        N_("ce contenu n'existe pas"),
        N_("vérifiez le coffre : coffre vault check"),
        Exit.NOT_FOUND,
    ),
    "blob.ticket": Problem(
        N_("le lien de transfert n'est plus valable"), N_("recommencez"), Exit.RETRYABLE
    ),
    "blob.unavailable": Problem(
        N_("le stockage ne répond pas ou est plein"),
        N_("réessayez dans un moment"),
        Exit.RETRYABLE,
    ),
    "configuration": Problem(
        N_("la configuration ne convient pas"), N_("voyez coffre.toml"), Exit.CONFIGURATION
    ),
    "configuration.database": Problem(
        N_("l'adresse de la base de données ne convient pas"),
        N_("indiquez sqlite:///CHEMIN ou postgresql://…"),
        Exit.CONFIGURATION,
    ),
    "configuration.missing-extra": Problem(
        N_("il manque une partie facultative de Coffre : {extra}"),
        N_("installez-la : pip install 'coffre[{extra}]'"),
        Exit.CONFIGURATION,
    ),
    "configuration.second-reader-absent": Problem(
        N_("le second lecteur (libdmtx) n'est pas installé, ou pas en entier"),
        N_("installez-le : pip install 'coffre[libdmtx]', et apt install libdmtx0b"),
        Exit.CONFIGURATION,
    ),
    "configuration.no-shared-database": Problem(
        N_("plusieurs machines ont besoin d'une base PostgreSQL, et aucune n'est réglée"),
        N_('indiquez database = "postgresql://…" dans coffre.toml, puis : coffre db upgrade'),
        Exit.CONFIGURATION,
    ),
    "configuration.no-tsa": Problem(
        N_("le niveau {level} demande un serveur d'horodatage, et aucun n'est réglé"),
        N_('indiquez url = "https://…" dans la table [tsa] de coffre.toml'),
        Exit.CONFIGURATION,
    ),
    "configuration.no-tsa-for-evidence": Problem(
        N_("une preuve d'existence demande un serveur d'horodatage, et aucun n'est réglé"),
        N_('indiquez url = "https://…" dans la table [tsa] de coffre.toml'),
        Exit.CONFIGURATION,
    ),
    "configuration.no-tsl": Problem(
        N_("l'adresse de la liste officielle n'est pas réglée"),
        N_('indiquez tsl = "https://…" dans coffre.toml, ou COFFRE_TSL'),
        Exit.CONFIGURATION,
    ),
    "configuration.production-refuses": Problem(
        N_("refusé en mode production : {what}"),
        N_("en production : clés sur un module matériel (pkcs11:…), site en https, rien de démo"),
        Exit.CONFIGURATION,
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
    "configuration.value": Problem(
        N_("la valeur du réglage « {key} » ne convient pas"),
        N_("corrigez-la dans coffre.toml ou dans sa variable COFFRE_…"),
        Exit.CONFIGURATION,
    ),
    "configuration.value-missing": Problem(
        N_("le réglage « {key} » manque"),
        N_(
            "ajoutez-le dans coffre.toml ; un fichier PKCS#12 se nomme dans certificate et dans key"
        ),
        Exit.CONFIGURATION,
    ),
    "database.full": Problem(
        N_("le disque de la base de données est plein : rien n'a été gardé"),
        N_("libérez de la place là où elle est, puis relancez la même commande"),
        Exit.RETRYABLE,
    ),
    "database.schema": Problem(
        N_("la base de données est à la révision {got}, ce programme attend {expected}"),
        N_("lancez coffre db upgrade, ou le programme qui correspond à la base"),
        Exit.CONFIGURATION,
    ),
    "database.unavailable": Problem(
        N_("la base de données ne répond pas ou est occupée"),
        N_("réessayez dans un moment"),
        Exit.RETRYABLE,
    ),
    "journal.broken": Problem(
        N_("le journal ne se tient plus à partir de la ligne {n}"),
        N_("conservez la base telle quelle et comparez-la à la dernière sauvegarde"),
    ),
    "language.catalogue": OUR_FAULT,
    "outgoing": OUR_FAULT,
    "outgoing.address-refused": Problem(
        N_("{host} n'est pas une adresse que Coffre peut interroger"),
        N_("les réglages doivent nommer ce serveur, et son adresse doit être publique"),
        Exit.CONFIGURATION,
    ),
    "outgoing.answer-refused": Problem(
        N_("{host} a répondu par le code {status} : rien n'en est gardé"),
        N_("vérifiez l'adresse dans les réglages ; une redirection n'est jamais suivie"),
    ),
    "outgoing.busy": Problem(
        N_("{host} ne peut pas répondre maintenant (code {status})"),
        N_("réessayez dans un moment"),
        Exit.RETRYABLE,
    ),
    "outgoing.server-identity": Problem(
        N_("{host} n'a pas prouvé son identité (TLS)"),
        N_("vérifiez l'adresse et l'heure de cette machine ; prévenez l'exploitant"),
    ),
    "outgoing.too-large": Problem(
        N_("la réponse de {host} dépasse {limit} Mio"), N_("vérifiez l'adresse dans les réglages")
    ),
    "outgoing.too-slow": Problem(
        N_("{host} n'a pas répondu en {seconds} secondes"),
        N_("réessayez dans un moment"),
        Exit.RETRYABLE,
    ),
    "outgoing.unreachable": Problem(
        N_("{host} ne répond pas"),
        N_("vérifiez le réseau, puis réessayez ; Coffre vérifie aussi sans réseau"),
        Exit.RETRYABLE,
    ),
}
