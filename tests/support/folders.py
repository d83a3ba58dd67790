"""Folders that last as long as the process of the tests, and no longer."""

import atexit
import os
import shutil
from pathlib import Path
from tempfile import mkdtemp


def lasting(name: str) -> Path:
    """Make a folder that is taken away when this process ends; not by one forked of it."""
    folder, owner = Path(mkdtemp(prefix=f"coffre-{name}-")), os.getpid()

    def take_away() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(take_away)
    return folder
