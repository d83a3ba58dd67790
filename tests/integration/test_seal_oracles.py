"""Sealed letters before foreign programs: poppler's pdfsig, libdmtx's dmtxread, openssl."""

import pymupdf
import pytest
from support.letters import FIELDS, letter, with_stream_xref
from support.pdf_shapes import Shape, built, hybrid, tagged
from support.sealers import NOW, sealer
from support.tools import need, run

from sealing.marks import datamatrix, picture
from sealing.pades import general_road
from sealing.pades import seal as pades
from sealing.pades.entries import Entries
from sealing.pades.source_pdf import SourcePdf
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile
from sealing.twoddoc.message import parse

RANDOM = bytes(10)


@pytest.fixture(params=["seal-rsa", "seal-p256"])
def sealed(request, tmp_path):
    """Seal a letter into a file."""
    order = TwoDDocOrder("00", FIELDS)
    result = seal_letter(Letter(letter(), order), sealer(request.param), Profile(), NOW, RANDOM)
    (tmp_path / "sealed.pdf").write_bytes(result.pdf)
    return tmp_path / "sealed.pdf", result


def test_pdfsig_calls_the_seal_valid_and_the_document_wholly_signed(sealed):
    path, _ = sealed
    said = run(need("pdfsig", "poppler-utils"), str(path)).stdout.decode()
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said


def test_pdfsig_refuses_the_same_letter_with_one_byte_changed(sealed):
    path, result = sealed
    changed = bytearray(result.pdf)
    place = result.pdf.index(b"stream") + 12
    changed[place] ^= 1
    path.write_bytes(changed)
    said = run(need("pdfsig", "poppler-utils"), str(path)).stdout.decode()
    assert "Signature is Valid." not in said


def test_pdfsig_reads_a_letter_with_stream_cross_references(tmp_path):
    pdf = with_stream_xref(letter())
    result = seal_letter(Letter(pdf), sealer(), Profile(), NOW, RANDOM)
    (tmp_path / "sealed.pdf").write_bytes(result.pdf)
    said = run(need("pdfsig", "poppler-utils"), str(tmp_path / "sealed.pdf")).stdout.decode()
    assert "Signature is Valid." in said
    assert "Total document signed" in said


@pytest.mark.parametrize("packed", [False, True], ids=["table", "stream"])
@pytest.mark.parametrize("revisions", [0, 2])
def test_pdfsig_calls_the_seals_of_both_roads_valid(tmp_path, packed, revisions):
    pdf = built(Shape(pages=3, packed=packed, revisions=revisions, annotations="indirect"))
    fast = pades.begin(SourcePdf(pdf), None, sealer().cms, Entries(NOW)).stamped()
    assert fast.road is pades.Road.FAST
    answers = []
    for sealed in (
        fast.pdf,
        pdf + general_road.begin(pdf, None, sealer().cms, Entries(NOW)).stamped(),
    ):
        (tmp_path / "sealed.pdf").write_bytes(sealed)
        said = run(need("pdfsig", "poppler-utils"), str(tmp_path / "sealed.pdf")).stdout.decode()
        assert "Signature is Valid." in said
        assert "Total document signed" in said
        answers.append([line for line in said.splitlines() if "Signed Ranges" not in line])
    assert answers[0] == answers[1]


@pytest.mark.parametrize("pdf", [hybrid(), tagged()], ids=["hybrid", "tagged"])
def test_pdfsig_calls_hybrid_and_tagged_letters_valid(tmp_path, pdf):
    fast = pades.begin(SourcePdf(pdf), None, sealer().cms, Entries(NOW)).stamped()
    assert fast.road is pades.Road.FAST
    (tmp_path / "sealed.pdf").write_bytes(fast.pdf)
    said = run(need("pdfsig", "poppler-utils"), str(tmp_path / "sealed.pdf")).stdout.decode()
    assert "Signature is Valid." in said
    assert "Total document signed" in said


def test_pdfinfo_finds_the_seal_in_the_structure(tmp_path):
    (tmp_path / "sealed.pdf").write_bytes(
        pades.begin(SourcePdf(tagged()), None, sealer().cms, Entries(NOW)).stamped().pdf
    )
    command = need("pdfinfo", "poppler-utils"), "-struct", str(tmp_path / "sealed.pdf")
    lines = [line.strip() for line in run(*command).stdout.decode().splitlines()]
    assert "Form" in lines


