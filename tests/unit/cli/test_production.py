"""Production refuses what belongs to trials, whatever is to be signed."""

import io
import os

import pytest
from support.letters import FIELDS
from support.sealers import town

from cli.main import run
from cli.problems.problem import Exit

ENCODE = ["twoddoc", "encode", "--type", "00"]
ENCODE += [word for di, value in FIELDS.items() for word in ("--field", f"{di}={value}")]


@pytest.mark.parametrize("words", [ENCODE, ["status", "publish"]], ids=["a code", "a list"])
def test_the_demonstrations_authority_signs_nothing_in_production(monkeypatch, words):
    monkeypatch.setenv("COFFRE_MODE", "production")
    err = io.StringIO()
    config = ["--config", str(town()[1] / "coffre.toml")]
    assert run([*words, *config], os.environ, io.StringIO(), err) == Exit.CONFIGURATION
    assert "tsa.url" in err.getvalue()
