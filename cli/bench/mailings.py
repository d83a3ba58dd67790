"""`coffre bench seal`, a whole mailing: two workers beside one, as `coffre batch seal` has them.

Letters of 39 KB, a 2D-Doc on each, RSA-2048; list, ledger, samples and journal as in a mailing.
The time is that in which letters are sealed: from the first commit to the last; reading the list
and starting workers are left out, which weigh on small mailings alone. The limit: two processes
that do only what no program can avoid.
"""

import csv
import multiprocessing
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cli.agreement import require_agreement
from cli.bench.letters import TYPE, address, letter
from cli.bench.runner import Bench, Contestant, Work, measure
from cli.bench.sealing import Key, Workshop, certificate, pem_of, rsa_key
from sealing.batch.engine import AT_ONCE, Standing
from sealing.batch.files.folders import Folder
from sealing.batch.files.letters_csv import LetterList, LineError
from sealing.batch.files.source import Source
from sealing.batch.job import Job, Wish
from sealing.batch.ledger.intake import Reading
from sealing.batch.ledger.place import open_ledger
from sealing.batch.ledger.rows import Counts
from sealing.batch.local_pool import LocalPool
from sealing.batch.plan import Codes
from sealing.batch.ranges.keys import Keys
from sealing.batch.ranges.work import Bench as WorkBench
from sealing.batch.run import run
from sealing.service.profile import Profile
from storage.settings import Settings

_SEAL: Final = "seal"
_BOTH: Final = 2
_MOST: Final = 10


def bench(*, quick: bool = False) -> Bench:
    """Measure a mailing by two workers, and by one; `quick` does little of it."""
    many = 100 if quick else 4_000
    with TemporaryDirectory(prefix="coffre-bench-") as name:
        shop = _Shop.open(Path(name), many)
        return measure(
            "seal, mailing by two workers",
            "letters/s",
            [
                Contestant("ours", partial(shop.mailing, _BOTH)),
                Contestant("limit", shop.limit),
                Contestant("one worker", partial(shop.mailing, 1)),
            ],
            quick=quick,
        )


class _Unwatched:
    """Nobody watches."""

    def wrong(self, line: LineError) -> None:
        """Refuse: the bench's own list is right."""
        raise ValueError(f"got a wrong line {line}")

    def reading(self, lines: int, of: int) -> None:
        """Hear nothing."""

    def read(self, listed: LetterList, found: Reading, counts: Counts) -> None:
        """Hear nothing."""

    def progress(self, counts: Counts, standing: Standing) -> None:
        """Hear nothing."""

    def wish(self) -> Wish:
        """Go on."""
        return Wish.GO_ON


@dataclass(slots=True)
class _Shop:
    """The letters of the measure, their list and their keys; each mailing has a new folder."""

    folder: Path
    raw: Workshop
    many: int
    made: int = 0

    @classmethod
    def open(cls, folder: Path, many: int) -> "_Shop":
        """Write the letters, the list and the keys."""
        letters, raw = folder / "in", folder / "raw"
        letters.mkdir()
        raw.mkdir()
        _write_keys(folder)
        with (folder / "letters.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, delimiter=";")
            rows.writerow(["file", *address(0)])
            for number in range(many):
                (letters / f"{number:06}.pdf").write_bytes(letter(number))
                rows.writerow([f"{number:06}.pdf", *address(number).values()])
        shop = Workshop.open(raw, min(many, _MOST), 1, rsa_key(), letter)
        shop.ours()
        return cls(folder, shop, many)

    def mailing(self, workers: int) -> Work:
        """Seal the mailing; the seconds are those from the first letters' commit to the last's."""
        self.made += 1
        out = Folder(self.folder / f"out-{self.made}")
        settings = Settings.load(self.folder / "coffre.toml")
        source = Source((self.folder / "in").resolve())
        keys = Keys(settings, _SEAL)
        work = WorkBench(source, out, keys, Profile(), check=require_agreement)
        job = Job(self.folder / "letters.csv", work, Codes(TYPE), workers=workers)
        outcome = run(job, lambda job: LocalPool(job.workers), _Unwatched())
        if outcome.counts.sealed != self.many:
            raise ValueError(f"got {outcome.counts.sealed} letters sealed of {self.many}")
        with closing(open_ledger(out, None)) as ledger:
            [first], [last] = ledger.entries(0, 1), ledger.entries(self.many - 1, 1)
        return Work(self.many - AT_ONCE, (last.at - first.at).total_seconds())

    def limit(self) -> float:
        """Do, in two processes, what no program can avoid."""
        context = multiprocessing.get_context("fork")
        turns = self.many // self.raw.many // _BOTH
        both = [context.Process(target=self._turns, args=(turns,)) for _ in range(_BOTH)]
        for process in both:
            process.start()
        for process in both:
            process.join()
        return _BOTH * turns * self.raw.many

    def _turns(self, turns: int) -> None:
        for _ in range(turns):
            self.raw.limit()


def _write_keys(folder: Path) -> None:
    """Write the key of the seal, that of the codes, and the settings that name them."""
    told = []
    keys: list[tuple[str, str, str, Key]] = [
        (_SEAL, "seal", "Bench", rsa_key()),
        ("code", f"twoddoc:{TYPE}", "FR00", ec.generate_private_key(ec.SECP256R1())),
    ]
    for name, use, holder, key in keys:
        leaf = certificate(holder, key, datetime.now(UTC))
        (folder / f"{name}.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        (folder / f"{name}.key.pem").write_bytes(pem_of(key))
        told.append(f'[signers.{name}]\ncertificate = "{name}.pem"\nkey = "{name}.key.pem"\n')
        told.append(f'use = "{use}"\n')
    (folder / "coffre.toml").write_text("".join(told), encoding="utf-8")
