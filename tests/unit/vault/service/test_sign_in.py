"""Opening an account, proving the passphrase, and how long a session lives."""

import dataclasses
import secrets
from datetime import timedelta

import pytest
from sqlalchemy import text
from support.person import Person, opaque
from support.safe import NOW, dump

from storage.database import open_engine, reading, transaction
from storage.migrations.upgrade import upgrade
from vault.format.signed_message import MessageError
from vault.format.slot import PassphraseKdf
from vault.service import accounts, directory, sign_in
from vault.service.accounts import (
    AccountNotFoundError,
    EnrolmentError,
    LoginFormError,
    LoginTakenError,
)
from vault.service.sign_in import (
    PER_ADDRESS,
    PER_LOGIN,
    Attempt,
    SessionEndedError,
    SignInRefusedError,
    TooManyAttemptsError,
)

SECRET = b"s" * 32
JEANNE = Attempt("jeanne", "127.0.0.1", SECRET)


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/coffre.sqlite")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def person(engine):
    person = Person()
    with transaction(engine) as session:
        accounts.enrol(session, person.enrolment(), NOW)
    return person


def test_an_account_gives_its_owner_back_what_the_device_sent(engine):
    person = Person(login="  Jéanne".strip().replace("é", "e"))
    sent = person.enrolment()
    with transaction(engine) as session:
        accounts.enrol(session, sent, NOW)
    with reading(engine) as session:
        view = accounts.view(session, person.account)
        assert directory.entry(session, person.account) == sent.directory
        assert directory.account_of(session, "jeanne") == person.account
    assert (view.login, view.slots, view.bundle) == ("jeanne", sent.slots, sent.bundle)
    assert (view.head_n, view.head) == (0, bytes(32))


@pytest.mark.parametrize(
    "login", ["", "ab", "a b c", "é" * 5, "jean\nne", "../etc", "a" * 65, "-ab"]
)
def test_a_login_of_another_form_is_refused(login):
    with pytest.raises(LoginFormError):
        accounts.normalised(login)


def test_a_login_is_the_same_whatever_its_case_and_width():
    assert accounts.normalised("\uff2aEANNE@Ville") == "jeanne@ville"


def test_a_login_and_an_identifier_are_given_once(engine, person):
    for other in (Person(), Person(login="autre", raw=person.raw)):
        with pytest.raises(LoginTakenError), transaction(engine) as session:
            accounts.enrol(session, other.enrolment(), NOW)


def altered(person, **changes):
    return dataclasses.replace(person.enrolment(), **changes)


@pytest.mark.parametrize(
    "change",
    [
        lambda _: {"slots": ()},
        lambda p: {"slots": (p.slot(), p.slot())},
        lambda _: {"slots": (Person().slot(),)},
        lambda _: {"auth_key": b"short"},
        lambda _: {"bundle": b""},
        lambda _: {"bundle": opaque(100)},
        lambda _: {"directory": Person().entry()},
    ],
)
def test_parts_that_do_not_belong_together_open_nothing(engine, change):
    person = Person()
    with pytest.raises(EnrolmentError), transaction(engine) as session:
        accounts.enrol(session, altered(person, **change(person)), NOW)
    with reading(engine) as session, pytest.raises(AccountNotFoundError):
        accounts.view(session, person.account)


def test_a_directory_entry_that_is_no_message_opens_nothing(engine):
    with pytest.raises(MessageError), transaction(engine) as session:
        accounts.enrol(session, altered(Person(), directory="a.b.c"), NOW)


def test_the_proof_opens_a_session_and_the_database_has_neither_proof_nor_token(engine, person):
    with transaction(engine) as session:
        opened = sign_in.prove(session, JEANNE, person.auth_key, NOW)
    with reading(engine) as session:
        assert sign_in.resume(session, opened.token, NOW).account == person.account
    kept = dump(engine)
    assert len(opened.token) >= 43
    for secret in (opened.token, opened.token.encode().hex(), person.auth_key.hex()):
        assert secret.lower() not in kept.lower()
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in kept


@pytest.mark.parametrize("login", ["jeanne", "unknown"])
def test_a_wrong_proof_and_an_unknown_login_are_refused_alike(engine, person, login):
    del person
    attempt = Attempt(login, "127.0.0.1", SECRET)
    with pytest.raises(SignInRefusedError) as caught, transaction(engine) as session:
        sign_in.prove(session, attempt, secrets.token_bytes(32), NOW)
    assert (str(caught.value), caught.value.details) == ("got a proof that does not fit", {})


def test_an_unknown_login_does_the_same_work(engine, person, monkeypatch):
    verified = []
    real = sign_in._HASHER

    class Counting:
        def verify(self, kept, proof):
            verified.append(kept.split("$")[3])
            return real.verify(kept, proof)

    monkeypatch.setattr(sign_in, "_HASHER", Counting())
    for login in (person.login, "unknown"):
        with pytest.raises(SignInRefusedError), reading(engine) as session:
            sign_in.prove(session, Attempt(login, "::1", SECRET), b"x" * 32, NOW)
    assert verified == ["m=19456,t=2,p=1"] * 2


