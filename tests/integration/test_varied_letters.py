"""Sixty letters as different as towns have them, sealed at every level, before foreign programs.

Of each, pdfsig and pyHanko call the seal valid at the level asked, nothing but the code's place
changed on any page, and the code reads back from the page as poppler draws it.
"""

import io
import random
from dataclasses import replace
from functools import cache

import pikepdf
import pymupdf
import pytest
from PIL import Image, ImageChops
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext
from support.ades import carried_lists, known, store, validated
from support.authorities import asn1
from support.budget import cases
from support.letters import FIELDS, letter
from support.sealers import NOW, sealer_at, town
from support.tools import need, run
from support.varied_letters import letters

from sealing.marks import datamatrix
from sealing.marks.view import to_view
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, UnfinishedLetter, letter_steps, seal_letter
from sealing.service.levels import Level
from sealing.service.places import Places
from sealing.service.profile import Profile
from sealing.service.steps import together

DPI = 100
SHOWN = 300
OF_A_SEAL = frozenset({"/AcroForm", "/Annots", "/DSS", "/Extensions", "/Tabs", "/Version"})
NAMES = sorted(letters())
LEVELS = tuple(Level)


def of_budget():
    """Give the letters that this tier tries, each with a level, all levels among them."""
    names = NAMES[:: -(-len(NAMES) // cases(ci=len(NAMES), slow=len(NAMES), fast=8))]
    return [(name, LEVELS[number % len(LEVELS)]) for number, name in enumerate(names)]


def pages(pdf):
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        assert not document.is_repaired
        for page in document:
            found = page.get_pixmap(dpi=DPI, alpha=False)
            yield Image.frombytes("RGB", (found.width, found.height), found.samples)


def place_of(pdf, mark, dpi):
    """Give the code's place, in pixels of its page."""
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        page = document[mark.place.page]
        rectangle = pymupdf.Rect(mark.place.rectangle) * to_view(page)
        rectangle.normalize()
        scale = dpi / 72
        return [value * scale for value in rectangle]


def test_there_are_sixty_or_more():
    assert len(NAMES) >= 60


@pytest.mark.parametrize(("name", "level"), of_budget(), ids=str)
def test_validators_agree_on_a_sealed_letter_and_nothing_but_its_code_was_added(
    name, level, tmp_path
):
    pdf = letters()[name]
    order = TwoDDocOrder("00", FIELDS)
    sealed = seal_letter(Letter(pdf, order), sealer_at(level), Profile(level=level), NOW, bytes(10))
    require_pdfsig(sealed.pdf, tmp_path / "sealed.pdf")
    require_pyhanko(sealed.pdf, level)
    require_only_its_code_added(pdf, sealed)
    require_read(tmp_path / "sealed.pdf", sealed)


def test_sealed_side_by_side_each_letter_stays_what_it_was():
    """A mailing takes 25 letters at each step: nothing of one may come into another."""
    order, profile = TwoDDocOrder("00", FIELDS), Profile()
    maker = replace(sealer_at(Level.B_B), places=Places())
    pdfs = list(letters().values())
    random.Random(4).shuffle(pdfs)  # noqa: S311 - an order that can be had again
    for first in range(0, len(pdfs), 25):
        group = pdfs[first : first + 25]
        works = [letter_steps(Letter(pdf, order), maker, profile, NOW, bytes(10)) for pdf in group]
        for pdf, begun in zip(group, together(works), strict=True):
            assert isinstance(begun, UnfinishedLetter), begun
            sealed = begun.finish(begun.stamp())
            require_only_its_code_added(pdf, sealed)
            require_same_objects(pdf, sealed.pdf)


def require_same_objects(pdf, sealed):
    """Require the entries of the catalog and of each page, but for those of a seal."""
    with pikepdf.open(io.BytesIO(pdf)) as one, pikepdf.open(io.BytesIO(sealed)) as other:
        assert entries(one.Root) == entries(other.Root)
        assert [entries(page.obj) for page in one.pages] == [
            entries(page.obj) for page in other.pages
        ]


def entries(found):
    """Write the entries of a dictionary that sealing leaves alone, one step deep for a page.

    pikepdf gives a page what it inherits, under numbers of its own.
    """
    deep = "/Parent" in found
    kept = {key: found[key] for key in set(found.keys()) - OF_A_SEAL - {"/Parent"}}
    return {
        key: item.unparse(resolved=deep) if isinstance(item, pikepdf.Object) else item
        for key, item in kept.items()
    }


def require_only_its_code_added(pdf, sealed):
    """Require every page pixel by pixel, but for the code's place."""
    assert sealed.pdf.startswith(pdf)
    assert sealed.mark is not None
    before, after = list(pages(pdf)), list(pages(sealed.pdf))
    assert len(after) == len(before)
    for number, (one, other) in enumerate(zip(before, after, strict=True)):
        touched = ImageChops.difference(one, other).getbbox()
        if number != sealed.mark.place.page:
            assert touched is None
            continue
        x0, y0, x1, y1 = place_of(pdf, sealed.mark, DPI)
        assert touched is not None
        assert x0 - 1.5 <= touched[0]
        assert y0 - 1.5 <= touched[1]
        assert touched[2] <= x1 + 1.5
        assert touched[3] <= y1 + 1.5


def require_pdfsig(pdf, path):
    path.write_bytes(pdf)
    said = run(need("pdfsig", "poppler-utils"), str(path)).stdout.decode()
    # Of an archive stamp it tells what is covered, and no more.
    assert said.count("Signature is Valid.") == 1
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said


def require_pyhanko(pdf, level):
    """Ask pyHanko for the level: time-stamp, proofs in the file, archive stamp over all of it."""
    root = asn1(town()[0].root.certificate)
    context = ValidationContext(trust_roots=[root], moment=NOW, allow_fetching=False)
    reader = PdfFileReader(io.BytesIO(pdf))
    [seal] = reader.embedded_regular_signatures
    assert validate_pdf_signature(seal, context).bottom_line
    stamps = reader.embedded_timestamp_signatures
    assert len(stamps) == (level is Level.B_LTA)
    if level is not Level.B_B:
        lists = town_lists() if level is Level.B_T else carried_lists(pdf)
        result = validated(pdf, known(lists))
        assert result.ades_subindic is AdESPassed.OK
        assert result.api_status.timestamp_validity.trusted
    for stamp in stamps:
        said = validate_pdf_timestamp(stamp, context)
        assert said.intact
        assert said.trusted
        assert str(said.coverage) == "SignatureCoverageLevel.ENTIRE_FILE"


@cache
def town_lists():
    """Give the demonstration's lists: what a file at B-LT carries."""
    order = TwoDDocOrder("00", FIELDS)
    found = Letter(letter(), order)
    sealed = seal_letter(found, sealer_at(Level.B_LT), Profile(level=Level.B_LT), NOW, bytes(10))
    assert store(sealed.pdf).certs
    return carried_lists(sealed.pdf)


def require_read(path, sealed):
    """Read the code from the page as poppler draws it."""
    page = str(sealed.mark.place.page + 1)
    shown = path.with_name("page")
    options = ("-r", str(SHOWN), "-f", page, "-l", page, "-gray", "-png", "-singlefile")
    run(need("pdftoppm", "poppler-utils"), *options, str(path), str(shown))
    with Image.open(shown.with_suffix(".png")) as image:
        assert sealed.code in datamatrix.read(image.convert("L"))
