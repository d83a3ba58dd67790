"""The one-page report: what stands on it, in every state, whatever the document holds."""

from dataclasses import replace
from datetime import timedelta

import pymupdf
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
    NOW,
    OTHERWISE,
    OURS,
    RECEIVED,
    RED,
    REVOKED,
    SEAL,
    STATES,
    STRANGER,
    UNKNOWN,
    failing,
    outside,
    require_accessible,
    text_of,
    verdict,
)

from verifier.check import Check, SubIndication
from verifier.reports.as_pdf import report_pdf
from verifier.reports.received import Received
from verifier.reports.three_lines import Answer, three_lines
from verifier.reports.typeset import _DRAWN, seen, shown, typeset
from verifier.verdict import CodeField, Difference, PrintedResult, PrintedText

HOSTILE = r'#include "x" #panic("y") $a^b$ *gras* _i_ `c` \ @ref <e> // -- ... "q" [à] {b}.pdf'


def report(judged, received=RECEIVED, words=FRENCH):
    """Make the report of a verdict."""
    return report_pdf(judged, received, MAKER, words)


def told(judged, received=RECEIVED, words=FRENCH):
    """Give the words of the report of a verdict."""
    return text_of(report(judged, received, words))


def pages(pdf):
    """Count the pages."""
    with pymupdf.open(stream=pdf) as document:
        return document.page_count


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("words", [FRENCH, ENGLISH], ids=["fr", "en"])
def test_every_state_is_one_page_that_a_screen_reader_reads(state, words):
    pdf = report(STATES[state], words=words)
    title = "Rapport de vérification" if words is FRENCH else "Verification report"
    require_accessible(pdf, words.lang, title)
    assert (pages(pdf), outside(pdf)) == (1, [])


@pytest.mark.parametrize(
    ("judged", "headline"),
    [
        (GREEN, "Authentique"),
        (BLUE, "Code authentique : comparez avec le document"),
        (OURS, "Impossible de conclure"),
        (UNKNOWN, "Impossible de conclure"),
        (REVOKED, "Impossible de conclure"),
        (RED, "Falsifié ou altéré"),
        (DIFFERENT, "Falsifié ou altéré"),
        (NOTHING, "Aucun cachet et aucun code dans ce fichier"),
    ],
)
def test_the_answer_is_the_one_of_the_screen_with_its_file_its_hour_and_its_maker(judged, headline):
    text = told(judged)
    for expected in (
        headline,
        "avis.pdf",
        RECEIVED.sha256,
        "21 octets",
        "21/11/2026 à 10:00:00 UTC",
        "Ville de Valbourg · Coffre 9.8.7",
    ):
        assert expected in text


def test_no_two_states_share_their_colour_and_sign():
    """Green is for what is authentic and compared; every other answer looks otherwise."""
    marks = {}
    for state in ("green", "blue", "unknown", "red", "nothing"):
        with pymupdf.open(stream=report(STATES[state])) as document:
            shapes = document[0].get_drawings()
        sign = next(one for one in shapes if 30 < one["rect"].height < 45 > one["rect"].width > 30)
        outline = "".join([sign["type"], *(item[0] for item in sign["items"])])
        marks[state] = (sign["fill"] or sign["color"], outline)
    colours, forms = zip(*marks.values(), strict=True)
    assert len(set(colours)) == len(set(forms)) == len(marks)


def test_the_three_lines_are_told_apart():
    text = told(DIFFERENT)
    assert "Lisible Cachets lus : 0 ; codes lus : 1" in text
    assert "Scellé par Ville de Valbourg ; code 2D-Doc ; signé le 18/11/2026" in text
    assert "Identique à l’imprimé Le document ne dit pas la même chose que son code" in text


