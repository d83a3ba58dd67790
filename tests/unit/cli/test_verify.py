"""`coffre verify`: what the transcripts cannot see: standard input, and codes made of bytes."""

import io
import json
import os
import sys

import pytest
from support.pages import code_picture, sealed
from support.sealers import town
from support.shared import shared
from support.spoken import check_lines
from support.twoddoc import shared_codes

from cli.main import run

TOWN = ["--trust", str(town()[1] / "trust")]


@pytest.fixture
def told(monkeypatch):
    """Give a verifier: words of the command line, standard input -> exit code, JSON, words."""

    def verify(*words, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        out, err = io.StringIO(), io.StringIO()
        code = run(["verify", *words, "--json"], os.environ, out, err)
        check_lines(out.getvalue())
        return code, json.loads(out.getvalue() or "null"), err.getvalue()

    return verify


@pytest.fixture
def spec(tmp_path):
    """Give a folder that trusts the certificate of the specification's examples."""
    (tmp_path / "twoddoc/FR00").mkdir(parents=True)
    pem = shared("data/twoddoc/certs/FR00_0001.pem").read_bytes()
    (tmp_path / "twoddoc/FR00/0001.pem").write_bytes(pem)
    row = {"name": "twoddoc", "issued": "2026-11-20T00:00:00Z", "expires": None}
    manifest = {"schema_version": 1, "mode": "test", "lists": [row]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return ["--trust", str(tmp_path)]


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_a_code_comes_by_standard_input_with_or_without_a_line_end(told, ending):
    code, verdict, _ = told("--raw", "-", *TOWN, stdin=sealed().code + ending)
    assert (code, verdict["indication"]) == (0, "TOTAL-PASSED")


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_the_exact_bytes_of_every_version_pass_by_standard_input(told, spec, version):
    """Version 01 ends with raw bytes, which are no UTF-8: one byte is one character."""
    codes = [one for one in shared_codes() if one["version"] == version]
    good = [one for one in codes if one["expected_test_mode"]["indication"] == "TOTAL-PASSED"]
    [one, *_] = [one for one in good if (one["ca"], one["cert"]) == ("FR00", "0001")]
    raw = one["raw"].encode("latin-1")
    for words in (["--raw", "-"], ["--raw", os.fsdecode(raw)]):
        code, verdict, _ = told(*words, *spec, stdin=raw)
        assert (code, verdict["indication"]) == (0, "TOTAL-PASSED")
        assert verdict["codes"][0]["version"] == f"0{version}"


def test_a_picture_comes_by_standard_input_too(told):
    code, verdict, _ = told("-", *TOWN, stdin=code_picture())
    assert (code, verdict["indication"]) == (0, "TOTAL-PASSED")
    assert verdict["codes"][0]["symbology"] == "DataMatrix"


@pytest.mark.parametrize("stdin", [b"", b" \n", b"bonjour", b"\xff\xfe\x00", b"long " * 9_000])
def test_what_is_no_code_ends_with_10_and_accuses_nobody(told, stdin):
    code, verdict, _ = told("--raw", "-", *TOWN, stdin=stdin)
    assert (code, verdict["indication"], verdict["codes"]) == (10, None, [])


def test_an_empty_text_bears_nothing_at_all(told):
    assert told("--raw", "", *TOWN)[1]["checks"] == []


def test_the_second_reader_is_refused_where_there_are_no_pixels(told):
    code, verdict, err = told("--raw", "-", "--second-reader", *TOWN, stdin=sealed().code)
    assert (code, verdict) == (2, None)
    assert "ôtez --second-reader" in err
