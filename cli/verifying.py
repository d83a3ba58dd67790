"""Many files judged by several processes, told in the order in which they were given.

Rules kept here:

- each worker judges one file at a time, with its own limited children; what it answers hangs on the
  file alone, so that the number of workers changes nothing;
- answers wait for their turn, and no file is begun that is far ahead of it: memory stays flat;
- a worker that dies is replaced and its file is given to another, once; then it is told as failed;
- the first Ctrl-C lets the files in hand be finished, the second does not; either way what is known
  is told, and the exit code is 130.
"""

import os
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import ClassVar, Final

from cli.files import STANDARD, read
from cli.judging import Question, told_failed, told_of
from cli.listed_files import ListedFiles
from cli.output import Output
from cli.problems.problem import Exit
from cli.progress import Progress, interrupts
from cli.verdict_table import Tally, Told, row, width_of
from sealing.batch.worker_process import WorkerProcess, WorkerSide
from storage.errors import CoffreError
from storage.language import N_
from verifier.checks.seal.child import SealJudge
from verifier.reading.sniff import MAX_BYTES

# Several files: the first of these that one of them gives.
ORDER: Final = (Exit.FAILED, Exit.TOTAL_FAILED, Exit.INDETERMINATE, Exit.NOT_FOUND, Exit.DONE)
_AHEAD: Final = 64
_TRIES: Final = 2
_MOMENT: Final = 0.25


class WorkerDiedError(CoffreError):
    """The processes that had a file in hand died. The file was not judged."""

    code: ClassVar[str] = "verify.worker-died"


@dataclass(slots=True)
class _Worker(WorkerProcess):
    """A worker as the crew sees it: `file` is the number of the file in its hand."""

    file: int | None = None


@dataclass(slots=True)
class _Crew:
    """Workers, and the files that wait for them."""

    paths: tuple[Path, ...]
    question: Question
    wanted: int
    next: int = 0
    turn: int = 0
    stopping: bool = False
    back: deque[int] = field(default_factory=deque)
    deaths: Counter[int] = field(default_factory=Counter)
    workers: list[_Worker] = field(default_factory=list)
    told: dict[int, Told] = field(default_factory=dict)

    def work(self) -> Iterator[list[Told]]:
        """Give answers in their order, as they come; an empty list where a moment passed."""
        while True:
            self._man()
            busy = [worker for worker in self.workers if worker.file is not None]
            if not busy:
                break  # whatever was told without a worker is in `rest`
            speaking = wait([worker.pipe for worker in busy], _MOMENT)
            for worker in [each for each in busy if each.pipe in speaking]:
                self._hear(worker)
            yield list(self._in_turn())

    def rest(self) -> list[Told]:
        """Give the answers that are there although files before them have none."""
        left = [self.told[number] for number in sorted(self.told)]
        self.told.clear()
        return left

    def end(self) -> None:
        """End every worker."""
        for worker in self.workers:
            worker.process.kill()
            worker.bury()
        self.workers.clear()

    def _in_turn(self) -> Iterator[Told]:
        while self.turn in self.told:
            yield self.told.pop(self.turn)
            self.turn += 1

    def _man(self) -> None:
        """Give every worker that has none a file, and begin workers while there are files."""
        idle = [worker for worker in self.workers if worker.file is None]
        while not self.stopping and (idle or len(self.workers) < self.wanted):
            number = self._number()
            if number is None:
                return
            data = self._standard(number)
            if isinstance(data, Told):
                self.told[number] = data
                continue
            worker = idle.pop() if idle else self._begun()
            worker.file = number
            worker.say((self.paths[number], data))

    def _number(self) -> int | None:
        if self.back:
            return self.back.popleft()
        if self.next >= len(self.paths) or self.next > self.turn + _AHEAD:
            return None
        self.next += 1
        return self.next - 1

    def _standard(self, number: int) -> bytes | Told | None:
        """Read standard input here: a worker has none."""
        if str(self.paths[number]) != STANDARD:
            return None
        try:
            return read(self.paths[number], limit=MAX_BYTES)
        except (CoffreError, OSError) as error:
            return told_failed(error, self.paths[number], self.question)

    def _begun(self) -> _Worker:
        # Forked: what is believed is what was read once, and nothing is read again.
        worker = _Worker.begun(partial(_serve, self.question), Path(os.devnull), "fork")
        self.workers.append(worker)
        return worker

    def _hear(self, worker: _Worker) -> None:
        number, worker.file = worker.file, None
        if number is None:
            return
        try:
            self.told[number] = worker.pipe.recv()
        except (EOFError, OSError):
            self.workers.remove(worker)
            worker.bury()
            self.deaths[number] += 1
            if self.deaths[number] < _TRIES:
                self.back.append(number)
            else:
                dead = WorkerDiedError("got workers that died with a file in hand")
                self.told[number] = told_failed(dead, self.paths[number], self.question)


def _serve(question: Question, side: WorkerSide) -> None:
    """Judge files until nobody asks: what a worker runs."""
    with SealJudge(question.lists) as judge:
        while True:
            try:
                path, data = side.pipe.recv()
            except (EOFError, OSError):
                return  # the command is gone
            side.say(told_of(path, question, judge, data))


def verify_files(files: ListedFiles, question: Question, output: Output, workers: int) -> int:
    """Judge many files and tell them; give the exit code."""
    total = len(files.paths)
    crew = _Crew(files.paths, question, max(1, min(workers or cores(), total)))
    screen = _Screen(output, question, width_of([str(path) for path in files.paths]), total)
    with interrupts() as asked:
        try:
            for told in crew.work():
                screen.show(told)
                crew.stopping = asked.count > 0
                if asked.count > 1:
                    break
            screen.show(crew.rest())
        finally:
            crew.end()
            screen.close()
    return screen.sum_up(files.others, interrupted=asked.count > 0)


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0))


@dataclass(slots=True)
class _Screen:
    """Where answers are told: rows or JSON lines, and how far the work is."""

    output: Output
    question: Question
    width: int
    total: int
    tally: Tally = field(default_factory=Tally)
    progress: Progress | None = None

    def show(self, told: list[Told]) -> None:
        """Tell some answers, and how far the work is."""
        if told and (self.output.stdout.isatty() or any(one.err for one in told)):
            self.close()  # the bar stands where the words go
        for one in told:
            self.tally.add(one)
            self._show(one)
        if self.progress is None:
            doing = self.output.tr(N_("vérification"))
            self.progress = Progress(self.output, self.total, self.tally.done, doing)
        self.progress.show(self.tally.done, 0)

    def _show(self, told: Told) -> None:
        if self.question.as_json:
            self.output.stdout.write(told.out)
            self.output.stdout.flush()
        else:
            self.output.show(row(told, self.width))
        self.output.stderr.write(told.err)

    def close(self) -> None:
        """Take the bar away."""
        if self.progress is not None:
            self.progress.close()

    def sum_up(self, others: int, *, interrupted: bool) -> int:
        """Say what the answers come to; give the exit code."""
        tr = self.output.tr
        told = self.output.say if self.question.as_json else self.output.show
        for line in self.tally.lines(others, tr):
            told(line)
        if interrupted and self.tally.done < self.total:
            sentence = N_("interrompu ; fichiers qui n'ont pas été vérifiés : {left}")
            self.output.remark(tr(sentence).format(left=self.total - self.tally.done))
            return Exit.INTERRUPTED
        codes = self.tally.codes
        return next((code for code in ORDER if code in codes), max(codes, default=Exit.NOT_FOUND))
