"""The process that serves cannot open a document: it never loads what opens one."""

import subprocess
import sys

import pytest
from support.house import ROOT

CLOSED = ("vault.crypto", "vault.client", "consent.client")

# The whole command runs, up to the loop that waits for requests.
SERVE = """
import sys, uvicorn
from cli.main import run
def served(self, sockets=None):
    self.config.load()
    {extra}
uvicorn.Server.run = served
code = run(["serve", "--data", sys.argv[1], "--port", "0"], {{}}, sys.stdout, sys.stderr)
print("code:", code)
print("loaded:", *sorted(sys.modules))
"""


def loaded(folder, extra: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SERVE.format(extra=extra), str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    *_, code, modules = done.stdout.splitlines()
    assert code == "code: 0", done.stderr
    return [name for name in modules.split()[1:] if name.startswith(CLOSED)]


def test_the_server_has_no_module_in_memory_that_opens_a_document(tmp_path):
    assert loaded(tmp_path, "pass") == []


@pytest.mark.parametrize("module", ["vault.crypto.kdf", "vault.client", "consent.client"])
def test_the_test_above_notices_one(tmp_path, module):
    assert module in loaded(tmp_path, f"import {module}")
