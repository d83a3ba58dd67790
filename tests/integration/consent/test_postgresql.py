"""The one use of a grant on PostgreSQL: races between workers that share no lock but the row's."""

from functools import partial

import pytest
from integration.storage.test_postgresql import server
from sqlalchemy import text
from support.broker import broker
from support.budget import cases
from support.person import new_id
from support.race import race

from consent.errors import ConsentError
from consent.states import GrantWithdrawnError
from storage.database import open_engine, reading
from storage.journal import check

__all__ = ["server"]


@pytest.fixture
def town(server, tmp_path):
    name = f"coffre_{new_id().lower().replace('-', '_')}"
    admin = open_engine(server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = admin.url.set(database=name).render_as_string()
    admin.dispose()
    town = broker(tmp_path, open_engine(url))
    yield town
    with reading(town.safe.engine) as session:
        check(session)
    town.safe.engine.dispose()


def test_of_three_collectors_exactly_one_gets_the_use(town):
    for _ in range(cases(ci=20, slow=300, fast=4)):
        _, view = town.granted()
        found = race(*[partial(town.collect, view.id)] * 3)
        names = sorted(type(each).__name__ for each in found)
        assert names == ["GrantUsedError", "GrantUsedError", "Handed"]


def test_of_a_withdrawal_and_a_collection_exactly_one_wins(town):
    for _ in range(cases(ci=20, slow=300, fast=4)):
        _, view = town.granted()
        found = race(partial(town.collect, view.id), partial(town.withdraw, view))
        assert sorted(isinstance(each, ConsentError) for each in found) == [False, True]
        expected = "withdrawn" if isinstance(found[0], GrantWithdrawnError) else "collected"
        assert town.state(view.id) == expected


def test_of_two_answers_to_one_request_exactly_one_is_taken(town):
    for _ in range(cases(ci=10, slow=100, fast=3)):
        pushed = town.push()
        answers = [town.answer(pushed) for _ in range(2)]
        found = race(*[partial(town.send, each) for each in answers])
        assert sorted(isinstance(each, ConsentError) for each in found) == [False, True]


def test_the_whole_story_with_its_receipt(town):
    _, view = town.granted()
    handed = town.collect(view.id)
    town.acknowledge(view.id, town.half(handed))
    assert town.state(view.id) == "receipted"
    assert town.sweep() == 0
