"""JSON below `/api/v1/mailings`: a batch of letters, sealed for a service's application.

Routes (bodies and answers: `models`; the table of `sealing/DESIGN.md`, "HTTP", tells errors):

- `POST /mailings` brings a form: `order`, the list `letters` (CSV) with each PDF as a `pdf`, or one
  `archive` (ZIP) with all of them; 422 with every wrong line, else 202 and where to ask;
- `GET /mailings/{id}` says how it stands · `…/journal` `…/report` `…/archive` `…/letters/{line}`
  give what was made · `DELETE /mailings/{id}` stops it, and erases it.

Letters are named by their line in the list: no name stands in an address.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from fastapi import Path as Named
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse

from sealing.batch.files.folders import Folder
from sealing.batch.files.source import MAX_BYTES, Source
from sealing.batch.files.zipped import LISTING, unpack
from sealing.batch.ledger.standing import Standing
from sealing.service import commissions, retention
from sealing.service.api_keys import ApiKey
from sealing.service.commissions import Asked, Commission, Kind, State
from sealing.service.storeroom import MailingRoom, room_needed
from sealing.web import arrivals
from sealing.web.archives import files_of, zipped
from sealing.web.arrivals import FilePart, FormError, Part, TextPart, arriving
from sealing.web.bearer import Caller, RepeatKey
from sealing.web.described import MAILING_BODY, described
from sealing.web.models import MAX_ORDER, Id, MailingAnswer, MailingOrder, MailingWork, members
from sealing.web.office import AtCounter, Counter
from sealing.web.orders import Taking, allow, fingerprint_of, read_order
from sealing.web.problems import (
    ErasedError,
    NotReadyError,
    list_problem,
    told,
    trouble_of,
    wrong_lines,
)
from storage.database import DatabaseUnavailableError, reading, transaction
from vault.web.problems import RESPONSES
from vault.web.session import Here, Site

router: Final = APIRouter(prefix="/api/v1/mailings", responses=RESPONSES, tags=["mailings"])
PATIENCE: Final = 20.0
_MIB: Final = 1 << 20
_LIST_LIMIT: Final = 256 << 20
_MOST_PARTS: Final = 10_000
_GIVEN: Final = {"journal": "application/x-ndjson", "report": "text/html"}
_Line = Annotated[int, Named(ge=1, le=100_000_000)]


@router.post("", status_code=202, **described(MAILING_BODY, MailingAnswer))
async def post(
    request: Request, who: Caller, repeated: RepeatKey, here: Here, at: AtCounter
) -> Response:
    """Take a mailing on, once, however often it is asked."""
    at.office.require_mailings()
    async with arriving(at, who) as folder:
        came = _Came(folder, who.terms.most_mib * _MIB)
        await arrivals.form(request, came.opening, at.most_mailing)
        order = read_order(MailingOrder, bytes(came.order.content))
        allow(who, order)
        asked = await asyncio.to_thread(came.asked, who, (order, repeated), at.most_mailing)
        keep = partial(at.room.keep_mailing, folder)
        found = await asyncio.to_thread(Taking(here, at.room, who).take, asked, keep)
    if found.state is State.WAITING:
        await at.office.mailing(found.id, PATIENCE)
        found = await asyncio.to_thread(_current, here, who, found.id)
    return _answer(request, found, at)


@router.get("/{identifier}", **described(None, MailingAnswer))
def standing(identifier: Id, request: Request, who: Caller, here: Here, at: AtCounter) -> Response:
    """Say how a mailing stands."""
    return JSONResponse(members(_told(request, _current(here, who, identifier), at)))


@router.get("/{identifier}/{what}", response_class=FileResponse)
def given(identifier: Id, what: str, who: Caller, here: Here, at: AtCounter) -> Response:
    """Give the journal, the report, or everything in one archive."""
    room = _sealed(here, who, identifier, at)
    folder = Folder(room.sealed)
    if what == "archive":
        name = {"Content-Disposition": f'attachment; filename="{identifier}.zip"'}
        stream = _noted(zipped(files_of(folder)), here, identifier)
        return StreamingResponse(stream, media_type="application/zip", headers=name)
    path = {"journal": folder.journal, "report": folder.report}.get(what)
    if path is None or not path.exists():
        raise commissions.CommissionNotFoundError("got no such part of a mailing")
    return FileResponse(path, media_type=_GIVEN[what], filename=path.name)


@router.get("/{identifier}/letters/{line}", response_class=FileResponse)
def letter(identifier: Id, line: _Line, who: Caller, here: Here, at: AtCounter) -> Response:
    """Give the sealed letter of a line of the list."""
    folder = Folder(_sealed(here, who, identifier, at).sealed)
    file = Standing(folder).sealed_file(line)
    path = folder.root / (file or "")
    if file is None or not path.is_file():
        raise commissions.CommissionNotFoundError("got a line without a sealed letter")
    name = f"{identifier}-{line}.pdf"
    return FileResponse(path, media_type="application/pdf", filename=name)


@router.delete("/{identifier}", status_code=204)
def erase(identifier: Id, who: Caller, here: Here, at: AtCounter) -> None:
    """Stop a mailing that is not done, and erase it."""
    found = _current(here, who, identifier)
    with transaction(here.engine) as session:
        dropped = retention.drop(session, found.id, here.clock())
    room = at.room.mailing(found.id)
    if dropped.state is State.CANCELLED and Folder(room.sealed).busy():
        at.office.cancel(found.id)  # who seals it erases it
    else:
        at.room.erase(found.id)


@dataclass(slots=True)
class _Came:
    """A mailing as it comes: its parts, each in its place below `folder`."""

    folder: Path
    most: int
    order: TextPart = field(default_factory=lambda: TextPart(MAX_ORDER))
    files: dict[str, FilePart] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def opening(self, name: str, file: str) -> Part:
        """Give where a part goes; raise FormError, FileNameError or OSError."""
        if name == "pdf":
            return self._letter(file)
        if name not in {"order", "letters", "archive"} or name in self._seen:
            raise FormError("got a part that is not awaited, or twice", part=name)
        self._seen.add(name)
        if name == "order":
            return self.order
        if name == "letters":
            self.files[LISTING] = FilePart(self.folder / LISTING, _LIST_LIMIT)
            return self.files[LISTING]
        self.files[name] = FilePart(self.folder / name, 1 << 62)
        return self.files[name]

    @room_needed()
    def asked(self, who: ApiKey, what: tuple[MailingOrder, str], limit: int) -> Asked:
        """Give what is asked, once all has come; an archive is taken out. Raises NoRoomError."""
        order, repeated = what
        parts = {name: part.sha256 for name, part in self.files.items()}
        if "archive" in self.files:
            archive, listing = self.folder / "archive", self.folder / LISTING
            (self.folder / "in").mkdir(exist_ok=True)
            came = unpack(archive, self.folder / "in", listing, limit, self.most)
            parts |= {f"archive/{name}": digest for name, digest in came.items()}
            archive.unlink()
        if not (self.folder / LISTING).exists():
            raise FormError("got no list of letters", part="letters")
        (self.folder / "in").mkdir(exist_ok=True)
        sizes = [path.stat().st_size for path in (self.folder / "in").rglob("*") if path.is_file()]
        fingerprint = fingerprint_of(order, parts)
        work = MailingWork(**order.model_dump(), signers=who.terms.signers)
        text = work.model_dump_json()
        count, size = max(1, len(sizes)), sum(sizes)
        return Asked(Kind.MAILING, repeated, fingerprint, text, order.level, count, size)

    def _letter(self, file: str) -> Part:
        name = Source(self.folder).name(file)
        if f"in/{name}" in self.files or len(self.files) > _MOST_PARTS:
            raise FormError("got a letter twice, or more than come without an archive", part="pdf")
        path = self.folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = FilePart(path, min(self.most, MAX_BYTES))
        self.files[f"in/{name}"] = part
        return part


def _current(here: Site, who: ApiKey, identifier: str) -> Commission:
    with reading(here.engine) as session:
        return commissions.of_service(session, who, identifier, Kind.MAILING)


def _sealed(here: Site, who: ApiKey, identifier: str, at: Counter) -> MailingRoom:
    found = _current(here, who, identifier)
    if found.state in commissions.ENDED:
        raise ErasedError("got a mailing that is erased")
    if found.state is not State.SEALED:
        raise NotReadyError(f"got a mailing that is {found.state}")
    return at.room.mailing(found.id)


def _noted(pieces: Iterator[bytes], here: Site, identifier: str) -> Iterator[bytes]:
    """Give all the pieces, then note that the mailing was collected: unnoted, it is kept longer."""
    yield from pieces
    with suppress(DatabaseUnavailableError), transaction(here.engine) as session:
        commissions.collected(session, commissions.CommissionId(identifier), here.clock())


def _answer(request: Request, found: Commission, at: Counter) -> Response:
    if found.state is State.REFUSED:
        return list_problem(request, found.outcome, at.room.mailing(found.id).wrong_lines)
    if found.state is State.FAILED:
        raise told(found.outcome)
    if found.state in commissions.ENDED:
        raise ErasedError("got a mailing that is erased")
    headers = {"Location": f"{router.prefix}/{found.id}", "Retry-After": "2"}
    return JSONResponse(members(_told(request, found, at)), 202, headers)


def _told(request: Request, found: Commission, at: Counter) -> MailingAnswer:
    room, done = at.room.mailing(found.id), found.state is State.SEALED
    counts = Standing(Folder(room.sealed)).counts()
    rate = at.office.rate(found.id) if found.state is State.SEALING else None
    waiting = counts.waiting if counts else found.letters
    place = f"{router.prefix}/{found.id}"
    lines = wrong_lines(request, room.wrong_lines)
    return MailingAnswer(
        id=found.id,
        state=str(found.state),
        level=found.level,
        created_at=found.created_at,
        letters=counts.letters if counts and counts.letters else found.letters,
        sealed=counts.sealed if counts else 0,
        failed=counts.failed if counts else 0,
        refused=counts.refused if counts else 0,
        waiting=waiting if found.state in commissions.OPEN else 0,
        rate=rate,
        eta=round(waiting / rate) if rate else None,
        ended_at=found.settled_at,
        expires_at=at.keeping.until(found.settled_at, found.collected_at) if done else None,
        journal=f"{place}/journal" if done else None,
        report=f"{place}/report" if done else None,
        archive=f"{place}/archive" if done else None,
        problem=trouble_of(request, found.outcome),
        lines=lines or None,
    )
