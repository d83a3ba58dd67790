"""`coffre bench seal`, time-stamps per second from an authority 50 ms away, 64 questions in flight.

Ours: a digest in, a checked token out, as a mailing asks them. The limit: the same questions and
answers over the same connections, nothing checked. The authority is the
bench's own, in a process of its own: true tokens, each 50 ms after its question.
"""

import asyncio
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cli.bench.runner import Bench, Contestant, measure
from sealing.authorities.demo import DemoAuthority
from sealing.authorities.token import Question
from sealing.authorities.tsa import HttpAuthority, Terms, TsaClient
from storage.outgoing import Outgoing

_SECONDS: Final = 0.05
_IN_FLIGHT: Final = 64
_HOST: Final = "127.0.0.1"
_HALF: Final = 32
_ALGORITHM: Final = "sha256"
_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: %d\r\n\r\n"
)


def benches(*, quick: bool = False) -> list[Bench]:
    """Measure stamping; `quick` does little of it."""
    many = 32 if quick else 1_280
    with _authority() as (root, port):
        url = f"http://{_HOST}:{port}/"
        door = Outgoing({_HOST}, loopback=True)
        authority = HttpAuthority(_HOST, lambda: door.line(url), _IN_FLIGHT)
        client = TsaClient([authority], Terms((root,), lambda: datetime.now(UTC)))
        with closing(client), ThreadPoolExecutor(_IN_FLIGHT) as pool:

            def ours() -> float:
                digests = (os.urandom(32) for _ in range(many))
                return len(list(pool.map(lambda one: client.stamp(one, _ALGORITHM), digests)))

            def bare(number: int) -> bytes:
                return authority.answer(Question(bytes(32), _ALGORITHM, number, None).encode())

            def limit() -> float:
                return len(list(pool.map(bare, range(1, many + 1))))

            contestants = [Contestant("ours", ours), Contestant("limit", limit)]
            name = "time-stamps, 50 ms away, 64 in flight"
            return [measure(name, "tokens/s", contestants, quick=quick)]


@contextmanager
def _authority() -> Iterator[tuple[x509.Certificate, int]]:
    """Start an authority in a process of its own; give its root and its port."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    there.close()
    try:
        root, port = here.recv()
        yield x509.load_der_x509_certificate(root), port
    finally:
        process.kill()
        process.join()


def _serve(told: Connection) -> None:
    root, authority = _made()
    asyncio.run(_listen(told, root, authority))


async def _listen(told: Connection, root: x509.Certificate, authority: DemoAuthority) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):  # the line is closed
            while head := await reader.readuntil(b"\r\n\r\n"):
                _, _, rest = head.lower().partition(b"content-length:")
                question = await reader.readexactly(int(rest.split(b"\r\n")[0]))
                await asyncio.sleep(_SECONDS)
                answer = authority.answer(question)
                writer.write(_HEAD % len(answer) + answer)

    server = await asyncio.start_server(talk, _HOST, 0)
    port = server.sockets[0].getsockname()[1]
    told.send((root.public_bytes(serialization.Encoding.DER), port))
    await server.serve_forever()


def _made() -> tuple[x509.Certificate, DemoAuthority]:
    """Make a root and an authority under it."""
    now, above = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Root", "TSA")]
    made = []
    for place, (subject, own) in enumerate(zip(names, (above, key), strict=True)):
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(names[0])
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=not place, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=not place), critical=True)
        )
        if place:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(usage, critical=True)
        made.append(builder.sign(above, hashes.SHA256()))
    root, leaf = made

    def sign(digest: bytes) -> bytes:
        written = key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        return b"".join(part.to_bytes(_HALF, "big") for part in decode_dss_signature(written))

    return root, DemoAuthority((leaf, root), sign, _ALGORITHM, lambda: datetime.now(UTC))


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
