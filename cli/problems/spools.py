"""Rows of spools, big PDFs that are cut into letters, and of watched folders."""

from cli.problems.problem import OUR_FAULT, Exit, Problem
from storage.language import N_

_NOTHING = N_("rien n'a été écrit ; corrigez l'expression, ou ce que le logiciel imprime")

ROWS: dict[str, Problem] = {
    "spool": OUR_FAULT,
    "spool.bookmarks": Problem(
        N_("le signet « {title} » ne mène à aucune page, ou pas plus loin que le précédent"),
        N_("découpez autrement, par exemple --by text:MARQUE"),
    ),
    "spool.bookmarks-absent": Problem(
        N_("{path} n'a pas de signet de premier niveau"),
        N_("découpez autrement : --by pages:N, ou --by text:MARQUE"),
    ),
    "spool.encrypted": Problem(
        N_("{path} est protégé par un mot de passe"),
        N_("enregistrez-le sans protection, puis relancez"),
    ),
    "spool.field-not-drawn": Problem(
        N_("dans la lettre de la page {page}, un champ de formulaire rempli n'est pas dessiné"),
        N_("imprimez ce formulaire en PDF, puis découpez ce PDF"),
    ),
    "spool.front-pages": Problem(
        N_("les pages 1 à {last} sont avant la première lettre"),
        N_("ajoutez --front letter pour en faire une lettre, ou --front drop pour les laisser"),
    ),
    "spool.letter-too-large": Problem(
        N_("la lettre de la page {page} dépasse {limit} Mio, ou a trop d'objets"),
        N_("vérifiez où elle finit ; découpez autrement, ou allégez ses images"),
    ),
    "spool.mark-absent": Problem(
        N_("« {mark} » n'est sur aucune page"),
        N_("copiez ce texte depuis le PDF ; une page numérisée n'a pas de texte"),
    ),
    "spool.other-cut": Problem(
        N_("{path} contient d'autres lettres, ou une lettre ou une liste modifiée depuis"),
        N_("choisissez un autre dossier ; --force remplace ce qui est là"),
    ),
    "spool.page": Problem(
        N_("la page {page} ne peut pas être lue"),
        N_("produisez de nouveau ce PDF avec le logiciel d'origine"),
    ),
    "spool.signed": Problem(
        N_("{path} porte un cachet ou une signature, que ses lettres perdraient"),
        N_("découpez le PDF d'avant la signature, puis scellez chaque lettre"),
    ),
    "spool.stopped": Problem(
        N_("découpage interrompu"),
        N_("la même commande reprend où le découpage s'est arrêté"),
        Exit.INTERRUPTED,
    ),
    "spool.take-absent": Problem(N_("« {name} » n'est pas dans cette lettre"), _NOTHING),
    "spool.take-pattern": Problem(
        N_("l'expression de « {name} » ne convient pas : il y faut un groupe ( ) et un seul"),
        N_('par exemple --take "montant=Total : ([0-9,]+)", ou --take "montant=after:Total"'),
        Exit.USAGE,
    ),
    "spool.take-too-long": Problem(N_("ce qui est trouvé pour « {name} » est trop long"), _NOTHING),
    "spool.take-stopped": Problem(
        N_("la recherche de « {name} » s'est arrêtée à la lettre de la page {page}"),
        N_("la mémoire manque peut-être : simplifiez l'expression, puis relancez"),
    ),
    "spool.take-too-slow": Problem(
        N_("l'expression de « {name} » n'en finit pas sur la lettre de la page {page}"),
        N_("simplifiez-la : évitez les répétitions de répétitions, comme (a+)+"),
    ),
    "spool.take-twice": Problem(
        N_("« {name} » a deux valeurs différentes dans cette lettre"), _NOTHING
    ),
    "spool.too-large": Problem(
        N_("{path} dépasse {bytes} Gio ou {pages} pages"), N_("découpez-le d'abord en plusieurs")
    ),
    "spool.unreadable": Problem(
        N_("{path} n'est pas un PDF entier : il est coupé, abîmé ou sans page"),
        N_("produisez-le de nouveau : des lettres pourraient y manquer"),
    ),
    "spool.values-refused": Problem(
        N_("lettres sans leurs données : {count} ; rien n'a été écrit"),
        N_("corrigez les expressions de --take, puis relancez"),
    ),
    "spool.xfa": Problem(
        N_("{path} est un formulaire XFA : ses pages ne sont pas dans le fichier"),
        N_("imprimez-le en PDF depuis Adobe Reader, puis découpez ce PDF"),
    ),
    "usage.split-by": Problem(
        N_("« {by} » ne dit pas où couper"),
        N_("écrivez --by pages:2, --by bookmark, ou --by text:MARQUE"),
        Exit.USAGE,
    ),
    "usage.split-take": Problem(
        N_("« {take} » n'est pas de la forme NOM=EXPRESSION, ou ce nom est déjà pris"),
        N_('par exemple --take "10=after:Titulaire"'),
        Exit.USAGE,
    ),
    "watch.again": OUR_FAULT,
    "watch.companion": Problem(
        N_("{name} n'est pas un objet JSON de textes"),
        N_('écrivez par exemple {{"nom": "DUPONT"}}, puis déposez de nouveau les deux fichiers'),
    ),
    "watch.companion-missing": Problem(
        N_("les données de son code ne sont pas venues : {name}"),
        N_("déposez ce fichier JSON d'abord, puis le PDF"),
    ),
    "watch.companion-type": Problem(
        N_("aucun signataire n'émet de code 2D-Doc de type {type}"),
        N_("corrigez « twoddoc » dans le fichier JSON ; coffre twoddoc types montre les types"),
    ),
    "watch.no-folder": Problem(
        N_("{path} n'est pas un dossier"), N_("créez-le, puis relancez"), Exit.NOT_FOUND
    ),
    "watch.not-whole": Problem(
        N_("ce fichier n'est pas un PDF entier : il est coupé, ou n'a jamais fini d'arriver"),
        N_("déposez-le de nouveau"),
    ),
}
