"""Rows of the command line itself: options, files, prompts, the demo."""

from cli.problems.problem import OUR_FAULT, Exit, Problem
from storage.language import N_

ROWS: dict[str, Problem] = {
    "age.key-file": Problem(
        N_("{path}, ligne {line} : ce n'est pas une clé attendue ici"),
        N_("une clé par ligne ; une ligne qui commence par # est une remarque"),
    ),
    "age.key-file-empty": Problem(
        N_("{path} ne contient aucune clé"), N_("indiquez le fichier qui contient vos clés")
    ),
    "age.no-identity": Problem(
        N_("ce fichier s'ouvre avec une identité, et aucune n'est indiquée"),
        N_("ajoutez -i et le fichier de votre identité"),
        Exit.USAGE,
    ),
    "configuration.installation-key": Problem(
        N_("la clé de l'installation ne peut servir : {path}"),
        N_("elle doit être lisible par son seul propriétaire (chmod 600) et telle qu'à l'origine"),
        Exit.CONFIGURATION,
    ),
    "code.not-found": Problem(
        N_("aucun code n'a été trouvé dans {path}"),
        N_("numérisez à 300 points par pouce, le code entier, puis recommencez"),
        Exit.NOT_FOUND,
    ),
    "code.picture-kind": Problem(
        N_("{path} : un code se dessine en PNG ou en SVG"),
        N_("prenez un nom en .png ou en .svg, ou - pour les caractères"),
        Exit.USAGE,
    ),
    "consent-item-form": Problem(
        N_("« {item} » n'est pas de la forme PIÈCE=DOCUMENT, ou la pièce vient deux fois"),
        N_("écrivez par exemple --item domicile=XW9VgHyj-T84zz2P0zyYIQ"),
        Exit.USAGE,
    ),
    "demo.folder-not-empty": Problem(
        N_("{path} contient déjà quelque chose"),
        N_("choisissez un dossier neuf ou vide : des clés ne sont jamais remplacées"),
    ),
    "demo.site": Problem(
        N_("le site n'a pas démarré"),
        N_("le port est peut-être pris : choisissez --port ; voyez {log}"),
    ),
    "demo.story": OUR_FAULT,
    "draft-unreadable": Problem(
        N_("{path} ne contient pas un objet JSON"), N_("vérifiez le fichier")
    ),
    "file.exists": Problem(
        N_("{path} existe déjà"), N_("choisissez un autre nom, ou ajoutez --force")
    ),
    "file.no-folder": Problem(
        N_("le dossier {path} n'existe pas"), N_("créez-le, ou choisissez un autre nom")
    ),
    "file.terminal": Problem(
        N_("ces octets ne sont pas du texte et n'iront pas sur un terminal"),
        N_("indiquez un fichier avec -o, ou redirigez la sortie"),
        Exit.USAGE,
    ),
    "file.too-large": Problem(
        N_("{path} dépasse la taille permise ({limit} Mio)"), N_("découpez ou allégez le fichier")
    ),
    "prompt.no-terminal": Problem(
        N_("une phrase secrète est nécessaire, et personne ne peut être interrogé"),
        N_("indiquez-la par COFFRE_PASSPHRASE ou par COFFRE_PASSPHRASE_FILE"),
        Exit.USAGE,
    ),
    "prompt.passphrases-differ": Problem(
        N_("les deux phrases sont différentes"), N_("recommencez"), Exit.BAD_PASSPHRASE
    ),
    "seal.page-disagrees": Problem(
        N_("la page ne dit pas ce que dit le code : {parts}"),
        N_("écrivez sur la page les valeurs du code, à l'identique : rien n'a été écrit"),
    ),
    "serve.address": Problem(
        N_("impossible d'écouter sur {host}, port {port}"),
        N_("une autre commande l'occupe peut-être : choisissez --port"),
    ),
    "server.none": Problem(
        N_("aucun serveur n'est indiqué"),
        N_("ajoutez --server URL, ou COFFRE_SERVER"),
        Exit.CONFIGURATION,
    ),
    "storage.disk-full": Problem(
        N_("moins d'un dixième du disque est libre"), N_("libérez de la place")
    ),
    "usage.evidence-of-what": Problem(
        N_("--evidence donne la preuve d'existence d'un seul fichier"),
        N_("donnez un fichier, ou ôtez --evidence : FILE.ers est lu à côté de chacun"),
        Exit.USAGE,
    ),
    "usage.field": Problem(
        N_("la donnée « {field} » est mal écrite, en double, ou aucun code n'est demandé"),
        N_("une donnée s'écrit --field NOM=VALEUR, avec --twoddoc TYPE, --towncode ou --type TYPE"),
        Exit.USAGE,
    ),
    "usage.one-output": Problem(
        N_("--output vaut pour un seul fichier"),
        N_("sans --output, chaque fichier est remplacé à sa place"),
        Exit.USAGE,
    ),
    "usage.within": Problem(
        N_("« {within} » n'est pas un nombre de jours"),
        N_("écrivez par exemple --within 90d"),
        Exit.USAGE,
    ),
    "usage.level": Problem(
        N_("le niveau {level} n'est pas proposé par cette version"),
        N_("prenez B-B, B-T, B-LT ou B-LTA"),
        Exit.USAGE,
    ),
    "usage.mistyped-command": Problem(
        N_("la commande « {name} » n'existe pas"), N_("vouliez-vous dire « {near} » ?"), Exit.USAGE
    ),
    "usage.moment": Problem(
        N_("« {at} » n'est pas un moment"),
        N_("écrivez une date RFC 3339, avec son fuseau : 2026-11-21T10:00:00+01:00"),
        Exit.USAGE,
    ),
    "usage.nothing-to-verify": Problem(
        N_("il n'y a rien à vérifier, ou un fichier et --raw à la fois"),
        N_("donnez un ou plusieurs fichiers, ou --raw TEXTE"),
        Exit.USAGE,
    ),
    "usage.no-pixels": Problem(
        N_("--second-reader relit une image, et --raw n'en donne pas"),
        N_("donnez le fichier qui porte le code, ou ôtez --second-reader"),
        Exit.USAGE,
    ),
    "usage.option-without-code": Problem(
        N_("--page, --at, --fold et --strict-c40 règlent le code, et aucun n'est demandé"),
        N_("ajoutez --twoddoc ou --towncode, ou retirez ces options"),
        Exit.USAGE,
    ),
    "usage.place": Problem(
        N_("« {at} » n'est pas une place"), N_("écrivez auto, ou x,y en millimètres"), Exit.USAGE
    ),
    "usage.two-codes": Problem(
        N_("--twoddoc et --towncode sont deux codes, et une page n'en porte qu'un"),
        N_("gardez celui qui convient au document"),
        Exit.USAGE,
    ),
    "usage.type-without-towncode": Problem(
        N_("--type dit le type d'un code de vérification, et aucun n'est demandé"),
        N_("ajoutez --towncode ; le type d'un 2D-Doc se donne avec --twoddoc"),
        Exit.USAGE,
    ),
    "usage.unknown-command": Problem(
        N_("la commande « {name} » n'existe pas"), N_("voyez coffre --help"), Exit.USAGE
    ),
}
