"""The browser's sources, tested by Node on the same vectors."""

import os

import pytest
from support import shared
from support.house import ROOT
from support.tools import need, run


def test_the_browser_twins_pass_their_own_tests(monkeypatch):
    node = need("node", "nodejs")
    if not (ROOT / "node_modules" / "esbuild").is_dir():
        pytest.skip("npm packages are absent (make dev)")
    if os.environ.get("CI") == "true":
        shared.shared("data/twoddoc/vectors.json")
    monkeypatch.setenv("COFFRE_SHARED", str(shared.ROOT))
    done = run(node, str(ROOT / "vault/web/client/build.mjs"), "--test", timeout=110)
    assert done.returncode == 0, done.stdout.decode()[-4000:] + done.stderr.decode()[-2000:]
