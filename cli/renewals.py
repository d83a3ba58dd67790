"""Archive stamps for files and folders: one file after another, each old or new, never else.

Rules kept here:

- a file is judged first, under the trust folders: one whose seal does not pass is never touched,
  nor one without a seal; what was made is judged again before it takes the file's place;
- in place, the new file is written beside the old one, flushed, compared with it (its first bytes
  are the old file, read again) and renamed: a kill leaves the one or the other;
- a file beside which an evidence record lies (`.ers`) is left alone unless asked: the record is
  about its bytes as they are;
- an authority that is away ends the run: what is renewed is renewed, and is no longer due.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final

from cli.files import FileTooLargeError, read, writing
from cli.problems.table import problem_of, problem_of_system
from cli.renewal_files import UnreadableFileError, require_readable
from sealing.authorities.lifetimes import Lifetime
from sealing.authorities.revocation import NoRevocationProofError
from sealing.errors import PdfRefusedError
from sealing.limits import MAX_SEALED
from sealing.pades.seal import require_pdf
from sealing.proofs.evidence_record import SUFFIX
from sealing.service.levels import Level
from sealing.service.renewal import (
    NoGainError,
    Renewals,
    Stamped,
    Standing,
    is_due,
    is_renewed,
    lifetime_of,
)
from storage.errors import CoffreError
from storage.language import Translator
from verifier.checks.certificate import chain_of
from verifier.checks.seal.examined import Examined, Stamp
from verifier.checks.seal.pades import judge_seals
from verifier.reports.sentences import REASONS
from verifier.trust.trust_list import TrustList

_BLOCK: Final = 1 << 20


class SealNotProvedError(CoffreError):
    """The seal of a file does not pass, before or after. Details: `why`, the verdict's reason."""

    code: ClassVar[str] = "renewal.seal-not-proved"


class EvidenceBesideError(CoffreError):
    """An evidence record lies beside the file, about its bytes as they are. Details: `path`."""

    code: ClassVar[str] = "renewal.evidence-record"


class FileChangedError(CoffreError):
    """The file was changed while it was worked on: it stays as it is now."""

    code: ClassVar[str] = "renewal.file-changed"
    retryable: ClassVar[bool] = True


class State(StrEnum):
    """What became of a file."""

    RENEWED = "renewed"
    RAISED = "raised"
    DUE = "due"
    NOT_DUE = "not-due"
    NOT_SEALED = "not-sealed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: how near an end must be, whether every file, whether nothing is written."""

    within: timedelta
    every: bool = False
    trial: bool = False
    despite_evidence: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one file. `until`: of what its seals rest on, before and after."""

    path: Path
    state: State
    level_before: str | None = None
    level: str | None = None
    before: Lifetime | None = None
    until: Lifetime | None = None
    added: int = 0
    error: CoffreError | OSError | None = None

    def members(self, sentence: str | None) -> dict[str, Any]:
        """Give the members of the JSON object; `sentence` says why it was refused."""
        return {
            "file": str(self.path),
            "state": self.state,
            "level_before": self.level_before,
            "level": self.level,
            "good_until_before": _day(self.before),
            "good_until": _day(self.until),
            "ends_by": None if self.until is None else self.until.why,
            "bytes_added": self.added,
            "code": None if self.error is None else code_of(self.error),
            "sentence": sentence,
        }


def _day(end: Lifetime | None) -> str | None:
    return None if end is None else end.until.isoformat()


def code_of(error: CoffreError | OSError) -> str:
    """Give the stable name of what went wrong."""
    if isinstance(error, CoffreError):
        return error.reported or error.code
    return "file.refused"


def sentence_of(error: CoffreError | OSError, tr: Translator) -> str:
    """Say why a file was not renewed, in a sentence."""
    if isinstance(error, OSError):
        problem, told = problem_of_system(error)
        return tr(problem.sentence).format_map(told)
    why = tr(REASONS.get(str(error.details.get("why")), ""))
    return tr(problem_of(error).sentence).format_map({**error.details, "why": why})


_OF_ONE_FILE: Final = (
    PdfRefusedError,
    UnreadableFileError,
    NoGainError,
    SealNotProvedError,
    EvidenceBesideError,
    FileChangedError,
    FileTooLargeError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A file whose seals pass: what each rests on, and the level of the lowest."""

    standings: tuple[Standing, ...]
    level: str

    @property
    def lifetime(self) -> Lifetime:
        return lifetime_of(self.standings)


