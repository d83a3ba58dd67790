"""A mailing whose keys are on a token: sessions, the token unplugged, the same command again."""

import io
import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.letters import FIELDS
from support.mailings import Here, Post, Quiet, forked, here, names, queued
from support.postgresql import postgresql_server
from support.sealers import town
from support.tokens import LABEL, NAMES, PIN, board, turnstile

from cli.output import Output
from cli.problems.problem import Exit
from cli.prompts import NoTerminalError, with_pin
from sealing.batch.engine import HaltedError
from sealing.batch.ranges.keys import Keys
from sealing.batch.run import run
from sealing.signers.token_errors import TokenAbsentError, TokenLostError
from sealing.signers.token_libraries import rest

COFFRE = Path(sys.executable).parent / "coffre"
DEVICE_ERROR = 0x30


@pytest.fixture(autouse=True)
def rested():
    """Begin each test with no session open."""
    rest()


@pytest.fixture
def post(tmp_path):
    return Post(tmp_path)


@pytest.fixture(scope="module")
def server():
    with postgresql_server() as server:
        yield server


@pytest.fixture(params=[forked, queued], ids=lambda engine: engine.__name__)
def engine(request, post):
    if request.param is queued:
        post.database = request.getfixturevalue("server").database()
    return request.param


def job(post: Post, token, *, coded: bool = False, workers: int = 2, **changes):
    """Ask for a mailing sealed by the token."""
    name = changes.pop("name", "seal-p256")
    settings = token.settings(database=post.database, **changes)
    return post.job(coded=coded, keys=Keys(settings, name), workers=workers)


def test_a_mailing_is_sealed_once_by_no_more_sessions_than_there_are(
    post, token, engine, monkeypatch
):
    with board(monkeypatch) as counted:
        counted.tell(limit=2)
        wanted = names(120)
        post.write(wanted, coded=True)
        asked = job(post, token, coded=True, workers=4, module=turnstile(), sessions=2)
        outcome = run(asked, engine, Quiet())
        assert (outcome.counts.sealed, outcome.halted) == (120, None)
        told = counted.read()
        assert (told["refused"], told["open"], told["overlaps"]) == (0, 0, 0)
        assert 1 <= told["most"] <= 2
        assert told["signatures"] >= 240
    post.require_exactly_once(wanted)


def test_one_session_is_enough_because_whoever_checked_gives_its_own_back(post, token):
    post.write(names(40))
    outcome = run(job(post, token, workers=1, sessions=1), forked, Quiet())
    assert (outcome.counts.sealed, outcome.halted) == (40, None)
    post.require_exactly_once(names(40))


def require_right(post: Post) -> None:
    """Require that what the journal calls sealed stands there, whole."""
    for row in post.journal():
        assert row["state"] == "sealed"
        post._require_sealed(row)


@contextmanager
def unplugged_once(post: Post, token) -> Iterator[None]:
    """Take the token away as soon as a letter is sealed; it is back in the end."""
    over = threading.Event()

    def unplug() -> None:
        while not (post.out / "00001.pdf").exists():
            if over.wait(0.005):
                return
        token.store.rename(token.away)

    hand = threading.Thread(target=unplug)
    hand.start()
    try:
        yield
    finally:
        over.set()
        hand.join()
        if token.away.exists():
            token.away.rename(token.store)


def test_a_token_unplugged_stops_the_mailing_and_the_same_command_finishes_it(post, token, engine):
    wanted = names(600)
    post.write(wanted)
    asked = job(post, token, name="seal-rsa")

    with unplugged_once(post, token):
        outcome = run(asked, engine, Quiet())
    assert isinstance(outcome.halted, HaltedError)
    assert outcome.halted.reported == TokenLostError.code
    assert 0 < outcome.counts.sealed < 600
    assert (outcome.counts.failed, outcome.counts.refused) == (0, 0)
    assert len(post.journal()) == outcome.counts.settled
    require_right(post)
    again = run(asked, engine, Quiet())
    assert (again.counts.sealed, again.halted) == (600, None)
    post.require_exactly_once(wanted)


