"""A spool cut into letters: where they begin, what is taken out of them, what is written."""

import csv
import errno
import hashlib
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

import pikepdf
import pymupdf
import pytest
from support.spools import NAMES, plain, written

from sealing.batch.files.folders import BusyError, Folder
from sealing.batch.files.letters_csv import LetterList, ListLine
from sealing.batch.spool.cuts import (
    BookmarksAbsentError,
    BookmarksError,
    ByBookmark,
    ByPages,
    ByText,
    Cut,
    Front,
    FrontPagesError,
    MarkAbsentError,
    cuts_of,
)
from sealing.batch.spool.pdf import SpoolError, SpoolPdf
from sealing.batch.spool.spool import Job, OtherCutError, StoppedError, ValuesRefusedError, split
from sealing.batch.spool.takes import (
    Seeker,
    Take,
    TakeAbsentError,
    TakePatternError,
    TakeStoppedError,
    TakeTooSlowError,
    TakeTwiceError,
    sought,
)


@dataclass
class Quiet:
    """Watches and remembers; asks for an end at a step, or does something there."""

    at: int | None = None
    act: Callable[[], None] | None = None
    errors: list[SpoolError] = field(default_factory=list)
    steps: int = 0

    def wrong(self, error):
        """Hear of a wrong letter."""
        self.errors.append(error)

    def progress(self, done, total):
        """Hear how it goes."""
        assert 0 < done <= total
        self.steps += 1
        if self.act is not None and self.steps == self.at:
            self.act()

    def stopping(self):
        """Tell whether an end is wanted."""
        return self.act is None and self.steps == self.at


def cuts(folder, pdf, by, front=Front.REFUSE):
    with SpoolPdf.opened(written(folder, pdf)) as spool:
        return cuts_of(spool, by, front, lambda *_: None)


def job(folder, pdf=None, **changes):
    path = written(folder, plain() if pdf is None else pdf)
    return replace(Job(path, folder / "out", ByBookmark()), **changes)


def digests(folder):
    found = sorted(folder.glob("[!.]*"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def test_every_way_to_cut_finds_the_same_letters(tmp_path):
    wanted = [(1, 2), (3, 4), (5, 6)]
    for by in (ByPages(2), ByBookmark(), ByText("facture de CANTINE"), ByText(" page  1 sur 2")):
        found = cuts(tmp_path, plain(), by)
        assert [(cut.first, cut.last) for cut in found] == wanted
    assert cuts(tmp_path, plain(), ByBookmark())[1] == Cut(3, 4, "Mme BERTIN")


def test_a_mark_is_found_over_the_end_of_a_line(tmp_path):
    with pymupdf.open() as document:
        for _ in range(2):
            document.new_page().insert_text((72, 72), "Avis des sommes\nÀ PAYER")
        pdf = document.tobytes()
    assert len(cuts(tmp_path, pdf, ByText("sommes à payer"))) == 2


def test_the_last_letter_may_be_shorter(tmp_path):
    assert [cut.pages for cut in cuts(tmp_path, plain(), ByPages(4))] == [4, 2]


def test_pages_in_front_are_refused_or_a_letter_or_dropped(tmp_path):
    by = ByText("Madame BERTIN, page 1")
    with pytest.raises(FrontPagesError) as caught:
        cuts(tmp_path, plain(), by)
    assert caught.value.details["last"] == 2
    assert [cut.first for cut in cuts(tmp_path, plain(), by, Front.LETTER)] == [1, 3]
    assert [cut.first for cut in cuts(tmp_path, plain(), by, Front.DROP)] == [3]


@pytest.mark.parametrize(
    ("toc", "error"),
    [
        ([], BookmarksAbsentError),
        ([[1, "a", 3], [1, "b", 1]], BookmarksError),
        ([[1, "a", 1], [1, "b", 1]], BookmarksError),
        ([[1, "a", 1], [1, "b", -1]], BookmarksError),
    ],
    ids=["none", "backwards", "same page", "nowhere"],
)
def test_bookmarks_that_are_no_way_to_cut_are_refused(tmp_path, toc, error):
    with pymupdf.open(stream=plain(bookmarks=False)) as document:
        document.set_toc(toc)
        pdf = document.tobytes()
    with pytest.raises(error):
        cuts(tmp_path, pdf, ByBookmark())


def test_bookmarks_of_lower_levels_do_not_cut(tmp_path):
    with pymupdf.open(stream=plain(bookmarks=False)) as document:
        document.set_toc([[1, "a", 1], [2, "annexe", 2], [1, "b", 3]])
        pdf = document.tobytes()
    assert [cut.title for cut in cuts(tmp_path, pdf, ByBookmark())] == ["a", "b"]


def test_a_mark_on_no_page_is_said(tmp_path):
    with pytest.raises(MarkAbsentError):
        cuts(tmp_path, plain(), ByText("Mairie"))


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"n° (\d+)", "Facture n° 12\nn° 12", [("12", 11), ("12", 17)]),
        (r"^Total : (.*)$", "Total :  12,00   €\n", [("12,00 €", 8)]),
        (r"(x*)", "aaa", []),
    ],
)
def test_a_pattern_finds_values_and_their_places(pattern, text, found):
    assert sought(Take.parse("a", pattern).pattern, text) == found


