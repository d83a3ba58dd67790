"""The verifier on the other forms of the 2D-Doc: version 01, binary form, several symbols."""

import dataclasses

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from support.shared import shared
from support.twoddoc_pki import DAY, NOW, Authority, Leaf

from sealing.twoddoc import binary
from sealing.twoddoc.header import Form
from sealing.twoddoc.parts import cut
from storage.language import translator
from verifier.check import Indication, SubIndication
from verifier.checks.codes.twoddoc import TwoDDocResult, check_symbols, check_twoddoc
from verifier.reading.found import FileKind, FoundCode, RawCode, ReadDocument, text_document
from verifier.reports.sentences import reason_of
from verifier.trust.trust_list import ListName, Mode, TrustList, TrustListInfo
from verifier.verdict import Verdict
from verifier.verify import verify

FAILED, UNSURE, PASSED = Indication.TOTAL_FAILED, Indication.INDETERMINATE, Indication.TOTAL_PASSED
AUTHORITY = Authority("FR77")
TOWN = AUTHORITY.leaf()
NUMBERED = AUTHORITY.leaf("0AB01")
LISTS = TrustList(
    mode=Mode.PRODUCTION,
    lists=(TrustListInfo(ListName.TWODDOC, NOW),),
    twoddoc_authorities={"FR77": (AUTHORITY.certificate,)},
    twoddoc_leaves={(one.ca_id, one.name): (one.certificate,) for one in (TOWN, NUMBERED)},
    crls=(AUTHORITY.crl(),),
)
BODY = b"26FR247500010M/EXEMPLE/CLAUDE\x1d20\x1d21\x1d23\x1d25VILLE\x1d2212 RUE DES ESSAIS\x1d"
SCANNED_AGAIN = (UNSURE, SubIndication.SIGNED_DATA_NOT_FOUND)


def withdrawn(leaf: Leaf = TOWN, body: bytes = BODY) -> bytes:
    """Give a code of version 01."""
    unsigned = leaf.header(version=1, perimeter=None, country=None).encode() + body
    return unsigned + leaf.sign(unsigned)


def of_bytes(leaf: Leaf = NUMBERED) -> bytes:
    """Give a code in binary form."""
    header = leaf.header(doc_type="01", perimeter="0001", country="FRA", form=Form.BINARY)
    body = binary.encode_block(1, b"MAIRIE") + binary.encode_block(2, bytes(300))
    unsigned = binary.encode_header(header) + body
    return binary.assemble(unsigned, leaf.sign(unsigned))


def photo(*codes: bytes) -> ReadDocument:
    """Give a document as the pages of a PDF are read, one code a page."""
    found = tuple(FoundCode(RawCode(raw), (page,)) for page, raw in enumerate(codes))
    return ReadDocument("photo", FileKind.IMAGE, b"", found)


def answer(result: TwoDDocResult) -> tuple[Indication, SubIndication | None, str]:
    conclusion = result.verdict.conclusion
    return conclusion.indication, conclusion.sub_indication, conclusion.reason


def answers(verdict: Verdict) -> list[tuple[Indication, SubIndication | None, str]]:
    """Give what is concluded of each code."""
    told = [code.conclusion for code in verdict.codes]
    return [(one.indication, one.sub_indication, one.reason) for one in told]


def test_version_01_passes_and_says_that_it_is_withdrawn():
    result = check_twoddoc(withdrawn(), LISTS, NOW)
    assert answer(result) == (PASSED, None, "all-passed")
    assert "version-withdrawn" in result.verdict.findings
    assert [field.di for field in result.verdict.fields][:3] == ["26", "24", "10"]


@pytest.mark.parametrize("make", [withdrawn, of_bytes], ids=["version 01", "binary"])
def test_no_changed_byte_of_a_code_made_of_bytes_is_ever_proved(make):
    raw = make()
    for place in range(len(raw)):
        for bit in (1, 0x10, 0x80):
            changed = raw[:place] + bytes([raw[place] ^ bit]) + raw[place + 1 :]
            found = verify(photo(changed), LISTS, NOW)
            assert [code.fields for code in found.codes if code.fields] == [], place
            assert PASSED not in [one for one, _, _ in answers(found)], place


def test_a_binary_code_is_proved_shown_raw_and_never_green_without_a_table():
    result = check_twoddoc(of_bytes(), LISTS, NOW)
    assert answer(result) == (UNSURE, SubIndication.SIG_CONSTRAINTS_FAILURE, "content-against-type")
    verdict = result.verdict
    assert (verdict.ca, verdict.cert, verdict.doc_type_name) == ("FR77", "0AB01", None)
    assert verdict.signature_date == DAY
    shown = [(one.di, one.name, one.value) for one in verdict.fields]
    assert shown == [("0x01", "0x01", b"MAIRIE".hex()), ("0x02", "0x02", bytes(300).hex())]
    assert verdict.findings == ("unknown-type", "unknown-di:0x01", "unknown-di:0x02")


def test_the_certificate_of_a_binary_code_is_looked_for_by_its_whole_name():
    short = {("FR77", "AB01"): (NUMBERED.certificate,)}
    lists = dataclasses.replace(LISTS, twoddoc_leaves=short)
    assert answer(check_twoddoc(of_bytes(), lists, NOW))[2] == "issuer-not-listed"


