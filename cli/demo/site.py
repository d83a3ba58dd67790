"""The demo's site: a child process, as an operator would run it.

It is a process of its own because the story plays every part, and the server must never have the
opening half of the vault in memory.
"""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from storage.errors import CoffreError

_COMMAND = "from cli.main import app; app()"
_PATIENCE = 40
DEFAULT_PORT = 8000
_ADDRESS = re.compile(r"http://[\d.]+:(\d+)")


class SiteError(CoffreError):
    """The site did not start. Details: `log`."""

    code: ClassVar[str] = "demo.site"


def port_of(folder: Path, wanted: int | None) -> int:
    """Choose the site's port: the wanted one, else the last run's, else 8000, else a free one.

    It is kept: what was signed in an earlier run names the site by its address.
    """
    path = folder / "port"
    if wanted is None and path.exists():
        return int(path.read_text("ascii"))
    port = wanted or (_free(0) if _answers(DEFAULT_PORT) else DEFAULT_PORT)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(str(port), "ascii")
    return port


def _free(port: int) -> int:
    with socket.create_server(("127.0.0.1", port)) as found:
        return int(found.getsockname()[1])


@contextmanager
def site(folder: Path, trust: Path, port: int) -> Iterator[str]:
    """Serve the site while the block runs; give its address.

    Raises SiteError when it does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "site.log"
    settings = f"trust = [{json.dumps(str(trust.absolute()))}]\n"
    (folder / "coffre.toml").write_text(settings, "utf-8")
    with log.open("wb") as file:
        child = subprocess.Popen(  # noqa: S603 - ourselves, with our own words
            [sys.executable, "-P", "-c", _COMMAND, "serve", "--data", ".", "--port", str(port)],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
        try:
            yield _address(child, log)
        finally:
            child.terminate()
            child.wait(_PATIENCE)


def _address(child: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the site says its address and answers there; raise SiteError."""
    for _ in range(_PATIENCE * 10):
        told = _ADDRESS.search(log.read_text("utf-8", "replace"))
        if told and _answers(int(told[1])):
            return told[0]
        if child.poll() is not None:
            break
        time.sleep(0.1)
    raise SiteError("got no answer from the site", log=str(log))


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