@pytest.mark.parametrize(
    ("judged", "answers"),
    [
        (GREEN, (Answer.YES, Answer.YES, Answer.YES)),
        (BLUE, (Answer.YES, Answer.YES, Answer.NONE)),
        (OURS, (Answer.YES, Answer.UNSURE, Answer.NONE)),
        (RED, (Answer.YES, Answer.NO, Answer.NONE)),
        (DIFFERENT, (Answer.YES, Answer.YES, Answer.NO)),
        (REVOKED, (Answer.YES, Answer.YES, Answer.NONE)),
        (NOTHING, (Answer.NONE, Answer.NONE, Answer.NONE)),
        (
            verdict([SEAL], [], Check.passed("file.reading", "read-in-part", limits="pages")),
            (Answer.UNSURE, Answer.YES, Answer.NONE),
        ),
    ],
)
def test_each_line_has_an_answer_of_its_own(judged, answers):
    assert tuple(line.answer for line in three_lines(judged, str)) == answers


def test_a_signer_that_is_not_proved_is_only_named_by_the_document():
    _, sealed_by, _ = three_lines(UNKNOWN, str)
    assert sealed_by.told == (
        "le document nomme « Cachet, Ville de Valbourg », ce qui n'est pas établi",
    )


def test_what_was_sealed_stands_beside_what_is_printed():
    text = told(DIFFERENT)
    assert "Donnée Scellé Imprimé Montant « 84,20 » « 34,20 »" in text
    assert "Nom « DUPONT CLAIRE » introuvable sur le document" in text


def test_each_check_has_its_words_and_those_of_the_standard():
    text = told(verdict([failing(SEAL, STRANGER)]))
    assert "L’autorité du cachet n’est pas dans vos listes de confiance seal.chain" in text
    assert "INDETERMINATE / NO_CERTIFICATE_CHAIN_FOUND" in text
    assert "Le contenu est celui qui a été scellé seal.integrity" in text
    assert "Contrôles passés (TOTAL-PASSED)" in text


def test_checks_that_say_the_same_are_counted_on_one_line():
    text = told(verdict([failing(SEAL, NO_LIST, NO_LIST, NO_LIST)]))
    assert "mettez à jour vos listes de confiance (×3) seal.revocation-list" in text


def test_lists_their_ages_and_what_was_not_checked_are_told():
    text = told(GREEN)
    assert "Liste officielle 2D-Doc du 09/11/2026 (âge : 12 j)" in text
    assert "Rien ne dit si l’émetteur a retiré ou remplacé ce document depuis" in text


def test_a_moment_that_was_asked_for_is_never_taken_for_today():
    past = replace(GREEN, at=NOW - timedelta(days=400))
    assert "Réponse pour le 17/10/2025 à 10:00:00 UTC, et non pour le jour" in told(past)
    assert "Réponse pour le" not in told(GREEN)


def test_where_only_our_lists_lack_something_the_person_has_nothing_to_do():
    assert "La personne n’a rien à refaire" in told(OURS)
    assert "demandez l’original" not in told(OURS)
    assert "demandez l’original par une lettre motivée" in told(UNKNOWN)


def test_test_is_said_in_large_letters_and_nothing_may_be_kept_on_its_strength():
    trial = replace(GREEN, trust=replace(GREEN.trust, test=True))
    with pymupdf.open(stream=report(trial)) as document:
        spans = [
            span
            for block in document[0].get_text("dict")["blocks"]
            for line in block.get("lines", ())
            for span in line["spans"]
        ]
    assert max(span["size"] for span in spans if "ESSAI" in span["text"]) >= 16
    assert "peut être retenu tel" not in told(trial)
    assert "ESSAI" not in told(GREEN)


def test_what_a_document_holds_is_text_and_never_markup():
    field = CodeField("10", HOSTILE, "", HOSTILE, "")
    difference = PrintedText(
        PrintedResult.DIFFERENT, (Difference("10", HOSTILE, HOSTILE, HOSTILE),), OTHERWISE.check
    )
    judged = verdict(
        [replace(SEAL, signer=HOSTILE)],
        [replace(CODE, fields=(field,), doc_type_name=HOSTILE, printed_text=difference)],
    )
    text = told(judged, replace(RECEIVED, name=HOSTILE))
    assert text.count(" ".join(HOSTILE.split())) >= 6


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("avis\u202efdp.exe", "avis\u2039U+202E\u203afdp.exe"),
        ("a\u200bb\x00c\nd", "a\u2039U+200B\u203ab\u2039U+0000\u203ac\u2039U+000A\u203ad"),
        ("\u4e2d.pdf", "\u2039U+4E2D\u203a.pdf"),
        ("Łódź Ærø Œuvre Αθήνα Київ e\u0301té €", "Łódź Ærø Œuvre Αθήνα Київ e\u0301té €"),
    ],
)
def test_a_character_that_cannot_be_drawn_is_told_by_its_number(name, printed):
    assert shown(name) == printed
    assert pages(report(GREEN, replace(RECEIVED, name=name))) == 1


