"""The letter that asks for an original: when there is one, and what it says."""

import re
from dataclasses import replace

import pytest
from support.papers import (
    BLUE,
    CODE,
    DIFFERENT,
    ENGLISH,
    FRENCH,
    GREEN,
    MAKER,
    NO_LIST,
    NOTHING,
    OTHERWISE,
    OURS,
    RECEIVED,
    RED,
    REVOKED,
    SEAL,
    STATES,
    STRANGER,
    TAKEN_BACK,
    UNKNOWN,
    failing,
    outside,
    require_accessible,
    text_of,
    verdict,
)

from verifier.check import Check, Indication, SubIndication
from verifier.reports.doubt_letter import DoubtLetter, NoDoubtError, OwnDoubtError
from verifier.reports.doubts import doubts, told
from verifier.reports.sentences import REASONS
from verifier.reports.words import Maker
from verifier.verdict import PrintedResult, PrintedText

HOSTILE = r'#include "x" $a^b$ *gras* _i_ `c` \ @ref <e> // {b} [à compléter].pdf'


def letter(judged, received=RECEIVED, words=FRENCH, maker=MAKER):
    """Write the letter of a verdict."""
    return DoubtLetter.of(judged, received, maker, words)


def joined(text):
    """Give a text's words, one space between them."""
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.mark.parametrize("judged", [GREEN, BLUE, NOTHING, STATES["dated"]])
def test_an_authentic_document_and_one_without_proof_get_no_letter(judged):
    with pytest.raises(NoDoubtError):
        letter(judged)


@pytest.mark.parametrize(
    "judged",
    [
        OURS,
        verdict([SEAL], [], Check.unsure("file.status", "status-no-list", SubIndication.TRY_LATER)),
        verdict([failing(SEAL, Check.unsure("s", "validator-fault", SubIndication.GENERIC))]),
        verdict(
            [],
            [
                replace(
                    CODE,
                    checks=(
                        Check.unsure(
                            "twoddoc.structure",
                            "version-unsupported",
                            SubIndication.POLICY_PROCESSING_ERROR,
                        ),
                    ),
                )
            ],
        ),
    ],
)
def test_nobody_is_asked_for_an_original_because_our_own_lists_or_means_lack(judged):
    with pytest.raises(OwnDoubtError):
        letter(judged)


def test_a_doubt_about_the_document_counts_beside_one_of_ours():
    assert doubts(verdict([failing(SEAL, NO_LIST), failing(SEAL, STRANGER)])) == (STRANGER,)


def test_where_the_document_is_shown_to_be_altered_what_merely_lacks_is_left_out():
    judged = verdict([failing(SEAL, STRANGER)], [replace(CODE, printed_text=OTHERWISE)])
    assert doubts(judged) == (OTHERWISE.check,)


def test_it_says_what_came_why_what_to_do_how_long_and_by_which_law():
    text = joined(letter(UNKNOWN).text())
    for expected in (
        "Votre demande n’est pas refusée",
        "Le fichier « avis.pdf » (21 octets), reçu le [à compléter : date de réception]",
        "et vérifié le 21/11/2026 à 10:00:00 UTC",
        RECEIVED.sha256,
        "Nous n’avons pas pu établir que ce document est celui qui a été délivré",
        "nous n’avons pas pu établir quel organisme a délivré ce document",
        "nous montrer l’original au guichet",
        "demander un nouvel exemplaire à l’organisme",
        "aucune ne demande d’ordinateur",
        "Votre dossier reste ouvert jusqu’au [à compléter : date]",
        "Article R. 113-10",
        "Article R. 113-11",
        "par lettre recommandée avec demande d’avis de réception",
    ):
        assert expected in text


def test_an_altered_document_is_told_by_what_differs():
    text = joined(letter(DIFFERENT).text())
    assert "Le document reçu n’est pas, ou n’est plus, celui qui a été délivré" in text
    assert "- Montant : scellé « 84,20 », imprimé « 34,20 »" in text
    assert "- Nom : scellé « DUPONT CLAIRE », introuvable sur le document" in text


