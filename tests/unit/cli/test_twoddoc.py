"""`coffre twoddoc`: what the transcripts cannot see: exact bytes, sets of symbols, odd inputs."""

import io
import json
import os
import sys

import pytest
from PIL import Image
from support.letters import FIELDS
from support.pages import as_file, sealed
from support.sealers import town
from support.spoken import check_lines
from support.twoddoc import shared_codes

from cli.main import run
from sealing.marks.datamatrix import symbol
from sealing.marks.picture import png
from sealing.twoddoc.message import parse
from sealing.twoddoc.parts import cut
from sealing.twoddoc.signature import verify

ENCODE = ["twoddoc", "encode", "--type", "00", "--config", str(town()[1] / "coffre.toml")]
ENCODE += [word for di, value in FIELDS.items() for word in ("--field", f"{di}={value}")]


def said(*words):
    """Run a command; give its exit code and what it wrote on each stream."""
    out, err = io.StringIO(), io.StringIO()
    code = run(list(words), os.environ, out, err)
    check_lines(out.getvalue())
    return code, out.getvalue(), err.getvalue()


def decoded(*words):
    """Decode with `--json`; give the objects."""
    code, out, _ = said("twoddoc", "decode", "--json", *words)
    assert code == 0
    return [json.loads(line) for line in out.splitlines()]


def code():
    """Give the code of the tests' sealed letter."""
    assert sealed().code is not None
    return sealed().code


def test_a_dash_gives_the_exact_bytes_of_the_code_and_nothing_else(capfdbinary):
    assert said(*ENCODE, "-o", "-")[:2] == (0, "")
    raw = capfdbinary.readouterr().out
    parsed = parse(raw)
    verify(parsed, town()[0].twoddocs["twoddoc-00"].certificate.public_key())
    assert parsed.findings == ()


def test_a_terminal_gets_no_control_characters(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    exit_code, out, err = said(*ENCODE, "-o", "-")
    assert (exit_code, out) == (2, "")
    assert "n'iront pas sur un terminal" in err


def test_without_output_the_line_that_is_printed_is_the_code(tmp_path):
    _, line, _ = said(*ENCODE)
    assert line.rstrip("\n").isprintable()
    [told] = decoded(line.rstrip("\n"))
    assert {row["di"]: row["raw"] for row in told["fields"]}.items() >= FIELDS.items()
    (tmp_path / "code.txt").write_text(line)
    assert decoded(str(tmp_path / "code.txt"))[0]["fields"] == told["fields"]


def test_the_parts_of_one_code_are_put_together(tmp_path):
    sheet = Image.new("L", (1_200, 400), 255)
    for place, part in enumerate(cut(code(), 3, b"7K2")):
        sheet.paste(Image.open(io.BytesIO(png(symbol(part), "2D-DOC", part))), (place * 400, 0))
    (tmp_path / "sheet.png").write_bytes(as_file(sheet))
    [told] = decoded(str(tmp_path / "sheet.png"))
    assert {row["di"]: row["raw"] for row in told["fields"]}.items() >= FIELDS.items()


def test_the_parts_of_one_code_are_put_together_from_their_lines(tmp_path):
    (tmp_path / "parts.txt").write_bytes(b"\r\n".join(cut(code(), 3, b"7K2")))
    [told] = decoded(str(tmp_path / "parts.txt"))
    assert {row["di"]: row["raw"] for row in told["fields"]}.items() >= FIELDS.items()


def test_a_missing_part_is_told_and_nothing_is_shown(tmp_path):
    first = cut(code(), 3, b"7K2")[0]
    (tmp_path / "part.png").write_bytes(png(symbol(first), "2D-DOC", first))
    for given in (str(tmp_path / "part.png"), first.decode()):
        exit_code, out, err = said("twoddoc", "decode", given)
        assert exit_code == 6
        assert out == ""
        assert "il manque des parties de ce code : 2 3" in err
        assert "rien n'a été vérifié" not in err


def test_every_shared_code_that_is_well_formed_is_shown_with_its_fields_in_order():
    for one in shared_codes():
        exit_code, out, err = said("twoddoc", "decode", one["raw"], "--json")
        if "FORMAT_FAILURE" in str(one["expected_test_mode"]):
            assert (exit_code, out) == (1, ""), one["name"]
            continue
        assert exit_code == 0, (one["name"], err)
        told = json.loads(out)
        assert [row["di"] for row in told["fields"]] == one["field_order"], one["name"]
        assert told["verified"] is False


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", 10), ("\0", 10), ("x" * 5_000, 10), ("DC04" + "x" * 5_000, 1), ("DC04", 1),
        ("DC99FR", 6), ("/", 10),
        ("a.png", 10), ("é", 10), ("DC04FR00" + "\x1f" * 9, 1),
    ],
)  # fmt: skip
def test_what_is_no_code_ends_with_one_sentence(words, expected):
    exit_code, out, err = said("twoddoc", "decode", words)
    assert exit_code == expected
    assert out == ""
    assert "erreur" in err
    assert "faute de Coffre" not in err
