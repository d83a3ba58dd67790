"""2D-Doc: our two tables say what the shared facts say, and every entry of them works."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.budget import cases
from support.shared import shared
from support.twoddoc import sign

from sealing.twoddoc import emission
from sealing.twoddoc.catalogue import (
    DataIdentifier,
    IssueDateRule,
    doc_type,
    doc_types,
    identifiers,
)
from sealing.twoddoc.conformance import town_types
from sealing.twoddoc.emission import Emission, EmissionError, encode_unsigned
from sealing.twoddoc.fields import Field
from sealing.twoddoc.header import Header
from sealing.twoddoc.message import issue, parse
from sealing.twoddoc.values import Value, decode

DAY = date(2026, 11, 20)
CHARSETS = {
    "A-Z space": "A-Z ",
    "A-Z0-9 space": "A-Z0-9 ",
    "A-Z0-9 space /": "A-Z0-9 /",
    "A-Z space /": "A-Z /",
    "A-Z0-9 -": "A-Z0-9-",
    "A-Z0-9 @ ' space -": "A-Z0-9@' -",
    "A-Z0-9 @ . -": "A-Z0-9@.-",
    "A-Z0-9 - /": "A-Z0-9/-",
    "2 letters + digits": "eori",
    "digits space": "0-9 ",
    "hex space -": "0-9A-F -",
}
GOOD = {
    "bool01": "1",
    "base36_digit": "Z",
    "decimal_comma": "1,5",
    "decimal_or_signed_integer": "-182",
    "date_ddmmyyyy": "29022024",
    "date_hexdays2000": "111E",
    "datetime_ddmmyyyyhhmm": "290220242359",
    "time": "29022024235959",
    "time_hhmm": "2359",
    "time_hhmmss": "235959",
    "period_mmyyyymmyyyy": "012026122026",
    "year_yyyy": "2026",
    "base32_utf8": "https://ville.example/é",
}


def facts(name: str, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shared(f"data/twoddoc/{name}").read_text("utf-8"))[key]
    return found


def good_value(entry: DataIdentifier) -> str:
    """Give a value of the right form, the shortest that is not empty."""
    if entry.is_eori:
        return "FR12345678901"
    text = GOOD.get(entry.kind, "1" if entry.kind != "text" or entry.charset != "A-Z" else "A")
    if entry.kind == "text" and entry.charset and entry.charset.startswith("A-Z"):
        text = "A"
    width = entry.minimum if entry.kind not in GOOD or entry.kind.startswith("decimal") else 0
    if entry.kind.startswith("decimal") and width:
        return "1,5".rjust(width, "0")
    return text * width if len(text) == 1 and width else text


def typed_value(field: Field) -> Value:
    """Give the value that a field's text stands for."""
    return decode(identifiers()[field.di].kind, field.raw)


def test_identifiers_agree_with_the_shared_facts():
    ours = identifiers()
    theirs = facts("data_identifiers.json", "identifiers")
    # As for types: later identifiers may stand among them.
    known = {row["id"] for row in theirs}
    assert [row["id"] for row in theirs] == [di for di in ours if di in known]
    for row in theirs:
        entry = ours[row["id"]]
        assert (entry.minimum, entry.maximum, entry.fixed) == (row["min"], row["max"], row["fixed"])
        assert entry.charset == CHARSETS.get(row["charset"], row["charset"]), entry.di
        # Four characters cannot be ddmmyyyy: the note beside 56 says so, and signed examples.
        kind = "date_hexdays2000" if entry.di == "56" else row["kind"]
        assert entry.kind == kind, entry.di
        unnamed = row["name"].startswith("(")
        assert entry.french == ("" if unnamed else " ".join(row["name"].split()))


def test_types_agree_with_the_shared_facts():
    theirs = facts("doc_types.json", "types")
    # The specification grows every year: we may know a type that the shared facts do not, if its
    # row says from where.
    newer = [code for code in doc_types() if code not in {row["code"] for row in theirs}]
    assert [row["code"] for row in theirs] == [code for code in doc_types() if code not in newer]
    assert all(doc_types()[code].source for code in newer)
    for row in theirs:
        entry = doc_types()[row["code"]]
        assert (entry.french, entry.category) == (row["issuer_type"], row["user_type"])
        assert list(entry.mandatory) == row["mandatory"]
        assert [list(group) for group in entry.one_of] == row["mandatory_one_group_of"]
        assert list(entry.optional) == [di for di in row["optional"] if di in identifiers()]
        assert list(entry.optional_groups) == row.get("optional_groups", [])
        assert list(entry.also_seen) == row.get("also_seen_in_signed_examples", [])
        assert entry.reading_strict is row["reading_strict"]
        assert entry.table_known is not row.get("table_unknown", False)
        required = row["issue_date_in_header"] == "required"
        assert (entry.issue_date is IssueDateRule.REQUIRED) is required
        assert (entry.town is None) is row["municipality_issues"].upper().startswith("NO")


