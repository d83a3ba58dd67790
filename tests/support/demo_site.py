"""A real server on a free port of this machine, with the demonstration's certificates."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cli.demo import pki


@dataclass(frozen=True, slots=True)
class RunningSite:
    """Where the site is, who signs what it believes, and its process, for tests that kill it."""

    address: str
    issuers: pki.Pki
    pki_folder: Path
    process: subprocess.Popen[bytes]


@contextmanager
def running_site(folder: Path) -> Iterator[RunningSite]:
    """Serve until the block ends; the process is then ended, whatever happened."""
    issuers = pki.build(datetime.now(UTC))
    pki.write(issuers, folder / "pki")
    with serving(folder) as (address, process):
        yield RunningSite(address, issuers, folder / "pki", process)


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve a folder made before; give the address and the process."""
    start = "from cli.main import app; app()"
    command = [sys.executable, "-c", start, "serve"]
    command += ["--data", str(folder / "data"), "--port", str(port)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    log = folder / "site.log"
    # To a file: a pipe that nobody empties would stop the server once it is full.
    with log.open("wb") as said:
        server = subprocess.Popen(
            command,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder / "pki",  # its coffre.toml is the server's
        )
    try:
        yield address_of(server, log), server
    finally:
        server.terminate()
        server.wait(30)


def address_of(server: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the server says where it is."""
    while True:
        said = log.read_text("utf-8")
        if found := re.search(r"http://127\.0\.0\.1:\d+(?=\s)", said):
            return found[0]
        assert server.poll() is None, f"the server did not start: {said}"
        time.sleep(0.05)
