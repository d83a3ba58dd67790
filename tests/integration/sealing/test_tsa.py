"""Time-stamps over HTTP, from servers that are slow, cut, lie or are not there; and openssl."""

import contextlib
import hashlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from support.authorities import certomancer, demo_authority, known
from support.sealers import NOW, town
from support.tools import need, run
from support.tsa_server import tsa_serving

from sealing.authorities.token import Question, TokenError
from sealing.authorities.tsa import KIND, HttpAuthority, NoTokenError, Terms, TsaClient
from storage import outgoing
from storage.outgoing import AddressRefusedError, Outgoing

DIGEST = hashlib.sha256(b"a seal").digest()


@pytest.fixture
def server():
    with tsa_serving(certomancer()) as made:
        yield made


@pytest.fixture
def client():
    """Give how to make clients, which end with the test."""
    with contextlib.ExitStack() as opened:

        def made(*urls, in_flight=8, hosts=("127.0.0.1",)):
            door = Outgoing(hosts, loopback=True)
            tsas = [HttpAuthority(url, partial(door.line, url), in_flight) for url in urls]
            terms = Terms(known(), lambda: NOW)
            return opened.enter_context(
                contextlib.closing(TsaClient(tsas, terms, pause=lambda _: None))
            )

        yield made


def nobody():
    """Give an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    return f"http://127.0.0.1:{port}/tsa"


def test_a_token_comes_over_http_and_the_connection_is_kept(server, client):
    made = client(server.url)
    for _ in range(4):
        assert made.stamp(DIGEST, "sha256").time == NOW
    assert len(server.heads) == 4
    assert server.connections == 1
    for head in server.heads:
        assert head.startswith(b"POST /tsa HTTP/1.1\r\n")
        assert f"content-type: {KIND}".encode() in head.lower()
        assert b"cookie" not in head.lower()


def test_a_connection_that_the_server_ended_is_opened_again(server, client):
    made = client(server.url)
    made.stamp(DIGEST, "sha256")
    server.raw = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(NoTokenError):
        made.stamp(DIGEST, "sha256")
    server.raw = None
    assert made.stamp(DIGEST, "sha256").time == NOW
    assert server.connections > 2


def test_many_questions_share_few_connections(server, client):
    server.delay = 0.02
    made = client(server.url, in_flight=4)
    with ThreadPoolExecutor(16) as pool:
        tokens = list(pool.map(lambda _: made.stamp(DIGEST, "sha256"), range(32)))
    assert len({token.der for token in tokens}) == 32
    assert server.connections <= 4


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 429 Wait\r\nContent-Length: 0\r\n\r\n",
        OK + b"Content-Length: 4000\r\n\r\n" + bytes(100),
    ],
    ids=["closed", "not HTTP", "500", "429", "cut"],
)
def test_a_server_that_fails_gives_no_token_and_the_spare_does(server, client, raw):
    with tsa_serving(certomancer()) as spare:
        server.raw = raw
        with pytest.raises(NoTokenError) as caught:
            client(server.url).stamp(DIGEST, "sha256")
        assert caught.value.retryable
        assert client(server.url, spare.url).stamp(DIGEST, "sha256").time == NOW


@pytest.mark.parametrize(
    "raw",
    [OK + b"Content-Length: 6\r\n\r\n<html>", OK + b"Content-Length: 0\r\n\r\n"],
    ids=["a page", "nothing"],
)
def test_where_a_page_or_nothing_answers_the_authority_is_away(server, client, raw):
    server.raw = raw
    with pytest.raises(NoTokenError) as caught:
        client(server.url).stamp(DIGEST, "sha256")
    assert caught.value.retryable


def test_an_answer_that_is_no_token_is_an_error_that_does_not_pass(server, client):
    server.raw = OK + b"Content-Length: 4\r\n\r\nnone"
    with pytest.raises(TokenError):
        client(server.url).stamp(DIGEST, "sha256")
    assert len(server.heads) == 1


def test_a_redirection_is_not_followed(server, client):
    server.raw = f"HTTP/1.1 302 Go\r\nLocation: {server.url}\r\nContent-Length: 0\r\n\r\n".encode()
    with pytest.raises(NoTokenError):
        client(server.url).stamp(DIGEST, "sha256")
    assert len(server.heads) == 1


def test_a_server_that_is_too_slow_is_left(server, client, monkeypatch):
    monkeypatch.setattr(outgoing, "SECONDS", 0.3)
    server.delay = 2
    with pytest.raises(NoTokenError) as caught:
        client(server.url).stamp(DIGEST, "sha256")
    assert isinstance(caught.value.__cause__, outgoing.ServerTooSlowError)


def test_a_server_that_drops_its_answer_slowly_is_left(monkeypatch):
    monkeypatch.setattr(outgoing, "SECONDS", 0.5)

    def dripping(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(4_000)
            for _ in range(100):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return
                stop.wait(0.1)

    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=dripping, args=(listener,), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/tsa"
        door = Outgoing(["127.0.0.1"], loopback=True)
        with (
            contextlib.closing(door.line(url)) as line,
            pytest.raises(outgoing.ServerUnreachableError),
        ):
            line.ask(b"question", KIND)
    stop.set()


def test_a_server_that_is_not_there_is_told(server, client):
    with pytest.raises(NoTokenError):
        client(nobody()).stamp(DIGEST, "sha256")
    assert client(nobody(), server.url).stamp(DIGEST, "sha256").time == NOW


def test_a_host_that_the_settings_do_not_name_is_not_asked(server, client):
    with pytest.raises(AddressRefusedError):
        client(server.url, hosts=("tsa.example",)).stamp(DIGEST, "sha256")
    assert server.connections == 0


# --- another program ------------------------------------------------------------------------------


@pytest.mark.parametrize("maker", [certomancer, demo_authority], ids=["other", "ours"])
def test_openssl_believes_the_tokens_and_reads_the_questions(tmp_path, maker):
    openssl, (_, folder) = need("openssl", "openssl"), town()
    question = Question(DIGEST, "sha256", 77)
    (tmp_path / "q").write_bytes(question.encode())
    made = maker()
    (tmp_path / "a").write_bytes(getattr(made, "answer", made)(question.encode()))
    said = run(openssl, "ts", "-query", "-in", str(tmp_path / "q"), "-text").stdout.decode()
    assert "Hash Algorithm: sha256" in said
    assert "Certificate required: yes" in said
    verify = [
        openssl,
        "ts",
        "-verify",
        "-queryfile",
        str(tmp_path / "q"),
        "-in",
        str(tmp_path / "a"),
    ]
    verify += ["-CAfile", str(folder / "authorities" / "root.pem")]
    verify += ["-untrusted", str(folder / "authorities" / "intermediate.pem")]
    assert "Verification: OK" in run(*verify).stdout.decode()
