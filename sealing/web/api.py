"""JSON below `/api/v1/seals`: one letter, sealed for a service's application.

Routes (bodies and answers: `models`; the table of `sealing/DESIGN.md`, "HTTP", tells errors):

- `POST /seals` brings a PDF, or a form of `letter` and `order`; 201 with the seal, or with the PDF
  itself where the application accepts `application/pdf`; 202 when it takes longer than seconds,
  503 where nothing but the PDF is accepted: what is written to a file as a PDF must be one;
- `GET /seals/{id}` says how it stands · `GET /seals/{id}/pdf` gives it · `DELETE /seals/{id}`
  erases it.

Each request shows a key; a POST brings its Idempotency-Key: the same again gives the same seal.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.background import BackgroundTask

from sealing.service import commissions, retention
from sealing.service.api_keys import ApiKey
from sealing.service.commissions import (
    Asked,
    Commission,
    Kind,
    State,
)
from sealing.web import arrivals
from sealing.web.arrivals import FilePart, FormError, Part, TextPart, arriving
from sealing.web.bearer import Caller, RepeatKey
from sealing.web.described import SEAL_BODY, described
from sealing.web.models import MAX_ORDER, Id, SealAnswer, SealOrder, SealWork, members
from sealing.web.office import AtCounter, Counter
from sealing.web.orders import Taking, allow, fingerprint_of, read_order
from sealing.web.problems import (
    ErasedError,
    NotReadyError,
    SealWaitingError,
    told,
    trouble_of,
)
from storage.database import DatabaseUnavailableError, reading, transaction
from vault.web.problems import RESPONSES
from vault.web.session import Here, Site

router: Final = APIRouter(prefix="/api/v1/seals", responses=RESPONSES, tags=["seals"])
PATIENCE: Final = 8.0
PDF: Final = "application/pdf"
_JSON: Final = ("application/json", "application/*", "*/*")
_SOON: Final = 2
_MIB: Final = 1 << 20
# What a form adds around its parts.
_FRAME: Final = 16 << 10


@router.post("", status_code=201, **described(SEAL_BODY, SealAnswer, PDF))
async def seal(
    request: Request, who: Caller, repeated: RepeatKey, here: Here, at: AtCounter
) -> Response:
    """Seal one letter, once, however often it is asked."""
    at.office.require_up()
    async with arriving(at, who) as folder:
        came = await _receive(request, folder, who.terms.most_mib * _MIB)
        allow(who, came.order)
        asked = came.asked(who, repeated)
        keep = partial(at.room.keep_letter, came.letter.path)
        found = await asyncio.to_thread(Taking(here, at.room, who).take, asked, keep)
    if found.state in commissions.OPEN:
        await at.office.letter(found.id, PATIENCE)
        found = await asyncio.to_thread(_current, here, who, found.id)
    return _answer(request, found, here, at)


@router.get("/{identifier}", **described(None, SealAnswer))
def standing(identifier: Id, request: Request, who: Caller, here: Here, at: AtCounter) -> Response:
    """Say how a letter stands."""
    found = _current(here, who, identifier)
    return JSONResponse(members(_told(request, found, at)))


@router.get("/{identifier}/pdf", response_class=FileResponse)
def sealed_pdf(identifier: Id, who: Caller, here: Here, at: AtCounter) -> Response:
    """Give a sealed letter."""
    return _pdf(_current(here, who, identifier), here, at, 200)


@router.delete("/{identifier}", status_code=204)
def erase(identifier: Id, who: Caller, here: Here, at: AtCounter) -> None:
    """Erase a letter before its time; one that waits is not sealed any more."""
    found = _current(here, who, identifier)
    with transaction(here.engine) as session:
        retention.drop(session, found.id, here.clock())
    at.room.erase(found.id)


@dataclass(frozen=True, slots=True)
class _Came:
    """A letter that has come whole, and what is to be done with it."""

    letter: FilePart
    order: SealOrder

    def asked(self, who: ApiKey, repeated: str) -> Asked:
        """Give what is asked; the same letter and order have the same fingerprint."""
        fingerprint = fingerprint_of(self.order, {"letter": self.letter.sha256})
        work = SealWork(**self.order.model_dump(), signers=who.terms.signers)
        text = work.model_dump_json()
        size, level = self.letter.size, self.order.level
        return Asked(Kind.LETTER, repeated, fingerprint, text, level, 1, size)


async def _receive(request: Request, folder: Path, limit: int) -> _Came:
    """Bring a letter, alone or with its order."""
    letter, order = FilePart(folder / "letter.pdf", limit), TextPart(MAX_ORDER)
    if not arrivals.is_form(request):
        await arrivals.body(request, letter, limit)
        return _Came(letter, SealOrder())
    awaited: dict[str, Part] = {"letter": letter, "order": order}

    def opening(name: str, _file: str) -> Part:
        if name not in awaited:
            raise FormError("got a part that is not awaited, or twice", part=name)
        return awaited.pop(name)

    await arrivals.form(request, opening, limit + MAX_ORDER + _FRAME)
    if "letter" in awaited:
        raise FormError("got a form without its letter", part="letter")
    return _Came(letter, read_order(SealOrder, bytes(order.content) or b"{}"))


def _current(here: Site, who: ApiKey, identifier: str) -> Commission:
    with reading(here.engine) as session:
        return commissions.of_service(session, who, identifier, Kind.LETTER)


def _answer(request: Request, found: Commission, here: Site, at: Counter) -> Response:
    """Answer a POST by what became of its letter."""
    place = {"Location": f"{router.prefix}/{found.id}"}
    if found.state is State.SEALED and PDF in request.headers.get("accept", ""):
        answer = _pdf(found, here, at, 201)
        answer.headers.update(place)
        return answer
    if found.state in {State.REFUSED, State.FAILED}:
        raise told(found.outcome)
    if found.state in commissions.ENDED:
        raise ErasedError("got a letter that is erased")
    status = 201 if found.state is State.SEALED else 202
    if status == 202 and _wants_pdf_alone(request):  # noqa: PLR2004 - HTTP
        raise SealWaitingError("got a letter that is not sealed yet", seconds=_SOON)
    headers = place if status == 201 else {**place, "Retry-After": str(_SOON)}  # noqa: PLR2004 - HTTP
    return JSONResponse(members(_told(request, found, at)), status, headers)


def _wants_pdf_alone(request: Request) -> bool:
    """Tell whether an application has no use for JSON."""
    accepted = request.headers.get("accept", "")
    return PDF in accepted and not any(kind in accepted for kind in _JSON)


def _told(request: Request, found: Commission, at: Counter) -> SealAnswer:
    outcome, sealed = found.outcome, found.state is State.SEALED
    return SealAnswer(
        id=found.id,
        state=str(found.state),
        level=found.level,
        created_at=found.created_at,
        seal=outcome.seal,
        sha256=outcome.sha256_out.hex() if outcome.sha256_out else None,
        pdf=f"{router.prefix}/{found.id}/pdf" if sealed else None,
        sealed_at=found.settled_at if sealed else None,
        expires_at=at.keeping.until(found.settled_at, found.collected_at) if sealed else None,
        problem=trouble_of(request, outcome),
    )


def _pdf(found: Commission, here: Site, at: Counter, status: int) -> FileResponse:
    path = at.room.sealed_letter(found.id)
    if found.state in commissions.ENDED:
        raise ErasedError("got a letter that is erased")
    if found.state is not State.SEALED or not path.exists():
        raise NotReadyError(f"got a letter that is {found.state}")

    def taken() -> None:
        with suppress(DatabaseUnavailableError), transaction(here.engine) as session:
            commissions.collected(session, found.id, here.clock())

    name, after = f"{found.id}.pdf", BackgroundTask(taken)
    return FileResponse(path, status, media_type=PDF, filename=name, background=after)