def test_our_fonts_draw_every_character_that_we_say_they_draw():
    """PDF/UA refuses a character without its drawing: the letter would not be made."""
    every = "".join(chr(code) for code in range(0x2FFF) if _DRAWN.fullmatch(chr(code)))
    assert len(every) > 1_500
    rows = [every[at : at + 40] for at in range(0, len(every), 40)]
    for style in ("name", "mono", "strong"):
        facts = [[row, row, style] for row in rows]
        assert typeset("report", {**_DATA, "facts": facts}, NOW).startswith(b"%PDF")


_DATA = {
    **dict.fromkeys(
        ("title", "maker", "headline", "why", "judged", "advice", "indication", "foot", "page"), "x"
    ),
    "lang": "fr",
    "more": "x",
    "colour": "grey",
    "test": [],
    "lines": [],
    "codes": {"rows": [], "total": 0, "more": ""},
    "differences": {"title": "x", "head": [], "rows": [], "total": 0},
    "troubles": {"title": "x", "head": [], "rows": [], "total": 0},
    "passed": {"title": "x", "rows": [], "total": 0},
    "lists": {"title": "x", "rows": ["x"]},
    "unchecked": {"title": "x", "rows": []},
}


def test_an_overfull_verdict_is_still_one_page_and_says_what_is_missing():
    fields = tuple(
        CodeField(str(i), f"Donnée {i} " * (1 + i % 5), "", "valeur" * (1 + 3 * i), "")
        for i in range(80)
    )
    differences = tuple(
        Difference(str(i), f"Donnée {i}", "8" * (5 * i + 1), "3" * (7 * i + 1) if i % 2 else None)
        for i in range(40)
    )
    code = replace(
        CODE,
        fields=fields,
        printed_text=PrintedText(PrintedResult.DIFFERENT, differences, OTHERWISE.check),
    )
    sub = SubIndication.SIG_CONSTRAINTS_FAILURE
    many = (Check.unsure(f"seal.{i}", "identifier-redefined", sub) for i in range(90))
    seal = failing(replace(SEAL, signer="Mairie " * 90), *many)
    long = Received.of("é" * 200 + ".pdf", b"", NOW)
    for words in (FRENCH, ENGLISH):
        pdf = report_pdf(verdict([seal] * 9, [code] * 20), long, MAKER, words)
        assert (pages(pdf), outside(pdf)) == (1, [])
    text = told(verdict([seal] * 9, [code] * 20), long)
    assert "et 19 autres codes" in text
    assert " de plus, dans la réponse de coffre verify --json" in text
    assert "é … é" in text
    assert ".pdf" in text


def test_the_same_check_gives_the_same_bytes():
    assert report(DIFFERENT) == report(DIFFERENT)
    later = replace(RECEIVED, at=NOW + timedelta(seconds=1))
    assert report(DIFFERENT, later) != report(DIFFERENT)


def test_an_english_report_has_no_french_of_ours():
    text = told(DIFFERENT, words=ENGLISH)
    assert "Forged or altered" in text
    assert "Amount 84,20" in text
    for french in ("Rapport", "Scellé", "Contrôle", "document ne", "Fichier", "Empreinte"):
        assert french not in text


def test_a_text_file_shows_what_would_hide_too():
    assert seen("a\u202eb\tc\u4e2d") == "a\u2039U+202E\u203ab\u2039U+0009\u203ac\u4e2d"
