"""What letters of one template have in common: reading by comparing gives what reading gives."""

import random
import re
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.budget import cases
from support.damaged_pdfs import damaged
from support.letters import letter, with_stream_xref
from support.pdf_shapes import SHAPES, built, handmade, hybrid, tagged
from support.sealers import NOW, sealer

from sealing.pades import fast_road, known
from sealing.pades.entries import Entries
from sealing.pades.known import Templates
from sealing.pades.layout import Layout
from sealing.pades.shown_text import ShownText
from sealing.pades.source_pdf import SourcePdf
from sealing.pades.tokens import NotFastError

SOURCES = (
    letter(),
    with_stream_xref(letter(pages=2)),
    tagged("branches"),
    hybrid(),
)
# The signature is another each time, over the same bytes.
SIGNED = re.compile(rb"/Contents <[0-9A-F]+>")


def readings(pdf, templates=None):
    """Yield, step by step, all that a letter's reading decides: pages, layout, and the revision."""
    source = SourcePdf(pdf)
    source.read(templates)
    yield None

    def revision():
        return fast_road.begin(source, None, sealer().cms, Entries(NOW)).stamped()

    for step in (
        lambda: source.pages.shape(0),
        lambda: source.pages.shape(0),  # asked again, it says the same
        lambda: source.pages.shape(1),
        lambda: Layout.read(source.pages, 0),
        lambda: SIGNED.sub(b"", revision()),
    ):
        try:
            yield step()
        except NotFastError as error:
            yield error.reason


def outcome(pdf, templates=None):
    """Say all that a letter's reading decides."""
    return list(readings(pdf, templates))


def require_same(*pdfs):
    """Read files one after the other among the same templates, and each alone."""
    templates = Templates()
    for pdf in pdfs:
        assert outcome(pdf, templates) == outcome(pdf)


def require_same_together(*pdfs):
    """Read files all at the same step, as a mailing does, and each alone."""
    templates = Templates()
    for _ in range(2):
        steps = zip(*(readings(pdf, templates) for pdf in pdfs), strict=True)
        assert [list(one) for one in zip(*steps, strict=True)] == [outcome(pdf) for pdf in pdfs]


@settings(max_examples=cases(ci=100, slow=2_000), deadline=None)
@given(st.lists(SHAPES, min_size=2, max_size=4))
def test_files_of_any_shapes_at_the_same_step_are_read_as_if_alone(shapes):
    pdfs = [built(shape) for shape in shapes]
    require_same_together(*pdfs, *pdfs[:1])


def test_a_letter_never_gets_the_page_of_the_one_beside_it():
    pages = [letter(), letter(rotation=90), letter(pages=3), letter("autre")]
    require_same_together(*pages)
    # The same numbers for other things: what one reads first must not be taken for the other's.
    require_same_together(page(b"(a) Tj"), page(b"(a) Tj", image=b"other"), page(b"(bb) Tj"))
    require_same_together(*SOURCES)


@settings(max_examples=cases(ci=100, slow=2_000), deadline=None)
@given(st.lists(SHAPES, min_size=2, max_size=3))
def test_files_of_any_shapes_one_after_the_other_are_read_as_if_alone(shapes):
    pdfs = [built(shape) for shape in shapes]
    require_same(*pdfs, *pdfs)


@settings(max_examples=cases(ci=300, slow=10_000), deadline=None)
@given(st.sampled_from(SOURCES), st.integers(0, 2**32))
def test_a_damaged_file_after_its_whole_one_is_read_as_if_alone(pdf, seed):
    other = damaged(random.Random(seed), pdf)  # noqa: S311 - damage that can be done again
    require_same(pdf, other, pdf)
    require_same(other, pdf)


@pytest.mark.parametrize("damage", [b"", b"/Parent 9 0 R"], ids=["misplaced", "another parent"])
def test_a_letter_whose_last_page_is_lost_takes_no_page_from_the_next_one(damage):
    one = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>"
    pages = dict.fromkeys((3, 4, 5), one)
    tree = b"<</Type/Pages/Kids[3 0 R 4 0 R 5 0 R]/Count 3>>"
    pdf = handmade({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: tree, **pages})
    lost = pdf.replace(b"%010d 00000 n" % pdf.find(b"5 0 obj"), b"%010d 00000 n" % 9)
    if damage:
        lost = handmade(
            {
                1: b"<</Type/Catalog/Pages 2 0 R>>",
                2: tree,
                **pages,
                5: one.replace(b"/Parent 2 0 R", damage),
            }
        )
    assert lost != pdf
    require_same(lost, lost, pdf)
    assert SourcePdf(pdf).pages.shape(0).pages == 3


