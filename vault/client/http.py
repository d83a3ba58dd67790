"""The client's door to a server: JSON asked under a session, objects sent and fetched by ticket.

Rules kept here:

- a server is `https://host[:port]`; `http` is for this machine's own addresses alone;
- **what a server answers is hostile input**: no redirection is followed, nothing is unpacked, an
  answer has at most 64 MiB and is read as `answers` says;
- a refusal is told by its `code`, of a closed list; of its details only numbers and short plain
  words are kept, for they may be printed;
- an object goes to, and comes from, the address of its ticket, without the session; its headers are
  the ticket's, and its length is ours;
- what may be repeated is tried twice: the second answer tells whether the first attempt arrived.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, ClassVar, Final, Self, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx2

from vault.client.answers import Answer, AnswerError
from vault.errors import VaultError
from vault.format.signed_message import MessageError, load_object

API: Final = "/api/v1/"
_ANSWER_LIMIT: Final = 64 << 20
_PIECE: Final = 1 << 20
_TIMES: Final = httpx2.Timeout(60, connect=10)
_HEADERS_LIMIT: Final = 16
_ARRIVED: Final = 412
_PLAIN: Final = re.compile(r"[A-Za-z0-9._ -]{1,64}")
_AWAY: Final = frozenset({502, 503, 504})
_DETAILS: Final = ("head", "last", "least", "limit", "n", "seconds", "what")
_CODE: Final = re.compile(r"urn:coffre:problem:([a-z0-9.-]{1,64})")
# What a server of ours may report; anything else is "refused" without a reason.
_REPORTED: Final = frozenset({
    "account.enrolment", "account.login-form", "account.login-taken", "account.not-found",
    "blob.mismatch", "blob.not-found", "blob.ticket", "blob.unavailable", "database.full",
    "database.unavailable", "directory.entry", "document.not-found", "document.opaque-length",
    "document.version", "index.conflict", "index.head", "index.head-signature",
    "request.too-large", "session.ended", "session.refused", "session.too-many", "share.header",
    "slot.kdf-refused", "slot.malformed",
    "claims-only", "closed-list", "grant-expired", "grant-invalid", "grant-not-found", "grant-used",
    "grant-withdrawn", "illegal-transition", "legal-basis", "message.malformed", "message.schema",
    "message.signature", "message.type", "over-asking", "proof-type-unknown", "receipt-foreign",
    "recipient-unregistered", "register-full", "registration-expired", "registration-foreign",
    "registration-missing", "registration-struck-off", "request-clock", "request-closed",
    "request-expired", "request-foreign", "request-not-found", "request-replayed",
    "service-unauthenticated", "share.ended", "share.mismatch", "too-many", "withdrawal-foreign",
    "upload.missing", "upload.name-used", "upload.not-found", "upload.quota", "upload.too-large",
    "vault.size",
})  # fmt: skip
Given = TypeVar("Given")


class AddressError(VaultError):
    """The server's address is none that a client talks to."""

    code: ClassVar[str] = "server.address"


class UnreachableError(VaultError):
    """The server does not answer, or the connection broke."""

    code: ClassVar[str] = "server.unreachable"
    retryable: ClassVar[bool] = True


class RefusedError(VaultError):
    """The server refused. `reported` is its reason when it is one of ours. Details: `status`."""

    code: ClassVar[str] = "server.refused"

    def __init__(self, status: int, reported: str | None, details: Mapping[str, str | int]) -> None:
        """Keep the reason and what a sentence may say of it."""
        super().__init__(f"got status {status}", **{**details, "status": status})
        self.reported = reported


