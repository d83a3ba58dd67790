"""The fast road against the general one: the same seal, the same verdicts, the same pixels."""

import hashlib
import io
import re
from functools import cache

import pikepdf
import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from support.budget import cases
from support.letters import (
    FIELDS,
    cropped,
    directly_encrypted,
    encrypted,
    letter,
    owner_protected,
    with_stream_xref,
)
from support.pdf_shapes import SHAPES, TREES, Shape, built, handmade, hybrid, plain, revised, tagged
from support.sealers import NOW, sealer, town

from sealing.errors import PdfEncryptedError
from sealing.marks import datamatrix
from sealing.marks.appearance import appearance
from sealing.marks.placement import Mark, Place
from sealing.pades import fast_road, general_road
from sealing.pades.attach import Enclosures
from sealing.pades.cms_template import TemplateError
from sealing.pades.dss import Dss
from sealing.pades.entries import Entries
from sealing.pades.seal import Road, begin
from sealing.pades.source_pdf import SourcePdf
from sealing.pades.tokens import NotFastError, Reason
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile
from verifier.checks.seal.pades import check_seals
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Mode

OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
WORDS = "Cachet de la ville (essai) et code 2D-DOC – accentué"


@cache
def trust():
    return read_trust([town()[1] / "trust"], Mode.TEST)


def mark(shape, page=0, text=WORDS):
    """Give a code at a place that every page has, upright as the page is seen."""
    drawing = appearance(datamatrix.symbol(b"UN CODE D'ESSAI 0123456789"), "2D-DOC")
    size = (drawing.width, drawing.height)
    across, up = size if shape.rotation % 180 == 0 else size[::-1]
    return Mark(drawing, Place(page, (300, 500, 300 + across, 500 + up), shape.rotation), text)


def fast(pdf, drawing=None, cms=None):
    return (
        pdf + fast_road.begin(SourcePdf(pdf), drawing, cms or sealer().cms, Entries(NOW)).stamped()
    )


def reason(pdf, drawing=None):
    """Say why a PDF does not take the fast road."""
    with pytest.raises(NotFastError) as caught:
        fast(pdf, drawing)
    return caught.value.reason


def pixels(pdf):
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        assert not document.is_repaired
        return [page.get_pixmap(dpi=100).samples for page in document]


def judged(pdf):
    """Ask pyHanko and our own verifier for all that they say of the seal."""
    root = load_cert_from_pemder(str(town()[1] / "trust" / "authorities" / "root.pem"))
    context = ValidationContext(trust_roots=[root], moment=NOW, allow_fetching=False)
    [signature] = PdfFileReader(io.BytesIO(pdf), strict=True).embedded_signatures
    said = validate_pdf_signature(signature, context)
    assert said.bottom_line
    [ours] = check_seals(pdf, trust(), NOW)
    assert all(check.has_passed for check in ours.checks)
    return (
        (said.summary(), said.coverage, said.modification_level, said.docmdp_ok),
        (ours.checks, ours.level, ours.field, ours.coverage, ours.signing_time, ours.signer),
    )


def plain_of(value):
    """Give a value of a PDF, whatever way its text is written in."""
    if isinstance(value, pikepdf.String):
        return str(value)
    return value.unparse() if isinstance(value, pikepdf.Object) else value


