"""Whether the process lives, and whether it may be sent work.

Rules kept here:

- `/health/live` asks nothing of anybody; `/health/ready` tries database, revision, store and
  disk, and answers 503 with the names of what fails: codes, no message, no path, no secret.
"""

import shutil
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from storage.database import reading
from storage.errors import CoffreError
from storage.migrations.upgrade import require_head
from vault.web.session import Site

if TYPE_CHECKING:
    from collections.abc import Callable

FREE: Final = 0.10


class Health(BaseModel):
    """`reasons` is empty when all is well."""

    status: str
    reasons: list[str] = []


class DiskFullError(CoffreError):
    """Less than a tenth of the disk is free."""

    code: ClassVar[str] = "storage.disk-full"


def router(site: Site, data: Path) -> APIRouter:
    """Make the two routes for these parts."""
    routes = APIRouter(prefix="/health")

    @routes.get("/live")
    def live() -> Health:
        """Answer: the process lives."""
        return Health(status="live")

    @routes.get("/ready")
    def ready(response: Response) -> Health:
        """Try everything that work needs."""
        reasons = failing(site, data)
        if reasons:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Health(status="unready" if reasons else "ready", reasons=reasons)

    return routes


def failing(site: Site, data: Path) -> list[str]:
    """Name what does not work now."""
    checks: dict[str, Callable[[], None]] = {
        "database": lambda: _database(site),
        "schema": lambda: require_head(site.engine),
        "store": site.store.probe,
        "disk": lambda: _disk(data),
    }
    reasons = []
    for name, check in checks.items():
        try:
            check()
        except (CoffreError, SQLAlchemyError, OSError):
            reasons.append(name)
    return reasons


def _database(site: Site) -> None:
    with reading(site.engine) as session:
        session.connection().exec_driver_sql("SELECT 1")


def _disk(data: Path) -> None:
    usage = shutil.disk_usage(data)
    if usage.free < FREE * usage.total:
        raise DiskFullError(f"got {usage.free} bytes free of {usage.total}")
