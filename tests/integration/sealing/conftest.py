"""What several tests of sealing stand on: a token that holds the town's keys, and a bureau."""

import pytest
from support.sealers import town
from support.tokens import soft_token

from cli.agreement import require_agreement
from cli.bureau import Bureau
from sealing.service.storeroom import Storeroom
from storage.database import open_engine
from storage.migrations.upgrade import upgrade
from storage.settings import Settings


@pytest.fixture(scope="module")
def token(tmp_path_factory):
    """Give a token that holds the town's keys."""
    with (
        pytest.MonkeyPatch.context() as patch,
        soft_token(tmp_path_factory.mktemp("t"), patch) as it,
    ):
        yield it


@pytest.fixture
def bureau(tmp_path):
    """Give what the process that seals works with, in an installation of the town's."""
    settings = Settings.load(town()[1] / "coffre.toml", data=tmp_path)
    engine = open_engine(settings.database_url)
    upgrade(engine)
    room = Storeroom(tmp_path / "sealing")
    room.make()
    yield Bureau(settings, engine, room, require_agreement, None)
    engine.dispose()