class Connection:
    """A conversation with one server, under a session once `token` is set."""

    def __init__(
        self, server: str, token: str = "", transport: httpx2.BaseTransport | None = None
    ) -> None:
        """Prepare to talk to `server`; raise AddressError. Nothing is sent yet."""
        self.server = server.rstrip("/")
        self.token = token
        self._local = check_address(self.server)
        parts = urlsplit(self.server)
        if parts.path or parts.query or parts.fragment or parts.username is not None:
            raise AddressError("got more than a scheme, a host and a port")
        # A proxy of the environment has no business between this machine and itself.
        self._client = httpx2.Client(
            timeout=_TIMES,
            transport=transport,
            trust_env=not self._local,
            headers={"User-Agent": "coffre", "Accept-Encoding": "identity"},
        )

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what is open."""
        self._client.close()

    def get(self, path: str, **query: str | int) -> Answer:
        """Ask for something; tried twice."""
        return _twice(lambda: self._ask("GET", path, None, query))

    def post(self, path: str, body: Mapping[str, object], *, again: bool = False) -> Answer:
        """Send something; `again`: it may be repeated when no answer came."""

        def send() -> Answer:
            return self._ask("POST", path, body, {})

        return _twice(send) if again else send()

    def delete(self, path: str) -> None:
        """End something."""
        self._ask("DELETE", path, None, {})

    def upload(self, ticket: Answer, source: BinaryIO, size: int) -> None:
        """PUT `size` bytes where a ticket says; that they have arrived before is success.

        Raises RefusedError, UnreachableError, AnswerError or AddressError.
        """
        url, headers = self._place(ticket), _ticket_headers(ticket)
        headers["Content-Length"] = str(size)

        def send() -> None:
            source.seek(0)
            with self._stream("PUT", url, headers, _pieces(source)) as response:
                data = _whole(response)
            if not response.is_success and response.status_code != _ARRIVED:
                raise _refusal(response, data)

        _twice(send)

    @contextmanager
    def download(self, link: Answer) -> Iterator[Iterator[bytes]]:
        """GET an object's bytes, as they come, from where a link says."""
        with self._stream("GET", self._place(link), {}, None) as response:
            if response.status_code != httpx2.codes.OK:
                raise _refusal(response, _whole(response))
            yield response.iter_raw(_PIECE)

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        query: Mapping[str, str | int],
    ) -> Answer:
        url = str(httpx2.URL(self.server + API + path, params=dict(query) or None))
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        with self._stream(method, url, headers, body) as response:
            data = _whole(response)
        if not response.is_success:
            raise _refusal(response, data)
        return Answer({}) if response.status_code == httpx2.codes.NO_CONTENT else Answer.parse(data)

    @contextmanager
    def _stream(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Mapping[str, object] | Iterator[bytes] | None,
    ) -> Iterator[httpx2.Response]:
        is_json = isinstance(body, Mapping)
        sent = {"json": body} if is_json else {"content": body}
        try:
            with self._client.stream(method, url, headers=headers, **sent) as response:  # type: ignore[arg-type]
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise AnswerError("got a packed answer, which was not asked for")
                yield response
        except (httpx2.TransportError, httpx2.StreamError) as error:
            raise UnreachableError(f"got {type(error).__name__}") from error
        except (httpx2.InvalidURL, httpx2.RequestError) as error:
            raise AnswerError(f"got {type(error).__name__}") from error

    def _place(self, ticket: Answer) -> str:
        """Give a ticket's address: the server's own, or another that is as safe to talk to."""
        try:
            url = urljoin(self.server + "/", ticket.text("url"))
            local = check_address(url)
        except (AddressError, ValueError) as error:
            raise AnswerError("got a ticket whose address is none to talk to") from error
        if local and not self._local:
            raise AnswerError("got a ticket of a far server that leads to this machine")
        return url


def check_address(url: str) -> bool:
    """Tell whether an address is of this machine; raise AddressError unless it may be talked to."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError("got an address that does not read") from error
    if not host or parts.scheme not in {"http", "https"}:
        raise AddressError("got an address that is neither http nor https")
    local = _is_local(host)
    if parts.scheme == "http" and not local:
        raise AddressError("got http to another machine")
    return local


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _twice(act: Callable[[], Given]) -> Given:
    try:
        return act()
    except UnreachableError:
        return act()


def _whole(response: httpx2.Response) -> bytes:
    data = bytearray()
    for piece in response.iter_raw(_PIECE):
        data += piece
        if len(data) > _ANSWER_LIMIT:
            raise AnswerError(f"got more than {_ANSWER_LIMIT} bytes")
    return bytes(data)


def _refusal(response: httpx2.Response, data: bytes) -> RefusedError | UnreachableError:
    try:
        members = load_object(data)
    except MessageError:
        members = {}
    found = _CODE.fullmatch(str(members.get("type")))
    reported = found[1] if found and found[1] in _REPORTED else None
    if reported is None and response.status_code in _AWAY:
        return UnreachableError(f"got status {response.status_code}")
    told = {name: members[name] for name in _DETAILS if _may_be_printed(members.get(name))}
    return RefusedError(response.status_code, reported, told)


def _may_be_printed(value: object) -> bool:
    return type(value) is int or (isinstance(value, str) and bool(_PLAIN.fullmatch(value)))


def _ticket_headers(ticket: Answer) -> dict[str, str]:
    headers = ticket.object("headers")
    if len(headers.members) > _HEADERS_LIMIT:
        raise AnswerError(f"got a ticket of {len(headers.members)} headers")
    given = {name: headers.text(name, 1024) for name in headers.members}
    if not all(text.isascii() and text.isprintable() for pair in given.items() for text in pair):
        raise AnswerError("got a header that is not plain text")
    return {name: value for name, value in given.items() if name.lower() != "content-length"}


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece
