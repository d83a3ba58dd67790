"""The keeper of the processes that seal: begun when they are wanted, told, replaced, ended.

Rules kept here:

- no key is in the process that answers the web: two children hold them, one for single letters, one
  for mailings (`cli.office`), and they are known by their own ids alone;
- a child is told by one line of JSON and answers by another; what it does stands in the database:
  a line that is lost with a child loses nothing, its successor reads the database first;
- a child that dies is replaced a second later; one that dies before it is ready, or cannot be
  begun, again after a longer and longer pause, and meanwhile nothing new is taken (`office.away`);
- a child that has one letter in hand for longer than a minute is ended: a page may want hours to be
  drawn, and nothing in the child can stop that;
- the end of our side of its pipe ends a child: it never outlives the site by more than a letter.

Everything here belongs to the server's event loop.
"""

import asyncio
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cli.observe import Event, Log
from sealing.web.office import OfficeAwayError

_OFFICE: Final = (sys.executable, "-P", "-c", "from cli.main import app; app()", "office")
_PAUSE: Final = 0.5
_SHORTEST: Final = 1.0
_LONGEST: Final = 30.0
_MOST_FAILURES: Final = 7
_TURN: Final = 1.0
_FAREWELL: Final = 15.0
_LARGEST_LOG: Final = 1 << 20
_SOON: Final = 2
_LONG: Final = 60


@dataclass(slots=True)
class Child:
    """One of the processes that seal: `role` names it, `log` takes what it prints.

    `patience`: for so many seconds it may have one letter in hand.
    """

    role: str
    words: Sequence[str]
    log: Path
    tell: Log
    program: Sequence[str] = _OFFICE
    patience: float = 60.0
    ready: bool = False
    rates: dict[str, float] = field(default_factory=dict)
    _failures: int = 0
    _in_hand_since: float | None = None
    _process: asyncio.subprocess.Process | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _awaited: defaultdict[str, list[asyncio.Event]] = field(
        default_factory=lambda: defaultdict(list)
    )

    @property
    def pid(self) -> int | None:
        """Give its process, while there is one."""
        return self._process.pid if self._process else None

    def want(self) -> None:
        """Have it begin; raise OfficeAwayError while it cannot."""
        self._wanted.set()
        if self._failures and not self.ready:
            raise OfficeAwayError("got a sealing process that does not begin", seconds=_SOON)

    async def wait(self, identifier: str, seconds: float) -> None:
        """Tell of a commission, and wait until the child has news of it."""
        news = asyncio.Event()
        self._awaited[identifier].append(news)
        try:
            self.say(do=identifier)
            await asyncio.wait_for(news.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            waiting = self._awaited.get(identifier, [])
            if news in waiting:
                waiting.remove(news)
            if not waiting:
                self._awaited.pop(identifier, None)

    def say(self, **words: str) -> None:
        """Tell the child, if it is there; else it reads the database when it begins."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(json.dumps(words).encode() + b"\n")

    async def keep(self) -> None:
        """Begin the child once it is wanted, and begin it again, until cancelled."""
        await self._wanted.wait()
        while True:
            with suppress(Exception):  # whatever went wrong, the next one must be begun
                await self._live()
            self._failures = 0 if self.ready else min(self._failures + 1, _MOST_FAILURES)
            self.ready = False
            self._tell(Event.OFFICE_ENDED)
            await asyncio.sleep(max(_SHORTEST, min(_LONGEST, _PAUSE * 2**self._failures)))

    async def end(self) -> None:
        """Let the child finish the letter in hand and leave, or end it."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _FAREWELL)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _live(self) -> None:
        """Be with one child from its beginning to its end."""
        self._process = None
        handle = _log_handle(self.log)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.program, *self.words,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=handle,
            )  # fmt: skip
        finally:
            os.close(handle)
        reading = asyncio.create_task(self._listen(self._process.stdout))
        try:
            await self._watch(self._process)
            await asyncio.wait({reading}, timeout=_SOON)
        finally:
            reading.cancel()
            self.rates.clear()
            self._in_hand_since = None

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Wait for the end of a child, and end one that has a letter in hand for too long."""
        ended = asyncio.ensure_future(process.wait())
        try:
            while not (await asyncio.wait({ended}, timeout=_TURN))[0]:
                since = self._in_hand_since
                if since is not None and time.monotonic() - since > self.patience:
                    self._in_hand_since = None
                    with suppress(ProcessLookupError):
                        process.kill()
                    self._tell(Event.OFFICE_STUCK)
        finally:
            ended.cancel()

    def _tell(self, event: Event) -> None:
        """Write to the site's log; a log that takes nothing ends nobody."""
        with suppress(OSError):
            self.tell.tell(event, duty=self.role)

    async def _listen(self, stream: asyncio.StreamReader | None) -> None:
        while stream is not None and (line := await stream.readline()):
            with suppress(ValueError):
                self._hear(json.loads(line))

    def _hear(self, said: dict[str, Any]) -> None:
        """Obey what the child says."""
        match said:
            case {"news": str(identifier)}:
                for each in self._awaited.pop(identifier, []):
                    each.set()
            case {"rate": float(rate), "of": str(identifier)}:
                self.rates[identifier] = rate
            case {"hand": bool(full)}:
                self._in_hand_since = time.monotonic() if full else None
            case {"ready": True}:
                self.ready, self._failures = True, 0
                self._tell(Event.OFFICE_READY)


@dataclass(slots=True)
class Keeper:
    """Both children, as the routes of `sealing.web` know them; `able`: there is a seal's signer."""

    letters: Child
    mailings: Child
    able: bool = True
    _loop: asyncio.AbstractEventLoop | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def open(self, *, letters: bool, mailings: bool) -> None:
        """Keep the children from now on; begin at once those that are wanted."""
        self._loop = asyncio.get_running_loop()
        for child, wanted in ((self.letters, letters), (self.mailings, mailings)):
            if wanted and self.able:
                child.want()
            self._tasks.append(asyncio.create_task(child.keep()))

    async def close(self) -> None:
        """End the children, both at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(self.letters.end(), self.mailings.end())

    def require_up(self) -> None:
        """Begin the child of letters if need be; raise OfficeAwayError when it cannot work."""
        self._require(self.letters)

    def require_mailings(self) -> None:
        """Begin the child of mailings if need be; raise OfficeAwayError when it cannot work."""
        self._require(self.mailings)

    def _require(self, child: Child) -> None:
        if not self.able:
            raise OfficeAwayError("got settings without a seal's signer", seconds=_LONG)
        child.want()

    async def letter(self, identifier: str, seconds: float) -> None:
        """Tell of a letter, and wait until it is settled, at most so long."""
        await self.letters.wait(identifier, seconds)

    async def mailing(self, identifier: str, seconds: float) -> None:
        """Tell of a mailing, and wait until its list is checked, at most so long."""
        await self.mailings.wait(identifier, seconds)

    def cancel(self, identifier: str) -> None:
        """Tell that a mailing is to be stopped."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(lambda: self.mailings.say(stop=identifier))

    def rate(self, identifier: str) -> float | None:
        """Give the letters a second of a mailing that is being sealed."""
        return self.mailings.rates.get(identifier)


def _log_handle(path: Path) -> int:
    """Open the log of a child, begun anew once it is large; raise OSError."""
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.unlink()
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
