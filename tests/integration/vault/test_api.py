"""The safe's API over real HTTP: the whole way, and everything that must be refused."""

import hashlib
import http.client
import json
import secrets
import socket
import time
from urllib.parse import urlsplit

import pytest
from support.person import Parcel, Person, classic_header, new_id
from support.site import Device, decoded, serving

from vault.format.canonical import to_base64url
from vault.format.receipt import Receipt
from vault.format.signed_message import PublicKey
from vault.web.session import COOKIE


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("site") / "data") as served:
        yield served


@pytest.fixture
def device(served):
    device = Device(served, Person(login=f"jeanne.{secrets.token_hex(4)}"))
    assert device.enrol().status_code == 201
    yield device
    device.http.close()


@pytest.fixture
def other(served):
    device = Device(served, Person(login=f"paul.{secrets.token_hex(4)}"))
    assert device.enrol().status_code == 201
    yield device
    device.http.close()


def code(answer) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return f"{answer.status_code} {answer.json()['code']}"


def test_a_document_goes_the_whole_way_and_comes_back(device):
    parcel, document = Parcel(), new_id()
    ticket = device.announce(parcel).json()
    assert ticket["expires_in"] == 300
    assert device.send(ticket, parcel.content).status_code == 200
    put = device.put_change(parcel, document)
    accepted = device.op(device.operation(put=put))
    assert accepted.status_code == 201

    [listed] = device.http.get("/api/v1/vault/documents").json()["documents"]
    assert (listed["document"], listed["metadata"]) == (document, put["metadata"])
    [version] = device.http.get(f"/api/v1/vault/documents/{document}").json()["versions"]
    assert version["header"] == put["header"]
    with device.served.client() as stranger:
        content = stranger.get(version["download"]["url"])
    assert content.content == parcel.content
    assert content.headers["content-disposition"] == "attachment"
    assert hashlib.sha256(content.content).digest() == decoded(version["sha256"])

    account = device.http.get("/api/v1/account").json()
    assert (account["head_n"], account["head"]) == (1, accepted.json()["head"])
    [operation] = device.http.get("/api/v1/vault/ops").json()["operations"]
    assert operation["head"] == account["head"]


def test_a_receipt_verifies_under_the_published_key_and_names_the_act(device):
    parcel, document = Parcel(), new_id()
    device.send(device.announce(parcel).json(), parcel.content)
    answer = device.op(device.operation(put=device.put_change(parcel, document))).json()
    [jwk] = device.http.get("/api/v1/keys").json()["keys"]
    key = PublicKey.parse({name: jwk[name] for name in ("crv", "kty", "x", "y")})
    receipt = Receipt.verify(answer["receipt"], key)
    assert (receipt.iss, receipt.sha256) == (device.served.address, parcel.announced.sha256)
    assert to_base64url(receipt.document) == document
    assert to_base64url(receipt.account) == device.person.account


def test_a_removed_document_is_gone_with_its_object(device):
    parcel, document = device.store()
    [version] = device.http.get(f"/api/v1/vault/documents/{document}").json()["versions"]
    assert device.op(device.operation(remove={"document": document})).status_code == 201
    assert code(device.http.get(f"/api/v1/vault/documents/{document}")) == "404 document.not-found"
    assert device.http.get("/api/v1/vault/documents").json() == {"documents": []}
    assert code(device.http.get(version["download"]["url"])) == "404 blob.not-found"
    assert code(device.announce(parcel)) == "409 upload.name-used"


def test_signing_in_again_finds_the_same_safe(served, device):
    _, document = device.store()
    again = Device(served, device.person)
    start = again.http.post("/api/v1/session/start", json={"login": device.person.login}).json()
    assert decoded(start["kdf"]["salt"]) == device.person.salt
    assert again.login().status_code == 200
    assert [
        d["document"] for d in again.http.get("/api/v1/vault/documents").json()["documents"]
    ] == [document]
    entry = again.http.get(f"/api/v1/directory/{device.person.account}").json()["entry"]
    assert entry == device.http.get("/api/v1/account").json()["directory"]
    again.http.close()


