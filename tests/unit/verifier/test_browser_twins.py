"""The browser's sources, tested by Node on the same vectors and the same images."""

import json

import pytest
from PIL import Image
from support import shared
from support.budget import cases
from support.house import ROOT
from support.seal_twins import write_seal_twins
from support.tools import need, run
from support.twins import write_twins

SAMPLES = shared.ROOT / "data" / "twoddoc" / "samples"


@pytest.fixture
def greys(tmp_path):
    """Give the published images as grey pixels; an empty list where they are absent."""
    rows = []
    told = SAMPLES / "expected.json"
    for row in json.loads(told.read_text("utf-8")) if told.exists() else []:
        image = Image.open(SAMPLES / row["file"]).convert("RGBA")
        page = Image.new("RGBA", image.size, "white")
        grey = Image.alpha_composite(page, image).convert("L")
        (tmp_path / f"{row['file']}.grey").write_bytes(grey.tobytes())
        size = {"width": grey.width, "height": grey.height}
        rows.append({"file": row["file"], "expected": row["expected_raw"], **size})
    (tmp_path / "index.json").write_text(json.dumps(rows), "utf-8")
    return tmp_path


@pytest.fixture
def twins(tmp_path):
    """Give the answers of Python: the browser must answer the same."""
    path = tmp_path / "twins.json"
    write_twins(path, cases(ci=5_000, slow=50_000, fast=1_000))
    return path


@pytest.fixture
def seals(tmp_path):
    """Give sealed files and the answers of Python: the browser must never say more."""
    path = tmp_path / "seals.json"
    write_seal_twins(path, cases(ci=6, slow=150, fast=4))
    return path


def test_the_browser_twins_pass_their_own_tests(monkeypatch, greys, twins, seals):
    node = need("node", "nodejs")
    if not (ROOT / "node_modules" / "esbuild").is_dir():
        pytest.skip("npm packages are absent (make dev)")
    monkeypatch.setenv("COFFRE_SHARED", str(shared.ROOT))
    monkeypatch.setenv("COFFRE_GREYS", str(greys))
    monkeypatch.setenv("COFFRE_TWINS", str(twins))
    monkeypatch.setenv("COFFRE_SEALS", str(seals))
    done = run(node, str(ROOT / "vault/web/client/build.mjs"), "--test", timeout=110)
    told = done.stdout.decode().split("# Subtest: ")
    wrong = [one[:3000] for one in told if "\nnot ok" in one]
    assert done.returncode == 0, "\n".join(wrong) + done.stderr.decode()[-2000:]
    shared.shared("data/twoddoc/vectors.json")  # without it, say that part of it was not run
