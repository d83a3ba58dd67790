"""What raises a doubt about a document, told to the person who handed it in.

Rules kept here (law: CRPA R.113-10, R.113-11):

- one sentence for each proof that did not hold, in words of every day, that accuses nobody;
- a doubt is about the document. What only we can mend (lists too old, a form that this version does
  not read, our own fault, an evidence record of ours) is none: a person is never asked for an
  original because of it;
- a letter that its issuer took back is not asked for again: the one in force is.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from storage.language import N_
from verifier.check import Check, Indication, SubIndication
from verifier.verdict import Verdict

_TAKEN_BACK: Final = {
    "status-revoked": N_("l'organisme qui a délivré ce document l'a retiré depuis"),
    "status-superseded": N_("l'organisme qui a délivré ce document l'a remplacé depuis"),
}
# Only we can mend these: newer lists, a newer version, another run.
_OURS: Final = frozenset({SubIndication.TRY_LATER, SubIndication.POLICY_PROCESSING_ERROR})
_OUR_REASONS: Final = frozenset(
    {
        "validator-fault",
        "validator-stopped",
        "archives-too-many",
        "status-unclear",
        "status-no-slot",
    }
)

_ADDED: Final = N_("quelque chose a été ajouté au fichier après qu'il a été scellé")
_UNKNOWN: Final = N_("nous n'avons pas pu établir quel organisme a délivré ce document")
_CANCELLED: Final = N_("le certificat qui a servi à sceller ce document a été annulé")
_OVER: Final = N_(
    "le certificat qui a scellé ce document n'est plus valable, et rien ne prouve qu'il l'était "
    "encore ce jour-là"
)
_OLD: Final = N_("le document a été scellé par un procédé qui n'est plus assez sûr")
_BY_REASON: Final = {
    **_TAKEN_BACK,
    "values-not-on-page": N_("le document ne montre pas les mêmes données que son code signé"),
    "values-otherwise-on-page": N_(
        "le document ne montre pas les mêmes données que son code signé"
    ),
    "values-not-recognised": N_(
        "les données du code signé n'ont pas été retrouvées sur la copie reçue"
    ),
    "filled-or-annotated-after-sealing": _ADDED,
    "metadata-changed-after-sealing": _ADDED,
    "settings-changed-after-sealing": _ADDED,
    "bytes-outside-the-seal": _ADDED,
    "identifiers-differ": N_("le code imprimé est celui d'un autre document que le cachet"),
    "data-of-another-letter": N_("les données jointes au fichier sont celles d'un autre document"),
    "data-differ-from-code": N_(
        "les données jointes au fichier ne disent pas la même chose que lui"
    ),
    "rewritten-after-sealing": N_(
        "le fichier a été réenregistré ou modifié depuis qu'il a été scellé"
    ),
    "proofs-removed-after-sealing": N_("une partie du fichier scellé en a été retirée"),
    "algorithm-too-weak": _OLD,
    "certificate-out-of-date": _OVER,
    "codes-of-two-letters": N_("les codes de ce fichier sont ceux de documents différents"),
    "identifier-redefined": N_("l'identifiant du document a été changé après le cachet"),
    "pdf-structure-unreadable": N_("le fichier est abîmé : son cachet ne se lit plus"),
    "seal-out-of-reach": N_("le fichier est abîmé : son cachet ne se lit plus"),
    "not-a-pades-seal": N_("la signature du fichier n'a pas une forme que nous savons vérifier"),
    "signed-after-certificate": N_("le document est daté d'après la fin du certificat utilisé"),
}
_BY_SUB_INDICATION: Final = {
    SubIndication.HASH_FAILURE: N_("le contenu du fichier n'est plus celui qui a été scellé"),
    SubIndication.SIG_CRYPTO_FAILURE: N_(
        "la signature qui accompagne le document ne correspond pas à son contenu"
    ),
    SubIndication.FORMAT_FAILURE: N_(
        "le cachet ou le code du document est abîmé, ou n'a pas la forme attendue"
    ),
    SubIndication.REVOKED: _CANCELLED,
    SubIndication.REVOKED_NO_POE: _CANCELLED,
    SubIndication.REVOKED_CA_NO_POE: _CANCELLED,
    SubIndication.NOT_YET_VALID: N_("le document est daté d'avant le certificat qui l'a scellé"),
    SubIndication.EXPIRED: _OVER,
    SubIndication.OUT_OF_BOUNDS_NO_POE: _OVER,
    SubIndication.OUT_OF_BOUNDS_NOT_REVOKED: _OVER,
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE: _OLD,
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE: _OLD,
    SubIndication.NO_SIGNING_CERTIFICATE_FOUND: _UNKNOWN,
    SubIndication.NO_CERTIFICATE_CHAIN_FOUND: _UNKNOWN,
    SubIndication.CHAIN_CONSTRAINTS_FAILURE: _UNKNOWN,
    SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE: _UNKNOWN,
    SubIndication.TIMESTAMP_ORDER_FAILURE: N_("le document porte une date qui est dans l'avenir"),
    SubIndication.SIGNED_DATA_NOT_FOUND: N_(
        "le code imprimé ne se lit pas en entier sur la copie reçue"
    ),
    SubIndication.SIG_CONSTRAINTS_FAILURE: N_(
        "le cachet ou le code du document contient quelque chose d'inattendu"
    ),
}
_OTHERWISE: Final = N_(
    "rien ne nous permet d'établir que ce document est bien celui qui a été délivré"
)


def doubts(verdict: Verdict) -> tuple[Check, ...]:
    """Give what raises a doubt: the check that decided, for each proof that did not hold.

    Empty for an authentic file, for one that bears no proof, and where only we can mend what lacks.
    """
    decided = [check for check in _deciding(verdict) if not _is_ours(check)]
    failed = [check for check in decided if check.indication is Indication.TOTAL_FAILED]
    # Where a document was shown to be altered, what merely lacks explains nothing more.
    return tuple(failed or decided)


def told(check: Check) -> str:
    """Give the French sentence of a doubt, for the person."""
    if check.reason in _BY_REASON:
        return _BY_REASON[check.reason]
    if check.sub_indication is None:
        return _OTHERWISE
    return _BY_SUB_INDICATION.get(check.sub_indication, _OTHERWISE)


def is_taken_back(found: Sequence[Check]) -> bool:
    """Tell whether the issuer took the letter back: its original would not do."""
    return any(check.reason in _TAKEN_BACK for check in found)


def _deciding(verdict: Verdict) -> Iterator[Check]:
    groups = [
        verdict.checks,
        *(seal.checks for seal in verdict.seals),
        *(code.checks for code in verdict.codes),
        *((code.printed_text.check,) for code in verdict.codes if code.printed_text.check),
    ]
    for checks in groups:
        first = next((check for check in checks if not check.has_passed), None)
        if first is not None:
            yield first


def _is_ours(check: Check) -> bool:
    if check.indication is Indication.TOTAL_FAILED:
        return False
    return check.sub_indication in _OURS or check.reason in _OUR_REASONS
