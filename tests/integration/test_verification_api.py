"""Files verified for other programs, by a real server: the same answers as the command's."""

import asyncio
import json
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest
from support.house import ROOT
from support.letters import encrypted, letter
from support.pages import code_picture, sealed
from support.sealers import town
from support.site import serving
from support.spoken import validator

from cli.main import run
from cli.verifications import ChildJudge
from verifier.web.problems import JudgeStoppedError
from verifier.web.verifications import BusyError, Desk, Visits

PATH = "/api/v1/verifications"
NAME = "avis-de-claire-dupont.pdf"


@contextmanager
def opened(folder: Path, **more: int):
    """Serve with the API open, believing the tests' town."""
    rows = {"open": "true", "per_minute": 1_000, **more}
    told = "\n".join(f"{name} = {value}" for name, value in rows.items())
    config = folder / "coffre.toml"
    trust = json.dumps([str(town()[1] / "trust")])
    config.write_text(f'mode = "test"\ntrust = {trust}\n[verifications]\n{told}\n')
    with serving(folder / "data", config) as served, served.client() as http:
        yield served, http


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Give one site for the tests that do not count."""
    with opened(tmp_path_factory.mktemp("site")) as both:
        yield both


def altered() -> bytes:
    """Give a sealed letter of which one bit was changed."""
    data = bytearray(sealed().pdf)
    data[700] ^= 1
    return bytes(data)


def by_command(data: bytes, folder: Path):
    """Give the verdict of the command on the same file."""
    path = folder / "given"
    path.write_bytes(data)
    with (folder / "out").open("w+") as out, (folder / "err").open("w") as err:
        words = ["verify", str(path), "--json", "--trust", str(town()[1] / "trust")]
        run(words, {**os.environ, "COFFRE_LANG": "fr"}, out, err)
        out.seek(0)
        return json.loads(out.read())


def comparable(verdict):
    """Leave out what changes with the hour and the name."""
    return {name: row for name, row in verdict.items() if name not in {"at", "file"}}


FILES = {
    "sealed": lambda: sealed().pdf,
    "altered": altered,
    "picture": code_picture,
    "nothing": letter,
}


@pytest.mark.parametrize("name", FILES)
def test_a_program_gets_the_verdict_of_the_command(site, tmp_path, name):
    data = FILES[name]()
    answer = site[1].post(PATH, content=data, headers={"content-type": "application/pdf"})
    assert answer.status_code == 200
    validator("verdict").validate(answer.json())
    assert comparable(answer.json()) == comparable(by_command(data, tmp_path))
    assert answer.json()["file"] == "-"
    assert answer.headers["cache-control"] == "no-store"


def test_a_form_brings_the_same_and_its_language_is_the_caller_s(site):
    form = {"note": ("n.txt", b"x"), "file": (NAME, altered(), "application/pdf")}
    answer = site[1].post(PATH, files=form, headers={"accept-language": "en"})
    assert (answer.status_code, answer.json()["summary"]) == (200, "Forged or altered")


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"", {}, 422, "verifier.file-empty"),
        (b"bonjour", {}, 415, "verifier.file-unknown"),
        (b"%PDF-1.7 nothing more", {}, 422, "verifier.file-broken"),
        (encrypted(letter()), {}, 422, "verifier.file-encrypted"),
        (b"%PDF" + bytes(21 << 20), {}, 413, "request.too-large"),
        (b"x", {"content-type": "multipart/form-data"}, 400, "verification.form"),
        (b"x", {"content-type": "multipart/form-data; boundary=a"}, 400, "verification.form"),
        (b"--a--\r\n", {"content-type": "multipart/form-data; boundary=a"}, 400, None),
        (sealed().pdf, {"origin": "https://elsewhere.example"}, 403, "request.foreign-origin"),
    ],
)
def test_what_cannot_be_judged_is_refused_and_never_a_verdict(site, content, headers, status, code):
    answer = site[1].post(PATH, content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == (code or "verification.form")
    assert "indication" not in answer.json()


def test_a_body_that_does_not_say_its_length_is_counted_all_the_same(site):
    pieces = (bytes(1 << 20) for _ in range(22))
    assert site[1].post(PATH, content=pieces).status_code == 413


def test_nothing_of_a_file_is_kept_or_logged(site):
    served, http = site
    http.post(PATH, files={"file": (NAME, letter())})
    folder = served.parts.settings.data.parent
    before = everything(folder)
    answer = http.post(PATH, files={"file": (NAME, sealed().pdf, "application/pdf")})
    assert answer.json()["indication"] == "TOTAL-PASSED"
    assert everything(folder) == before
    log = served.logged.getvalue()
    assert PATH in log
    for secret in ("avis", "dupont", "DUPONT", "LILAS"):
        assert secret not in log


def everything(folder: Path):
    """Give every file below a folder, but for the database's own log."""
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".sqlite" not in path.name
    }


