"""The keys of a mailing: which signers, and what the level adds to their seals."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sealing.service.letter import Sealer
from sealing.service.levels import Level, TrustServices
from sealing.signers.port import SEAL, TWODDOC
from sealing.signers.registry import signer, town_signer
from storage.settings import Settings


@dataclass(frozen=True, slots=True)
class Keys:
    """Which signers a mailing needs: the seal's by name, P-256 for town codes, 2D-Doc types."""

    settings: Settings
    name: str | None = None
    town: bool = False
    types: tuple[str, ...] = ()

    def services(self, level: Level) -> TrustServices:
        """Open what a level asks for; raise as `TrustServices` does."""
        return TrustServices(self.settings, level, lambda: datetime.now(UTC))

    def open(self, services: TrustServices, now: datetime) -> Sealer:
        """Open them, with what the level adds.

        Raises a SignerError, ConfigurationError, OSError, or as `TrustServices.additions` does.
        """
        codes = {kind: signer(self.settings, f"{TWODDOC}{kind}", now) for kind in self.types}
        opened = town_signer if self.town else partial(signer, use=SEAL)
        seal = opened(self.settings, now=now, name=self.name)
        return Sealer.ready(seal, codes, services.additions(seal.chain))
