"""Rows of mailings: the list and its lines, the folder, the run."""

from cli.problems.problem import OUR_FAULT, Exit, Problem
from storage.language import N_

_FIX_LINE = N_("corrigez cette ligne, puis relancez la même commande")
_AGAIN = N_("relancez la même commande : elle reprend où l'envoi s'est arrêté")

ROWS: dict[str, Problem] = {
    "batch.busy": Problem(
        N_("un envoi est déjà en cours dans {path}"),
        N_("attendez sa fin (coffre batch status le suit), puis relancez"),
        Exit.RETRYABLE,
    ),
    "batch.columns-without-code": Problem(
        N_("la liste a des données ({names}), et aucun code n'est demandé"),
        N_("ajoutez --twoddoc TYPE ou --towncode, ou une colonne twoddoc"),
        Exit.USAGE,
    ),
    "batch.file-missing": Problem(N_("cette lettre n'est pas dans le dossier"), _FIX_LINE),
    "batch.file-name": Problem(
        N_("ce nom ne peut pas être celui d'une lettre du dossier"),
        N_("donnez un chemin sous le dossier --in, sans « .. »"),
    ),
    "batch.file-too-large": Problem(
        N_("cette lettre dépasse {limit} Mio"), N_("découpez-la ou allégez ses images")
    ),
    "batch.file-twice": Problem(N_("cette lettre est déjà à la ligne {line}"), _FIX_LINE),
    "batch.file-unreadable": Problem(
        N_("cette lettre ne peut pas être lue"),
        N_("vérifiez ses droits ; un dossier ou un lien n'est pas une lettre"),
    ),
    "batch.halted": OUR_FAULT,
    "batch.ledger": Problem(
        N_("le registre de cet envoi n'est pas de cette version : {path}"),
        N_("terminez l'envoi avec la version qui l'a commencé"),
        Exit.CONFIGURATION,
    ),
    "sealing.layout-differs": Problem(
        N_("la place du code est prise sur cette lettre, à la différence des autres"),
        N_("relancez sans --same-layout, et scellez de nouveau (--force) les lettres d'avant"),
    ),
    "batch.letter-changed": Problem(
        N_("cette lettre a changé pendant l'envoi"),
        N_("relancez la même commande : elle relit la liste et les lettres"),
    ),
    "batch.line-cells": Problem(N_("{found} cellules au lieu de {expected}"), _FIX_LINE),
    "batch.line-characters": Problem(
        N_("un caractère de cette ligne n'existe dans aucun texte"),
        N_("enregistrez la liste en UTF-8"),
    ),
    "batch.line-quotes": Problem(
        N_("des guillemets ne se ferment pas : la suite de la liste n'est pas lue"), _FIX_LINE
    ),
    "batch.line-too-long": Problem(
        N_("cette ligne ne finit pas : la suite de la liste n'est pas lue"), _FIX_LINE
    ),
    "batch.list": OUR_FAULT,
    "batch.list-column": Problem(
        N_("{path} n'a pas de colonne « file » (trouvé : {found})"),
        N_("la première ligne nomme les colonnes ; « file » donne le chemin de chaque lettre"),
    ),
    "batch.list-column-twice": Problem(
        N_("{path} a deux colonnes « {name} », ou plus de 200 colonnes"),
        N_("donnez à chaque colonne un nom à elle"),
    ),
    "batch.list-empty": Problem(
        N_("la liste ne nomme aucune lettre"),
        N_("une première ligne nomme les colonnes, puis une ligne par lettre"),
    ),
    "batch.list-encoding": Problem(
        N_("{path} n'est ni en UTF-8 ni en Windows-1252"), N_("enregistrez la liste en UTF-8")
    ),
    "batch.list-refused": Problem(
        N_("lignes à corriger : {count} ; rien n'a été scellé"),
        N_("corrigez-les, puis relancez la même commande"),
    ),
    "batch.no-code": Problem(
        N_("des données ({names}), et aucun code n'est demandé pour cette lettre"),
        N_("donnez son type dans la colonne twoddoc, ou videz ces cellules"),
    ),
    "batch.no-mailing": Problem(
        N_("il n'y a pas d'envoi dans {path}"),
        N_("indiquez le dossier donné par --out"),
        Exit.NOT_FOUND,
    ),
    "batch.other-database": Problem(
        N_("cet envoi est tenu par une autre base de données : {path}"),
        N_("indiquez dans coffre.toml la base (database) avec laquelle il a commencé"),
        Exit.CONFIGURATION,
    ),
    "batch.other-engine": Problem(
        N_("l'envoi de {path} a commencé avec --engine {engine}"),
        N_("finissez-le avec --engine {engine}, ou choisissez un autre dossier"),
        Exit.CONFIGURATION,
    ),
    "batch.other-worker": Problem(
        N_("cette machine ne ferait pas les cachets de cet envoi : {what} diffère ou manque"),
        N_("donnez-lui les mêmes dossiers, certificats et version de Coffre que celle de l'envoi"),
        Exit.CONFIGURATION,
    ),
    "batch.other-options": Problem(
        N_("{path} contient {count} lettres scellées avec d'autres réglages"),
        N_("reprenez les mêmes réglages, ou un autre dossier ; --force scelle tout de nouveau"),
    ),
    "batch.output-taken": Problem(
        N_("un fichier qui n'est pas de cet envoi occupe la place de la lettre scellée"),
        N_("déplacez-le, ou ajoutez --force pour le remplacer"),
    ),
    "batch.same-folder": Problem(
        N_("{path} contient déjà les lettres à sceller"),
        N_("choisissez un autre dossier avec --out"),
        Exit.USAGE,
    ),
    "batch.seal-lost": Problem(
        N_("le fichier d'une lettre scellée a disparu avant de recevoir son nom"), _AGAIN
    ),
    "batch.told": OUR_FAULT,
    "batch.worker-died": Problem(
        N_("trois processus se sont arrêtés net sur cette lettre"),
        N_("ouvrez-la dans un lecteur, puis enregistrez-la de nouveau en PDF"),
    ),
    "batch.workers-die": Problem(
        N_("les processus qui scellent s'arrêtent aussitôt"),
        N_("transmettez {log} à l'exploitant"),
    ),
    "usage.max-failures": Problem(
        N_("« {limit} » n'est ni un nombre de lettres ni un pourcentage"),
        N_("écrivez par exemple --max-failures 10, ou --max-failures 2%"),
        Exit.USAGE,
    ),
}
