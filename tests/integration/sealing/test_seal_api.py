"""Letters sealed by the API, asked of `coffre serve` as a business application asks it."""

import hashlib
import io
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from datetime import UTC, datetime
from threading import Barrier, Thread, Timer
from typing import Any

import pytest
from asn1crypto import pem
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlmodel import func, select
from support.house import ROOT
from support.letters import FIELDS, encrypted, full_page, letter
from support.seal_api import MAILINGS, SEALS, TWODDOC, new_key, site
from support.sealers import town

from sealing.service.levels import Level
from storage.database import open_engine, reading
from storage.settings import Settings
from storage.tables.commissions import CommissionRow
from verifier.checks.seal.pades import check_seals
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Mode

PDF = letter()
PDF_OF_DUPONT = letter("MME DUPONT CLAIRE\n12 RUE DES LILAS\n69999 VALBOURG\nFR")
TOWN = {"code": {"kind": "towncode", "type": "1", "fields": {"nom": "DUPONT"}}}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    data = tmp_path_factory.mktemp("api") / "data"
    key = new_key(data, letters_a_day=500, most_mib=1)
    with site(data) as running:
        application = running.client(key.text)
        wait_for(application)
        yield running, application


def wait_for(application):
    """Have a first letter sealed: the sealing process is there then."""
    answer = application.seal(PDF, repeated="first")
    until = time.monotonic() + 90
    while answer.status_code == 202 and time.monotonic() < until:
        time.sleep(0.2)
        answer = application.seal(PDF, repeated="first")
    assert answer.status_code == 201, answer.text


@pytest.fixture
def application(running):
    return running[1]


def strangers(running, **terms):
    """Give an application with a key of its own terms."""
    made = new_key(running[0].data, **terms)
    return running[0].client(made.text)


def seals_of(pdf: bytes):
    trust = read_trust([town()[1] / "trust"], Mode.TEST)
    return check_seals(pdf, trust, datetime.now(UTC))


def count_of(running) -> int:
    engine = open_engine(f"sqlite:///{running[0].data}/coffre.sqlite")
    with reading(engine) as session:
        found = session.exec(select(func.count()).select_from(CommissionRow)).one()
    engine.dispose()
    return int(found)


def test_a_letter_comes_back_sealed_and_every_check_passes(application):
    answer = application.seal(PDF)
    told = answer.json()
    assert (answer.status_code, told["state"], told["level"]) == (201, "sealed", "B-B")
    assert answer.headers["location"] == f"{SEALS}/{told['id']}"
    sealed = application.get(told["pdf"])
    assert sealed.headers["content-type"] == "application/pdf"
    assert hashlib.sha256(sealed.content).hexdigest() == told["sha256"]
    assert sealed.content.startswith(PDF)
    [seal] = seals_of(sealed.content)
    assert all(check.has_passed for check in seal.checks)
    assert application.get(answer.headers["location"]).json()["id"] == told["id"]


@pytest.mark.parametrize("order", [TWODDOC, TOWN], ids=["2D-Doc", "town code"])
def test_a_letter_may_bear_a_code(application, order):
    pdf = PDF_OF_DUPONT
    answer = application.seal(pdf, order, Accept="application/pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/pdf")
    assert answer.content.startswith(pdf)
    assert answer.content.count(b"/ByteRange") == 1


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT, Level.B_LTA])
def test_a_letter_may_be_stamped(application, level):
    answer = application.seal(PDF, {"level": str(level)}, Accept="application/pdf")
    assert answer.status_code == 201, answer.text
    [seal] = seals_of(answer.content)
    assert seal.level == level


def test_the_same_request_again_gives_the_same_seal(running, application):
    first = application.seal(PDF, repeated="again")
    before = count_of(running)
    second = application.seal(PDF, repeated='"again"')
    assert (first.json(), first.status_code) == (second.json(), second.status_code)
    third = application.seal(PDF, repeated="again", Accept="application/pdf")
    assert hashlib.sha256(third.content).hexdigest() == first.json()["sha256"]
    assert count_of(running) == before


