"""The value of one field: from the text of the code to a typed value, and back.

Rules kept here (2D-Doc 3.2.6 to 3.3.9, section of each identifier):

- dates `ddmmyyyy`, or days since 2000-01-01 in four hexadecimal digits; date and time
  `ddmmyyyyhhmm` (one identifier adds seconds), without a zone: the issuer's own clock;
- amounts have a decimal comma and may be negative; digits that name something (postcode, SIREN)
  stay text, zeros included;
- addresses on the web (0C) are UTF-8 in base32 without padding; base32 is canonical: upper case,
  no `=`, no stray trailing bit;
- what does not decode raises `ValueInvalidError`; the reader then keeps the raw text.

Text in, value out: which identifier allows what is `catalogue.py`'s.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import ClassVar, Final, TypeAlias

from sealing import base32
from sealing.errors import SealingError
from sealing.twoddoc.catalogue import Kind

EPOCH: Final = date(2000, 1, 1)
NO_DATE: Final = "FFFF"
_BASE36_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DATES: Final = frozenset({Kind.DATE_DDMMYYYY, Kind.DATE_HEXDAYS2000})


class ValueInvalidError(SealingError):
    """The text is not a value of the kind that the identifier asks. Details: `kind`."""

    code: ClassVar[str] = "twoddoc.value-invalid"


@dataclass(frozen=True, slots=True)
class LocalDateTime:
    """A day and a time on the issuer's clock; the code names no zone."""

    day: date
    clock: time

    def __str__(self) -> str:
        """Give it as ISO 8601 without a zone."""
        return f"{self.day.isoformat()}T{self.clock.isoformat()}"


@dataclass(frozen=True, slots=True)
class Period:
    """From one month to another, each as its first day."""

    first: date
    last: date

    def __str__(self) -> str:
        """Give it as ISO 8601: two months."""
        return f"{self.first:%Y-%m}/{self.last:%Y-%m}"


Value: TypeAlias = str | int | bool | Decimal | date | time | LocalDateTime | Period


def decode(kind: Kind, text: str) -> Value:
    """Give the typed value of a field's text; raise ValueInvalidError."""
    try:
        return _DECODERS[kind](text)
    except ValueInvalidError:
        raise
    except (ValueError, ArithmeticError) as problem:
        raise _invalid(kind) from problem


def encode(kind: Kind, value: Value, width: int = 0) -> str:
    """Give the text of a value: a typed one is written out, a text must already be right.

    Two services for texts: dates may be ISO 8601, and an address on the web is put in base32.
    Numbers take zeros in front up to `width`, the length of a fixed field.
    Raises ValueInvalidError; `decode` of the result is the value.
    """
    if kind is Kind.BASE32_UTF8:
        return _encoded_url(str(value))
    if kind in _DATES and isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            value = date.fromisoformat(value)
        except ValueError as problem:
            raise _invalid(kind) from problem
    if isinstance(value, str):
        decode(kind, value)
        return value
    text = _write(kind, value).zfill(width)
    if decode(kind, text) != value:
        raise _invalid(kind)
    return text


def base32_encode(content: bytes) -> str:
    """Give bytes as base32."""
    return base32.encode(content)


def base32_decode(text: str) -> bytes:
    """Read canonical base32; raise ValueInvalidError."""
    try:
        return base32.decode(text)
    except base32.Base32Error as problem:
        raise ValueInvalidError(str(problem), kind="base32") from problem


def days_encode(day: date | None) -> str:
    """Give a header date; None is FFFF. Raises ValueInvalidError outside 2000-01-01..2179."""
    if day is None:
        return NO_DATE
    days = (day - EPOCH).days
    if not 0 <= days < int(NO_DATE, 16):
        raise ValueInvalidError(f"got {day}, expected 2000-01-01 to 2179-06-05", kind="date")
    return f"{days:04X}"


def days_decode(text: str) -> date | None:
    """Read a header date, four upper-case hexadecimal digits; FFFF is None."""
    if not re.fullmatch("[0-9A-F]{4}", text):
        raise ValueInvalidError(f"got {text!r}, expected 4 hexadecimal digits", kind="date")
    return None if text == NO_DATE else EPOCH + timedelta(int(text, 16))


def _invalid(kind: Kind) -> ValueInvalidError:
    # The value itself is a person's: it stays out of the message.
    return ValueInvalidError(f"expected a value of kind {kind}", kind=str(kind))


def _encoded_url(url: str) -> str:
    try:
        return base32_encode(url.encode())
    except UnicodeEncodeError as problem:
        raise _invalid(Kind.BASE32_UTF8) from problem


def _write(kind: Kind, value: Value) -> str:
    match value:
        case bool() | int():
            text = _write_number(kind, int(value))
        case Decimal():
            text = f"{value:f}".replace(".", ",")
        case LocalDateTime():
            text = f"{value.day:%d%m%Y}{_write(kind, value.clock)}"
        case Period():
            text = f"{value.first:%m%Y}{value.last:%m%Y}"
        case date():
            text = days_encode(value) if kind is Kind.DATE_HEXDAYS2000 else f"{value:%d%m%Y}"
        case time():
            seconds = "%S" if kind in (Kind.TIME, Kind.TIME_HHMMSS) else ""
            text = value.strftime(f"%H%M{seconds}")
        case _:
            text = str(value)
    return text


