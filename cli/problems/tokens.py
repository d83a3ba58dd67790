"""Rows of keys on tokens: addresses, PINs, sessions, tokens that go away."""

from cli.problems.problem import Exit, Problem
from storage.language import N_

ROWS: dict[str, Problem] = {
    "sealing.token-absent": Problem(
        N_("le module matériel de « {name} » n'est pas là"),
        N_("branchez-le, ou corrigez l'adresse « key » dans coffre.toml ; puis relancez"),
        Exit.RETRYABLE,
    ),
    "sealing.token-ambiguous": Problem(
        N_("l'adresse de « {name} » ne suffit pas : {count} modules ou clés y répondent"),
        N_("précisez-la : serial=… pour un module, id=%… pour une clé"),
        Exit.CONFIGURATION,
    ),
    "sealing.token-busy": Problem(
        N_("les {sessions} sessions du module « {token} » sont prises"),
        N_("relancez dans un moment ; leur nombre se règle : [token] sessions"),
        Exit.RETRYABLE,
    ),
    "sealing.token-key-absent": Problem(
        N_("le module « {token} » n'a pas la clé privée de « {name} »"),
        N_("vérifiez object= et id= dans « key » : pkcs11-tool --list-objects --login les montre"),
        Exit.CONFIGURATION,
    ),
    "sealing.token-key-refused": Problem(
        N_("le module « {token} » refuse de signer avec la clé de « {name} » ({why})"),
        N_("la clé doit pouvoir signer (CKA_SIGN), par CKM_RSA_PKCS ou CKM_ECDSA"),
        Exit.CONFIGURATION,
    ),
    "sealing.token-lost": Problem(
        N_("le module matériel de « {name} » ne répond plus : rien n'est scellé sans lui"),
        N_("rebranchez-le, puis relancez la même commande : elle reprend où elle s'est arrêtée"),
        Exit.RETRYABLE,
    ),
    "sealing.token-module": Problem(
        N_("{path} ne se charge pas : ce n'est pas une bibliothèque PKCS#11 de cette machine"),
        N_("donnez dans module-path celle du fabricant du module"),
        Exit.CONFIGURATION,
    ),
    "sealing.token-pin-file": Problem(
        N_("{path} ne donne pas de code PIN, ou d'autres que son propriétaire peuvent le lire"),
        N_("mettez le code sur la première ligne, puis : chmod 600 {path}"),
        Exit.CONFIGURATION,
    ),
    "sealing.token-pin-in-uri": Problem(
        N_("l'adresse de « {name} » contient le code PIN, que des réglages ne doivent pas porter"),
        N_("remplacez pin-value=… par pin-source=file:/chemin, et changez ce code"),
        Exit.CONFIGURATION,
    ),
    "sealing.token-pin-last-try": Problem(
        N_("il ne reste qu'un essai de code PIN au module « {token} » : rien n'a été essayé"),
        N_("vérifiez le code avec l'outil du fabricant : un essai réussi rend les autres"),
        Exit.BAD_PASSPHRASE,
    ),
    "sealing.token-pin-locked": Problem(
        N_("le module « {token} » n'accepte plus de code PIN : bloqué, expiré ou jamais choisi"),
        N_("débloquez-le avec l'outil du fabricant"),
        Exit.BAD_PASSPHRASE,
    ),
    "sealing.token-pin-missing": Problem(
        N_("le module « {token} » demande un code PIN"),
        N_("indiquez pin-source=file:/chemin dans « key », ou COFFRE_PIN_FILE"),
        Exit.CONFIGURATION,
    ),
    "sealing.token-pin-shared": Problem(
        N_("un seul code PIN pour {count} modules : aucun n'a été essayé"),
        N_("donnez à chacun le sien : pin-source=file:/chemin dans « key »"),
        Exit.CONFIGURATION,
    ),
    "sealing.token-pin-wrong": Problem(
        N_("le module « {token} » refuse ce code PIN, qui n'est pas essayé de nouveau"),
        N_("vérifiez-le avant de relancer : quelques essais faux bloquent un module"),
        Exit.BAD_PASSPHRASE,
    ),
    "sealing.token-uri": Problem(
        N_("l'adresse pkcs11: de « {name} » ne convient pas (« {part} »)"),
        N_("voyez « Keys on a hardware token » dans README.md"),
        Exit.CONFIGURATION,
    ),
}
