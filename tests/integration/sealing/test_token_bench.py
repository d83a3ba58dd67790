"""`coffre bench seal` measures keys on a token where SoftHSM2 is, and says so where it is not."""

import io
import json
from typing import Any

from support.spoken import check_lines
from support.tokens import need_softhsm

from cli.bench import tokens
from cli.main import run


def rows() -> list[dict[str, Any]]:
    """Run the bench in its small form."""
    out, said = io.StringIO(), io.StringIO()
    assert run(["bench", "seal", "--quick", "--json"], {}, out, said) == 0, said.getvalue()
    check_lines(out.getvalue())
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_signatures_of_both_kinds_are_measured_against_the_library_alone():
    need_softhsm()
    letters, *others = rows()
    found = [row for row in others if "token" in row["name"]]
    assert [row["name"] for row in found] == [
        "seal, key on a token, RSA-2048",
        "seal, key on a token, P-256",
    ]
    assert letters["absent"] == []
    for row in found:
        assert row["unit"] == "signatures/s"
        assert row["ours"]["median"] > 0
        assert row["ratio_to_limit"] > 0


def test_without_softhsm2_the_rows_are_left_out_and_it_is_named(monkeypatch):
    monkeypatch.setattr(tokens, "_MODULES", ())
    letters, *others = rows()
    assert letters["absent"] == ["SoftHSM2"]
    assert [row["name"] for row in others if "token" in row["name"]] == []