def test_a_document_that_was_taken_back_is_not_asked_for_again():
    text = joined(letter(REVOKED).text())
    assert "l’organisme qui a délivré ce document l’a retiré depuis" in text
    assert "demande du document en vigueur" in text
    assert "montrer l’original" not in text


def every_doubt():
    """Give a check for each reason and each sub-indication that a doubt may have."""
    for reason in REASONS:
        for sub in SubIndication:
            yield Check.unsure("x", reason, sub)
            yield Check.failed("x", reason, sub)


def test_no_doubt_accuses_anybody_nor_speaks_of_our_lists():
    words = re.compile(r"faux|falsif|fraud|trich|contref|scanne|liste|validat", re.IGNORECASE)
    sentences = {told(check) for check in every_doubt()}
    assert len(sentences) > 15
    assert [one for one in sentences if words.search(one)] == []
    for judged in (UNKNOWN, RED, DIFFERENT, REVOKED):
        assert not words.search(letter(judged).text())


def test_whatever_is_red_has_a_letter():
    for check in every_doubt():
        if check.indication is Indication.TOTAL_FAILED:
            assert doubts(verdict([failing(SEAL, check)])) == (check,)


@pytest.mark.parametrize("judged", [UNKNOWN, RED, DIFFERENT, REVOKED])
@pytest.mark.parametrize("words", [FRENCH, ENGLISH], ids=["fr", "en"])
def test_the_letter_is_a_tagged_pdf_of_one_page_with_the_words_of_the_text(judged, words):
    written = letter(judged, words=words)
    title = "Demande de l’original d’un document"
    require_accessible(
        written.pdf(),
        words.lang,
        title if words is FRENCH else "Request for the original of a document",
    )
    assert outside(written.pdf()) == []
    printed, typed = text_of(written.pdf()), joined(written.text())
    assert printed.endswith(("page 1 sur 1", "page 1 of 1"))
    for block in written.blocks:
        assert joined(block.text) in printed
        assert joined(block.text).upper() in typed.upper()


def test_what_only_the_service_knows_is_left_blank_and_marked():
    blanks = re.findall(r"\[à compléter : ([^\]]+)\]", joined(letter(RED).text()))
    assert blanks == [
        "nom et adresse du service",
        "nom et adresse de la personne",
        "lieu et date",
        "numéro de l’envoi",
        "démarche et numéro du dossier",
        "date de réception",
        "date",
        "nom de l’agent, téléphone, courriel, adresse et heures du guichet",
        "prénom, nom, qualité et signature",
    ]


def test_the_town_is_named_where_the_settings_name_one():
    assert "Ville de Valbourg, [à compléter" in joined(letter(RED).text())
    text = joined(letter(RED, maker=Maker("1")).text())
    assert text.startswith("[à compléter : nom et adresse du service]")


def test_what_a_document_holds_is_text_and_never_markup():
    received = replace(RECEIVED, name=HOSTILE)
    difference = replace(OTHERWISE.differences[0], name=HOSTILE, signed=HOSTILE, printed=HOSTILE)
    printed = PrintedText(PrintedResult.DIFFERENT, (difference,), OTHERWISE.check)
    written = letter(verdict([], [replace(CODE, printed_text=printed)]), received)
    for text in (text_of(written.pdf()), joined(written.text())):
        assert text.count(HOSTILE) == 4


def test_a_letter_made_with_test_authorities_says_that_it_is_not_to_be_sent():
    trial = replace(RED, trust=replace(RED.trust, test=True))
    written = letter(trial)
    assert text_of(written.pdf()).startswith("ESSAI listes de confiance d’essai")
    assert written.text().startswith("*** ESSAI — listes de confiance d’essai")
    assert "ESSAI" not in letter(RED).text()


def test_a_file_that_was_taken_back_and_altered_is_altered_first():
    judged = verdict([failing(SEAL, RED.seals[0].checks[-1])], [], TAKEN_BACK)
    assert "montrer l’original" in joined(letter(judged).text())
