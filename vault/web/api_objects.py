"""Objects' own road, `/api/v1/vault/blobs`, where the store has no server of its own.

Rules kept here:

- the ticket is the right: no cookie and no session is looked at, as on S3;
- an upload needs its exact `Content-Length` (411 without, so no chunked body of unknown length),
  `If-None-Match: *` and the announced SHA-256, all checked before a byte is read;
- 412 when the object is there, 400 when other bytes come than those announced; a body that is cut
  leaves nothing;
- what is served is ciphertext, as an attachment.
"""

from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from storage.blobs.port import (
    PIECE,
    BlobId,
    BlobMismatchError,
    Reception,
    Shown,
    TicketRefusedError,
)
from storage.database import reading
from vault.errors import VaultError
from vault.service import uploads
from vault.web.api_account import Id
from vault.web.problems import RESPONSES
from vault.web.session import Here, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

router: Final = APIRouter(prefix="/api/v1/vault", responses=RESPONSES)
_Proof = Annotated[str, Query(pattern="^[0-9a-f]{64}$")]
_Until = Annotated[int, Query(ge=0, le=2**40)]


class LengthRequiredError(VaultError):
    """An object must come with its exact length."""

    code: ClassVar[str] = "request.length-required"


@router.put("/blobs/{blob_id}")
async def put_object(
    blob_id: Id, until: _Until, proof: _Proof, request: Request, here: Here
) -> Response:
    """Take an object that was announced: 412 when it is there, 400 when it is another."""
    shown = Shown(until, proof, here.clock())
    reception = await run_in_threadpool(_begin, here, request, BlobId(blob_id), shown)
    try:
        waiting = bytearray()
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= PIECE:
                await run_in_threadpool(reception.write, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(reception.write, bytes(waiting))
        await run_in_threadpool(reception.finish)
    finally:
        await run_in_threadpool(reception.abandon)
    return Response(status_code=200)


@router.get("/blobs/{blob_id}", response_class=StreamingResponse)
def get_object(blob_id: Id, until: _Until, proof: _Proof, here: Here) -> StreamingResponse:
    """Give an object's ciphertext."""
    here.tickets.check_download(BlobId(blob_id), Shown(until, proof, here.clock()))
    size = here.store.head(BlobId(blob_id))
    pieces: Iterator[bytes] = here.store.get(BlobId(blob_id))
    headers = {"Content-Length": str(size), "Content-Disposition": "attachment"}
    return StreamingResponse(pieces, media_type="application/octet-stream", headers=headers)


def _begin(here: Site, request: Request, blob_id: BlobId, shown: Shown) -> Reception:
    """Check ticket, length and conditions before a byte is read."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise LengthRequiredError("got an object without its length")
    with reading(here.engine) as session:
        announced = uploads.awaited(session, blob_id)
    here.tickets.check_upload(blob_id, announced, shown)
    if int(length[:20]) != announced.size:
        raise BlobMismatchError(f"got {length[:20]} bytes announced", what="size")
    if request.headers.get("if-none-match") != "*":
        raise TicketRefusedError("got an upload without its condition")
    if request.headers.get("x-amz-content-sha256") != announced.sha256.hex():
        raise BlobMismatchError("got another SHA-256 than announced", what="sha256")
    return here.store.receive(blob_id, announced)
