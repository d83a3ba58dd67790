"""The client's account: what is kept between two commands, and what a broken line leaves."""

import dataclasses
import json
from datetime import timedelta

import httpx2
import pytest
from support.lying_server import ADDRESS, IDLE, World

from vault.client import account
from vault.client.account import Credentials, Moment
from vault.client.http import AddressError, Connection, RefusedError, UnreachableError
from vault.client.private_files import StateError
from vault.client.seen import Memory
from vault.client.state import Home, LockedError, SignedOutError
from vault.crypto.account.passphrase import WeakPassphraseError
from vault.crypto.index import ForkError, SlotUnlistedError
from vault.format.index_head import Position


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("account"))
    made.create("camille", "desk")
    return made


@pytest.fixture(autouse=True)
def honest(world):
    world.wire.tricks.clear()
    world.wire.requests.clear()


def test_an_account_is_open_here_and_elsewhere_after_login(world):
    assert world.resume("desk").index.position.n == 1
    assert world.login("camille", "phone").account == world.resume("desk").account


def test_a_wrong_passphrase_and_an_unknown_login_are_one_refusal_and_keep_nothing(world):
    for login, passphrase in (("camille", "une autre phrase"), ("personne", "une autre phrase")):
        with pytest.raises(RefusedError) as caught:
            world.login(login, "stranger", passphrase)
        assert caught.value.reported == "session.refused"
    assert not (world.folder / "stranger").exists()


def test_a_weak_passphrase_is_refused_before_anything_is_sent(world):
    with pytest.raises(WeakPassphraseError):
        account.create(
            world.connection(), world.home("weak"), Credentials("weak", "court"), world.moment
        )
    assert world.wire.requests == []


def test_a_login_that_is_taken_leaves_nothing_here(world):
    with pytest.raises(RefusedError) as caught:
        world.create("camille", "second")
    assert caught.value.reported == "account.login-taken"
    assert list((world.folder / "second" / "accounts").iterdir()) == []


def test_the_safe_locks_when_idle_and_each_command_puts_the_end_further_off(world):
    world.login("camille", "idle")
    home = world.home("idle")

    def after(minutes):
        moment = Moment(world.now + timedelta(minutes=minutes), IDLE)
        return account.resume(world.connection(), home, home.signed_in(), moment)

    after(14)
    after(28)
    with pytest.raises(LockedError):
        after(43)
    assert list(home.folder.glob("*.key")) == []
    with pytest.raises(LockedError):
        after(29)


def test_the_end_cannot_be_moved_without_the_key(world):
    world.login("camille", "moved")
    home = world.home("moved")
    path = home.folder / "session.json"
    kept = json.loads(path.read_text("utf-8"))
    kept["resting"]["until"] += 3600
    path.write_text(json.dumps(kept, sort_keys=True, separators=(",", ":")), "utf-8")
    with pytest.raises(LockedError):
        home.unlocked(home.signed_in(), world.now)


def test_signing_out_takes_session_and_key_and_leaves_the_position(world):
    safe = world.login("camille", "left")
    home = world.home("left")
    assert account.logout(world.connection(), home, home.signed_in())
    with pytest.raises(SignedOutError):
        home.signed_in()
    assert list(home.folder.glob("*.key")) == []
    assert home.seen.memory(safe.account).position == safe.index.position
    assert home.server() == ADDRESS
    with pytest.raises(RefusedError) as caught:
        safe.http.get("account")
    assert caught.value.reported == "session.ended"


def test_signing_out_works_without_the_server(world):
    world.login("camille", "alone")
    home = world.home("alone")
    world.wire.cut("DELETE", "session")
    assert not account.logout(world.connection(), home, home.signed_in())
    with pytest.raises(SignedOutError):
        home.signed_in()


