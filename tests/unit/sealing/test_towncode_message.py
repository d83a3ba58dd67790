"""The town code's text: what is read, what is refused, what is odd."""

import json
from datetime import UTC, datetime

import pytest
from support.towncode import CODES, MALFORMED, SIGNED, VALID, shared_vectors

from sealing.towncode import cbor
from sealing.towncode.errors import (
    CutShortError,
    NotTownCodeError,
    Reason,
    TownCodeError,
    UnknownLayoutError,
)
from sealing.towncode.message import MAX_LENGTH, FindingCode, Pair, is_date, parse
from sealing.towncode.registry import label_number, labels, type_number, types


def raw_of(code: dict[str, str]) -> bytes:
    """Give the bytes of a vector's symbol."""
    return code["raw"].encode("latin-1")


@pytest.mark.parametrize("code", SIGNED, ids=lambda one: one["name"])
def test_a_code_that_reads_is_written_again_byte_for_byte(code):
    assert parse(raw_of(code)).encode() == raw_of(code)


@pytest.mark.parametrize("code", VALID, ids=lambda one: one["name"])
def test_a_code_keeps_every_pair_in_order_and_notes_what_is_odd(code):
    parsed = parse(raw_of(code))
    assert [[pair.label, pair.value] for pair in parsed.claims.pairs] == code["fields"]
    assert [str(finding) for finding in parsed.findings] == code["findings"]


@pytest.mark.parametrize("code", MALFORMED, ids=lambda one: one["name"])
def test_what_breaks_the_format_is_refused_by_the_name_of_its_rule(code):
    with pytest.raises(TownCodeError) as caught:
        parse(raw_of(code))
    assert caught.value.reason == code["error"]
    assert isinstance(caught.value, UnknownLayoutError) is (code["error"] == "layout-unknown")
    assert isinstance(caught.value, CutShortError) is (code["error"] == "cut-short")
    assert caught.value.retryable is (code["error"] == "cut-short")
    if isinstance(caught.value, NotTownCodeError):
        assert caught.value.looks_like == code["looks_like"]


def test_the_vectors_hold_every_rule_and_no_private_key():
    assert {code["error"] for code in MALFORMED} == {str(reason) for reason in Reason}
    found = {finding.split(":")[0] for code in VALID for finding in code["findings"]}
    dated = {FindingCode.EXPIRED_DOCUMENT, FindingCode.REPAIRED_TRANSPORT}
    assert found == {str(code) for code in FindingCode} - dated
    assert "PRIVATE" not in json.dumps(CODES)


def test_the_shared_codes_hold_the_fields_that_their_author_put_there():
    vectors, _ = shared_vectors()
    told = vectors[0]
    parsed = parse(told["raw"].encode())
    assert parsed.payload.hex() == told["payload_hex"]
    assert parsed.protected.hex() == told["protected_hex"]
    flat = [part for pair in parsed.claims.pairs for part in (pair.label, pair.value)]
    assert flat == told["fields"]
    assert parsed.claims.issued_at == datetime(2026, 11, 21, tzinfo=UTC)
    assert parsed.claims.encode() == parsed.payload


def test_white_space_of_a_pasted_text_is_taken_out_only_when_asked():
    raw = raw_of(VALID[0])
    folded = raw[:60] + b"\r\n" + raw[60:] + b"\r\n"
    with pytest.raises(TownCodeError):
        parse(folded)
    repaired = parse(folded, repair=True)
    assert repaired.encode() == raw
    assert [str(finding) for finding in repaired.findings] == ["repaired-transport"]
    assert parse(raw, repair=True).findings == ()


def test_a_text_longer_than_any_code_is_refused_whatever_it_holds():
    for raw in (b"CV1:" + b"A" * MAX_LENGTH, b"CV1:" + b" " * 3 * MAX_LENGTH):
        with pytest.raises(TownCodeError) as caught:
            parse(raw, repair=True)
        assert caught.value.reason is Reason.TOO_LONG


@pytest.mark.parametrize("text", ["2026-02-28", "1973", "1973-07", "0001-01-01", "9999-12-31"])
def test_a_date_is_a_day_or_a_month_or_a_year(text):
    assert is_date(text)


@pytest.mark.parametrize(
    "text",
    ["", "12/07/1973", "2026-02-30", "2026-13", "20260228", "2026-2-28", "0000", "2026-02-28T10:00",
     "٢٠٢٦", "2026-W01-1", "1973-", "1973-07-"],
)  # fmt: skip
def test_other_texts_are_no_dates(text):
    assert not is_date(text)


def test_the_registry_is_that_of_the_format_and_names_find_their_numbers():
    assert set(labels()) == {*range(1, 14), *range(21, 29)}
    assert set(types()) == set(range(12))
    names = [labels()[number].field for number in range(1, 14)]
    assert names == [
        "nom", "prénoms", "nom d'usage", "date de naissance", "lieu de naissance", "adresse",
        "code postal", "commune", "date du document", "valable jusqu'au", "numéro", "objet",
        "montant",
    ]  # fmt: skip
    for number in range(1, 9):
        first, second = labels()[number], labels()[number + 20]
        assert (second.field, second.kind) == (f"{first.field} 2", first.kind)
    assert label_number("PRENOMS") == label_number("Prénoms") == label_number("First names") == 2
    assert label_number("nom d’usage") == 3
    assert label_number("référence") is None
    assert type_number("Attestation d'accueil") == 1


def test_pairs_are_equal_by_what_they_say():
    assert Pair(1, "A") == Pair(1, "A") != Pair("nom", "A")


@pytest.mark.parametrize("item", ["c100", "d823616b", "c48200 00", "d2 80", "f5", "f6", "f93c00"])
def test_no_tag_and_no_simple_value_ever_reaches_the_reader_of_cbor(item):
    with pytest.raises(TownCodeError, match="a tag, a float or a simple value"):
        cbor.read(bytes.fromhex("81" + item))
