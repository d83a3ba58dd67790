"""What a level adds to the seals of a run: a time-stamp, proofs for later, an archive stamp.

Rules kept here (EN 319 142-1 section 6):

- B-B adds nothing; B-T has the seal's signature stamped; B-LT also carries certificates and proofs
  of non-revocation of both chains, the seal's and the time-stamps'; B-LTA has the whole stamped
  once more, by the same authority, under the same proofs;
- at every level, a seal that a list of the trust folders revokes is refused before it seals;
- a run begins with one token of each authority: it shows that they answer, how long a token is, and
  whose certificates the proofs are about;
- so a token by another certificate, in the middle of a run at B-LT or B-LTA, is an error: begin
  anew;
- `url = "demo:"` is an authority in this process, refused in production at every level, used or
  not; so is a trust folder whose manifest does not say `production`.

One `TrustServices` is opened for a run at one level; its `additions` are made again when due.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final
from urllib.parse import urlsplit

from cryptography import x509

from sealing.authorities.demo import DemoAuthority
from sealing.authorities.lifetimes import of_stamp
from sealing.authorities.revocation import Gathered, Held, gather
from sealing.authorities.token import Token
from sealing.authorities.tsa import Authority, HttpAuthority, Terms, TsaClient
from sealing.errors import SealingError
from sealing.pades.archive import Archivist
from sealing.pades.cms_template import Stamp
from sealing.pades.dss import Dss
from sealing.service.production import DEMO, refuse_trials
from sealing.signers.port import STAMP, digest_of
from sealing.signers.registry import signer
from storage.errors import ConfigurationError
from storage.outgoing import Outgoing
from storage.settings import Mode, Settings

# A token's serial number, hour and signature vary by some bytes.
_MARGIN: Final = 64


class Level(StrEnum):
    """The levels of EN 319 142-1 that are made here."""

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"


class NoTsaError(ConfigurationError):
    """The level wants a time-stamp, and the settings name no authority. Details: `level`."""

    code: ClassVar[str] = "configuration.no-tsa"


class StamperChangedError(SealingError):
    """The authority stamps with another certificate than when the run began."""

    code: ClassVar[str] = "sealing.tsa-changed"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Additions:
    """What each seal of a run gets: a stamp and its room, validation data, until when they hold."""

    level: Level = Level.B_B
    stamp: Stamp | None = None
    stamp_room: int = 0
    dss: Dss | None = None
    due: datetime | None = None


NOTHING: Final = Additions()


@dataclass(frozen=True, slots=True)
class Archiving:
    """What a run of archive stamps needs: who stamps, by which chains, until when to ask anew.

    `lasts_until` is the end of what a new stamp rests on.
    """

    archivist: Archivist
    chains: tuple[tuple[x509.Certificate, ...], ...]
    due: datetime
    lasts_until: datetime


class TrustServices:
    """The settings' authorities, opened for a run: time-stamps, and answers about certificates."""

    def __init__(self, settings: Settings, level: Level, clock: Callable[[], datetime]) -> None:
        """Read the trust folders and prepare to ask; nothing is asked yet.

        Raises NoTsaError, RevocationFileError, SignerError, ProductionRefusesError or OSError.
        """
        self._level, self._clock, self._folders = level, clock, settings.trust_folders
        self._settings = settings
        urls = [] if level is Level.B_B else _urls(settings)
        if level is not Level.B_B and not urls:
            raise NoTsaError(f"got no authority for {level}", level=str(level))
        hosts = {*settings.revocation_hosts, *(host_of(url) for url in urls)}
        self._door = Outgoing(hosts, loopback=settings.mode is Mode.TEST)
        authorities = [_authority(settings, url, self._door, clock) for url in urls]
        known = Held.read(self._folders).authorities
        terms = Terms(known, clock, settings.tsa.policy)
        self._tsa = TsaClient(authorities, terms)

    def additions(self, chain: Sequence[x509.Certificate]) -> Additions:
        """Make what the level adds to the seals of a chain; above B-T, good until it is due.

        The trust folders are read anew: a long run finds what was brought meanwhile.
        Raises ProductionRefusesError; RevocationFileError, OSError, RevokedCertificateError;
        NoTokenError, TokenError; NoRevocationProofError, RevocationTooLargeError.
        """
        refuse_trials(self._settings)
        now, algorithm = self._clock(), digest_of(chain[0]).name
        held = Held.read(self._folders)
        held.refuse_revoked(chain, now)
        if self._level is Level.B_B:
            return NOTHING
        first = self._tsa.of_each(hashlib.new(algorithm).digest(), algorithm)
        room = max(len(token.der) for token in first) + _MARGIN
        if self._level is Level.B_T:
            return Additions(Level.B_T, _Stamper(self._tsa, algorithm), room)
        stampers = [token.chain for token in first]
        gathered = gather([chain, *stampers], held, self._door, now)
        stamp = _Stamper(self._tsa, algorithm, frozenset(one[0] for one in stampers))
        dss = Dss.of(gathered.certificates, gathered.ocsps, gathered.crls)
        return Additions(self._level, stamp, room, dss, gathered.due)

    def archiving(self, algorithm: str) -> Archiving:
        """Ask each authority for one token: it answers, how long a token is, under which chain.

        Raises RevocationFileError, OSError, RevokedCertificateError; NoTokenError, TokenError;
        NoRevocationProofError, RevocationTooLargeError.
        """
        first = self._tsa.of_each(hashlib.new(algorithm).digest(), algorithm)
        chains = tuple(token.chain for token in first)
        due = self._gathered(chains).due
        stamp = _Stamper(self._tsa, algorithm, frozenset(chain[0] for chain in chains))
        room = max(len(token.der) for token in first) + _MARGIN
        ends = [of_stamp(token.chain, token.der).until for token in first]
        return Archiving(Archivist(stamp, room, algorithm), chains, due, min(ends))

    def proofs(self, chains: Sequence[Sequence[x509.Certificate]]) -> Dss:
        """Gather what proves chains now; raise as `archiving` does."""
        gathered = self._gathered(chains)
        return Dss.of(gathered.certificates, gathered.ocsps, gathered.crls)

    def _gathered(self, chains: Sequence[Sequence[x509.Certificate]]) -> Gathered:
        return gather(chains, Held.read(self._folders), self._door, self._clock())

    def stamp(self, digest: bytes, algorithm: str) -> Token:
        """Have one digest stamped, by an authority that the trust folders do not revoke.

        Raises NoTokenError, TokenError; RevokedCertificateError, RevocationFileError or OSError.
        """
        token = self._tsa.stamp(digest, algorithm)
        Held.read(self._folders).refuse_revoked(token.chain, self._clock())
        return token

    def close(self) -> None:
        """End the connections that are kept: the run is over."""
        self._tsa.close()


