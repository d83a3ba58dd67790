"""Sealed letters before foreign programs: poppler's pdfsig, libdmtx's dmtxread, openssl."""

import pytest
from support.letters import FIELDS, letter, with_stream_xref
from support.sealers import NOW, sealer
from support.tools import need, run

from sealing.service.letter import Letter, TwoDDocOrder, seal_letter
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
    # Before the code it writes the page's number, as a fax would.
    read = read.removeprefix(b"01\n")
    assert read == result.code
    values = {field.di: field.raw for field in parse(read).fields}
    assert values["10"] == "MME/DUPONT/CLAIRE"
    assert values["25"] == "VALBOURG"