def test_dmtxread_reads_the_code_from_the_printed_page(sealed, tmp_path):
    path, result = sealed
    run(
        need("pdftoppm", "poppler-utils"),
        "-r",
        "300",
        "-gray",
        "-png",
        str(path),
        str(tmp_path / "p"),
    )
    [page] = tmp_path.glob("p*.png")
    read = run(need("dmtxread", "dmtx-utils"), "-N", "1", "-m", "20000", str(page)).stdout
    assert read == result.code
    values = {field.di: field.raw for field in parse(read).fields}
    assert values["10"] == "MME/DUPONT/CLAIRE"
    assert values["25"] == "VALBOURG"


def symbol_files(result, folder, *, strict_c40):
    """Draw the letter's code by itself: as PNG, and as SVG, drawn at 300 dpi."""
    symbol = datamatrix.symbol(result.code, strict_c40=strict_c40)
    (folder / "code.png").write_bytes(picture.png(symbol, "2D-DOC", result.code))
    with pymupdf.open(
        stream=picture.svg(symbol, "2D-DOC", result.code), filetype="svg"
    ) as document:
        document[0].get_pixmap(dpi=300).save(folder / "code-svg.png")
    return [folder / "code.png", folder / "code-svg.png"]


@pytest.mark.parametrize("strict_c40", [False, True], ids=["mixed", "C40"])
def test_dmtxread_reads_the_code_from_its_pictures(sealed, tmp_path, strict_c40):
    _, result = sealed
    for path in symbol_files(result, tmp_path, strict_c40=strict_c40):
        read = run(need("dmtxread", "dmtx-utils"), "-N", "1", "-m", "20000", str(path)).stdout
        assert read == result.code, path.name


def codewords(path):
    """Give the codewords that libdmtx saw, error correction left out."""
    told = run(need("dmtxread", "dmtx-utils"), "-c", "-N", "1", "-m", "20000", str(path)).stdout
    return [int(line[2:]) for line in told.decode().splitlines() if line.startswith("d:")]


def c40_text(words):
    """Take pairs of C40 codewords apart (ISO/IEC 16022, 5.2.5)."""
    text, shift = "", 0
    for high, low in zip(words[::2], words[1::2], strict=True):
        packed = high * 256 + low - 1
        for value in (packed // 1600, packed // 40 % 40, packed % 40):
            if shift == 1:
                text, shift = text + chr(value), 0
            elif shift == 2:
                text, shift = text + "!\"#$%&'()*+,-./:;<=>?@[\\]^_"[value], 0
            elif value < 3:
                shift = value + 1
            else:
                text += " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value - 3]
    return text


def says_in_c40(words, code):
    """Tell whether codewords are one latch to C40, the code in pairs, two characters at most."""
    latch, *words = words
    end = next((place for place in range(0, len(words), 2) if words[place] == 254), 0)
    rest = len(code) - len(c40_text(words[:end]))
    last = "".join(chr(word - 1) for word in words[end + 1 : end + 1 + rest])
    whole = (c40_text(words[:end]) + last).encode("latin-1")
    return latch == 230 and 0 <= rest <= 2 and whole == code


def test_in_strict_c40_everything_but_the_last_characters_is_c40(sealed, tmp_path):
    _, result = sealed
    path, _ = symbol_files(result, tmp_path, strict_c40=True)
    assert says_in_c40(codewords(path), result.code)


def test_a_letter_sealed_in_strict_c40_shows_such_a_symbol(tmp_path):
    order, profile = TwoDDocOrder("00", FIELDS), Profile(strict_c40=True)
    result = seal_letter(Letter(letter(), order), sealer(), profile, NOW, RANDOM)
    with pymupdf.open(stream=result.pdf, filetype="pdf") as document:
        document[0].get_pixmap(dpi=300).save(tmp_path / "page.png")
    assert says_in_c40(codewords(tmp_path / "page.png"), result.code)


def test_no_eci_stands_before_a_mixed_code(sealed, tmp_path):
    _, result = sealed
    path, _ = symbol_files(result, tmp_path, strict_c40=False)
    assert codewords(path)[0] == 230
