"""Mailings sealed by the API, asked of `coffre serve` as a business application asks it."""

import io
import json
import os
import random
import signal
import stat
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from support.budget import cases
from support.letters import FIELDS, encrypted, letter
from support.seal_api import MAILINGS, new_key, site
from support.sealers import town

PDF = letter()
CODE = {"code": {"kind": "twoddoc", "type": "00"}}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    data = tmp_path_factory.mktemp("api") / "data"
    key = new_key(data, letters_a_day=5_000)
    with site(data) as running:
        yield running, running.client(key.text)


@pytest.fixture
def application(running):
    return running[1]


def listing(*rows: str, columns: str = "file") -> tuple[str, tuple[str, bytes]]:
    """Give the part that is the list."""
    return "letters", ("letters.csv", "\n".join([columns, *rows, ""]).encode())


def pdf(name: str, content: bytes = PDF) -> tuple[str, tuple[str, bytes]]:
    """Give the part that is a letter."""
    return "pdf", (name, content)


def archive(**files: bytes) -> bytes:
    """Make an archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return written.getvalue()


def opened(content: bytes) -> dict[str, bytes]:
    """Read an archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def rooms(running) -> list[Path]:
    """Give the folders of all mailings."""
    return sorted((running[0].data / "sealing" / "mailings").iterdir())


def test_a_mailing_comes_back_sealed_with_its_journal_and_report(application):
    columns = ";".join(["file", *FIELDS])
    rows = [";".join([name, *FIELDS.values()]) for name in ("a.pdf", "sud/b.pdf")]
    parts = [listing(*rows, columns=columns), pdf("a.pdf"), pdf("sud/b.pdf")]
    answer = application.post(parts, CODE)
    told = application.settled(answer)
    assert (told["state"], told["letters"], told["sealed"], told["waiting"]) == ("sealed", 2, 2, 0)
    files = opened(application.get(told["archive"]).content)
    assert set(files) == {"a.pdf", "sud/b.pdf", "journal.jsonl", "report.html"}
    assert files["a.pdf"].startswith(PDF)
    assert files["a.pdf"].count(b"/ByteRange") == 1
    journal = [json.loads(line) for line in application.get(told["journal"]).text.splitlines()]
    assert [row["file"] for row in journal] == ["a.pdf", "sud/b.pdf"]
    assert {row["state"] for row in journal} == {"sealed"}
    assert application.get(told["report"]).text.startswith("<!doctype html")
    one = application.get(f"{answer.headers['location']}/letters/2").content
    assert one == files["a.pdf"]
    assert application.get(f"{answer.headers['location']}/letters/9").status_code == 404


def test_one_archive_holds_all_and_the_same_again_is_the_same_mailing(running, application):
    whole = archive(**{"letters.csv": b"file\nx.pdf\n", "x.pdf": PDF})
    first = application.post([("archive", ("a.zip", whole))], {}, "zip")
    told = application.settled(first)
    assert (told["state"], told["sealed"]) == ("sealed", 1)
    before = rooms(running)
    again = application.post([("archive", ("b.zip", whole))], {}, "zip")
    assert (again.status_code, again.json()["id"]) == (202, told["id"])
    other = application.post([listing("x.pdf"), pdf("x.pdf")], {"level": "B-T"}, "zip")
    assert other.json()["code"] == "idempotency.key-reused"
    assert rooms(running) == before


def test_every_wrong_line_is_told_before_anything_is_sealed(application):
    rows = ["a.pdf;x", "absent.pdf;y", "../b.pdf;y", "a.pdf;"]
    order = {"code": {"kind": "towncode", "type": "1"}}
    parts = [listing(*rows, columns="file;nom"), pdf("a.pdf")]
    answer = application.checked(parts, order, "wrong lines")
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "batch.list-refused")
    found = {line["line"]: line["code"] for line in told["lines"]}
    assert found == {3: "batch.file-missing", 4: "batch.file-name", 5: "towncode.emission"}
    assert all(line["title"] for line in told["lines"])
    assert application.post(parts, order, "wrong lines").json()["lines"] == told["lines"]


