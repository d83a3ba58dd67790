"""The one door to other people's servers: lists, revocations, time-stamps.

Rules kept here:

- a host is asked only when the settings name it: never on the word of a document;
- its name is resolved once, every address must be public, and the connection goes to an address
  that was looked at: a name that changes its mind meanwhile (rebinding) leads nowhere new;
- this machine's own addresses are allowed to tests alone (`loopback`), private networks never;
- no redirect is followed, no proxy of the environment is used, nothing is unpacked;
- 5 seconds in all, resolution and slow drops included; 10 MB counted as they come, whatever the
  answer announced;
- TLS is verified, against the name that was asked for. `http` is allowed because what is fetched
  here is signed by itself; who asks must check it;
- a connection that is kept (`Line`) serves one name alone; no cookie, no header of an answer is.
"""

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar, Final, TypeAlias

import httpx2

from storage.deadlines import Deadline, Watchman
from storage.errors import CoffreError

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Sequence[str]]

SECONDS: Final = 5.0
SIZE_LIMIT: Final = 10 * 1024 * 1024
_CONNECT_SECONDS: Final = 2.0
_PORTS: Final = {"https": 443, "http": 80}
_ONE_CONNECTION: Final = httpx2.Limits(max_connections=1)
# Translations of IPv4 addresses into IPv6: what they lead to cannot be told from here.
_TRANSLATED: Final = tuple(
    ipaddress.IPv6Network(net) for net in ("64:ff9b::/32", "2002::/16", "2001::/32")
)


class OutgoingError(CoffreError):
    """Another server was not asked, or its answer is not used. Details: `host`."""

    code: ClassVar[str] = "outgoing"


class AddressRefusedError(OutgoingError):
    """The address is not one that the settings allow, or is not public. Details: `host`."""

    code: ClassVar[str] = "outgoing.address-refused"


class ServerUnreachableError(OutgoingError):
    """No answer, or one that was cut. Details: `host`."""

    code: ClassVar[str] = "outgoing.unreachable"
    retryable: ClassVar[bool] = True


class ServerTooSlowError(ServerUnreachableError):
    """The whole answer took longer than the time allowed. Details: `host`, `seconds`."""

    code: ClassVar[str] = "outgoing.too-slow"


class ServerIdentityError(OutgoingError):
    """TLS does not prove that the server bears the name asked for. Details: `host`."""

    code: ClassVar[str] = "outgoing.server-identity"


class AnswerTooLargeError(OutgoingError):
    """The answer exceeds the limit. Details: `host`, `limit` (MiB)."""

    code: ClassVar[str] = "outgoing.too-large"


class AnswerRefusedError(OutgoingError):
    """The answer is an error, a redirection, or packed. Details: `host`, `status`."""

    code: ClassVar[str] = "outgoing.answer-refused"


class ServerBusyError(AnswerRefusedError):
    """The server says that it cannot answer now (5xx, 429). Details: `host`, `status`."""

    code: ClassVar[str] = "outgoing.busy"
    retryable: ClassVar[bool] = True


def resolved(host: str, port: int) -> Sequence[str]:
    """Ask the system for a host's addresses; raise OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


class Outgoing:
    """A door that opens to named hosts alone."""

    def __init__(
        self,
        hosts: Iterable[str],
        *,
        loopback: bool = False,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolved,
    ) -> None:
        """Allow these hosts; `loopback` is for tests, `tls` for authorities of one's own."""
        self._hosts = frozenset(host.lower() for host in hosts)
        self._loopback = loopback
        self._tls = tls or ssl.create_default_context()
        self._resolve = resolve
        self.watchman = Watchman()

    def fetch(self, url: str) -> bytes:
        """Give the body of the answer to a GET; raise OutgoingError's children."""
        with contextlib.closing(self.line(url)) as line:
            return line.ask()

    def line(self, url: str) -> "Line":
        """Give a line to one address, for many questions; raise AddressRefusedError."""
        return Line(self, self._asked(url), self._tls)

    def _asked(self, url: str) -> httpx2.URL:
        try:
            asked = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise AddressRefusedError("got an address that does not read", host="?") from error
        if asked.scheme not in _PORTS or asked.userinfo:
            raise AddressRefusedError("got neither http nor https", host=asked.host)
        if asked.host not in self._hosts:
            raise AddressRefusedError(f"got {asked.host}, not in the settings", host=asked.host)
        return asked

    def addresses(self, asked: httpx2.URL, deadline: Deadline) -> Sequence[Address]:
        """Resolve a host and look at each of its addresses; raise OutgoingError's children."""
        port = asked.port or _PORTS[asked.scheme]
        names = _in_time(self._resolve, asked.host, port, deadline)
        found = [ipaddress.ip_address(one) for one in names]
        for address in found:
            if not (is_public(address) or (self._loopback and address.is_loopback)):
                raise AddressRefusedError(f"got {address} for {asked.host}", host=asked.host)
        return sorted(found, key=lambda one: one.version)


