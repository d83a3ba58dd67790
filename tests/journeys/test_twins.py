"""Every vector in a real browser: the tests that Node runs, in Chromium, with its own WebCrypto.

The comparisons are those of `tests/node/*.test.ts`, bundled for a page of the tests; nothing of
them is in the product's bundles. Pictures are decoded by the browser and read by the committed
reader's thread.
"""

import json
import shutil
from collections import Counter

import pytest
from support.browser import chromium, visit
from support.budget import cases
from support.folder_server import served
from support.house import ROOT
from support.seal_twins import write_seal_twins
from support.shared import shared
from support.tools import need, run
from support.towncode import CODES
from support.towncode import shared_vectors as shared_town_codes
from support.twins import write_twins
from support.twoddoc import OUR_CODES, SETS, shared_codes

from vault.web.assets import asset

PAGE = """<!doctype html><html lang="fr"><meta charset="utf-8"><title>Essais</title>
<link rel="icon" href="data:,"><script type="module" src="twins.js"></script></html>"""
RUN = """async () => {
  const native = (one) => /\\[native code\\]/.test(Function.prototype.toString.call(one));
  const own = isSecureContext && native(crypto.subtle.verify) && typeof process === "undefined";
  return { own, outcomes: await outcomes() };
}"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Give what the page says of each test."""
    folder = tmp_path_factory.mktemp("twins")
    with pytest.MonkeyPatch.context() as patch, served(folder) as address:
        patch.setenv("COFFRE_SHARED", str(shared("data").parent))
        patch.setenv("COFFRE_TWINS", str(folder / "answers.json"))
        patch.setenv("COFFRE_SEALS", str(folder / "seals.json"))
        write_page(folder)
        with chromium() as browser, visit(browser, address) as page:
            page.goto("/page.html")
            page.wait_for_function("typeof outcomes === 'function'")
            return page.evaluate(RUN)


def write_page(folder):
    """Write all that the browser asks for: page, tests, facts, reader, pictures."""
    node = need("node", "nodejs")
    write_seal_twins(folder / "seals.json", cases(ci=3, slow=30, fast=3))
    if not (ROOT / "node_modules" / "esbuild").is_dir():
        pytest.skip("npm packages are absent (make dev)")
    write_twins(folder / "answers.json", cases(ci=1_000, slow=50_000, fast=500))
    build = str(ROOT / "vault/web/client/build.mjs")
    done = run(node, build, "--page", str(folder), timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    script, wasm = asset("reader.js"), asset("reader.wasm")
    (folder / "static").mkdir()
    for one in (script, wasm):
        shutil.copy(one.file, folder / "static")
    files = {"script": script.url, "wasm": wasm.url, "wasmIntegrity": wasm.integrity}
    (folder / "reader.json").write_text(json.dumps(files), "utf-8")
    shutil.copytree(shared("data/twoddoc/samples"), folder / "samples")
    (folder / "page.html").write_text(PAGE, "utf-8")


def test_every_test_of_the_twins_passes_in_chromium_with_its_own_cryptography(told):
    assert told["own"]
    faults = {one["name"]: one["fault"][:2000] for one in told["outcomes"] if one["fault"]}
    assert faults == {}


def test_every_vector_was_tried_there(told):
    """Count by name: a test that was not bundled would not be missed otherwise."""
    names = Counter(one["name"] for one in told["outcomes"])
    wanted = [f"{code['name']}: {code['why']}" for code in OUR_CODES]
    wanted += [f"set {row['name']}: {row['why']}" for row in SETS]
    wanted += [f"{code['name']} {code['note']}" for code in CODES]
    for code in shared_codes():
        wanted.append(f"{code['name']} is read as its author meant: identifiers, values, dates")
        for mode in ("test", "production"):
            wanted.append(f"{code['name']} is concluded upon as by Python, {mode}")
    wanted += [
        f"{code['name']} is concluded upon as its author says" for code in shared_town_codes()[0]
    ]
    samples = json.loads(shared("data/twoddoc/samples/expected.json").read_text("utf-8"))
    wanted += [f"{one['file']} is read byte for byte, and judged as its code" for one in samples]
    wanted += ["every code gets the answer of Python"]
    wanted += ["no sealed file gets a better or a worse answer than Python's"]
    wanted += [f"sealed file: genuine {kind}" for kind in ("seal-p256 B-LT", "seal-rsa B-B")]
    assert Counter(wanted) - names == Counter()
    assert len(wanted) > 400
