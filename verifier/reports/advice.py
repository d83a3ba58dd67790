"""What to do with an answer, and the colour that goes with it.

Rules kept here:

- an agent is never told to refuse: in doubt the original is asked for, with the reasons (`doubts`);
- where only our lists or our version lack something, the person has nothing to do again;
- with test authorities, nothing may be kept on the strength of the answer.
"""

from typing import Final

from storage.language import N_
from verifier.check import Indication
from verifier.reports.doubts import doubts
from verifier.reports.sentences import is_blue
from verifier.verdict import Verdict

_COLOURS: Final = {
    Indication.TOTAL_PASSED: "green",
    Indication.INDETERMINATE: "amber",
    Indication.TOTAL_FAILED: "red",
}
_ADVICE: Final = {
    "green": N_("Le document peut être retenu tel qu'il est dans ce fichier."),
    "blue": N_(
        "Le code est juste. Lisez les données signées ci-dessous et comparez-les, une à une, "
        "avec ce que le document montre : elles seules sont prouvées."
    ),
    "amber": N_(
        "Ce n'est pas une accusation : rien ne prouve que le document soit faux, ni qu'il soit "
        "bon. Ce qui a manqué est dit ci-dessous ; en cas de doute, demandez l'original par une "
        "lettre motivée."
    ),
    "red": N_(
        "Ce fichier n'est pas, ou n'est plus, le document que l'émetteur a délivré. Un défaut de "
        "copie est possible : demandez l'original par une lettre motivée, sans refuser la demande."
    ),
    "grey": N_(
        "Un document sans cachet ni code n'est pas un faux : cette vérification n'en dit rien."
    ),
}
_OWN: Final = N_(
    "Rien ne met ce document en doute : c'est à nous de mettre à jour les listes de confiance, ou "
    "Coffre, puis de vérifier de nouveau. La personne n'a rien à refaire."
)
_TRIAL: Final = N_(
    "Avec de vraies listes de confiance, cette réponse permettrait de retenir le document. Ici, "
    "elle ne prouve rien."
)


def colour_of(verdict: Verdict) -> str:
    """Give the colour of an answer: never the only sign of it."""
    conclusion = verdict.conclusion
    if conclusion is None:
        return "grey"
    return "blue" if is_blue(verdict) else _COLOURS[conclusion.indication]


def advice_on(verdict: Verdict) -> str:
    """Give the French sentence of what to do next."""
    colour = colour_of(verdict)
    if colour == "amber" and not doubts(verdict):
        return _OWN
    return _TRIAL if verdict.test and colour == "green" else _ADVICE[colour]
