"""The bundles of the pages, as they are committed."""

import gzip
import hashlib
import re
from base64 import b64encode

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from support.house import AREAS, ROOT

from vault.web.assets import MANIFEST, AssetError, asset, assets, router

NAMES = sorted(assets())


@pytest.fixture
def client():
    app = FastAPI()
    app.include_router(router)
    return TestClient(app)


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_is_what_the_manifest_says(name):
    content = asset(name).file.read_bytes()
    assert asset(name).integrity == "sha384-" + b64encode(hashlib.sha384(content).digest()).decode()
    hashed = hashlib.sha256(content).hexdigest()[:12].upper()
    stem, _, extension = name.rpartition(".")
    assert asset(name).file.name == f"{stem}-{hashed}.{extension}"


def test_no_file_stands_in_a_static_folder_without_being_listed():
    standing = {path for area in AREAS for path in (ROOT / area).glob("web/static/*")}
    assert standing == {one.file for one in assets().values()} | {MANIFEST}


def test_no_bundle_names_another_site_to_load_from():
    own = [asset(name) for name in NAMES if name in {"verify.js", "verify.css", "site.css"}]
    for one in own:
        assert re.findall(r"https?://[\w.]+", one.file.read_text("utf-8")) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_is_served_for_ever_whole_or_compressed(client, name):
    plain = client.get(asset(name).url, headers={"accept-encoding": "identity"})
    packed = client.get(asset(name).url, headers={"accept-encoding": "gzip"})
    assert plain.content == packed.content == asset(name).file.read_bytes()
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["content-type"] == asset(name).media_type


@pytest.mark.parametrize(
    "path", ["manifest.json", "..%2fmanifest.json", "..", "verify.js", "%00", "verify-0.js"]
)
def test_nothing_else_is_served(client, path):
    assert client.get("/static/" + path).status_code == 404


def test_a_page_that_names_no_bundle_of_ours_is_our_fault():
    with pytest.raises(AssetError):
        asset("other.js")


def test_the_page_that_verifies_is_light():
    packed = {name: len(gzip.compress(asset(name).file.read_bytes(), 9)) for name in NAMES}
    camera = ["site.css", "verify.css", "verify.js", "reader.js", "reader.wasm"]
    assert packed["site.css"] + packed["verify.css"] < 15_000
    assert sum(packed[name] for name in camera) <= 480_000
    assert sum(packed[name] for name in [*camera, "pdf.js", "pdf-worker.js"]) <= 990_000
