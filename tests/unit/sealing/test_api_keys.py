"""Keys of applications: what they look like, and what is kept of them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealing.service import api_keys
from sealing.service.api_keys import (
    ALPHABET,
    PREFIX,
    ApiKeyRefusedError,
    LevelNotAllowedError,
    ServiceNameError,
    SignerNameError,
    SignerNotAllowedError,
    Terms,
    draw,
    is_well_formed,
)
from storage.database import open_engine, reading, transaction
from storage.migrations.upgrade import upgrade
from storage.tables.commissions import ApiKeyRow

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path):
    made = open_engine(f"sqlite:///{tmp_path}/coffre.sqlite")
    upgrade(made)
    yield made
    made.dispose()


def test_a_key_is_known_by_its_form_and_no_two_are_alike():
    drawn = {draw() for _ in range(200)}
    assert len(drawn) == 200
    assert all(re.fullmatch(r"coffre_sk_[0-9A-Za-z]{36}", key) for key in drawn)
    assert all(is_well_formed(key) for key in drawn)


@given(st.integers(0, 35), st.sampled_from(ALPHABET))
def test_a_key_with_one_wrong_character_is_not_well_formed(place, other):
    key = "coffre_sk_0123456789ABCDEFGHIJKLMNOPQRST" + "0" * 6
    key = key[:40] + api_keys._check(key[10:40])
    at = len(PREFIX) + place
    wrong = key[:at] + other + key[at + 1 :]
    assert is_well_formed(wrong) == (wrong == key)


@pytest.mark.parametrize("text", ["", PREFIX, "é" * 46, PREFIX + "é" * 36, PREFIX + "0" * 37])
def test_another_text_is_no_key(text):
    assert not is_well_formed(text)


def test_only_the_digest_of_a_key_is_kept(engine, tmp_path):
    with transaction(engine) as session:
        made = api_keys.add(session, Terms("etat-civil", ("cachet",), ("B-T",)), NOW)
    assert made.text not in repr(made)
    engine.dispose()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert made.text.encode() not in kept
    assert made.text[10:].encode() not in kept
    with reading(engine) as session:
        found = api_keys.find(session, made.text)
        assert found == made.key
        assert session.get_one(ApiKeyRow, made.key.id).used_at is None


def test_an_ended_key_and_one_never_made_are_one_error(engine):
    with transaction(engine) as session:
        old = api_keys.add(session, Terms("etat-civil"), NOW)
        new = api_keys.add(session, Terms("etat-civil"), NOW)
        api_keys.end(session, old.key.id, NOW)
    with reading(engine) as session:
        messages = set()
        for text in (old.text, draw(), "", new.text.lower()):
            with pytest.raises(ApiKeyRefusedError) as caught:
                api_keys.find(session, text)
            messages.add(str(caught.value))
        assert len(messages) == 1
        assert api_keys.find(session, new.text).terms == Terms("etat-civil")
        assert api_keys.any_living(session)
        assert [key.ended_at for key in api_keys.listing(session)] == [NOW, None]


def test_a_visit_is_written_down_once_a_minute(engine):
    with transaction(engine) as session:
        key = api_keys.add(session, Terms("etat-civil"), NOW).key
        assert api_keys.is_stale(key, NOW)
        api_keys.touch(session, key, NOW)
        [seen] = api_keys.listing(session)
    assert not api_keys.is_stale(seen, NOW + timedelta(seconds=59))
    assert api_keys.is_stale(seen, NOW + timedelta(seconds=61))


@pytest.mark.parametrize("name", ["", "État", "a b", "-a", "a-", "A", "a" * 65, "a\n"])
def test_a_service_has_a_plain_name(engine, name):
    with pytest.raises(ServiceNameError), transaction(engine) as session:
        api_keys.add(session, Terms(name), NOW)


@pytest.mark.parametrize("name", ["", "a,b", " ", "a\n", "a" * 65])
def test_a_signer_s_name_that_would_be_read_as_another_is_refused(engine, name):
    with pytest.raises(SignerNameError), transaction(engine) as session:
        api_keys.add(session, Terms("etat-civil", (name,)), NOW)


def test_a_key_allows_its_signers_and_levels_alone():
    every, few = Terms("a"), Terms("a", ("one", "two"), ("B-B",))
    for terms, asked in ((every, None), (every, "any"), (few, None), (few, "two")):
        api_keys.require_signer(terms, asked)
    with pytest.raises(SignerNotAllowedError):
        api_keys.require_signer(few, "three")
    api_keys.require_level(every, "B-LT")
    with pytest.raises(LevelNotAllowedError):
        api_keys.require_level(few, "B-T")
