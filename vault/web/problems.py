"""From an error to an answer: `application/problem+json` (RFC 9457), with a sentence.

Rules kept here:

- `type` is `urn:coffre:problem:CODE`, `title` the sentence for the person (French, or English when
  `Accept-Language` prefers it), `code` the stable name; an error's details are members of their
  own; never a message meant for the log;
- an error without a row, and every exception that is none of ours, is a fault of ours: status 500,
  one sentence, and the request's number under which the log tells its class and place;
- a request that has not its form is answered by where it is wrong, never by what was sent;
- a browser that asks for a page which is not there gets a page: the sentence, and the way home.

The command line's twin is `cli.problems.table`.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storage.errors import CoffreError
from storage.language import DEFAULT, N_, Translator, languages, translator
from vault.web.shell import render

MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Row:
    """How an error is answered."""

    status: HTTPStatus
    sentence: str


_FAULT: Final = Row(
    HTTPStatus.INTERNAL_SERVER_ERROR, N_("Une faute de notre part. Réessayez plus tard.")
)
_FORM: Final = N_("La demande n'a pas la forme attendue.")
_WRONG: Final = HTTPStatus.BAD_REQUEST
MALFORMED: Final = Row(_WRONG, _FORM)
_AGAIN: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}

ROWS: Final[Mapping[str, Row]] = {
    "account.enrolment": Row(_WRONG, N_("Les éléments du compte ne vont pas ensemble.")),
    "account.login-form": Row(
        _WRONG,
        N_("Un identifiant compte 3 à 64 caractères : lettres sans accent, chiffres, . _ @ + -"),
    ),
    "account.login-taken": Row(
        HTTPStatus.CONFLICT, N_("Cet identifiant est déjà pris. Choisissez-en un autre.")
    ),
    "account.not-found": Row(HTTPStatus.NOT_FOUND, N_("Ce compte n'existe pas.")),
    "blob.exists": Row(HTTPStatus.PRECONDITION_FAILED, N_("Ce contenu est déjà arrivé.")),
    "blob.mismatch": Row(_WRONG, N_("Le contenu reçu n'est pas celui qui était annoncé.")),
    "blob.name": MALFORMED,
    "blob.not-found": Row(HTTPStatus.NOT_FOUND, N_("Ce contenu n'existe pas.")),
    "blob.ticket": Row(HTTPStatus.FORBIDDEN, N_("Ce lien de transfert n'est plus valable.")),
    "blob.unavailable": Row(
        HTTPStatus.SERVICE_UNAVAILABLE, N_("Le stockage ne répond pas. Réessayez dans un moment.")
    ),
    "database.full": Row(
        HTTPStatus.INSUFFICIENT_STORAGE, N_("Le disque est plein : rien n'a été gardé.")
    ),
    "database.unavailable": Row(
        HTTPStatus.SERVICE_UNAVAILABLE, N_("Le service est occupé. Réessayez dans un moment.")
    ),
    "directory.entry": Row(_WRONG, N_("L'inscription à l'annuaire n'est pas valable.")),
    "document.not-found": Row(HTTPStatus.NOT_FOUND, N_("Ce document n'existe pas.")),
    "document.opaque-length": MALFORMED,
    "document.version": Row(
        HTTPStatus.CONFLICT, N_("Une autre version de ce document est arrivée entre-temps.")
    ),
    "index.conflict": Row(
        HTTPStatus.CONFLICT, N_("Le coffre a changé depuis un autre appareil. Recommencez.")
    ),
    "index.head": MALFORMED,
    "index.head-signature": Row(
        HTTPStatus.FORBIDDEN, N_("Cette opération n'est pas signée par le titulaire du coffre.")
    ),
    "message.malformed": MALFORMED,
    "message.signature": Row(_WRONG, N_("La signature n'est pas valable.")),
    "message.type": MALFORMED,
    "request.foreign-origin": Row(
        HTTPStatus.FORBIDDEN, N_("Cette demande vient d'un autre site : refusée.")
    ),
    "request.length-required": Row(
        HTTPStatus.LENGTH_REQUIRED, N_("La taille exacte du contenu doit être annoncée.")
    ),
    "request.too-large": Row(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, N_("La demande est trop volumineuse.")
    ),
    "session.ended": Row(
        HTTPStatus.UNAUTHORIZED, N_("Votre session est terminée. Reconnectez-vous.")
    ),
    "session.refused": Row(
        HTTPStatus.UNAUTHORIZED, N_("Identifiant ou phrase secrète incorrects.")
    ),
    "session.too-many": Row(
        HTTPStatus.TOO_MANY_REQUESTS, N_("Trop d'essais. Réessayez dans {seconds} secondes.")
    ),
    "share.ended": Row(HTTPStatus.NOT_FOUND, N_("Ce partage n'existe pas ou a pris fin.")),
    "share.header": Row(_WRONG, N_("Ce document n'est pas chiffré comme ce coffre l'exige.")),
    "share.mismatch": Row(
        HTTPStatus.CONFLICT, N_("Ce partage ne correspond pas au contenu conservé.")
    ),
    "slot.kdf-refused": Row(_WRONG, N_("La protection de la phrase secrète est trop faible.")),
    "slot.malformed": MALFORMED,
    "upload.missing": Row(HTTPStatus.CONFLICT, N_("Le contenu annoncé n'est pas arrivé.")),
    "upload.name-used": Row(HTTPStatus.CONFLICT, N_("Ce nom de contenu a déjà servi.")),
    "upload.not-found": Row(HTTPStatus.NOT_FOUND, N_("Aucun contenu n'est attendu sous ce nom.")),
    "upload.quota": Row(
        HTTPStatus.CONFLICT, N_("Votre coffre est plein : {limit} documents au plus.")
    ),
    "upload.too-large": Row(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        N_("Ce fichier dépasse la taille permise ({limit} Mio)."),
    ),
    "vault.not-canonical": MALFORMED,
    "vault.size": Row(_WRONG, N_("Cette taille n'est celle d'aucun document chiffré par Coffre.")),
}
_OTHERS: Final[Mapping[int, str]] = {
    HTTPStatus.NOT_FOUND: N_("Cette adresse n'existe pas."),
    HTTPStatus.METHOD_NOT_ALLOWED: N_("Cette adresse ne se demande pas ainsi."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: N_("La demande est trop volumineuse."),
}


class Problem(BaseModel):
    """What every error answers; an error's details stand beside these members."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    request: str


