"""`coffre batch merge`: from data to letters, and from letters to seals, whatever stops it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.merging import Desk, Watcher, form, merged, need_weasyprint, opened, page, texts
from support.sealers import town

from sealing.batch.files.letters_csv import LetterList, ListLine
from sealing.batch.files.source import FileNameError
from sealing.batch.ledger.intake import ListRefusedError
from sealing.batch.merge.design import UnknownColumnError
from sealing.batch.merge.html import ResourceError
from sealing.batch.merge.letters_list import ListTakenError
from sealing.batch.merge.merge import NoSuchLetterError, OtherTemplateError, preview

ROOT = Path(__file__).parents[2]
COFFRE = Path(sys.executable).parent / "coffre"
ROWS = ("DUPONT;12 RUE DES LILAS;12,30", "EL AMRANI;3 RUE HAUTE;1,60", "MARTIN;1 PLACE;40,00")


@pytest.fixture(autouse=True)
def _weasyprint():
    need_weasyprint()


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def names(desk):
    return sorted(path.name for path in desk.out.iterdir() if path.suffix == ".pdf")


def listed(desk):
    found = LetterList.open(desk.out / "letters.csv")
    rows = [row for row in found.lines() if isinstance(row, ListLine)]
    return [(row.file, dict(row.values)) for row in rows]


def coffre(desk, *words, **options):
    environ = {"PATH": os.environ["PATH"], "HOME": str(desk.root), "LANG": "fr_FR.UTF-8"}
    return subprocess.Popen(
        [str(COFFRE), *words],
        cwd=desk.root,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_each_line_becomes_a_letter_and_the_list_names_them(desk):
    outcome = merged(desk.job(*ROWS))
    assert outcome.listed
    assert outcome.counts.sealed == 3
    assert names(desk) == ["lettre-0001.pdf", "lettre-0002.pdf", "lettre-0003.pdf"]
    assert listed(desk)[1] == (
        "lettre-0002.pdf",
        {"nom": "EL AMRANI", "rue": "3 RUE HAUTE", "montant": "1,60"},
    )
    assert "EL AMRANI" in texts((desk.out / "lettre-0002.pdf").read_bytes())
    assert (desk.out / ".coffre").stat().st_mode & 0o077 == 0


def test_run_again_it_has_nothing_to_do_and_touches_nothing(desk):
    merged(desk.job(*ROWS))
    before = {path: path.stat().st_mtime_ns for path in desk.out.iterdir() if path.is_file()}
    outcome = merged(desk.job())
    assert outcome.new == 0
    assert outcome.listed
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_a_line_that_changed_is_made_anew_and_alone(desk):
    merged(desk.job(*ROWS))
    outcome = merged(desk.job(ROWS[0], ROWS[1].replace("1,60", "2,60"), ROWS[2]))
    assert outcome.new == 1
    assert "2,60" in texts((desk.out / "lettre-0002.pdf").read_bytes())
    assert listed(desk)[1][1]["montant"] == "2,60"


def test_another_template_over_letters_that_are_there_asks_for_force(desk):
    merged(desk.job(*ROWS))
    with pytest.raises(OtherTemplateError):
        merged(desk.job(text=page("<p>Autre {{ nom }}</p>")))
    outcome = merged(desk.job(force=True))
    assert outcome.new == 3
    assert "Autre" in texts((desk.out / "lettre-0001.pdf").read_bytes())


def test_a_style_that_changed_is_another_template(desk):
    (desk.root / "s.css").write_text("p{color:red}")
    merged(desk.job(*ROWS, text=page(head='<link rel="stylesheet" href="s.css">')))
    (desk.root / "s.css").write_text("p{color:blue}")
    with pytest.raises(OtherTemplateError):
        merged(desk.job())


def test_files_of_others_stay_unless_it_is_forced(desk):
    desk.out.mkdir()
    (desk.out / "lettre-0002.pdf").write_bytes(b"a letter of others")
    watch = Watcher()
    with pytest.raises(ListRefusedError):
        merged(desk.job(*ROWS), watch)
    assert watch.lines == [(3, "batch.output-taken")]
    assert names(desk) == ["lettre-0002.pdf"]
    assert not (desk.out / ".coffre").exists()
    assert merged(desk.job(force=True)).listed
    (desk.out / "letters.csv").write_text("a list of others")
    with pytest.raises(ListTakenError):
        merged(desk.job())
    assert (desk.out / "letters.csv").read_text() == "a list of others"


def test_every_wrong_line_is_told_before_anything_is_written(desk):
    desk.data(
        "DUPONT;a.pdf",
        "B" * 10_001 + ";b.pdf",
        "C;../c.pdf",
        "D;a.pdf",
        "E",
        "F;letters.csv",
        head="nom;file",
    )
    watch = Watcher()
    with pytest.raises(ListRefusedError):
        merged(desk.job(text=page("{{ nom }}")), watch)
    assert sorted(watch.lines) == [
        (3, "merge.value-too-long"),
        (4, FileNameError.code),
        (5, "batch.file-twice"),
        (6, "batch.line-cells"),
        (7, FileNameError.code),
    ]
    assert not desk.out.exists()


@pytest.mark.parametrize(
    ("body", "error"),
    [("{{ absent }}", UnknownColumnError), ('<img alt="" src="/etc/passwd">', ResourceError)],
)
def test_a_fault_of_the_template_leaves_no_folder(desk, body, error):
    with pytest.raises(error):
        merged(desk.job(*ROWS, text=page(body)))
    assert not desk.out.exists()


def test_a_trial_writes_nothing(desk):
    outcome = merged(desk.job(*ROWS, trial=True))
    assert outcome.counts.waiting == 3
    assert not desk.out.exists()


def test_one_letter_can_be_looked_at(desk):
    job = desk.job(*ROWS)
    assert "EL AMRANI" in texts(preview(job, 2))
    with pytest.raises(NoSuchLetterError):
        preview(job, 4)


def test_a_letter_that_cannot_be_made_stops_no_other_and_withholds_the_list(desk):
    text = page("{% if nom == 'EL AMRANI' %}{{ nom|int / 0 }}{% endif %}{{ nom }}")
    outcome = merged(desk.job(*ROWS, text=text))
    assert (outcome.counts.sealed, outcome.counts.refused, outcome.listed) == (2, 1, False)
    assert names(desk) == ["lettre-0001.pdf", "lettre-0003.pdf"]
    assert not (desk.out / "letters.csv").exists()
    again = merged(desk.job(ROWS[0], ROWS[1].replace("EL", "AL"), ROWS[2]))
    assert again.listed
    assert again.new == 1


def test_stopped_it_goes_on_where_it_was(desk):
    rows = [f"N{n};RUE;1" for n in range(60)]
    outcome = merged(desk.job(*rows), Watcher(until=1))
    assert outcome.stopped
    assert 0 < outcome.counts.sealed < 60
    assert not outcome.listed
    assert not (desk.out / "letters.csv").exists()
    outcome = merged(desk.job())
    assert outcome.listed
    assert len(names(desk)) == 60


def test_killed_and_run_again_every_letter_stands_once(desk):
    rows = [f"N{n};RUE;1" for n in range(40)]
    desk.template()
    desk.data(*rows)
    words = ("batch", "merge", "modele.html", "data.csv", "--out", "lettres", "--workers", "1")
    running = coffre(desk, *words, start_new_session=True)
    until = time.monotonic() + 60
    while time.monotonic() < until and running.poll() is None:
        if desk.out.is_dir() and any(desk.out.glob("*.pdf")):
            break
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    assert not (desk.out / "letters.csv").exists()
    done = coffre(desk, *words, "--json")
    told, words_said = done.communicate(timeout=110)
    assert done.returncode == 0, words_said
    assert json.loads(told)["made"] == 40
    assert len(names(desk)) == 40
    assert not list((desk.out / ".coffre" / "pending").iterdir())
    for n, name in enumerate(names(desk)):
        assert f"N{n}\n" in texts((desk.out / name).read_bytes())


def test_a_form_makes_letters_too(desk):
    (desk.root / "form.pdf").write_bytes(form())
    desk.data("DUPONT;oui;Madame", "LŒUF;non;Monsieur", head="nom;accord;civilité")
    job = desk.job()
    outcome = merged(type(job)(job.data, desk.root / "form.pdf", job.folder, ("nom",)))
    assert outcome.listed
    assert listed(desk)[1] == ("lettre-0002.pdf", {"nom": "LŒUF"})
    with opened((desk.out / "lettre-0002.pdf").read_bytes()) as pdf:
        assert "/AcroForm" not in pdf.Root


def test_a_form_s_wrong_values_are_told_with_their_lines(desk):
    (desk.root / "form.pdf").write_bytes(form())
    desk.data("DUPONT;oui", ";oui", "M;peut-être", head="nom;accord")
    watch, job = Watcher(), desk.job()
    with pytest.raises(ListRefusedError):
        merged(type(job)(job.data, desk.root / "form.pdf", job.folder), watch)
    assert watch.lines == [(3, "merge.field-empty"), (4, "merge.field-value")]


def played(desk, script):
    environ = {"PATH": f"{COFFRE.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(desk.root)}
    return subprocess.run(
        ["bash", "-c", f"set -e\n{script}"],  # noqa: S607 - the shell of whoever reads the README
        cwd=desk.root,
        env={**environ, "LANG": "fr_FR.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_readme_goes_from_data_to_sealed_letters_that_verify(desk):
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    [block] = [block for block in blocks if "coffre batch merge" in block]
    shutil.copytree(ROOT / "examples", desk.root / "examples")
    shutil.copytree(town()[1], desk.root / "pki")
    done = played(desk, f"{block}\ncoffre verify factures-scellees/*.pdf --trust pki/trust")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Authentique") == 3
    with opened((desk.root / "factures-scellees" / "lettre-0002.pdf").read_bytes()) as pdf:
        assert pdf.Root.MarkInfo.Marked


def test_a_form_s_letters_are_sealed_with_the_town_s_own_code(desk):
    (desk.root / "form.pdf").write_bytes(form())
    desk.data("DUPONT;12 RUE DES LILAS;oui", head="nom;adresse;accord")
    shutil.copytree(town()[1], desk.root / "pki")
    done = played(
        desk,
        "coffre batch merge form.pdf data.csv --out lettres --field nom --field adresse\n"
        "coffre batch seal --letters lettres/letters.csv --in lettres --out scellees "
        "--config pki/coffre.toml --towncode\n"
        "coffre verify scellees/*.pdf --trust pki/trust",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Authentique" in done.stdout
