"""A mailing on a disk that fails: told clearly, the journal right, and the next run finishes."""

import errno
import os
import resource
import shutil
import sqlite3

import pymupdf
import pytest
from support.disks import again, small_disk
from support.mailings import Post, Quiet, here, names

from sealing.batch.files import folders
from sealing.batch.ledger import journal_file
from sealing.batch.run import run
from storage.database import DatabaseUnavailableError
from storage.errors import CoffreError

NAMES = names(30)
FEW = names(3)
FAULTS = ("open", "write", "fsync", "link", "unlink")


@pytest.fixture
def post(tmp_path):
    made = Post(tmp_path)
    made.write(NAMES)
    return made


class FailingOs:
    """`os`, whose n-th call of some functions fails."""

    def __init__(self, nth: int, code: int, names: tuple[str, ...]) -> None:
        """Fail the call `nth` of these functions, counted together."""
        self.left, self.code, self.names, self.done = nth, code, names, False

    def __getattr__(self, name):
        """Give a function of `os`, or one that counts."""
        true = getattr(os, name)
        if name not in self.names:
            return true

        def counted(*args, **options):
            self.left -= 1
            if not self.left:
                self.done = True
                raise OSError(self.code, os.strerror(self.code), str(args[0]))
            return true(*args, **options)

        return counted


@pytest.mark.parametrize(
    ("code", "durable"), [(errno.ENOSPC, False), (errno.EIO, True)], ids=["full", "broken"]
)
def test_the_nth_call_of_the_disk_fails_and_the_next_run_finishes(post, monkeypatch, code, durable):
    post.write(FEW)
    job = post.job(folder=folders.Folder(post.out, durable=durable))
    for nth in range(1, 200):
        shutil.rmtree(post.out, ignore_errors=True)
        failing = FailingOs(nth, code, FAULTS)
        halted = None
        with monkeypatch.context() as patched:
            patched.setattr(folders, "os", failing)
            try:
                halted = run(job, here, Quiet()).halted
            except (OSError, CoffreError) as error:
                halted = error
        if failing.done:
            journal_is_right(post)
        assert run(job, here, Quiet()).halted is None
        post.require_exactly_once(FEW)
        if not failing.done:
            assert halted is None
            return
    pytest.fail("the sweep did not come to its end")


class FailingConnection(sqlite3.Connection):
    """A connection whose n-th commit finds the disk full."""

    left = 0

    def commit(self):
        """Commit, or fail as SQLite does on a full disk."""
        FailingConnection.left -= 1
        if FailingConnection.left == 0:
            raise sqlite3.OperationalError("database or disk is full")
        super().commit()


def test_the_nth_commit_of_the_ledger_fails_and_the_next_run_finishes(post, monkeypatch):
    post.write(FEW)
    connect = sqlite3.dbapi2.connect

    def failing(*args, **options):
        return connect(*args, factory=FailingConnection, **options)

    for nth in range(1, 60):
        shutil.rmtree(post.out, ignore_errors=True)
        FailingConnection.left, failed = nth, False
        with monkeypatch.context() as patched:
            patched.setattr(sqlite3.dbapi2, "connect", failing)
            try:
                failed = run(post.job(), here, Quiet()).halted is not None
            except DatabaseUnavailableError:
                failed = True
        reached = FailingConnection.left <= 0
        assert failed == reached
        assert run(post.job(), here, Quiet()).halted is None
        post.require_exactly_once(FEW)
        if not reached:
            assert nth > 3
            return
    pytest.fail("the sweep did not come to its end")


def journal_is_right(post: Post) -> None:
    """Require that what the journal calls sealed stands there, whole."""
    path = post.out / "journal.jsonl"
    if path.exists():
        for row in post.journal():
            assert row["state"] == "sealed"
            post._require_sealed(row)


def test_a_full_disk_is_told_and_once_there_is_room_the_mailing_is_finished(post):
    with small_disk(post.out, "600k"):
        ballast = post.out / ".ballast"
        ballast.write_bytes(bytes(300 << 10))
        error: Exception | None
        try:
            error = run(post.job(), here, Quiet()).halted
        except (OSError, CoffreError) as caught:
            error = caught
        assert isinstance(error, OSError | DatabaseUnavailableError)
        journal_is_right(post)
        ballast.unlink()
        again(post.out, size="8m")
        assert run(post.job(), here, Quiet()).halted is None
        post.require_exactly_once(NAMES)


def test_a_read_only_output_is_told_before_anything_is_sealed(post):
    with small_disk(post.out, "1m"):
        again(post.out, "ro")
        with pytest.raises(OSError, match="Read-only") as caught:
            run(post.job(), here, Quiet())
        assert caught.value.errno == errno.EROFS


def test_files_that_may_not_grow_stop_the_run_and_the_next_one_finishes(post):
    """As a full disk, for those who may not mount one."""
    with pymupdf.open(post.letters / "00001.pdf") as document:
        document.embfile_add("large", os.urandom(3 << 20))
        (post.letters / "00001.pdf").write_bytes(document.tobytes())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, before[1]))
    try:
        outcome = run(post.job(), here, Quiet())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(outcome.halted, OSError)
    assert outcome.halted.errno == errno.EFBIG
    journal_is_right(post)
    assert run(post.job(), here, Quiet()).halted is None
    post.require_exactly_once(NAMES)


def test_a_journal_that_cannot_grow_keeps_whole_lines(tmp_path):
    path = tmp_path / "journal"
    path.write_bytes(b"one\n")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            journal_file._append(path, b"two and three\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"one\n"
