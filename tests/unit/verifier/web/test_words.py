"""The page has a sentence for everything that a verification may say."""

import re

import pytest
from jinja2 import Environment, FileSystemLoader
from support.house import ROOT

from sealing.towncode.errors import Reason as TownReason
from sealing.towncode.message import FindingCode as TownFindingCode
from sealing.twoddoc.fields import FindingCode
from sealing.twoddoc.header import Reason
from storage.language import languages
from vault.web.shell import sentences

KINDS = {"twoddoc": Reason, "towncode": TownReason}
CHECKS = {
    "twoddoc": ["codes/twoddoc", "certificate", "codes/content", "codes/structure"],
    "towncode": ["codes/towncode", "certificate"],
}
GIVEN = re.compile(
    r'Check\.(?:passed|failed|unsure)\(\s*f?"(?:twoddoc|towncode|\{name\})\.([a-z-]+)",\s*"([a-z-]+)"'
)
TWINS = re.compile(r'(?:passed|failed|unsure)\("(?:twoddoc|towncode)\.([a-z-]+)", "([a-z-]+)"')
PAGES = ROOT / "verifier/web/client/pages"


def words(lang: str) -> dict[str, str]:
    """Give the page's sentences by their names."""
    folder = ROOT / "verifier/web/templates"
    template = Environment(loader=FileSystemLoader(folder), autoescape=True)
    page = template.get_template("verifier/words.html").render({"_": sentences(lang)})
    return dict(re.findall(r'<p data-word="([^"]+)">(.*?)</p>', page))


def python_says(kind: str) -> set[tuple[str, str]]:
    texts = [(ROOT / f"verifier/checks/{name}.py").read_text("utf-8") for name in CHECKS[kind]]
    said = {pair for text in texts for pair in GIVEN.findall(text)}
    # What the certificate is for is asked of a town code's alone, in words of its own.
    used = re.findall(r'f"\{name\}\.purpose".*?(?=\ndef |\Z)', texts[1], re.DOTALL)[0]
    said |= {("purpose", one) for one in re.findall(r'named, "([a-z-]+)"', used)}
    return said if kind == "towncode" else {pair for pair in said if pair[0] != "purpose"}


def twin_says(kind: str) -> set[tuple[str, str]]:
    text = (ROOT / f"verifier/web/client/checks/{kind}.ts").read_text("utf-8")
    return set(TWINS.findall(text))


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("kind", KINDS)
def test_every_check_reason_and_finding_has_a_sentence(lang, kind):
    told = words(lang)
    reasons = {reason for _, reason in python_says(kind)} | {str(one) for one in KINDS[kind]}
    wanted = {f"reason.{one}" for one in reasons - {"not-2ddoc", "not-towncode"}}
    unasked = {"authority"} if kind == "towncode" else set()
    wanted |= {f"check.{kind}.{name}" for name, _ in python_says(kind) if name not in unasked}
    wanted |= {f"finding.{one}" for one in (*FindingCode, *TownFindingCode)}
    assert wanted - set(told) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_the_browser_gives_the_checks_and_reasons_that_python_gives(kind):
    as_told = {"key", "purpose"}
    assert len(twin_says(kind)) > 18
    assert {pair for pair in twin_says(kind) if pair[0] not in as_told} <= python_says(kind)
    missing = python_says(kind) - twin_says(kind)
    # What the server says of a certificate comes as it is (`key_usage`, `purpose` of the lists).
    assert {reason for name, reason in missing if name not in as_told} == set()


def test_every_sentence_that_the_script_says_by_name_is_on_the_page():
    told = set(words("fr"))
    for path in PAGES.glob("*.ts"):
        for name in re.findall(r'say\("([a-zA-Z0-9.-]+)"', path.read_text("utf-8")):
            assert name in told, f"{path.name} says {name}"


@pytest.mark.parametrize("lang", languages())
def test_every_check_and_reason_of_a_seal_has_a_sentence(lang):
    told, folder = words(lang), ROOT / "verifier/web/client"
    names = ["checks/seal.ts", "checks/lists.ts", "seal/stamps.ts", "seal/cms.ts", "seal/file.ts"]
    texts = "\n".join((folder / name).read_text("utf-8") for name in names)
    reasons = set(re.findall(r'(?:passed|failed|unsure)\((?:NAME|"[a-z.-]+"), "([a-z-]+)"', texts))
    reasons |= set(re.findall(r'(?:CmsError|wrong|formless)\((?:[a-z. ?]+)?"([a-z-]+)"', texts))
    reasons |= set(re.findall(r'(?:return|trouble:|\?|:) "([a-z]+-[a-z-]+)"', texts))
    checks = set(re.findall(r'(?:passed|failed|unsure)\("([a-z.-]+)"', texts))
    checks |= set(re.findall(r'const NAME = "([a-z.-]+)"', texts))
    assert len(reasons) > 25
    assert len(checks) > 9
    missing = {one for one in reasons if f"reason.{one}" not in told}
    assert missing == set()
    assert {one for one in checks if f"check.{one}" not in told} == set()


def test_the_two_languages_name_the_same_details():
    french, english = words("fr"), words("en")
    for name, sentence in french.items():
        assert set(re.findall(r"\{\w+\}", sentence)) == set(re.findall(r"\{\w+\}", english[name]))
