"""What a mailing costs beside its seals, printed (`pytest -s`): nothing here passes on time.

Each letter is read, hashed twice, written, named, committed twice and told in the journal; its seal
is a line at its end. Processor time of the run, of its workers, and of the database's server.
"""

import os
import resource
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.budget import cases
from support.mailings import Post, Quiet, forked, names, queued
from support.postgresql import postgresql_server

from sealing.batch.ledger.rows import Waiting
from sealing.batch.ranges.flight import Begun
from sealing.batch.ranges.work import RangeWork
from sealing.batch.run import run
from sealing.pades.seal import Road, SealedPdf
from sealing.pades.source_pdf import SourcePdf
from sealing.proofs.document_id import RANDOM_BYTES, document_id
from sealing.service.letter import SealedLetter

_TICK = os.sysconf("SC_CLK_TCK")


class Unsealed:
    """A letter that is not sealed, in the place of one that is signed."""

    def __init__(self, source: SourcePdf) -> None:
        """Take the file."""
        self.source, self.size = source, len(source.pdf)

    def stamp(self) -> None:
        """Ask nobody."""

    def finish(self, _token: None) -> SealedLetter:
        """Give the file with a revision that seals nothing."""
        own = document_id(datetime.now(UTC), os.urandom(RANDOM_BYTES))
        sealed = SealedPdf(self.source, b"%/ETSI.CAdES.detached " + own.hex.encode(), Road.FAST)
        return SealedLetter(sealed, own, None, None, None)


def unsealed(work: RangeWork, letter: Waiting) -> Begun:
    """Do all that is done for a letter but its seal."""
    source = SourcePdf(work.bench.source.read(letter.file))
    assert source.sha256 == letter.sha256_in

    def steps() -> Any:
        yield
        return Unsealed(source)

    return Begun(letter, None, sample=False, size=len(source.pdf), steps=steps())


def ours() -> float:
    """Give the processor time of this process and of its children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def of_server(pid: int) -> float:
    """Give the processor time of a server, its processes and those that ended."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            row = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(path.parent.name) == pid or int(row[1]) == pid:
            own = 4 if int(path.parent.name) == pid else 2
            ticks += sum(map(int, row[11 : 11 + own]))
    return ticks / _TICK


@pytest.fixture(scope="module")
def server():
    with postgresql_server() as server:
        yield server


@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", [forked, queued], ids=lambda each: each.__name__)
def test_what_engine_and_ledger_cost_for_each_letter(tmp_path, monkeypatch, server, engine):
    count = cases(ci=300, slow=10_000, fast=100)
    post = Post(tmp_path, server.database() if engine is queued else None)
    post.write(names(count))
    monkeypatch.setattr(RangeWork, "begin", unsealed)
    reading, told = [], []

    def begun(job):
        reading.append((ours(), of_server(server.pid)))
        return engine(job)

    outcome = run(post.job(), begun, Quiet())
    told = [ours(), of_server(server.pid)]
    assert outcome.counts.sealed == count
    own, databases = ((told[i] - reading[0][i]) * 1000 / count for i in (0, 1))
    print(  # noqa: T201 - a figure for DESIGN
        f"\n{engine.__name__}: {own:.2f} ms of processor time for each of {count} letters"
        f" (run and workers), {databases:.2f} ms of the database's server"
    )
    post.require_exactly_once(names(count))
