"""The broker's API over real HTTP: who may call what, and what an answer says."""

import json
import secrets

import pytest
from support.broker import draft_of
from support.delivery import Service, new_id, requirement
from support.person import Person
from support.site import Device, serving

from cli.wiring import register_signer
from consent.messages import assertion
from consent.messages.assertion import Call
from consent.service import register
from consent.service.register import Authority
from storage.database import transaction
from vault.format.canonical import to_base64url
from vault.format.signed_message import sign


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "data"
    with serving(folder) as served:
        yield served


@pytest.fixture(scope="module")
def service(served):
    key = register_signer(served.parts.settings.data / "keys")
    made = Service(register=key, address=f"https://portal.example/{secrets.token_hex(4)}")
    with transaction(served.parts.site.engine) as session:
        by = Authority(key, "https://register.example")
        made.ground = register.add(session, draft_of(made), by, served.clock()).signed
    return made


@pytest.fixture
def device(served):
    device = Device(served, Person(login=f"jeanne.{secrets.token_hex(4)}"))
    assert device.enrol().status_code == 201
    yield device
    device.http.close()


def code(answer) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    return f"{answer.status_code} {answer.json()['code']}"


def pushed(served, service, to: str | None, **changed):
    """Push a request, as its service does."""
    token = service.request(service.ground, aud=served.parts.broker.vault, **changed)
    body = {"request": token, **({"to": to} if to else {})}
    with served.client() as http:
        return http.post("/api/v1/requests", json=body)


def called(served, service, method, path, **body):
    """Prove a call and make it."""
    call = Call(served.parts.broker.vault, method, path)
    token = assertion.issue(service.address, call, new_id(), served.clock(), service.signer)
    headers = {"Authorization": f"Bearer {token}"}
    with served.client() as http:
        return http.request(method, path, headers=headers, json=body or None)


def test_a_request_reaches_its_person_and_nobody_else(served, service, device):
    answer = pushed(served, service, device.person.login)
    assert answer.status_code == 201
    [row] = device.http.get("/api/v1/me/requests").json()["requests"]
    assert (row["id"], row["state"]) == (answer.json()["id"], "pushed")
    stranger = Device(served, Person(login=f"paul.{secrets.token_hex(4)}"))
    stranger.enrol()
    assert stranger.http.get("/api/v1/me/requests").json() == {"requests": []}
    path = f"/api/v1/me/requests/{row['id']}/decline"
    assert code(stranger.http.post(path)) == "404 request-not-found"
    assert device.http.post(path).status_code == 204
    assert code(device.http.post(path)) == "409 request-closed"
    stranger.http.close()


def test_an_unknown_login_is_answered_like_a_known_one(served, service, device):
    known = pushed(served, service, device.person.login)
    unknown = pushed(served, service, "nobody.at.all")
    malformed = pushed(served, service, "é")
    for answer in (known, unknown, malformed):
        assert answer.status_code == 201
        assert set(answer.json()) == {"id", "code", "url", "expires_at"}
        state = called(served, service, "GET", f"/api/v1/requests/{answer.json()['id']}").json()
        assert state == {"id": answer.json()["id"], "state": "waiting"}


def test_a_person_is_no_service_and_a_service_no_person(served, service, device):
    made = pushed(served, service, device.person.login).json()
    path = f"/api/v1/requests/{made['id']}"
    assert code(device.http.get(path)) == "401 service-unauthenticated"
    with served.client() as nobody:
        assert code(nobody.get(path)) == "401 service-unauthenticated"
        assert code(nobody.get("/api/v1/me/grants")) == "401 session.ended"
    assert code(called(served, service, "GET", "/api/v1/me/requests")) == "401 session.ended"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_stolen_assertion_serves_neither_twice_nor_elsewhere(served, service, device, method):
    made = pushed(served, service, device.person.login).json()
    path = f"/api/v1/requests/{made['id']}"
    call = Call(served.parts.broker.vault, method, path)
    token = assertion.issue(service.address, call, new_id(), served.clock(), service.signer)
    headers = {"Authorization": f"Bearer {token}"}
    with served.client() as thief:
        other = "DELETE" if method == "GET" else "GET"
        refused = "401 service-unauthenticated"
        assert code(thief.request(other, path, headers=headers)) == refused
        assert thief.request(method, path, headers=headers).is_success
        assert code(thief.request(method, path, headers=headers)) == refused


def test_what_is_malformed_is_told_where_and_never_what(served, service, device):
    canary = "CANARI-secret"
    answer = pushed(served, service, device.person.login)
    grant = f"/api/v1/grants/{new_id()}"
    for sent in (
        device.http.post("/api/v1/me/grants", json={"grant": canary}),
        device.http.post(
            "/api/v1/me/grants", json={"grant": canary, "package": "AA", "headers": {}}
        ),
        device.http.post("/api/v1/me/requests", json={"code": canary}),
        called(served, service, "POST", f"{grant}/collections", collection_id=canary),
        called(served, service, "POST", f"{grant}/receipts", receipt=canary),
        device.http.post("/api/v1/register/drafts", json={"draft": {"sub": canary}}),
        device.http.post("/api/v1/requests", json={"request": canary}),
    ):
        assert 400 <= sent.status_code < 500, sent.text
        assert canary not in sent.text
    assert canary not in served.logged.getvalue()
    assert answer.status_code == 201


def test_over_asking_is_refused_with_its_code_in_two_languages(served, service):
    claims = service.request_claims(service.ground, aud=served.parts.broker.vault)
    claims["requirements"] = [requirement("id", "identity", compulsory=False)]
    token = sign("coffre-request+jwt", claims, service.signer)
    with served.client() as http:
        french = http.post("/api/v1/requests", json={"request": token})
        english = http.post(
            "/api/v1/requests", json={"request": token}, headers={"Accept-Language": "en"}
        )
    assert code(french) == code(english) == "403 over-asking"
    assert french.json()["where"] == "/requirements/0/one_of/0"
    assert french.json()["title"] != english.json()["title"]


def test_a_grant_that_is_too_long_is_refused_before_it_is_read(device):
    body = {"grant": "x", "package": to_base64url(bytes(1 << 20)), "headers": {}}
    assert code(device.http.post("/api/v1/me/grants", json=body)) == "413 request.too-large"


def test_the_register_is_public_and_drafts_are_not_shown(served, service):
    other = Service(register=service.register)
    with served.client() as http:
        made = http.post("/api/v1/register/drafts", json={"draft": draft_of(other)})
        assert made.status_code == 201
        public = http.get("/api/v1/register").json()
        assert made.json()["id"] not in json.dumps(public)
        only = http.get("/api/v1/register", params={"service": service.address}).json()
        key = http.get("/api/v1/register/key").json()
    assert [row["service"] for row in only["registrations"]] == [service.address]
    assert public["vault"] == served.parts.broker.vault
    assert key["kid"] == service.register.key.thumbprint


def test_the_status_is_the_slot_that_the_grant_must_name(served, service, device):
    pushed(served, service, device.person.login)
    [row] = device.http.get("/api/v1/me/requests").json()["requests"]
    assert row["status"]["uri"] == f"{served.parts.broker.vault}/status/grants"
    assert 0 <= row["status"]["idx"] < 1 << 24
