"""The door to other people's servers, against servers that do not mean well."""

import threading
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_address

import pytest
from support.foreign_server import ForeignServer, ok, serving, tls_for
from support.tsa_server import tsa_serving

from storage import outgoing
from storage.outgoing import (
    SIZE_LIMIT,
    AddressRefusedError,
    AnswerRefusedError,
    AnswerTooLargeError,
    Outgoing,
    ServerBusyError,
    ServerIdentityError,
    ServerTooSlowError,
    ServerUnreachableError,
    is_public,
)

HOME = "127.0.0.1"


@pytest.fixture
def server() -> Iterator[ForeignServer]:
    with serving() as server:
        yield server


@pytest.fixture
def door() -> Outgoing:
    return Outgoing([HOME], loopback=True)


def test_a_named_host_is_asked_once_and_its_bytes_are_given(server, door):
    server.answers["/list.xml"] = ok(b"<list/>")
    assert door.fetch(server.url("/list.xml")) == b"<list/>"
    [head] = server.asked
    assert head.startswith(b"GET /list.xml HTTP/1.1\r\n")
    assert b"cookie" not in head.lower()


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere.example/",
        "http://sub.127.0.0.1/",
        "http://127.0.0.1@elsewhere.example/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "127.0.0.1",
        "",
        "http://[::1/",
        "http://127.1/",
        "http://2130706433/",
    ],
)
def test_what_the_settings_do_not_name_is_not_asked(server, door, url):
    with pytest.raises(AddressRefusedError) as caught:
        door.fetch(url)
    assert not caught.value.retryable
    assert server.asked == []


def test_this_machine_is_refused_outside_tests_whatever_name_it_takes(server):
    for host in ("127.0.0.1", "localhost"):
        door = Outgoing([host])
        with pytest.raises(AddressRefusedError):
            door.fetch(server.url("/", host))
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "224.0.0.1", "255.255.255.255", "198.18.0.1", "240.0.0.1", "::", "fe80::1", "fc00::1",
        "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1",
        "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("loopback", [False, True])
def test_a_private_address_is_refused_even_beside_a_public_one(address, loopback):
    for found in ([address], ["1.1.1.1", address]):
        door = Outgoing(["lists.example"], loopback=loopback, resolve=lambda *_, f=found: f)
        with pytest.raises(AddressRefusedError):
            door.fetch("https://lists.example/tsl.xml")


def test_public_addresses_are_public():
    for address in ("1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"):
        assert is_public(ip_address(address)), address


def test_the_address_that_was_looked_at_is_the_one_connected_to(server):
    answers = iter([[HOME], ["10.0.0.1"]])
    door = Outgoing(["lists.example"], loopback=True, resolve=lambda *_: next(answers))
    server.answers["/"] = ok(b"here")
    # The system knows no such name: nothing but the first answer can lead to this server.
    assert door.fetch(server.url("/", "lists.example")) == b"here"
    assert f"host: lists.example:{server.port}".encode() in server.asked[0].lower()


def test_an_address_that_is_silent_leaves_its_turn_to_the_next():
    door = Outgoing(["lists.example"], loopback=True, resolve=lambda *_: ["::1", HOME])
    with serving(address="::1") as server:
        server.answers["/"] = ok(b"here")
        assert door.fetch(server.url("/", "lists.example")) == b"here"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 204, 206, 404])
def test_a_redirection_or_an_error_is_not_followed_nor_used(server, door, status):
    lines = [f"HTTP/1.1 {status} X", f"Location: {server.url('/next')}", "Content-Length: 0"]
    server.answers["/"] = [("\r\n".join(lines) + "\r\n\r\n").encode()]
    server.answers["/next"] = ok(b"trapped")
    with pytest.raises(AnswerRefusedError) as caught:
        door.fetch(server.url("/"))
    assert caught.value.details["status"] == status
    assert not caught.value.retryable
    assert len(server.asked) == 1


def test_a_server_that_is_busy_may_be_asked_again(server, door):
    server.answers["/"] = [b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n"]
    with pytest.raises(ServerBusyError) as caught:
        door.fetch(server.url("/"))
    assert caught.value.retryable


def test_a_packed_answer_is_refused(server, door):
    server.answers["/"] = ok(b"\x1f\x8b", "Content-Encoding: gzip")
    with pytest.raises(AnswerRefusedError):
        door.fetch(server.url("/"))


def test_ten_megabytes_pass_and_one_byte_more_does_not(server, door):
    server.answers["/"] = ok(bytes(SIZE_LIMIT))
    assert len(door.fetch(server.url("/"))) == SIZE_LIMIT
    server.answers["/"] = ok(bytes(SIZE_LIMIT + 1))
    with pytest.raises(AnswerTooLargeError):
        door.fetch(server.url("/"))


def test_what_comes_in_chunks_is_counted_as_it_comes(server, door):
    def endless():
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        while True:
            yield b"100000\r\n" + bytes(0x100000) + b"\r\n"

    server.answers["/"] = endless()
    with pytest.raises(AnswerTooLargeError):
        door.fetch(server.url("/"))


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"short"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nshor"],
        [b"HTTP/1.1 200 OK\r\nContent-Le"],
        [b"nothing of HTTP\r\n\r\n"],
        [],
    ],
)
def test_an_answer_that_was_cut_is_no_answer(server, door, pieces):
    server.answers["/"] = pieces
    with pytest.raises(ServerUnreachableError) as caught:
        door.fetch(server.url("/"))
    assert caught.value.retryable


