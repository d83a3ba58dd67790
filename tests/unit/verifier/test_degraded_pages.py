"""Pages as bad scanners and hurried photographers give them: read, or not read, never misread."""

import pytest
from PIL import Image
from support.budget import cases
from support.pages import as_file, scan, sealed

from cli.bench.degraded import RESOLUTIONS, variants
from verifier.reading.document import read_document

VARIANTS = variants()
# Spread over all classes and both resolutions.
TRIED = VARIANTS[:: len(VARIANTS) // cases(fast=12, ci=12, slow=84)]
UNREAD = 2


def test_there_are_84_pages_each_with_its_name_and_always_alike():
    assert len(VARIANTS) == len({(one.name, one.dpi) for one in VARIANTS}) == 84
    page = Image.new("L", (200, 280), 200)
    assert [one.picture(page).tobytes() for one in variants()] == [
        one.picture(page).tobytes() for one in VARIANTS
    ]


def test_those_that_are_tried_are_of_every_kind_and_both_resolutions():
    kinds = {one.name.split()[0] for one in VARIANTS}
    assert len(kinds) == 6
    assert {one.name.split()[0] for one in TRIED} == kinds
    assert {one.dpi for one in TRIED} == set(RESOLUTIONS)


@pytest.mark.timeout(600)
def test_nearly_every_degraded_page_is_read_and_none_is_misread():
    pages = {dpi: scan(sealed().pdf, dpi) for dpi in RESOLUTIONS}
    unread = []
    for one in TRIED:
        found = read_document(as_file(one.picture(pages[one.dpi])), one.name)
        assert {code.raw for code in found.codes} <= {sealed().code}, one
        if not found.codes:
            unread.append((one.name, one.dpi))
    assert len(unread) <= UNREAD, unread


def test_a_page_seen_askew_has_its_corners_where_they_were_put():
    [askew] = [one for one in VARIANTS if (one.name, one.dpi) == ("askew 2", 200)]
    seen = askew.picture(Image.new("L", (1000, 1000), 255))
    # The upper corners stand 60 pixels inside and 20 below; the lower ones at the edge, 20 above.
    table, paper = 70, 255
    assert [seen.getpixel(place) for place in ((50, 25), (70, 25))] == [table, paper]
    assert [seen.getpixel(place) for place in ((949, 25), (930, 25))] == [table, paper]
    assert [seen.getpixel(place) for place in ((3, 970), (3, 990))] == [paper, table]