def told(answer) -> tuple[object, ...]:
    body = {name: value for name, value in answer.json().items() if name != "request"}
    headers = {n: v for n, v in answer.headers.items() if n not in {"date", "content-length"}}
    return answer.status_code, json.dumps(body), sorted(headers.items())


def test_a_wrong_passphrase_and_an_unknown_login_answer_alike(served, device):
    stranger = Device(served, Person(login=f"nobody.{secrets.token_hex(4)}"))
    known = Device(served, device.person)
    wrong = secrets.token_bytes(32)
    assert told(known.login(wrong)) == told(stranger.login(wrong))
    assert code(known.login(wrong)) == "401 session.refused"
    starts = [
        each.http.post("/api/v1/session/start", json={"login": each.person.login})
        for each in (known, stranger)
    ]
    shapes = [{**s.json()["kdf"], "salt": len(decoded(s.json()["kdf"]["salt"]))} for s in starts]
    assert shapes[0] == shapes[1]
    for each in (stranger, known):
        each.http.close()


def test_many_wrong_proofs_must_wait_and_a_moment_later_the_right_one_passes(tmp_path):
    with serving(tmp_path) as served:
        device = Device(served, Person())
        device.enrol()
        answers = [device.login(secrets.token_bytes(32)) for _ in range(12)]
        assert code(answers[0]) == "401 session.refused"
        assert code(answers[-1]) == "429 session.too-many"
        assert int(answers[-1].headers["retry-after"]) == answers[-1].json()["seconds"] >= 1
        assert code(device.login()) == "429 session.too-many"
        served.clock.forward(minutes=2)
        assert device.login().status_code == 200
        device.http.close()


def test_a_session_ends_by_itself_and_at_will(tmp_path):
    with serving(tmp_path) as served:
        device = Device(served, Person())
        device.enrol()
        for _ in range(3):
            served.clock.forward(minutes=14)
            assert device.http.get("/api/v1/account").status_code == 200
        served.clock.forward(minutes=16)
        assert code(device.http.get("/api/v1/account")) == "401 session.ended"
        device.login()
        ended = device.http.delete("/api/v1/session")
        assert ended.status_code == 204
        assert "cookies" in ended.headers["clear-site-data"]
        assert code(device.http.get("/api/v1/account")) == "401 session.ended"
        device.http.close()


