"""How refusals of the sealing API are answered: the rows that `vault.web.problems` is given.

Rules kept here:

- what is wrong with the letter is 422, with the faults one by one in `parts`; what is wrong with
  the installation or an authority is 503 with `Retry-After`: nothing was sealed, ask again;
- what the sealing process told of and has no row here is answered by one of two general rows, its
  code in `reason`;
- an application without a right key gets one answer, whatever is wrong.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar, Final

from fastapi import Request
from fastapi.responses import JSONResponse

from sealing.batch.ledger.rows import ToldError
from sealing.errors import SealingError
from sealing.service.commissions import Outcome, State
from sealing.web.models import Trouble, WrongLine, members
from storage.errors import CoffreError
from storage.language import N_
from vault.web.problems import MALFORMED, Row, language, respond, speech

_WRONG: Final = HTTPStatus.UNPROCESSABLE_ENTITY
_AWAY: Final = HTTPStatus.SERVICE_UNAVAILABLE
_TYPE: Final = Row(_WRONG, N_("Une ville n'émet pas de code de ce type (permis : {allowed})."))
_STAMP: Final = Row(_AWAY, N_("L'horodatage ne répond pas : rien n'est scellé. Réessayez."))
_SIGNER: Final = Row(_AWAY, N_("Le cachet ne peut pas servir en ce moment. Prévenez l'exploitant."))

_TOKEN: Final = tuple(f"sealing.token-{what}" for what in ("absent", "busy", "lost", "module"))


class SealRefusedError(SealingError):
    """A letter was refused for a reason without a row of its own. Details: `reason`."""

    code: ClassVar[str] = "seal.refused"


class SealFailedError(SealingError):
    """A letter could not be sealed now. Details: `reason`."""

    code: ClassVar[str] = "seal.failed"
    retryable: ClassVar[bool] = True


class SealWaitingError(SealingError):
    """A letter is taken and not sealed yet, and nothing but its PDF is accepted as an answer.

    Details: `seconds`.
    """

    code: ClassVar[str] = "seal.waiting"
    retryable: ClassVar[bool] = True


class NotReadyError(SealingError):
    """What is asked for is not sealed yet, or never will be."""

    code: ClassVar[str] = "commission.not-ready"


class ErasedError(SealingError):
    """What was sealed has been erased."""

    code: ClassVar[str] = "commission.erased"


ROWS: Final[Mapping[str, Row]] = {
    "api-key.busy": Row(
        HTTPStatus.TOO_MANY_REQUESTS,
        N_("Ce service envoie déjà {limit} lettres à la fois. Réessayez dans un moment."),
    ),
    "api-key.daily-limit": Row(
        HTTPStatus.TOO_MANY_REQUESTS,
        N_("Ce service a fait sceller ses {limit} lettres du jour. Réessayez plus tard."),
    ),
    "api-key.level": Row(
        HTTPStatus.FORBIDDEN, N_("Cette clé ne permet pas le niveau {level}. Voyez l'exploitant.")
    ),
    "api-key.refused": Row(HTTPStatus.UNAUTHORIZED, N_("Cette clé n'ouvre rien ici.")),
    "api-key.signer": Row(
        HTTPStatus.FORBIDDEN, N_("Cette clé ne permet pas ce signataire. Voyez l'exploitant.")
    ),
    "api-key.too-many": Row(
        HTTPStatus.TOO_MANY_REQUESTS, N_("Trop d'essais. Réessayez dans {seconds} secondes.")
    ),
    "batch.archive": Row(_WRONG, N_("L'archive ne peut pas être lue en entier ({why}).")),
    "batch.columns-without-code": Row(
        _WRONG, N_("La liste a des données ({names}), et aucun code n'est demandé.")
    ),
    "batch.file-name": Row(_WRONG, N_("Ce nom ne peut pas être celui d'une lettre.")),
    "batch.list-column": Row(_WRONG, N_("La liste n'a pas de colonne « file ».")),
    "batch.list-empty": Row(_WRONG, N_("La liste ne nomme aucune lettre.")),
    "batch.list-encoding": Row(_WRONG, N_("La liste n'est ni en UTF-8 ni en Windows-1252.")),
    "batch.list-refused": Row(_WRONG, N_("Lignes à corriger : {count} ; rien n'a été scellé.")),
    "batch.worker-died": Row(
        _WRONG, N_("Cette lettre arrête le programme qui scelle. Enregistrez-la de nouveau en PDF.")
    ),
    "commission.erased": Row(
        HTTPStatus.GONE, N_("Ce résultat a été effacé : son délai de conservation est passé.")
    ),
    "commission.not-found": Row(HTTPStatus.NOT_FOUND, N_("Aucune demande ne porte ce numéro.")),
    "commission.not-ready": Row(HTTPStatus.CONFLICT, N_("Ce n'est pas encore scellé.")),
    "idempotency.key-form": Row(
        HTTPStatus.BAD_REQUEST, N_("Idempotency-Key compte 1 à {limit} caractères visibles.")
    ),
    "idempotency.key-missing": Row(
        HTTPStatus.BAD_REQUEST,
        N_("L'en-tête Idempotency-Key manque : un numéro à vous, le même si vous recommencez."),
    ),
    "idempotency.key-reused": Row(
        _WRONG, N_("Cet Idempotency-Key a déjà servi, avec un autre contenu.")
    ),
    "office.away": Row(_AWAY, N_("Le service des cachets est arrêté. Réessayez dans un moment.")),
    "office.busy": Row(_AWAY, N_("Trop de lettres arrivent à la fois. Réessayez dans un moment.")),
    "office.no-room": Row(
        HTTPStatus.INSUFFICIENT_STORAGE, N_("Le disque est plein : rien n'a été gardé.")
    ),
    "request.form": MALFORMED,
    "request.too-slow": Row(
        HTTPStatus.REQUEST_TIMEOUT, N_("L'envoi s'est arrêté en chemin, ou il est trop lent.")
    ),
    "seal.failed": Row(_AWAY, N_("Le cachet n'a pas pu être fait. Réessayez dans un moment.")),
    "seal.page-disagrees": Row(_WRONG, N_("La page ne montre pas ce que dit son code.")),
    "seal.refused": Row(_WRONG, N_("Cette lettre ne peut pas être scellée.")),
    "seal.waiting": Row(
        _AWAY, N_("Cette lettre attend encore son cachet. Refaites la même demande.")
    ),
    "sealing.mark-unreadable": Row(
        _WRONG, N_("Le code posé sur la page ne se relit pas. Choisissez une autre place.")
    ),
    "sealing.page-changed": Row(
        _WRONG, N_("La page scellée n'est plus celle qui est venue : rien n'a été gardé.")
    ),
    "sealing.page-out-of-range": Row(
        _WRONG, N_("La page {page} n'existe pas : le document en a {pages}.")
    ),
    "sealing.pdf-certified": Row(_WRONG, N_("Ce PDF est certifié : rien ne doit y être ajouté.")),
    "sealing.pdf-encrypted": Row(_WRONG, N_("Ce PDF est protégé par un mot de passe.")),
    "sealing.pdf-too-heavy": Row(
        _WRONG, N_("Lire ou dessiner ce PDF demande trop de temps ou de mémoire.")
    ),
    "sealing.pdf-too-large": Row(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, N_("Ce PDF dépasse {limit} Mio.")
    ),
    "sealing.pdf-unreadable": Row(_WRONG, N_("Ce fichier n'est pas un PDF, ou il est abîmé.")),
    "sealing.placement-full": Row(
        _WRONG, N_("Il n'y a pas {width} × {height} mm de libres pour le code sur la page {page}.")
    ),
    "sealing.placement-taken": Row(
        _WRONG, N_("La place demandée n'est pas libre, ou sort de la page {page}.")
    ),
    "sealing.signer-unknown": Row(_WRONG, N_("Aucun signataire ne porte ce nom : {name}.")),
    "sealing.symbol": Row(_WRONG, N_("Ce code est trop long. Raccourcissez les valeurs.")),
    "sealing.symbol-characters": Row(
        _WRONG, N_("Un code ne porte ni accent ni autre caractère hors de l'ASCII.")
    ),
    "sealing.tsa-busy": _STAMP,
    "sealing.tsa-changed": _STAMP,
    "sealing.tsa-token": _STAMP,
    "sealing.tsa-unavailable": _STAMP,
    **dict.fromkeys(_TOKEN, _SIGNER),
    "towncode.emission": Row(_WRONG, N_("Ce code de vérification ne peut pas être émis.")),
    "towncode.key-not-allowed": Row(
        _WRONG, N_("Un code de vérification se signe avec un cachet P-256.")
    ),
    "twoddoc.emission": Row(_WRONG, N_("Ce code 2D-Doc ne peut pas être émis.")),
    "twoddoc.type-not-for-towns": _TYPE,
}


def told(outcome: Outcome) -> CoffreError:
    """Give, as an error of this process, why a letter is not sealed."""
    details = json.loads(outcome.details or "{}")
    parts = tuple((about, rule) for about, rule in details.pop("parts", ()))
    if outcome.error in ROWS:
        return ToldError(outcome.error or "", details, parts)
    reason = outcome.error or ""
    if outcome.state is State.FAILED:
        return SealFailedError("got a letter that is not sealed now", reason=reason)
    return SealRefusedError("got a letter that is refused", reason=reason)


def list_problem(request: Request, outcome: Outcome, path: Path) -> JSONResponse:
    """Answer a list with wrong lines: each of them, with its number."""
    lines = [members(line) for line in wrong_lines(request, path)]
    return respond(request, told(outcome), ROWS, lines=lines)


def wrong_lines(request: Request, path: Path) -> list[WrongLine]:
    """Give what is wrong with a list, as the sealing process wrote it down."""
    if not path.exists():
        return []
    lang = language(request)
    rows = json.loads(path.read_text("utf-8"))["lines"]
    return [WrongLine(**{**row, "title": row["title"][lang]}) for row in rows]


def trouble_of(request: Request, outcome: Outcome) -> Trouble | None:
    """Say why a letter or a mailing is not sealed, in the language of a request."""
    if outcome.error is None:
        return None
    error = told(outcome)
    code = error.reported or error.code
    title = speech(request)(ROWS[code].sentence).format_map(error.details)
    parts = [{"about": about, "rule": rule} for about, rule in error.parts]
    return Trouble(code=code, title=title, parts=parts)