_CONTENT: Final = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": "Problem (RFC 9457)", "content": _CONTENT}
    for status in (422, "4XX", "5XX")
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A fault of ours, for the log: the request's number, the error's class and its place."""

    request_id: str
    error: str
    place: str


def install(app: FastAPI, *others: Mapping[str, Row]) -> None:
    """Answer every error of the routes of `app` by the rules above, and by other areas' rows."""
    app.state.problems = ChainMap({}, dict(ROWS), *map(dict, others))
    app.add_exception_handler(CoffreError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_form)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(ClientDisconnect, _of_cut)
    app.add_exception_handler(Exception, _of_fault)


class LastResort:
    """The outermost layer: no exception leaves, and none says more than its class and place."""

    def __init__(self, app: ASGIApp, report: Callable[[Failure], None]) -> None:
        """Stand around `app`."""
        self._app = app
        self._report = report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; report a fault, whose answer is whole or is cut."""
        sent: list[Message] = []

        async def watched(message: Message) -> None:
            sent[:] = [message]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if scope["type"] != "http":
                raise
            self._report(failure(scope, error))
            if not sent:
                await _answer(Request(scope), "coffre.fault", _FAULT, {})(scope, receive, send)
            elif sent[0].get("more_body", sent[0]["type"] == "http.response.start"):
                raise  # half an answer was sent: the connection is cut, never ended as if whole


def failure(scope: Scope, error: BaseException) -> Failure:
    """Describe a fault without what was in the request."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
    return Failure(str(scope.get("request_id", "")), type(error).__name__, place)


def respond(
    request: Request, error: CoffreError, rows: Mapping[str, Row] = ROWS, **more: object
) -> JSONResponse:
    """Answer one error of ours, or one that another process told of; `more` members too."""
    code = error.reported or error.code
    details: dict[str, Any] = {**error.details, **more}
    if error.parts:
        details["parts"] = [{"about": about, "rule": rule} for about, rule in error.parts]
    return _answer(request, code, rows.get(code, _FAULT), details)


def _of_ours(request: Request, error: Exception) -> JSONResponse:
    rows: Mapping[str, Row] = request.app.state.problems
    if not isinstance(error, CoffreError) or (error.reported or error.code) not in rows:
        raise error
    return respond(request, error, rows)


def _of_form(request: Request, error: Exception) -> JSONResponse:
    places: list[str] = []
    if isinstance(error, RequestValidationError):
        places = ["/".join(str(part) for part in each["loc"]) for each in error.errors()[:5]]
    row = Row(HTTPStatus.UNPROCESSABLE_ENTITY, _FORM)
    return _answer(request, "request.malformed", row, {"where": places})


def _of_cut(request: Request, error: Exception) -> JSONResponse:
    del error  # nobody listens any more; a cut body is no fault of ours
    return _answer(request, "request.cut", MALFORMED, {})


def _of_fault(request: Request, error: Exception) -> JSONResponse:
    del error  # the last resort reports it
    return _answer(request, "coffre.fault", _FAULT, {})


def _of_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    row = Row(HTTPStatus(status), _OTHERS.get(status, _FORM))
    answer: Response = _answer(request, f"http.{status}", row, {})
    if _for_a_person(request):
        # `here`: an address that is not ours (`//elsewhere`) may not become a link.
        answer = render(request, "vault/problem.html", sentence=row.sentence, here="/")
        answer.status_code = status
    if isinstance(error, HTTPException):
        answer.headers.update(error.headers or {})
    return answer


def _answer(request: Request, code: str, row: Row, details: Mapping[str, Any]) -> JSONResponse:
    tr = speech(request)
    body = {
        **details,
        "type": f"urn:coffre:problem:{code}",
        "title": tr(row.sentence).format_map(details),
        "status": row.status.value,
        "code": code,
        "request": request.scope.get("request_id", ""),
    }
    headers = {"Retry-After": str(details.get("seconds", 5))} if row.status in _AGAIN else {}
    if row.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, row.status, headers, MEDIA_TYPE)


def speech(request: Request) -> Translator:
    """Translate into the language that a request prefers."""
    return translator(language(request))


def language(request: Request) -> str:
    """Give the language that a request prefers, of those that we speak."""
    lang = request.headers.get("accept-language", DEFAULT)[:2].lower()
    return lang if lang in languages() else DEFAULT


def _for_a_person(request: Request) -> bool:
    """Tell a page that a browser shows from a call of a program."""
    asked = request.headers.get("accept", "")
    return "text/html" in asked and not request.url.path.startswith("/api/")
