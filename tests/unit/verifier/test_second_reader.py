"""The second reader: it may take a green away; absent, it is told before anything is read."""

import io
import json
import os
import sys
import threading
from collections.abc import Callable

import pytest
import zxingcpp
from PIL import Image
from support.budget import cases
from support.drawn_symbols import ascii_codewords, byte_codewords, drawn_symbol
from support.pages import as_file, scan, sealed, trust
from support.sealers import NOW
from support.shared import shared

from cli.main import run
from storage.errors import MissingExtraError
from verifier.check import Check, Indication, SubIndication
from verifier.reading.document import read_document
from verifier.reading.found import ReadDocument, SecondOpinion
from verifier.reading.second_reader import SecondReaderAbsentError, load, opinion, read_alone
from verifier.reading.symbols import read_plain
from verifier.verdict import Verdict
from verifier.verify import verify

try:
    load()
except MissingExtraError:
    pytest.skip("libdmtx is absent (coffre[libdmtx], Debian: libdmtx0b)", allow_module_level=True)

SAMPLES = json.loads(shared("data/twoddoc/samples/expected.json").read_text("utf-8"))
PUBLISHED = [sample for sample in SAMPLES if sample["expected_raw"]]
# Codewords that readers take differently: an extended character set in the middle, which one skips
# and the other writes; one that no rule defines, which one refuses and the other skips.
ECI, UNDEFINED = bytes([241, 27]), bytes([242])


def code() -> bytes:
    """Give the sealed letter's code."""
    return sealed().code or b""


def spoilt(codewords: bytes) -> Image.Image:
    """Draw the sealed letter's code with codewords slipped in after its fourth character."""
    words = ascii_codewords(code().decode("ascii"))
    return drawn_symbol(words[:4] + codewords + words[4:])


def read(image: Image.Image, *, second_reader: bool = True) -> ReadDocument:
    return read_document(as_file(image), "scan.png", second_reader=second_reader)


def told(document: ReadDocument) -> list[tuple[bytes, SecondOpinion | None]]:
    return [(one.raw, one.second) for one in document.codes]


def second_checks(verdict: Verdict) -> list[Check]:
    return [check for check in verdict.checks if check.id == "file.second-reader"]


def test_a_sealed_letter_is_read_alike_by_both():
    document = read_document(sealed().pdf, "lettre.pdf", second_reader=True)
    assert told(document) == [(code(), SecondOpinion.SAME)]
    verdict = verify(document, trust(), NOW)
    assert [check.reason for check in second_checks(verdict)] == ["second-reader-agrees"]
    assert verdict.conclusion is not None
    assert verdict.conclusion.indication is Indication.TOTAL_PASSED


