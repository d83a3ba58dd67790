"""The words of a page against its town code."""

import pymupdf
import pytest
from support.towncode import claims, code_of
from support.twoddoc_pki import Authority

from sealing.towncode.message import parse
from sealing.towncode.signature import VerifiedTownCode, verify
from verifier.check import SubIndication
from verifier.checks.page.printed_text import compare_towncode
from verifier.reading.document import read_document
from verifier.reading.found import PageWords
from verifier.verdict import PrintedResult

TOWN = Authority("SEALS").leaf()
PAGE = """Attestation d'accueil
Camille EXEMPLE, nee le 12 juillet 1973
12, rue des Essais
Ville-Exemple
Valable jusqu'au 28/02/2027"""


def proved(values: dict[str, str] | None = None) -> VerifiedTownCode:
    """Give a proved code."""
    return verify(parse(code_of(TOWN, claims(values))), TOWN.certificate.public_key())


def page(text: str, font: str = "helv") -> PageWords:
    """Give the words of a page that says a text."""
    with pymupdf.open() as document:
        document.new_page().insert_text((72, 100), text, fontname=font)
        return read_document(bytes(document.tobytes()), "x.pdf").words_of(0)


def test_a_page_that_says_what_its_code_says_is_the_same_whatever_its_writing():
    printed = compare_towncode(proved(), page(PAGE))
    assert printed.result is PrintedResult.SAME
    assert printed.check is not None
    assert printed.check.id == "towncode.printed-text"


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("Camille", "Alice", ["Prénoms"]),
        ("1973", "1974", ["Date de naissance"]),
        ("12, rue", "14, rue", ["Adresse"]),
        ("28/02/2027", "28/02/2037", ["Valable jusqu'au"]),
    ],
)
def test_every_value_of_a_town_code_is_asked_of_the_page(before, after, names):
    printed = compare_towncode(proved(), page(PAGE.replace(before, after)))
    assert printed.result is PrintedResult.DIFFERENT
    assert printed.check is not None
    assert printed.check.sub_indication is SubIndication.HASH_FAILURE
    assert [one.name for one in printed.differences] == names


def test_a_free_text_label_is_compared_too_and_named():
    told = proved({"nom": "EXEMPLE", "Référence": "N° 12/2026"})
    assert compare_towncode(told, page("EXEMPLE\nn° 12/2026")).result is PrintedResult.SAME
    printed = compare_towncode(told, page("EXEMPLE\nn° 13/2026"))
    assert [(one.di, one.name) for one in printed.differences] == [("", "Référence")]
    assert printed.check is not None
    assert printed.check.details == {"di": "Référence"}


@pytest.mark.parametrize(
    ("value", "text", "same"),
    [
        ("1973", "née en 1973", True),
        ("1973-07", "née en juillet 1973", True),
        ("1973-07", "née le 07/1973", True),
        ("1973-07", "née en août 1973", False),
    ],
)
def test_a_month_and_a_year_stand_on_a_page_as_people_write_them(value, text, same):
    told = proved({"date de naissance": value})
    assert (compare_towncode(told, page(text)).result is PrintedResult.SAME) is same


def test_letters_of_another_alphabet_are_looked_for_as_they_stand():
    name = "Людмила"
    told = proved({"nom": "EXEMPLE", "Имя": name})
    good = compare_towncode(told, page(f"EXEMPLE\n{name.upper()}", "china-s"))
    assert good.result is PrintedResult.SAME
    bad = compare_towncode(told, page("EXEMPLE\nЖизнь", "china-s"))
    assert bad.result is PrintedResult.DIFFERENT


def test_without_words_or_without_values_nothing_is_compared():
    assert compare_towncode(proved(), PageWords()).result is PrintedResult.NOT_COMPARED
    empty = proved({"objet": "x"})
    assert compare_towncode(empty, PageWords()).result is PrintedResult.NOT_COMPARED
