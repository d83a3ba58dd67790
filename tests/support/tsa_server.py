"""A time-stamp server on loopback: real tokens after a delay, or what a test makes of them."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class TsaServer:
    """Answers POSTs of `/tsa` by `answer`, over connections that are kept.

    `raw` replaces the whole HTTP answer, and then the connection ends.
    """

    answer: Callable[[bytes], bytes]
    port: int
    delay: float = 0.0
    raw: bytes | None = None
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Give its address."""
        return f"http://127.0.0.1:{self.port}/tsa"

    def serve(self, connection: socket.socket) -> None:
        """Answer the questions of one connection."""
        self.connections += 1
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as coming:
            while (head := _head(coming)) is not None:
                self.heads.append(head)
                lines = head.lower().split(b"\r\n")
                [size] = [line[15:] for line in lines if line.startswith(b"content-length:")]
                question = coming.read(int(size))
                time.sleep(self.delay)
                connection.sendall(self._reply(question))
                if self.raw is not None:
                    break

    def _reply(self, question: bytes) -> bytes:
        if self.raw is not None:
            return self.raw
        body = self.answer(question)
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n"
            f"Set-Cookie: who=me\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def _head(coming) -> bytes | None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = coming.readline()
        if not line:
            return None
        head += line
    return head


@contextlib.contextmanager
def tsa_serving(
    answer: Callable[[bytes], bytes], delay: float = 0.0, port: int = 0
) -> Iterator[TsaServer]:
    """Serve until the block ends; each connection has a thread of its own."""
    listener = socket.create_server(("127.0.0.1", port), backlog=256)
    server = TsaServer(answer, listener.getsockname()[1], delay)
    serving: list[tuple[threading.Thread, socket.socket]] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=server.serve, args=(connection,), daemon=True)
            serving.append((thread, connection))
            thread.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        for end in (listener, *(connection for _, connection in serving)):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(5)
        for thread, _ in serving:
            thread.join(5)