def widget(pdf):
    """Give what the field, its drawing and its signature say, references and CMS left out."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert document.check_pdf_syntax() == []
        form = document.Root.AcroForm
        [field] = form.Fields
        told = {key: field[key] for key in field.keys() - {"/AP", "/V", "/P"}}
        told |= {f"/V{key}": field.V[key] for key in field.V.keys() - {"/Contents", "/ByteRange"}}
        pages = [at for at, page in enumerate(document.pages) if page.obj == field.P]
        listed = [item == field for item in field.P.Annots]
        drawing = None
        if "/AP" in field:
            skin = field.AP.N
            numbers = [
                round(float(value), 4) for key in ("/BBox", "/Matrix") for value in skin[key]
            ]
            drawing = skin.read_bytes(), numbers, skin.Subtype, skin.Type
        text = {key: plain_of(value) for key, value in told.items()}
        return text, drawing, pages, listed, int(form.SigFlags)


@settings(max_examples=cases(fast=10, ci=60, slow=1_000))
@given(shape=SHAPES, marked=st.booleans(), data=st.data())
def test_both_roads_give_the_same_seal(shape, marked, data):
    pdf = built(shape)
    page = data.draw(st.integers(0, shape.pages - 1)) if marked else 0
    drawing = mark(shape, page) if marked else None
    slow = pdf + general_road.begin(pdf, drawing, sealer().cms, Entries(NOW)).stamped()
    quick = fast(pdf, drawing)
    assert quick.startswith(pdf)
    assert pixels(quick) == pixels(slow)
    assert marked is (pixels(quick)[page] != pixels(pdf)[page])
    assert widget(quick) == widget(slow)
    assert judged(quick) == judged(slow)


@pytest.mark.parametrize("name", ["seal-rsa", "seal-p256"])
@pytest.mark.parametrize("order", [None, TwoDDocOrder("00", FIELDS)], ids=["plain", "2D-Doc"])
@pytest.mark.parametrize("packed", [False, True], ids=["table", "stream"])
def test_a_letter_takes_the_fast_road(name, order, packed):
    pdf = with_stream_xref(letter()) if packed else letter()
    result = seal_letter(Letter(pdf, order), sealer(name), Profile(), NOW, bytes(10))
    assert (result.sealed.road, result.sealed.fallback) == (Road.FAST, None)
    judged(result.pdf)


def test_a_sealed_letter_is_sealed_again_by_the_general_road_which_says_why():
    once = begin(SourcePdf(letter()), None, sealer().cms, Entries(NOW)).stamped()
    twice = begin(SourcePdf(once.pdf), None, sealer().cms, Entries(NOW)).stamped()
    assert (twice.road, twice.fallback) == (Road.GENERAL, Reason.ACROFORM)
    assert twice.pdf.startswith(once.pdf)


@given(shape=SHAPES)
def test_the_shape_of_a_page_is_that_which_mupdf_sees(shape):
    pdf = built(shape)
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        for number, page in enumerate(document):
            found = SourcePdf(pdf).pages.shape(number)
            assert (found.page, found.pages) == (number, document.page_count)
            assert found.rotation == page.rotation
            x0, y0, x1, y1 = found.crop_box
            turned = found.rotation % 180 != 0
            size = (y1 - y0, x1 - x0) if turned else (x1 - x0, y1 - y0)
            assert size == (page.rect.width, page.rect.height)
            bottom, top = page.mediabox.y0, page.mediabox.y1
            assert found.media_box == (page.mediabox.x0, bottom, page.mediabox.x1, top)


@pytest.mark.parametrize("road", list(Road))
@pytest.mark.parametrize("pdf", [letter(), with_stream_xref(letter())], ids=["table", "stream"])
def test_validation_data_goes_into_the_same_revision(pdf, road):
    enclosed = Enclosures(Dss.of([b"one", b"two"], [], [b"list"]))
    shown = mark(Shape())
    if road is Road.FAST:
        begun = fast_road.begin(SourcePdf(pdf), shown, sealer().cms, Entries(NOW), enclosed)
    else:
        begun = general_road.begin(pdf, shown, sealer().cms, Entries(NOW), enclosed)
    sealed = pdf + begun.stamped()
    with pikepdf.open(io.BytesIO(sealed)) as document:
        assert document.check_pdf_syntax() == []
        held = document.Root.DSS
        assert [item.read_bytes() for item in held.Certs] == [b"one", b"two"]
        assert [item.read_bytes() for item in held.CRLs] == [b"list"]
        assert "/OCSPs" not in held
    root = load_cert_from_pemder(str(town()[1] / "trust" / "authorities" / "root.pem"))
    context = ValidationContext(trust_roots=[root], moment=NOW, allow_fetching=False)
    [signature] = PdfFileReader(io.BytesIO(sealed), strict=True).embedded_signatures
    assert validate_pdf_signature(signature, context).bottom_line


@pytest.mark.parametrize("pdf", [letter(), hybrid()], ids=["fast", "general"])
def test_a_file_is_digested_once_whatever_is_asked_of_it(pdf):
    source = SourcePdf(pdf)
    assert source.sha256 == hashlib.sha256(pdf).digest()
    sealed = begin(source, None, sealer("seal-rsa").cms, Entries(NOW)).stamped()
    assert sealed.sha256 == hashlib.sha256(sealed.pdf).digest()
    assert b"".join(sealed.pieces) == sealed.pdf
    assert source.sha256 == hashlib.sha256(pdf).digest()


def test_the_identifier_keeps_its_first_half_and_changes_its_second():
    for pdf in (letter(), with_stream_xref(letter())):
        with pikepdf.open(io.BytesIO(pdf)) as before, pikepdf.open(io.BytesIO(fast(pdf))) as after:
            assert bytes(after.trailer.ID[0]) == bytes(before.trailer.ID[0])
            assert bytes(after.trailer.ID[1]) != bytes(before.trailer.ID[1])


def test_a_file_without_identifier_gets_one_and_its_information_stays():
    pdf = handmade(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
            4: b"<</Title(Une lettre)>>",
        },
        b"/Info 4 0 R",
    )
    with pikepdf.open(io.BytesIO(fast(pdf))) as after:
        assert len(after.trailer.ID) == 2
        assert str(after.docinfo["/Title"]) == "Une lettre"


def test_the_newest_revision_of_a_page_is_the_one_that_is_sealed():
    sealed = fast(revised(letter(), 3))
    with pikepdf.open(io.BytesIO(sealed)) as document:
        assert str(document.Root.Remark) == "revision 2"


def test_white_space_comments_and_odd_names_are_read():
    page = (
        b"<< % a comment >> with brackets\n/Ty#70e /P#61ge\r/Parent\t2  0\n R"
        b"/MediaBox [0 0 % here too\n595. 842.0]/Note(a \\) b (c (d) e) )"
        b"/Data <</X<414>/Y [[1][<</Z 1>>]]>>/Resources<<>> %last\n>>"
    )
    pdf = plain(page=page)
    assert SourcePdf(pdf).pages.shape(0).media_box == (0, 0, 595, 842)
    judged(fast(pdf))


def test_a_file_that_does_not_end_its_last_line_gets_an_end():
    judged(fast(letter().rstrip()))


def test_a_cms_that_outgrows_its_room_is_an_error_and_never_a_file():
    cms = sealer().cms
    begun = fast_road.begin(SourcePdf(letter()), None, cms, Entries(NOW))
    with pytest.raises(TemplateError):
        begun.put(bytes(cms.size + 1))


NODE = b"<</Type/Pages/Kids[%b]/Count 1%b>>"


@pytest.mark.parametrize(
    ("pdf", "why"),
    [
        (b"x" + letter(), Reason.HEADER),
        (letter() + b"x", Reason.TAIL),
        (letter()[:600], Reason.TAIL),
        (b"%PDF-1.7\n", Reason.TAIL),
        (encrypted(letter()), Reason.ENCRYPTED),
        (owner_protected(letter()), Reason.ENCRYPTED),
        (directly_encrypted("u"), Reason.ENCRYPTED),
        (letter().replace(b"/Size 7", b"/Size 2"), Reason.BROKEN_XREF),
        (letter().replace(b"/Size 7", b"/Size 99999999"), Reason.LIMITS),
        (letter().replace(b"/ID[", b"/ID[(third)"), Reason.OBJECT),
        (letter().replace(b"/ID[", b"/Info(x)/ID["), Reason.OBJECT),
        (handmade({1: b"<<>>"}, b"/XRefStm 9"), Reason.BROKEN_XREF),
        (hybrid(offset=1), Reason.HYBRID_XREF),
        (handmade({1: b"<<>>"}, b"/Prev 9"), Reason.BROKEN_XREF),
        (handmade({1: b"<<>>"}, start=4), Reason.BROKEN_XREF),
        (handmade({1: b"<<>>"}, start=9_999_999_999), Reason.BROKEN_XREF),
        (letter().replace(b"0000000042 00000 n", b"0000000043 00000 n"), Reason.BROKEN_XREF),
        (letter().replace(b"0000000042 00000 n", b"0000000042 00001 n"), Reason.BROKEN_XREF),
        (letter().replace(b"0000000042 00000 n", b"0000000042 00000 f"), Reason.OBJECT),
        (letter().replace(b"0000000042 00000 n", b"000000042 00000 n "), Reason.BROKEN_XREF),
        (plain(catalog=b"<</Type/Catalog/Pages 2 0 R/AcroForm<<>>>>"), Reason.ACROFORM),
        (plain(catalog=b"<</Type/Catalog/Pages 2 0 R/Perms<<>>>>"), Reason.PERMISSIONS),
        (plain(catalog=b"<</Type/Catalog/Pages 2 0 R/DSS<<>>>>"), Reason.STORE),
        (plain(catalog=b"<</Type/Catalog/Pages 2 0 R/Pages 2 0 R>>"), Reason.OBJECT),
        (plain(catalog=b"<</Type/Catalog/Pages 3 0 R>>"), Reason.PAGE_TREE),
        (plain(catalog=b"<</Type/Catalog/Pages 9 0 R>>"), Reason.OBJECT),
        (plain(catalog=b"<</Type/Catalog>>"), Reason.OBJECT),
        (plain(catalog=b"1"), Reason.OBJECT),
        (plain(catalog=b"<</Type/Catalog/Pages 2 0 R"), Reason.OBJECT),
        (plain(catalog=b"<</A" + b"[" * 99 + b"]" * 99 + b">>"), Reason.LIMITS),
        (plain(catalog=b"<</A" + b"[<<" * 9 + b"]>>" * 9 + b">>"), Reason.OBJECT),
        (plain(catalog=b"<</A[" + b"[]" * 99_999 + b"]>>"), Reason.LIMITS),
        (plain(pages=NODE % (b"2 0 R", b"")), Reason.PAGE_TREE),
        (plain(pages=NODE % (b"3 0 R", b"/Parent 3 0 R")), Reason.PAGE_TREE),
        (plain(pages=NODE % (b"1 0 R", b"")), Reason.PAGE_TREE),
        (plain(pages=NODE % (b"(x)", b"")), Reason.OBJECT),
        (plain(pages=NODE % (b"", b"")), Reason.PAGE_TREE),
        (plain(page=b"<</Type/Page/MediaBox[0 0 9 9]>>"), Reason.PAGE_TREE),
        (plain(page=b"<</Type/Page/Parent 2 0 R/Annots 3 0 R>>"), Reason.OBJECT),
        (plain(page=b"<</Type/Page/Parent 2 0 R/Annots[(>>>>"), Reason.OBJECT),
    ],
)  # fmt: skip
def test_what_is_not_fully_understood_is_for_the_general_road(pdf, why):
    assert reason(pdf) is why


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (b"<</Type/Page/Parent 2 0 R>>", Reason.PAGE_BOX),
        (b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 0 9]>>", Reason.PAGE_BOX),
        (b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9]>>", Reason.PAGE_BOX),
        (b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9(9)]>>", Reason.PAGE_BOX),
        (b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Rotate 45>>", Reason.PAGE_BOX),
        (b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/CropBox[9 9 12 12]>>", Reason.PAGE_BOX),
        (b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/UserUnit 0>>", Reason.PAGE_BOX),
    ],
)
def test_a_page_without_a_clear_shape_has_none(page, why):
    with pytest.raises(NotFastError) as caught:
        SourcePdf(plain(page=page)).pages.shape(0)
    assert caught.value.reason is why


def test_a_hybrid_file_is_sealed_by_one_section_that_all_readers_see_alike():
    pdf = hybrid()
    sealed = fast(pdf, mark(Shape()))
    judged(sealed)
    assert pixels(fast(pdf)) == pixels(pdf)
    with pikepdf.open(io.BytesIO(sealed)) as document:
        assert document.check_pdf_syntax() == []
        assert bool(document.Root.ViewerPreferences.DisplayDocTitle)
        assert {"/Prev", "/XRefStm"}.isdisjoint(document.trailer.keys())


def structured(pdf):
    """Follow the widget of a sealed PDF into its structure; give the element and the tree."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert document.check_pdf_syntax() == []
        root, [field] = document.Root.StructTreeRoot, document.Root.AcroForm.Fields
        tree, key = pikepdf.NumberTree(root.ParentTree), int(field.StructParent)
        element = tree[key]
        assert (str(element.S), element.K.Obj == field) == ("/Form", True)
        assert element.Pg == field.P == document.pages[0].obj
        assert [kid == element for kid in element.P.K][-1]
        assert key < int(root.ParentTreeNextKey)
        assert str(document.pages[0].obj.Tabs) == "/S"
        kids = len(element.P.K), str(element.P.Type)
        return str(element.Alt), key, sorted(tree), kids


