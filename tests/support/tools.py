"""Foreign programs that serve as oracles; a test that lacks one is skipped aloud."""

import shutil
import subprocess

import pytest


def need(name: str, package: str | None = None) -> str:
    """Give the path of a program; skip the test, naming the Debian package, where it is absent."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is absent (Debian: {package or name})", allow_module_level=True)
    return path


def run(
    *command: str, stdin: bytes = b"", timeout: float = 60
) -> subprocess.CompletedProcess[bytes]:
    """Run a foreign program to its end, whatever its exit code; both outputs are kept."""
    return subprocess.run(command, input=stdin, capture_output=True, timeout=timeout, check=False)
