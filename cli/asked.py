"""What a mailing was asked for, read from the options of its command."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, ClassVar, Final

import typer

from cli.files import STANDARD
from cli.orders import town_type_of
from cli.output import Output
from sealing.batch.job import Failures, Job
from sealing.batch.plan import Codes
from sealing.batch.ranges.keys import Keys
from sealing.signers.port import SEAL
from sealing.signers.registry import most_workers, serving
from storage.errors import CoffreError
from storage.language import N_

# A list that does not fit its letters is seen by then: nobody wants a million refusals.
BARREN: Final = 50


class Checked(StrEnum):
    """Which letters are compared with their code once sealed."""

    ALL = "all"
    SAMPLE = "sample"


Check = Annotated[
    Checked,
    typer.Option(
        metavar="sample|all",
        help=N_("Comparer la page au code : première lettre puis une sur 200, ou toutes."),
    ),
]


class FailureLimitError(CoffreError):
    """A `--max-failures` is neither a number nor a percentage. Details: `limit`."""

    code: ClassVar[str] = "usage.max-failures"


def codes_of(twoddoc: str | None, town_type: str | None, *, towncode: bool) -> Codes:
    """Read which code letters bear; raise TwoCodesError, TypeWithoutTownCodeError."""
    return Codes(twoddoc, town_type_of(twoddoc, town_type, towncode=towncode))


def failures_of(limit: str | None) -> Failures:
    """Read `--max-failures`; raise FailureLimitError."""
    if limit is None:
        return Failures(barren=BARREN)
    try:
        if limit.endswith("%"):
            share = float(limit[:-1].strip().replace(",", "."))
            if 0 <= share <= 100:  # noqa: PLR2004 - per cent
                return Failures(percent=share)
        elif (most := int(limit)) >= 0:
            return Failures(most)
    except ValueError:
        pass
    raise FailureLimitError(f"got {limit}", limit=limit)


@contextmanager
def listed(letters: Path) -> Iterator[Path]:
    """Give the path of the list; one that comes by standard input is kept: it is read twice."""
    if str(letters) != STANDARD:
        yield letters
        return
    with TemporaryDirectory(prefix="coffre-") as folder:
        path = Path(folder) / "letters.csv"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield path


def fitted(job: Job, output: Output) -> Job:
    """Give a mailing with as many workers as its token has sessions at most."""
    return replace(job, workers=fitting(job.workers, job.bench.keys, output))


def fitting(workers: int, keys: Keys, output: Output) -> int:
    """Give how many processes seal: no more than the token has sessions, and say so."""
    seals = serving(keys.settings, SEAL, keys.name, every=keys.town)
    most = most_workers(keys.settings, seals)
    if most is None or workers <= most:
        return workers
    told = N_("{most} processus au lieu de {workers} : autant que de sessions ([token] sessions)")
    output.remark(output.tr(told).format(most=most, workers=workers))
    return most