@pytest.mark.parametrize(
    "sample",
    PUBLISHED[:: len(PUBLISHED) // cases(ci=62, slow=62, fast=6)],
    ids=lambda one: one["file"],
)
def test_a_published_picture_is_read_alike_by_both(sample):
    data = shared(f"data/twoddoc/samples/{sample['file']}").read_bytes()
    document = read_document(data, sample["file"], second_reader=True)
    assert told(document) == [(sample["expected_raw"].encode("latin-1"), SecondOpinion.SAME)]


def test_beside_threads_too_the_library_is_there_before_the_limits():
    end = threading.Event()
    other = threading.Thread(target=end.wait)
    other.start()
    try:
        assert told(read(scan(sealed().pdf))) == [(code(), SecondOpinion.SAME)]
    finally:
        end.set()
        other.join()


def test_nobody_is_asked_unless_wanted():
    document = read(scan(sealed().pdf), second_reader=False)
    assert told(document) == [(code(), None)]
    assert second_checks(verify(document, trust(), NOW)) == []


def test_two_readings_of_one_symbol_are_never_green_though_the_signature_holds():
    document = read(spoilt(ECI))
    assert told(document) == [(code(), SecondOpinion.DIFFERENT)]
    verdict = verify(document, trust(), NOW)
    [one] = verdict.codes
    assert one.conclusion.indication is Indication.TOTAL_PASSED
    [check] = second_checks(verdict)
    assert check.reason == "second-reader-differs"
    assert verdict.conclusion is not None
    assert verdict.conclusion.indication is Indication.INDETERMINATE
    assert verdict.conclusion.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND
    alone = verify(read(spoilt(ECI), second_reader=False), trust(), NOW)
    assert alone.conclusion is not None
    assert alone.conclusion.indication is Indication.TOTAL_PASSED


def test_a_symbol_that_the_second_reader_writes_by_habit_otherwise_changes_nothing():
    barcode = zxingcpp.create_barcode(b"DC\x00\x01\xff in bytes", zxingcpp.BarcodeFormat.DataMatrix)
    image = Image.fromarray(zxingcpp.write_barcode_to_image(barcode, scale=6)).convert("L")
    document = read(image)
    assert told(document) == [(b"DC\x00\x01\xff in bytes", SecondOpinion.UNSEEN)]
    with_it, without = (
        verify(one, trust(), NOW) for one in (document, read(image, second_reader=False))
    )
    [check] = second_checks(with_it)
    assert (check.reason, check.has_passed) == ("second-reader-unseen", True)
    assert with_it.conclusion == without.conclusion


def test_a_function_character_in_front_is_a_habit_too():
    document = read(drawn_symbol(bytes([232]) + ascii_codewords("DC04FR")))
    assert told(document) == [(b"DC04FR", SecondOpinion.UNSEEN)]


def test_a_code_met_twice_keeps_the_opinion_that_differs():
    pages = as_file(spoilt(ECI), "TIFF", save_all=True, append_images=[scan(sealed().pdf)])
    document = read_document(pages, "scan.tiff", second_reader=True)
    assert told(document) == [(code(), SecondOpinion.DIFFERENT)]


def test_bytes_and_zeros_of_a_symbol_are_compared_whole():
    wanted = b"\x00\x1d\xffz"
    assert told(read(drawn_symbol(byte_codewords(wanted)))) == [(wanted, SecondOpinion.SAME)]


def test_what_the_ladder_cannot_read_is_tried_by_the_second_reader():
    assert told(read(spoilt(UNDEFINED), second_reader=False)) == []
    document = read(spoilt(UNDEFINED))
    assert told(document) == [(code(), SecondOpinion.ALONE)]
    [check] = second_checks(verify(document, trust(), NOW))
    assert (check.reason, check.has_passed) == ("second-reader-alone", True)


def test_a_neighbour_is_not_taken_for_the_code():
    first, second = (drawn_symbol(ascii_codewords(text)) for text in ("DC04FRONE1", "DC04FRTWO2"))
    sheet = Image.new("L", (first.width * 2, first.height), 255)
    sheet.paste(first, (0, 0))
    sheet.paste(second, (first.width, 0))
    assert sorted(told(read(sheet))) == [
        (b"DC04FRONE1", SecondOpinion.SAME),
        (b"DC04FRTWO2", SecondOpinion.SAME),
    ]


def test_what_stands_elsewhere_is_no_opinion_on_this_code():
    [symbol] = read_plain(spoilt(ECI)).found
    drawn = drawn_symbol(ascii_codewords("DC04FRTWO2"))
    sheet = Image.new("L", (2_000, 1_000), 255)
    sheet.paste(drawn, (1_500, 500))
    assert opinion(sheet, symbol, 1) is SecondOpinion.UNSEEN


def test_a_page_without_code_stays_without():
    blank = Image.new("L", (600, 600), 255)
    document = read(blank)
    assert (document.codes, verify(document, trust(), NOW).conclusion) == ((), None)


def test_without_time_there_is_no_opinion():
    image = spoilt(ECI)
    [symbol] = read_plain(image).found
    assert opinion(image, symbol, 0) is SecondOpinion.UNSEEN
    assert read_alone(image, 0) is None


def no_binding(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(sys.modules, "pylibdmtx", None)


def no_library(patch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("pylibdmtx")]:
        patch.delitem(sys.modules, name)
    patch.setattr("ctypes.util.find_library", lambda _: None)


@pytest.mark.parametrize("absent", [no_binding, no_library], ids=lambda one: one.__name__)
def test_its_absence_is_told_before_the_file_is_looked_at(
    absent: Callable[[pytest.MonkeyPatch], None], monkeypatch
):
    absent(monkeypatch)
    with pytest.raises(SecondReaderAbsentError) as caught:
        read_document(b"neither a PDF nor a picture", "x", second_reader=True)
    assert isinstance(caught.value, MissingExtraError)
    assert read(scan(sealed().pdf), second_reader=False).codes


@pytest.mark.parametrize(("language", "hint"), [("fr", "installez-le"), ("en", "install it")])
def test_the_command_says_what_to_install_and_judges_nothing(language, hint, monkeypatch):
    no_library(monkeypatch)
    output, said = io.BytesIO(), io.StringIO()
    stdout = io.TextIOWrapper(output, "utf-8", write_through=True)
    environ = {"PATH": os.environ["PATH"], "LANG": f"{language}.UTF-8"}
    monkeypatch.setattr(os, "environ", environ)
    assert run(["verify", "absent.pdf", "--second-reader"], environ, stdout, said) == 13
    assert output.getvalue() == b""
    assert hint in said.getvalue()
    assert "apt install libdmtx0b" in said.getvalue()
    assert "absent.pdf" not in said.getvalue()
