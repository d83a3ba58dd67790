"""The web server, assembled: routes, handlers, and the layers that every request passes.

From the outside in: `LastResort` (no exception leaves), `AccessLog`, `Guard` (origin, length,
headers), the routes. Nothing here opens a document: `vault.crypto` is never imported, which a test
looks at in the running process.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from fastapi import FastAPI
from starlette.types import ASGIApp

from cli import health, timers
from cli.observe import AccessLog, Event, Log
from cli.wiring import Parts
from consent.web import api as consents
from consent.web import api_person, public
from consent.web import problems as refusals
from sealing.web import api as sealing_api
from vault.web import api_account, api_documents, api_objects, assets, pages, problems
from vault.web.problems import LastResort
from vault.web.security import Guard
from vault.web.shell import Frame
from verifier.web import api as verifier_api
from verifier.web import pages as verifier_pages

ROUTERS: Final = (
    api_account.router,
    api_documents.router,
    api_objects.router,
    consents.router,
    api_person.router,
    public.router,
)


def create_app(parts: Parts, log: Log) -> ASGIApp:
    """Give the whole application, ready to be served."""
    guarded = AccessLog(Guard(routes(parts, log), parts.site.address), log)
    return LastResort(guarded, log.report)


def routes(parts: Parts, log: Log) -> FastAPI:
    """Give the routes, with `/openapi.json`; no page of documentation is served."""

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        duties = asyncio.create_task(timers.watch(parts.site, log))
        log.tell(Event.STARTED)
        yield
        duties.cancel()
        with suppress(asyncio.CancelledError):
            await duties
        parts.site.engine.dispose()
        log.tell(Event.STOPPED)

    app = FastAPI(title="Coffre", version="1", docs_url=None, redoc_url=None, lifespan=life)
    app.state.site, app.state.broker = parts.site, parts.broker
    app.state.trust = parts.trust
    app.state.frame = Frame.of(["verifier"], parts.town)
    problems.install(app, refusals.ROWS)
    for router in ROUTERS:
        app.include_router(router)
    for router in (assets.router, pages.router, verifier_api.router, verifier_pages.router):
        app.include_router(router)
    app.include_router(sealing_api.router(parts.settings.published))
    app.include_router(health.router(parts.site, parts.settings.data))
    return app
