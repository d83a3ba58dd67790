"""A token that is shared, lost, swapped: its sessions are counted, and nothing false is signed."""

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from support.budget import cases
from support.sealers import NOW, town
from support.tokens import Board, SoftToken, board, soft_token, turnstile

from sealing.signers import token_sessions
from sealing.signers.port import SEAL, KeyMismatchError, Signer, digest_of
from sealing.signers.registry import signer
from sealing.signers.token_errors import TokenBusyError, TokenLostError
from sealing.signers.token_libraries import rest
from sealing.signers.token_sessions import Places

DEVICE_ERROR = 0x30
LOST = {
    "general": 0x05,
    "function failed": 0x06,
    "device error": DEVICE_ERROR,
    "device memory": 0x31,
    "device removed": 0x32,
    "token not present": 0xE0,
    "session closed": 0xB0,
    "session handle": 0xB3,
    "key handle": 0x60,
    "not logged in": 0x101,
    "a code of the maker's own": 0x80000001,
}


@pytest.fixture
def counted(monkeypatch):
    """Stand the turnstile in front."""
    with board(monkeypatch) as it:
        yield it


def opened(token: SoftToken, name: str = "seal-p256", **changes) -> Signer:
    """Open a seal behind the turnstile."""
    return signer(token.settings(module=turnstile(), **changes), SEAL, NOW, name)


def sign(made: Signer, text: str = "x") -> None:
    """Have a digest signed and verify it."""
    leaf = made.chain[0]
    digest = text.encode().ljust(32, b"-")
    signature = made.sign(digest)
    key = leaf.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        key.verify(der, digest, ec.ECDSA(Prehashed(digest_of(leaf))))


def children(count: int, act: Callable[[], object]) -> list[int]:
    """Do something in children of this process; give their exit codes."""
    pids = []
    for _ in range(count):
        pid = os.fork()
        if not pid:
            code = 1
            try:
                act()
                code = 0
            except BaseException:  # noqa: BLE001 - the exit code tells
                traceback.print_exc()
            finally:
                os._exit(code)
        pids.append(pid)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def test_threads_share_one_session_and_one_call_is_made_at_a_time(token, counted):
    """SoftHSM2 crashes where two calls meet: it was started without locks."""
    signers = [opened(token, name) for name in ("seal-p256", "seal-rsa", "seal-p256")]
    times, failed = cases(ci=40, slow=400, fast=10), list[BaseException]()

    def work(choose: Callable[[], Signer]) -> None:
        try:
            for number in range(times):
                sign(choose(), str(number))
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    kept: list[Callable[[], Signer]] = [partial(signers.__getitem__, n % 3) for n in range(12)]
    anew: list[Callable[[], Signer]] = [lambda: opened(token, "seal-rsa")] * 3
    threads = [threading.Thread(target=work, args=(choose,)) for choose in kept + anew]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    told = counted.read()
    assert (told["most"], told["open"], told["overlaps"], told["logins"]) == (1, 1, 0, 1)


def test_processes_never_open_more_sessions_than_the_settings_say(token, counted):
    def work() -> None:
        made, end = opened(token, sessions=3), time.monotonic() + 20
        for number in range(cases(ci=60, slow=600, fast=20)):
            sign(made, str(number))
        while counted.read()["most"] < 3 and time.monotonic() < end:
            sign(made)  # so that others come while this one holds its own
        rest()

    counted.tell(limit=3)
    assert children(8, work) == [0] * 8
    told = counted.read()
    assert (told["most"], told["refused"], told["open"]) == (3, 0, 0)


def test_who_finds_every_place_taken_is_told_so_after_a_while(token, counted, monkeypatch):
    monkeypatch.setattr(Places.take, "__defaults__", (0.2,))
    assert token_sessions.PATIENCE > 1
    held = opened(token, sessions=1)
    sign(held)

    def work() -> None:
        with pytest.raises(TokenBusyError) as caught:
            opened(token, sessions=1)
        assert caught.value.details["sessions"] == 1
        assert caught.value.retryable

    assert children(1, work) == [0]
    assert counted.read()["most"] == 1
    sign(held)


