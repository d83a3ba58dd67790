"""The Procrastinate side of the distributed engine: jobs that are ranges, and workers that do them.

Rules kept here:

- a job says first and last number, and nothing else: what to open is in the mailing's row, what to
  seal in the ledger, which alone tells what is done and whose seal counts;
- each run has a queue of its own: what an older run left is dropped, its workers disturb nobody;
- a worker is heard of every five seconds, and gives its job back when it leaves; the job of one
  that was not heard of for twenty is put back by `rescue`;
- nothing waits for a database that is away longer than ten seconds: the caller asks again.

The queue's tables are in a schema of their own and hold nothing to keep: `prepare` makes them anew
for another version of Procrastinate.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar

from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.schema import SchemaManager
from psycopg import Error as DriverError
from sqlalchemy import Engine as Database
from sqlalchemy import make_url, text

from sealing.batch.plan import Range
from sealing.batch.queue.crew import Desk
from sealing.batch.queue.shift import Place, Shift, on_shift
from storage.database import DatabaseUnavailableError, told
from storage.migrations.upgrade import SchemaError

SCHEMA: Final = "coffre_queue"
_TASK: Final = "seal"
_CHUNK: Final = 100
_HEARTBEAT: Final = 5.0
_STALLED: Final = 20.0
_PATIENCE: Final = 10.0
_POLL: Final = 1.0
_HUNG: Final = 5.0
_Answer = TypeVar("_Answer")


def prepare(database: Database) -> None:
    """Make the queue's tables, anew where they are another version's; no worker may be at work."""
    wanted = _layout()
    with told(), database.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": SCHEMA})
        if connection.execute(_FOUND, {"name": SCHEMA}).scalar() == wanted:
            return
        cursor: Any = connection.connection.cursor()
        cursor.execute(
            f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA};"
            f" SET LOCAL search_path = {SCHEMA};"
            f" COMMENT ON SCHEMA {SCHEMA} IS '{wanted}'"
        )
        cursor.execute(SchemaManager.get_schema())
        cursor.close()


def require_queue(database: Database) -> None:
    """Raise SchemaError unless the queue's tables are those of this program."""
    with told(), database.connect() as connection:
        found = connection.execute(_FOUND, {"name": SCHEMA}).scalar()
    if found != _layout():
        raise SchemaError("got another queue", got=str(found or "-"), expected=_layout())


def _layout() -> str:
    return hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest()[:16]


_FOUND: Final = text("SELECT obj_description(to_regnamespace(:name)::oid, 'pg_namespace')")


def _app(database: str) -> App:
    """Give the application of this database's queue; nothing is connected yet."""
    address = make_url(database).set(drivername="postgresql")
    return App(
        connector=PsycopgConnector(
            conninfo=address.render_as_string(hide_password=False),
            kwargs={"options": f"-c search_path={SCHEMA}"},
            min_size=1,
            max_size=3,
            timeout=_PATIENCE,
        )
    )