@pytest.mark.parametrize(
    "below", [b"", b"/K 0", b"/K[0 1]", b"/K 9 0 R", b"/K<</Type/MCR/MCID 0>>"]
)
@pytest.mark.parametrize("tree", sorted(TREES))
def test_a_tagged_pdf_stays_tagged_whatever_the_form_of_its_tree(tree, below):
    pdf = tagged(tree, below=below)
    drawing = mark(Shape(), text="Cachet (é)")
    sealed = fast(pdf, drawing)
    words, key, keys, kids = structured(sealed)
    assert (words, key) == ("Cachet (é)", 0 if tree == "empty" else 8)
    assert keys == ([0] if tree == "empty" else [0, 7, 8])
    assert kids == ({b"": 1, b"/K[0 1]": 3}.get(below, 2), "/StructElem")
    judged(sealed)


@pytest.mark.parametrize(("kids", "count"), [("list", 2), ("several", 3), ("nothing", 1)])
def test_the_seal_stands_last_in_the_document_or_at_the_root(kids, count):
    sealed = fast(tagged(kids=kids))
    words, _, _, (below, kind) = structured(sealed)
    assert words == "Cachet"
    assert (below, kind) == (count, "/StructElem" if kids == "list" else "/StructTreeRoot")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"/StructTreeRoot 4 0 R", b"/StructTreeRoot<<>>", Reason.OBJECT),
        (b"/Type/StructTreeRoot", b"/Type/Other", Reason.TAGGED),
        (b"/ParentTree<<", b"/Other<<", Reason.OBJECT),
        (b"7 5 0 R]", b"7]", Reason.TAGGED),
        (b"7 5 0 R]", b"(7)5 0 R]", Reason.OBJECT),
        (b"/Nums[0", b"/Kids[0", Reason.OBJECT),
        (b"/Nums[0[5 0 R]7 5 0 R]", b"/Kids[]", Reason.OBJECT),
        (b"/K 0", b"/K(0)", Reason.OBJECT),
        (b"/ParentTree<</Nums[0[5 0 R]7 5 0 R]>>", b"/ParentTree 1 0 R", Reason.OBJECT),
    ],
)
def test_a_structure_that_is_not_understood_is_for_the_general_road(old, new, why):
    whole = tagged()
    bodies = dict(pair for pair in OBJECT.findall(whole))
    assert any(old in body for body in bodies.values())
    changed = {int(number): body.replace(old, new) for number, body in bodies.items()}
    assert reason(handmade(changed)) is why


