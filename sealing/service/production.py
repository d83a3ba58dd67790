"""What settings may not bring into production mode, besides keys: what belongs to trials.

Rules kept here:

- the demonstration's time-stamp authority (`demo:`) is refused wherever it is named, even where the
  level wants no time-stamp: the next letter may;
- a trust folder is refused unless its manifest says `production`: one that says nothing that can
  be read is not believed either;
- elsewhere than in production nothing is looked at.
"""

import json
from pathlib import Path
from typing import Final

from storage.settings import Mode, Settings

DEMO: Final = "demo:"
_MANIFEST: Final = "manifest.json"
_LIMIT: Final = 64 << 10


def refuse_trials(settings: Settings) -> None:
    """Raise ProductionRefusesError, in production mode, for what belongs to trials."""
    if settings.mode is not Mode.PRODUCTION:
        return
    for name in ("url", "spare"):
        if getattr(settings.tsa, name) == DEMO:
            settings.refuse_in_production(f"tsa.{name}")
    for folder in settings.trust_folders:
        if not _is_production(folder):
            settings.refuse_in_production(f"trust: {folder}")


def _is_production(folder: Path) -> bool:
    try:
        with (folder / _MANIFEST).open("rb") as file:
            told = json.loads(file.read(_LIMIT))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(told, dict) and told.get("mode") == Mode.PRODUCTION.value
