"""Incremental saving: something is appended to a sealed letter, by honest or by broken means.

After Mladenov et al. ("1 Trillion Dollar Refund", CCS 2019): ISA, with and without the structures
that a revision ought to have.
"""

from collections.abc import Iterator, Mapping

from support.attacks.attack import (
    CHANGED,
    FILLED,
    OUT_OF_REACH,
    OUTSIDE,
    SETTINGS,
    UNREADABLE,
    WORDS,
    Answer,
    Attack,
    unsure,
)
from support.attacks.material import (
    CATALOG,
    CONTENT,
    CONTENT2,
    FALSE,
    OWN,
    PAGE,
    PAGES,
    PAGES_OF,
    RESOURCES,
    SECOND,
    Sealed,
    page,
    sealed,
    text,
)
from support.attacks.revisions import HONEST, STYLES, Tricks, last_number, revised, stream, whole

from verifier.check import SubIndication

FAMILY = "incremental"
MISSING = unsure("pdf-object-missing", SubIndication.FORMAT_FAILURE)
ENCRYPTED = unsure("pdf-encrypted", SubIndication.FORMAT_FAILURE)
_LOCK = b"/Encrypt<</Filter/Standard/V 1/R 2>>"
_NEW, _NEW_TEXT = 40, 41
_FALSE = text("Attestation", FALSE)


def _honest(made: Sealed) -> Iterator[tuple[str, Mapping[int, bytes], Answer]]:
    """Give revisions that a writer could have written."""
    root, added = made.body(CATALOG), {_NEW: page(_NEW_TEXT), _NEW_TEXT: _FALSE}
    for number, content in PAGES_OF.items():
        yield f"content of page {number} replaced", {content: _FALSE}, CHANGED
        told = made.body(number) if number == PAGE else page(content)
        more = told.replace(b"%d 0 R" % content, b"[%d 0 R %d 0 R]" % (content, _NEW_TEXT))
        yield f"content added to page {number}", {number: more, _NEW_TEXT: _FALSE}, CHANGED
    kids = b"<</Type/Pages/Kids[%b]/Count %d>>"
    yield "page added", {**added, PAGES: kids % (b"3 0 R 6 0 R 40 0 R", 3)}, CHANGED
    yield "page put first", {**added, PAGES: kids % (b"40 0 R 3 0 R 6 0 R", 3)}, CHANGED
    yield "page replaced", {**added, PAGES: kids % (b"40 0 R 6 0 R", 2)}, CHANGED
    yield "page taken away", {PAGES: kids % (b"3 0 R", 1)}, CHANGED
    yield "pages exchanged", {PAGES: kids % (b"6 0 R 3 0 R", 2)}, CHANGED
    names = root.replace(b"<<", b"<</Names<</EmbeddedFiles<</Names[(a)40 0 R]>>>>", 1)
    file = b"<</Type/Filespec/F(a.txt)/EF<</F 41 0 R>>>>"
    yield "file attached", {CATALOG: names, _NEW: file, _NEW_TEXT: stream(b"x")}, CHANGED
    script = root.replace(b"<<", b"<</OpenAction<</S/JavaScript/JS(x())>>", 1)
    yield "script at opening", {CATALOG: script}, CHANGED
    font = made.objects[RESOURCES].replace(b"7 0 R", b"%d 0 R" % _NEW)
    other = b"<</Type/Font/Subtype/Type1/BaseFont/Symbol>>"
    yield "font of the page replaced", {RESOURCES: font, _NEW: other}, CHANGED
    empty = b"<</Fields[%d 0 R]/SigFlags 3/DA(/Helv 0 Tf)>>" % made.field
    yield "form with a text style", {made.form: empty}, FILLED
    yield "form without its seal", {made.form: b"<</Fields[]/SigFlags 3>>"}, OUT_OF_REACH
    text_field = b"<</FT/Tx/T(a)/V(b)/Subtype/Widget/Rect[0 0 0 0]/P 3 0 R>>"
    both = b"<</Fields[%d 0 R %d 0 R]/SigFlags 3>>" % (made.field, _NEW)
    yield "field added", {made.form: both, _NEW: text_field}, CHANGED