def test_an_unknown_login_has_a_salt_like_a_known_one_and_always_the_same(engine, person):
    with reading(engine) as session:
        known = sign_in.derivation(session, "jeanne", SECRET)
        unknown = sign_in.derivation(session, "unknown", SECRET)
        assert unknown == sign_in.derivation(session, "unknown", SECRET)
        assert unknown != sign_in.derivation(session, "unknown2", SECRET)
        assert unknown != sign_in.derivation(session, "unknown", b"t" * 32)
    assert known.salt == person.salt
    assert dataclasses.replace(unknown, salt=known.salt) == known == PassphraseKdf(person.salt)


@pytest.mark.parametrize(
    ("after", "lives"),
    [(timedelta(minutes=15), True), (timedelta(minutes=15, seconds=1), False)],
)
def test_a_session_ends_after_fifteen_idle_minutes(engine, person, after, lives):
    with transaction(engine) as session:
        token = sign_in.open_session(session, person.account, NOW).token
    with reading(engine) as session:
        if lives:
            assert sign_in.resume(session, token, NOW + after).stale
        else:
            with pytest.raises(SessionEndedError):
                sign_in.resume(session, token, NOW + after)


def test_a_session_that_is_used_ends_after_twelve_hours_all_the_same(engine, person):
    with transaction(engine) as session:
        token = sign_in.open_session(session, person.account, NOW).token
    at = NOW
    while at <= NOW + timedelta(hours=12):
        with transaction(engine) as session:
            assert sign_in.resume(session, token, at).account == person.account
            sign_in.touch(session, token, at)
        at += timedelta(minutes=14)
    with reading(engine) as session, pytest.raises(SessionEndedError):
        sign_in.resume(session, token, at)


def test_a_session_that_was_ended_is_gone_at_once_and_others_live(engine, person):
    with transaction(engine) as session:
        first = sign_in.open_session(session, person.account, NOW).token
        second = sign_in.open_session(session, person.account, NOW).token
        sign_in.end(session, first, NOW)
        sign_in.end(session, first, NOW)
    with reading(engine) as session:
        with pytest.raises(SessionEndedError):
            sign_in.resume(session, first, NOW)
        assert sign_in.resume(session, second, NOW).account == person.account


def test_ended_sessions_leave_the_database(engine, person):
    with transaction(engine) as session:
        sign_in.open_session(session, person.account, NOW)
        sign_in.open_session(session, person.account, NOW + timedelta(hours=1))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM signed_in")).scalar() == 1


def admitted(engine, attempt, at) -> bool:
    try:
        with transaction(engine) as session:
            sign_in.admit(session, attempt, at)
    except TooManyAttemptsError as error:
        return not (error.retryable and int(error.details["seconds"]) >= 1)
    return True


def test_attempts_on_one_login_are_slowed_and_nobody_is_locked_out_for_ever(engine):
    for i in range(PER_LOGIN.free):
        assert admitted(engine, Attempt("jeanne", f"10.0.0.{i}", SECRET), NOW)
    assert not admitted(engine, Attempt("jeanne", "10.0.1.1", SECRET), NOW)
    assert admitted(engine, Attempt("paul", "10.0.1.1", SECRET), NOW)
    at, count = NOW, 0
    for i in range(3600):
        at = NOW + timedelta(seconds=i)
        count += admitted(engine, Attempt("jeanne", f"10.1.{i // 250}.{i % 250}", SECRET), at)
    assert 60 <= count <= 70
    longest = at + PER_LOGIN.longest + timedelta(seconds=1)
    assert admitted(engine, Attempt("jeanne", "10.9.9.9", SECRET), longest)


def test_attempts_from_one_address_are_slowed_whatever_the_login(engine):
    for i in range(PER_ADDRESS.free):
        assert admitted(engine, Attempt(f"login{i}", "10.0.0.1", SECRET), NOW)
    assert not admitted(engine, Attempt("another", "10.0.0.1", SECRET), NOW)
    assert admitted(engine, Attempt("another", "10.0.0.2", SECRET), NOW)
    assert admitted(engine, Attempt("another", "10.0.0.1", SECRET), NOW + timedelta(hours=2))


def test_a_right_proof_forgives_the_attempts_before(engine, person):
    for _ in range(PER_LOGIN.free):
        assert admitted(engine, JEANNE, NOW)
    assert not admitted(engine, JEANNE, NOW)
    with transaction(engine) as session:
        sign_in.prove(session, JEANNE, person.auth_key, NOW)
    assert admitted(engine, JEANNE, NOW)


def test_the_counters_hold_neither_login_nor_address(engine):
    admitted(engine, JEANNE, NOW)
    kept = dump(engine)
    assert "jeanne" not in kept
    assert "127.0.0.1" not in kept
