"""The process that seals mailings for applications: one after the other, as `coffre batch seal`.

Rules kept here:

- a mailing is `sealing.batch.run` on the workers of this machine, in its own folder, with its own
  ledger: killed, it is taken up where it stopped;
- every wrong line is written down, the first thousand with their sentences, and nothing is sealed;
- an authority that is away, a token that is lost, a full disk put a mailing off: it is tried again
  half a minute later, and says meanwhile why it waits;
- a mailing on which a process died is counted, and fails at the third; so does one that was put
  off for as long as results are kept;
- a mailing that its service drops stops at the letter in hand, and is erased;
- a token's workers leave one session to the process of single letters.
"""

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cli.asked import fitting
from cli.bureau import Bureau, Line, outcome_of
from cli.files import writing
from cli.mailings import Mailing, line_members, sentence_of, write_report
from cli.output import Output
from sealing.batch.engine import Engine, Standing
from sealing.batch.files.folders import Folder
from sealing.batch.files.letters_csv import LetterList, LineError, ListError
from sealing.batch.files.source import Source
from sealing.batch.job import Job, Wish
from sealing.batch.job import Outcome as Run
from sealing.batch.ledger.intake import ListRefusedError, Reading
from sealing.batch.ledger.rows import Counts
from sealing.batch.local_pool import LocalPool
from sealing.batch.plan import Codes
from sealing.batch.ranges.keys import Keys
from sealing.batch.ranges.work import Bench
from sealing.batch.run import ColumnsWithoutCodeError, run
from sealing.service import commissions, settling
from sealing.service.commissions import DEATHS, Commission, Kind, Outcome, State
from sealing.service.storeroom import MailingRoom, discard
from sealing.signers.registry import limited
from sealing.web.models import MailingWork
from storage.database import DatabaseFullError, DatabaseUnavailableError, transaction
from storage.errors import CoffreError
from storage.language import languages, translator

TURN: Final = 5.0
_AGAIN: Final = 30.0
_DIED: Final = "batch.worker-died"
_SHOWN: Final = 1_000
_TELL: Final = 1.0
_REFUSALS: Final = (ListError, ColumnsWithoutCodeError)


def seal_mailings(bureau: Bureau, line: Line, output: Output) -> None:
    """Seal mailings until the site is gone."""
    waiting: dict[str, float] = {}
    line.tell(ready=True)
    while not line.over:
        line.next(0 if _one(bureau, line, output, waiting) else TURN)


def _one(bureau: Bureau, line: Line, output: Output, waiting: dict[str, float]) -> bool:
    """Seal the oldest mailing that need not wait; tell whether there was one."""
    try:
        for found in bureau.to_do(Kind.MAILING):
            if waiting.get(found.id, 0.0) > time.monotonic():
                continue
            posting = _Posting(bureau, line, found, output)
            if not posting.carry_out():
                waiting[found.id] = time.monotonic() + _AGAIN
            line.tell(news=found.id)
            return True
    except DatabaseUnavailableError:
        pass  # asked for again at the next turn
    return False


