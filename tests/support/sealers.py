"""The tests' town: one set of demonstration certificates per process, and its signers."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from support.folders import lasting

from cli.demo import pki
from sealing.service.letter import Sealer
from sealing.service.levels import Additions, Level, TrustServices
from sealing.signers.port import SEAL, TWODDOC
from sealing.signers.registry import signer
from storage.settings import Settings

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@cache
def town() -> tuple[pki.Pki, Path]:
    """Make the certificates once; give them and their folder."""
    made = pki.build(NOW)
    folder = lasting("town") / "pki"
    pki.write(made, folder)
    return made, folder


@cache
def sealer(name: str = "seal-p256") -> Sealer:
    """Give the town's sealer, with a 2D-Doc signer for each type."""
    _, folder = town()
    settings = Settings.load(folder / "coffre.toml")
    codes = {kind: signer(settings, f"{TWODDOC}{kind}", NOW) for kind in pki.TWODDOC_TYPES}
    return Sealer.ready(signer(settings, SEAL, NOW, name), codes)


@cache
def additions(level: Level, name: str = "seal-p256") -> Additions:
    """Give what a level adds to the seals of a signer, stamped by the demonstration's authority."""
    settings = Settings.load(town()[1] / "coffre.toml")
    return TrustServices(settings, level, lambda: NOW).additions(sealer(name).seal.chain)


@cache
def sealer_at(level: Level, name: str = "seal-p256") -> Sealer:
    """Give the town's sealer for a level."""
    plain = sealer(name)
    return Sealer.ready(plain.seal, plain.twoddocs, additions(level, name))
