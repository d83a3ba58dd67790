"""Small private files: whole or as before, and nothing left beside them."""

import os
import time

import pytest

from vault.client import private_files


@pytest.mark.parametrize("fault", ["write", "fsync", "replace"])
def test_a_fault_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path, monkeypatch, fault):
    path = tmp_path / "state" / "account.json"
    private_files.write(path, b"before")

    def fail(*_):
        raise OSError("got a fault")

    if fault == "replace":
        monkeypatch.setattr(type(path), "replace", fail)
    else:
        monkeypatch.setattr(os, {"write": "fdopen", "fsync": "fsync"}[fault], fail)
    with pytest.raises(OSError, match="got a fault"):
        private_files.write(path, b"after")
    assert [one.name for one in path.parent.iterdir()] == ["account.json"]
    assert path.read_bytes() == b"before"


def test_what_a_killed_process_left_is_taken_away_an_hour_later(tmp_path):
    path = tmp_path / "account.json"
    names = {"old": ".account.json.ab1_cdef", "new": ".account.json.00000000"}
    others = {".account.json.lock", ".other.json.abcdefgh"}
    for name in (*names.values(), *others):
        (tmp_path / name).write_bytes(b"half")
        if name != names["new"]:
            os.utime(tmp_path / name, (time.time() - 3_700,) * 2)
    private_files.write(path, b"whole")
    assert {one.name for one in tmp_path.iterdir()} == {"account.json", names["new"], *others}