@dataclass(slots=True)
class _Posting:
    """One mailing under way; it watches its own run."""

    bureau: Bureau
    line: Line
    found: Commission
    output: Output
    wrong_lines: list[dict[str, Any]] = field(default_factory=list)
    dropped: bool = False
    _began: tuple[float, int] | None = None
    _told: float = 0.0

    @property
    def room(self) -> MailingRoom:
        """Give the folder of the mailing."""
        return self.bureau.room.mailing(self.found.id)

    def carry_out(self) -> bool:
        """Seal it; tell whether it is done with, or was interrupted by the end of the site."""
        try:
            if self._attempts() > DEATHS:
                return self._end(Outcome(State.FAILED, error=_DIED))
            return self._worked()
        except DatabaseFullError as error:
            return self._put_off(error, named=False)
        except DatabaseUnavailableError:
            raise
        except (CoffreError, OSError) as error:
            return self._put_off(error, named=self._order.is_named)
        except Exception as error:  # noqa: BLE001 - a fault of ours stops no other mailing
            return self._end(outcome_of(error, named=False))
        finally:
            self._survived()

    def _worked(self) -> bool:
        """Seal it as far as it goes; tell whether it is done with."""
        job = self._job()
        try:
            ran = run(job, _pool, self)
        except ListRefusedError as error:
            self._write_wrong_lines(int(error.details["count"]))
            return self._end(outcome_of(error, named=False), State.REFUSED)
        except _REFUSALS as error:
            return self._end(outcome_of(error, named=False), State.REFUSED)
        return self._ran(job, ran)

    def wrong(self, line: LineError) -> None:
        """Keep a wrong line, in every language; the first thousand are enough."""
        if len(self.wrong_lines) < _SHOWN:
            told = line_members(line, translator("fr"))
            told["title"] = {
                lang: sentence_of(line.error, translator(lang)) for lang in sorted(languages())
            }
            del told["sentence"]
            self.wrong_lines.append(told)

    def reading(self, lines: int, of: int) -> None:
        """Show that somebody is at work, while a long list is read."""
        del lines, of
        self.line.listen()

    def read(self, listed: LetterList, found: Reading, counts: Counts) -> None:
        """Say that the list is good."""
        del listed, found
        with transaction(self.bureau.engine) as session:
            self.dropped = not settling.progress(session, self.found.id, counts.letters)
        self.line.tell(news=self.found.id)

    def progress(self, counts: Counts, standing: Standing) -> None:
        """Say how fast it goes, about once a second."""
        del standing
        now = time.monotonic()
        if self._began is not None and counts.settled > self._began[1] and not self._told:
            self._survived()  # whoever is killed later was not killed by what is done
        self._began = self._began or (now, counts.settled)
        since, settled = self._began
        if now - self._told >= _TELL and counts.settled > settled:
            self._told = now
            rate = (counts.settled - settled) / max(now - since, 0.001)
            self.line.tell(rate=round(rate, 1), of=self.found.id)

    def wish(self) -> Wish:
        """Stop when the site is gone, or the mailing was dropped."""
        self.line.listen()
        self.dropped |= self.found.id in self.line.stopped
        return Wish.STOP if self.dropped or self.line.over else Wish.GO_ON

    @property
    def _order(self) -> MailingWork:
        return MailingWork.model_validate_json(self.found.work_order or "{}")

    def _attempts(self) -> int:
        """Count this attempt, which may end with the process."""
        with transaction(self.bureau.engine) as session:
            return settling.begin(session, self.found.id)

    def _survived(self) -> None:
        """Forget the attempt: the process is still there."""
        with suppress(DatabaseUnavailableError), transaction(self.bureau.engine) as session:
            settling.survived(session, self.found.id)

    def _job(self) -> Job:
        order = self._order
        code, settings = order.code, limited(self.bureau.settings, order.signers)
        town = code.type if code is not None and code.kind == "towncode" else None
        twoddoc = code.type if code is not None and code.kind == "twoddoc" else None
        keys = Keys(settings, order.signer, town=town is not None)
        folder, source = Folder(self.room.sealed), Source(self.room.letters.resolve())
        profile, check = self.bureau.profile(order), self.bureau.check
        bench = Bench(source, folder, keys, profile, check, same_layout=order.same_layout)
        cores = len(os.sched_getaffinity(0))
        workers = max(1, fitting(cores + 1, keys, self.output) - 1)
        job = Job(self.room.listing, bench, Codes(twoddoc, town), workers=workers)
        return replace(job, evidence=order.evidence)

    def _ran(self, job: Job, ran: Run) -> bool:
        """See to what a run leaves."""
        records = ran.records
        if ran.halted is not None:
            return self._put_off(ran.halted, named=False)
        if ran.stopped:
            if self.dropped:
                self.bureau.room.erase(self.found.id)
            return True
        if records is not None and records.missing and records.trouble is not None:
            return self._put_off(records.trouble, named=False)
        mailing = Mailing(job.bench.folder, ran.counts, ran.seconds, ran.new)
        write_report(job, mailing, ran.certificate, self.output)
        return self._end(Outcome(State.SEALED))

    def _put_off(self, error: Exception, *, named: bool) -> bool:
        """Try again later what may pass, or end what will not; tell whether it is ended."""
        outcome = outcome_of(error, named=named)
        if outcome.state is State.REFUSED or self._is_old():
            return self._end(outcome)
        with transaction(self.bureau.engine) as session:
            settling.put_off(session, self.found.id, outcome)
        return False

    def _is_old(self) -> bool:
        kept = timedelta(days=self.bureau.settings.sealing.keep_days)
        return datetime.now(UTC) - self.found.created_at > kept

    def _end(self, outcome: Outcome, state: State | None = None) -> bool:
        """Write down how the mailing ended; what came is not needed any more."""
        ended = self.bureau.settle(self.found, replace(outcome, state=state or outcome.state))
        if ended.state in commissions.ENDED:
            self.bureau.room.erase(self.found.id)
        elif ended.state is not State.FAILED:
            discard(self.room.letters)
            self.room.listing.unlink(missing_ok=True)
        return True

    def _write_wrong_lines(self, count: int) -> None:
        told = {"count": count, "lines": self.wrong_lines}
        with writing(self.room.wrong_lines, force=True) as file:  # the site reads it at any moment
            file.write(json.dumps(told, ensure_ascii=False).encode())


def _pool(job: Job) -> Engine:
    return LocalPool(job.workers, job.bench.folder.private / "workers.log")
