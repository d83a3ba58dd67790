"""Somebody else's server, on loopback: it answers what it is told to, honest or not."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Pieces = Iterable[bytes]


def ok(body: bytes, *headers: str) -> list[bytes]:
    """Give the pieces of a plain good answer."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return [("\r\n".join(lines) + "\r\n\r\n").encode(), body]


@dataclass
class ForeignServer:
    """Answers by path; `asked` are the heads of the requests that came."""

    port: int
    answers: dict[str, Pieces] = field(default_factory=dict)
    asked: list[bytes] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Give an address of this server under some name."""
        return f"{scheme}://{host}:{self.port}{path}"


@contextlib.contextmanager
def serving(
    tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
) -> Iterator[ForeignServer]:
    """Serve until the block ends; each connection has a thread of its own."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, 0), family=family)
    server = ForeignServer(listener.getsockname()[1])

    def answer(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            wrapped = tls.wrap_socket(connection, server_side=True) if tls else connection
            with wrapped:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += wrapped.recv(65_536) or b"\r\n\r\n"
                server.asked.append(head)
                path = head.split(b" ")[1].decode("latin-1") if head.count(b" ") > 1 else ""
                for piece in server.answers.get(path, [b"HTTP/1.1 404 No\r\n\r\n"]):
                    wrapped.sendall(piece)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(5)


@dataclass(frozen=True)
class Tls:
    """Both ends of a TLS connection, under an authority of the tests' own."""

    server: ssl.SSLContext
    client: ssl.SSLContext


def tls_for(host: str, folder: Path) -> Tls:
    """Make a certificate for a name, and a client that believes its authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    chain = folder / "tls.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain.write_bytes(private + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain)
    return Tls(server, ssl.create_default_context(cadata=pem.decode()))