def test_a_browser_gets_a_cookie_that_no_script_reads_and_no_token(served):
    device = Device(served, Person(login=f"marie.{secrets.token_hex(4)}"))
    answer = device.http.post("/api/v1/accounts", json=device.enrolment("cookie"))
    assert "token" not in answer.json()
    cookie = answer.headers["set-cookie"]
    for part in (f"{COOKIE}=", "HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    value = cookie.split("=", 1)[1].split(";")[0]
    own = {"Cookie": f"{COOKIE}={value}"}
    assert device.http.get("/api/v1/account", headers=own).status_code == 200
    both = {**own, "Authorization": f"Bearer {value}"}
    assert code(device.http.get("/api/v1/account", headers=both)) == "401 session.ended"
    for origin in (
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": served.address},
    ):
        refused = device.http.delete("/api/v1/session", headers=own | origin)
        assert code(refused) == "403 request.foreign-origin"
        assert "access-control-allow-origin" not in refused.headers
    right = own | {"Sec-Fetch-Site": "same-origin", "Origin": served.address}
    assert device.http.delete("/api/v1/session", headers=right).status_code == 204
    device.http.close()


@pytest.mark.parametrize(
    "token", [b"x", b"A" * 43, b"A" * 5000, "é".encode() * 20, b"A" * 42 + b"\xff", b"A B"]
)
def test_a_token_of_nobody_opens_nothing(served, token):
    with served.client() as client:
        headers = [(b"Authorization", b"Bearer " + token)]
        for path in ("account", "vault/ops", "vault/documents", f"vault/documents/{new_id()}"):
            assert code(client.get(f"/api/v1/{path}", headers=headers)) == "401 session.ended"
        announced = client.post("/api/v1/vault/uploads", json={}, headers=headers)
        assert announced.status_code in {401, 422}


def test_a_replayed_operation_and_a_forked_one_are_told_the_head(device):
    body = device.operation()
    accepted = device.op(body).json()
    for answer in (device.op(body), device.op({**body, "n": 9})):
        assert code(answer) == "409 index.conflict"
        assert (answer.json()["n"], answer.json()["head"]) == (1, accepted["head"])


def test_what_is_another_persons_answers_as_what_does_not_exist(device, other):
    parcel, document = device.store()
    waiting = Parcel()
    device.send(device.announce(waiting).json(), waiting.content)
    missing = new_id()
    pairs = [
        [other.http.get(f"/api/v1/vault/documents/{each}") for each in (document, missing)],
        [
            other.op({**body, "remove": {"document": each}})
            for body in [other.operation()]
            for each in (document, missing)
        ],
    ]
    other.person.n, other.person.head = 0, bytes(32)
    body = other.operation()
    pairs.append(
        [
            other.op({**body, "put": {**device.put_change(waiting, new_id()), "blob_id": each}})
            for each in (waiting.blob_id, missing)
        ]
    )
    for known, unknown in pairs:
        assert told(known) == told(unknown)
        assert known.status_code == 404
    assert other.http.get("/api/v1/vault/documents").json()["documents"] == []
    assert device.http.get(f"/api/v1/vault/documents/{document}").status_code == 200
    assert parcel.blob_id != waiting.blob_id


def test_an_object_is_put_once_as_announced_in_time_and_at_its_place(device):
    parcel, second = Parcel(), Parcel()
    ticket, another = device.announce(parcel).json(), device.announce(second).json()
    wrong = Parcel().content
    assert code(device.send(ticket, wrong)) == "400 blob.mismatch"
    crossed = {**ticket, "url": another["url"]}
    assert code(device.send(crossed, parcel.content)) == "400 blob.mismatch"
    swapped = ticket["url"].replace(parcel.blob_id, second.blob_id)
    assert code(device.send({**another, "url": swapped}, second.content)) == "403 blob.ticket"
    later = ticket["url"].replace("until=", "until=9")
    assert code(device.send({**ticket, "url": later}, parcel.content)) == "403 blob.ticket"
    for name in ("If-None-Match", "x-amz-content-sha256"):
        bare = {**ticket, "headers": {n: v for n, v in ticket["headers"].items() if n != name}}
        assert device.send(bare, parcel.content).status_code in {400, 403}
    assert device.send(ticket, parcel.content).status_code == 200
    assert code(device.send(ticket, parcel.content)) == "412 blob.exists"
    device.served.clock.forward(seconds=301)
    assert code(device.send(another, second.content)) == "403 blob.ticket"
    fresh = device.announce(second).json()
    assert device.send(fresh, second.content).status_code == 200


def raw(served, ticket, lines: list[str], body: bytes, *, cut: bool = False) -> bytes:
    """Speak HTTP by hand; give what comes back."""
    at = urlsplit(served.address)
    with socket.create_connection((at.hostname, at.port), timeout=10) as sock:
        start = [f"PUT {ticket['url']} HTTP/1.1", f"Host: {at.netloc}", "Connection: close"]
        kept = [f"{n}: {v}" for n, v in ticket["headers"].items() if n != "Content-Length"]
        sock.sendall("\r\n".join([*start, *kept, *lines, "", ""]).encode() + body)
        if cut:
            sock.shutdown(socket.SHUT_WR)
        return sock.makefile("rb").read()


def test_a_chunked_liar_a_cut_body_and_a_long_one_leave_nothing(device):
    parcel = Parcel()
    ticket = device.announce(parcel).json()
    incoming = device.served.parts.settings.data / "blobs" / "incoming"
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(parcel.content), parcel.content)
    chunked = raw(device.served, ticket, ["Transfer-Encoding: chunked"], chunk)
    assert b" 411 " in chunked.split(b"\r\n")[0]
    cut = raw(device.served, ticket, ["Content-Length: 4128"], parcel.content[:1000], cut=True)
    assert b" 200 " not in cut.split(b"\r\n")[0]
    longer = raw(device.served, ticket, ["Content-Length: 5000"], parcel.content + bytes(872))
    assert b" 400 " in longer.split(b"\r\n")[0]
    # The server learns of the cut in its own time: the answers above do not wait for it.
    end = time.monotonic() + 20
    while list(incoming.iterdir()) and time.monotonic() < end:
        time.sleep(0.01)
    assert list(incoming.iterdir()) == []
    assert device.send(ticket, parcel.content).status_code == 200