@pytest.fixture
def hurried(monkeypatch):
    """Shorten the time allowed: what is tried is that it ends, not how long it is."""
    monkeypatch.setattr(outgoing, "SECONDS", 0.3)


def dripping(*first: bytes):
    """Send the beginning, then a byte now and then, for ever."""
    yield from first
    stop = threading.Event()
    while not stop.wait(0.02):
        yield b"x"


@pytest.mark.parametrize(
    "first",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nX-Drip: "],
        [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"],
    ],
    ids=["body", "headers", "body-without-end"],
)
@pytest.mark.usefixtures("hurried")
def test_a_server_that_drops_a_byte_now_and_then_is_left_in_time(server, door, first):
    server.answers["/"] = dripping(*first)
    with pytest.raises(ServerTooSlowError) as caught:
        door.fetch(server.url("/"))
    assert caught.value.retryable


@pytest.mark.usefixtures("hurried")
def test_a_server_that_says_nothing_is_left_in_time(server, door):
    server.answers["/"] = (b"" for _ in [0] if not threading.Event().wait(20))
    with pytest.raises(ServerTooSlowError):
        door.fetch(server.url("/"))


@pytest.mark.usefixtures("hurried")
def test_a_resolver_that_says_nothing_is_left_in_time():
    def silent(_host: str, _port: int) -> list[str]:
        threading.Event().wait(20)
        return []

    door = Outgoing(["lists.example"], resolve=silent)
    with pytest.raises(ServerTooSlowError):
        door.fetch("https://lists.example/")


def test_a_name_without_address_and_a_port_without_server_can_be_tried_again(door):
    nowhere = Outgoing(["lists.example"], resolve=lambda *_: [])
    with pytest.raises(ServerUnreachableError) as caught:
        nowhere.fetch("https://lists.example/")
    assert caught.value.retryable
    with serving() as gone:
        url = gone.url("/")
    with pytest.raises(ServerUnreachableError):
        door.fetch(url)


def test_tls_is_verified_against_the_name_that_was_asked_for(tmp_path):
    tls = tls_for("lists.example", tmp_path)
    with serving(tls.server) as server:
        server.answers["/"] = ok(b"proved")
        hosts = ["lists.example", "other.example"]
        door = Outgoing(hosts, loopback=True, tls=tls.client, resolve=lambda *_: [HOME])
        assert door.fetch(server.url("/", "lists.example", "https")) == b"proved"
        with pytest.raises(ServerIdentityError) as caught:
            door.fetch(server.url("/", "other.example", "https"))
        assert not caught.value.retryable
        stranger = Outgoing(hosts, loopback=True, resolve=lambda *_: [HOME])
        with pytest.raises(ServerIdentityError):
            stranger.fetch(server.url("/", "lists.example", "https"))
        assert len(server.asked) == 1


@pytest.mark.usefixtures("hurried")
def test_a_handshake_that_never_ends_is_left_in_time(server, tmp_path):
    tls = tls_for("lists.example", tmp_path)
    door = Outgoing(["lists.example"], loopback=True, tls=tls.client, resolve=lambda *_: [HOME])
    with pytest.raises(ServerTooSlowError):
        door.fetch(server.url("/", "lists.example", "https"))


def test_no_proxy_of_the_environment_is_used(server, door, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.answers["/"] = ok(b"direct")
    assert door.fetch(server.url("/")) == b"direct"


# --- a line: one address, asked again and again ---------------------------------------------------


def test_a_line_resolves_its_name_once_and_anew_after_a_failure():
    asked = []

    def resolve(host, port):
        asked.append((host, port))
        return [HOME]

    door = Outgoing(["lists.example"], loopback=True, resolve=resolve)
    with (
        tsa_serving(lambda question: question[::-1]) as server,
        closing(door.line(f"http://lists.example:{server.port}/tsa")) as line,
    ):
        assert [line.ask(b"abc", "text/plain") for _ in range(3)] == [b"cba"] * 3
        assert (len(asked), server.connections) == (1, 1)
        server.raw = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
        with pytest.raises(ServerBusyError):
            line.ask(b"abc", "text/plain")
        server.raw = None
        assert line.ask(b"abc", "text/plain") == b"cba"
        assert len(asked) == 2


def test_a_name_that_turns_private_after_a_failure_is_not_asked_there():
    found = [HOME]
    door = Outgoing(["lists.example"], loopback=True, resolve=lambda *_: found)
    with (
        tsa_serving(lambda question: question) as server,
        closing(door.line(f"http://lists.example:{server.port}/tsa")) as line,
    ):
        line.ask(b"abc", "text/plain")
        found[:] = ["10.0.0.1"]
        # The connection that was looked at serves on.
        assert line.ask(b"abc", "text/plain") == b"abc"
        server.raw = b""
        with pytest.raises(ServerUnreachableError):
            line.ask(b"abc", "text/plain")
        server.raw = None
        with pytest.raises(AddressRefusedError):
            line.ask(b"abc", "text/plain")
