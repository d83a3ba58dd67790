"""Time-stamps from an authority (RFC 3161 over HTTP): several in flight, a spare, and patience.

Rules kept here:

- an answer is believed when the whole of it holds (`token`), or not at all;
- an authority that does not answer, or is busy, is asked again after a pause that doubles; then the
  spare is asked, and stays first for a while: a run does not wait for the same failure each time;
- an authority whose answer does not hold is not asked again for this token: the spare is;
- an address where something else answers (404, a page) is that of an authority that is away: what
  waits for one waits for it;
- no more questions are in flight than the settings allow; each has a connection that is kept;
- without a token there is an error, never a seal that says less than was asked.

Safe for many threads: that is how a run keeps many questions in flight. Networks are reached by the
door that is given (`storage.outgoing`), and a `demo:` authority without any.
"""

import contextlib
import queue
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Protocol

from cryptography import x509

from sealing.authorities.token import Question, Token, TsaBusyError, read_answer
from sealing.errors import SealingError
from storage.outgoing import AnswerRefusedError, AnswerTooLargeError, Line, OutgoingError

IN_FLIGHT: Final = 64
TRIES: Final = 3
KIND: Final = "application/timestamp-query"
_FIRST_PAUSE: Final = 0.2
_AVOIDED_SECONDS: Final = 60.0
_NONCE_BITS: Final = 64
# What another program at the authority's address answers: as if nobody were there.
_ABSENT: Final = (AnswerRefusedError, AnswerTooLargeError)


class NoTokenError(SealingError):
    """No authority gave a token; the last one's reason is the cause. Details: `host`."""

    code: ClassVar[str] = "sealing.tsa-unavailable"
    retryable: ClassVar[bool] = True


class Authority(Protocol):
    """Something that answers questions for tokens; for many threads at once."""

    @property
    def name(self) -> str:
        """Give its name, for errors."""

    def answer(self, question: bytes) -> bytes:
        """Give the answer (DER) to a question (DER); raise OutgoingError's children."""

    def close(self) -> None:
        """End what is open."""


class HttpAuthority:
    """An authority at an address. Its connections are kept, and counted: the rest wait."""

    def __init__(self, name: str, open_line: Callable[[], Line], in_flight: int) -> None:
        """Take how to open a line to it (`Outgoing.line`), and how many at most."""
        self._name, self._open = name, open_line
        # The last one given back is the first one taken: fewer connections stay in use.
        self._lines: queue.LifoQueue[Line | None] = queue.LifoQueue()
        for _ in range(in_flight):
            self._lines.put(None)

    @property
    def name(self) -> str:
        """Give the host."""
        return self._name

    def answer(self, question: bytes) -> bytes:
        """Ask over one of the connections; raise OutgoingError's children."""
        line = self._lines.get()
        try:
            line = line or self._open()
            return line.ask(question, KIND)
        finally:
            self._lines.put(line)

    def close(self) -> None:
        """End the connections that are not in use."""
        while not self._lines.empty():
            if line := self._lines.get_nowait():
                line.close()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a token must satisfy: known authorities, the hour, perhaps a policy (dotted)."""

    authorities: tuple[x509.Certificate, ...]
    clock: Callable[[], datetime]
    policy: str | None = None


class TsaClient:
    """The authorities of a run, the first before its spares."""

    def __init__(
        self,
        authorities: Sequence[Authority],
        terms: Terms,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take at least one authority; `pause` waits between tries."""
        self._authorities, self._terms, self._pause = tuple(authorities), terms, pause
        # By the authority itself: two of them may be at one host.
        self._avoided: dict[int, float] = {}

    def stamp(self, digest: bytes, algorithm: str) -> Token:
        """Have a digest stamped; raise NoTokenError or TokenError."""
        failure: SealingError | OutgoingError | None = None
        for authority in self._in_order():
            try:
                return self._asked(authority, digest, algorithm)
            except (SealingError, OutgoingError) as error:
                self._avoided[id(authority)] = time.monotonic() + _AVOIDED_SECONDS
                # What may pass is told before what will not: asking again may then help.
                if failure is None or error.retryable:
                    failure = error
        if failure is None or failure.retryable or isinstance(failure, _ABSENT):
            name = self._authorities[0].name
            raise NoTokenError(f"got no token: {failure}", host=name) from failure
        raise failure

    def of_each(self, digest: bytes, algorithm: str) -> list[Token]:
        """Have a digest stamped by each authority that answers; raise as `stamp` if none does."""
        tokens = []
        for authority in self._authorities:
            with contextlib.suppress(SealingError, OutgoingError):
                tokens.append(self._asked(authority, digest, algorithm))
        return tokens or [self.stamp(digest, algorithm)]

    def close(self) -> None:
        """End the connections that are kept."""
        for authority in self._authorities:
            authority.close()

    def _in_order(self) -> list[Authority]:
        """Put those that failed of late behind the others."""
        now = time.monotonic()
        return sorted(self._authorities, key=lambda one: self._avoided.get(id(one), 0.0) > now)

    def _asked(self, authority: Authority, digest: bytes, algorithm: str) -> Token:
        """Ask one authority, again where that may help."""
        pause = _FIRST_PAUSE
        for _ in range(TRIES - 1):
            try:
                return self._once(authority, digest, algorithm)
            except (TsaBusyError, OutgoingError) as error:
                if not error.retryable:
                    raise
            self._pause(pause)
            pause *= 2
        return self._once(authority, digest, algorithm)

    def _once(self, authority: Authority, digest: bytes, algorithm: str) -> Token:
        terms = self._terms
        question = Question(digest, algorithm, secrets.randbits(_NONCE_BITS), terms.policy)
        answer = authority.answer(question.encode())
        return read_answer(answer, question, terms.authorities, terms.clock())
