"""Places over many letters: which pages are looked at, and where the codes go."""

import random
from dataclasses import replace

import pymupdf
import pytest
from support.budget import cases
from support.confined import here
from support.letters import FIELDS, full_page
from support.pages import codes_on
from support.sealers import NOW, sealer

from sealing.marks import placement
from sealing.marks.placement import PlacementError, PlaceTakenError, Wish
from sealing.marks.readback import UnreadableMarkError
from sealing.pades.source_pdf import SourcePdf
from sealing.service import places as rooms
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, seal_letter
from sealing.service.places import LayoutDiffersError, Places, page_count
from sealing.service.profile import Profile

SIZE = (60.0, 70.0)


def letter(*lines, noted=False, width=595):
    """Give a letter with a line of text at each place; `noted`: it has an annotation too."""
    with pymupdf.open() as document:
        page = document.new_page(width=width)
        page.insert_text((72, 300), "Madame, Monsieur,")
        for at, text in lines:
            page.insert_text(at, text)
        if noted:
            page.add_rect_annot((80, 500, 90, 510))
        return document.tobytes()


@pytest.fixture
def drawn(monkeypatch):
    """Hear of every page that is drawn to find or to check a place."""
    true, heard = placement.Ink.draw, []

    def draw(page, clip=None):
        heard.append("part" if clip is not None else "page")
        return true(page, clip)

    monkeypatch.setattr(placement, "run", here)
    monkeypatch.setattr(placement.Ink, "draw", draw)
    return heard


def find(places, pdf, wish=None, size=SIZE, *, look=False):
    return places.find(SourcePdf(pdf), size, wish or Wish(), look=look)


def test_letters_alike_are_looked_at_once(drawn):
    places = Places()
    first = find(places, letter(((72, 100), "Mme Dupont")))
    for name in ("M. Li", "Mme Roy", "M. Durand"):
        assert find(places, letter(((72, 100), name))) == first
    assert drawn == ["page"]


def test_a_text_longer_than_any_before_is_looked_at(drawn):
    places = Places()
    find(places, letter(((72, 100), "Mme Dupont")))
    for name in ("Mme Dupont-Durand", "Mme Dupont-Duran", "Mme Dupont"):
        find(places, letter(((72, 100), name)))
    assert drawn == ["page", "part"]


def test_a_text_that_reaches_the_place_sends_the_code_elsewhere():
    places = Places()
    near = letter(((300, 60), "Service"))
    first = find(places, near)
    reaching = letter(((300, 60), "Service des familles et de la petite enfance de la ville"))
    second = find(places, reaching)
    assert second != first
    assert find(places, reaching) == second


def test_the_place_of_the_letter_before_is_kept_where_it_is_free(drawn):
    places = Places()
    busy = letter(*(((400, y), "x" * 30) for y in range(20, 290, 10)))
    below = find(places, busy)
    assert find(places, letter()) == below
    assert drawn == ["page", "part"]
    assert find(Places(), letter()) != below


def test_another_size_wish_or_page_is_another_question(drawn):
    places = Places()
    first = find(places, letter())
    assert find(places, letter(), size=(90.0, 99.0)) != first
    assert find(places, letter(), Wish(corner=(100, 200))) != first
    assert find(places, letter(width=700)) != first
    assert drawn == ["page"] * 4


def test_a_page_without_a_layout_is_looked_at_each_time(drawn):
    places = Places()
    for _ in range(3):
        find(places, letter(noted=True))
    assert drawn == ["page", "part", "part"]


def test_a_file_of_the_general_road_is_looked_at_each_time(drawn):
    places = Places()
    for _ in range(3):
        find(places, b"%PDF-1.4 \n" + letter()[9:])
    assert drawn == ["page"] * 3


def test_a_sample_is_looked_at_whatever_is_known(drawn):
    places = Places()
    for look in (False, True, False, True):
        find(places, letter(), look=look)
    assert drawn == ["page", "part", "part"]


