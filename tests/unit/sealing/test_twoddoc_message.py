"""2D-Doc: what is read, what is written, what is refused."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.budget import cases
from support.twoddoc import (
    FORGED,
    MALFORMED,
    OUR_CODES,
    SETS,
    SIGNED,
    header_of,
    reason_of,
    shared_codes,
    sign,
)

from sealing.twoddoc.catalogue import identifiers
from sealing.twoddoc.conformance import dated_findings, require_town_type
from sealing.twoddoc.emission import Emission, EmissionError, check_signing_date, encode_unsigned
from sealing.twoddoc.fields import FindingCode
from sealing.twoddoc.header import (
    DamagedInTransportError,
    Header,
    NotTwoDDocError,
    Reason,
    TwoDDocError,
    UnknownFormError,
)
from sealing.twoddoc.message import ParsedMessage, assemble, issue, parse

DAY = date(2026, 11, 20)
HEADER = Header(4, "FR00", "TEST", DAY, DAY, "00", "01", "FR")
VALUES = {
    "10": "MME/EXEMPLE/CAMILLE",
    "20": "",
    "21": "",
    "22": "12 RUE DES ESSAIS",
    "23": "",
    "24": "75000",
    "25": "VILLE EXEMPLE",
    "26": "FR",
}
WELL_FORMED = SIGNED + FORGED
named = pytest.mark.parametrize("code", WELL_FORMED, ids=lambda code: code["name"])


def fields_of(message: ParsedMessage) -> list[list[str | bool]]:
    return [[field.di, field.raw, field.truncated] for field in message.fields]


def is_binary(code: Mapping[str, Any]) -> bool:
    return bool(code["header"].get("form") == "binary")


@named
def test_a_code_is_read_whole(code):
    read = parse(code["raw"].encode("latin-1"))
    assert read.header == header_of(code)
    assert fields_of(read) == code["fields"]
    assert [str(finding) for finding in read.findings] == code["findings"]
    dated = dated_findings(read.header, read.fields, date(2026, 11, 21))
    assert [str(finding) for finding in dated] == code.get("dated", [])
    annex = read.annex and (read.annex.raw.hex() if is_binary(code) else read.annex.raw.decode())
    assert annex == code["annex"]


@named
def test_what_was_read_is_written_again_byte_for_byte(code):
    raw = code["raw"].encode("latin-1")
    assert parse(raw).encode() == raw
    after = b"\xff" if is_binary(code) else b"" if code["header"]["version"] == 1 else b"\x1f"
    read = parse(raw)
    assert raw.startswith(read.signed + after)
    assert read.signature in raw if read.made_of_bytes else read.signature not in raw


def test_our_codes_break_every_rule_and_show_every_oddity():
    broken = {row["error"] for row in [*MALFORMED, *SETS]} - {None}
    assert broken == {str(reason) for reason in Reason}
    told = [one for code in WELL_FORMED for one in (*code["findings"], *code.get("dated", []))]
    repaired = {FindingCode.REPAIRED_TRANSPORT} & {
        one.code
        for code in MALFORMED
        if code["repaired_as"]
        for one in parse(code["raw"].encode("latin-1"), repair=True).findings
    }
    assert {one.split(":")[0] for one in told} | repaired == {str(code) for code in FindingCode}


@pytest.mark.parametrize("code", MALFORMED, ids=lambda code: code["name"])
def test_a_malformed_code_names_the_rule_it_breaks(code):
    raw = code["raw"].encode("latin-1")
    with pytest.raises(TwoDDocError) as caught:
        parse(raw)
    assert caught.value.reason == code["error"], code["why"]
    assert caught.value.retryable is code["scan_again"], code["why"]
    if code["repaired_as"]:
        repaired = parse(raw, repair=True)
        assert repaired.encode() == code["repaired_as"].encode()
        assert FindingCode.REPAIRED_TRANSPORT in {one.code for one in repaired.findings}


@pytest.mark.parametrize(
    "code", [one for one in SIGNED if one.get("emit")], ids=lambda c: c["name"]
)
def test_our_codes_are_written_from_their_values(code):
    emission = Emission(fold=code["fold"], truncate=code["truncate"])
    raw = issue(header_of(code), code["values"], sign, emission)
    annex = b"" if code["annex"] is None else b"\x1d" + code["annex"].encode()
    assert (raw + annex).decode() == code["raw"]


def test_shared_codes_are_read_as_their_authors_meant():
    assert len(shared_codes()) == 87
    for code in shared_codes():
        if code["expected_test_mode"]["sub_indication"] == "FORMAT_FAILURE":
            with pytest.raises(TwoDDocError, match="expected 103, 154 or 212"):
                parse(code["raw"].encode("latin-1"))
            continue
        read = parse(code["raw"].encode("latin-1"))
        assert read.encode() == code["raw"].encode("latin-1"), code["name"]
        assert [field.di for field in read.fields] == code["field_order"], code["name"]
        assert {field.di: field.raw for field in read.fields} == code["fields"], code["name"]
        assert [f.di for f in read.fields if f.truncated] == code["truncated"], code["name"]
        head = read.header
        assert (head.version, head.doc_type, head.perimeter, head.country) == (
            code["version"],
            code["doc_type"],
            code["perimeter"],
            code["country"],
        )
        assert (head.ca_id, head.certificate_id) == (code["ca"], code["cert"])
        assert str(head.issue_date) == str(code["issue_date"]), code["name"]
        assert str(head.signature_date) == code["signature_date"]
        annex = {f.di: f.raw for f in read.annex.fields} if read.annex else None
        assert annex == code.get("annex_fields"), code["name"]
        if code["version"] == 1:
            assert read.signature.hex() == code["signature_hex"]
            assert FindingCode.VERSION_WITHDRAWN in {one.code for one in read.findings}


def test_shared_codes_have_the_findings_of_conformance_and_no_other():
    conformance = {
        FindingCode.UNKNOWN_DI,
        FindingCode.DUPLICATE_DI,
        FindingCode.MISSING_MANDATORY,
        FindingCode.FORBIDDEN_DI,
        FindingCode.ISSUE_DATE_MISSING,
        FindingCode.ISSUE_DATE_FORBIDDEN,
    }
    for code in shared_codes():
        if code["signature_bytes"] not in {64, 96, 132}:
            continue
        found = [
            one for one in parse(code["raw"].encode("latin-1")).findings if one.code in conformance
        ]
        assert sorted(map(str, found)) == sorted(code["findings"]), code["name"]


def test_an_eori_stops_by_itself_and_no_other_text_does():
    assert [di for di, entry in identifiers().items() if entry.is_eori] == ["DH", "DP", "DW"]
    header = Header(4, "FR00", "TEST", DAY, DAY, "C2", "01", "FR").encode()
    for body, expected in {
        b"DWFR345678901234567DY009": [["DW", "FR345678901234567", False], ["DY", "009", False]],
        b"DWFR345678901234567\x1dDY009": [["DW", "FR345678901234567", False], ["DY", "009", False]],
        b"DWfr34DY009\x1d": [["DW", "fr34DY009", False]],
        b"D2FR34DY009\x1d": [["D2", "FR34DY009", False]],
    }.items():
        read = parse(assemble(header + body, sign(header + body)))
        assert fields_of(read) == expected, body


def test_what_is_no_2d_doc_is_recognised():
    looks = {b"HC1:6BF": "health-certificate", b"CV1:AB": "towncode", b"https://x": "url"}
    for raw, name in {**looks, b"]d20103453120000011": "gs1", b"SALUT": ""}.items():
        with pytest.raises(NotTwoDDocError) as caught:
            parse(raw)
        assert caught.value.looks_like == name


def test_a_form_of_later_is_not_called_damage():
    for raw, form in {
        b"DC05": "version 05",
        b"\xdc\x05" + bytes(17): "binary version 05",
    }.items():
        with pytest.raises(UnknownFormError) as caught:
            parse(raw)
        assert caught.value.details["form"] == form


def test_every_problem_of_an_emission_is_told_at_once():
    header = Header(3, "FR00", "TEST", None, DAY, "00", "01", None)
    values = {"22": "rue", "24": "7500", "58": "1,00", "ZZ": "X", "10": "A" * 39, "26": ""}
    with pytest.raises(EmissionError) as caught:
        encode_unsigned(header, values)
    assert {(problem.rule, problem.di) for problem in caught.value.problems} == {
        ("version", None),
        ("country", None),
        ("issue-date-missing", None),
        ("unknown-di", "ZZ"),
        ("charset", "22"),
        ("value-invalid", "24"),
        ("value-invalid", "26"),
        ("forbidden-di", "58"),
        ("too-long-value", "10"),
        ("empty-value", "26"),
        *(("missing-mandatory", di) for di in ("20", "21", "23", "25")),
    }
    assert "rue" not in str(caught.value), "a person's value stays out of the log"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"10": "MME/É/CAMILLE"}, "charset"),
        ({"22": ""}, "empty-value"),
        ({"0C": "https://é\udce9"}, "value-invalid"),
        ({"08": date(1999, 12, 31)}, "value-invalid"),
        ({"24": "ABCDE"}, "value-invalid"),
        ({"25": "A\x1d26DE"}, "charset"),
        ({"01": "A\x1d26DE"}, "charset"),
        ({"01": "É"}, "charset"),
        ({"01": "a\x00"}, "charset"),
        ({"1G": 7}, "value-invalid"),
    ],
)
def test_a_value_that_would_lie_or_break_out_is_refused(change, rule):
    with pytest.raises(EmissionError) as caught:
        encode_unsigned(HEADER, {**VALUES, **change})
    assert [problem.rule for problem in caught.value.problems] == [rule]


@pytest.mark.parametrize(
    "change",
    [{"ca_id": "fr00"}, {"certificate_id": "TOOLONG"}, {"issue_date": date(1999, 1, 1)}],
    ids=str,
)
def test_a_header_that_would_not_read_back_is_refused(change):
    with pytest.raises(EmissionError) as caught:
        encode_unsigned(dataclasses.replace(HEADER, **change), {**VALUES, "58": "1,00"})
    assert [problem.rule for problem in caught.value.problems] == ["header", "forbidden-di"]


def test_a_type_or_perimeter_that_our_table_lacks_is_not_issued():
    odd = {
        "unknown-type": dataclasses.replace(HEADER, doc_type="ZZ"),
        "perimeter": dataclasses.replace(HEADER, perimeter="02"),
    }
    for rule, header in odd.items():
        with pytest.raises(EmissionError) as caught:
            encode_unsigned(header, VALUES)
        assert [problem.rule for problem in caught.value.problems] == [rule]


def test_only_mandatory_texts_are_truncated_and_only_on_request():
    long = {**VALUES, "10": "MME/EXEMPLE/" + "A" * 40}
    with pytest.raises(EmissionError):
        encode_unsigned(HEADER, long)
    assert b"10MME/EXEMPLE/" + b"A" * 25 + b"\x1e" in encode_unsigned(
        HEADER, long, Emission(truncate=True)
    )
    with pytest.raises(EmissionError):
        encode_unsigned(HEADER, {**VALUES, "1J": "M" * 60}, Emission(truncate=True))


def test_nothing_is_signed_when_something_is_wrong():
    signed: list[bytes] = []

    def sign_and_tell(content: bytes) -> bytes:
        signed.append(content)
        return sign(content)

    with pytest.raises(EmissionError):
        issue(HEADER, {**VALUES, "ZZ": "1"}, sign_and_tell)
    assert signed == []


def test_a_der_signature_is_never_put_in_a_code():
    with pytest.raises(TwoDDocError, match="expected r and s"):
        assemble(b"DC04", bytes(70))


def test_a_town_issues_seven_types_and_no_other():
    assert require_town_type("00").town
    with pytest.raises(Exception, match="expected one of 00, 01, 06, 09, 10, 29, A6"):
        require_town_type("B0")


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "today"),
    [
        (date(2026, 11, 21), date(2030, 1, 1), DAY),
        (date(2020, 1, 1), date(2026, 11, 19), DAY),
        (date(2020, 1, 1), date(2030, 1, 1), date(2026, 11, 19)),
    ],
)
def test_a_signature_date_outside_its_certificate_or_after_today_is_refused(
    valid_from, valid_until, today
):
    with pytest.raises(EmissionError):
        check_signing_date(HEADER, valid_from, valid_until, today)


def test_a_signature_date_within_its_certificate_is_accepted():
    check_signing_date(HEADER, DAY, DAY, DAY)


@settings(max_examples=cases(ci=500, slow=10_000))
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_or_refused_with_one_error(raw, repair):
    signature = b"\x1f" + b"A" * 103
    for content in (raw, b"DC04" + raw, HEADER.encode() + raw, HEADER.encode() + raw + signature):
        assert reason_of(content, repair=repair) in {None, *Reason}


@settings(max_examples=cases(ci=500, slow=10_000))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["10", "20", "24", "26", "0C", "DW", "ZZ", "1D"]),
            st.text("A/0\x1d\x1eb", max_size=6),
        )
    )
)
def test_whatever_reads_is_written_again_unchanged(pairs):
    unsigned = HEADER.encode() + "".join(di + text for di, text in pairs).encode()
    raw = assemble(unsigned, bytes(63) + b"\x01")
    try:
        read = parse(raw)
    except TwoDDocError:
        return
    assert read.encode() == raw


@pytest.mark.parametrize("code", OUR_CODES, ids=lambda code: code["name"])
def test_prefixes_and_single_byte_changes_never_leave_the_error(code):
    raw = code["raw"].encode("latin-1")[:500]
    for place in range(len(raw)):
        for changed in (raw[:place], raw[:place] + bytes([raw[place] ^ 0x10]) + raw[place + 1 :]):
            assert reason_of(changed, repair=False) in {None, *Reason}
            assert reason_of(changed, repair=True) in {None, *Reason}


@pytest.mark.parametrize("name", ["town-00", "binary", "binary-long"])
def test_a_code_cut_anywhere_asks_for_another_scan_once_its_version_is_read(name):
    [raw] = [code["raw"].encode("latin-1") for code in SIGNED if code["name"] == name]
    for end in range(4, len(raw)):
        with pytest.raises(DamagedInTransportError):
            parse(raw[:end])


@pytest.mark.parametrize("name", ["version-01-controls", "binary", "binary-annex"])
def test_what_is_made_of_bytes_is_never_repaired(name):
    [raw] = [code["raw"].encode("latin-1") for code in SIGNED if code["name"] == name]
    assert parse(raw, repair=True) == parse(raw)
    assert FindingCode.REPAIRED_TRANSPORT not in {one.code for one in parse(raw).findings}


def test_all_prefixes_of_the_shared_codes_leave_one_error_only():
    for code in shared_codes():
        raw = code["raw"].encode("latin-1")
        for end in range(0, len(raw), 3):
            assert reason_of(raw[:end], repair=True) in {None, *Reason}
