"""Seals judged in a limited child: pyHanko may be held by a file that was made to hold it.

Rules kept here:

- one child judges many files, one after the other (`long_child`: pyHanko and what it stands on are
  Python and Rust), and remembers what letters of one issuer have in common (`known`). It is begun
  anew after a thousand files, when it holds much memory, and after any file that it did not judge;
- a file gets 5 seconds of processor, 20 of clock, and 512 MiB with those before it; what stops is a
  verdict: INDETERMINATE, `validator-stopped`, with what was used up. Never green, never an error;
- what comes back is JSON of a closed shape (`shape`), never an object;
- a child knows one trust folder: the one that it was begun with.
"""

import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from verifier.check import Check
from verifier.checks.seal.known import Known
from verifier.checks.seal.pades import STOPPED, check_seals, stopped
from verifier.checks.seal.shape import read_back, written
from verifier.reading.long_child import Answers, LongChild, held_most
from verifier.reading.sandbox import (
    Limits,
    ReadingStoppedError,
    ReadingTooHeavyError,
    ReadingTooLongError,
)
from verifier.trust.trust_list import Limits as Ages
from verifier.trust.trust_list import Mode, QualifiedSource, TrustList
from verifier.verdict import SealVerdict

LIMITS: Final = Limits(processor=5, clock=20.0, memory=512 << 20, answer=4 << 20)
_FILES: Final = 1_000
_GROWTH: Final = 128 << 20

SealCheck = Callable[[bytes, datetime], tuple[SealVerdict, ...]]


@dataclass(slots=True)
class SealJudge:
    """Judges the seals of files under one trust folder; close it, or use it in a `with`."""

    trust: TrustList
    limits: Limits = LIMITS
    files: int = _FILES
    _child: LongChild | None = None

    def __enter__(self) -> Self:
        """Give the judge."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End its child."""
        self.close()

    def close(self) -> None:
        """End its child; another begins with the next file."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def check(self, pdf: bytes, now: datetime) -> tuple[SealVerdict, ...]:
        """Check every seal of a PDF as `pades.check_seals` does, within limits."""
        try:
            answer = self._ready().ask(now.isoformat().encode("ascii"), pdf)
            return read_back(answer)
        except ReadingStoppedError as error:
            return (stopped(_used_up(error), test=self.trust.is_test),)
        except (ValueError, KeyError, TypeError, AttributeError, OSError):
            # A child that was taken over and answers otherwise than we wrote it, or no process.
            self.close()
            return (stopped("crash", test=self.trust.is_test),)

    def _ready(self) -> LongChild:
        child = self._child
        if child is None or child.last or child.asked >= self.files:
            self.close()
            child = self._child = self._begun()
        return child

    def _begun(self) -> LongChild:
        if threading.active_count() == 1:
            return LongChild.forked(lambda: _answers(self.trust), self.limits)
        return LongChild.fresh(in_fresh_child, trust_written(self.trust), self.limits)


def check_seals_apart(
    pdf: bytes, trust: TrustList, now: datetime, limits: Limits = LIMITS
) -> tuple[SealVerdict, ...]:
    """Check the seals of one file, in a child of its own."""
    with SealJudge(trust, limits) as judge:
        return judge.check(pdf, now)


def _used_up(error: ReadingStoppedError) -> str:
    match error:
        case ReadingTooLongError():
            return "time"
        case ReadingTooHeavyError():
            return "memory"
    return "crash"


# --- in the child ---


def in_fresh_child(told: bytes) -> Answers:
    """Begin in a fresh interpreter, with a trust folder that was written down."""
    return _answers(_trust_of(told))


def _answers(trust: TrustList) -> Answers:
    known, most = Known(trust), held_most() + _GROWTH

    def answer(hour: bytes, pdf: bytes) -> tuple[bytes, bool]:
        seals = check_seals(pdf, trust, datetime.fromisoformat(hour.decode("ascii")), known)
        failed = any(_is_stop(check) for seal in seals for check in seal.checks)
        return written(seals), failed or held_most() > most

    return answer


def _is_stop(check: Check) -> bool:
    return check.reason == STOPPED


# --- a trust folder, as far as seals ask for it ---


def trust_written(trust: TrustList) -> bytes:
    """Write down what seals are judged by; raise ValueError for answers kept from elsewhere."""
    if trust.revocations is not None:
        raise ValueError("got revocations that cannot be written down, in a process with threads")
    ages = trust.limits
    lists = {} if trust.european is None else trust.european.files
    told = {
        "mode": str(trust.mode),
        "authorities": [_der(one) for one in trust.authorities],
        "crls": [_der(one) for one in trust.crls],
        "accorded": [[_der(one), until.isoformat()] for one, until in trust.accorded.items()],
        "european": {name: b64encode(data).decode("ascii") for name, data in lists.items()},
        "days": [ages.directory.total_seconds(), ages.crl_grace.total_seconds()],
    }
    return json.dumps(told).encode()


def _trust_of(told: bytes) -> TrustList:
    row = json.loads(told)
    directory, grace = (timedelta(seconds=value) for value in row["days"])
    lists = {name: b64decode(data) for name, data in row["european"].items()}
    return TrustList(
        mode=Mode(row["mode"]),
        lists=(),
        authorities=tuple(_certificate(one) for one in row["authorities"]),
        crls=tuple(x509.load_der_x509_crl(b64decode(one)) for one in row["crls"]),
        accorded={_certificate(one): datetime.fromisoformat(at) for one, at in row["accorded"]},
        european=_european(lists),
        limits=Ages(directory, grace),
    )


def _european(lists: Mapping[str, bytes]) -> QualifiedSource | None:
    if not lists:
        return None
    # Their reader is long to load, and few have such lists.
    from verifier.trust.european import European  # noqa: PLC0415

    return European.read(lists)


def _der(one: x509.Certificate | x509.CertificateRevocationList) -> str:
    return b64encode(one.public_bytes(Encoding.DER)).decode("ascii")


def _certificate(told: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(b64decode(told))