def test_a_body_that_is_too_large_is_refused_by_its_word_and_by_its_bytes(served):
    at = urlsplit(served.address)
    announced = http.client.HTTPConnection(at.hostname, at.port, timeout=10)
    announced.putrequest("POST", "/api/v1/session")
    announced.putheader("Content-Length", str(1 << 40))
    announced.endheaders()
    assert announced.getresponse().status == 413
    announced.close()

    def endless():
        for _ in range(100):
            yield b" " * 10_000

    with served.client() as client:
        headers = {"Content-Type": "application/json"}
        assert client.post("/api/v1/session", content=endless(), headers=headers).status_code == 413


def test_a_header_that_is_not_post_quantum_is_refused_on_line(device):
    parcel, document = Parcel(), new_id()
    device.send(device.announce(parcel).json(), parcel.content)
    put = device.put_change(parcel, document) | {"header": to_base64url(classic_header())}
    assert code(device.op(device.operation(put=put))) == "400 share.header"


BAD_ENROLMENTS = [
    ({"login": "a"}, "400 account.login-form"),
    ({"account": "x"}, "422 request.malformed"),
    ({"account": "A" * 22 + "="}, "422 request.malformed"),
    ({"auth_key": "AAAA"}, "422 request.malformed"),
    ({"auth_key": 7}, "422 request.malformed"),
    ({"slots": []}, "422 request.malformed"),
    ({"slots": [{}]}, "400 slot.malformed"),
    ({"slots": [{"a": 1.5}]}, "400 vault.not-canonical"),
    ({"directory": "a.b.c"}, "400 message.malformed"),
    ({"passphrase": "café trèfle"}, "422 request.malformed"),
    ({"transport": "url"}, "422 request.malformed"),
    ({"bundle": None}, "422 request.malformed"),
]


@pytest.mark.parametrize(("change", "expected"), BAD_ENROLMENTS, ids=lambda value: str(value)[:30])
def test_an_enrolment_of_another_form_is_refused_without_echo(served, change, expected):
    device = Device(served, Person(login=f"bad.{secrets.token_hex(4)}"))
    answer = device.http.post("/api/v1/accounts", json=device.enrolment() | change)
    assert code(answer) == expected
    assert "café" not in answer.text
    assert device.login().status_code == 401
    device.http.close()


def test_a_weak_derivation_is_refused_by_the_server_too(served):
    device = Device(served, Person(login=f"weak.{secrets.token_hex(4)}"))
    body = device.enrolment()
    body["slots"][0]["kdf"]["m"] = 19_456
    assert code(device.http.post("/api/v1/accounts", json=body)) == "400 slot.kdf-refused"
    device.http.close()


def test_a_login_that_is_taken_is_said_so(served, device):
    again = Device(served, Person(login=device.person.login.upper()))
    assert code(again.enrol()) == "409 account.login-taken"
    again.http.close()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b"\xff\xfe", 422),
        (b'{"login": "a", "login": "b"}', 400),
        (b"[" * 30_000, 400),
        (b'{"login":' + b'"' + b"a" * 1000 + b'"}', 422),
    ],
    ids=range(7),
)
def test_a_body_that_is_no_request_is_refused(served, content, status):
    with served.client() as client:
        headers = {"Content-Type": "application/json"}
        answer = client.post("/api/v1/session/start", content=content, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_every_answer_carries_the_headers_even_an_error(served, device):
    wanted = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }
    with served.client() as client:
        answers = [
            client.get("/api/v1/account"),
            client.get("/absent"),
            client.put("/api/v1/account"),
            client.get("/openapi.json"),
            client.get("/health/live"),
            client.post("/api/v1/session", headers={"Origin": "https://evil.example"}),
        ]
    answers.append(device.http.get("/api/v1/account"))
    for answer in answers:
        for name, value in wanted.items():
            assert answer.headers[name] == value
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe-inline" not in policy
        assert "max-age=63072000" in answer.headers["strict-transport-security"]
        assert "server" not in answer.headers


