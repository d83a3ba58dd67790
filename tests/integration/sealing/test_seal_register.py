"""Blocks of slots that several processes take at once, on both databases."""

import os
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context

import pytest
from support.postgresql import postgresql

from sealing.service import seals
from storage.database import open_engine, reading, transaction
from storage.migrations.upgrade import upgrade
from storage.settings import Settings

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
BLOCKS, SLOTS = 10, 7


def take_some(settings):
    """Take blocks one after the other, as a mailing each; give every slot."""
    taken = []
    with seals.register(settings) as engine:
        for _ in range(BLOCKS):
            with transaction(engine) as session:
                block = seals.take(session, SLOTS, NOW, os.urandom(16))
            taken += [block.slot_key(number).slot for number in range(block.count)]
    return taken


def two_processes(settings):
    """Have two processes take blocks at once; every slot is given once, and none is left out."""
    engine = open_engine(settings.database_url)
    upgrade(engine)
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        slots = [slot for one in pool.map(take_some, [settings, settings]) for slot in one]
    assert sorted(slots) == list(range(2 * BLOCKS * SLOTS))
    with reading(engine) as session:
        assert seals.given(session) == 2 * BLOCKS * SLOTS
    engine.dispose()


def test_two_processes_never_share_a_slot_on_sqlite(tmp_path):
    two_processes(Settings(data=tmp_path))


@pytest.fixture(scope="module")
def server():
    with postgresql() as address:
        yield address


def test_two_processes_never_share_a_slot_on_postgresql(server, tmp_path):
    two_processes(Settings(data=tmp_path, database=server))
