"""The page has a sentence for everything that a verification may say."""

import re

import pytest
from jinja2 import Environment, FileSystemLoader
from support.house import ROOT

from sealing.twoddoc.fields import FindingCode
from sealing.twoddoc.header import Reason
from storage.language import languages
from vault.web.shell import sentences

CHECKS = ["twoddoc", "certificate", "content", "structure"]
GIVEN = re.compile(
    r'Check\.(?:passed|failed|unsure)\(\s*f?"(?:twoddoc|\{name\})\.([a-z-]+)",\s*"([a-z-]+)"'
)
TWINS = re.compile(r'(?:passed|failed|unsure)\("twoddoc\.([a-z-]+)", "([a-z-]+)"')
PAGES = ROOT / "verifier/web/client/pages"


def words(lang: str) -> dict[str, str]:
    """Give the page's sentences by their names."""
    folder = ROOT / "verifier/web/templates"
    template = Environment(loader=FileSystemLoader(folder), autoescape=True)
    page = template.get_template("verifier/words.html").render({"_": sentences(lang)})
    return dict(re.findall(r'<p data-word="([^"]+)">(.*?)</p>', page))


def python_says() -> set[tuple[str, str]]:
    texts = [(ROOT / f"verifier/checks/{name}.py").read_text("utf-8") for name in CHECKS]
    return {pair for text in texts for pair in GIVEN.findall(text)}


def twin_says() -> set[tuple[str, str]]:
    return set(TWINS.findall((ROOT / "verifier/web/client/checks/twoddoc.ts").read_text("utf-8")))


@pytest.mark.parametrize("lang", languages())
def test_every_check_reason_and_finding_has_a_sentence(lang):
    told = words(lang)
    reasons = {reason for _, reason in python_says()} | {str(one) for one in Reason}
    wanted = {f"reason.{one}" for one in reasons - {"not-2ddoc"}}
    wanted |= {f"check.twoddoc.{name}" for name, _ in python_says()}
    wanted |= {f"finding.{one}" for one in FindingCode}
    assert wanted - set(told) == set()


def test_the_browser_gives_the_checks_and_reasons_that_python_gives():
    assert len(twin_says()) > 20
    assert {pair for pair in twin_says() if pair[0] != "key"} <= python_says()
    missing = python_says() - twin_says()
    # What the server says of a certificate's usage comes as it is (`key_usage` of the trust lists).
    assert {reason for name, reason in missing if name != "key"} == set()


def test_every_sentence_that_the_script_says_by_name_is_on_the_page():
    told = set(words("fr"))
    for path in PAGES.glob("*.ts"):
        for name in re.findall(r'say\("([a-zA-Z0-9.-]+)"', path.read_text("utf-8")):
            assert name in told, f"{path.name} says {name}"


def test_the_two_languages_name_the_same_details():
    french, english = words("fr"), words("en")
    for name, sentence in french.items():
        assert set(re.findall(r"\{\w+\}", sentence)) == set(re.findall(r"\{\w+\}", english[name]))
