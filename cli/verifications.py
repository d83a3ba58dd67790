"""Files judged for the API by processes of their own (`cli.one_verification`).

Rules kept here:

- the process that answers the web reads no file and validates no seal: what a hostile file does, it
  does to a process that ends with it, under limits of memory and time;
- a process is begun when it is first needed, and kept for the next file; one that died or was too
  slow is ended with all its children; the end of our side of its pipe ends it too;
- the file goes in by a pipe, the answer comes back by another as JSON; nothing is written, and what
  is said on the other outputs is thrown away: it could quote the file.

Everything here belongs to the server's event loop.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from storage.settings import VerificationSettings
from verifier.web.problems import ROWS, JudgeStoppedError, NotJudgedError
from verifier.web.verifications import Desk, Visits

_PROGRAM: Final = (sys.executable, "-P", "-c", "from cli.one_verification import main; main()")
_SECONDS: Final = 60.0
_LENGTH: Final = 8


@dataclass(slots=True)
class ChildJudge:
    """Judges with the settings of an installation: its data, and the file it was told to read."""

    data: Path
    config: Path | None
    seconds: float = _SECONDS
    program: Sequence[str] = _PROGRAM
    _idle: list[Process] = field(default_factory=list)

    async def __call__(self, document: bytes, lang: str) -> dict[str, Any]:
        """Give the verdict; raise NotJudgedError, JudgeStoppedError."""
        order = {
            "lang": lang,
            "data": str(self.data.absolute()),
            "config": str(self.config.absolute()) if self.config else None,
            "size": len(document),
        }
        given = json.dumps(order).encode() + b"\n" + document
        child = await self._child()
        try:
            answer = await asyncio.wait_for(_asked(child, given), self.seconds)
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            await _end(child)
            raise JudgeStoppedError("got no verdict from its process", seconds=5) from None
        except BaseException:
            await _end(child)
            raise
        self._idle.append(child)
        return _opened(answer)

    async def close(self) -> None:
        """End the processes that wait for files."""
        while self._idle:
            await _end(self._idle.pop())

    async def _child(self) -> Process:
        while self._idle:
            child = self._idle.pop()
            if child.returncode is None:
                return child
        return await asyncio.create_subprocess_exec(
            *self.program, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True
        )


async def _asked(child: Process, given: bytes) -> bytes:
    """Give a file to a process, and take its answer."""
    if child.stdin is None or child.stdout is None:
        raise BrokenPipeError
    child.stdin.write(given)
    await child.stdin.drain()
    length = await child.stdout.readexactly(_LENGTH)
    return await child.stdout.readexactly(int.from_bytes(length, "big"))


async def _end(child: Process) -> None:
    """End a process with its children: it leads a session of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    await child.wait()


def desk(settings: VerificationSettings, judge: ChildJudge) -> Desk:
    """Give the place where files are judged."""
    return Desk(judge, settings.at_once, Visits(settings.per_minute))


def verdict_schema() -> dict[str, Any]:
    """Give the schema of the `verdict` object, for OpenAPI."""
    path = files("cli") / "schemas" / "verdict.schema.json"
    schema: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return schema


def _opened(answer: bytes) -> dict[str, Any]:
    """Take a verdict out of an answer; raise what it tells."""
    try:
        told: dict[str, Any] = json.loads(answer)
        problem = told.get("problem")
    except ValueError:
        raise JudgeStoppedError("got a judge that died", seconds=5) from None
    if problem is None:
        verdict: dict[str, Any] = told["verdict"]
        return verdict
    error = NotJudgedError("got a refusal", **problem["details"])
    if problem["code"] in ROWS:
        error.reported = problem["code"]
    raise error
