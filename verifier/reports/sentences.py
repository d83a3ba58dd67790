"""The verdict in plain words: a headline, what to do, the reason of each check.

Rules kept here:

- the three answers have one headline each, the same on every screen: Authentique, Impossible de
  conclure, Falsifié ou altéré; a file without code and without seal has its own;
- a code that is authentic but was not compared with the page never says Authentique alone: it asks
  the agent to compare;
- what was not checked is said;
- every reason that a check may give has its sentence here; a test asks for it.
"""

from datetime import UTC
from typing import Final

from storage.language import N_, Translator
from verifier.check import Check, Indication
from verifier.verdict import EvidenceVerdict, PrintedResult, SealState, Status, Verdict

HEADLINES: Final = {
    Indication.TOTAL_PASSED: N_("Authentique"),
    Indication.INDETERMINATE: N_("Impossible de conclure"),
    Indication.TOTAL_FAILED: N_("Falsifié ou altéré"),
}
NOTHING: Final = N_("Aucun cachet et aucun code dans ce fichier")
COMPARE: Final = N_("Code authentique : comparez avec le document")

REASONS: Final[dict[str, str]] = {
    "all-passed": N_("toutes les vérifications sont passées"),
    # Seal.
    "pades-seal": N_("le cachet se lit"),
    "not-a-pades-seal": N_("la signature n'est pas un cachet PAdES"),
    "pdf-structure-unreadable": N_("la structure du PDF est abîmée : le cachet ne se lit plus"),
    "seal-out-of-reach": N_("le fichier contient les restes d'un cachet qui ne se lit plus"),
    "pdf-encrypted": N_("le PDF est chiffré : son cachet ne se vérifie pas ainsi"),
    "pdf-hybrid-xref": N_("le PDF a deux tables d'objets, que des lecteurs lisent autrement"),
    "pdf-object-missing": N_("une partie du PDF à laquelle il renvoie n'y est pas"),
    "pdf-nested-too-deep": N_("le PDF est imbriqué plus qu'un document ne l'est"),
    "pdf-stream-too-large": N_("une partie du PDF est démesurée une fois décompressée"),
    "seal-contents-unreadable": N_("le cachet est vide, ou ce qu'il contient ne se décode pas"),
    "validator-stopped": N_(
        "vérifier le cachet demandait trop de temps ou de mémoire : n'en concluez rien"
    ),
    "seal-malformed": N_("le cachet est mal formé"),
    "signer-not-identified": N_("le cachet ne dit pas sans équivoque qui l'a apposé"),
    "ranges-malformed": N_("le cachet ne dit pas clairement quels octets il couvre"),
    "validator-fault": N_("le cachet n'a pas pu être vérifié : fichier inhabituel, ou notre faute"),
    "content-unchanged": N_("le contenu est celui qui a été scellé"),
    "content-changed": N_("le contenu a été modifié après le cachet"),
    "rewritten-after-sealing": N_(
        "le fichier a été réenregistré ou altéré après le cachet : demandez l'original"
    ),
    "integrity-not-established": N_("rien ne dit si le contenu est celui qui a été scellé"),
    "signature-verified": N_("la signature est juste"),
    "signature-invalid": N_("la signature est fausse"),
    "covers-whole-document": N_("le cachet couvre tout le document"),
    "only-validation-data-added": N_("seules des données de validation ont été ajoutées ensuite"),
    "only-seals-added": N_("seuls d'autres cachets ont été ajoutés ensuite"),
    "filled-or-annotated-after-sealing": N_("le document a été rempli ou annoté après le cachet"),
    "metadata-changed-after-sealing": N_(
        "le titre ou d'autres métadonnées ont changé après le cachet"
    ),
    "settings-changed-after-sealing": N_("des réglages du document ont changé après le cachet"),
    "proofs-removed-after-sealing": N_("des preuves du cachet ont été retirées du fichier"),
    "changed-after-sealing": N_("le document a été modifié après le cachet"),
    "bytes-outside-the-seal": N_("des octets ont été ajoutés après le cachet"),
    "contents-canonical": N_("le cachet est écrit comme il doit l'être"),
    "contents-not-hexadecimal": N_("le cachet contient des caractères étrangers"),
    "contents-mixed-case": N_("l'écriture du cachet a été modifiée"),
    "contents-not-cms": N_("le cachet ne se décode pas"),
    "contents-not-canonical": N_("l'écriture du cachet a été modifiée"),
    "contents-padding-not-zero": N_("des octets ont été cachés derrière le cachet"),
    "announced-as-held": N_("le cachet annonce ce qu'il contient"),
    "digests-disagree": N_("le cachet annonce une autre empreinte que la sienne"),
    "signer-named-otherwise": N_("le cachet nomme autrement son signataire"),
    "versions-disagree": N_("le cachet annonce une autre version que la sienne"),
    "signed-attributes-missing": N_("le cachet ne signe pas tout ce qu'un cachet doit signer"),
    "certificates-belong-together": N_("les certificats joints vont ensemble"),
    "foreign-certificate-carried": N_("un certificat étranger ou modifié est joint au cachet"),
    "issuer-trusted": N_("l'autorité du cachet est dans vos listes de confiance"),
    "issuer-not-trusted": N_("l'autorité du cachet n'est pas dans vos listes de confiance"),
    "purpose-unrestricted": N_("le certificat n'est pas réservé à un autre usage"),
    "purpose-allows-sealing": N_("le certificat permet de sceller"),
    "certificate-for-something-else": N_("ce certificat est fait pour autre chose que sceller"),
    "validation-passed": N_("la validation complète est passée"),
    "validation-failed": N_("la validation complète a échoué"),
    "validation-not-passed": N_("la validation complète n'a pas pu conclure"),
    "algorithm-too-weak": N_("le cachet repose sur un procédé qui n'est plus sûr"),
    "certificate-out-of-date": N_(
        "le certificat du cachet n'est plus valable, et rien ne prouve quand il a été apposé"
    ),
    "unsigned-attribute-foreign": N_("une donnée étrangère est jointe au cachet"),
    "time-stamp-proved": N_("un horodatage prouve que le cachet existait à cette heure"),
    "time-stamp-not-proved": N_("l'horodatage du cachet n'est pas prouvé par vos listes"),
    "time-stamp-broken": N_("l'horodatage joint n'est pas celui de ce cachet, ou il est faux"),
    "time-stamp-unreadable": N_("l'horodatage joint au cachet ne se lit pas"),
    "proofs-embedded": N_("le fichier porte de quoi prouver le cachet plus tard"),
    "list-archived": N_("la révocation a été consultée à l'heure de l'archivage"),
    "validation-passed-archived": N_("la validation complète passait à l'heure de l'archivage"),
    "archived": N_("le cachet tenait encore à l'heure de l'archivage : il reste prouvé"),
    "archive-proved": N_("un horodatage d'archivage prouve que le fichier existait à cette heure"),
    "archive-not-proved": N_("l'horodatage d'archivage n'est pas prouvé par vos listes"),
    "archive-broken": N_("l'horodatage d'archivage n'est pas celui de ce fichier, ou il est faux"),
    "archive-not-whole": N_("l'horodatage d'archivage ne couvre pas tout, ou a été suivi d'ajouts"),
    "archive-unreadable": N_("l'horodatage d'archivage ne se lit pas"),
    "archives-too-many": N_("il y a plus d'horodatages d'archivage que l'on n'en vérifie"),
    # Both.
    "revoked": N_("le certificat a été révoqué"),
    "list-in-force": N_("une liste de révocation en vigueur a été consultée"),
    "no-list": N_("aucune liste de révocation : mettez à jour vos listes de confiance"),
    "list-too-old": N_("la liste de révocation est périmée : mettez à jour vos listes"),
    # 2D-Doc.
    "well-formed": N_("le code est bien formé"),
    "not-2ddoc": N_("ce n'est pas un code 2D-Doc"),
    "too-long": N_("le code est trop long"),
    "header-short": N_("le code est coupé dès son début"),
    "header-charset": N_("l'en-tête du code contient des caractères interdits"),
    "version-unsupported": N_("cette version de 2D-Doc n'est pas lue"),
    "date-invalid": N_("une date de l'en-tête n'existe pas"),
    "non-ascii": N_("le code contient des caractères interdits"),
    "field-short": N_("une donnée du code est trop courte"),
    "field-incomplete": N_("une donnée du code est incomplète"),
    "no-signature": N_("le code n'a pas de signature : il a peut-être été coupé à la lecture"),
    "several-us": N_("le code a plusieurs séparateurs de signature"),
    "signature-encoding": N_("la signature du code est mal écrite"),
    "signature-length": N_("la signature du code n'a pas la bonne longueur"),
    "binary-length": N_("le code s'arrête au milieu d'une donnée : scannez-le de nouveau"),
    "set-incomplete": N_("il manque des parties de ce code : scannez-les toutes"),
    "set-mismatch": N_("ces parties ne vont pas ensemble : vérifiez un seul document à la fois"),
    "bytes-read-as-text": N_("ce code est fait d'octets : donnez son image, et non son texte"),
    "issuer-listed": N_("l'émetteur est dans vos listes"),
    "issuer-not-listed": N_("l'émetteur n'est pas dans vos listes"),
    "directory-too-old": N_("votre annuaire des émetteurs est trop ancien pour conclure"),
    "chain-verified": N_("l'autorité a bien signé le certificat de l'émetteur"),
    "test-certificate-without-authority": N_("certificat d'essai, sans autorité"),
    "test-authority-outside-test-mode": N_("code d'essai : il ne prouve rien"),
    "not-signed-by-its-authority": N_("l'autorité n'a pas signé le certificat de l'émetteur"),
    "repaired-and-not-proved": N_("le code a été abîmé à la lecture : scannez-le de nouveau"),
    "authority-withdrawn": N_("l'autorité a été retirée de la liste officielle"),
    "valid-on-signature-date": N_("le certificat était valable le jour de la signature"),
    "test-authority-dates-not-applied": N_("autorité d'essai : dates non appliquées"),
    "signed-before-certificate": N_("signé avant le début de validité du certificat"),
    "signed-after-certificate": N_("signé après la fin de validité du certificat"),
    "key-not-allowed": N_("la clé de l'émetteur n'est pas admise"),
    "key-usage-signature": N_("la clé est faite pour signer"),
    "key-usage-unrestricted": N_("la clé n'a pas de restriction d'usage"),
    "key-usage-not-signature": N_("la clé n'est pas faite pour signer"),
    "certificate-extensions-unreadable": N_("le certificat de l'émetteur ne se lit pas"),
    "test-authority-without-list": N_("autorité d'essai : sans liste de révocation"),
    "signed-in-the-past": N_("la date de signature est passée"),
    "signed-in-future": N_("la date de signature est dans l'avenir"),
    "content-conforms": N_("les données sont celles que prévoit ce type de document"),
    "content-against-type": N_("les données ne sont pas celles que prévoit ce type de document"),
    # Town code.
    "not-towncode": N_("ce n'est pas un code de vérification de mairie"),
    "prefix-case": N_("le début du code est mal écrit"),
    "cut-short": N_("la fin du code manque : scannez-le ou copiez-le en entier"),
    "base32-invalid": N_("le code contient des caractères interdits, ou mal placés"),
    "cbor-not-deterministic": N_("le contenu du code n'est pas écrit comme il doit l'être"),
    "structure-invalid": N_("le code n'a pas la forme d'un code de vérification"),
    "signature-header-invalid": N_("le code annonce une autre signature que la sienne"),
    "claims-invalid": N_("les données du code n'ont pas la forme attendue"),
    "limits-exceeded": N_("le code contient plus que ce qui est permis"),
    "layout-unknown": N_("cette forme de code n'est pas lue par cette version"),
    "seal-not-listed": N_("le cachet qui a signé ce code n'est pas dans vos listes"),
    "authority-not-listed": N_("l'autorité de ce cachet n'est pas dans vos listes"),
    "content-clear": N_("les données du code se lisent sans équivoque"),
    "content-unclear": N_("les données du code prêtent à confusion"),
    # Evidence record.
    "evidence-well-formed": N_("la preuve d'existence se lit"),
    "evidence-unreadable": N_("la preuve d'existence jointe est abîmée, ou n'en est pas une"),
    "evidence-form-unsupported": N_("la preuve d'existence a une forme qui n'est pas lue ici"),
    "evidence-of-this-file": N_("la preuve d'existence est celle de ce fichier"),
    "evidence-of-another-file": N_("la preuve d'existence jointe est celle d'un autre fichier"),
    "evidence-stamped": N_("l'horodatage de la preuve d'existence est juste"),
    "evidence-time-stamp-unreadable": N_("l'horodatage de la preuve d'existence ne se lit pas"),
    "evidence-broken": N_("la preuve d'existence a été modifiée, ou son horodatage est faux"),
    "evidence-authority-known": N_("l'autorité d'horodatage est dans vos listes de confiance"),
    "evidence-authority-unknown": N_(
        "l'autorité d'horodatage n'est pas dans vos listes de confiance"
    ),
    "evidence-authority-revoked": N_("le certificat de l'autorité d'horodatage a été révoqué"),
    "evidence-in-the-past": N_("l'heure de l'horodatage est passée"),
    "evidence-in-future": N_("l'heure de l'horodatage est dans l'avenir"),
    "evidence-proved": N_("le fichier existait à l'heure de l'horodatage"),
    "evidence-not-proved": N_("l'horodatage n'est pas prouvé par vos listes"),
    # The letter: one identifier, and what its issuer says of it today.
    "identifier-redefined": N_("l'identifiant du document a été changé après le cachet"),
    "identifiers-agree": N_("le cachet et le code sont ceux du même document"),
    "identifiers-differ": N_("le code est celui d'un autre document que le cachet"),
    "status-current": N_("ni retiré ni remplacé par l'émetteur"),
    "status-revoked": N_("retiré par l'émetteur"),
    "status-superseded": N_("remplacé par l'émetteur"),
    "status-unclear": N_("l'émetteur dit de ce document ce que cette version ne comprend pas"),
    "status-no-slot": N_("la liste des retraits de l'émetteur n'a pas de place pour ce document"),
    "status-no-list": N_(
        "la liste des retraits où ce document a sa place n'est pas ici : renouvelez les listes"
    ),
    "status-list-unchecked": N_(
        "aucune liste de révocation en vigueur ne couvre la liste des retraits"
    ),
    "status-list-of-tomorrow": N_("la liste des retraits est datée de l'avenir"),
    "status-list-too-old": N_("la liste des retraits de l'émetteur est périmée : renouvelez-la"),
    "status-list-unproved": N_("une liste des retraits est là, mais rien ne la prouve"),
    # Page and file.
    "values-on-page": N_("le document dit la même chose que son code"),
    "values-not-on-page": N_("le document ne dit pas la même chose que son code"),
    "values-otherwise-on-page": N_(
        "le document imprime autre chose à la place d'une donnée du code"
    ),
    "data-agree": N_("les données jointes au document sont celles du cachet"),
    "data-of-another-letter": N_("les données jointes sont celles d'un autre document"),
    "data-differ-from-code": N_("les données jointes ne disent pas la même chose que le code"),
    "codes-of-two-letters": N_("les codes de ce fichier sont ceux de documents différents"),
    "values-not-recognised": N_("les données du code n'ont pas été reconnues sur le document"),
    "read-in-part": N_("le fichier n'a été lu qu'en partie"),
    "symbol-too-small": N_("image trop petite : le code y est, mais il ne se lit pas"),
    "scanned-otherwise": N_("le fichier porte aussi un code d'une autre famille"),
    "second-reader-differs": N_("deux lecteurs lisent ce code autrement : scannez-le de nouveau"),
    "second-reader-agrees": N_("un second lecteur lit le code à l'identique"),
    "second-reader-unseen": N_("le second lecteur n'a pas lu le code : cela ne change rien"),
    "second-reader-alone": N_("seul le second lecteur a lu le code"),
}

