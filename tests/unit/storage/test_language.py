"""French is the source; other languages are catalogues."""

import pytest

from storage.language import N_, languages, preferred, translator


def test_french_is_first_and_english_is_there():
    assert languages() == ["fr", "en"]


@pytest.mark.parametrize(
    ("environ", "lang"),
    [
        ({}, "fr"),
        ({"LANG": "C.UTF-8"}, "fr"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "fr"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "COFFRE_LANG": "en"}, "en"),
        ({"COFFRE_LANG": "../../etc"}, "fr"),
    ],
)
def test_the_language_is_asked_for_or_the_locales_or_french(environ, lang):
    assert preferred(environ) == lang


def test_a_sentence_is_translated_and_an_unknown_one_stays_french():
    assert translator("en")(N_("Affiche cette page.")) == "Show this page."
    assert translator("en")("Phrase que personne ne dit.") == "Phrase que personne ne dit."
    assert translator("fr")("Affiche cette page.") == "Affiche cette page."
