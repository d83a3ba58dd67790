"""Duties by the clock: what nobody asks for and must be done.

Rules kept here:

- objects that no operation named in 24 hours, and those of removed documents, are deleted;
- headers of shares whose time has passed are deleted; so are the packages of grants that are spent
  or that nobody collected;
- leftovers of interrupted uploads are removed from the store;
- letters that applications had sealed are erased once they were kept long enough;
- a duty that fails is told and tried again at the next turn; it stops neither the others nor the
  server.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from cli.observe import Event, Log
from consent.service import grants
from sealing.service import retention
from sealing.service.retention import Keeping
from sealing.service.storeroom import Storeroom
from storage.database import reading, transaction
from storage.errors import CoffreError
from vault.service import shares, uploads
from vault.web.session import Site

EVERY: Final = timedelta(minutes=10)
# What nobody names and is younger may be on its way.
_STRAY_SECONDS: Final = 6 * 3600.0
Duty = Callable[[Site], int]


def orphans(site: Site) -> int:
    """Condemn the objects that were announced and never used."""
    with transaction(site.engine) as session:
        return uploads.condemn_orphans(session, site.clock())


def burials(site: Site) -> int:
    """Delete condemned objects."""
    with transaction(site.engine) as session:
        return uploads.bury(session, site.store, site.clock())


def expiries(site: Site) -> int:
    """Delete the headers of shares that have ended."""
    with transaction(site.engine) as session:
        return shares.end_expired(session, site.clock())


def leftovers(site: Site) -> int:
    """Remove what interrupted uploads left in the store."""
    return site.store.sweep(site.clock() - uploads.ORPHAN_AGE)


def grants_ended(site: Site) -> int:
    """Destroy what grants held once they are spent or void."""
    with transaction(site.engine) as session:
        return grants.sweep(session, site.clock())


def sealed_letters(room: Storeroom, keeping: Keeping) -> Duty:
    """Make the duty of erasing what applications had sealed, in its time."""

    def erasures(site: Site) -> int:
        with transaction(site.engine) as session:
            gone = retention.expire(session, keeping, site.clock())
            retention.forget(session, site.clock())
        for each in gone:
            room.erase(each)
        with reading(site.engine) as session:
            kept, unsealed = retention.kept(session), retention.unsealed(session)
        return len(gone) + room.sweep(kept, unsealed, _STRAY_SECONDS)

    return erasures


DUTIES: Final[tuple[Duty, ...]] = (
    orphans,
    burials,
    expiries,
    grants_ended,
    leftovers,
)


def turn(site: Site, log: Log, *others: Duty) -> None:
    """Do every duty once."""
    for duty in (*DUTIES, *others):
        try:
            count = duty(site)
        except (CoffreError, SQLAlchemyError, OSError) as error:
            log.tell(Event.DUTY_FAILED, duty=duty.__name__, error=type(error).__name__)
        else:
            if count:
                log.tell(Event.DUTY_DONE, duty=duty.__name__, count=count)


async def watch(site: Site, log: Log, *others: Duty) -> None:
    """Take a turn now and then every ten minutes, until cancelled."""
    while True:
        await asyncio.to_thread(turn, site, log, *others)
        await asyncio.sleep(EVERY.total_seconds())