@pytest.mark.parametrize("kids", [b"[3 0 R]/Count 7", b"[3 0 R 3 0 R]/Count 2"])
def test_a_wrong_count_of_pages_is_not_believed(kids):
    pdf = plain(pages=b"<</Type/Pages/Kids%b>>" % kids)
    assert reason(pdf) is Reason.PAGE_TREE
    with pytest.raises(NotFastError) as caught:
        SourcePdf(pdf).pages.shape(0)
    assert caught.value.reason is Reason.PAGE_TREE


def test_a_box_may_be_upside_down_and_reach_over_the_sheet():
    boxes = b"/MediaBox[90 80 10 20]/CropBox[0 30 50 99]"
    page = b"<</Type/Page/Parent 2 0 R%b/Rotate -90/UserUnit 2>>"
    shape = SourcePdf(plain(page=page % boxes)).pages.shape(0)
    assert (shape.media_box, shape.crop_box) == ((10, 20, 90, 80), (10, 30, 50, 80))
    assert (shape.rotation, shape.user_unit) == (270, 2)


@pytest.mark.parametrize("number", [-1, 1, 9])
def test_a_page_that_does_not_exist_has_no_shape(number):
    with pytest.raises(NotFastError):
        SourcePdf(letter()).pages.shape(number)


def test_ten_thousand_pages_go_by_the_general_road_and_are_not_walked_to_the_end():
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 10_003))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
    pdf = handmade(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Kids[%b]/Count 10000>>" % kids,
            **dict.fromkeys(range(3, 10_003), page),
        }
    )
    assert fast(pdf).startswith(pdf)
    assert reason(pdf, mark(Shape(), 9_000)) is Reason.LIMITS


def test_what_is_refused_stays_refused_whatever_the_road():
    for pdf in (encrypted(letter()), owner_protected(letter()), directly_encrypted("u")):
        with pytest.raises(PdfEncryptedError):
            begin(SourcePdf(pdf), None, sealer().cms, Entries(NOW)).stamped()


def test_cropped_letters_are_sealed_too():
    assert (
        begin(SourcePdf(cropped(letter())), None, sealer().cms, Entries(NOW)).stamped().road
        is Road.FAST
    )
