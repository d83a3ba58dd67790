"""Facts that the project reads and does not own: the folder of shared data."""

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("COFFRE_SHARED", Path(__file__).parents[3] / "shared"))


def shared(name: str) -> Path:
    """Give a file or folder of the shared data; skip the test aloud where it is absent."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"shared data absent: {name} (set COFFRE_SHARED)", allow_module_level=True)
    return path
