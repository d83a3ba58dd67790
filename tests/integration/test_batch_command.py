"""`coffre batch` as people run it: the README's lines, Ctrl-C, other readers, the report."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pymupdf
import pytest
from support.browser import chromium, visit
from support.letters import letter
from support.mailings import Post, names
from support.postgresql import postgresql_server
from support.sealers import town
from support.tools import need

from cli.asked import FailureLimitError, failures_of
from sealing.batch.job import Failures

ROOT = Path(__file__).parents[2]
COFFRE = Path(sys.executable).parent / "coffre"


def environment(home: Path) -> dict[str, str]:
    path = f"{COFFRE.parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "LANG": "fr_FR.UTF-8"}


def coffre(post: Post, *more: str, **options):
    folders = ["--letters", str(post.listing), "--in", str(post.letters), "--out", str(post.out)]
    config = ["--config", str(town()[1] / "coffre.toml")]
    return subprocess.Popen(
        [str(COFFRE), "batch", "seal", *folders, *config, *more],
        env=environment(post.folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def test_the_readme_shows_a_mailing_in_three_lines_that_work(tmp_path):
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    [block] = [block for block in blocks if "--letters liste.csv" in block]
    assert len(block.splitlines()) == 3
    (tmp_path / "lettre.pdf").write_bytes(letter())
    script = f"set -e\ncoffre pki demo pki\n{block}"
    done = subprocess.run(
        ["bash", "-c", script],  # noqa: S607 - the shell of whoever reads the README
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "scellees" / "claire.pdf").exists()


def test_the_readme_s_examples_of_mailings_run_one_after_the_other(tmp_path):
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    wanted = ("--letters liste.csv", "coffre batch split", "coffre batch watch")
    script = "".join(block for block in blocks if any(each in block for each in wanted))
    (tmp_path / "lettre.pdf").write_bytes(letter())
    (tmp_path / "tirage.pdf").write_bytes(print_run("MARTIN", "DURAND"))
    done = subprocess.run(
        ["bash", "-c", f"set -e\ncoffre pki demo pki\n{script}"],  # noqa: S607 - as above
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for made in ("scellees/claire", "tirage-scelle/lettre-0002", "depart/lettre"):
        assert (tmp_path / f"{made}.pdf").exists()


def print_run(*names: str) -> bytes:
    """Give a print run of a letter for each name, as the README's example expects it."""
    with pymupdf.open() as pdf:
        for number, name in enumerate(names):
            page = pdf.new_page()
            for line, text in enumerate(
                (f"Facture n° {number}", f"Titulaire : {name}", f"Total : {number + 3},20")
            ):
                page.insert_text((72, 72 + 30 * line), text)
        return bytes(pdf.tobytes())


def test_ctrl_c_finishes_the_letters_in_hand_and_the_same_command_goes_on(tmp_path):
    post = Post(tmp_path)
    wanted = names(600)
    post.write(wanted)
    running = coffre(post, "--workers", "2", start_new_session=True)
    while not (post.out / "journal.jsonl").exists() or not post.journal():
        time.sleep(0.05)
        assert running.poll() is None
    os.killpg(running.pid, signal.SIGINT)  # a terminal tells everybody of its group
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "envoi interrompu" in said.decode()
    assert "Traceback" not in said.decode()
    assert 0 < len(post.journal()) < 600
    assert list((post.out / ".coffre" / "pending").iterdir()) == []
    again = coffre(post, "--workers", "2", "--json")
    answer, said = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert json.loads(answer)["sealed"] == 600
    post.require_exactly_once(wanted)


