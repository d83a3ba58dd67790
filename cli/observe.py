"""Logs: one JSON object a line on standard output, with events and fields from closed lists.

Rules kept here:

- an event is one of `Event`; a field that is not in `FIELDS` is left out, so that no careless line
  can tell a name, a content, an address or a secret; values are cut at 200 characters;
- time is UTC; a route is its template, never the address asked; an exception is its class and its
  place, never its message;
- what uvicorn itself has to say goes through the same door, as a level alone.
"""

import logging
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TextIO

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vault.web.problems import Failure

_LONGEST: Final = 200
FIELDS: Final = frozenset(
    {"at", "count", "duty", "error", "event", "level", "method"}
    | {"ms", "place", "request", "route", "status"}
)


class Event(StrEnum):
    """Everything that the log can tell."""

    STARTED = "server.started"
    STOPPED = "server.stopped"
    SERVER = "server.message"
    ANSWERED = "http.answered"
    FAILED = "http.failed"
    DUTY_DONE = "duty.done"
    DUTY_FAILED = "duty.failed"
    OFFICE_READY = "office.ready"
    OFFICE_ENDED = "office.ended"
    OFFICE_STUCK = "office.stuck"


class Log:
    """The log of one process."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self._logger = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[_dated, _only_known, structlog.processors.JSONRenderer(sort_keys=True)],
        )

    def tell(self, event: Event, **fields: str | float) -> None:
        """Write one line."""
        self._logger.msg(event.value, **fields)

    def report(self, failure: Failure) -> None:
        """Write a fault of ours down."""
        self.tell(
            Event.FAILED, request=failure.request_id, error=failure.error, place=failure.place
        )


class AccessLog:
    """Writes a line for each answer."""

    def __init__(self, app: ASGIApp, log: Log) -> None:
        """Stand around `app`."""
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and time it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._log.tell(
                Event.ANSWERED,
                request=str(scope.get("request_id", "")),
                method=scope["method"] if scope["method"].isalpha() else "?",
                route=getattr(scope.get("route"), "path", "-"),
                status=status,
                ms=round((time.perf_counter() - start) * 1000, 1),
            )


class ServerMessages(logging.Handler):
    """Takes uvicorn's own words: their level is told, not their text."""

    def __init__(self, log: Log) -> None:
        """Write to `log`."""
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write a warning or an error down."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        self._log.tell(Event.SERVER, level=record.levelname.lower(), error=kind)


def _dated(_logger: object, _name: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
    return {**line, "at": datetime.now(UTC).isoformat(timespec="milliseconds")}


def _only_known(_logger: object, _name: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
    return {
        name: value[:_LONGEST] if isinstance(value, str) else value
        for name, value in line.items()
        if name in FIELDS
    }