def test_a_process_that_is_killed_gives_its_place_back(token, counted):
    pid = os.fork()
    if not pid:
        try:
            sign(opened(token, sessions=1))
            os.kill(os.getpid(), signal.SIGSTOP)
        finally:
            os._exit(1)
    os.waitpid(pid, os.WUNTRACED)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    began = time.monotonic()
    sign(opened(token, sessions=1))
    assert time.monotonic() - began < token_sessions.PATIENCE
    assert counted.read()["logins"] == 2


def test_a_place_is_the_process_s_and_no_child_keeps_it(tmp_path):
    places = Places(tmp_path / "data" / "tokens", 1)
    place = places.take("token")
    assert place is not None
    pid = os.fork()
    if not pid:
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.waitpid(pid, os.WUNTRACED)
    place.give_back()
    place.give_back()
    assert places.take("token", 0) is not None
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert [path.name for path in tmp_path.rglob("*") if path.stat().st_mode & 0o077] == []


def test_a_forked_child_signs_by_a_session_of_its_own_and_leaves_the_parents_alone(token, counted):
    made = opened(token, sessions=3)
    sign(made)
    assert children(2, lambda: sign(made)) == [0, 0]
    sign(made)
    told = counted.read()
    assert told["logins"] == 3
    assert told["most"] == 3


@pytest.mark.parametrize("code", LOST.values(), ids=LOST.keys())
def test_a_session_lost_once_is_opened_again_for_the_signature_in_hand(token, counted, code):
    made = opened(token)
    counted.fail(code, times=1)
    sign(made)
    told = counted.read()
    assert (told["most"], told["open"], told["logins"]) == (1, 1, 2)


@pytest.mark.parametrize("code", LOST.values(), ids=LOST.keys())
def test_a_token_that_stays_lost_is_told_and_serves_again_once_it_is_back(token, counted, code):
    made = opened(token)
    counted.fail(code)
    for _ in range(2):
        with pytest.raises(TokenLostError) as caught:
            made.sign(bytes(32))
        assert caught.value.retryable
        assert caught.value.details["name"] == "seal-p256"
        assert counted.read()["open"] == 0
    counted.tell(good=1 << 30)
    sign(made)


def test_a_token_that_is_taken_away_is_lost_and_back_it_serves_again(token):
    made, other = (signer(token.settings(), SEAL, NOW, name) for name in ("seal-p256", "seal-rsa"))
    sign(made)
    with token.removed():
        for each in (made, other, made):
            with pytest.raises(TokenLostError):
                each.sign(bytes(32))
    sign(made)
    sign(other)


def test_another_token_in_the_place_of_ours_never_seals(tmp_path, monkeypatch):
    with soft_token(tmp_path, monkeypatch) as token:
        made = signer(token.settings(), SEAL, NOW, "seal-p256")
        sign(made)
        token.store.rename(token.away)
        token.store.mkdir()
        token.begin()
        token.bring(town()[1] / "signers" / "twoddoc-00.key.pem", "seal-p256", "02")
        with pytest.raises(KeyMismatchError):
            made.sign(bytes(32))
        assert made.chain[0].subject


def test_signers_of_one_token_find_their_keys_again_when_one_of_them_lost_the_session(
    token, counted: Board
):
    first, second = opened(token), opened(token, "seal-rsa")
    counted.fail(DEVICE_ERROR, times=1)
    for made in (first, second, first):
        sign(made)
    told = counted.read()
    assert (told["logins"], told["most"], told["open"]) == (2, 1, 1)


def test_a_signer_that_finds_a_dead_session_opens_another(token, counted):
    opened(token)
    counted.fail(DEVICE_ERROR, times=1)
    sign(opened(token, "seal-rsa"))
    told = counted.read()
    assert (told["logins"], told["most"], told["open"]) == (2, 1, 1)


def test_sessions_that_are_given_back_are_opened_again_when_they_are_needed(token, counted):
    made = opened(token)
    rest()
    assert counted.read()["open"] == 0
    sign(made)
    assert (counted.read()["open"], counted.read()["logins"]) == (1, 2)