@pytest.mark.parametrize("good", [1, 2, 3, 26, 27, 51])
def test_a_token_lost_at_any_signature_leaves_each_letter_to_one_seal(
    post, token, monkeypatch, good
):
    """The first signature proves the key; the 26th to 51st stand about a commit of 25 letters."""
    wanted = names(60)
    post.write(wanted)
    with board(monkeypatch) as counted:
        counted.fail(DEVICE_ERROR, after=good)
        asked = job(post, token, module=turnstile())
        outcome = run(asked, here, Quiet())
        assert isinstance(outcome.halted, TokenLostError)
        assert outcome.counts.waiting + outcome.counts.sealed == 60
        require_right(post)
        counted.tell(good=1 << 30)
        assert run(asked, here, Quiet()).halted is None
    post.require_exactly_once(wanted)


def test_a_mailing_does_not_begin_without_its_token(post, token):
    post.write(names(3))
    with token.removed(), pytest.raises(TokenAbsentError):
        run(job(post, token), lambda _job: Here(), Quiet())
    assert not list(post.out.glob("**/*.pdf"))


# --- as people run it -------------------------------------------------------------------------


def config(token) -> Path:
    """Write the town's settings with its keys on the token, as an operator does."""
    text = (town()[1] / "coffre.toml").read_text("utf-8")
    for name in NAMES:
        key = f'key = "signers/{name}.key.pem"'
        assert key in text
        text = text.replace(key, f'key = "{token.uri(name)}"')
    path = town()[1] / "token.toml"
    path.write_text(f"{text}\n[token]\nsessions = 2\n", "utf-8")
    return path


def command(token, post: Post, *words: str, **environ: str):
    """Run a command in a process of its own; give its exit code, its answers, its words."""
    post.folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [str(COFFRE), *words],
        env=around(token, post) | environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def around(token, post: Post) -> dict[str, str]:
    """Give the environment of a command."""
    return {
        "HOME": str(post.folder),
        "PATH": os.environ["PATH"],
        "LANG": "fr_FR.UTF-8",
        "SOFTHSM2_CONF": str(token.folder / "softhsm2.conf"),
        "COFFRE_DATA": str(token.folder / "data"),
    }


def mailing(token, post: Post, *words: str) -> list[str]:
    """Give the words of a mailing."""
    folders = ["--letters", str(post.listing), "--in", str(post.letters), "--out", str(post.out)]
    options = ["--config", str(config(token)), "--signer", "seal-p256", "--json"]
    return ["batch", "seal", *folders, *options, *words]


def test_the_command_seals_by_the_token_with_as_many_workers_as_sessions(post, token):
    post.write(names(6), coded=True)
    words = mailing(token, post, "--twoddoc", "00", "--workers", "3")
    code, rows, said = command(token, post, *words, COFFRE_PIN=PIN)
    assert (code, rows[-1]["sealed"]) == (Exit.DONE, 6), said
    assert "2 processus au lieu de 3 : autant que de sessions" in said
    post.require_exactly_once(names(6))


def test_the_command_says_that_the_token_is_away_and_finishes_once_it_is_back(post, token):
    post.write(names(6))
    words = mailing(token, post)
    with token.removed():
        code, _, said = command(token, post, *words, COFFRE_PIN=PIN)
    assert code == Exit.RETRYABLE
    assert "le module matériel de « seal-p256 » n'est pas là" in said
    assert command(token, post, *words, COFFRE_PIN=PIN)[0] == Exit.DONE
    post.require_exactly_once(names(6))