def _tricks(made: Sealed) -> Iterator[tuple[str, Mapping[int, bytes], Tricks, Answer]]:
    """Give revisions whose structures lie."""
    before = int(made.pdf[: made.pdf.index(b"%%EOF")].rsplit(b"startxref\n", 1)[1])
    evil = {CONTENT: _FALSE}
    root = made.body(CATALOG)
    yield "previous section skipped", evil, Tricks(prev=before), OUT_OF_REACH
    yield "no previous section", evil, Tricks(prev=-1), MISSING
    yield "previous section nowhere", evil, Tricks(prev=3), UNREADABLE
    yield "previous section is itself", evil, Tricks(prev=len(made.pdf) + 300), UNREADABLE
    yield "startxref at the old section", evil, Tricks(start=before), OUT_OF_REACH
    last = last_number(made.pdf, b"startxref\n")
    yield "startxref at the sealed section", evil, Tricks(start=last), OUTSIDE
    yield "startxref at nothing", evil, Tricks(start=0), UNREADABLE
    yield "startxref behind the end", evil, Tricks(start=10**9), UNREADABLE
    yield "size too small", evil, Tricks(size=3), UNREADABLE
    hybrid = UNREADABLE if made.style == "table" else CHANGED
    yield "hybrid section", evil, Tricks(more=b"/XRefStm 20"), hybrid
    yield "encrypted later", evil, Tricks(more=_LOCK), ENCRYPTED
    other = root.replace(b"/Pages 2 0 R", b"/Pages 41 0 R")
    tree = b"<</Type/Pages/Kids[42 0 R]/Count 1>>"
    leaf = page(43).replace(b"2 0 R", b"41 0 R", 1)
    objects = {_NEW: other, _NEW_TEXT: tree, 42: leaf, 43: _FALSE}
    yield "another catalog, another tree", objects, Tricks(root=_NEW), CHANGED
    yield "another file's name", {}, Tricks(more=b"/ID[<0a><0b>]"), SETTINGS
    yield "a key of its own", {}, Tricks(more=b"/Own 1"), SETTINGS
    yield "another title", {_NEW: b"<</Title(Refus)>>"}, Tricks(more=b"/Info 40 0 R"), WORDS
    yield "object freed", {}, Tricks(freed=(CONTENT2,)), CHANGED
    yield "page freed", {}, Tricks(freed=(SECOND,)), CHANGED
    yield "seal freed", {}, Tricks(freed=(made.seal,)), CHANGED


def _partial(made: Sealed) -> Iterator[tuple[str, bytes, Answer]]:
    """Give what is no revision at all, and what lenient readers make one of."""
    pdf = made.pdf
    body = b"%d 0 obj\n%b\nendobj\n" % (CONTENT, _FALSE)
    trailer = b"trailer\n<</Size %d/Root 1 0 R/Prev %d>>\n" % (
        last_number(pdf, b"/Size"),
        last_number(pdf, b"startxref\n"),
    )
    yield "an object alone", pdf + body, OUTSIDE
    yield "an object and an end", pdf + body + b"%%EOF\n", UNREADABLE
    yield "an object and a trailer", pdf + body + trailer, OUTSIDE
    yield "an object, a trailer, an end", pdf + body + trailer + b"%%EOF\n", UNREADABLE
    section = b"xref\n0 0\n" + trailer
    yield "an empty section not named", pdf + body + section, OUTSIDE
    named = section + b"startxref\n%d\n%%%%EOF\n" % (len(pdf) + len(body))
    yield "an empty section", pdf + body + named, SETTINGS
    yield "a comment", pdf + b"% Refus\n", OUTSIDE
    yield "white space", pdf + b"\n \n", OUTSIDE
    yield "a byte", pdf + b"x", OUTSIDE
    last = last_number(pdf, b"startxref\n")
    yield "a second end", pdf + b"startxref\n%d\n%%%%EOF\n" % last, OUTSIDE
    yield "zeros", pdf + bytes(4_000), UNREADABLE
    cut = pdf[: pdf.rindex(b"%%EOF")]
    yield "the last end taken away", cut, UNREADABLE
    whole_file = whole({CATALOG: b"<</Type/Catalog/Pages 2 0 R>>"})
    yield "another file behind", pdf + whole_file, UNREADABLE


def attacks() -> Iterator[Attack]:
    """Make every revision in every form, and the broken ones once."""
    for style in STYLES:
        made = sealed("table" if style == "table" else "stream")
        for name, objects, answer in _honest(made):
            pdf = revised(made.pdf, objects, style, HONEST)
            yield Attack(f"{name} ({style})", FAMILY, pdf, answer)
    for style in STYLES[:2]:
        made = sealed(style)
        for name, objects, tricks, answer in _tricks(made):
            pdf = revised(made.pdf, objects, style, tricks)
            yield Attack(f"{name} ({style})", FAMILY, pdf, answer)
    for name, pdf, answer in _partial(sealed()):
        yield Attack(name, FAMILY, pdf, answer)
    first = revised(sealed().pdf, {OWN + 30: b"(rien)"})
    pdf = revised(first, {CONTENT: _FALSE}, "table", HONEST)
    yield Attack("a change two revisions later", FAMILY, pdf, CHANGED)