def test_where_somebody_vouches_for_the_layout_only_samples_are_looked_at(drawn):
    places = Places(same_layout=True)
    first = find(places, letter())
    other = letter(((72, 400), "M. Durand, 12 rue des Lilas"), noted=True)
    over = letter(((500, 50), "M. Durand, 12 rue des Lilas"))
    assert find(places, other) == find(places, over) == first
    assert drawn == ["page"]
    assert find(places, other, look=True) == first
    with pytest.raises(LayoutDiffersError):
        find(places, over, look=True)
    assert find(places, other, look=True) == first


def test_a_place_that_was_asked_for_must_be_free_on_letters_alike_too():
    places, wish = Places(), Wish(corner=(100, 30))
    find(places, letter(((72, 100), "Mme")), wish)
    with pytest.raises(PlaceTakenError):
        find(
            places, letter(((72, 100), "Mme Dupont, 12 rue des Lilas, bâtiment B, Valbourg")), wish
        )


def test_a_page_without_room_is_refused_each_time():
    places = Places()
    for _ in range(2):
        with pytest.raises(PlacementError):
            find(places, full_page())


def test_what_is_remembered_has_a_limit(monkeypatch):
    monkeypatch.setattr(rooms, "MOST", 5)
    places = Places()
    for y in range(400, 480, 4):
        find(places, letter(((72, y), "ligne")))
        places.read(find(places, letter(width=500 + y)))
    assert len(places._known) == len(places._last) == len(places._read) == 5


def test_pages_are_counted_as_mupdf_counts_them():
    with pymupdf.open() as document:
        for _ in range(3):
            document.new_page()
        pdf = document.tobytes()
    assert page_count(SourcePdf(pdf)) == 3
    assert page_count(SourcePdf(b"%PDF-1.4 \n" + pdf[9:])) == 3


def sealed(pdf, mailing, *, sample=False):
    order = TwoDDocOrder("00", FIELDS)
    return seal_letter(Letter(pdf, order, sample), mailing, Profile(), NOW, bytes(10))


@pytest.fixture
def read_back(monkeypatch):
    """Hear of every code that is read back."""
    true, heard = seal_letter.__globals__["check_readback"], []

    def check(pdf, place, code):
        heard.append(place)
        true(pdf, place, code)

    monkeypatch.setitem(seal_letter.__globals__, "check_readback", check)
    return heard


def test_the_first_code_at_a_place_and_samples_are_read_back(read_back):
    mailing = replace(sealer(), places=Places())
    for sample in (False, False, True, False):
        sealed(letter(), mailing, sample=sample)
    sealed(letter(noted=True), mailing)
    assert len(read_back) == 2
    sealed(letter(((500, 60), "ici")), mailing)
    assert len(read_back) == 3


def test_a_letter_alone_is_always_read_back(read_back):
    for _ in range(2):
        sealed(letter(), sealer())
    assert len(read_back) == 2


def test_a_code_that_does_not_read_back_makes_its_place_forgotten(monkeypatch, drawn):
    places = Places()
    mailing = replace(sealer(), places=places)
    sealed(letter(), mailing)

    def check(*_):
        raise UnreadableMarkError("got nothing")

    with monkeypatch.context() as broken:
        broken.setitem(seal_letter.__globals__, "check_readback", check)
        with pytest.raises(UnreadableMarkError):
            sealed(letter(), mailing, sample=True)
    assert not places._read
    drawn.clear()
    sealed(letter(), mailing)
    assert drawn == ["page"]
    assert places._read


@pytest.mark.parametrize("seed", range(cases(ci=3, slow=30, fast=1)))
def test_in_a_mailing_of_varied_letters_every_code_reads_back(seed):
    dice = random.Random(seed)  # noqa: S311 - a mailing that can be played again
    mailing = replace(sealer(), places=Places())
    lines = [(dice.choice([60, 300, 380]), dice.randrange(40, 250, 14)) for _ in range(4)]
    for _ in range(25):
        texts = ["W" * dice.randrange(1, 32) for _ in lines]
        result = sealed(letter(*zip(lines, texts, strict=True)), mailing)
        assert result.code in codes_on(result.pdf)
