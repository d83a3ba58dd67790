"""The page that tells a mailing, and the list of what was not sealed."""

from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from support.sealers import NOW, sealer

from sealing.batch.ledger.report import SHOWN, Report, Trouble, cell, failures_csv, page
from sealing.report_page import number
from sealing.service.levels import Level
from storage.language import translator

GOOD = Report(
    folder="envoi",
    letters=1_200,
    sealed=1_200,
    failed=0,
    refused=0,
    new=1_200,
    seconds=2.5,
    began=NOW,
    ended=NOW + timedelta(seconds=2),
    certificate=sealer().seal.chain[0],
    journal_sha256="ab" * 32,
    troubles=(),
    lang="fr",
    test=False,
    level=Level.B_B,
)
FORMULAS = ["=1+1", "+33", "-1", "@SUM(A1)", "\t=1", "\r=1"]


class Words(HTMLParser):
    """The words of a page, and whatever would load or run something."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note a tag, and the addresses of its attributes."""
        self.tags += [tag, *(name for name, _ in attrs if name in {"src", "href", "onclick"})]

    def handle_data(self, data):
        """Note words."""
        self.words.append(data)


def words(report: Report, lang: str = "fr") -> str:
    return " ".join(" ".join(Words(page(report, translator(lang))).words).split())


def test_a_complete_mailing_says_so_with_its_proofs():
    told = words(GOOD)
    assert "L'envoi est complet" in told
    assert "soit 480 par seconde" in told
    assert "PAdES B-B, par Cachet de demonstration P-256" in told
    assert "abab abab" in told
    assert "ESSAI" not in told
    assert "Lettres à corriger" not in told
    assert "Preuves d'existence" not in told


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sealed": 1_199}, "L'envoi n'est pas terminé"),
        ({"sealed": 1_199, "refused": 1}, "des lettres n'ont pas été scellées"),
        ({"sealed": 1_199, "failed": 1}, "des lettres n'ont pas été scellées"),
        ({"level": Level.B_LT}, "PAdES B-LT, par Cachet"),
        ({"test": True}, "ESSAI : ces cachets n'engagent personne"),
        ({"new": 0}, "rien de nouveau"),
        ({"new": 1, "seconds": 4.0}, "soit 0,2 par seconde"),
        ({"records": 1_200}, "1 200 fichiers .ers à côté des lettres"),
        ({"records": 1_000}, "il manque des preuves d'existence"),
        ({"records": 1_000}, "manquantes : 200"),
    ],
)
def test_whatever_is_not_complete_is_said(changes, sentence):
    told = words(replace(GOOD, **changes))
    # What str.split does not take for a space, French puts between thousands.
    assert sentence in told.replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_the_page_loads_and_runs_nothing_whatever_the_list_says():
    hostile = "<script>alert(1)</script><img src=x>"
    report = replace(
        GOOD, folder=hostile, refused=1, sealed=1_199, troubles=(Trouble(2, hostile, hostile),)
    )
    read = Words(page(report, translator("fr")))
    assert set(read.tags).isdisjoint({"script", "img", "link", "iframe", "src", "href", "onclick"})
    assert hostile in " ".join(read.words)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_taken_for_a_formula_by_a_spreadsheet_and_the_page_says_it_as_it_is(text):
    assert cell(text) == f"'{text}"
    report = replace(GOOD, refused=1, sealed=1_199, troubles=(Trouble(2, text, text),))
    assert f"<td>{text}</td><td>{text}</td>" in page(report, translator("fr"))
    [_, line] = b"".join(failures_csv([Trouble(2, text, text)])).decode("utf-8-sig").split("\n", 1)
    assert "'" + text.strip() in line or f"'{text}" in line


def test_many_failures_are_counted_and_the_page_stays_one_page():
    many = tuple(Trouble(n, "x" * 500, "y" * 5_000) for n in range(40))
    text = page(replace(GOOD, refused=40, sealed=1_160, troubles=many), translator("fr"))
    assert text.count("<tr><td>") == SHOWN
    assert f"et {40 - SHOWN} autres" in text
    assert len(text) < 12_000


def test_the_page_speaks_english_too():
    told = words(replace(GOOD, lang="en"), "en")
    assert "The mailing is complete" in told
    assert "valid from" in told


def test_numbers_have_narrow_spaces():
    assert number(1_234_567) == "1\u202f234\u202f567"
