"""The tests' town: one set of demonstration certificates per process, and its signers."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from cli.demo import pki
from sealing.service.letter import Sealer
from sealing.signers.port import SEAL, TWODDOC
from sealing.signers.registry import signer
from storage.settings import Settings

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@cache
def town() -> tuple[pki.Pki, Path]:
    """Make the certificates once; give them and their folder."""
    made = pki.build(NOW)
    folder = Path(mkdtemp(prefix="coffre-town-")) / "pki"
    pki.write(made, folder)
    return made, folder


@cache
def sealer(name: str = "seal-p256") -> Sealer:
    """Give the town's sealer, with a 2D-Doc signer for each type."""
    _, folder = town()
    settings = Settings.load(folder / "coffre.toml")
    codes = {kind: signer(settings, f"{TWODDOC}{kind}", NOW) for kind in pki.TWODDOC_TYPES}
    return Sealer.ready(signer(settings, SEAL, NOW, name), codes)