DETAILED: Final[dict[str, str]] = {
    "identifiers-differ": N_("le code est celui du document {code}, le cachet celui de {seal}"),
    "status-current": N_("ni retiré ni remplacé par l'émetteur, d'après sa liste du {day}"),
    "status-revoked": N_("retiré par l'émetteur, d'après sa liste du {day}"),
    "status-superseded": N_("remplacé par l'émetteur, d'après sa liste du {day}"),
    "set-incomplete": N_("parties de ce code encore à scanner : {parts} (il y en a {count})"),
}


def reason_of(check: Check, tr: Translator) -> str:
    """Say the reason of one check; an unknown reason is said as it stands."""
    if check.reason in DETAILED:
        return tr(DETAILED[check.reason]).format_map(check.details)
    return tr(REASONS.get(check.reason, check.reason))


def headline(verdict: Verdict, tr: Translator) -> str:
    """Say the answer in one line."""
    conclusion = verdict.conclusion
    if conclusion is None:
        return tr(NOTHING)
    if is_blue(verdict):
        return tr(COMPARE)
    return tr(HEADLINES[conclusion.indication])


def explanation(verdict: Verdict, tr: Translator) -> str:
    """Say the reason of the answer, as a sentence's end."""
    conclusion = verdict.conclusion
    if conclusion is None:
        return ""
    return tr(REASONS.get(conclusion.reason, conclusion.reason))


