"""Rows of the verifier: files that cannot be read, trust that cannot be loaded."""

from cli.problems.problem import OUR_FAULT, Exit, Problem
from storage.language import N_

ROWS: dict[str, Problem] = {
    "usage.paper-folder": Problem(
        N_("{path} est un nom pour un seul document, et il y en a plusieurs"),
        N_("donnez à --report et à --letter un dossier qui existe"),
        Exit.USAGE,
    ),
    "usage.paper-name": Problem(
        N_("{path} ne convient pas comme nom"),
        N_(
            "--report : un nom en .pdf ; --letter : un nom en .pdf, ou en .txt pour la modifier ; "
            "ni celui du document, ni le même pour les deux"
        ),
        Exit.USAGE,
    ),
    "usage.paper-twice": Problem(
        N_("deux documents s'appellent {name} : leurs papiers auraient le même nom"),
        N_("vérifiez chaque dossier à part"),
        Exit.USAGE,
    ),
    "verifier.file-broken": Problem(
        N_("ce fichier est coupé ou abîmé"), N_("demandez-en un nouvel exemplaire")
    ),
    "verifier.file-empty": Problem(N_("ce fichier est vide"), N_("vérifiez ce que vous déposez")),
    "verifier.file-encrypted": Problem(
        N_("ce PDF ne s'ouvre qu'avec un mot de passe"),
        N_("demandez un exemplaire sans mot de passe"),
    ),
    "verifier.file-refused": OUR_FAULT,
    "verifier.file-too-large": Problem(
        N_("ce fichier dépasse {limit} Mio"), N_("demandez un exemplaire plus léger")
    ),
    "verifier.file-unknown": Problem(
        N_("ce fichier n'est ni un PDF ni une image que Coffre lit"),
        N_("déposez un PDF, ou une image PNG, JPEG, WebP ou TIFF"),
    ),
    "verifier.no-trust": Problem(
        N_("aucun dossier de confiance n'est donné : rien ne peut être cru"),
        N_("ajoutez --trust DIR, ou « trust » dans coffre.toml"),
        Exit.CONFIGURATION,
    ),
    "verifier.no-doubt": Problem(
        N_("aucune lettre à écrire : ce document ne soulève pas de doute"),
        N_(
            "un document authentique se retient ; sans cachet ni code, dites vous-même dans une "
            "lettre ce qui vous fait douter"
        ),
    ),
    "verifier.not-typeset": OUR_FAULT,
    "verifier.nothing-checked": OUR_FAULT,
    "verifier.own-doubt": Problem(
        N_("aucune lettre à écrire : ce qui manque ne vient pas de ce document"),
        N_(
            "mettez à jour vos listes (coffre trust update) ou Coffre, puis vérifiez de nouveau : "
            "la personne n'y peut rien"
        ),
    ),
    "verify.worker-died": Problem(
        N_("la vérification de ce fichier a été interrompue deux fois par le système"),
        N_("n'en concluez rien ; vérifiez-le seul, ou avec --workers 1"),
    ),
    "verifier.reading-crashed": Problem(
        N_("la lecture de ce fichier a échoué : il est abîmé, ou fait pour nuire"),
        N_("n'en concluez rien ; demandez un autre exemplaire"),
    ),
    "verifier.reading-stopped": OUR_FAULT,
    "verifier.reading-too-heavy": Problem(
        N_("la lecture de ce fichier demande trop de mémoire ({limit} Mio)"),
        N_("n'en concluez rien ; demandez un exemplaire plus simple"),
    ),
    "verifier.reading-too-long": Problem(
        N_("la lecture de ce fichier a duré plus de {seconds} secondes"),
        N_("n'en concluez rien ; demandez un exemplaire plus simple"),
    ),
    "verifier.seals-unreadable": OUR_FAULT,
    "verifier.test-trust-in-production": Problem(
        N_("{path} contient des autorités d'essai, refusées en production"),
        N_("donnez un dossier de confiance de production avec --trust"),
        Exit.CONFIGURATION,
    ),
    "verifier.too-many-objects": Problem(
        N_("ce PDF contient plus de {limit} objets"), N_("demandez un exemplaire plus simple")
    ),
    "verifier.too-many-pixels": Problem(
        N_("cette image dépasse {limit} mégapixels"), N_("scannez à 300 points par pouce")
    ),
    "verifier.trust-folder": Problem(
        N_("le dossier de confiance ne se lit pas : {path} ({why})"),
        N_("donnez un dossier de confiance avec --trust DIR"),
        Exit.CONFIGURATION,
    ),
    "verifier.tsl-signature": Problem(
        N_("la liste de confiance n'est pas signée par qui il faut : {why}"),
        N_("rien n'est changé ; vérifiez tsl_roots et tsl_signer dans les réglages"),
    ),
    "verifier.tsl-unreadable": Problem(
        N_("la liste de confiance ne se lit pas : {why}"),
        N_("rien n'est changé ; vérifiez l'adresse ou le fichier"),
    ),
    "verifier.directory": Problem(
        N_("l'annuaire de {ca} n'est pas utilisable : {why}"),
        N_("ce qui était connu de cette autorité reste en service ; réessayez plus tard"),
    ),
    "verifier.kept-folder": Problem(
        N_("{path} ne peut pas servir de dossier de confiance : {why}"),
        N_("donnez un dossier de confiance, un lot de coffre trust bundle, ou un certificat PEM"),
    ),
    "verifier.no-anchors": Problem(
        N_("aucun certificat n'est réglé pour vérifier la liste officielle"),
        N_("indiquez {key} dans les réglages : les fichiers PEM des certificats à croire"),
        Exit.CONFIGURATION,
    ),
    "verifier.revocation-list": Problem(
        N_("la liste de révocation de {ca} n'est pas utilisable : {why}"),
        N_("celle d'avant reste en service ; réessayez plus tard"),
    ),
    "verifier.trust-modes": Problem(
        N_("des listes d'essai et des listes de production ne se mêlent pas dans un dossier"),
        N_("gardez-les à part : donnez les unes avec --trust DIR"),
        Exit.CONFIGURATION,
    ),
    "verifier.tsl-of-tomorrow": Problem(
        N_("la liste de confiance est datée de l'avenir ({issued})"),
        N_("vérifiez l'heure de cette machine"),
    ),
    "verifier.tsl-older": Problem(
        N_("la liste de confiance n° {got} est plus ancienne que celle d'ici (n° {held})"),
        N_("rien n'est changé ; procurez-vous la dernière liste"),
    ),
    # Said by the API alone, in the words of `verifier.web.problems`.
    **dict.fromkeys(
        (
            "verification.busy",
            "verification.form",
            "verification.not-judged",
            "verification.stopped",
            "verification.too-many",
            "verification.too-slow",
        ),
        OUR_FAULT,
    ),
}