class Queue:
    """The jobs of one run, as those who are no workers see them."""

    def __init__(self, database: str, run: str) -> None:
        """Connect; raise DatabaseUnavailableError."""
        self._app, self._run = _app(database), run
        self._loop = asyncio.Runner()
        self._jobs = self._app.job_manager
        try:
            self._ask(self._app.open_async)
        except DatabaseUnavailableError:
            self.close()
            raise

    def add(self, ranges: Iterable[Range]) -> None:
        """Queue ranges; raise DatabaseUnavailableError, as all of these do."""
        given = iter(ranges)
        while chunk := list(islice(given, _CHUNK)):
            jobs = [
                Job(
                    queue=self._run,
                    lock=None,
                    queueing_lock=None,
                    task_name=_TASK,
                    task_kwargs={"first": each.first, "last": each.last},
                )
                for each in chunk
            ]
            self._ask(partial(self._jobs.batch_defer_jobs_async, jobs))

    def left(self) -> int:
        """Count the jobs that wait or are under way."""
        rows = self._ask(partial(self._jobs.list_queues_async, queue=self._run))
        return sum(row["todo"] + row["doing"] for row in rows)

    def put_back(self, job: int) -> None:
        """Have a job done by another worker: its own is dead. One that is done stays so."""
        for found in self._ask(partial(self._jobs.list_jobs_async, id=job, status="doing")):
            self._ask(partial(self._jobs.retry_job, found))

    def rescue(self) -> None:
        """Put back the jobs of workers that were not heard of."""
        ask = partial(
            self._jobs.get_stalled_jobs, queue=self._run, seconds_since_heartbeat=_STALLED
        )
        for job in self._ask(ask):
            self._ask(partial(self._jobs.retry_job, job))

    def cancel(self) -> None:
        """Drop the jobs that wait; have those under way end with the letter in hand."""
        self.clear(self._run, "todo")
        for job in self._ask(partial(self._jobs.list_jobs_async, queue=self._run, status="doing")):
            if not job.abort_requested and job.id is not None:
                self._ask(partial(self._jobs.cancel_job_by_id_async, job.id, abort=True))

    def clear(self, run: str, *statuses: str) -> None:
        """Drop the jobs of a run, those of some states or all."""
        self._ask(
            partial(
                self._app.connector.execute_query_async,
                "DELETE FROM procrastinate_jobs WHERE queue_name = %(run)s"
                " AND (%(all)s OR status = ANY(%(statuses)s::procrastinate_job_status[]))",
                run=run,
                all=not statuses,
                statuses=list(statuses),
            )
        )

    def close(self) -> None:
        """Let go of the database."""
        with suppress(DatabaseUnavailableError):
            self._ask(self._app.close_async)
        self._loop.close()

    def _ask(self, what: Callable[[], Awaitable[_Answer]]) -> _Answer:
        async def ask() -> _Answer:
            return await what()

        try:
            return self._loop.run(ask())
        except (ConnectorException, DriverError) as error:
            raise DatabaseUnavailableError(f"got {type(error).__name__}") from error


class _BackError(Exception):
    """The job is not done: it goes back to the queue."""


class _GoBack(BaseRetryStrategy):
    """Queue again what a worker gave back."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Decide by the kind of the exception alone."""
        del job
        return RetryDecision() if isinstance(exception, _BackError) else None


def serve(place: Place, desk: Desk) -> None:
    """Be a worker until the run is gone or the crew says no more.

    Raises DatabaseUnavailableError, or what opening the keys does.
    """
    with on_shift(place, desk) as shift:
        if shift is None:
            return
        try:
            asyncio.run(_listen(place, shift))
        except (ConnectorException, DriverError) as error:
            raise DatabaseUnavailableError(f"got {type(error).__name__}") from error


async def _listen(place: Place, shift: Shift) -> None:
    """Do the jobs of a run, one after the other."""
    app = _app(place.database)

    @app.task(name=_TASK, pass_context=True, retry=_GoBack())
    def seal(context: JobContext, first: int, last: int) -> None:
        job, wanted = context.job, Range(first, last)
        again, dropped = job.attempts > 0, context.should_abort
        if not shift.seal(job.id or 0, wanted, again=again, dropped=dropped):
            raise _BackError

    async with app.open_async():
        working = asyncio.create_task(
            app.run_worker_async(
                queues=[place.run],
                concurrency=1,
                delete_jobs="always",
                install_signal_handlers=False,
                fetch_job_polling_interval=_POLL,
                abort_job_polling_interval=_POLL,
                update_heartbeat_interval=_HEARTBEAT,
                stalled_worker_timeout=_STALLED,
            )
        )
        try:
            while not working.done():
                if await asyncio.wait_for(asyncio.to_thread(shift.over), _HUNG):
                    break
                await asyncio.wait({working}, timeout=_POLL / 5)
        except TimeoutError:  # a database that says nothing has given the locks to others, or will
            shift.unseat()
        shift.stop.set()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