def test_the_command_is_stopped_by_a_token_unplugged_and_run_again_it_finishes(post, token):
    wanted = names(1500)
    post.write(wanted)
    words = mailing(token, post, "--fsync", "end")
    words[words.index("seal-p256")] = "seal-rsa"
    with unplugged_once(post, token):
        code, _, said = command(token, post, *words, COFFRE_PIN=PIN)
    assert code == Exit.RETRYABLE, said
    assert "le module matériel de « seal-rsa » ne répond plus" in said
    assert "relancez la même commande" in said
    require_right(post)
    assert {row["state"] for row in post.journal()} == {"sealed"}
    assert 0 < len(post.journal()) < len(wanted)
    code, rows, said = command(token, post, *words, COFFRE_PIN=PIN)
    assert (code, rows[-1]["sealed"]) == (Exit.DONE, len(wanted)), said
    post.require_exactly_once(wanted)


def seal_words(token, post: Post) -> list[str]:
    """Give the words that seal one letter with a 2D-Doc."""
    post.write(["a.pdf"])
    fields = [word for di, value in FIELDS.items() for word in ("--field", f"{di}={value}")]
    paths = [str(post.letters / "a.pdf"), "-o", str(post.folder / "out.pdf")]
    return ["seal", *paths, "--config", str(config(token)), "--twoddoc", "00", *fields, "--json"]


def test_one_letter_is_sealed_by_the_token_under_a_pin_of_a_file(post, token, tmp_path):
    (tmp_path / "pin").write_text(f"{PIN}\n")
    words = seal_words(token, post)
    code, [row], said = command(token, post, *words, COFFRE_PIN_FILE=str(tmp_path / "pin"))
    assert (code, row["code"]["kind"]) == (Exit.DONE, "twoddoc"), said


def test_a_wrong_pin_is_exit_12_and_writes_nothing(post, token):
    code, rows, said = command(token, post, *seal_words(token, post), COFFRE_PIN="0000")
    assert (code, rows) == (Exit.BAD_PASSPHRASE, [])
    assert f"le module « {LABEL} » refuse ce code PIN" in said
    assert "0000" not in said
    assert not (post.folder / "out.pdf").exists()


class Person:
    """Somebody at a terminal, or nobody."""

    def __init__(self, *answers: str) -> None:
        """Have the answers ready."""
        self.answers = list(answers)
        self.asked: list[str] = []

    def secret(self, question: str) -> str:
        """Answer; nobody does without an answer."""
        self.asked.append(question)
        if not self.answers:
            raise NoTerminalError("got nobody")
        return self.answers.pop(0)


OUTPUT = Output("fr", io.StringIO(), io.StringIO())


def test_a_person_is_asked_once_for_the_pin_that_is_missing_and_named_the_token(token):
    person = Person(PIN)
    found = with_pin(token.settings(pin=None), OUTPUT, person, "seal-rsa", "twoddoc-00")
    assert found.pin is not None
    assert found.pin.get_secret_value() == PIN
    assert person.asked == [f"Code PIN du module « {LABEL} » : "]
    nobody = Person()
    assert with_pin(token.settings(pin=None), OUTPUT, nobody, "seal-rsa").pin is None
    assert len(nobody.asked) == 1


def test_nobody_is_asked_for_a_pin_that_is_there_or_that_no_key_wants(token):
    person = Person()
    assert with_pin(token.settings(), OUTPUT, person, *NAMES) == token.settings()
    assert with_pin(token.settings(pin=None), OUTPUT, person) == token.settings(pin=None)
    assert person.asked == []


def test_a_pin_that_is_typed_at_the_terminal_seals_and_does_not_show(post, token):
    words = seal_words(token, post)
    master, slave = pty.openpty()
    asked = subprocess.Popen(
        ["setsid", "--ctty", str(COFFRE), *words],  # noqa: S607 - of util-linux, everywhere
        env=around(token, post),
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.close(slave)
    shown = b""
    while b"PIN" not in shown or not shown.rstrip().endswith(b":"):
        shown += os.read(master, 1024)
    os.write(master, f"{PIN}\n".encode())
    out, said = asked.communicate(timeout=60)
    os.close(master)
    assert asked.returncode == 0, said
    assert json.loads(out)["code"]["kind"] == "twoddoc"
    assert PIN.encode() not in shown + said
