"""The real process: `coffre serve`, killed and stopped; and two devices at once."""

import json
import os
import random
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import pytest
from support.budget import cases
from support.person import Parcel, Person, new_id
from support.safe import dump
from support.site import Device, Served, decoded, serving

from storage.database import open_engine, reading
from storage.journal import check

ROOT = Path(__file__).parents[3]


@contextmanager
def process(folder):
    """Run `coffre serve` on a free port; give its address and the process."""
    command = "import sys; from cli.main import app; app()"
    running = subprocess.Popen(
        [sys.executable, "-c", command, "serve", "--data", str(folder), "--port", "0"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert running.stderr is not None
        assert running.stdout is not None
        address = re.search(r"http://\S+", running.stderr.readline())
        assert address is not None
        while json.loads(running.stdout.readline())["event"] != "server.started":
            pass
        yield address[0], running
    finally:
        if running.poll() is None:
            running.kill()
        running.communicate()


def device_of(address: str, person: Person) -> Device:
    far = SimpleNamespace(client=lambda: httpx2.Client(base_url=address, timeout=30))
    return Device(cast("Served", far), person)


def test_it_stops_when_asked_and_says_so(tmp_path):
    with process(tmp_path / "data") as (address, running):
        assert httpx2.get(f"{address}/health/ready").json() == {"status": "ready", "reasons": []}
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=30)
    assert running.returncode in {0, -signal.SIGTERM}
    events = [json.loads(line)["event"] for line in out.splitlines()]
    assert events[-1] == "server.stopped"
    assert "Traceback" not in err


def upload_until_it_dies(device: Device, kept: list[tuple[str, bytes]]) -> None:
    """Store documents; remember those that were acknowledged."""
    try:
        while True:
            parcel, document = Parcel(), new_id()
            n, head = device.person.n, device.person.head
            device.send(device.announce(parcel).raise_for_status().json(), parcel.content)
            body = device.operation(put=device.put_change(parcel, document))
            answer = device.op(body)
            if answer.status_code == 201:
                kept.append((document, parcel.content))
            else:
                device.person.n, device.person.head = n, head
    except httpx2.TransportError:
        return


@pytest.mark.timeout(600)
def test_kill_9_of_the_server_loses_no_acknowledged_document(tmp_path):
    moments = random.Random(7)  # noqa: S311 - a replayable choice
    person = Person()
    kept: list[tuple[str, bytes]] = []
    rounds = cases(ci=5, slow=200, fast=2)
    for turn in range(rounds):
        with process(tmp_path / "data") as (address, running):
            device = device_of(address, person)
            assert (device.login() if turn else device.enrol()).is_success
            account = device.http.get("/api/v1/account").json()
            assert len(kept) <= account["head_n"] <= len(kept) + turn
            person.n, person.head = account["head_n"], decoded(account["head"])
            enough = len(kept) + moments.randint(1, 6)
            writer = Thread(target=upload_until_it_dies, args=(device, kept))
            writer.start()
            while len(kept) < enough and writer.is_alive():
                writer.join(0.002)
            running.kill()
            writer.join()
            device.http.close()
        check_journal(tmp_path / "data")
    with process(tmp_path / "data") as (address, _):
        device = device_of(address, person)
        device.login()
        for document, content in kept:
            answer = device.http.get(f"/api/v1/vault/documents/{document}").json()
            link = answer["versions"][0]["download"]["url"]
            assert device.http.get(link).content == content
        device.http.close()
    assert len(kept) >= rounds


def check_journal(folder: Path) -> None:
    engine = open_engine(f"sqlite:///{folder}/coffre.sqlite")
    with reading(engine) as session:
        check(session)
    engine.dispose()


def send_all(pairs: list[tuple[Device, dict[str, Any]]]) -> list[httpx2.Response]:
    """Send several operations at once."""
    answers: list[httpx2.Response] = []
    threads = [
        Thread(target=lambda device, body: answers.append(device.op(body)), args=pair)
        for pair in pairs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_two_devices_that_write_at_once_exactly_one_wins_each_turn(tmp_path):
    with serving(tmp_path) as served:
        person = Person()
        first = Device(served, person)
        first.enrol()
        second = Device(served, person)
        second.login()
        for _ in range(cases(ci=20, slow=200, fast=5)):
            n, head = person.n, person.head
            pairs = []
            for device in (first, second):
                person.n, person.head = n, head
                pairs.append((device, device.operation()))
            won, lost = sorted(send_all(pairs), key=lambda answer: answer.status_code)
            assert (won.status_code, lost.status_code) == (201, 409)
            assert lost.json()["head"] == won.json()["head"]
            person.head = decoded(won.json()["head"])
        first.http.close()
        second.http.close()


def test_reading_changes_nothing(tmp_path):
    with serving(tmp_path) as served:
        device = Device(served, Person())
        device.enrol()
        _, document = device.store()
        database = served.parts.site.engine
        before = dump(database)
        for path in (
            "account", "keys", "vault/ops", "vault/documents", f"vault/documents/{document}",
            f"directory/{device.person.account}", "accounts", "session", "vault/uploads", "absent",
        ):  # fmt: skip
            for method in ("GET", "HEAD", "OPTIONS", "TRACE"):
                device.http.request(method, f"/api/v1/{path}")
        assert dump(database) == before
        device.http.close()


def test_ctrl_c_stops_it_too(tmp_path):
    with process(tmp_path / "data") as (_, running):
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
    assert running.returncode in {0, 130, -signal.SIGINT}