@dataclass(frozen=True, slots=True)
class _Stamper:
    """Stamps digests; `known` are the certificates that the proofs are about, where there are any.

    Safe for many threads at once.
    """

    tsa: TsaClient
    algorithm: str
    known: frozenset[x509.Certificate] | None = None

    def __call__(self, digest: bytes) -> bytes:
        """Give the token (DER) of a digest; raise NoTokenError, TokenError, StamperChangedError."""
        token = self.tsa.stamp(digest, self.algorithm)
        if self.known is not None and token.chain[0] not in self.known:
            raise StamperChangedError("got a token by a certificate that the proofs do not name")
        return token.der


def host_of(url: str) -> str:
    """Give the host of an address, or nothing."""
    return urlsplit(url).hostname or ""


def _urls(settings: Settings) -> list[str]:
    return [url for url in (settings.tsa.url, settings.tsa.spare) if url is not None]


def _authority(
    settings: Settings, url: str, door: Outgoing, clock: Callable[[], datetime]
) -> Authority:
    if url != DEMO:
        return HttpAuthority(host_of(url), lambda: door.line(url), settings.tsa.in_flight)
    settings.refuse_in_production("tsa.url")
    stamper = signer(settings, STAMP, clock())
    algorithm = digest_of(stamper.chain[0]).name
    return DemoAuthority(stamper.chain, stamper.sign, algorithm, clock)
