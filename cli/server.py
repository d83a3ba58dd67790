"""The web server, assembled: routes, handlers, and the layers that every request passes.

From the outside in: `LastResort` (no exception leaves), `AccessLog`, `Guard` (origin, length,
headers), the routes. Nothing here opens a document: `vault.crypto` is never imported, which a test
looks at in the running process.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

from fastapi import FastAPI
from starlette.types import ASGIApp

from cli import health, timers
from cli.keeper import Child, Keeper
from cli.observe import AccessLog, Event, Log
from cli.verifications import ChildJudge, desk, verdict_schema
from cli.wiring import Parts
from consent.web import api as consents
from consent.web import api_person, public
from consent.web import problems as refusals
from sealing.service import api_keys, settling
from sealing.service.commissions import Kind
from sealing.service.retention import Keeping
from sealing.service.storeroom import Storeroom
from sealing.web import api as seals
from sealing.web import api_mailings, status_lists
from sealing.web import problems as seal_problems
from sealing.web.bearer import WrongKeys
from sealing.web.office import Counter
from storage.database import reading
from vault.web import api_account, api_documents, api_objects, assets, pages, problems
from vault.web.problems import LastResort
from vault.web.security import Guard
from vault.web.shell import Frame
from verifier.web import api as verifier_api
from verifier.web import offline, verifications
from verifier.web import pages as verifier_pages
from verifier.web import problems as verifier_problems

ROUTERS: Final = (
    api_account.router,
    api_documents.router,
    api_objects.router,
    consents.router,
    api_person.router,
    public.router,
    seals.router,
    api_mailings.router,
)
SEAL_USE: Final = "seal"
SEALING: Final = "sealing"


def create_app(parts: Parts, log: Log) -> ASGIApp:
    """Give the whole application, ready to be served."""
    guarded = AccessLog(Guard(routes(parts, log), parts.site.address), log)
    return LastResort(guarded, log.report)


def routes(parts: Parts, log: Log) -> FastAPI:
    """Give the routes, with `/openapi.json`; no page of documentation is served."""
    counter, keeper = counter_of(parts, log)
    judge = ChildJudge(parts.settings.data, parts.config)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        erasures = timers.sealed_letters(counter.room, counter.keeping)
        duties = asyncio.create_task(timers.watch(parts.site, log, erasures))
        open_office(parts, keeper)
        log.tell(Event.STARTED)
        yield
        await keeper.close()
        await judge.close()
        duties.cancel()
        with suppress(asyncio.CancelledError):
            await duties
        parts.site.engine.dispose()
        log.tell(Event.STOPPED)

    app = FastAPI(title="Coffre", version="1", docs_url=None, redoc_url=None, lifespan=life)
    app.state.site, app.state.broker = parts.site, parts.broker
    app.state.trust, app.state.sealing = parts.trust, counter
    app.state.wrong_keys = WrongKeys()
    app.state.frame = Frame.of(["verifier"], parts.town)
    problems.install(app, refusals.ROWS, seal_problems.ROWS, verifier_problems.ROWS)
    for router in ROUTERS:
        app.include_router(router)
    for router in (assets.router, pages.router):
        app.include_router(router)
    for router in (verifier_api.router, verifier_pages.router, offline.router):
        app.include_router(router)
    if parts.settings.verifications.open:
        app.state.verifications = desk(parts.settings.verifications, judge)
        app.include_router(verifications.router(verdict_schema()))
    app.include_router(status_lists.router(parts.settings.published))
    app.include_router(health.router(parts.site, parts.settings.data))
    return app


def counter_of(parts: Parts, log: Log) -> tuple[Counter, Keeper]:
    """Give what the sealing routes work with; nothing is begun yet."""
    data, kept = parts.settings.data, parts.settings.sealing
    room = Storeroom(data / SEALING)
    room.make()
    words = ["--data", str(data.absolute())]
    words += ["--config", str(parts.config.absolute())] if parts.config else []
    able = any(row.use == SEAL_USE for row in parts.settings.signers.values())
    keeper = Keeper(
        Child("letters", words, room.root / "letters.log", log),
        Child("mailings", [*words, "--mailings"], room.root / "mailings.log", log),
        able=able,
    )
    keeping = Keeping(timedelta(days=kept.keep_days), timedelta(hours=kept.collected_hours))
    return Counter(keeper, room, keeping, kept.mailing_mib << 20), keeper


def open_office(parts: Parts, keeper: Keeper) -> None:
    """Begin to seal for applications: at once where one has a key, else when one first asks."""
    with reading(parts.site.engine) as session:
        letters = api_keys.any_living(session)
        mailings = bool(settling.to_do(session, Kind.MAILING))
    Storeroom(parts.settings.data / SEALING).empty_arrivals()
    keeper.open(letters=letters, mailings=mailings)