@pytest.mark.parametrize("pdf", SOURCES, ids=["table", "streams", "tagged", "hybrid"])
def test_every_byte_of_what_is_kept_counts(pdf):
    """A byte changed within an object that was read is never taken for the object read before."""
    templates = Templates()
    outcome(pdf, templates)
    [kept] = templates._files
    for number, raw in kept.raw.items():
        at = pdf.find(raw)
        assert at >= 0
        for place in range(at, at + len(raw) - 1, 1 + len(raw) // 40):
            other = bytearray(pdf)
            other[place] ^= 1
            among = Templates()
            outcome(pdf, among)
            source = SourcePdf(bytes(other))
            source.read(among)
            read = source._read[0]
            assert isinstance(read, NotFastError) or not read.skeleton.known.raw, number
            assert outcome(bytes(other), among) == outcome(bytes(other))


def page(content, name=b"4", image=b"abc"):
    packed = zlib.compress(content)
    stream = b"<</Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream" % (len(packed), packed)
    drawn = b"<</Subtype/Image/Width 1/Height 1/Length 5 0 R>>\nstream\n%b\nendstream" % image
    return handmade(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %b 0 R"
            b"/Resources<</XObject<</I 6 0 R>>>>>>" % name,
            4: stream,
            5: b"%d" % len(image),
            6: drawn,
        }
    )


def known_after(*pdfs):
    templates, found = Templates(), []
    for pdf in pdfs:
        source = SourcePdf(pdf)
        source.read(templates)
        Layout.read(source.pages, 0)
        found.append(source.skeleton.known)
    return found


def test_letters_of_one_template_share_what_was_read_and_others_do_not():
    one, two, other = known_after(page(b"(a) Tj"), page(b"(bb) Tj"), page(b"(a) Tj", image=b"abd"))
    assert all(two.read[number] is value for number, value in one.read.items())
    assert two is not one
    assert other.raw != one.raw


def test_a_length_that_changes_is_read_again():
    one, two = known_after(page(b"(a) Tj"), page(b"(a) Tj", image=b"abcd"))
    assert two.read[5] != one.read[5]
    require_same(page(b"(a) Tj"), page(b"(a) Tj", image=b"abcd"))


def test_few_files_are_kept_and_large_ones_are_not(monkeypatch):
    templates = Templates()
    for number in range(9):
        outcome(page(b"(a) Tj", image=b"%d" % number), templates)
    assert len(templates._files) == known.FILES
    monkeypatch.setattr(known, "MAX_BYTES", 10)
    templates = Templates()
    outcome(page(b"(a) Tj"), templates)
    assert not templates._files


LINES = st.lists(
    st.text(st.sampled_from("abTj ()[]<>\\%0123456789-.\0B I"), max_size=12).map(str.encode),
    min_size=1,
    max_size=6,
)


def read(data):
    try:
        return ShownText.read(data)
    except NotFastError:
        return None


@settings(max_examples=cases(ci=3_000, slow=100_000, fast=500), deadline=None)
@given(LINES, st.data())
def test_the_lengths_of_a_content_alike_are_those_of_a_whole_reading(lines, data):
    one = read(b"\n".join(lines))
    if one is None:
        return
    changed = list(lines)
    for number in data.draw(st.sets(st.integers(0, len(lines) - 1), max_size=3)):
        changed[number] = data.draw(st.sampled_from([*lines, b"(x) Tj", b"[(a)-3(bc)] TJ", b"<00"]))
    content = b"\n".join(changed)
    whole = read(content)
    try:
        lengths = one.lengths_in(content)
    except NotFastError:
        assert whole is None
        return
    if lengths is not None:
        assert whole is not None
        assert (whole.lengths, whole.rest) == (lengths, one.rest)


def test_a_text_that_goes_over_a_line_is_always_read_whole():
    one = read(b"(a\nb) Tj\n(c) Tj")
    assert one is not None
    assert one.lengths_in(b"(a\nb) Tj\n(dd) Tj") is None


def test_lines_that_differ_only_in_their_texts_are_alike():
    one = read(b"BT\n(a) Tj\n[(b)-3(c)] TJ\nET")
    assert one is not None
    assert one.lengths_in(b"BT\n(aaa) Tj\n[(b)-3(c)] TJ\nET") == (5, 10)
    assert one.lengths_in(b"BT\n(aaa) TJ\n[(b)-3(c)] TJ\nET") is None
