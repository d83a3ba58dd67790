"""What every answer carries and every request must pass, whatever its route.

Rules kept here:

- headers on each answer, errors included: a strict policy for pages, a stricter one for the API,
  no sniffing, no referrer, no frame, nothing kept by caches below `/api/`;
- a request that changes something must come from our own pages or from no page at all:
  `Sec-Fetch-Site`, else `Origin`, is compared; one that brings a cookie must bring one of them;
- a body longer than its route allows is refused before it is read, by its announced length and
  by what really comes; objects have their own road (`vault.web.api_objects`);
- each request gets a random number, which the log and the answers of errors share.
"""

import secrets
from typing import ClassVar, Final

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storage.errors import CoffreError
from vault.errors import VaultError
from vault.web import problems

API: Final = "/api/"
OBJECTS: Final = "/api/v1/vault/blobs/"
OPERATIONS: Final = "/api/v1/vault/ops"
BODY_LIMIT: Final = 64 << 10
# An operation of 8 MiB and what goes with it, in base64.
OPERATION_LIMIT: Final = 12 << 20
# A grant with its package of 512 KiB and 32 headers, in base64.
GRANTS: Final = "/api/v1/me/grants"
GRANT_LIMIT: Final = 1 << 20
# Letters to seal: their routes count, by what the service may send.
SEALS: Final = "/api/v1/seals"
MAILINGS: Final = "/api/v1/mailings"
# A file to verify, of 20 MiB, and the frame of a form.
VERIFICATIONS: Final = "/api/v1/verifications"
VERIFICATION_LIMIT: Final = (20 << 20) + (64 << 10)
_COUNTED: Final = {SEALS, MAILINGS}
_LIMITS: Final = {
    OPERATIONS: OPERATION_LIMIT,
    GRANTS: GRANT_LIMIT,
    VERIFICATIONS: VERIFICATION_LIMIT,
}
_READS: Final = {"GET", "HEAD", "OPTIONS"}
_OWN: Final = {"same-origin", "none"}

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; worker-src 'self'; "
    "media-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; "
    "trusted-types coffre"
)
API_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
HEADERS: Final = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(self), microphone=(), geolocation=(), "
        "publickey-credentials-get=(self), publickey-credentials-create=(self)"
    ),
}


class ForeignOriginError(VaultError):
    """A page of another site asked our server to change something."""

    code: ClassVar[str] = "request.foreign-origin"


class BodyTooLargeError(VaultError):
    """The body is longer than its route allows. Details: `limit`, in bytes."""

    code: ClassVar[str] = "request.too-large"


class Guard:
    """Stands around the routes: number, origin, length, headers."""

    def __init__(self, app: ASGIApp, address: str) -> None:
        """Stand around `app`, whose public address is `address`."""
        self._app = app
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = secrets.token_hex(8)
        request = Request(scope)

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                dress(request.url.path, MutableHeaders(scope=message))
            await send(message)

        try:
            check_origin(request, self._address)
            limit = check_length(request)
        except CoffreError as error:
            await problems.respond(request, error)(scope, receive, dressed)
            return
        await self._app(scope, counted(receive, limit), dressed)


def dress(path: str, headers: MutableHeaders) -> None:
    """Put the headers of every answer; a route's own cache rule and policy stay."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    is_api = path.startswith(API) or path == "/openapi.json"
    headers.setdefault("Content-Security-Policy", API_POLICY if is_api else PAGE_POLICY)
    headers.setdefault("Cache-Control", "no-store")


def check_origin(request: Request, address: str) -> None:
    """Raise ForeignOriginError unless a change is asked by our own page, or by no page.

    Our own pages stand at `address` and at the name by which this request reached us.
    """
    if request.method in _READS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        trusted = site in _OWN
    elif origin is not None:
        trusted = origin in {address, f"{request.url.scheme}://{request.headers.get('host', '')}"}
    else:
        trusted = "cookie" not in request.headers
    if not trusted:
        raise ForeignOriginError("got a change asked by another site")


def check_length(request: Request) -> int | None:
    """Give how many bytes the body may have (None: its route counts); raise BodyTooLargeError."""
    path = request.url.path
    if request.method == "PUT" and path.startswith(OBJECTS):
        return None
    if request.method == "POST" and path in _COUNTED:
        return None
    limit = _LIMITS.get(path, BODY_LIMIT)
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced[:20]) > limit:
        raise BodyTooLargeError(f"got more than {limit} bytes announced", limit=limit)
    return limit


def counted(receive: Receive, limit: int | None) -> Receive:
    """Count what really comes, whatever was announced."""
    if limit is None:
        return receive
    left = limit

    async def counting() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            # Starlette's own error: the framework would turn ours into a plain 400.
            raise HTTPException(413)
        return message

    return counting