def test_a_town_may_issue_the_seven_types_of_its_guide_and_none_stands_before_them():
    assert list(town_types())[:7] == ["00", "01", "06", "09", "10", "29", "A6"]


def test_every_identifier_that_a_type_names_is_known():
    for entry in doc_types().values():
        named = {*entry.order(), *entry.also_seen, *(entry.may_be_empty or ())}
        assert named <= set(identifiers()), entry.code


def test_a_type_of_another_perimeter_is_unknown():
    assert doc_type("00", "01") is doc_type("00", None) is not None
    assert doc_type("00", "02") is None


@pytest.mark.parametrize("code", list(doc_types()))
def test_a_code_of_every_type_reads_back_what_was_written(code):
    entry = doc_types()[code]
    issued = DAY if entry.issue_date is IssueDateRule.REQUIRED else None
    header = Header(4, "FR00", "TEST", issued, DAY, code, "01", "FR")
    dis = [*entry.order(), "01", "08", "0C"]
    raw = issue(header, {di: good_value(identifiers()[di]) for di in dis}, sign)
    read = parse(raw)
    assert read.header == header
    assert {field.di for field in read.fields} == set(dis)
    assert read.findings == ()
    assert read.encode() == raw
    typed = {field.di: typed_value(field) for field in read.fields}
    assert issue(header, typed, sign) == raw, "typed values are written as the texts they came from"


@pytest.mark.parametrize("di", list(identifiers()))
def test_every_identifier_reads_back_what_was_written_and_what_follows(di):
    entry = identifiers()[di]
    header = Header(4, "FR00", "TEST", DAY, DAY, "B3", "01", "FR")
    values = {di: good_value(entry), **({"0D": "A" * 36} if di != "0D" else {"01": "A"})}
    raw = issue(header, values, sign)
    read = parse(raw)
    assert {field.di for field in read.fields} == set(values)
    assert read.findings == ()
    assert issue(header, {field.di: typed_value(field) for field in read.fields}, sign) == raw


@pytest.mark.parametrize("di", [di for di, entry in identifiers().items() if entry.maximum])
def test_a_value_longer_than_its_identifier_allows_is_refused(di):
    entry = identifiers()[di]
    header = Header(4, "FR00", "TEST", DAY, DAY, "B3", "01", "FR")
    with pytest.raises(EmissionError) as caught:
        encode_unsigned(header, {di: "1" * ((entry.maximum or 0) + 1)})
    assert caught.value.problems[0].rule in {"too-long-value", "value-invalid"}


VALUES = st.one_of(
    st.text(alphabet=" -/@'.,0123456789ABCDEFYZabé\n\x1d_", max_size=12),
    st.sampled_from(list(GOOD.values())),
    st.integers(-5, 99_999),
    st.dates(date(1999, 1, 1), date(2180, 1, 1)),
    st.booleans(),
)


@st.composite
def orders(draw):
    """Draw an order that is right, with up to two values of any kind, one left out or one added."""
    entry = doc_types()[draw(st.sampled_from(list(doc_types())))]
    issued = DAY if entry.issue_date is IssueDateRule.REQUIRED else None
    header = Header(4, "FR00", "TEST", issued, DAY, entry.code, "01", "FR")
    values = {di: good_value(identifiers()[di]) for di in (*entry.order(), "01", "08")}
    some = st.sampled_from(list(values))
    values |= draw(st.dictionaries(some, st.one_of(VALUES, near(draw(some))), max_size=2))
    if draw(st.integers(0, 5)) == 0:
        del values[draw(some)]
    if draw(st.integers(0, 5)) == 0:
        values[draw(st.sampled_from(["0C", "10", "24", "ZZ"]))] = draw(VALUES)
    return header, values


def near(di):
    """Draw texts about as long as an identifier allows."""
    entry = identifiers()[di]
    longest = entry.maximum or 40
    lengths = st.sampled_from([0, 1, entry.minimum, longest - 1, longest, longest + 1])
    return st.builds(str.__mul__, st.sampled_from("1AZ a é/-"), lengths)


def written(header, values, folding):
    try:
        return encode_unsigned(header, values, folding)
    except EmissionError as error:
        return error.problems


@settings(max_examples=cases(ci=1_000, slow=100_000), deadline=None)
@given(orders(), st.booleans(), st.booleans())
def test_the_short_way_writes_what_the_long_way_writes(order, fold, truncate):
    header, values = order
    short = written(header, values, Emission(fold=fold, truncate=truncate))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(emission, "_plan", lambda *_: None)
        long = written(header, values, Emission(fold=fold, truncate=truncate))
    assert short == long