def test_letters_that_cannot_be_sealed_stop_no_other(application):
    parts = [listing("a.pdf", "b.pdf"), pdf("a.pdf"), pdf("b.pdf", encrypted(PDF))]
    told = application.settled(application.post(parts, {}))
    assert (told["state"], told["sealed"], told["refused"]) == ("sealed", 1, 1)
    assert "failures.csv" in opened(application.get(told["archive"]).content)


LIST = {"letters.csv": b"file\na.pdf\n"}


def linked() -> bytes:
    """Make an archive with a link that leads out."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        entry = zipfile.ZipInfo("a.pdf")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(entry, "/etc/passwd")
        made.writestr("letters.csv", "file\na.pdf\n")
    return written.getvalue()


def twice() -> bytes:
    """Make an archive that names one file twice."""
    whole = archive(**{"a.pdf": PDF, "b.pdf": PDF, **LIST})
    return whole.replace(b"b.pdf", b"a.pdf")


WRONG = {
    "format": b"no archive",
    "cut": archive(**LIST, **{"a.pdf": PDF})[:-30],
    "climbs": archive(**LIST, **{"../../a.pdf": PDF}),
    "absolute": archive(**LIST, **{"/etc/a.pdf": PDF}),
    "ours": archive(**LIST, **{".coffre/ledger.sqlite3": PDF}),
    "bomb": archive(**LIST, **{"a.pdf": bytes(30 << 20)}),
    "link": linked(),
    "twice": twice(),
    "folder and file": archive(**LIST, **{"a": PDF, "a/b.pdf": PDF}),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_an_archive_that_would_harm_is_refused_whole(running, application, content):
    before = rooms(running)
    answer = application.post([("archive", ("a.zip", content))], {})
    assert (answer.status_code, answer.json()["code"]) == (422, "batch.archive")
    assert answer.json()["why"]
    assert rooms(running) == before
    assert list((running[0].data / "sealing" / "incoming").iterdir()) == []


FORMS = [
    ([listing("a.pdf"), pdf("../a.pdf")], 422, "batch.file-name"),
    ([listing("a.pdf"), pdf("/a.pdf")], 422, "batch.file-name"),
    ([pdf("a.pdf")], 400, "request.form"),
    ([listing("a.pdf"), listing("a.pdf")], 400, "request.form"),
    ([listing("a.pdf"), pdf("a.pdf"), pdf("a.pdf")], 400, "request.form"),
    ([listing("a.pdf"), pdf("a"), pdf("a/b.pdf")], 400, "request.form"),
    ([listing("a.pdf"), ("other", ("x", b"x"))], 400, "request.form"),
    ([listing()], 422, "batch.list-empty"),
    ([listing("a.pdf", columns="name"), pdf("a.pdf")], 422, "batch.list-column"),
    ([listing("a.pdf;1", columns="file;nom"), pdf("a.pdf")], 422, "batch.columns-without-code"),
]


@pytest.mark.parametrize(("parts", "status", "code"), FORMS)
def test_a_form_that_holds_no_mailing_is_told(application, parts, status, code):
    answer = application.checked(parts, {}, str(parts))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_a_mailing_that_is_dropped_is_stopped_and_erased(running, application):
    names = [f"{n}.pdf" for n in range(400)]
    whole = archive(
        **{"letters.csv": "\n".join(["file", *names]).encode()}, **dict.fromkeys(names, PDF)
    )
    answer = application.post([("archive", ("a.zip", whole))], {})
    place = answer.headers["location"]
    assert application.delete(place).status_code == 204
    assert application.get(place).json()["state"] in {"cancelled", "erased"}
    assert application.get(f"{place}/archive").status_code == 410
    before = [one for one in rooms(running) if (one / "out" / "0.pdf").exists()]
    until = time.monotonic() + 60
    while [one for one in before if one.exists()] and time.monotonic() < until:
        time.sleep(0.1)
    assert [one for one in before if one.exists()] == []


def test_another_service_s_mailing_is_answered_as_one_that_does_not_exist(running, application):
    place = application.post([listing("a.pdf"), pdf("a.pdf")], {}).headers["location"]
    stranger = running[0].client(new_key(running[0].data, service="voirie").text)
    for path in (place, f"{place}/archive", f"{MAILINGS}/{'A' * 22}"):
        assert stranger.get(path).json()["code"] == "commission.not-found"
    assert stranger.delete(place).status_code == 404


@pytest.fixture
def away():
    """Give settings whose time-stamp authority is not there."""
    path = town()[1] / "away.toml"
    text = (town()[1] / "coffre.toml").read_text("utf-8")
    path.write_text(text.replace('"demo:"', '"http://127.0.0.1:1/"'), "utf-8")
    return path


def test_with_the_authority_away_nothing_is_sealed_and_asking_again_works(tmp_path, away):
    key, stamped = new_key(tmp_path), {"level": "B-T"}
    with site(tmp_path, away) as running:
        application = running.client(key.text)
        application.collected(PDF, "warm")
        answer = application.seal(PDF, stamped, "later")
        assert (answer.status_code, answer.json()["code"]) == (503, "sealing.tsa-unavailable")
        assert answer.headers["retry-after"]
        posted = application.post([listing("a.pdf"), pdf("a.pdf")], stamped, "mailing")
        told = application.get(posted.headers["location"]).json()
        assert (told["state"], told["problem"]["code"]) == ("waiting", "sealing.tsa-unavailable")
    with site(tmp_path) as running:
        application = running.client(key.text)
        until, status = time.monotonic() + 60, 202
        while status == 202 and time.monotonic() < until:
            status = application.seal(PDF, stamped, "later").status_code
        assert status == 201
        told = application.settled(
            application.post([listing("a.pdf"), pdf("a.pdf")], stamped, "mailing")
        )
        assert (told["state"], told["sealed"], told.get("problem")) == ("sealed", 1, None)


def require_no_letter_as_it_came(mailings):
    until = time.monotonic() + 20
    while list(mailings.glob("*/in")) and time.monotonic() < until:
        time.sleep(0.05)
    assert list(mailings.glob("*/in")) == []


@pytest.mark.timeout(900)
def test_kill_9_leaves_each_letter_of_a_mailing_sealed_once(tmp_path):
    moments = random.Random(5)  # noqa: S311 - a replayable choice
    key, names = new_key(tmp_path), [f"{n}.pdf" for n in range(150)]
    parts = [listing(*names), *(pdf(name, PDF + f"% {name}".encode()) for name in names)]
    rounds = cases(ci=3, slow=60, fast=2)
    for turn in range(rounds):
        with site(tmp_path) as running:
            application = running.client(key.text)
            with suppress(Exception):
                answer = application.post(parts, {}, "one") if not turn else None
                assert answer is None or answer.status_code == 202
            time.sleep(moments.random() * 2)
            children = running.children()
            for each in [running.process.pid] if turn % 2 or not children else children:
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
    with site(tmp_path) as running:
        application = running.client(key.text)
        told = application.settled(application.post(parts, {}, "one"))
        assert (told["state"], told["sealed"]) == ("sealed", len(names))
        files = opened(application.get(told["archive"]).content)
        rows = [json.loads(line) for line in files["journal.jsonl"].splitlines()]
        assert sorted(row["file"] for row in rows) == sorted(names)
        assert {row["state"] for row in rows} == {"sealed"}
        assert len({row["id"] for row in rows}) == len(names)
        assert all(files[name].count(b"/ByteRange") == 1 for name in names)
        assert all(files[name].startswith(PDF + f"% {name}".encode()) for name in names)
        require_no_letter_as_it_came(running.data / "sealing" / "mailings")
