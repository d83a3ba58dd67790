"""The journal of a mailing: a fault names its file, and leaves whole lines."""

import resource
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from sealing.batch.ledger.journal_file import JournalFile
from sealing.batch.ledger.rows import Entry, State

AT = datetime(2026, 11, 22, tzinfo=UTC)
TROUBLE = ("batch.file-missing", "{}", AT)
ROWS = [Entry(n, n, n, f"{n}.pdf", State.REFUSED, bytes(32), None, None, *TROUBLE) for n in (1, 2)]


@contextmanager
def no_larger(size):
    """Let no file grow above a size, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_journal_that_cannot_grow_is_named_and_keeps_whole_lines(tmp_path):
    path, rows = tmp_path / "journal.jsonl", ROWS[:1]
    journal = JournalFile(path, lambda last: [row for row in rows if row.number > last])
    journal.open(0, 0)
    journal.follow()
    before = path.read_bytes()
    rows = ROWS
    with no_larger(len(before) + 10), pytest.raises(OSError, match="File too large") as caught:
        journal.follow()
    assert caught.value.filename == str(path)
    assert path.read_bytes() == before


def test_a_journal_that_cannot_be_written_anew_is_named(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = JournalFile(path, lambda last: [row for row in ROWS if row.number > last])
    with no_larger(10), pytest.raises(OSError, match="File too large") as caught:
        journal.open(2, 2)
    assert caught.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []
