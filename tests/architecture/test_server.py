"""The process that serves cannot open a document, nor seal one: it never loads what does."""

import subprocess
import sys

import pytest
from support.house import ROOT

CLOSED = ("vault.crypto", "vault.client", "consent.client")
# Who signs is another process (`coffre office`).
SIGNING = ("sealing.signers", "sealing.pades", "sealing.service.letter", "pyhanko", "pkcs11")

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


def loaded(folder, extra: str, closed: tuple[str, ...] = CLOSED) -> list[str]:
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
    return [name for name in modules.split()[1:] if name.startswith(closed)]


def test_the_server_has_no_module_in_memory_that_opens_a_document(tmp_path):
    assert loaded(tmp_path, "pass") == []


def test_the_server_has_no_module_in_memory_that_signs(tmp_path):
    assert loaded(tmp_path, "pass", SIGNING) == []
    assert "sealing.signers.port" in loaded(tmp_path, "import sealing.signers.port", SIGNING)


@pytest.mark.parametrize("module", ["vault.crypto.kdf", "vault.client", "consent.client"])
def test_the_test_above_notices_one(tmp_path, module):
    assert module in loaded(tmp_path, f"import {module}")
