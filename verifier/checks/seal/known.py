"""What was found of one seal and holds for the next of the same issuer: a memory, never a judge.

Rules kept here:

- a memory is of one trust folder as it was read: another has its own. One whose revocations are
  answered from elsewhere (`TrustList.revocations`) keeps nothing;
- an answer that hangs on the hour holds between two instants: the last before it and the first
  after it at which a certificate or a list of the folder, or a certificate of the seal, begins or
  ends; for an hour at most. Within a minute of one, nothing is kept: validators allow for clocks;
- pyHanko's answer is kept where it is a pass, by the template of the CMS (`template`): all of it
  but digest, hour and signature. For another letter it holds once *its* digest is that of its bytes
  and its signature verifies under the key of the same certificate; else pyHanko is asked;
- it is of bounded size; what was kept longest goes first.
"""

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, TypeVar, cast

from cryptography import x509

from verifier.trust.trust_list import TrustList

_MARGIN: Final = timedelta(minutes=1)
# The key of what hangs on the trust folder alone.
ALWAYS: Final = b"always"
_LONGEST: Final = timedelta(hours=1)
_MOST: Final = 1_024
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Held:
    """An answer, and the span of time in which it holds, its ends left out; None: at any hour."""

    answer: object
    span: tuple[datetime, datetime] | None

    def holds(self, now: datetime) -> bool:
        return self.span is None or self.span[0] < now < self.span[1]


@dataclass
class Known:
    """What is known under one trust folder. One process, one thread."""

    trust: TrustList
    _held: dict[tuple[str, bytes], _Held] = field(default_factory=dict)

    def once(self, name: str, key: bytes, make: Callable[[], _T]) -> _T:
        """Give an answer that hangs on trust folder and template alone; empty: no template."""
        held = self._held.get((name, key))
        if held is not None:
            return cast("_T", held.answer)
        answer = make()
        if key:
            self._keep((name, key), _Held(answer, None))
        return answer

    def recall(self, name: str, key: bytes, now: datetime) -> Any:  # noqa: ANN401 - what was kept
        """Give what was kept and holds at this hour; None for nothing."""
        held = self._held.get((name, key))
        return held.answer if held is not None and held.holds(now) else None

    def keep(
        self,
        place: tuple[str, bytes],
        answer: object,
        now: datetime,
        carried: Sequence[x509.Certificate],
    ) -> None:
        """Keep an answer found at an hour, for a seal that carries these certificates."""
        span = self._span(now, carried)
        if span is not None and place[1]:
            self._keep(place, _Held(answer, span))

    def _keep(self, place: tuple[str, bytes], held: _Held) -> None:
        if self.trust.revocations is not None:
            return
        while len(self._held) >= _MOST:
            del self._held[next(iter(self._held))]
        self._held[place] = held

    def _span(
        self, now: datetime, carried: Sequence[x509.Certificate]
    ) -> tuple[datetime, datetime] | None:
        own = [at for one in carried for at in (one.not_valid_before_utc, one.not_valid_after_utc)]
        instants = sorted([*self._instants, *own])
        place = bisect(instants, now)
        before, after = instants[:place][-1:], instants[place:][:1]
        since = max([at + _MARGIN for at in before] + [now - _LONGEST])
        until = min([at - _MARGIN for at in after] + [now + _LONGEST])
        span = since, until
        return span if span[0] < now < span[1] else None

    @cached_property
    def _instants(self) -> list[datetime]:
        """List when anything of the trust folder begins or ends.

        A revoked certificate is refused whatever its date (`check_revocation`).
        """
        grace = self.trust.limits.crl_grace
        found = [*self.trust.accorded.values()]
        for certificate in self.trust.authorities:
            found += [certificate.not_valid_before_utc, certificate.not_valid_after_utc]
        for listed in self.trust.crls:
            due = listed.next_update_utc or listed.last_update_utc
            found += [listed.last_update_utc, due, due + grace]
        return found


def known_of(trust: TrustList, known: Known | None) -> Known:
    """Give the memory of a trust folder; a new one where it is of another."""
    return known if known is not None and known.trust is trust else Known(trust)
