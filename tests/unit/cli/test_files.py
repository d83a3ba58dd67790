"""A result in a file: whole or not at all."""

import io
import sys
from pathlib import Path

import pytest

from cli.files import (
    FileExistsAlreadyError,
    FileTooLargeError,
    TerminalError,
    read,
    writing,
)


class Terminal(io.TextIOWrapper):
    """A standard output that is a terminal."""

    def isatty(self):
        """Say yes."""
        return True


def test_a_file_appears_when_the_block_ends(tmp_path):
    with writing(tmp_path / "out", mode=0o600) as file:
        file.write(b"whole")
        assert not (tmp_path / "out").exists()
    assert (tmp_path / "out").read_bytes() == b"whole"
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), writing(tmp_path / "out") as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_another_file_is_replaced_only_by_force(tmp_path):
    (tmp_path / "out").write_bytes(b"old")
    with pytest.raises(FileExistsAlreadyError), writing(tmp_path / "out"):
        pytest.fail("no work is done for an output that cannot be written")
    assert (tmp_path / "out").read_bytes() == b"old"
    with writing(tmp_path / "out", force=True) as file:
        file.write(b"new")
    assert (tmp_path / "out").read_bytes() == b"new"


def test_a_file_written_meanwhile_by_another_stays(tmp_path):
    with pytest.raises(FileExistsAlreadyError), writing(tmp_path / "out") as file:
        file.write(b"ours")
        (tmp_path / "out").write_bytes(b"theirs")
    assert (tmp_path / "out").read_bytes() == b"theirs"
    assert len(list(tmp_path.iterdir())) == 1


def test_bytes_go_to_standard_output_but_not_to_a_terminal(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", Terminal(raw))
    with pytest.raises(TerminalError), writing(Path("-")):
        pytest.fail("a terminal gets no bytes")
    with writing(Path("-"), text=True) as file:
        file.write(b"words")
    assert raw.getvalue() == b"words"


def test_an_input_above_the_limit_is_refused(tmp_path):
    (tmp_path / "in").write_bytes(b"12345")
    assert read(tmp_path / "in", limit=5) == b"12345"
    with pytest.raises(FileTooLargeError):
        read(tmp_path / "in", limit=4)