def existence(evidence: EvidenceVerdict, tr: Translator) -> str:
    """Say what an evidence record proves, or why it proves nothing."""
    if evidence.time is not None:
        told = tr(N_("ce fichier existait le {day} à {hour} UTC ({authority})"))
        at = evidence.time.astimezone(UTC)
        day, hour = f"{at:%d/%m/%Y}", f"{at:%H:%M:%S}"
        return told.format(day=day, hour=hour, authority=evidence.authority)
    reason = evidence.conclusion.reason
    return tr(REASONS.get(reason, reason))


def is_blue(verdict: Verdict) -> bool:
    """Tell an authentic code that neither a seal nor the page's words stand behind."""
    conclusion = verdict.conclusion
    if conclusion is None or conclusion.indication is not Indication.TOTAL_PASSED:
        return False
    return not verdict.seals and any(code.shown_blue for code in verdict.codes)


def not_checked(verdict: Verdict, tr: Translator) -> list[str]:
    """List what this verdict does not say."""
    told = []
    if not verdict.seals:
        told.append(tr(N_("le fichier ne porte pas de cachet : seul son code a été vérifié")))
    if not verdict.codes:
        told.append(tr(N_("le document ne porte pas de code : son texte n'a pas été comparé")))
    results = {code.printed_text.result for code in verdict.codes}
    if PrintedResult.NOT_COMPARED in results:
        told.append(tr(N_("le texte du document n'a pas été comparé aux données du code")))
    if verdict.status == Status(SealState.UNKNOWN):
        told.append(tr(N_("rien ne dit si l'émetteur a retiré ou remplacé ce document depuis")))
    if any(code.annex for code in verdict.codes):
        told.append(tr(N_("le code porte une annexe que personne n'a signée")))
    if verdict.conclusion is None:
        return []
    return told
