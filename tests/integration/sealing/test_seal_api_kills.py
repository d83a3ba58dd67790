"""The site and its sealing process, killed at any moment: each letter is sealed exactly once.

The oracle reads the disk and asks again; it knows nothing of how work is taken up.
"""

import hashlib
import os
import random
import signal
import sqlite3
import time
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import httpx2
import pytest
from support.budget import cases
from support.letters import letter
from support.seal_api import SEALS, new_key, site

PDF = letter()


class Posting:
    """An application that posts letter after letter, and tries each until it is answered."""

    def __init__(self) -> None:
        """Begin with nothing posted."""
        self.done: dict[str, dict[str, Any]] = {}
        self.begun: list[str] = []
        self.over = Event()

    def run(self, application) -> None:
        """Post until told, or until nobody answers; the letter in hand is kept in mind."""
        while not self.over.is_set():
            unanswered = [name for name in self.begun if name not in self.done]
            name = unanswered[0] if unanswered else f"letter {len(self.begun)}"
            if not unanswered:
                self.begun.append(name)
            with suppress(httpx2.TransportError):
                answer = application.seal(PDF + f"% {name}".encode(), repeated=name)
                assert answer.status_code in {201, 202, 503}, answer.text
                if answer.status_code == 201:
                    self.done[name] = answer.json()
                continue
            return


def kill(identifier: int) -> None:
    """Kill one process, by its id."""
    with suppress(ProcessLookupError):
        os.kill(identifier, signal.SIGKILL)


@pytest.mark.timeout(900)
def test_kill_9_of_either_process_leaves_each_letter_sealed_once(tmp_path):
    moments = random.Random(11)  # noqa: S311 - a replayable choice
    key, posting = new_key(tmp_path), Posting()
    kills, left = 0, cases(ci=5, slow=100, fast=2)
    while left:
        with site(tmp_path) as running:
            posting.over.clear()
            writer = Thread(target=posting.run, args=(running.client(key.text),))
            writer.start()
            for of_site in (False, moments.random() < 0.5, True):
                enough = len(posting.done) + moments.randint(1, 4)
                while len(posting.done) < enough and writer.is_alive():
                    time.sleep(0.01)
                time.sleep(moments.random() * 0.15)
                children = running.children()
                for each in [running.process.pid] if of_site or not children else children:
                    kill(each)
                    kills, left = kills + 1, max(0, left - 1)
                if of_site or not left:
                    break
            posting.over.set()
            writer.join(60)
            assert not writer.is_alive()
    with site(tmp_path) as running:
        require_exactly_once(running, running.client(key.text), posting)
    assert kills >= 2


def require_exactly_once(running, application, posting):
    """Require one seal for each letter that was begun, and none besides."""
    told = {}
    for name in posting.begun:
        told[name] = application.collected(PDF + f"% {name}".encode(), name)
        if name in posting.done:
            assert told[name]["id"] == posting.done[name]["id"], name
            assert told[name]["sha256"] == posting.done[name]["sha256"], name
    for name, one in told.items():
        sealed = application.get(one["pdf"]).content
        assert hashlib.sha256(sealed).hexdigest() == one["sha256"]
        assert sealed.startswith(PDF + f"% {name}".encode())
        assert sealed.count(b"/ByteRange") == 1
    room = running.data / "sealing" / "letters"
    assert len(list((room / "out").glob("*.pdf"))) == len(told)
    assert list((room / "in").iterdir()) == []
    assert list((room / "out" / ".coffre" / "pending").iterdir()) == []
    with sqlite3.connect(room / "out" / ".coffre" / "ledger.sqlite3") as ledger:
        states = ledger.execute("SELECT state, count(DISTINCT seal) FROM batch_item").fetchall()
    ledger.close()
    assert states == [("published", len(told))]


def test_a_sealing_process_that_dies_is_replaced(tmp_path):
    key = new_key(tmp_path)
    with site(tmp_path) as running:
        application = running.client(key.text)
        application.collected(PDF, "before")
        [child] = running.children()
        kill(child)
        application.collected(PDF, "after")
        assert child not in running.children()


def test_the_end_of_the_site_is_that_of_its_sealing_process(tmp_path):
    key = new_key(tmp_path)
    with site(tmp_path) as running:
        running.client(key.text).collected(PDF, "one")
        [child] = running.children()
        kill(running.process.pid)
        until = time.monotonic() + 20
        while os.path.exists(f"/proc/{child}/exe") and time.monotonic() < until:  # noqa: PTH110
            time.sleep(0.05)
        assert not os.path.exists(f"/proc/{child}/exe")  # noqa: PTH110


def test_without_a_signer_nothing_is_taken(tmp_path):
    key, config = new_key(tmp_path / "data"), tmp_path / "coffre.toml"
    config.write_text("")
    with site(tmp_path / "data", config) as running:
        answer = running.client(key.text).seal(PDF)
        assert (answer.status_code, answer.json()["code"]) == (503, "office.away")
        assert answer.headers["retry-after"]
        assert running.children() == []
        assert SEALS in running.client(key.text).http.get("/openapi.json").json()["paths"]
