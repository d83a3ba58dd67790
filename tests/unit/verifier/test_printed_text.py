"""The words of a page against the signed values of its code."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.twoddoc_pki import Authority

from sealing.twoddoc.message import parse
from sealing.twoddoc.signature import VerifiedMessage
from sealing.twoddoc.signature import verify as prove
from verifier.check import Indication, SubIndication
from verifier.checks.page.printed_forms import Page, forms, words_of
from verifier.checks.page.printed_text import compare
from verifier.reading.found import PageWords, Word
from verifier.verdict import PrintedResult

SAME, DIFFERENT = PrintedResult.SAME, PrintedResult.DIFFERENT
NOT_COMPARED = PrintedResult.NOT_COMPARED
TOWN = Authority("FR77").leaf()
ADDRESS = (
    b"10MME/DUPONT/CLAIRE ANNE\x1d20\x1d21\x1d2212 RUE DES LILAS\x1d23\x1d"
    b"246999925VAL SAINT MARTIN\x1d26FR"
)
LETTER = "Madame Claire Anne DUPONT\n12, rue des Lilas\n69999 Val-St-Martin\nAttestation"


def proved(body: bytes = ADDRESS, **header: object) -> VerifiedMessage:
    """Sign a message and prove it."""
    parsed = parse(TOWN.odd_code(body, **header))
    return prove(parsed, TOWN.certificate.public_key())


def page(text: str, *, seen: bool = True, pictured: bool = False) -> PageWords:
    """Lay a text out: one line each, an ordinary space between words."""
    words = []
    for row, line in enumerate(text.split("\n")):
        x = 72.0
        for word in line.split(" "):
            width = 6.0 * len(word)
            words.append(Word(word, (x, row * 14.0, x + width, row * 14.0 + 12), seen))
            x += width + 3
    return PageWords(tuple(words), pictured)


@pytest.mark.parametrize(
    "text",
    [
        LETTER,
        LETTER.upper(),
        "MME DUPONT CLAIRE ANNE\n12 RUE DES LILAS\n69999 VAL SAINT MARTIN CEDEX",
        "Mme Dupont Cla\N{LATIN SMALL LETTER I}re-Anne 12 R. des Lilas 69999 VAL ST MARTIN",
        LETTER.replace(" ", "\N{NO-BREAK SPACE}"),
        LETTER.replace("Claire Anne", "Clàire, Ânne"),
    ],
)
def test_a_page_that_prints_its_values_in_a_usual_way_is_the_same(text):
    answer = compare(proved(), page(text))
    assert (answer.result, answer.differences) == (SAME, ())
    assert answer.check is not None
    assert answer.check.has_passed


@pytest.mark.parametrize(
    ("old", "new", "di"),
    [
        ("DUPONT", "MARTIN", "10"),
        ("DUPONT", "DUPONTEL", "10"),
        ("DUPONT", "DU PONTE", "10"),
        ("Claire Anne", "Claire", "10"),
        ("Claire Anne", "Anne Claire", "10"),
        ("12,", "112,", "22"),
        ("12,", "1 2,", "22"),
        ("12,", "12 3,", "22"),
        ("Lilas", "Lilasse", "22"),
        ("69999", "69998", "24"),
        ("69999", "699990", "24"),
        ("Val-St-Martin", "Val-Ste-Martin", "25"),
        ("Val-St-Martin", "Valbourg", "25"),
    ],
)
def test_one_changed_value_makes_the_page_different(old, new, di):
    answer = compare(proved(), page(LETTER.replace(old, new)))
    assert answer.result is DIFFERENT
    assert answer.check is not None
    assert answer.check.indication is Indication.TOTAL_FAILED
    assert answer.check.sub_indication is SubIndication.HASH_FAILURE
    assert [one.di for one in answer.differences] == [di]


def test_a_difference_shows_what_was_signed_and_what_stands_there():
    [one] = compare(proved(), page(LETTER.replace("Lilas", "Roses"))).differences
    assert (one.signed, one.printed) == ("12 RUE DES LILAS", "12, rue des Roses")
    [one] = compare(proved(), page(LETTER.replace("12, rue des Lilas", ""))).differences
    assert one.printed is None


INVOICE = ADDRESS + b"1D84,20\x1d"
BILL = LETTER + "\nFacture du {day}\nMontant TTC {amount} \N{EURO SIGN}"
HEADER = {"doc_type": "00", "issue_date": date(2026, 10, 12)}


def bill(day: str, amount: str) -> PageWords:
    """Print an invoice."""
    return page(BILL.format(day=day, amount=amount))


@pytest.mark.parametrize(
    ("day", "amount", "told"),
    [
        ("12/10/2026", "34,20", ("Montant TTC de la facture", "84,20", "34,20")),
        ("12/10/2027", "84,20", ("date du document", "12/10/2026", "12/10/2027")),
        ("12 octobre 2025", "84,20", ("date du document", "12/10/2026", "12 octobre 2025")),
    ],
)
def test_another_amount_or_year_in_place_of_the_signed_one_leaves_it_open(day, amount, told):
    answer = compare(proved(INVOICE, **HEADER), bill(day, amount))
    assert answer.result is DIFFERENT
    assert answer.check is not None
    assert answer.check.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND
    [one] = answer.differences
    assert (one.name, one.signed, one.printed) == told


@pytest.mark.parametrize(
    ("day", "amount"),
    [
        ("12/10/2026", "84,20"),
        ("1er novembre 2026", "84,20"),
        ("5 d\xe9cembre 2026", "84.20"),
        ("jour", "84,20"),
    ],
)
def test_a_page_of_the_year_of_its_code_is_the_same(day, amount):
    assert compare(proved(INVOICE, **HEADER), bill(day, amount)).result is SAME


def test_the_turn_of_the_year_is_the_same_time():
    signed = proved(INVOICE, doc_type="00", issue_date=date(2026, 12, 28))
    assert compare(signed, bill("4 janvier 2027", "84,20")).result is SAME
    assert compare(signed, bill("4 mars 2027", "84,20")).result is DIFFERENT


def test_an_amount_that_is_nowhere_takes_the_green_away_and_accuses_nobody():
    answer = compare(proved(INVOICE, **HEADER), bill("12/10/2026", "en annexe"))
    assert (answer.result, answer.check) == (NOT_COMPARED, None)
    assert [one.name for one in answer.differences] == ["Montant TTC de la facture"]


@pytest.mark.parametrize("text", ["", LETTER])
def test_words_that_nobody_sees_prove_nothing(text):
    answer = compare(proved(), page(text, seen=False))
    assert (answer.result, answer.check) == (NOT_COMPARED, None)


def test_hidden_words_do_not_make_an_altered_page_the_same():
    altered = page(LETTER.replace("DUPONT", "MARTIN")).words
    both = PageWords((*altered, *page(LETTER, seen=False).words))
    assert compare(proved(), both).result is NOT_COMPARED


def test_a_scan_is_not_accused_for_the_words_that_it_lacks():
    stamp = page("Numérisé le lundi", pictured=True)
    assert compare(proved(), stamp).result is NOT_COMPARED
    recognised = PageWords((*stamp.words, *page("MME DUPOND", seen=False).words), pictured=True)
    answer = compare(proved(), recognised)
    assert answer.check is not None
    assert answer.check.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


def test_a_civility_or_country_left_out_accuses_nobody():
    answer = compare(proved(), page(LETTER.replace("Madame ", "")))
    assert (answer.result, answer.check) == (NOT_COMPARED, None)
    assert [one.di for one in answer.differences] == ["10"]
    abroad = compare(proved(ADDRESS[:-2] + b"BE"), page(LETTER))
    assert (abroad.result, [one.di for one in abroad.differences]) == (NOT_COMPARED, ["26"])


def test_identifiers_of_the_code_itself_are_not_asked_of_the_page():
    more = b"01A1FD8C69007030B03030303030303030080E84"
    assert compare(proved(ADDRESS + more), page(LETTER)).result is SAME


def test_an_optional_value_that_is_missing_takes_the_green_away():
    body = b"10M/MARTIN/PAUL\x1d22LE BOURG\x1d23BOITE 4\x1d246999926FR"
    answer = compare(proved(body, doc_type="01"), page("M. Martin Paul\nLe Bourg\n69999"))
    assert (answer.result, answer.check) == (NOT_COMPARED, None)
    assert [one.di for one in answer.differences] == ["23"]


def test_a_type_that_asks_nothing_is_never_the_same():
    assert compare(proved(b"", doc_type="00"), page(LETTER)).result is NOT_COMPARED
    assert compare(proved(doc_type="ZZ"), page(LETTER)).result is NOT_COMPARED


def test_a_value_that_was_cut_is_compared_as_far_as_it_goes():
    cut = ADDRESS.replace(b"12 RUE DES LILAS\x1d", b"12 RUE DES LIL\x1e")
    assert compare(proved(cut), page(LETTER)).result is SAME
    assert compare(proved(cut), page(LETTER.replace("Lilas", "Roses"))).result is DIFFERENT


@pytest.mark.parametrize(
    "text",
    [
        "20/11/2026",
        "20-11-2026",
        "20.11.26",
        "le 20 novembre 2026",
        "20 NOV. 2026",
        "2026-11-20",
        "20112026",
    ],
)
def test_a_date_stands_in_any_usual_form(text):
    shown = Page.of(page(text).words)
    assert any(shown.shows(form) for form in forms(date(2026, 11, 20)))
    assert not any(shown.shows(form) for form in forms(date(2026, 11, 2)))
    assert not any(shown.shows(form) for form in forms(date(2025, 11, 20)))


@pytest.mark.parametrize("text", ["1er mars 2026", "01/03/2026", "1/3/26"])
def test_the_first_of_a_month_has_forms_of_its_own(text):
    assert any(Page.of(page(text).words).shows(form) for form in forms(date(2026, 3, 1)))


@pytest.mark.parametrize(
    ("amount", "text", "shown"),
    [
        ("1234.56", "1234,56", True),
        ("1234.56", "1 234,56 \N{EURO SIGN}", True),
        ("1234.56", "1\N{NARROW NO-BREAK SPACE}234,56", True),
        ("1234.56", "1.234,56", True),
        ("1234.56", "1234.56EUR", True),
        ("1234.5", "1 234,50", True),
        ("1234", "1234,00", True),
        ("1234", "1234", True),
        ("0.5", "0,50", True),
        ("1234.56", "1234,57", False),
        ("1234.56", "11234,56", False),
        ("1234.56", "1234,561", False),
        ("1234", "1234,5", False),
        ("234.56", "1 234,56", False),
        ("234", "1 234", False),
        ("1", "1 234", False),
        ("12", "123", False),
        ("12", "12,50", False),
        ("12", "-12", False),
        ("-12", "-12", True),
        ("-12", "12", False),
        ("12", "total : 12.", True),
    ],
)
def test_an_amount_stands_whole_or_not_at_all(amount, text, shown):
    assert Page.of(page(text).words).shows_amount(Decimal(amount)) is shown


def test_figures_far_apart_are_two_numbers():
    words = (Word("3", (0, 0, 6, 12)), Word("234,56", (60, 0, 96, 12)))
    assert Page.of(words).shows_amount(Decimal("234.56"))
    assert not Page.of(words).shows_amount(Decimal("3234.56"))


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        ("12345678901234", "SIRET 123 456 789 01234", True),
        ("0102030405", "Tél. 01.02.03.04.05", True),
        ("1", "12", False),
        ("12", "1 2", False),
        ("L ETOILE", "L'Étoile", True),
        ("OEUVRE", "\N{LATIN SMALL LIGATURE OE}uvre", True),
        ("AV DE LA GARE", "avenue de la Gare", True),
        ("12 BIS RUE", "12bis rue", True),
        ("DUPONT", "DUPONT.", True),
        ("DUPONT", "DUPONT2", False),
    ],
)
def test_a_text_is_a_run_of_whole_words(value, text, shown):
    assert Page.of(page(text).words).shows(value) is shown


@given(st.text(), st.text(), st.text())
def test_a_text_between_others_is_always_found(before, text, after):
    words = tuple(Word(one, (0, 0, 1, 1)) for one in (before, text, after))
    assert Page.of(words).shows(text)


@given(st.text())
def test_folding_twice_is_folding_once(text):
    once = words_of(text)
    assert words_of(" ".join(once)) == once


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9
    )
)
def test_an_amount_is_found_as_france_writes_it(amount):
    written = f"{amount:,.2f}".replace(",", " ").replace(".", ",")
    assert Page.of(page(f"Total {written} EUR").words).shows_amount(amount)
