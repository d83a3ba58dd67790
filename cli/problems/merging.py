"""Rows of mail merges: the template, its values, the letters."""

from cli.problems.problem import OUR_FAULT, Exit, Problem
from storage.language import N_

_FIX_LINE = N_("corrigez cette ligne, puis relancez la même commande")
_FIX_TEMPLATE = N_("corrigez le modèle, puis relancez la même commande")
_FIX_FIELD = N_("par exemple --field 10={{nom}}, où nom est une colonne des données")
_IN_FOLDER = N_("copiez-le à côté du modèle, ou dans un dossier au-dessous, et nommez-le ainsi")

ROWS: dict[str, Problem] = {
    "configuration.no-pango": Problem(
        N_("une bibliothèque du système manque pour faire des lettres d'un modèle HTML"),
        N_("apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"),
        Exit.CONFIGURATION,
    ),
    "merge": OUR_FAULT,
    "merge.field": Problem(
        N_("« {field} » n'est pas une donnée du code, ou vient deux fois"), _FIX_FIELD, Exit.USAGE
    ),
    "merge.field-braces": Problem(
        N_("« {field} » donnerait à toutes les lettres le mot « {name} »"),
        N_("pour la colonne {name}, écrivez {{{name}}}"),
        Exit.USAGE,
    ),
    "merge.field-column": Problem(
        N_("« {field} » : les données n'ont pas de colonne « {name} »"), _FIX_FIELD, Exit.USAGE
    ),
    "merge.field-empty": Problem(N_("le formulaire exige le champ « {name} »"), _FIX_LINE),
    "merge.field-letter": Problem(
        N_("les lettres du formulaire n'ont pas le caractère « {sign} » (champ « {name} »)"),
        N_("remplacez-le, ou prenez un modèle HTML"),
    ),
    "merge.field-too-small": Problem(
        N_("la valeur ne tient pas dans le champ « {name} »"),
        N_("raccourcissez-la, agrandissez le champ, ou donnez-lui la taille automatique"),
    ),
    "merge.field-value": Problem(
        N_("le champ « {name} » n'a pas cette réponse ; il connaît : {known}"), _FIX_LINE
    ),
    "merge.form-absent": Problem(
        N_("ce PDF n'a pas de champs à remplir"),
        N_("donnez un formulaire PDF, ou un modèle HTML"),
    ),
    "merge.form-columns": Problem(
        N_("aucun champ du formulaire ne porte le nom d'une colonne (champs : {found})"),
        N_("donnez aux colonnes les noms des champs"),
    ),
    "merge.form-required": Problem(
        N_("le formulaire exige le champ « {name} », et les données n'ont pas cette colonne"),
        N_("ajoutez cette colonne aux données"),
    ),
    "merge.form-signed": Problem(
        N_("ce formulaire porte déjà une signature : le remplir la romprait"),
        N_("prenez le formulaire d'avant la signature"),
    ),
    "merge.form-turned": Problem(
        N_("une page de ce formulaire est tournée"),
        N_("enregistrez-la droite, puis relancez la même commande"),
    ),
    "merge.form-xfa": Problem(
        N_("ce formulaire est en XFA, que peu de programmes savent lire"),
        N_("enregistrez-le en formulaire PDF ordinaire (AcroForm)"),
    ),
    "merge.list-taken": Problem(
        N_("{path} est là, et n'a pas été écrit par ce travail"),
        N_("déplacez-le, choisissez un autre dossier, ou ajoutez --force pour le remplacer"),
    ),
    "merge.no-column": Problem(
        N_("le modèle {path} ne nomme aucune colonne : toutes les lettres seraient les mêmes"),
        N_("écrivez {{{{ nom }}}} là où va la colonne « nom » ; le modèle vient avant les données"),
    ),
    "merge.no-glyph": Problem(
        N_("aucune police ne sait dessiner le caractère « {sign} »"),
        N_("remplacez-le, ou mettez une police qui le connaît à côté du modèle (@font-face)"),
    ),
    "merge.no-such-letter": Problem(
        N_("il n'y a pas de lettre {letter} : les données en ont {letters}"),
        N_("donnez un nombre de 1 à {letters}"),
        Exit.USAGE,
    ),
    "merge.other-template": Problem(
        N_("{path} contient {count} lettres faites avec un autre modèle, ou d'autres images"),
        N_("choisissez un autre dossier ; --force fait de nouveau toutes les lettres"),
    ),
    "merge.resource": Problem(
        N_("le modèle demande un fichier qui n'est pas dans son dossier : {name}"), _IN_FOLDER
    ),
    "merge.template": Problem(
        N_("le modèle {path} ne se comprend pas à la ligne {line} : {what}"), _FIX_TEMPLATE
    ),
    "merge.template-encoding": Problem(
        N_("le modèle {path} n'est pas en UTF-8"), N_("enregistrez-le en UTF-8")
    ),
    "merge.template-file": Problem(
        N_("{path}, ligne {line} : le modèle « {name} » n'est pas dans le dossier"), _IN_FOLDER
    ),
    "merge.template-too-large": Problem(
        N_("le modèle {path}, ou une lettre qu'il fait, dépasse {limit} Mio"),
        N_("allégez-le : les images vont dans des fichiers à côté"),
    ),
    "merge.too-many-pages": Problem(
        N_("cette lettre a {pages} pages, plus de {limit}"), _FIX_TEMPLATE
    ),
    "merge.too-slow": Problem(
        N_("cette lettre n'est pas faite au bout de {seconds} secondes"), _FIX_TEMPLATE
    ),
    "merge.unknown-column": Problem(
        N_("{path}, ligne {line} : les données n'ont pas de colonne « {name} »"),
        N_("corrigez ce nom dans le modèle, ou ajoutez la colonne aux données"),
    ),
    "merge.unusable": Problem(
        N_("une image, une police ou un style du modèle ne peut pas servir : {what}"),
        _FIX_TEMPLATE,
    ),
    "merge.value-characters": Problem(
        N_("la colonne « {name} » contient un caractère qui n'existe dans aucun texte"), _FIX_LINE
    ),
    "merge.value-place": Problem(
        N_("le modèle met une valeur dans {place}, où elle serait plus que du texte"),
        N_("une valeur va dans un texte, jamais dans un style, une adresse ou un nom de fichier"),
    ),
    "merge.value-too-long": Problem(
        N_("la valeur de la colonne « {name} » dépasse {limit} caractères"), _FIX_LINE
    ),
    "usage.merge-fields": Problem(
        N_("--field et --no-code se contredisent"), N_("gardez l'un des deux"), Exit.USAGE
    ),
    "usage.merge-output": Problem(
        N_("il manque le dossier des lettres"),
        N_("ajoutez --out DIR, ou --preview FILE.pdf pour une seule lettre"),
        Exit.USAGE,
    ),
}
