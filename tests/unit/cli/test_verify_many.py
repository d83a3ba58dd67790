"""`coffre verify` on many files: order, exit codes, folders, and what ends it."""

import io
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from support.children import children
from support.letters import letter
from support.pages import code_picture, sealed
from support.sealers import town
from support.spoken import check_lines

from cli.listed_files import listed
from cli.main import run
from cli.verdict_table import Tally, Told, row

TOWN = ["--trust", str(town()[1] / "trust")]


def told(*words):
    out, err = io.StringIO(), io.StringIO()
    code = run(["verify", *words, *TOWN], {**os.environ, "COFFRE_LANG": "fr"}, out, err)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Give a folder of genuine, plain, changed and foreign files, one below."""
    changed = bytearray(sealed().pdf)
    changed[700] ^= 1
    (tmp_path / "sub").mkdir()
    for name, data in {
        "a.pdf": sealed().pdf,
        "b.pdf": bytes(changed),
        "c.PNG": code_picture(),
        "d.pdf": letter(),
        "e.pdf": b"this is no PDF",
        "sub/f.pdf": sealed().pdf,
        "notes.txt": b"left out",
        ".g.pdf": b"left out",
        "a.pdf.ers": b"a record of a.pdf that is none",
    }.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def lines_of(folder, workers, *words):
    code, out, err = told(str(folder), "--json", "--workers", str(workers), *words)
    check_lines(out)
    return code, [json.loads(line) for line in out.splitlines()], err


def test_the_number_of_workers_changes_nothing_but_the_hour(folder):
    answers = []
    for workers in (1, 3):
        code, rows, err = lines_of(folder, workers, "--at", "2026-11-21T12:00:00Z")
        names = [Path(one["file"]).relative_to(folder).as_posix() for one in rows]
        assert (code, names) == (1, ["a.pdf", "b.pdf", "c.PNG", "d.pdf", "sub/f.pdf"])
        answers.append((rows, err))
    assert answers[0] == answers[1]
    found = [one["indication"] for one in answers[0][0]]
    assert found == ["TOTAL-PASSED", "TOTAL-FAILED", "TOTAL-PASSED", None, "TOTAL-PASSED"]


def test_a_folder_answers_as_each_of_its_files_alone(folder):
    at = ("--at", "2026-11-21T12:00:00Z")
    _, rows, _ = lines_of(folder, 2, *at)
    for one in rows:
        _, out, _ = told(one["file"], "--json", *at)
        assert json.loads(out) == one


def test_a_table_names_the_forged_file_first_and_counts_the_rest(folder):
    code, out, err = told(str(folder), "--workers", "2")
    assert code == 1
    rows, sums = out.splitlines()[:6], out.splitlines()[6:]
    assert [one[0] for one in rows] == ["✓", "✗", "✓", "-", "!", "✓"]
    assert "Valbourg" in rows[0]
    assert "le contenu a été modifié après le cachet" in rows[1]
    assert sums[0] == f"✗ FALSIFIÉS OU ALTÉRÉS : 1 ({folder}/b.pdf)"
    assert sums[1].startswith("fichiers vérifiés : 6 (authentiques : 2")
    assert sums[2] == "ni PDF ni image, laissés de côté : 2"
    assert f"{folder}/e.pdf : ce fichier n'est ni un PDF" in err


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.pdf", "b.pdf"], 4),
        (["a.pdf", "b.pdf", "e.pdf"], 1),
        (["a.pdf", "d.pdf"], 10),
        (["a.pdf", "sub/f.pdf"], 0),
        (["b.pdf", "d.pdf"], 4),
    ],
)
def test_several_files_give_the_first_code_of_the_order(folder, names, expected):
    assert told(*(str(folder / name) for name in names))[0] == expected


def test_a_folder_without_a_file_to_verify_is_no_verdict(tmp_path):
    code, out, _ = told(str(tmp_path))
    assert (code, out) == (10, "fichiers vérifiés : 0\n")


def test_a_file_of_a_folder_that_is_gone_is_told_by_its_name(folder):
    (folder / "z.pdf").symlink_to(folder / "nowhere")
    code, out, err = told(str(folder))
    assert code == 1
    assert f"! {folder}/z.pdf" in out
    assert f"{folder}/z.pdf n'existe pas" in err


def test_the_files_of_folders_come_sorted_where_the_folder_stands(tmp_path):
    for name in ("b/2.pdf", "b/1.pdf", "b/a/3.tiff", "z.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    found = listed([tmp_path / "z.pdf", tmp_path / "b", tmp_path / "z.pdf"])
    names = [path.relative_to(tmp_path).as_posix() for path in found.paths]
    assert names == ["z.pdf", "b/1.pdf", "b/2.pdf", "b/a/3.tiff", "z.pdf"]


def test_standard_input_may_stand_among_files(folder, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(code_picture())))
    code, out, _ = told(str(folder / "a.pdf"), "-")
    assert code == 0
    assert "entrée standard" in out.splitlines()[1]


def test_a_worker_that_is_killed_loses_no_file(folder):
    paths = [str(folder / "a.pdf")] * 6
    # Other tests leave processes of Python's own, which must live on.
    before = set(children())

    killer = os.fork()
    if not killer:
        parent = os.getppid()
        while True:
            text = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii")
            found = [pid for pid in text.split() if pid not in before and int(pid) != os.getpid()]
            if found:
                time.sleep(0.1)
                os.kill(int(found[0]), signal.SIGKILL)
                os._exit(0)
            time.sleep(0.01)
    code, out, _ = told(*paths, "--workers", "1")
    os.waitpid(killer, 0)
    assert code == 0
    assert [line[0] for line in out.splitlines()[:6]] == ["✓"] * 6


def test_an_interruption_tells_what_is_known(folder):
    paths = [str(folder / "a.pdf")] * 40
    main = os.getpid()
    killer = os.fork()
    if not killer:
        time.sleep(0.6)
        os.kill(main, signal.SIGINT)
        os._exit(0)
    code, out, err = told(*paths, "--workers", "1")
    os.waitpid(killer, 0)
    assert code == 130
    rows = [line for line in out.splitlines() if line.startswith("✓")]
    assert 0 < len(rows) < 40
    assert f"fichiers qui n'ont pas été vérifiés : {40 - len(rows)}" in err
    assert f"fichiers vérifiés : {len(rows)}" in out


def test_the_names_of_many_forged_files_are_cut_and_their_count_is_not():
    tally = Tally()
    for number in range(25):
        tally.add(Told(f"{number}.pdf", 4))
    [first, second] = tally.lines(0, str)
    assert first.startswith("✗ FALSIFIÉS OU ALTÉRÉS : 25 (0.pdf, 1.pdf")
    assert first.endswith("19.pdf, …)")
    assert second == "fichiers vérifiés : 25 (falsifiés ou altérés : 25)"


def test_a_name_cannot_move_the_cursor_of_a_terminal():
    line = row(Told("a\x1b[2J.pdf", 0, "Authentique", who="M\x9b", why=""), 10)
    assert "\x1b" not in line
    assert "\x9b" not in line
