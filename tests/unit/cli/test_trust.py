"""`coffre trust`: lists that come and go by standard input and output."""

import io
import json
import os
import sys
from pathlib import Path

import pytest
from support.sealers import town
from support.spoken import check_lines

from cli.main import run

FOLDER = str(town()[1] / "trust")
ROOT = Path(town()[1] / "authorities" / "root.pem")


@pytest.fixture
def coffre(monkeypatch):
    """Give a way to run a command with a data folder of its own and some standard input."""

    def call(*words, data, stdin=b""):
        monkeypatch.setenv("COFFRE_DATA", str(data))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        out, err = io.StringIO(), io.StringIO()
        code = run(["trust", *words], os.environ, out, err)
        if "--json" in words:
            check_lines(out.getvalue())
        return code, out.getvalue(), err.getvalue()

    return call


def test_lists_go_through_a_pipe_from_one_installation_to_another(coffre, tmp_path, capfdbinary):
    assert coffre("add", FOLDER, data=tmp_path / "one")[0] == 0
    capfdbinary.readouterr()
    assert coffre("bundle", "-", data=tmp_path / "one")[0] == 0
    bundle = capfdbinary.readouterr().out
    code, out, _ = coffre("add", "-", "--json", data=tmp_path / "two", stdin=bundle)
    assert code == 0
    told = json.loads(out)
    assert (told["mode"], told["twoddoc"][0]["certificates"]) == ("test", 7)


def test_an_authority_comes_by_standard_input(coffre, tmp_path):
    code, out, _ = coffre("add", "-", "--json", data=tmp_path, stdin=ROOT.read_bytes())
    assert (code, json.loads(out)["authorities"]) == (0, 1)


@pytest.mark.parametrize("stdin", [b"", b"not a list", b"PK\x03\x04" + bytes(99)])
def test_what_is_no_list_is_refused_and_nothing_is_kept(coffre, tmp_path, stdin):
    code, _, err = coffre("add", "-", data=tmp_path / "none", stdin=stdin)
    assert code == 1
    assert "ne peut pas servir de dossier de confiance" in err
    assert not (tmp_path / "none" / "trust").exists()