def test_an_address_asks_so_many_times_a_minute(tmp_path):
    no_form = {"content": b"x", "headers": {"content-type": "multipart/form-data"}}
    with opened(tmp_path, per_minute=2) as (served, http):
        assert [http.post(PATH, **no_form).status_code for _ in range(3)] == [400, 400, 429]
        refused = http.post(PATH, **no_form)
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert refused.json()["code"] == "verification.too-many"
        served.clock.forward(minutes=1)
        assert http.post(PATH, **no_form).status_code == 400


@pytest.mark.parametrize(
    "program",
    [
        "true",
        "head -c 9; sleep 60",
        "sleep 60 & sleep 60",
        r"printf '\0\0\0\0\0\0\0\1x'; cat",
        r"printf '\0\0\0\0\0\0\0\0'; cat",
    ],
    ids=["dies", "half", "hangs", "no JSON", "its child died"],
)
def test_a_judge_that_does_not_answer_is_ended_and_no_verdict_is_given(program, tmp_path):
    leader = tmp_path / "leader"
    words = ("sh", "-c", f"echo $$ > {leader}; {program}")

    async def story():
        judge = ChildJudge(tmp_path, None, seconds=1, program=words)
        with pytest.raises(JudgeStoppedError):
            await judge(letter(), "fr")
        await judge.close()

    asyncio.run(asyncio.wait_for(story(), 30))
    until = monotonic() + 20
    while alive := of_session(leader.read_text().strip()):
        assert monotonic() < until, alive


def of_session(leader):
    """Give the processes of a session that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, *_, session = path.read_text().rsplit(")", 1)[1].split()[:4]
            found += [path.parent.name] if session == leader and state != "Z" else []
    return found


def test_it_is_closed_unless_the_settings_open_it(tmp_path):
    with serving(tmp_path) as served, served.client() as http:
        assert http.post(PATH, content=letter()).status_code == 404
        assert PATH not in http.get("/openapi.json").json()["paths"]


def test_openapi_says_what_comes_and_what_is_answered(site):
    told = site[1].get("/openapi.json").json()["paths"][PATH]["post"]
    assert "application/pdf" in told["requestBody"]["content"]
    answer = told["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["properties"]["indication"]["enum"][0] == "TOTAL-PASSED"
    schema = json.loads((ROOT / "cli/schemas/verdict.schema.json").read_text("utf-8"))
    assert answer["required"] == schema["required"]


def test_files_wait_for_their_turn_and_too_many_are_told_to_come_back():
    """At the desk of one: one is judged, four may wait, the sixth is told at once."""

    async def story():
        begun, go = [], asyncio.Event()

        async def judge(document: bytes, _lang: str):
            begun.append(document)
            await go.wait()
            return {}

        desk = Desk(judge, 1, Visits(100), patience=0.2)

        async def ask(number: int):
            async with desk.place():
                return await desk.judged(bytes([number]), "fr")

        asked = [asyncio.create_task(ask(number)) for number in range(6)]
        done, _ = await asyncio.wait(asked, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        [sixth] = done
        assert isinstance(sixth.exception(), BusyError)
        await asyncio.wait(asked[1:5])  # their patience ends: nobody waits for ever
        assert all(isinstance(one.exception(), BusyError) for one in asked[1:5])
        go.set()
        assert await asked[0] == {}
        assert await ask(7) == {}
        return begun

    assert asyncio.run(story()) == [b"\x00", b"\x07"]
