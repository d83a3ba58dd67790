"""Rows of sealing: letters, codes, signers."""

from cli.problems.problem import OUR_FAULT, Exit, Problem
from storage.language import N_

ROWS: dict[str, Problem] = {
    "renewal.evidence-record": Problem(
        N_("une preuve d'existence est à côté ({path}) : elle vaut pour le fichier tel qu'il est"),
        N_("ajoutez --despite-evidence, ou écrivez ailleurs avec --output"),
    ),
    "renewal.file-changed": Problem(
        N_("ce fichier a changé pendant le renouvellement : il reste comme il est"),
        N_("relancez la même commande"),
        Exit.RETRYABLE,
    ),
    "renewal.no-gain": Problem(
        N_("un nouvel horodatage ne durerait pas plus longtemps : le précédent va au {until}"),
        N_("attendez le nouveau certificat du serveur d'horodatage, ou prenez-en un autre"),
    ),
    "renewal.seal-not-proved": Problem(
        N_("le cachet ne se vérifie pas ({why}) : rien n'est ajouté à ce fichier"),
        N_("voyez « coffre verify » sur ce fichier"),
    ),
    "renewal.unreadable": Problem(
        N_("illisible : ce fichier est abîmé, et rien ne dit s'il portait un cachet"),
        N_("reprenez-le d'une sauvegarde"),
    ),
    "sealing.archive-annotations": Problem(
        N_("les annotations de ce PDF ne supportent pas d'horodatage d'archivage"),
        N_("prenez --level B-LT, ou enregistrez le PDF de nouveau avec un autre logiciel"),
    ),
    "sealing.base32": Problem(
        N_("ce texte est mal recopié : ce n'est pas du base32"),
        N_("copiez-le de nouveau, en entier"),
    ),
    "sealing.certificate-revoked": Problem(
        N_("le certificat « {name} » est révoqué depuis le {at} : il ne scelle plus rien"),
        N_("prenez un autre signataire, et prévenez l'exploitant"),
        Exit.CONFIGURATION,
    ),
    "sealing.cms-template": OUR_FAULT,
    "sealing.evidence-not-covered": Problem(
        N_("cette preuve d'existence est celle d'un autre document"),
        N_("cherchez le fichier .ers qui porte le nom du document"),
    ),
    "sealing.evidence-other": Problem(
        N_("cette preuve d'existence est d'une forme que Coffre ne lit pas ({why})"),
        N_("vérifiez-la avec le logiciel qui l'a faite"),
    ),
    "sealing.evidence-record": Problem(
        N_("ce fichier n'est pas une preuve d'existence (RFC 4998)"),
        N_("donnez le fichier .ers d'origine"),
    ),
    "sealing.level-not-ready": OUR_FAULT,
    "sealing.mark-unreadable": Problem(
        N_("le code posé sur la page ne se relit pas : rien n'a été écrit"),
        N_("choisissez une autre place avec --at, ou une autre page avec --page"),
    ),
    "sealing.page-changed": Problem(
        N_("la page scellée n'est plus celle qui est venue : rien n'a été écrit"),
        N_("c'est un défaut de Coffre : gardez cette lettre et signalez-le"),
    ),
    "sealing.page-out-of-range": Problem(
        N_("la page {page} n'existe pas : le document en a {pages}"),
        N_("choisissez une page avec --page"),
    ),
    # Never leaves sealing: the general road takes the letter.
    "sealing.not-fast": OUR_FAULT,
    "sealing.pdf-certified": Problem(
        N_("ce PDF est certifié par son auteur, qui interdit toute modification"),
        N_("demandez-lui un exemplaire non certifié"),
    ),
    "sealing.pdf-encrypted": Problem(
        N_("ce PDF est protégé par un mot de passe"),
        N_("enlevez la protection avant de sceller"),
    ),
    "sealing.pdf-refused": OUR_FAULT,
    "sealing.pdf-too-heavy": Problem(
        N_("lire ou dessiner ce PDF demande trop de temps ou de mémoire : rien n'a été écrit"),
        N_("enregistrez-le de nouveau avec un autre logiciel, ou allégez ses images"),
    ),
    "sealing.pdf-too-large": Problem(
        N_("ce PDF dépasse {limit} Mio"), N_("découpez-le ou allégez ses images")
    ),
    "sealing.pdf-unreadable": Problem(
        N_("ce fichier n'est pas un PDF, ou il est abîmé"),
        N_("ouvrez-le dans un lecteur, puis enregistrez-le de nouveau en PDF"),
    ),
    "sealing.placement-full": Problem(
        N_("il n'y a pas {width} × {height} mm de libres pour le code sur la page {page}"),
        N_("choisissez une autre page avec --page, ou laissez cet espace et 3 mm autour"),
    ),
    "sealing.key-passphrase": Problem(
        N_(
            "la clé de « {name} » ne s'ouvre pas : phrase de passe absente, fausse ou que "
            "d'autres peuvent lire"
        ),
        N_("nommez dans « passphrase_file » un fichier à vous seul (chmod 600) qui la contient"),
        Exit.CONFIGURATION,
    ),
    "sealing.placement-taken": Problem(
        N_("la place demandée n'est pas libre, ou sort de la page {page}"),
        N_("prenez --at auto, ou une autre place"),
    ),
    "sealing.revocation-file": Problem(
        N_("{path} ne se lit pas comme un certificat ou une liste de révocation"),
        N_("refaites ce fichier du dossier de confiance, ou enlevez-le"),
        Exit.CONFIGURATION,
    ),
    "sealing.revocation-too-large": Problem(
        N_("la liste de révocation pour « {name} » pèse {size} Kio : chaque lettre la porterait"),
        N_("nommez le serveur OCSP de l'autorité dans « revocation_hosts » (limite : {limit} Kio)"),
        Exit.CONFIGURATION,
    ),
    "sealing.revocation-unknown": Problem(
        N_("rien ne dit si le certificat « {name} » est révoqué : pas de niveau B-LT"),
        N_("mettez à jour le dossier de confiance, ou réessayez dans un moment"),
        Exit.RETRYABLE,
    ),
    "sealing.signer": Problem(
        N_("le signataire « {name} » ne peut pas servir : clé ou certificat illisible"),
        N_("vérifiez ses fichiers dans coffre.toml"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-certificate-dates": Problem(
        N_("le certificat de « {name} » n'est valable que du {first} au {last}"),
        N_("renouvelez-le"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-certificate-use": Problem(
        N_("le certificat de « {name} » ne permet pas cet usage"),
        N_("choisissez un signataire dont l'usage convient (voyez coffre.toml)"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-chain": Problem(
        N_("la chaîne de certificats de « {name} » ne tient pas"),
        N_("mettez dans « chain » chaque autorité, de la plus proche à la plus haute"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-key-mismatch": Problem(
        N_("la clé de « {name} » n'est pas celle de son certificat"),
        N_("vérifiez « key » et « certificate » dans coffre.toml"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-key-not-allowed": Problem(
        N_("la clé de « {name} » n'est pas admise"),
        N_("utilisez RSA d'au moins 2048 bits, P-256, P-384 ou P-521"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-unknown": Problem(
        N_("aucun signataire pour « {name} »"),
        N_("indiquez le bon fichier avec --config, ou un nom qu'il contient"),
        Exit.CONFIGURATION,
    ),
    "sealing.undrawable": Problem(
        N_("« {text} » ne peut pas s'écrire à côté du code"),
        N_("vérifiez « site » dans coffre.toml"),
        Exit.CONFIGURATION,
    ),
    "sealing.stamp-too-large": Problem(
        N_("l'horodatage reçu ({size} octets) est plus long que sa place ({room} octets)"),
        N_("relancez : la place est mesurée au début de chaque lancement"),
        Exit.RETRYABLE,
    ),
    "sealing.symbol": Problem(
        N_("ce code ne tient pas : il demande {needed} mots, et le plus grand en a {largest}"),
        N_("raccourcissez les valeurs"),
    ),
    "sealing.symbol-characters": Problem(
        N_("un code ne porte ni accent ni autre caractère hors de l'ASCII"),
        N_("ajoutez --fold, ou corrigez les valeurs"),
    ),
    "sealing.symbol-readback": OUR_FAULT,
    "sealing.status-list": Problem(
        N_("cette liste d'états ne se lit pas ({why})"),
        N_("demandez-la de nouveau ; n'en concluez rien"),
    ),
    "sealing.status-no-slot": Problem(
        N_("cette liste d'états ne parle pas de ce cachet"),
        N_("demandez une liste plus récente ; n'en concluez rien"),
    ),
    "sealing.status-signature": Problem(
        N_("cette liste d'états n'est pas signée par qui il faut"),
        N_("n'en concluez rien ; prévenez l'exploitant"),
    ),
    "sealing.tsa-busy": Problem(
        N_("le serveur d'horodatage ne peut pas répondre maintenant"),
        N_("réessayez dans un moment : rien n'a été écrit"),
        Exit.RETRYABLE,
    ),
    "sealing.tsa-changed": Problem(
        N_("le serveur d'horodatage a changé de certificat en cours de route"),
        N_("relancez : rien n'a été écrit"),
        Exit.RETRYABLE,
    ),
    "sealing.tsa-token": Problem(
        N_("l'horodatage reçu ne vaut rien ({why}) : rien n'a été écrit"),
        N_("vérifiez [tsa], le dossier de confiance et l'heure ; prévenez l'exploitant"),
    ),
    "sealing.tsa-unavailable": Problem(
        N_("aucun serveur d'horodatage ne répond ({host})"),
        N_("réessayez dans un moment : rien n'a été écrit"),
        Exit.RETRYABLE,
    ),
    "towncode.cut-short": Problem(
        N_("la fin de ce code de vérification manque : il a été coupé en chemin"),
        N_("scannez-le de nouveau, en entier"),
        Exit.INDETERMINATE,
    ),
    "towncode.emission": Problem(
        N_("ce code de vérification ne peut pas être émis : {parts}"),
        N_("corrigez ces données, puis recommencez : rien n'a été signé"),
    ),
    "towncode.key-not-allowed": Problem(
        N_("un code de vérification se signe avec un cachet P-256"),
        N_("choisissez avec --signer un cachet dont la clé est P-256 (voyez coffre.toml)"),
        Exit.CONFIGURATION,
    ),
    "towncode.malformed": Problem(
        N_("ce code de vérification est mal formé"), N_("demandez un autre exemplaire du document")
    ),
    "towncode.not-towncode": Problem(
        N_("ce n'est pas un code de vérification de mairie"),
        N_("vérifiez ce que vous avez lu"),
        Exit.NOT_FOUND,
    ),
    "towncode.registry": OUR_FAULT,
    "towncode.signature-invalid": Problem(
        N_("la signature de ce code est fausse"),
        N_("n'acceptez pas ce document"),
        Exit.TOTAL_FAILED,
    ),
    "towncode.unknown-layout": Problem(
        N_("ce code de vérification est d'une forme que cette version ne lit pas ({layout})"),
        N_("mettez Coffre à jour"),
        Exit.INDETERMINATE,
    ),
    "twoddoc.catalogue": OUR_FAULT,
    "twoddoc.damaged-in-transport": Problem(
        N_("ce code est incomplet : la lecture l'a abîmé"), N_("scannez-le de nouveau")
    ),
    "twoddoc.emission": Problem(
        N_("ce code 2D-Doc ne peut pas être émis : {parts}"),
        N_("corrigez ces données, puis recommencez : rien n'a été signé"),
    ),
    "twoddoc.key-not-allowed": Problem(
        N_("une clé de 2D-Doc est sur P-256, P-384 ou P-521"),
        N_("vérifiez le certificat du signataire"),
        Exit.CONFIGURATION,
    ),
    "twoddoc.malformed": Problem(
        N_("ce code est mal formé"), N_("demandez un autre exemplaire du document")
    ),
    "twoddoc.not-2ddoc": Problem(
        N_("ce n'est pas un code 2D-Doc"), N_("vérifiez ce que vous avez lu"), Exit.NOT_FOUND
    ),
    "twoddoc.part-missing": Problem(
        N_("il manque des parties de ce code : {missing}"),
        N_("scannez aussi ses autres symboles"),
        Exit.INDETERMINATE,
    ),
    "twoddoc.parts": Problem(
        N_("ces parties ne sont pas celles d'un seul code"),
        N_("vérifiez un seul document à la fois"),
        Exit.INDETERMINATE,
    ),
    "twoddoc.signature-invalid": Problem(
        N_("la signature de ce code est fausse"),
        N_("n'acceptez pas ce document"),
        Exit.TOTAL_FAILED,
    ),
    "twoddoc.type-not-for-towns": Problem(
        N_("une ville n'émet pas de 2D-Doc de type {type} (permis : {allowed})"),
        N_("pour un autre document : --towncode --type « nom du document » --field nom=…"),
        Exit.USAGE,
    ),
    "twoddoc.unknown-form": Problem(
        N_("cette forme de 2D-Doc n'est pas lue par cette version : {form}"),
        N_("mettez Coffre à jour"),
        Exit.INDETERMINATE,
    ),
    "twoddoc.value-invalid": Problem(
        N_("une valeur n'a pas la forme attendue ({kind})"), N_("corrigez-la"), Exit.USAGE
    ),
}
