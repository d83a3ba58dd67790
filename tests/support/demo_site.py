"""A real server on a free port of this machine, with the demonstration's certificates."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cli.demo import pki


@dataclass(frozen=True, slots=True)
class RunningSite:
    """Where the site is, and who signs what it believes."""

    address: str
    issuers: pki.Pki
    pki_folder: Path


@contextmanager
def running_site(folder: Path) -> Iterator[RunningSite]:
    """Serve until the block ends; the process is then ended, whatever happened."""
    issuers = pki.build(datetime.now(UTC))
    pki.write(issuers, folder / "pki")
    start = "from cli.main import app; app()"
    command = [sys.executable, "-c", start, "serve"]
    command += ["--data", str(folder / "data"), "--port", "0"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    server = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=folder / "pki",  # its coffre.toml is the server's
    )
    try:
        assert server.stdout is not None
        said = ""
        for line in server.stdout:
            said += line
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                yield RunningSite(found[0], issuers, folder / "pki")
                break
        else:
            raise AssertionError(f"the server did not start: {said}")
    finally:
        server.terminate()
        server.communicate(timeout=30)