def shared(post: Post, command: str, *more: str, **options):
    """Run a command with the settings of machines that meet in a database."""
    return subprocess.Popen(
        [str(COFFRE), *command.split(), *more],
        env=environment(post.folder) | {"COFFRE_DATABASE": str(post.database)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def sealing(post: Post, *more: str, **options):
    folders = ["--letters", str(post.listing), "--in", str(post.letters), "--out", str(post.out)]
    config = ["--config", str(town()[1] / "coffre.toml"), "--engine", "queue"]
    return shared(post, "batch seal", *folders, *config, *more, **options)


@pytest.mark.timeout(300)
def test_two_machines_seal_one_mailing_and_each_is_stopped_by_ctrl_c(tmp_path):
    config = str(town()[1] / "coffre.toml")
    with postgresql_server() as server:
        post = Post(tmp_path, server.bare())
        wanted = names(500)
        post.write(wanted, coded=True)
        _, said = sealing(post, "--twoddoc", "00").communicate(timeout=60)
        assert "coffre db upgrade" in said.decode()
        assert not post.out.exists()
        upgraded = shared(post, "db upgrade", "--data", str(tmp_path / "data"))
        upgraded.communicate(timeout=60)
        assert upgraded.returncode == 0
        lent = shared(post, "batch work --workers 1", "--config", config, start_new_session=True)
        running = sealing(post, "--twoddoc", "00", "--workers", "1", start_new_session=True)
        while not (post.out / "journal.jsonl").exists() or len(post.journal()) < 50:
            time.sleep(0.05)
            assert (running.poll(), lent.poll()) == (None, None)
        os.killpg(lent.pid, signal.SIGINT)
        _, said = lent.communicate(timeout=60)
        assert lent.returncode == 0
        assert "chacun finit la lettre en cours" in said.decode()
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=60)
        assert running.returncode == 130
        assert "envoi interrompu" in said.decode()
        told = shared(post, "batch status", str(post.out), "--json").communicate(timeout=60)[0]
        assert json.loads(told)["running"] is False
        assert 0 < json.loads(told)["waiting"] < 500
        answer, said = sealing(post, "--twoddoc", "00", "--json").communicate(timeout=200)
        assert json.loads(answer)["sealed"] == 500, said
        post.require_exactly_once(wanted)


def test_every_sealed_letter_is_valid_for_poppler(tmp_path):
    pdfsig = need("pdfsig", "poppler-utils")
    post = Post(tmp_path)
    wanted = names(12)
    post.write(wanted, coded=True)
    running = coffre(post, "--twoddoc", "00", "--workers", "2", "--check", "all")
    _, said = running.communicate(timeout=120)
    assert running.returncode == 0, said
    for name in wanted:
        done = subprocess.run([pdfsig, post.out / name], capture_output=True, check=False)
        assert done.stdout.count(b"Signature is Valid.") == 1
        assert b"Total document signed" in done.stdout


def test_the_report_is_one_page_that_says_how_it_went_and_asks_nothing_of_anybody(tmp_path):
    post = Post(tmp_path)
    wanted = ["=1+1.pdf", "<b>x.pdf", *names(4)]
    post.write(wanted, coded=True)
    (post.letters / "=1+1.pdf").write_bytes(b"no PDF")
    (post.letters / "<b>x.pdf").write_bytes(b"no PDF")
    running = coffre(post, "--twoddoc", "00", "--level", "B-T")
    running.communicate(timeout=120)
    assert running.returncode == 3
    listed = (post.out / "failures.csv").read_bytes().decode("utf-8-sig")
    assert listed.splitlines()[1].startswith("2;'=1+1.pdf;ce fichier n'est pas un PDF")
    with chromium() as browser, visit(browser, (post.out / "report.html").as_uri()) as page:
        page.goto((post.out / "report.html").as_uri())
        told = page.inner_text("main")
        assert "=1+1.pdf" in told
        assert "'=1+1.pdf" not in told
        assert "<b>x.pdf" in told
        assert "PAdES B-T, par Cachet" in told
        assert page.locator("b").count() == 0
        boxes = page.locator(".counts div").all_inner_texts()
        assert [re.sub(r"\D", "", text) for text in boxes] == ["6", "4", "2", "0", "0"]
        pdf = page.pdf(format="A4")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type/Page\n") <= 1
    digest = subprocess.run(
        ["sha256sum", post.out / "journal.jsonl"],  # noqa: S607 - any sha256sum
        capture_output=True,
        check=True,
    )
    shown = digest.stdout.split()[0].decode()
    assert shown in "".join(told.split())


def test_one_line_of_a_list_in_windows_1252_is_told(tmp_path):
    post = Post(tmp_path)
    post.write(["été.pdf"])
    post.listing.write_bytes("file\nété.pdf\n".encode("cp1252"))
    running = coffre(post, "--workers", "1")
    _, said = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "liste lue en Windows-1252" in said.decode()


@pytest.mark.parametrize("given", ["-1", "x", "101%", "%", "1.5"])
def test_a_limit_that_is_none_is_refused(given):
    with pytest.raises(FailureLimitError):
        failures_of(given)


def test_a_limit_is_a_number_of_letters_or_a_share():
    assert failures_of(None) == Failures(barren=50)
    assert failures_of("0") == Failures(most=0)
    assert failures_of("2,5 %") == Failures(percent=2.5)


def test_a_report_that_cannot_be_written_is_told_and_the_same_command_writes_it(tmp_path):
    post = Post(tmp_path)
    post.write(names(3))
    (post.out / "report.html").mkdir(parents=True)
    runs = []
    for again in range(2):
        if again:
            (post.out / "report.html").rmdir()
        process = coffre(post, "--json", encoding="utf-8")
        runs.append((*process.communicate(timeout=120), process.returncode))
    (out, err, code), (out_again, err_again, code_again) = runs
    post.require_exactly_once(names(3))
    assert code == 1
    assert "le rapport n'a pas pu être écrit" in err
    assert "report.html est un dossier" in err
    assert "les lettres scellées sont bonnes" in err
    told, told_again = json.loads(out.splitlines()[-1]), json.loads(out_again.splitlines()[-1])
    assert (told["kind"], told["sealed"], told["new"], told["report"]) == ("batch", 3, 3, None)
    assert (code_again, told_again["sealed"], told_again["new"]) == (0, 3, 0), err_again
    assert told_again["report"] == str(post.out / "report.html")
    assert "3" in (post.out / "report.html").read_text("utf-8")
    assert list(post.out.glob(".*report*")) == []