def test_problems_speak_the_readers_language(served):
    with served.client() as client:
        french = client.get("/api/v1/account").json()["title"]
        english = client.get("/api/v1/account", headers={"Accept-Language": "en-GB,fr"}).json()[
            "title"
        ]
    assert french.startswith("Votre session")
    assert english.startswith("Your session")


def test_the_api_describes_itself(served):
    with served.client() as client:
        api = client.get("/openapi.json").json()
    assert {path for path in api["paths"] if path.startswith("/api/v1/")} == {
        "/api/v1/accounts",
        "/api/v1/session/start",
        "/api/v1/session",
        "/api/v1/account",
        "/api/v1/directory/{account}",
        "/api/v1/keys",
        "/api/v1/vault/uploads",
        "/api/v1/vault/ops",
        "/api/v1/vault/documents",
        "/api/v1/vault/documents/{document}",
        "/api/v1/vault/blobs/{blob_id}",
        "/api/v1/requests",
        "/api/v1/requests/{request_id}",
        "/api/v1/grants/{grant_id}/collections",
        "/api/v1/grants/{grant_id}/receipts",
        "/api/v1/me/requests",
        "/api/v1/me/requests/{request_id}/decline",
        "/api/v1/me/grants",
        "/api/v1/me/grants/{grant_id}/withdrawals",
        "/api/v1/register",
        "/api/v1/register/key",
        "/api/v1/register/drafts",
        "/api/v1/seals",
        "/api/v1/seals/{identifier}",
        "/api/v1/seals/{identifier}/pdf",
        "/api/v1/mailings",
        "/api/v1/mailings/{identifier}",
        "/api/v1/mailings/{identifier}/{what}",
        "/api/v1/mailings/{identifier}/letters/{line}",
    }


def test_health_names_what_fails_and_nothing_else(tmp_path):
    with serving(tmp_path / "data") as served, served.client() as client:
        assert client.get("/health/ready").json() == {"status": "ready", "reasons": []}
        (tmp_path / "data" / "blobs" / "incoming").rename(tmp_path / "data" / "blobs" / "away")
        with served.parts.site.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json() == {"status": "unready", "reasons": ["schema", "store"]}
        assert client.get("/health/live").status_code == 200


def test_a_fault_of_ours_says_a_number_and_nothing_else(tmp_path, monkeypatch):
    with serving(tmp_path) as served, served.client() as client:

        def broken(*_: object):
            raise RuntimeError("CANARY-in-a-message")

        monkeypatch.setattr("vault.service.sign_in.derivation", broken)
        answer = client.post("/api/v1/session/start", json={"login": "jeanne"})
        assert code(answer) == "500 coffre.fault"
    logged = served.logged.getvalue()
    assert "CANARY" not in answer.text + logged
    failed = [json.loads(line) for line in logged.splitlines()]
    [line] = [line for line in failed if line["event"] == "http.failed"]
    assert (line["request"], line["error"]) == (answer.json()["request"], "RuntimeError")


def test_nothing_secret_rests_on_the_server(tmp_path):
    with serving(tmp_path / "data") as served:
        device = Device(served, Person(login="canari"))
        device.http.headers["User-Agent"] = "CANARY-agent"
        body = device.enrolment() | {"passphrase": "café trèfle nuage brique CANARY"}
        device.http.post("/api/v1/accounts", json=body)
        enrolled = device.enrol().json()
        device.http.post("/api/v1/session/start?CANARY=1", json={"login": "CANARY login"})
        device.http.get("/api/v1/CANARY-path")
        parcel, document = device.store()
        device.op(device.operation(remove={"document": document}))
        device.http.close()
    logged = served.logged.getvalue()
    kept = b"".join(p.read_bytes() for p in (tmp_path / "data").rglob("*") if p.is_file())
    secret = device.person.auth_key
    for canary in (
        b"CANARY",
        "café".encode(),
        secret,
        secret.hex().encode(),
        to_base64url(secret).encode(),
        enrolled["token"].encode(),
        parcel.content[:32],
    ):
        assert canary not in kept
        assert canary not in logged.encode()
    for told_in_log in ("canari", device.person.account, document, parcel.blob_id, "127.0.0.1"):
        assert told_in_log not in logged