def test_the_key_of_the_key_rests_in_the_machines_memory_where_there_is_one(world, tmp_path):
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    home = Home(tmp_path / "home", runtime)
    who = Credentials("camille", "cheval pile agrafe correct")
    account.login(world.connection(), home, who, world.moment)
    assert home.rests_in_memory
    [key] = runtime.rglob("*.key")
    assert key.stat().st_mode & 0o777 == 0o600
    assert list(home.folder.glob("*.key")) == []
    key.unlink()
    with pytest.raises(LockedError):
        home.unlocked(home.signed_in(), world.now)


def test_a_runtime_folder_that_others_may_read_is_not_used(tmp_path):
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o755)
    assert not Home(tmp_path / "home", runtime).rests_in_memory
    assert not Home(tmp_path / "home", tmp_path / "absent").rests_in_memory


def test_every_file_is_its_owners_alone(world):
    world.login("camille", "private")
    folder = world.folder / "private"
    open_to_others = [
        path for path in folder.rglob("*")
        if path.is_file() and path.name != "lock" and path.stat().st_mode & 0o077
    ]  # fmt: skip
    assert (folder.stat().st_mode & 0o777, open_to_others) == (0o700, [])


def test_a_file_that_others_may_read_or_that_is_damaged_is_refused_never_ignored(world):
    safe = world.login("camille", "damaged")
    home = world.home("damaged")
    path = home.folder / "session.json"
    path.chmod(0o640)
    with pytest.raises(StateError):
        home.signed_in()
    path.chmod(0o600)
    path.write_text("{}", "utf-8")
    with pytest.raises(StateError):
        home.signed_in()
    memory = home.folder / "accounts" / f"{safe.account.hex()}.json"
    memory.write_text("", "utf-8")
    with pytest.raises(StateError):
        home.seen.memory(safe.account)


def test_a_position_is_written_only_upwards(tmp_path):
    seen = Home(tmp_path).seen
    high = Memory(Position(7, b"h" * 32), b"d" * 16)
    seen.remember(b"a" * 16, high)
    seen.remember(b"a" * 16, dataclasses.replace(high, position=Position(3, b"l" * 32)))
    assert seen.memory(b"a" * 16).position == high.position
    with pytest.raises(ForkError):
        seen.remember(b"a" * 16, dataclasses.replace(high, position=Position(7, b"x" * 32)))


def test_an_account_whose_opening_was_cut_is_finished_by_login_from_here_alone(world):
    honest_line = []

    def down(request, response):
        if request.url.path == "/api/v1/accounts":
            honest_line.append(response.status_code)
        if request.url.path == "/api/v1/vault/ops":
            raise httpx2.ConnectError("down")
        return response

    def refused(request):
        if request.method == "POST" and request.url.path == "/api/v1/vault/ops":
            raise httpx2.ConnectError("down")
        return inner(request)

    # The operation never reaches the server.
    inner = world.wire._inner.handle_request
    world.wire._inner.handle_request = refused
    try:
        with pytest.raises(UnreachableError):
            world.create("cut", "cut")
    finally:
        world.wire._inner.handle_request = inner
    with pytest.raises(SlotUnlistedError):
        world.login("cut", "elsewhere")
    assert world.login("cut", "cut").index.position.n == 1
    assert world.login("cut", "elsewhere").index.position.n == 1


def test_an_opening_whose_last_answer_was_lost_is_complete(world):
    world.wire.cut("POST", "vault/ops")
    assert world.create("lost", "lost").index.position.n == 1


@pytest.mark.parametrize(
    "address",
    [
        "", "coffre.example", "http://coffre.example", "ftp://127.0.0.1", "https://",
        "https://user@coffre.example", "https://coffre.example/path", "https://coffre.example?x=1",
        "http://127.0.0.1.example", "http://localhost.example", "https://[::1", "http://10.0.0.1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_safe_to_talk_to_is_refused(address):
    with pytest.raises(AddressError):
        Connection(address)


@pytest.mark.parametrize(
    "address",
    ["https://coffre.example", "http://127.0.0.1:8000/", "http://[::1]:1", "http://localhost"],
)
def test_https_and_this_machine_are_talked_to(address):
    with Connection(address) as http:
        assert http.server == address.rstrip("/")