class Line:
    """One server, asked as often as needed; its connection is kept while it holds.

    For one thread at a time. After a failure the name is resolved anew; nothing else is kept.
    """

    def __init__(self, door: Outgoing, asked: httpx2.URL, tls: ssl.SSLContext) -> None:
        """Prepare; nothing is opened before the first question."""
        self._door, self._asked = door, asked
        self._client = httpx2.Client(verify=tls, trust_env=False, limits=_ONE_CONNECTION)
        self._address: Sequence[Address] = ()
        self._sockets: list[socket.socket] = []

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def ask(self, body: bytes = b"", kind: str = "") -> bytes:
        """Give the answer to a GET, or to a POST where there is a body of some media type."""
        host, deadline = self._asked.host, Deadline(SECONDS, self._sockets)
        known, self._address = self._address, ()
        self._door.watchman.watch(deadline)
        try:
            for address in known or self._door.addresses(self._asked, deadline):
                with contextlib.suppress(_NotConnectedError):
                    answer = self._answer(address, deadline, body, kind)
                    self._address = (address,)
                    return answer
        finally:
            deadline.is_kept = True
        if deadline.is_over:
            raise _too_slow(host)
        raise ServerUnreachableError(f"got no connection to {host}", host=host)

    def _answer(self, address: Address, deadline: Deadline, body: bytes, kind: str) -> bytes:
        host, port = self._asked.host, f":{self._asked.port}" if self._asked.port else ""
        headers = {"Host": host + port, "Accept-Encoding": "identity", "User-Agent": "coffre"}
        options: dict[str, Any] = {
            "headers": headers | ({"Content-Type": kind} if kind else {}),
            "extensions": {"sni_hostname": host, "trace": partial(self._keep, deadline)},
            "timeout": httpx2.Timeout(deadline.left, connect=min(deadline.left, _CONNECT_SECONDS)),
        }
        url, method = self._asked.copy_with(host=str(address)), "POST" if body else "GET"
        self._client.cookies.clear()
        try:
            with self._client.stream(method, url, content=body, **options) as response:
                return _body(response, host, deadline)
        except (httpx2.RequestError, httpx2.StreamError) as error:
            if deadline.is_over or isinstance(error, httpx2.ReadTimeout | httpx2.WriteTimeout):
                raise _too_slow(host) from error
            if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
                raise _not_connected(error, host) from error
            raise ServerUnreachableError(f"got {type(error).__name__}", host=host) from error

    def _keep(self, deadline: Deadline, name: str, info: dict[str, Any]) -> None:
        """Keep the sockets of the connection, as the library opens them."""
        if name == "connection.connect_tcp.started":
            self._sockets.clear()
        if name in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._sockets.append(info["return_value"].get_extra_info("socket"))
            if deadline.is_over:
                deadline.stop()


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the open internet, of a single machine."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in net for net in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class _NotConnectedError(Exception):
    """An address did not answer; another of the same name may."""


def _not_connected(error: Exception, host: str) -> Exception:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return ServerIdentityError(f"got {cause} from {host}", host=host)
        cause = cause.__cause__ or cause.__context__
    return _NotConnectedError(type(error).__name__)


def _body(response: httpx2.Response, host: str, deadline: Deadline) -> bytes:
    status = response.status_code
    if status != httpx2.codes.OK:
        kind = ServerBusyError if status in {429, 500, 502, 503, 504} else AnswerRefusedError
        raise kind(f"got status {status} from {host}", host=host, status=status)
    if response.headers.get("content-encoding", "identity") != "identity":
        raise AnswerRefusedError(f"got a packed answer from {host}", host=host, status=200)
    data = bytearray()
    for piece in response.iter_raw():
        data += piece
        if len(data) > SIZE_LIMIT:
            raise AnswerTooLargeError(f"got {len(data)} bytes", host=host, limit=SIZE_LIMIT >> 20)
        if deadline.is_over:
            raise _too_slow(host)
    if deadline.is_over:
        # The end of the body may be the end that we put to it.
        raise _too_slow(host)
    return bytes(data)


def _too_slow(host: str) -> ServerTooSlowError:
    return ServerTooSlowError("got no whole answer", host=host, seconds=int(SECONDS))


def _in_time(resolve: Resolve, host: str, port: int, deadline: Deadline) -> Sequence[str]:
    """Resolve a name in the time left: the system's resolver knows no limit of ours."""
    found: list[Sequence[str]] = []

    def ask() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            found.append(resolve(host, port))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(deadline.left)
    if asking.is_alive():
        raise _too_slow(host)
    if not found or not found[0]:
        raise ServerUnreachableError(f"got no address of {host}", host=host)
    return found[0]