@dataclass(slots=True)
class Renewer:
    """Renews files, one by one; `clock` gives the hour, `renewals` the authorities of the run."""

    trust: TrustList
    renewals: Renewals
    wish: Wish
    clock: Callable[[], datetime]
    done: list[Done] = field(default_factory=list)

    def one(self, path: Path, out: Path | None = None, *, force: bool = False) -> Done:
        """Renew one file, in place or to `out`.

        What is wrong with this file is in the answer; what is wrong for all is raised.
        """
        try:
            found = self._one(path, out, force=force)
        except _OF_ONE_FILE as error:
            found = Done(path, State.REFUSED, error=error)
        except NoRevocationProofError as error:
            if not self.renewals.is_prepared:
                raise
            found = Done(path, State.REFUSED, error=error)
        self.done.append(found)
        return found

    def _one(self, path: Path, out: Path | None, *, force: bool) -> Done:
        pdf = read(path, limit=MAX_SEALED)
        require_pdf(pdf, MAX_SEALED)
        judged, now = self._judged(pdf), self.clock()
        if judged is None:
            require_readable(pdf, self.trust, now)
            return Done(path, State.NOT_SEALED)
        before = judged.lifetime
        told = Done(path, State.NOT_DUE, judged.level, judged.level, before, before)
        if not (self.wish.every or is_due(judged.standings, now, self.wish.within)):
            return told
        _require_no_evidence(path, out, self.wish)
        if self.wish.trial:
            return Done(path, State.DUE, judged.level, judged.level, before, before)
        revision = self.renewals.renew(pdf, judged.standings, now, anyway=self.wish.every)
        again, old = self._judged(pdf + revision), judged.standings
        if again is None or not is_renewed(old, again.standings, anyway=self.wish.every):
            raise SealNotProvedError("got a stamp that proves nothing", why="archive-not-proved")
        write(path, out, (pdf, revision), force=force)
        state = State.RAISED if any(one.archive is None for one in old) else State.RENEWED
        return Done(path, state, judged.level, again.level, before, again.lifetime, len(revision))

    def _judged(self, pdf: bytes) -> _Judged | None:
        """Judge every seal of a file; nothing for a file without any. Raises SealNotProvedError."""
        verdicts, found = judge_seals(pdf, self.trust, self.clock())
        for verdict in verdicts:
            check = next((one for one in verdict.checks if not one.has_passed), None)
            if check is not None:
                raise SealNotProvedError(f"got {check.reason}", why=check.reason)
        if not found:
            return None
        standings = tuple(standing_of(seal, self.trust) for seal in found)
        levels = [Level(verdict.level) for verdict in verdicts if verdict.level is not None]
        return _Judged(standings, str(min(levels, key=[*Level].index)))


def standing_of(seal: Examined, trust: TrustList) -> Standing:
    """Say what a seal that passes rests on."""

    def stamped(stamp: Stamp) -> Stamped | None:
        if stamp.signer is None or not stamp.holds:
            return None
        chain = chain_of(stamp.signer, (*trust.authorities, *stamp.carried))
        return Stamped(tuple(chain), stamp.contents)

    if seal.signer is None:
        raise SealNotProvedError("got a seal without its signer", why="validator-fault")
    held = [one for one in seal.archives if one.holds] if seal.archived_at is not None else []
    return Standing(
        chain=tuple(chain_of(seal.signer, (*trust.authorities, *seal.carried))),
        stamps=tuple(filter(None, map(stamped, seal.stamps))),
        archive=stamped(held[0].stamp) if held else None,
    )


def _require_no_evidence(path: Path, out: Path | None, wish: Wish) -> None:
    """Raise EvidenceBesideError where the file's bytes are another proof's."""
    beside = path.with_name(path.name + SUFFIX)
    if out is None and not wish.despite_evidence and beside.exists():
        raise EvidenceBesideError(f"got {beside.name}", path=str(beside))


def write(path: Path, out: Path | None, pieces: tuple[bytes, bytes], *, force: bool) -> None:
    """Write a file and its new revision to `out`, or in its own place; raise FileChangedError."""
    if out is not None:
        with writing(out, force=force) as file:
            file.writelines(pieces)
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    with writing(path, force=True, mode=mode) as file:
        file.writelines(pieces)
        file.flush()
        _require_continued(path, file, len(pieces[0]))


def _require_continued(path: Path, file: BinaryIO, size: int) -> None:
    """Compare what was written with the file in its place: its first bytes are all of that."""
    place = 0
    with path.open("rb") as old:
        while block := old.read(_BLOCK):
            if os.pread(file.fileno(), len(block), place) != block:
                raise FileChangedError("got other bytes than those that were read")
            place += len(block)
    if place != size:
        raise FileChangedError(f"got {place} bytes, expected {size}")
