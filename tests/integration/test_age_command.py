"""`coffre age` beside Debian's `age`: pipes, key files, files that were cut."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from support.house import ROOT
from support.tools import need, run

PLAIN = random.Random(5).randbytes(200_000)  # noqa: S311


def coffre(*words: str, stdin: bytes = b"", code: int = 0) -> subprocess.CompletedProcess[bytes]:
    """Run the command and expect its exit code."""
    environ = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", "from cli.main import app; app()", *words],
        input=stdin, env=environ, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr.decode()
    return done


@pytest.fixture
def keys(tmp_path: Path) -> str:
    """Give a key file in the older form."""
    path = str(tmp_path / "key.txt")
    coffre("age", "keygen", "--legacy", "-o", path)
    return path


def test_pipes_go_both_ways_with_age_and_one_key_file_serves_both(keys):
    age = need("age")
    recipient = run(need("age-keygen", "age"), "-y", keys).stdout.decode().strip()
    ours = coffre("age", "encrypt", "-r", recipient, stdin=PLAIN).stdout
    assert run(age, "-d", "-i", keys, stdin=ours).stdout == PLAIN
    theirs = run(age, "-a", "-r", recipient, stdin=PLAIN).stdout
    assert coffre("age", "decrypt", "-i", keys, "-", stdin=theirs).stdout == PLAIN


def test_a_key_file_is_readable_by_its_owner_alone(keys):
    assert Path(keys).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("end", [-1, -100, 70_000, 300, 100])
def test_a_file_cut_short_leaves_no_output(keys, tmp_path, end):
    data = coffre("age", "encrypt", "-i", keys, stdin=PLAIN).stdout
    out = tmp_path / "plain"
    coffre("age", "decrypt", "-i", keys, "-o", str(out), stdin=data[:end], code=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key.txt"]


def test_a_redirected_output_is_cut_back_when_the_end_is_not_proved(keys, tmp_path):
    data = coffre("age", "encrypt", "-i", keys, stdin=PLAIN).stdout
    with (tmp_path / "plain").open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-c", "from cli.main import app; app()", "age", "decrypt", "-i", keys],
            input=data[:-1], stdout=out, stderr=subprocess.PIPE, cwd=ROOT, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert (tmp_path / "plain").stat().st_size == 0


def test_a_passphrase_that_nobody_can_type_is_asked_of_nobody():
    done = subprocess.run(
        [sys.executable, "-c", "from cli.main import app; app()", "age", "encrypt", "-p"],
        input=b"x", capture_output=True, cwd=ROOT, timeout=60, check=False, start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "COFFRE_PASSPHRASE" in done.stderr.decode()
