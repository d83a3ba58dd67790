"""What a browser keeps of the verifier, and the page as a program that can be installed."""

import json
import re
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from vault.web import assets
from vault.web.assets import asset
from vault.web.pages import router as frame_pages
from vault.web.shell import Frame, Town
from verifier.trust.trust_list import Mode, TrustList
from verifier.web import api, offline, pages

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TRUST = TrustList(Mode.PRODUCTION, ())


@pytest.fixture
def app():
    made = FastAPI()
    made.state.frame, made.state.trust = Frame.of(["verifier"]), TRUST
    for one in (assets.router, frame_pages, pages.router, api.router, offline.router):
        made.include_router(one)
    return made


def told(app):
    """Give what the service worker is told."""
    script = TestClient(app).get("/verifier/service.js").text
    return json.loads(script.splitlines()[0].removeprefix("globalThis.coffre=").removesuffix(";"))


def test_the_service_worker_is_allowed_for_the_verifier_alone_and_asked_anew(app):
    answer = TestClient(app).get("/verifier/service.js")
    assert answer.headers["service-worker-allowed"] == "/verifier"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert asset("offline.js").file.read_text("utf-8") in answer.text


def test_all_that_the_page_names_is_kept(app):
    """Read the page as a browser does: what it may ask for and is not kept would fail off line."""
    kept = told(app)
    there = {*kept["bundles"], *kept["others"], kept["lists"], kept["page"]}
    page = TestClient(app).get("/verifier").text
    asked = set(re.findall(r'(?:data-[a-z0-9-]+|src|href)="(/[^"?#]+)', page))
    elsewhere = {"/", "/aide", "/verifier/service.js", "/verifier/manifest.webmanifest"}
    assert asked - there - elsewhere == {asset("icon-192.png").url}
    assert len(asked) > 10


def test_each_bundle_is_kept_under_its_digest_and_served(app):
    client = TestClient(app)
    for url, integrity in told(app)["bundles"].items():
        assert integrity.startswith("sha384-")
        assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda app: setattr(app.state, "frame", Frame.of(["verifier"], Town(name="Valbourg"))),
        lambda app: setattr(app.state, "frame", Frame.of(["verifier"], Town(band="#113355"))),
        lambda app: setattr(app.state, "trust", TrustList(Mode.TEST, ())),
    ],
    ids=["name", "colour", "test"],
)
def test_whatever_changes_on_the_page_is_another_version(app, change):
    before = told(app)["version"]
    assert told(app)["version"] == before
    change(app)
    assert told(app)["version"] != before


def test_the_version_does_not_hang_on_who_asks(app):
    client = TestClient(app)
    plain = client.get("/verifier/service.js").text
    assert client.get("/verifier/service.js", headers={"accept-language": "en"}).text == plain
    assert client.get("/verifier/service.js?lang=en").text == plain


@pytest.mark.parametrize(("lang", "word"), [("fr", "Vérifier"), ("en", "Verify")])
def test_the_manifest_describes_the_verifier_alone(app, lang, word):
    client = TestClient(app)
    answer = client.get(f"/verifier/manifest.webmanifest?lang={lang}")
    assert answer.headers["content-type"] == "application/manifest+json"
    said = answer.json()
    assert (said["scope"], said["display"], said["lang"]) == ("/verifier", "standalone", lang)
    assert word in said["name"]
    assert said["start_url"].startswith("/verifier?")
    [scan] = said["shortcuts"]
    assert scan["url"].endswith("#scanner")
    for icon in said["icons"]:
        picture = client.get(icon["src"])
        assert picture.headers["content-type"] == "image/png"
        size = int.from_bytes(picture.content[16:20], "big")
        assert icon["sizes"] == f"{size}x{size}"


def test_the_lists_say_when_they_were_given_and_until_when_they_serve():
    said = api.as_json(TRUST, NOW)
    assert (said["given"], said["renew_by"]) == ("2026-11-21T12:00:00Z", "2026-11-24T12:00:00Z")
