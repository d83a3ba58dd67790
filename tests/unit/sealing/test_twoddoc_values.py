"""2D-Doc: texts of the code and the values that they stand for."""

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealing.twoddoc.catalogue import Kind
from sealing.twoddoc.fields import fold
from sealing.twoddoc.values import (
    LocalDateTime,
    Period,
    ValueInvalidError,
    base32_decode,
    base32_encode,
    days_decode,
    days_encode,
    decode,
    encode,
)

PAIRS = [
    (Kind.DATE_HEXDAYS2000, "111E", date(2011, 12, 31)),
    (Kind.DATE_HEXDAYS2000, "0E84", date(2010, 3, 5)),
    (Kind.DATE_DDMMYYYY, "29022024", date(2024, 2, 29)),
    (Kind.DATETIME_DDMMYYYYHHMM, "020320201405", LocalDateTime(date(2020, 3, 2), time(14, 5))),
    (Kind.TIME, "02012024071653", LocalDateTime(date(2024, 1, 2), time(7, 16, 53))),
    (Kind.TIME_HHMM, "1405", time(14, 5)),
    (Kind.TIME_HHMMSS, "195113", time(19, 51, 13)),
    (Kind.PERIOD_MMYYYYMMYYYY, "012025122025", Period(date(2025, 1, 1), date(2025, 12, 1))),
    (Kind.YEAR_YYYY, "2026", 2026),
    (Kind.DECIMAL_COMMA, "2500,00", Decimal("2500.00")),
    (Kind.DECIMAL_OR_SIGNED_INTEGER, "-182", Decimal(-182)),
    (Kind.HEX_INTEGER, "7DA", 2010),
    (Kind.BASE36_DIGIT, "C", 12),
    (Kind.BOOL01, "1", True),
    (Kind.DIGITS_ZERO_PADDED, "01000", "01000"),
    (Kind.BASE32_UTF8, "NB2HI4B2F4XWG4TPFZTHE", "http://cro.fr"),
]


@pytest.mark.parametrize(("kind", "text", "value"), PAIRS, ids=str)
def test_a_text_stands_for_one_value_and_back(kind, text, value):
    assert decode(kind, text) == value
    assert encode(kind, value, len(text)) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.DATE_DDMMYYYY, "99999999"),
        (Kind.DATE_DDMMYYYY, "2902202A"),
        (Kind.DATE_DDMMYYYY, "29022023"),
        (Kind.DATE_DDMMYYYY, "\u0661\u0661\u0661\u0661\u0662\u0660\u0662\u0660"),
        (Kind.DATE_HEXDAYS2000, "FFFF"),
        (Kind.DATE_HEXDAYS2000, "11e1"),
        (Kind.TIME_HHMM, "2460"),
        (Kind.TIME_HHMMSS, "2359"),
        (Kind.PERIOD_MMYYYYMMYYYY, "132025122025"),
        (Kind.DECIMAL_COMMA, "1.5"),
        (Kind.DECIMAL_COMMA, "NaN"),
        (Kind.BOOL01, "2"),
        (Kind.HEX_INTEGER, "-1"),
        (Kind.YEAR_YYYY, "20260"),
        (Kind.DIGITS, "1A"),
        (Kind.BASE32_UTF8, "nb2hi4b2"),
        (Kind.BASE32_UTF8, "74======"),
        (Kind.BASE32_UTF8, "7777"),
        (Kind.BASE32_UTF8, "A"),
    ],
)
def test_a_text_of_another_form_is_no_value(kind, text):
    with pytest.raises(ValueInvalidError):
        decode(kind, text)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.BOOL01, 2),
        (Kind.DATE_HEXDAYS2000, date(1999, 12, 31)),
        (Kind.DATE_DDMMYYYY, "2026-02-30"),
        (Kind.DATE_DDMMYYYY, Decimal(1)),
        (Kind.DECIMAL_COMMA, Decimal("Infinity")),
        (Kind.BASE36_DIGIT, 36),
        (Kind.TIME_HHMM, time(1, 2, 3)),
        (Kind.PERIOD_MMYYYYMMYYYY, Period(date(2026, 1, 2), date(2026, 2, 1))),
        (Kind.TEXT, 7),
    ],
)
def test_a_value_that_would_not_read_back_is_not_written(kind, value):
    with pytest.raises(ValueInvalidError):
        encode(kind, value)


def test_dates_may_be_given_as_iso_8601():
    assert encode(Kind.DATE_DDMMYYYY, "2026-11-20") == "20112026"
    assert encode(Kind.DATE_HEXDAYS2000, "2011-12-31") == "111E"


def test_no_date_is_FFFF():  # noqa: N802 - as the specification writes it
    assert days_encode(None) == "FFFF"
    assert days_decode("FFFF") is None


@given(st.dates(date(2000, 1, 1), date(2179, 6, 5)))
def test_header_dates_read_back(day):
    assert days_decode(days_encode(day)) == day


@given(st.binary(max_size=140))
def test_base32_reads_back_and_has_one_form_only(content):
    text = base32_encode(content)
    assert base32_decode(text) == content
    for other in (text + "=", text.lower() + "a", text + "1"):
        with pytest.raises(ValueInvalidError):
            base32_decode(other)


def test_folding_gives_capitals_without_accents():
    assert (
        fold("12, rue de l\N{RIGHT SINGLE QUOTATION MARK}Église-Œuvre", "A-Z0-9 ")
        == "12  RUE DE L EGLISE OEUVRE"
    )
    assert fold("Mme/Nguyễn", None) == "MME/NGUYEN"
    assert fold("12-b", "A-Z0-9-") == "12-B"
