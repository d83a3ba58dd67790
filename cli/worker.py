"""Mailings that several machines seal: what the command line asks of them.

The queue's libraries are an extra (`postgres`), loaded where a queue is asked for and nowhere else.
"""

import os
from contextlib import closing, suppress
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy import Engine as Database

from cli.asked import fitting
from cli.output import Output
from cli.problems.problem import Exit
from cli.progress import interrupts
from cli.prompts import Terminal, with_pin
from sealing.batch.engine import Engine
from sealing.batch.job import Job
from sealing.batch.ledger.place import NoSharedDatabaseError, batch_of
from sealing.batch.ranges.keys import Keys
from sealing.batch.ranges.work import Check
from sealing.signers.port import SEAL, TWODDOC
from sealing.signers.registry import serving
from storage.errors import MissingExtraError
from storage.language import N_
from storage.settings import Settings

MOST_WORKERS: Final = 64
_MOST_SESSIONS: Final = 1024
_STEP: Final = 0.5


class Engines(StrEnum):
    """Who seals the letters."""

    LOCAL = "local"
    QUEUE = "queue"


EngineName = Annotated[
    Engines,
    typer.Option(
        "--engine",
        metavar="local|queue",
        help=N_("Sceller sur cette machine, ou aussi sur celles de coffre batch work."),
    ),
]
Workers = Annotated[
    int,
    typer.Option(min=0, max=MOST_WORKERS, help=N_("Processus qui scellent (0 : un par cœur).")),
]
Sessions = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=_MOST_SESSIONS,
        help=N_("Sessions de la clé, au plus ; avec queue, toutes machines ensemble."),
    ),
]


def hands(workers: int, sessions: int | None = None) -> int:
    """Give how many processes work here: those asked for (0: one a core), one a session at most."""
    most = workers or min(MOST_WORKERS, len(os.sched_getaffinity(0)))
    return most if sessions is None else min(most, sessions)


def shared_database(settings: Settings) -> str:
    """Give the address of the database where machines meet.

    Raises NoSharedDatabaseError, or MissingExtraError where the queue's library is absent.
    """
    if find_spec("procrastinate") is None:
        raise MissingExtraError("got no queue", extra="postgres")
    if not settings.database:
        raise NoSharedDatabaseError("got no database")
    return settings.database


def keys_of(
    settings: Settings, name: str | None, twoddoc: str | None, output: Output, *, town: bool
) -> Keys:
    """Name the keys of a mailing; ask for the PIN that is missing."""
    seals = serving(settings, SEAL, name, every=town)
    codes = serving(settings, f"{TWODDOC}{twoddoc}")
    return Keys(with_pin(settings, output, Terminal(), *seals, *codes), name, town=town)


def prepare_queue(database: Database) -> None:
    """Make the queue's tables in PostgreSQL, where there is the queue's library."""
    with suppress(ModuleNotFoundError):  # a database of PostgreSQL without the extra's queue
        from sealing.batch.queue.procrastinate_engine import prepare  # noqa: PLC0415 - an extra

        prepare(database)


def queue(job: Job) -> Engine:
    """Give the workers of this machine, and of whoever else joins."""
    from sealing.batch.queue.engine import ProcrastinateEngine  # noqa: PLC0415 - an extra

    if job.shared is None or job.order is None:
        raise ValueError("got a mailing of this machine alone")
    folder = job.bench.folder
    log = folder.private / "workers.log"
    return ProcrastinateEngine(job.shared, batch_of(folder), job.order, job.workers, log)


def work(settings: Settings, workers: int, check: Check, output: Output) -> int:
    """Seal what other machines run, until Ctrl-C; give the exit code."""
    from sealing.batch.queue.volunteers import Volunteers  # noqa: PLC0415 - an extra

    settings = with_pin(settings, output, Terminal(), *settings.signers)
    workers = fitting(workers, Keys(settings, town=True), output)
    crew = Volunteers(settings, check, workers)
    with closing(crew), interrupts() as asked:
        crew.open()
        waiting = output.tr(N_("{workers} processus attendent un envoi (Ctrl-C les arrête)"))
        output.say(waiting.format(workers=workers))
        told, serving = 0, None
        while True:
            standing = crew.step(_STEP)
            if standing.halted is not None:
                raise standing.halted
            if crew.serving != serving:
                serving = _say_served(output, crew.serving, serving)
            if asked.count > told:
                told = asked.count
                if told > 1:
                    return Exit.INTERRUPTED
                output.say(output.tr(N_("arrêt demandé : chacun finit la lettre en cours")))
                crew.stop()
            if told and not standing.working:
                output.say(output.tr(N_("arrêté : le reste attend les autres machines")))
                return Exit.DONE


def _say_served(output: Output, now: Path | None, before: Path | None) -> Path | None:
    """Say which mailing is served, or that one is over."""
    if now is not None:
        output.say(output.tr(N_("envoi en cours : {folder}")).format(folder=now))
    else:
        output.say(output.tr(N_("envoi fini pour cette machine : {folder}")).format(folder=before))
    return now