def test_of_two_requests_at_once_with_one_key_both_get_one_seal(running, application):
    before, gate, got = count_of(running), Barrier(2), []

    def ask(each):
        gate.wait()
        got.append(each.seal(PDF, repeated="race"))

    several = [application, running[0].client(application.key)]
    threads = [Thread(target=ask, args=(each,)) for each in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in got] == [201, 201]
    assert got[0].json() == got[1].json()
    assert count_of(running) == before + 1


def test_the_same_key_with_other_content_is_refused(application):
    assert application.seal(PDF, repeated="mine").status_code == 201
    for pdf, order in ((letter("autre"), None), (PDF, {"level": "B-T"})):
        answer = application.seal(pdf, order, repeated="mine")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.key-reused")


def test_where_nothing_was_sealed_the_key_is_free_for_the_letter_put_right(application):
    refused = application.seal(b"not a letter", repeated="put right")
    assert refused.json()["code"] == "sealing.pdf-unreadable"
    assert application.seal(b"not a letter", repeated="put right").json()["code"] == (
        "sealing.pdf-unreadable"
    )
    assert application.seal(PDF, repeated="put right").status_code == 201


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({}, "idempotency.key-missing"),
        ({"Idempotency-Key": ""}, "idempotency.key-form"),
        ({"Idempotency-Key": '""'}, "idempotency.key-form"),
        ({"Idempotency-Key": "x" * 256}, "idempotency.key-form"),
    ],
)
def test_a_request_wants_its_idempotency_key(application, sent, code):
    headers = application.headers(None) | sent
    answer = application.http.post(SEALS, content=PDF, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def altered(key: str) -> list[str]:
    """Give what is no living key, in every way."""
    last = "0" if key[-1] != "0" else "1"
    return ["x", key[:-1], key[:-1] + last, key + "0", "coffre_sk_" + "0" * 36, key.lower()]


def test_whatever_is_wrong_with_a_key_the_answer_is_one(running, application):
    ended = strangers(running)
    answers = []
    for key in altered(application.key):
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "x"}
        answers.append(application.http.post(SEALS, content=PDF, headers=headers))
    headers = {"Authorization": f"Bearer {application.key}", "Cookie": "a=b"}
    answers.append(application.http.get(f"{SEALS}/{'A' * 22}", headers=headers))
    answers.append(application.http.get(f"{SEALS}/{'A' * 22}"))
    end_key(running, ended.key)
    answers.append(ended.seal(PDF))
    told = [{**answer.json(), "request": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [401] * len(answers)
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
    assert all(each == told[0] for each in told)


def end_key(running, text):
    from cli.wiring import assemble  # noqa: PLC0415 - as `coffre apikey end` does
    from sealing.service import api_keys  # noqa: PLC0415
    from storage.database import transaction  # noqa: PLC0415
    from storage.settings import Settings  # noqa: PLC0415

    parts = assemble(Settings(data=running[0].data), "http://127.0.0.1:1")
    with transaction(parts.site.engine) as session:
        api_keys.end(session, api_keys.find(session, text).id, datetime.now(UTC))
    parts.site.engine.dispose()


def test_a_key_allows_what_its_operator_said(running):
    narrow = strangers(running, signers=("seal-rsa",), levels=("B-B",), service="cantine")
    assert narrow.seal(PDF).status_code == 201
    told = narrow.seal(PDF, {"level": "B-T"})
    assert (told.status_code, told.json()["code"]) == (403, "api-key.level")
    told = narrow.seal(PDF, {"signer": "seal-p256"})
    assert (told.status_code, told.json()["code"]) == (403, "api-key.signer")


@pytest.mark.parametrize(
    ("signers", "order", "signs"),
    [
        (("seal-p256", "seal-rsa"), None, "seal-p256"),
        (("seal-rsa", "seal-p256"), None, "seal-rsa"),
        (("twoddoc-00", "seal-rsa", "seal-p256"), None, "seal-rsa"),
        (("seal-rsa", "seal-p256"), TOWN, "seal-p256"),
        (("seal-rsa", "seal-p256"), {"signer": "seal-p256"}, "seal-p256"),
    ],
    ids=["first", "not the settings' first", "first seal", "first on P-256", "asked for"],
)
def test_without_a_name_the_first_of_the_key_s_seals_that_may_sign_does(
    running, signers, order, signs
):
    narrow = strangers(running, signers=signers, service="sport")
    answer = narrow.seal(PDF_OF_DUPONT, order, Accept="application/pdf")
    assert answer.status_code == 201, answer.text
    wanted = Settings.load(town()[1] / "coffre.toml").signers[signs].certificate
    [sealed] = PdfFileReader(io.BytesIO(answer.content)).embedded_signatures
    assert sealed.signer_cert.dump() == pem.unarmor(wanted.read_bytes())[2]


def test_a_key_limited_to_signers_gets_no_other_signer_for_codes(running):
    narrow = strangers(running, signers=("seal-p256",), service="ecoles")
    told = narrow.seal(PDF, TWODDOC)
    assert (told.status_code, told.json()["code"]) == (422, "sealing.signer-unknown")


def test_a_service_has_so_many_letters_a_day(running):
    small = strangers(running, letters_a_day=1, service="musee")
    assert small.seal(PDF, repeated="one").status_code == 201
    told = small.seal(PDF)
    assert (told.status_code, told.json()["code"]) == (429, "api-key.daily-limit")
    assert told.headers["retry-after"]
    assert small.seal(PDF, repeated="one").status_code == 201


def test_another_service_s_letter_is_answered_as_one_that_does_not_exist(running, application):
    mine = application.seal(PDF).json()["id"]
    other = strangers(running, service="voirie")
    answers = [other.get(f"{SEALS}/{one}{end}") for one in (mine, "A" * 22) for end in ("", "/pdf")]
    answers += [other.delete(f"{SEALS}/{mine}")]
    told = [{**answer.json(), "request": ""} for answer in answers]
    assert all((each["status"], each) == (404, told[0]) for each in told)


def coded(kind: str, doc_type: str = "0", **fields: str) -> dict[str, Any]:
    """Give an order with a code."""
    return {"code": {"kind": kind, "type": doc_type, "fields": fields}}


WRONG: list[tuple[bytes, Any, int, str]] = [
    (b"", None, 422, "sealing.pdf-unreadable"),
    (b"%PDF-1.7\nnothing", None, 422, "sealing.pdf-unreadable"),
    (encrypted(PDF), None, 422, "sealing.pdf-encrypted"),
    (full_page(), TOWN, 422, "sealing.placement-full"),
    (PDF, TWODDOC | {"place": {"page": 3}}, 422, "sealing.page-out-of-range"),
    (PDF, coded("twoddoc", "ZZ"), 422, "twoddoc.type-not-for-towns"),
    (PDF, coded("twoddoc", "00", x="1"), 422, "twoddoc.emission"),
    (PDF, coded("towncode"), 422, "towncode.emission"),
    (PDF, coded("towncode", nom="MARTIN"), 422, "seal.page-disagrees"),
    (PDF, TOWN | {"signer": "seal-rsa"}, 422, "towncode.key-not-allowed"),
    (PDF, {"signer": "nobody"}, 422, "sealing.signer-unknown"),
    (PDF, {"level": "B-LTB"}, 422, "request.malformed"),
    (PDF, {"unknown": 1}, 422, "request.malformed"),
    (PDF, {"place": {"x": 3}}, 422, "request.malformed"),
    (PDF + b"\n" * (1 << 20), None, 413, "request.too-large"),
]  # fmt: skip


@pytest.mark.parametrize(("pdf", "order", "status", "code"), WRONG, ids=[row[3] for row in WRONG])
def test_what_cannot_be_sealed_is_told_by_its_code(application, pdf, order, status, code):
    answer = application.seal(pdf, order)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (status, code), told
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["type"] == f"urn:coffre:problem:{code}"
    if code.endswith(".emission"):
        assert told["parts"]
        assert all(part["rule"] for part in told["parts"])


def test_a_problem_is_told_in_the_language_that_is_asked_for(application):
    told = application.seal(encrypted(PDF), **{"Accept-Language": "en"}).json()
    assert told["title"] == "This PDF is protected by a password."


def test_a_body_that_says_itself_too_long_is_refused_before_it_is_read(running, application):
    host, port = running[0].address.removeprefix("http://").split(":")
    lines = [
        f"POST {SEALS} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {application.key}",
        "Idempotency-Key: long", "Content-Type: application/pdf", "Content-Length: 99999999",
    ]  # fmt: skip
    with socket.create_connection((host, int(port)), 30) as raw:
        raw.sendall("\r\n".join([*lines, "", ""]).encode())
        assert b" 413 " in raw.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize("of_form", [False, True])
def test_an_upload_cut_half_way_leaves_nothing(running, application, of_form):
    before = count_of(running)
    host, port = running[0].address.removeprefix("http://").split(":")
    kind = "multipart/form-data; boundary=cut" if of_form else "application/pdf"
    body = b'--cut\r\nContent-Disposition: form-data; name="letter"\r\n\r\n' if of_form else b""
    lines = [
        f"POST {SEALS} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {application.key}",
        "Idempotency-Key: cut", f"Content-Type: {kind}", "Content-Length: 100000",
    ]  # fmt: skip
    with socket.create_connection((host, int(port)), 30) as raw:
        raw.sendall("\r\n".join([*lines, "", ""]).encode() + body + PDF)
        time.sleep(0.3)
    require_nothing_on_its_way(running)
    assert count_of(running) == before


def require_nothing_on_its_way(running):
    incoming, until = running[0].data / "sealing" / "incoming", time.monotonic() + 20
    while list(incoming.iterdir()) and time.monotonic() < until:
        time.sleep(0.05)
    assert list(incoming.iterdir()) == []


PART = b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n1'
BOUNDARY = "multipart/form-data; boundary=x"
FORMS = [
    ("multipart/form-data", b""),
    (BOUNDARY, b"nothing of the kind"),
    (BOUNDARY, PART % b"a" + b"\r\n--x--\r\n"),
    (BOUNDARY, PART % b"letter"),
    (BOUNDARY, PART % b"letter" + b"\r\n" + PART % b"letter" + b"\r\n--x--\r\n"),
    (BOUNDARY, b"--x--\r\n"),
]


@pytest.mark.parametrize(("kind", "body"), FORMS)
def test_a_form_that_is_none_is_refused(running, application, kind, body):
    headers = application.headers("form") | {"Content-Type": kind}
    answer = application.http.post(SEALS, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "request.form")
    require_nothing_on_its_way(running)


def test_a_page_of_another_site_cannot_ask(application):
    for name, value in (("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")):
        answer = application.seal(PDF, **{name: value})
        assert (answer.status_code, answer.json()["code"]) == (403, "request.foreign-origin")


def test_the_routes_are_described_with_their_key_and_their_answers(application):
    told = application.http.get("/openapi.json").json()
    assert told["components"]["securitySchemes"] == {"apiKey": {"type": "http", "scheme": "bearer"}}
    for path in (SEALS, MAILINGS):
        route = told["paths"][path]["post"]
        assert route["security"] == [{"apiKey": []}]
        assert [each["name"] for each in route["parameters"]] == ["Idempotency-Key"]
        assert "multipart/form-data" in route["requestBody"]["content"]
        assert {"202", "422"} <= set(route["responses"])
    assert {"SealAnswer", "MailingAnswer"} <= set(told["components"]["schemas"])


def test_a_service_erases_what_it_has_collected(running, application):
    told = application.seal(PDF, repeated="erase").json()
    assert application.delete(f"{SEALS}/{told['id']}").status_code == 204
    answers = [application.get(told["pdf"]), application.seal(PDF, repeated="erase")]
    assert [answer.json()["code"] for answer in answers] == ["commission.erased"] * 2
    assert application.get(f"{SEALS}/{told['id']}").json()["state"] == "erased"
    named = [path.name for path in (running[0].data / "sealing").rglob("*.pdf")]
    assert len(named) == len(set(named))


def test_the_letters_as_they_came_are_gone_once_they_are_sealed(running, application):
    application.seal(PDF, TWODDOC | {"code": {**TWODDOC["code"], "fields": FIELDS}})
    assert list((running[0].data / "sealing" / "letters" / "in").iterdir()) == []


def test_wrong_keys_are_throttled_and_a_right_one_never(tmp_path):
    right = new_key(tmp_path / "data")
    with site(tmp_path / "data") as running:
        stranger, application = (running.client(key) for key in ("coffre_sk_wrong", right.text))
        codes = [stranger.get(f"{SEALS}/{'A' * 22}").status_code for _ in range(40)]
        answer = application.get(f"{SEALS}/{'A' * 22}")
    assert (codes[0], codes[-1]) == (401, 429)
    assert answer.status_code == 404


def test_the_readme_s_request_seals_a_letter(running, application, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    asked_as_in_the_readme(running[0].address, application.key, tmp_path)
    assert (tmp_path / "scellee-api.pdf").read_bytes().startswith(PDF)


def asked_as_in_the_readme(address, key, folder):
    """Play the README's request in a folder."""
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    [line] = [each for each in lines if each.startswith("curl ")]
    line = line.replace("$CLE", key).replace("http://127.0.0.1:8000", address)
    (folder / "lettre.pdf").write_bytes(PDF)
    subprocess.run(shlex.split(line), cwd=folder, check=True, timeout=90)


def test_a_letter_that_takes_longer_is_never_answered_as_if_it_were_a_pdf(tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    key = new_key(tmp_path / "data")
    with site(tmp_path / "data") as running:
        application, goes_on = running.client(key.text), Timer(10, lambda: carry_on(children))
        until = time.monotonic() + 30
        while not (children := running.children()) and time.monotonic() < until:
            time.sleep(0.02)
        for child in children:
            os.kill(child, signal.SIGSTOP)
        goes_on.start()
        answer = application.seal(PDF, repeated="attestation-42", Accept="application/pdf")
        assert (answer.status_code, answer.json()["code"]) == (503, "seal.waiting")
        assert answer.headers["retry-after"]
        asked_as_in_the_readme(running.address, key.text, tmp_path)
        goes_on.join()
        assert (tmp_path / "scellee-api.pdf").read_bytes().startswith(PDF)
        both = "application/pdf, application/json"
        assert application.seal(PDF, repeated="attestation-42", Accept=both).content[:4] == b"%PDF"


def carry_on(children):
    for child in children:
        os.kill(child, signal.SIGCONT)


def test_the_log_tells_no_key_no_name_and_no_content(tmp_path):
    key = new_key(tmp_path / "data")
    with site(tmp_path / "data") as running:
        application = running.client(key.text)
        application.seal(PDF, TWODDOC, repeated="canary-repeat")
        application.seal(encrypted(PDF), TWODDOC, repeated="canary-again")
        running.process.terminate()
        out, err = running.process.communicate(timeout=60)
    logs = (tmp_path / "data" / "sealing").glob("*.log")
    told = out + err + "".join(path.read_text() for path in logs)
    for canary in (key.text, key.text[10:30], "DUPONT", "LILAS", "canary", "lettre.pdf"):
        assert canary not in told
    with suppress(json.JSONDecodeError):
        assert all(json.loads(line)["event"] for line in out.splitlines())
