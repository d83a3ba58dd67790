"""Evidence records of a mailing: one tree, one time-stamp, a `.ers` beside each sealed letter.

Steps, by the numbers of `sealing/DESIGN.md`, "Evidence records":

1. see which published letters have their record: a file of that name that leads from the letter's
   digest to what its token stamped;
2. one tree over the digests of the others, and one time-stamp over its root;
3. write each record under a temporary name, then give it its own, which replaces nothing but a
   record of an older seal, or a file without content (what a power cut leaves).

Nothing is noted of single letters: what is there says it. A kill leaves letters without a record;
the next run makes one more tree over these alone. Letters are sealed already: whatever happens here
takes nothing from them, and is told (`Records`).
"""

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import ClassVar, Final

from sealing.batch.files.folders import Folder
from sealing.batch.job import Job, Outcome, Records, Watch, Wish
from sealing.batch.ledger.ledger import CHUNK, Ledger
from sealing.batch.ledger.rows import Entry, State
from sealing.proofs.evidence_record import (
    MAX_BYTES,
    SUFFIX,
    EvidenceRecord,
    EvidenceRecordError,
    NotCoveredError,
    evidence_records,
)
from sealing.service.levels import Level, NoTsaError, TrustServices
from storage.errors import CoffreError, ConfigurationError

Stamp = Callable[[bytes], bytes]

_NOTE: Final = "evidence.json"
# Another's file or folder, one that we may not read, a name that is too long with `.ers`.
_BARRING: Final = {
    errno.EEXIST,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.EACCES,
}


class EvidenceWithoutTsaError(ConfigurationError):
    """Evidence records are asked for, and the settings name no time-stamp authority."""

    code: ClassVar[str] = "configuration.no-tsa-for-evidence"


class _Place(IntEnum):
    """What stands where a letter's record goes."""

    OURS = 0
    FREE = 1
    OLD = 2
    BARRED = 3


@contextmanager
def stamping(job: Job) -> Iterator[Stamp | None]:
    """Open the authorities of a mailing that wants records; nothing is asked yet.

    Raises EvidenceWithoutTsaError, RevocationFileError, SignerError, ProductionRefusesError or
    OSError.
    """
    if not job.evidence:
        yield None
        return
    try:
        services = TrustServices(job.bench.keys.settings, Level.B_T, lambda: datetime.now(UTC))
    except NoTsaError as error:
        raise EvidenceWithoutTsaError("got no authority for evidence records") from error
    with closing(services):
        yield lambda digest: services.stamp(digest, "sha256").der


def with_records(outcome: Outcome, job: Job, ledger: Ledger, hand: "Hand") -> Outcome:
    """Give each letter of a mailing that came to its end its record, and say so in the outcome."""
    ended = not outcome.counts.waiting and outcome.halted is None
    if hand.stamp is None or not ended or outcome.stopped:
        return outcome
    work = _Work(job.bench.folder, ledger, hand.watch, force=job.force)
    return replace(outcome, records=work.carry_out(hand.stamp))


@dataclass(frozen=True, slots=True)
class Hand:
    """Who stamps, if records are wanted, and who watches."""

    stamp: Stamp | None
    watch: Watch


def noted(folder: Folder) -> int | None:
    """Give how many records the last run that was asked for them left; None for no such run."""
    try:
        return int(json.loads((folder.private / _NOTE).read_bytes())["records"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(slots=True)
class _Work:
    """One going over of a mailing. `places` are those of the published letters, in their order."""

    folder: Folder
    ledger: Ledger
    watch: Watch
    force: bool
    places: bytearray = field(default_factory=bytearray)

    def carry_out(self, stamp: Stamp) -> Records:
        """Write what is missing; what goes wrong is in the answer."""
        try:
            digests = self._look()  # (1)
            if digests and not self._stops():
                self._write(evidence_records(digests, stamp))  # (2) (3)
            os.sync()
        except (CoffreError, OSError) as error:
            return self._told(error)
        finally:
            with suppress(OSError):
                os.unlink(f"{self.folder.private}/record.ers")  # noqa: PTH108 - a string here
        return self._told(None)

    def _told(self, trouble: Exception | None) -> Records:
        there, barred = self.places.count(_Place.OURS), self.places.count(_Place.BARRED)
        with suppress(OSError):
            self._note(there)
        missing = len(self.places) - there
        return Records(there, missing, barred, trouble, stopped=self._stops())

    def _note(self, there: int) -> None:
        path = self.folder.private / _NOTE
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps({"records": there}), "utf-8")
        temporary.replace(path)

    def _stops(self) -> bool:
        return self.watch.wish() > Wish.GO_ON

    def _published(self) -> Iterator[Entry]:
        """Give the published letters in the order in which they were settled."""
        last = 0
        while entries := self.ledger.entries(last, CHUNK):
            last = entries[-1].number
            yield from (entry for entry in entries if entry.state is State.PUBLISHED)

    def _look(self) -> bytes:
        """See which letters have no record; give their digests, packed."""
        digests = bytearray()
        for entry in self._published():
            digest = entry.sha256_out or b""
            place = _standing(self._path(entry), digest)
            if place is _Place.BARRED and self.force:
                place = _Place.OLD
            self.places.append(place)
            if place in {_Place.FREE, _Place.OLD}:
                digests += digest
        return bytes(digests)

    def _write(self, records: Iterator[bytes]) -> None:
        """Give each letter that has none its record, in the same order."""
        folders: set[str] = set()
        for number, entry in enumerate(self._published()):
            if number % CHUNK == 0 and self._stops():
                break
            place = _Place(self.places[number])
            if place in {_Place.FREE, _Place.OLD}:
                path = self._path(entry)
                self.places[number] = self._publish(path, next(records), place)
                folders.add(entry.file.rpartition("/")[0])
        if self.folder.durable:
            self.folder.flush([f"{name}/{SUFFIX}" for name in folders])

    def _publish(self, path: str, record: bytes, place: _Place) -> _Place:
        """Give a record its name; say what stands there then. Raises OSError."""
        temporary = f"{self.folder.private}/record.ers"
        _write(temporary, record, durable=self.folder.durable)
        try:
            if place is _Place.OLD:
                os.replace(temporary, path)  # noqa: PTH105 - strings here
            else:
                _link(temporary, path)
                os.unlink(temporary)  # noqa: PTH108 - a string here
        except OSError as error:
            if error.errno not in _BARRING:
                raise
            # It came while we worked, or no file can bear the name: what is there stays.
            return _Place.BARRED
        return _Place.OURS

    def _path(self, entry: Entry) -> str:
        return f"{self.folder.root}/{entry.file}{SUFFIX}"


def _standing(path: str, digest: bytes) -> _Place:
    """Say what stands at the place of a letter's record; raise OSError."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a string here
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return _Place.FREE
    except OSError as error:
        if error.errno in _BARRING:
            return _Place.BARRED
        raise
    if not any(data):
        return _Place.OLD
    try:
        record = EvidenceRecord.parse(data)
        # A token says what it stamped in plain bytes.
        return _Place.OURS if record.root(digest) in record.token else _Place.OLD
    except NotCoveredError:
        return _Place.OLD
    except EvidenceRecordError:
        return _Place.BARRED


def _write(path: str, data: bytes, *, durable: bool) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        if durable:
            os.fsync(handle)
    finally:
        os.close(handle)


def _link(temporary: str, path: str) -> None:
    """Give a second name, which replaces nothing; the letter's folder may be gone."""
    try:
        os.link(temporary, path)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        os.link(temporary, path)
