"""A watched folder while its authority or its token is away: letters wait, and are then sealed."""

import os
import signal
import socket
import sys
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from threading import Event

import pytest
from support.authorities import certomancer
from support.budget import cases
from support.hot_folders import Hot
from support.sealers import town
from support.tokens import NAMES, PIN
from support.tsa_server import tsa_serving

from verifier.checks.seal.pades import check_seals
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Mode

TRIED = cases(ci=2, slow=2, fast=1)
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
COFFRE = [sys.executable, "-c", "from cli.main import app; app()", "batch", "watch"]


@pytest.fixture
def hot(tmp_path):
    return Hot(tmp_path)


def settings(name: str, changes: dict[str, str]) -> Path:
    """Write the town's settings with some changes."""
    text = (town()[1] / "coffre.toml").read_text("utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = town()[1] / name
    path.write_text(text, "utf-8")
    return path


@contextmanager
def watching(hot, config, *words, code=0, stopping=False, **environ):
    """Watch a folder as an operator does, and end it; it must give this exit code.

    `stopping`: it is asked to end within the block.
    """
    folders = [str(hot.into), "--out", str(hot.out), "--config", str(config), "--settle", "0.2"]
    running = Popen(
        [*COFFRE, *folders, *words],
        env=os.environ | {"COFFRE_LANG": "fr"} | environ,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        text=True,
    )
    with running:
        try:
            yield running
            if not stopping:
                running.send_signal(signal.SIGTERM)
            running.communicate(timeout=60)
            assert running.returncode == code
        finally:
            running.kill()


def hear(stream, part):
    """Read lines until one has these words; give all of them."""
    lines: list[str] = []
    while not lines or part not in lines[-1]:
        line = stream.readline()
        assert line, lines
        lines.append(line)
    return lines


def require_waiting(hot, waiting, sealed):
    """Require that letters are where they arrived, or in hand, and nothing was refused."""
    there = hot.there() | (hot.there("en-cours") if (hot.into / "en-cours").exists() else set())
    assert {name for name in there if name.endswith(".pdf")} == waiting
    assert not list(hot.into.glob("refus/*"))
    assert {path.name for path in hot.out.glob("*.pdf")} == sealed


def answering(question):
    """Answer as a true authority that knows what time it is."""
    return certomancer(at=datetime.now(UTC))(question)


def require_stamped(hot, names):
    """Require seals at B-T to our verifier."""
    trust = read_trust([town()[1] / "trust"], Mode.TEST)
    for name in names:
        [seal] = check_seals((hot.out / name).read_bytes(), trust, datetime.now(UTC))
        assert str(seal.level) == "B-T"


def test_letters_wait_for_an_authority_that_is_busy_and_are_sealed_once_it_answers(hot):
    with tsa_serving(answering) as tsa:
        config = settings("busy.toml", {'"demo:"': f'"{tsa.url}"'})
        wanted = {"first.pdf": hot.put("first.pdf", "first")}
        with watching(hot, config, "--level", "B-T") as running:
            assert hear(running.stdout, "scellée : ") == ["scellée : first.pdf\n"]
            tsa.raw = BUSY
            wanted["a.pdf"] = hot.put("a.pdf")
            told = hear(running.stderr, "nouvel essai dans")[-1]
            wanted["b.pdf"] = hot.put("b.pdf", "b")
            assert "aucun serveur d'horodatage ne répond (127.0.0.1)" in told
            require_waiting(hot, {"a.pdf", "b.pdf"}, {"first.pdf"})
            tsa.raw = None
            hear(running.stdout, "scellée : a.pdf")
            hear(running.stdout, "scellée : b.pdf")
    hot.require_exactly_once(wanted)
    require_stamped(hot, wanted)


def test_letters_wait_for_an_authority_that_is_gone_and_are_sealed_once_it_is_there(hot):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = settings("gone.toml", {'"demo:"': f'"http://127.0.0.1:{port}/tsa"'})
    wanted = {"a.pdf": hot.put("a.pdf")}
    with watching(hot, config, "--level", "B-T") as running:
        hear(running.stderr, "aucun serveur d'horodatage ne répond (127.0.0.1)")
        require_waiting(hot, {"a.pdf"}, set())
        with tsa_serving(answering, port=port):
            hear(running.stdout, "scellée : a.pdf")
    hot.require_exactly_once(wanted)
    require_stamped(hot, wanted)


@pytest.mark.parametrize("since", ["a letter", "the start"][:TRIED])
def test_letters_wait_for_a_token_and_are_sealed_once_it_is_back(hot, token, since):
    keys = {f'"signers/{name}.key.pem"': f'"{token.uri(name)}"' for name in NAMES}
    config, wanted = settings("token.toml", keys), {}
    environ = {"COFFRE_PIN": PIN, "COFFRE_DATA": str(token.folder / "data")}
    with ExitStack() as stack:
        away = stack.enter_context(ExitStack())
        if since == "the start":
            away.enter_context(token.removed())
        running = stack.enter_context(watching(hot, config, **environ))
        if since == "a letter":
            wanted["first.pdf"] = hot.put("first.pdf", "first")
            hear(running.stdout, "scellée : first.pdf")
            away.enter_context(token.removed())
        wanted["a.pdf"] = hot.put("a.pdf")
        told = hear(running.stderr, "nouvel essai dans")[-1]
        assert "le module matériel de « seal-" in told
        require_waiting(hot, {"a.pdf"}, set(wanted) - {"a.pdf"})
        away.close()
        hear(running.stdout, "scellée : a.pdf")
    hot.require_exactly_once(wanted)


def test_a_stop_while_an_authority_is_asked_in_vain_ends_in_order(hot):
    asked, stopped = Event(), Event()

    def slow(_question):
        asked.set()
        stopped.wait(60)
        return b""

    with tsa_serving(answering) as tsa:
        config = settings("slow.toml", {'"demo:"': f'"{tsa.url}"'})
        wanted = {"first.pdf": hot.put("first.pdf", "first")}
        with watching(hot, config, "--level", "B-T", stopping=True) as running:
            hear(running.stdout, "scellée : first.pdf")
            tsa.answer = slow
            wanted["a.pdf"] = hot.put("a.pdf")
            assert asked.wait(60)
            running.send_signal(signal.SIGTERM)
            tsa.raw = BUSY
            stopped.set()
        require_waiting(hot, {"a.pdf"}, {"first.pdf"})
        tsa.raw, tsa.answer = None, answering
        with watching(hot, config, "--level", "B-T") as running:
            hear(running.stdout, "scellée : a.pdf")
    hot.require_exactly_once(wanted)


NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
MAINTENANCE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"


@pytest.mark.parametrize("raw", [MAINTENANCE, NOT_FOUND][:TRIED])
def test_letters_wait_where_something_else_answers_in_the_authority_s_place(hot, raw):
    with tsa_serving(answering) as tsa:
        tsa.raw = raw
        config = settings("else.toml", {'"demo:"': f'"{tsa.url}"'})
        wanted = {name: hot.put(name, name) for name in ("a.pdf", "b.pdf")}
        with watching(hot, config, "--level", "B-T") as running:
            told = hear(running.stderr, "nouvel essai dans")[-1]
            assert "aucun serveur d'horodatage ne répond (127.0.0.1)" in told
            require_waiting(hot, {"a.pdf", "b.pdf"}, set())
            tsa.raw = None
            hear(running.stdout, "scellée : a.pdf")
            hear(running.stdout, "scellée : b.pdf")
    hot.require_exactly_once(wanted)
