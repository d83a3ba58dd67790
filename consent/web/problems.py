"""How the broker's refusals are answered: the rows that `vault.web.problems` is given.

One outward sentence per family towards strangers; the code tells the authenticated service more.
The table of codes and statuses is that of `consent/DESIGN.md`.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from storage.language import N_
from vault.web.problems import MALFORMED, Row

ROWS: Final[Mapping[str, Row]] = {
    "claims-only": Row(
        HTTPStatus.FORBIDDEN, N_("Cette preuve ne se remet que sous forme d'attestation.")
    ),
    "closed-list": Row(
        HTTPStatus.FORBIDDEN, N_("Cette démarche ne peut demander que ce que la loi énumère.")
    ),
    "grant-expired": Row(HTTPStatus.CONFLICT, N_("Cet accord de remise a expiré.")),
    "grant-invalid": Row(HTTPStatus.CONFLICT, N_("Cet accord de remise n'est pas valable.")),
    "grant-not-found": Row(HTTPStatus.NOT_FOUND, N_("Cet accord de remise n'existe pas.")),
    "grant-used": Row(HTTPStatus.CONFLICT, N_("Cet accord de remise a déjà servi.")),
    "grant-withdrawn": Row(HTTPStatus.CONFLICT, N_("Cet accord de remise a été retiré.")),
    "illegal-transition": Row(HTTPStatus.CONFLICT, N_("Ce n'est pas, ou plus, possible ici.")),
    "legal-basis": Row(
        HTTPStatus.FORBIDDEN, N_("Le fondement de la demande n'est pas celui du registre.")
    ),
    "message.schema": MALFORMED,
    "over-asking": Row(
        HTTPStatus.FORBIDDEN, N_("La demande dépasse ce que le registre permet à ce service.")
    ),
    "proof-type-unknown": Row(HTTPStatus.BAD_REQUEST, N_("Ce type de preuve n'existe pas.")),
    "receipt-foreign": Row(
        HTTPStatus.CONFLICT, N_("Ce reçu ne correspond pas à ce qui a été remis.")
    ),
    "recipient-unregistered": Row(
        HTTPStatus.FORBIDDEN, N_("Le destinataire de la demande n'est pas au registre.")
    ),
    "register-full": Row(
        HTTPStatus.SERVICE_UNAVAILABLE, N_("Trop d'inscriptions attendent. Réessayez plus tard.")
    ),
    "registration-expired": Row(
        HTTPStatus.FORBIDDEN, N_("L'inscription du service au registre n'a pas cours.")
    ),
    "registration-foreign": Row(
        HTTPStatus.FORBIDDEN, N_("L'inscription est celle d'un autre service.")
    ),
    "registration-missing": Row(
        HTTPStatus.FORBIDDEN, N_("Le registre ne connaît pas cette inscription.")
    ),
    "registration-struck-off": Row(
        HTTPStatus.FORBIDDEN, N_("L'inscription du service a été radiée.")
    ),
    "request-clock": Row(
        HTTPStatus.BAD_REQUEST, N_("La demande est datée de l'avenir, ou dure trop longtemps.")
    ),
    "request-closed": Row(HTTPStatus.CONFLICT, N_("Cette demande n'attend plus de réponse.")),
    "request-expired": Row(HTTPStatus.BAD_REQUEST, N_("Le délai de la demande est passé.")),
    "request-foreign": Row(
        HTTPStatus.FORBIDDEN,
        N_("Cette demande est pour un autre coffre, ou d'un autre genre."),
    ),
    "request-not-found": Row(HTTPStatus.NOT_FOUND, N_("Cette demande n'existe pas.")),
    "request-replayed": Row(HTTPStatus.CONFLICT, N_("Cette demande a déjà été reçue.")),
    "service-unauthenticated": Row(
        HTTPStatus.UNAUTHORIZED, N_("Le service n'a pas prouvé son identité.")
    ),
    "too-many": Row(
        HTTPStatus.TOO_MANY_REQUESTS, N_("Trop d'essais. Réessayez dans {seconds} secondes.")
    ),
    "withdrawal-foreign": Row(
        HTTPStatus.CONFLICT, N_("Ce retrait n'est pas celui de cet accord de remise.")
    ),
}
