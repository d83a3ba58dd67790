"""Kill -9 at any moment: what was acknowledged is there, and nothing is half there."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, cast

import pytest
from sqlmodel import select
from support.budget import cases
from support.writer import content_of

from storage.blobs.folder import FolderStore
from storage.blobs.port import TicketSigner, parse_blob_id
from storage.database import open_engine, reading
from storage.journal import check
from storage.tables.people import Attempts

TESTS = Path(__file__).parents[2]


def killed_writer(folder: Path, after: float) -> list[str]:
    """Run the writer, kill it `after` seconds past its first answer; give what it acknowledged."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    writer = subprocess.Popen(
        [sys.executable, "-m", "support.writer", str(folder)],
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    first = cast("IO[bytes]", writer.stdout).readline()
    time.sleep(after)
    os.killpg(writer.pid, signal.SIGKILL)
    rest, _ = writer.communicate()
    whole = (first + rest).decode().split("\n")[:-1]
    return [line for line in whole if line]


@pytest.mark.timeout(600)
def test_kill_9_loses_nothing_acknowledged_and_leaves_no_row_without_its_object(tmp_path):
    instants = random.Random(2)  # noqa: S311 - a replayable choice of moments
    acknowledged = []
    for _ in range(cases(ci=50, slow=200, fast=5)):
        acknowledged += killed_writer(tmp_path, instants.uniform(0, 0.08))
    store = FolderStore(tmp_path / "blobs", TicketSigner(bytes(32), ""))
    engine = open_engine(f"sqlite:///{tmp_path}/coffre.sqlite")
    with reading(engine) as session:
        rows = {row.key.decode() for row in session.exec(select(Attempts))}
        assert check(session).n == len(rows)
    assert len(acknowledged) > cases(ci=50, slow=200, fast=5)
    assert set(acknowledged) <= rows
    for name in rows:
        assert b"".join(store.get(parse_blob_id(name))) == content_of(name)
    store.sweep(datetime.now(UTC) + timedelta(hours=1))
    assert list((tmp_path / "blobs" / "incoming").iterdir()) == []
    engine.dispose()
