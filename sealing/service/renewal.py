"""Archive stamps added before what proves a seal ends.

Rules kept here (EN 319 142-1 section 5.4.3, EN 319 102-1 clause 5.6.3):

- a seal rests on its newest archive stamp; without one, on its own certificate and on its
  time-stamps, whatever proofs the file carries: nobody takes it for good once its certificate has
  ended. It is good until the first of these ends;
- a renewal is due when that is near; one that would last no longer is refused: it would only make
  the file grow, each night until the authority has a new certificate;
- before a seal's proof ends, what proves it is gathered and goes into the new stamp's own revision,
  so that the stamp covers it: of an archived file the chain of the newest archive stamp, of another
  those of the seal and of its time-stamps; and of the new stamp, for the renewal after it;
- the digest is SHA-512, and a whole run shares its answers.

Whether a seal holds is the caller's to ask, before and after: nothing here believes a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final

from cryptography import x509

from sealing.authorities.lifetimes import Lifetime, of_chain, of_stamp
from sealing.errors import SealingError
from sealing.pades.archive import archive
from sealing.pades.dss import Dss
from sealing.pades.source_pdf import SourcePdf
from sealing.service.levels import Archiving, TrustServices

DIGEST: Final = "sha512"
Chain = tuple[x509.Certificate, ...]


class NoGainError(SealingError):
    """A new archive stamp would last no longer than what is there. Details: `until`."""

    code: ClassVar[str] = "renewal.no-gain"


@dataclass(frozen=True, slots=True)
class Stamped:
    """A time-stamp: its chain, the stamping certificate first, and its token (DER)."""

    chain: Chain
    token: bytes

    @property
    def lifetime(self) -> Lifetime:
        """Give until when it holds."""
        return of_stamp(self.chain, self.token)


@dataclass(frozen=True, slots=True)
class Standing:
    """What one seal rests on; all of it holds.

    `stamps` are those over the seal, `archive` is the newest over the file.
    """

    chain: Chain
    stamps: tuple[Stamped, ...] = ()
    archive: Stamped | None = None

    @property
    def lifetime(self) -> Lifetime:
        """Give until when the seal can still be archived, or is."""
        if self.archive is not None:
            return self.archive.lifetime
        ends = [of_chain(self.chain), *(stamp.lifetime for stamp in self.stamps)]
        return min(ends, key=lambda end: end.until)

    def to_prove(self, now: datetime) -> tuple[Chain, ...]:
        """Give the chains whose proofs the next revision must carry.

        A seal that has ended was proved in time: nobody issues proofs of it any more.
        """
        if self.archive is not None:
            return (self.archive.chain,)
        own = (self.chain,) if now <= of_chain(self.chain).until else ()
        return (*own, *(stamp.chain for stamp in self.stamps))


def lifetime_of(standings: Sequence[Standing]) -> Lifetime:
    """Give until when a file of one seal or several holds."""
    return min((one.lifetime for one in standings), key=lambda end: end.until)


def is_due(standings: Sequence[Standing], now: datetime, within: timedelta) -> bool:
    """Tell whether a file must get an archive stamp now."""
    return lifetime_of(standings).until <= now + within


def is_renewed(
    before: Sequence[Standing], after: Sequence[Standing], *, anyway: bool = False
) -> bool:
    """Tell whether every seal rests on a new archive stamp, and lasts longer by it.

    `anyway`: also where it lasts no longer.
    """
    old = {one.archive.token for one in before if one.archive is not None}
    new = {one.archive.token for one in after if one.archive is not None}
    if not old.isdisjoint(new) or any(one.archive is None for one in after):
        return False
    return anyway or lifetime_of(after).until > lifetime_of(before).until


@dataclass(slots=True)
class Renewals:
    """A run of renewals: the authorities asked once, the proofs of a chain gathered once."""

    services: TrustServices
    _archiving: Archiving | None = None
    _proofs: dict[frozenset[Chain], Dss] = field(default_factory=dict)

    @property
    def is_prepared(self) -> bool:
        """Tell whether the authorities were asked."""
        return self._archiving is not None

    def prepare(self, now: datetime) -> Archiving:
        """Ask the authorities, at the beginning and when their answers have aged.

        Raises as `TrustServices.archiving` does.
        """
        made = self._archiving
        if made is None or now >= made.due:
            made = self._archiving = self.services.archiving(DIGEST)
            self._proofs.clear()
        return made

    def renew(
        self, pdf: bytes, standings: Sequence[Standing], now: datetime, *, anyway: bool = False
    ) -> bytes:
        """Give the revision that archives a file; `anyway`: also where it lasts no longer.

        Raises NoGainError, a PdfRefusedError, NoTokenError, TokenError, StamperChangedError,
        StampTooLargeError, and what `TrustServices.archiving` raises.
        """
        made, until = self.prepare(now), lifetime_of(standings).until
        if not anyway and made.lasts_until <= until:
            raise NoGainError(f"got {made.lasts_until}", until=f"{until:%d/%m/%Y}")
        chains = frozenset(chain for one in standings for chain in one.to_prove(now))
        if chains not in self._proofs:
            self._proofs[chains] = self.services.proofs((*chains, *made.chains))
        return archive(SourcePdf(pdf), made.archivist, self._proofs[chains])