def _write_number(kind: Kind, value: int) -> str:
    if kind is Kind.HEX_INTEGER:
        return f"{value:X}"
    if kind is Kind.BASE36_DIGIT and 0 <= value < len(_BASE36_DIGITS):
        return _BASE36_DIGITS[value]
    return str(value)


def _digits(pattern: str, kind: Kind) -> Callable[[str], str]:
    compiled = re.compile(pattern, re.ASCII)

    def read(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise _invalid(kind)
        return text

    return read


def _numbers(pattern: str, kind: Kind) -> Callable[[str], list[int]]:
    compiled = re.compile(pattern, re.ASCII)

    def read(text: str) -> list[int]:
        found = compiled.fullmatch(text)
        if found is None:
            raise _invalid(kind)
        return [int(part) for part in found.groups()]

    return read


_DAY = _numbers(r"(\d\d)(\d\d)(\d{4})", Kind.DATE_DDMMYYYY)
_MOMENT = _numbers(r"(\d\d)(\d\d)(\d{4})(\d\d)(\d\d)", Kind.DATETIME_DDMMYYYYHHMM)
_SECOND = _numbers(r"(\d\d)(\d\d)(\d{4})(\d\d)(\d\d)(\d\d)", Kind.TIME)
_CLOCK = _numbers(r"(\d\d)(\d\d)", Kind.TIME_HHMM)
_CLOCK_SECONDS = _numbers(r"(\d\d)(\d\d)(\d\d)", Kind.TIME_HHMMSS)
_MONTH_PAIR = _numbers(r"(\d\d)(\d{4})(\d\d)(\d{4})", Kind.PERIOD_MMYYYYMMYYYY)
_YEAR = _numbers(r"(\d{4})", Kind.YEAR_YYYY)
_AMOUNT = _digits(r"-?\d+(,\d+)?", Kind.DECIMAL_COMMA)
_HEX = _digits(r"[0-9A-F]+", Kind.HEX_INTEGER)
_BASE36 = _digits(r"[0-9A-Z]", Kind.BASE36_DIGIT)
_BOOL = _digits(r"[01]", Kind.BOOL01)


def _moment(parts: list[int]) -> LocalDateTime:
    day, month, year, *clock = parts
    return LocalDateTime(date(year, month, day), _time(clock))


def _time(parts: list[int]) -> time:
    hour, minute, second = (*parts, 0)[:3]
    return time(hour, minute, second)


def _date(text: str) -> date:
    day, month, year = _DAY(text)
    return date(year, month, day)


def _days(text: str) -> date:
    day = days_decode(text)
    if day is None:
        raise _invalid(Kind.DATE_HEXDAYS2000)
    return day


def _period(text: str) -> Period:
    first_month, first_year, last_month, last_year = _MONTH_PAIR(text)
    return Period(date(first_year, first_month, 1), date(last_year, last_month, 1))


def _url(text: str) -> str:
    return base32_decode(text).decode()


_DECODERS: Final[dict[Kind, Callable[[str], Value]]] = {
    Kind.TEXT: str,
    Kind.DIGITS: _digits(r"\d*", Kind.DIGITS),
    Kind.NUMERIC: _digits(r"\d*", Kind.NUMERIC),
    Kind.DIGITS_ZERO_PADDED: _digits(r"\d*", Kind.DIGITS_ZERO_PADDED),
    Kind.DIGITS_SLASH: _digits(r"[\d/]*", Kind.DIGITS_SLASH),
    Kind.DIGITS_OR_SPACES: _digits(r"[\d ]*", Kind.DIGITS_OR_SPACES),
    Kind.DECIMAL_COMMA: lambda text: Decimal(_AMOUNT(text).replace(",", ".")),
    Kind.DECIMAL_OR_SIGNED_INTEGER: lambda text: Decimal(_AMOUNT(text).replace(",", ".")),
    Kind.HEX_INTEGER: lambda text: int(_HEX(text), 16),
    Kind.BASE36_DIGIT: lambda text: int(_BASE36(text), 36),
    Kind.BOOL01: lambda text: _BOOL(text) == "1",
    Kind.DATE_DDMMYYYY: _date,
    Kind.DATE_HEXDAYS2000: _days,
    Kind.DATETIME_DDMMYYYYHHMM: lambda text: _moment(_MOMENT(text)),
    Kind.TIME: lambda text: _moment(_SECOND(text)),
    Kind.TIME_HHMM: lambda text: _time(_CLOCK(text)),
    Kind.TIME_HHMMSS: lambda text: _time(_CLOCK_SECONDS(text)),
    Kind.PERIOD_MMYYYYMMYYYY: _period,
    Kind.YEAR_YYYY: lambda text: _YEAR(text)[0],
    Kind.BASE32_UTF8: _url,
}