@pytest.mark.parametrize(
    ("label", "text", "value"),
    [
        ("Montant à payer", "Montant à payer :          84,20 €      page 1", "84,20 €"),
        ("montant", "MONTANT\n 84,20 €\nautre", "84,20 €"),
        ("Total (TTC)", "Total (TTC): 5", "5"),
    ],
)
def test_a_label_is_enough_to_take_what_follows(label, text, value):
    [(found, _)] = sought(Take.parse("a", f"after:{label}").pattern, text)
    assert found == value


@pytest.mark.parametrize(
    "text", ["Montant :\n\nMairie", "Montant\fMairie", "Montant :\n\fMairie", "Mon\ntant : 5"]
)
def test_words_of_a_line_further_down_or_of_another_page_are_not_what_follows(text):
    assert sought(Take.parse("a", "after:Montant").pattern, text) == []


def test_the_end_of_the_seeker_is_an_error_of_ours():
    with Seeker.opened([Take("a", "(x)")]) as seeker:
        [child] = multiprocessing.active_children()
        child.kill()
        with pytest.raises(TakeStoppedError):
            seeker.values(["x"], 1)


@pytest.mark.parametrize("pattern", ["a(", "ab", "(a)(b)", "after:", "after:  ", "(" * 500])
def test_a_pattern_without_its_one_group_is_refused(pattern):
    with pytest.raises(TakePatternError):
        Take.parse("a", pattern)


def test_values_are_equal_or_the_letter_is_wrong_and_its_page_told():
    with Seeker.opened([Take("nom", "Mme (\\w+)")]) as seeker:
        assert seeker.values(["Mme A", "suite", "Mme A"], 7) == {"nom": "A"}
        with pytest.raises(TakeTwiceError) as caught:
            seeker.values(["Mme A", "suite", "Mme B"], 7)
        assert caught.value.details["page"] == 9
        with pytest.raises(TakeAbsentError) as absent:
            seeker.values(["suite"], 7)
        assert absent.value.details["page"] == 7


def test_a_pattern_without_end_is_stopped():
    with (
        Seeker.opened([Take("a", "((?:a+)+)$")], patience=0.5) as seeker,
        pytest.raises(TakeTooSlowError),
    ):
        seeker.values(["a" * 60 + "b"], 1)


def test_letters_and_their_lists_are_written(tmp_path):
    takes = (Take.parse("nom", r"Madame (\w+)"), Take.parse("montant", "after:Montant à payer"))
    outcome = split(job(tmp_path, takes=takes), Quiet())
    out = tmp_path / "out"
    listed = LetterList.open(out / "letters.csv")
    rows = [row for row in listed.lines() if isinstance(row, ListLine)]
    assert [row.file for row in rows] == [f"lettre-000{n}.pdf" for n in (1, 2, 3)]
    assert [dict(row.values) for row in rows] == [
        {"nom": name, "montant": f"{len(name)},20 euros"} for name in NAMES
    ]
    with (out / "pages.csv").open(encoding="utf-8-sig") as file:
        assert list(csv.reader(file, delimiter=";"))[2] == [
            "lettre-0002.pdf",
            "3",
            "4",
            "Mme BERTIN",
        ]
    for name, row in zip(NAMES, rows, strict=True):
        with pikepdf.open(out / row.file) as document:
            assert len(document.pages) == 2
            assert str(document.docinfo.Title) == f"Mme {name}"
    assert (outcome.new, len(outcome.cuts), outcome.pages) == (3, 3, 6)


def test_every_faulty_letter_is_told_and_nothing_is_written(tmp_path):
    watch = Quiet()
    with pytest.raises(ValuesRefusedError) as caught:
        split(job(tmp_path, takes=(Take.parse("n", "Madame ([A-B]\\w+)"),)), watch)
    assert caught.value.details["count"] == 1
    assert [error.details["page"] for error in watch.errors] == [5]
    assert not (tmp_path / "out").exists()


def test_a_trial_writes_nothing(tmp_path):
    assert len(split(job(tmp_path, trial=True), Quiet()).cuts) == 3
    assert not (tmp_path / "out").exists()