def test_the_published_test_key_signs_a_binary_code_as_any_other():
    pem = shared("data/twoddoc/certs/FR00_0001.key.pem").read_bytes()
    key = load_pem_private_key(pem, None)
    authority = Authority("FR00")
    leaf = authority.leaf("00001", key=key)  # type: ignore[arg-type]
    lists = TrustList(
        Mode.TEST,
        LISTS.lists,
        {"FR00": (authority.certificate,)},
        {("FR00", "00001"): (leaf.certificate,)},
    )
    result = check_twoddoc(of_bytes(leaf), lists, NOW)
    assert result.proved is not None
    assert result.verdict.test
    production = dataclasses.replace(lists, mode=Mode.PRODUCTION)
    assert (
        answer(check_twoddoc(of_bytes(leaf), production, NOW))[2]
        == "test-authority-outside-test-mode"
    )


def test_an_annex_in_bytes_stands_apart_from_the_fields():
    raw = of_bytes() + binary.encode_block(9, b"ADDED")
    verdict = check_twoddoc(raw, LISTS, NOW).verdict
    assert [(one.di, one.raw) for one in verdict.annex] == [("0x09", b"ADDED".hex())]
    assert "0x09" not in {field.di for field in verdict.fields}
    uncut = check_twoddoc(of_bytes() + b"\x09\x7fADDED", LISTS, NOW).verdict
    assert [(one.di, one.raw) for one in uncut.annex] == [("", b"\x09\x7fADDED".hex())]


@pytest.mark.parametrize("make", [withdrawn, of_bytes], ids=["version 01", "binary"])
def test_bytes_that_were_pasted_as_text_accuse_nobody(make):
    mangled = text_document(make().decode("cp1252", errors="replace"))
    [(indication, sub, _)] = answers(verify(mangled, LISTS, NOW))
    assert (indication, sub) == SCANNED_AGAIN
    kept = text_document(make().decode("latin-1"))
    assert verify(kept, LISTS, NOW).codes[0].fields, "characters that kept every byte still prove"


@pytest.mark.parametrize("form", list(Form))
def test_the_parts_of_one_code_get_one_verdict_wherever_they_stand(form):
    name = b"7K2" if form is Form.TEXT else b"\x00\x07"
    parts = cut(TOWN.code(), 3, name, form)
    verdict = verify(photo(parts[2], parts[0], parts[1], parts[0]), LISTS, NOW)
    assert answers(verdict) == [(PASSED, None, "all-passed")]
    [code] = verdict.codes
    assert (code.page, code.fields[0].value) == (0, "MME/EXEMPLE/CAMILLE")


def test_each_missing_part_is_named_and_nobody_is_accused():
    parts = cut(TOWN.code(), 4, b"7K2")
    verdict = verify(photo(parts[0], parts[2]), LISTS, NOW)
    assert answers(verdict) == [(*SCANNED_AGAIN, "set-incomplete")]
    [check] = verdict.codes[0].checks
    assert check.details == {"parts": "2 4", "count": 4}
    assert (
        reason_of(check, translator("fr"))
        == "parties de ce code encore à scanner : 2 4 (il y en a 4)"
    )
    assert verdict.codes[0].fields == ()


def test_parts_of_two_documents_scanned_together_accuse_nobody_and_prove_nothing():
    first, second = cut(TOWN.code(), 2, b"AAA"), cut(TOWN.odd_code(BODY), 2, b"AAA")
    verdict = verify(photo(*first, *second), LISTS, NOW)
    assert answers(verdict) == [(UNSURE, SubIndication.FORMAT_FAILURE, "set-mismatch")]
    named = cut(TOWN.code(), 2, b"BBB")
    assert len(verify(photo(*first, *named), LISTS, NOW).codes) == 2


def test_one_part_of_a_good_code_in_a_forged_set_fails():
    parts = cut(TOWN.code(), 3, b"7K2")
    parts[0] = parts[0].replace(b"CAMILLE", b"CAMILLA")
    assert answers(verify(photo(*parts), LISTS, NOW))[0][:2] == (
        FAILED,
        SubIndication.SIG_CRYPTO_FAILURE,
    )


def test_a_whole_code_beside_a_set_is_judged_by_itself():
    parts = cut(TOWN.code(), 2, b"7K2")
    verdict = verify(photo(parts[0], TOWN.code(), parts[1]), LISTS, NOW)
    assert [one for one, _, _ in answers(verdict)] == [PASSED, PASSED]


def test_parts_pasted_line_by_line_are_one_code():
    parts = cut(TOWN.code(), 3, b"7K2")
    for end in (b"\n", b"\r\n", b"\n\n"):
        pasted = text_document((end.join(parts) + end).decode("latin-1"))
        assert answers(verify(pasted, LISTS, NOW)) == [(PASSED, None, "all-passed")]
    lost = text_document(b"\n".join(parts).replace(b"\x1f", b"").decode("latin-1"))
    [code] = verify(lost, LISTS, NOW).codes
    assert code.conclusion.indication is PASSED
    assert "repaired-transport" in code.findings


def test_symbols_that_hold_no_code_have_no_verdict():
    verdict = verify(photo(*cut(b"HC1:6BFOXN%TS3DH0", 2, b"AAA")), LISTS, NOW)
    assert (verdict.codes, verdict.conclusion) == ((), None)


def test_a_code_of_sixteen_symbols_is_judged_beyond_4096_bytes():
    body = b"".join(b"ZZ%03d" % n + b"A" * 40 + b"\x1d" for n in range(150))
    raw = TOWN.odd_code(body)
    assert len(raw) > 4_096
    assert answer(check_twoddoc(raw, LISTS, NOW))[2] == "too-long"
    joined = check_symbols(cut(raw, 16, b"ZZZ"), LISTS, NOW)
    assert joined.proved is not None
    assert len(joined.verdict.fields) == 150
