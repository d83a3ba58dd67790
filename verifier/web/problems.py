"""How refusals of the verification API are answered: the rows that `vault.web.problems` is given.

Rules kept here:

- a file that cannot be read is a refusal (415, 422), never a verdict; nothing is concluded from it;
- what the process that judges told of and has no row here is a fault of ours;
- what may be asked again is 429 or 503, with `Retry-After`.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar, Final

from storage.language import N_
from vault.web.problems import Row
from verifier.errors import VerifierError

_WRONG: Final = HTTPStatus.UNPROCESSABLE_ENTITY
_HEAVY: Final = Row(_WRONG, N_("Ce fichier est trop lourd à lire. N'en concluez rien."))


class NotJudgedError(VerifierError):
    """The process that judges refused a file; `reported` says why. Details: its own."""

    code: ClassVar[str] = "verification.not-judged"


class JudgeStoppedError(VerifierError):
    """The process that judges died, or took too long: nothing is concluded. Details: `seconds`."""

    code: ClassVar[str] = "verification.stopped"
    retryable: ClassVar[bool] = True


ROWS: Final[Mapping[str, Row]] = {
    "verification.busy": Row(
        HTTPStatus.SERVICE_UNAVAILABLE,
        N_("Trop de fichiers à vérifier à la fois. Réessayez dans un moment."),
    ),
    "verification.form": Row(
        HTTPStatus.BAD_REQUEST, N_("Envoyez le fichier seul, ou un formulaire avec « file ».")
    ),
    "verification.stopped": Row(
        HTTPStatus.SERVICE_UNAVAILABLE,
        N_("La vérification s'est arrêtée : n'en concluez rien. Réessayez."),
    ),
    "verification.too-many": Row(
        HTTPStatus.TOO_MANY_REQUESTS, N_("Trop de demandes. Réessayez dans {seconds} secondes.")
    ),
    "verification.too-slow": Row(
        HTTPStatus.REQUEST_TIMEOUT, N_("Le fichier arrive trop lentement : recommencez.")
    ),
    "verifier.file-broken": Row(_WRONG, N_("Ce fichier est coupé ou abîmé.")),
    "verifier.file-empty": Row(_WRONG, N_("Ce fichier est vide.")),
    "verifier.file-encrypted": Row(_WRONG, N_("Ce PDF ne s'ouvre qu'avec un mot de passe.")),
    "verifier.file-too-large": Row(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, N_("La demande est trop volumineuse.")
    ),
    "verifier.file-unknown": Row(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        N_("Envoyez un PDF, ou une image PNG, JPEG, WebP ou TIFF."),
    ),
    **dict.fromkeys(
        (
            "verifier.reading-crashed",
            "verifier.reading-too-heavy",
            "verifier.reading-too-long",
            "verifier.too-many-objects",
            "verifier.too-many-pixels",
        ),
        _HEAVY,
    ),
}