def test_the_same_call_again_writes_nothing_new(tmp_path):
    wanted = job(tmp_path)
    split(wanted, Quiet())
    before = {path: path.stat() for path in wanted.out.glob("*.pdf")}
    assert split(wanted, Quiet()).new == 0
    assert {path: path.stat() for path in wanted.out.glob("*.pdf")} == before


def test_a_stop_leaves_whole_letters_and_no_list_and_the_rest_follows(tmp_path):
    wanted = job(tmp_path)
    with pytest.raises(StoppedError):
        split(wanted, Quiet(at=2))
    assert set(digests(wanted.out)) == {
        "lettre-0001.pdf",
        "lettre-0002.pdf",
    }
    assert split(wanted, Quiet()).new == 1
    assert (wanted.out / "letters.csv").exists()


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_kill_at_any_letter_is_taken_up(tmp_path, step):
    wanted, whole = job(tmp_path), job(tmp_path, out=tmp_path / "whole")
    child = os.fork()
    if not child:
        split(wanted, Quiet(at=step, act=lambda: os.kill(os.getpid(), signal.SIGKILL)))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert not (wanted.out / "letters.csv").exists()
    split(wanted, Quiet())
    split(whole, Quiet())
    assert digests(wanted.out) == digests(whole.out)
    assert list(Folder(wanted.out).pending.iterdir()) == []


def test_a_letter_that_a_power_cut_tore_is_written_again(tmp_path):
    wanted = job(tmp_path)
    split(wanted, Quiet())
    before = digests(wanted.out)
    for name, size in (("lettre-0001.pdf", 0), ("lettre-0002.pdf", 100)):
        os.truncate(wanted.out / name, size)
    assert split(wanted, Quiet()).new == 2
    assert digests(wanted.out) == before


def test_what_others_changed_is_never_overwritten_without_force(tmp_path):
    wanted = job(tmp_path)
    split(wanted, Quiet())
    for name in ("lettre-0002.pdf", "letters.csv"):
        before = (wanted.out / name).read_bytes()
        (wanted.out / name).write_bytes(b"mine " + before)
        with pytest.raises(OtherCutError):
            split(wanted, Quiet())
        assert (wanted.out / name).read_bytes() == b"mine " + before
        split(replace(wanted, force=True), Quiet())
        assert (wanted.out / name).read_bytes() == before


def test_letters_of_another_cut_are_refused_or_all_replaced(tmp_path):
    split(job(tmp_path), Quiet())
    other = job(tmp_path, by=ByPages(6))
    with pytest.raises(OtherCutError):
        split(other, Quiet())
    split(replace(other, force=True), Quiet())
    assert [path.name for path in sorted(other.out.glob("*.pdf"))] == ["lettre-0001.pdf"]


def test_files_of_others_in_the_folder_stay_and_their_letters_stop_the_cut(tmp_path):
    wanted = job(tmp_path)
    wanted.out.mkdir()
    (wanted.out / "notes.txt").write_text("mine", "utf-8")
    split(wanted, Quiet())
    assert (wanted.out / "notes.txt").read_text("utf-8") == "mine"
    other = replace(wanted, out=tmp_path / "other")
    other.out.mkdir()
    (other.out / "lettre-0009.pdf").write_bytes(b"mine")
    with pytest.raises(OtherCutError):
        split(other, Quiet())


def test_two_cuts_into_one_folder_wait_for_each_other(tmp_path):
    wanted = job(tmp_path)
    folder = Folder(wanted.out)
    folder.make()
    with folder.held(), pytest.raises(BusyError):
        split(wanted, Quiet())


def test_a_full_disk_leaves_no_list_and_the_same_call_goes_on(tmp_path, monkeypatch):
    wanted, calls = job(tmp_path), count(1)

    def write(folder, n, digest, *pieces, real=Folder.write):
        if next(calls) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(folder, n, digest, *pieces)

    monkeypatch.setattr(Folder, "write", write)
    with pytest.raises(OSError, match="No space"):
        split(wanted, Quiet())
    assert not (wanted.out / "letters.csv").exists()
    assert split(wanted, Quiet()).new == 2


def test_a_value_with_separators_and_quotes_reads_back(tmp_path):
    with pymupdf.open() as document:
        document.new_page().insert_text((72, 72), 'Nom : "A"; B, C')
        pdf = document.tobytes()
    wanted = job(tmp_path, pdf, by=ByPages(1), takes=(Take.parse("nom", "Nom : (.*)"),))
    split(wanted, Quiet())
    [row] = LetterList.open(wanted.out / "letters.csv").lines()
    assert isinstance(row, ListLine)
    assert row.values["nom"] == '"A"; B, C'
